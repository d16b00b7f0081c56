"""How messages are asked for in an address: the filters of all questions, those of messages alone, pages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from api.cursors import PageCursor, PageLimit
from api.queries import LATIN_DIGITS, FilterQuery, Format, Name, split_commas
from pipeline.aggregate_feedback import Order
from pipeline.case_kinds import WAITS, CaseKind, Opening
from pipeline.errors import BadRequest
from pipeline.narrowing import Narrowing, Scored
from pipeline.scores import Measure
from pipeline.selection import Unit

MAX_DIGITS = 4


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    NDJSON = "ndjson"
    XLSX = "xlsx"


def whole(low: int, high: int) -> tuple[BeforeValidator, Any]:
    """Return what reads a whole number from ``low`` to ``high``; whatever else is written, the error names both ends."""

    def read(value: object) -> int:
        written = str(value).translate(LATIN_DIGITS).strip()
        if written.isdecimal() and len(written) <= MAX_DIGITS and low <= int(written) <= high:
            return int(written)
        given = {"low": low, "high": high, "allowed": [f"{low} to {high}"]}
        raise PydanticCustomError("range", "must be a whole number from {low} to {high}", given)

    return BeforeValidator(read), Field(json_schema_extra={"minimum": low, "maximum": high})


Hour = Annotated[int, *whole(0, 23)]
Weekday = Annotated[int, *whole(0, 6)]
Score = Annotated[float, Field(allow_inf_nan=False)]
Hours = Annotated[float, Field(allow_inf_nan=False, ge=0)]


class MessagesQuery(FilterQuery):
    """What messages are asked for by: the filters of all answers, and those that only messages have."""

    unit: Unit = Field(
        Unit.MENTIONS,
        description="What the number counts. mentions: one mention fits all of stage … sentiment.",
    )
    copies: Literal["hide", "show"] = Field("hide", description="Further messages with the same text.")
    unresolved: bool = Field(
        default=False,
        description="Only messages whose source gives a status, and that are not solved or closed.",
    )
    hour: Annotated[list[Hour], BeforeValidator(split_commas)] = Field(
        [],
        description="Hours of the day in the business time zone, as `/v1/hours` counts them: 9 is from 9:00 to 9:59. "
        "Messages that came without a time of day are in none.",
    )
    weekday: Annotated[list[Weekday], BeforeValidator(split_commas)] = Field(
        [],
        description="Days of the week, as `/v1/hours` counts them: 0 is Saturday, 6 Friday. Messages that came "
        "without a time of day are in none.",
    )
    queue: list[Name] = Field([], max_length=50, description="Queue or team; an empty value: without one.")

    scored: Measure | None = Field(
        None,
        description="Only messages that carry such an answer, those that `/v1/cx` counts (with `copies=show`): but "
        "answers without words, or that wait to be classified, are no messages to list.",
    )
    score_from: Score | None = Field(
        None, description="Lowest answer, inclusive: 9 for the promoters of `nps`."
    )
    score_to: Score | None = Field(
        None, description="Highest answer, inclusive: 6 for the detractors of `nps`."
    )

    case: CaseKind | None = Field(
        None,
        description="Only messages that opened a case, as `/v1/cx/response` counts cases (with `copies=show`). "
        "first_response, resolution: a case of which this wait is known; ended: solved or given up; first_contact: "
        "solved without the customer coming back; open; any.",
    )
    waited_h: Hours | None = Field(
        None,
        description="With `case=first_response` or `resolution`: waits of at least so many hours, those who still "
        "wait among them.",
    )

    def narrowing(self, now: datetime) -> Narrowing:
        """Return what is asked for beside the selection.

        Args:
            now: The present moment, until which open cases have waited.

        Raises:
            BadRequest: A range of answers is given, and not to which question, or it ends before it begins; or
                hours, and not of which wait.
        """
        return Narrowing(
            opening=self._opening(now),
            scored=self._scored(),
            hour=tuple(self.hour),
            weekday=tuple(self.weekday),
            queue=tuple(self.queue),
            unresolved=self.unresolved,
        )

    def _scored(self) -> Scored | None:
        if self.score_from is not None and self.score_to is not None and self.score_from > self.score_to:
            raise BadRequest("score_from is above score_to: exchange the two", parameter="score_from")
        if self.scored:
            return Scored(measure=self.scored, lowest=self.score_from, highest=self.score_to)
        for name in ("score_from", "score_to"):
            if getattr(self, name) is not None:
                measures = ", ".join(Measure)
                raise BadRequest(f"{name} needs scored, which is one of {measures}", parameter=name)
        return None

    def _opening(self, now: datetime) -> Opening | None:
        if self.waited_h is not None and self.case not in WAITS:
            raise BadRequest(f"waited_h needs case, which is one of {', '.join(WAITS)}", parameter="waited_h")
        return Opening(kind=self.case, at_least_h=self.waited_h or 0.0, now=now) if self.case else None


class FeedbackQuery(MessagesQuery):
    """What is asked of the messages behind a number."""

    format: Format = Format.JSON
    order: Order = Field(
        Order.NEWEST,
        description="angriest: most surely angry first, and negative about what is asked for; then the most "
        "negative; one page, without `next`.",
    )
    limit: PageLimit = Field(50, description="Messages on a page.")
    cursor: PageCursor | None = Field(
        None, description="`next` of the page before.", json_schema_extra={"type": "string"}
    )


class ExportQuery(MessagesQuery):
    """What is asked of an export: what is asked of the messages behind a number, all at once."""

    format: ExportFormat = Field(
        ExportFormat.CSV,
        description="csv and xlsx: a line for each mention, with its message; ndjson: a line for each message.",
    )
