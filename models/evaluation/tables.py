"""The figures of an evaluation as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.evaluation.heads import CONFIDENCES
from models.evaluation.records import AtConfidence, Evaluation, HeadResult, Slice
from models.heads import EXCLUSIVE_HEADS
from models.metrics import Figure

_SLICE_COLUMNS = (
    ("sentiment F1", "sentiment", "macro_f1"),
    ("sentiment accuracy", "sentiment", "accuracy"),
    ("mention sentiment accuracy", "mention_sentiment", "accuracy"),
    ("stage F1", "stage", "macro_f1"),
    ("intent F1", "intent", "macro_f1"),
    ("aspect F1", "aspect", "macro_f1"),
    ("emotion F1", "emotion", "macro_f1"),
)
_SURE = 0.8
_N_CONFUSIONS = 5


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Returns the lines of a table, the last one empty.

    >>> markdown_table(["a", "b"], [["1", "2"]])
    ['| a | b |', '|---|---|', '| 1 | 2 |', '']
    """
    lines = [header, *rows]
    made = [f"| {' | '.join(line)} |" for line in lines]
    return [made[0], "|" + "---|" * len(header), *made[1:], ""]


def with_interval(figure: Figure) -> str:
    """Returns a figure as ``0.866 [0.857, 0.874]``."""
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def set_table(evaluation: Evaluation) -> list[str]:
    """Returns macro F1, weighted F1 and accuracy of every set and head."""
    return markdown_table(
        ("", "macro F1", "weighted F1", "accuracy", "n"),
        (
            (
                name,
                with_interval(head.scores.macro_f1),
                with_interval(head.scores.weighted_f1),
                with_interval(head.scores.accuracy),
                f"{head.scores.accuracy.n:,}",
            )
            for name, head in evaluation.heads.items()
        ),
    )


def class_table(head: HeadResult) -> list[str]:
    """Returns each label of a head, with what is left of its guesses from a confidence of 0.8 on."""
    rows = []
    for label, one in head.classes.items():
        sure = next(at for at in head.at_confidence[label] if at.confidence == _SURE)
        figures = [f"{value:.2f}" for value in (one.precision, one.recall, one.f1)]
        rows.append((label, *figures, f"{one.n:,}", _kept(sure)))
    return markdown_table(("", "precision", "recall", "F1", "n", f"at ≥ {_SURE}: precision (share)"), rows)


def confusions(head: HeadResult) -> str:
    """Returns the commonest mistakes of a head, as ``true → guessed (how often)``."""
    mistakes = [
        (count, head.labels[row], head.labels[column])
        for row, counts in enumerate(head.confusion)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    worst = sorted(mistakes, key=lambda one: -one[0])[:_N_CONFUSIONS]
    return ", ".join(f"{truth} → {guess} ({count:,})" for count, truth, guess in worst)


def flag_table(evaluation: Evaluation) -> list[str]:
    """Returns how each flag is found over all thresholds, and at its own."""
    rows = []
    for flag, one in evaluation.flags.items():
        at = one.at_threshold
        figures = [f"{value:.2f}" for value in (one.threshold, at.precision, at.recall, at.f1)]
        rows.append((flag, with_interval(one.average_precision), *figures, f"{at.n:,}"))
    return markdown_table(("", "average precision", "raised from", "precision", "recall", "F1", "n"), rows)


def slice_table(slices: Sequence[Slice]) -> list[str]:
    """Returns the slices of one kind."""
    return markdown_table(
        ("", "messages", "mentions", *(title for title, _, _ in _SLICE_COLUMNS)),
        (
            (
                one.name,
                f"{one.n_messages:,}",
                f"{one.n_mentions:,}",
                *(f"{getattr(one.scores[head], part).value:.3f}" for _, head, part in _SLICE_COLUMNS),
            )
            for one in slices
        ),
    )


def calibration_table(evaluation: Evaluation) -> list[str]:
    """Returns the calibration error of each head, and its precision and coverage at each confidence."""
    rows = []
    for name, head in evaluation.heads.items():
        kept = [_kept(at) for at in head.at_confidence["all"]]
        rows.append((name, f"{head.calibration_error:.3f}", *kept))
    return markdown_table(("", "error", *(f"≥ {one}" for one in CONFIDENCES)), rows)


def reliability_table(evaluation: Evaluation) -> list[str]:
    """Returns the share of right answers by tenth of confidence, for each head of the held-out messages."""
    heads = [name for name in EXCLUSIVE_HEADS if name in evaluation.heads]
    bins = {name: {one.low: one for one in evaluation.heads[name].reliability} for name in heads}
    lows = sorted({low for ours in bins.values() for low in ours})
    rows = []
    for low in lows:
        cells = [bins[name].get(low) for name in heads]
        shown = ["" if one is None else f"{one.accuracy:.2f} ({one.n:,})" for one in cells]
        rows.append((f"{low:.1f} – {low + 0.1:.1f}", *shown))
    return markdown_table(("confidence", *heads), rows)


def behaviour_table(evaluation: Evaluation) -> list[str]:
    """Returns the pass rate of each capability and of all together."""
    rates = evaluation.behaviours
    rows = [
        (name, f"{one.n_passed} of {one.n}", f"{one.n_passed / one.n:.2f} [{one.low:.2f}, {one.high:.2f}]")
        for name, one in rates.items()
    ]
    n, n_passed = sum(one.n for one in rates.values()), sum(one.n_passed for one in rates.values())
    rows.append(("together", f"{n_passed} of {n}", f"{n_passed / max(1, n):.2f}"))
    return markdown_table(("capability", "passed", "share"), rows)


def transfer_table(evaluation: Evaluation, peers: dict[str, str]) -> list[str]:
    """Returns what fine-tuning reaches on each set, beside what others published."""
    rows = [
        (
            one.task,
            *(with_interval(f) for f in (one.scores.macro_f1, one.scores.weighted_f1, one.scores.accuracy)),
            f"{one.n_train:,} / {one.n_test:,}",
            peers.get(one.task, ""),
        )
        for one in evaluation.transfers
    ]
    return markdown_table(("", "macro F1", "weighted F1", "accuracy", "train / test", "others"), rows)


def _kept(at: AtConfidence) -> str:
    return f"{at.precision:.2f} ({at.coverage:.0%})" if at.n else "none"
