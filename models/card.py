"""Writes the model card of a weights folder from what was measured."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from models.evaluation import tables
from models.evaluation.goals import PEERS, goal_table
from models.evaluation.records import Evaluation, EvaluationError
from models.evaluation.tables import markdown_table

CARD_FILE, ABLATIONS_FILE = "CARD.md", "ablations.toml"
_INTRODUCTION = """# {version}

Reads Persian customer feedback: sentiment, emotion and flags of a message; stage of the customer journey,
intent, aspect and sentiment of each of its clauses. Meant for statistics over many messages; no decision
about a single person should rest on it.

**Network.** Six pre-norm transformer blocks of width 256 with rotary positions, 24,000 word pieces, at most
256 pieces at once (longer texts in overlapping windows). Every head weighs the tokens of its span by
attention of its own. Exported to ONNX; embeddings and matrices in int8.

**Training.** Pieces started from skip-gram vectors; masked-language-model pre-training for two hours on two CPU
cores (28 million pieces) over user comments, public channels and formal texts. Then four networks learned all
heads, each from three quarters of the 28,000 messages labelled until then and from public sentiment sets (Snappfood,
Digikala and others, bank app reviews by their stars, DeepSentiPers). bazkhord-3 started from their mean (model
soups, arXiv 2203.05482) and learned from the labels of 46,000 messages and from what the four think of each text (of a
message they learned from only the one that never saw it; distillation, arXiv 1503.02531). This one started from
bazkhord-3 and learned from the labels of 59,000 messages, and from what bazkhord-3 and linear classifiers think of each
text. Both saw copies of the messages in Latin letters, with typos, or without punctuation and half-spaces.
No dev or test text is among them, compared by letters alone. Weights are averaged over the run, chosen on
dev, and confidences calibrated on dev; how far to believe each label was cross-validated with the four.

**Labels.** Real comments were labelled by large language models that read each message after the project's
taxonomy, once: 10,800 that were given, 44,700 more for this project, and 4,000 messages were written for
it. Two independent readings of the former agree at 0.98 (message sentiment), 0.89 (emotion), 0.95 (stage), 0.97
(intent), 0.94 (aspect) and 0.98 (mention sentiment); the latter agree with the former at 0.96, 0.76, 0.91, 0.94,
0.90 and 0.97 on 240 messages. Clauses of the real comments were cut by punctuation, line ends and contrasting
words, those of the written messages by meaning.

**Licence.** Code and weights are under the project's licence (Apache 2.0). Most of the training texts are other
people's words with no stated licence; none is part of this project, the weights are. ArmanEmo (CC BY-NC-SA) is
used for evaluation only: weights fine-tuned on it are thrown away.

**Known limits.** Sarcasm is heard only in part, and spam is rare in training. Of a text only the first 100,000 characters
are read. Soft spots of the labels: disappointment, anger or none; app, account or payment in bank apps; product
or general; a clause with praise and complaint in one. The held-out messages come from food delivery, shops,
banks, telecom and travel and from what was written for this project in twenty trades; elsewhere expect less.
Names of persons in a text are not recognised as such. The int8 arithmetic rounds a batch as a whole, so that a
clause read beside other texts may, in a few of a thousand cases, get another label.
"""
_MEASURED = """## Measured on the {split} sets

By `bazkhord evaluate --split {split}`, with the weights of this folder. 95 % intervals are percentiles of 1,000
bootstrap samples of whole messages. Macro F1 is taken over labels with at least 20 cases. Stage, intent, aspect
and mention sentiment are judged on the annotators' clauses. Held-out are annotated real comments together with
messages written for this project. Snappfood was trained on with about half of the usual training comments. All
figures and the confusion matrices are in `evaluation.json`.
"""


@dataclass(frozen=True, slots=True)
class Ablation:
    """A training run that differs from the one above it in one thing.

    Attributes:
        name: Its name.
        changed: What was changed.
        figures: Macro F1 on the dev sets, by head.
    """

    name: str
    changed: str
    figures: dict[str, float] = field(default_factory=dict)


_RUNS: TypeAdapter[list[Ablation]] = TypeAdapter(list[Ablation])


def write_card(weights: Path, evaluation: Evaluation) -> None:
    """Writes ``CARD.md`` into the weights folder.

    Args:
        weights: The folder; ``ablations.toml`` in it becomes a table of the card.
        evaluation: What was measured.

    Raises:
        EvaluationError: ``ablations.toml`` has another layout than expected.
    """
    text = render_card(evaluation, load_ablations(weights / ABLATIONS_FILE))
    (weights / CARD_FILE).write_text(text, encoding="utf-8")


def load_ablations(path: Path) -> list[Ablation]:
    """Returns the runs of ``ablations.toml``, none where there is no such file.

    Raises:
        EvaluationError: The file has another layout than expected.
    """
    if not path.exists():
        return []
    try:
        return _RUNS.validate_python(tomllib.loads(path.read_text(encoding="utf-8")).get("run", []))
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
        raise EvaluationError(
            f"{path}: expected tables [[run]] with name, changed and figures ({type(error).__name__})"
        ) from error


def render_card(evaluation: Evaluation, ablations: Sequence[Ablation] = ()) -> str:
    """Returns the card as Markdown."""
    lines = [
        _INTRODUCTION.format(version=evaluation.model_version),
        _MEASURED.format(split=evaluation.split),
        *goal_table(evaluation),
        *_section("Sets and heads", tables.set_table(evaluation)),
        *_transfers(evaluation),
        *_labels(evaluation),
        *_section("Flags", tables.flag_table(evaluation)),
        *_confidence(evaluation),
        *_slices(evaluation),
        *_other_checks(evaluation),
        *_ablations(ablations),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _section(title: str, lines: Sequence[str], *, said: str = "") -> list[str]:
    return [f"## {title}", "", *((said, "") if said else ()), *lines]


def _transfers(evaluation: Evaluation) -> list[str]:
    if not evaluation.transfers:
        return []
    n_seeds = max(one.n_seeds for one in evaluation.transfers)
    said = (
        f"The shipped encoder fine-tuned on the training texts of other sets ({n_seeds} seed(s)), the moment chosen "
        "on dev,\nreported on test. Where others say only F1, compare with either."
    )
    return _section("Fine-tuned on other sets", tables.transfer_table(evaluation, PEERS), said=said)


def _labels(evaluation: Evaluation) -> list[str]:
    lines: list[str] = []
    for name, head in evaluation.heads.items():
        mistakes = tables.confusions(head)
        lines += [f"### {name}", "", *tables.class_table(head)]
        lines += [f"Commonest mistakes (true → guessed): {mistakes}.", ""] if mistakes else []
    said = "The last column: precision of a label's guesses from a confidence of 0.8 on, and their share of its guesses."
    return _section("Each label", lines, said=said)


def _confidence(evaluation: Evaluation) -> list[str]:
    said = "Expected calibration error (15 bins), and precision of the guesses at a confidence (share left)."
    lines = tables.calibration_table(evaluation)
    reliability = ["Share of right answers by what the model was sure of (n):", ""]
    return _section("Confidence", [*lines, *reliability, *tables.reliability_table(evaluation)], said=said)


def _slices(evaluation: Evaluation) -> list[str]:
    said = "Held-out messages only; macro F1 over labels with at least 5 cases in the slice."
    titles = {
        "source": "By source",
        "channel": "By channel (messages written for this project)",
        "length": "By length in characters",
        "text": "By what is hard about the text",
        "rewritten": "Written otherwise (all held-out messages that it changes)",
    }
    lines: list[str] = []
    for kind, title in titles.items():
        chosen = [one for one in evaluation.slices if one.kind == kind]
        lines += [f"### {title}", "", *tables.slice_table(chosen)] if chosen else []
    return _section("Slices", lines, said=said)


def _other_checks(evaluation: Evaluation) -> list[str]:
    figures = {
        **{f"cuts between clauses, {name}": one for name, one in evaluation.boundaries.items()},
        **{f"Finglish {name}, same sentiment": one for name, one in evaluation.finglish.items()},
    }
    rows = [(name, tables.with_interval(one), f"{one.n:,}") for name, one in figures.items()]
    lines = _section("Clauses and Finglish", markdown_table(("", "value", "n"), rows))
    if not evaluation.behaviours:
        return lines
    said = "Short cases of our own after CheckList (`models/behaviours.toml`), with 95 % intervals."
    return [*lines, *_section("Behaviour", tables.behaviour_table(evaluation), said=said)]


def _ablations(ablations: Sequence[Ablation]) -> list[str]:
    if not ablations:
        return []
    names = list(dict.fromkeys(name for one in ablations for name in one.figures))
    rows = [(one.name, one.changed, *(_shown(one.figures, name) for name in names)) for one in ablations]
    said = "Macro F1 on the dev sets."
    return _section("Ablations", markdown_table(("run", "changed", *names), rows), said=said)


def _shown(figures: Mapping[str, float], name: str) -> str:
    return f"{figures[name]:.3f}" if name in figures else ""
