"""Which mistakes the model is known to make, and for which questions its counts can be corrected for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipeline.adjusting import CannotAdjustError, Errors, errors_of, summed
from pipeline.errors import BadRequest
from pipeline.selection import MENTION_DIMENSIONS, Dimension, Selection, Unit

HEADS = {
    Dimension.STAGE: "stage",
    Dimension.INTENT: "intent",
    Dimension.ASPECT: "aspect",
    Dimension.SENTIMENT: "mention_sentiment",
}
Confusion = Mapping[str, Mapping[str, Sequence[Sequence[int]]]]


@dataclass(frozen=True, slots=True)
class KnownErrors:
    """What cross-validation found out about one version of the model.

    Attributes:
        model_version: Whose errors these are.
        confusion: For each head and kind of text how often each right label (row) was taken for which (column).
    """

    model_version: str
    confusion: Confusion

    def of(self, dimension: Dimension) -> Errors:
        """Return the errors of the head that judges a dimension, over all kinds of text together.

        Raises:
            BadRequest: The weights carry none, or such that nothing can be told from them.
        """
        head = HEADS[dimension]
        if not self.confusion.get(head):
            raise refusal(
                f"the weights of {self.model_version} carry no cross-validated confusion of the head {head}; take raw, or "
                "weights whose manifest.toml has it"
            )
        try:
            return errors_of(summed(self.confusion[head]))
        except CannotAdjustError as error:
            raise refusal(f"{head} cannot be adjusted: {error}; take raw") from None

    def check_versions(self, judged_by: Collection[str]) -> None:
        """The counts come from the version whose errors are known.

        Raises:
            BadRequest: Some were judged by another version.
        """
        others = sorted(set(judged_by) - {self.model_version})
        if others:
            raise refusal(
                f"some of this feedback was judged by {', '.join(others)}, the errors of {self.model_version} are known; "
                "take raw, or classify again with it"
            )


def judged_dimension(selection: Selection, by: tuple[Dimension, ...] = ()) -> Dimension | None:
    """Return the one of stage, intent and aspect that a question is about; ``None``: of none of them.

    Raises:
        BadRequest: It is about two of them, about emotion or flags, or counts messages.
    """
    asked = [one for one in MENTION_DIMENSIONS if one in by or getattr(selection, one.value)]
    if len(asked) > 1:
        raise refusal(
            f"one of stage, intent and aspect can be adjusted at a time, here are {' and '.join(asked)}; ask for one of "
            "them, or take raw"
        )
    if selection.emotion or selection.flag or Dimension.EMOTION in by or selection.unit(by) == Unit.MESSAGES:
        raise refusal("what is cut by emotion or flag cannot be adjusted; leave them out, or take raw")
    return asked[0] if asked else None


def refusal(reason: str) -> BadRequest:
    """Return the error that names ``estimate`` as what cannot be had."""
    return BadRequest(reason, parameter="estimate")
