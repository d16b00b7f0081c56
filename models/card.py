"""Writes the model card of a weights folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.metrics import Figure

CARD_FILE = "CARD.md"
_INTRODUCTION = """# {version}

Reads Persian customer feedback: sentiment, emotion and flags of a message; stage of the customer journey,
intent, aspect and sentiment of each of its clauses. Meant for statistics over many messages; no decision
about a single person should rest on it.

**Network.** Six pre-norm transformer blocks of width 256 with rotary positions, 24,000 word pieces, at most
256 pieces at once (longer texts in overlapping windows). Every head weighs the tokens of its span by
attention of its own. Exported to ONNX; embeddings and matrices in int8.

**Training.** Pieces started from skip-gram vectors; masked-language-model pre-training for about an hour on
two CPU cores over user comments, public channels and formal texts; then all heads together: message sentiment
from public Persian sentiment sets (Snappfood, Digikala and others, bank app reviews by their stars,
DeepSentiPers), everything from annotated real comments and from messages and conversations written for this
project. No dev or test text is among them, compared by letters alone. Weights are averaged over the run,
chosen on dev, and confidences calibrated on dev.

**Labels.** The real comments were labelled by a large language model that read each message after the
project's taxonomy, once; two independent readings agree at 0.89 to 0.98. Most of the texts have no stated
licence; none is part of this project, the weights are.

**Known limits.** Sarcasm, spam and Finglish are rare in training. Of a text
only the first 100,000 characters are read. Soft spots of the labels: disappointment, anger or none; app,
account or payment in bank apps; product or general.

"""


def write_card(weights: Path, version: str, split: str, figures: Mapping[str, Figure]) -> None:
    """Writes ``CARD.md`` into the weights folder.

    Args:
        weights: The folder.
        version: Name of the model.
        split: The sets measured on, dev or test.
        figures: What was measured.
    """
    rows = [
        f"| {name} | {figure.value:.3f} | {figure.low:.3f} – {figure.high:.3f} | {figure.n:,} |"
        for name, figure in figures.items()
        if "calibration" not in name
    ]
    errors = [
        f"| {name.removesuffix(' calibration error')} | {figure.value:.3f} | {figure.n:,} |"
        for name, figure in figures.items()
        if "calibration" in name
    ]
    lines = [
        f"## Measured on the {split} sets",
        "",
        "Macro F1 over labels with at least 20 cases where nothing else is said, with 95 % bootstrap intervals;",
        "mentions are given as gold spans, measured with the int8 weights. Snappfood was trained on with about",
        "half of the usual training comments.",
        "",
        "| | value | 95 % interval | n |",
        "|---|---|---|---|",
        *rows,
        "",
        "Expected calibration error:",
        "",
        "| head | error | n |",
        "|---|---|---|",
        *errors,
    ]
    text = _INTRODUCTION.format(version=version) + "\n".join(lines) + "\n"
    (weights / CARD_FILE).write_text(text, encoding="utf-8")
