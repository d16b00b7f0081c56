"""How a question is written in an address: filters, period, calendar, and what each may be."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from api.security import within_brands
from api.service import Service, service_of
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.aggregates import MAX_GROUPS, BucketLength, Calendar
from pipeline.errors import BadRequest
from pipeline.jalali import from_jalali
from pipeline.records import Channel
from pipeline.selection import ATTRIBUTE, MAX_ATTRIBUTE, Dimension, Selection, last_days

DEFAULT_DAYS = 30
LATIN_DIGITS = {ord(script) + digit: str(digit) for script in "۰٠" for digit in range(10)}
DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
HOW = (
    "a day like 2026-11-21 or 1405-08-30 (Jalali by its year), or a time with its zone like "
    "2026-11-21T09:00:00+03:30"
)
SEGMENT = (
    "Customer segment; an empty value: messages without one. `plan:gold`: messages whose attribute `plan` is gold; "
    "`plan:`: messages without that attribute. A segment that itself holds a colon: `:name:with:colon`."
)


class Format(StrEnum):
    """How an answer is written."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


def read_moment(value: object) -> date:
    """Return the day or the aware time that somebody wrote; Jalali where its year is before 1700.

    Raises:
        PydanticCustomError: It is neither, or no such day exists.
    """
    written = str(value).translate(LATIN_DIGITS).strip()
    try:
        if match := DATE.fullmatch(written):
            year, month, day = map(int, match.groups())
            found: date = from_jalali(year, month, day) if year < 1700 else date(year, month, day)
        else:
            # An unescaped + of an address arrives as a space.
            found = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", written))
    except (ValueError, OverflowError):
        found = date.min
    is_naive = isinstance(found, datetime) and found.tzinfo is None
    if is_naive or not 1900 <= found.year <= 2200:
        raise PydanticCustomError("moment", "must be {how}, between the years 1900 and 2200", {"how": HOW})
    return found


def split_commas(value: object) -> object:
    """Return ``["a,b", "c"]`` as ``["a", "b", "c"]``."""
    if isinstance(value, list):
        return [part.strip() for one in value for part in str(one).split(",")]
    return value


def without_nul(value: str) -> str:
    """Return the value, which holds no NUL: no data base can look for one.

    Raises:
        PydanticCustomError: It holds one.
    """
    if "\0" in value:
        raise PydanticCustomError("nul", "must not hold the character NUL")
    return value


def _only_raw(value: object) -> object:
    if value == "adjusted":
        raise PydanticCustomError(
            "estimate",
            "only trend, breakdown and journey can be adjusted; leave estimate out or take raw",
            {"allowed": ["raw"]},
        )
    return value


def between(low: int, high: int) -> tuple[AfterValidator, Any]:
    """Return what makes an ``int`` one from ``low`` to ``high``, with an error that names both ends."""

    def check(value: int) -> int:
        if not low <= value <= high:
            given = {"low": low, "high": high, "allowed": [f"{low} to {high}"]}
            raise PydanticCustomError("range", "must be from {low} to {high}", given)
        return value

    return AfterValidator(check), Field(json_schema_extra={"minimum": low, "maximum": high})


Moment = Annotated[date, PlainValidator(read_moment, json_schema_input_type=str)]
GroupLimit = Annotated[int, *between(1, MAX_GROUPS)]
Name = Annotated[str, AfterValidator(without_nul), Field(max_length=500)]


class FilterQuery(BaseModel):
    """The filters that all questions share; each may be given several times, meaning any of them."""

    model_config = ConfigDict(frozen=True)

    from_: Moment | None = Field(
        None, alias="from", description=f"Start, inclusive: {HOW}. Default: 30 days before the end."
    )
    to: Moment | None = Field(None, description="End, exclusive, written alike. Default: the end of today.")
    calendar: Calendar = Field(Calendar.GREGORIAN, description="Whose months and dates the answer names.")
    source: list[Name] = Field([], max_length=50)
    channel: Annotated[list[Channel], BeforeValidator(split_commas)] = []
    brand: list[Name] = Field([], max_length=50, description="An empty value: messages without a brand.")
    product: list[Name] = Field([], max_length=50, description="An empty value: messages without a product.")
    segment: list[Name] = Field([], max_length=50, description=SEGMENT)
    stage: Annotated[list[Stage], BeforeValidator(split_commas)] = []
    intent: Annotated[list[Intent], BeforeValidator(split_commas)] = []
    aspect: Annotated[list[Aspect], BeforeValidator(split_commas)] = []
    sentiment: Annotated[list[Sentiment], BeforeValidator(split_commas)] = Field(
        [],
        description="Of a mention; where messages are counted, of the whole message (mixed occurs there only).",
    )
    emotion: Annotated[list[Emotion], BeforeValidator(split_commas)] = []
    flag: Annotated[list[Flag], BeforeValidator(split_commas)] = Field(
        [], description="Messages with any of these; spam is left out unless asked for."
    )
    q: Annotated[str, AfterValidator(without_nul)] | None = Field(
        None,
        max_length=200,
        description="Words that the text must hold, all of them, also as parts of words; "
        '"in quotes": together. Arabic and Persian letters, digits and half-spaces are treated alike; no stemming.',
    )
    estimate: Annotated[Literal["raw"], BeforeValidator(_only_raw)] = "raw"

    def selection(self, service: Service) -> Selection:
        """Return what is asked for; without a start the 30 days up to the end, without an end up to today."""
        end = self.to or last_days(DEFAULT_DAYS, service.zone, service.clock())[1]
        return Selection(
            from_=self.from_ or end - timedelta(days=DEFAULT_DAYS),
            to=end,
            source=tuple(self.source),
            channel=tuple(self.channel),
            brand=tuple(self.brand),
            product=tuple(self.product),
            segment=tuple(self.segment),
            stage=tuple(self.stage),
            intent=tuple(self.intent),
            aspect=tuple(self.aspect),
            sentiment=tuple(self.sentiment),
            emotion=tuple(self.emotion),
            flag=tuple(self.flag),
            q=self.q,
        )


class SelectionQuery(FilterQuery):
    """The filters, and how the answer is written."""

    format: Format = Format.JSON


def selection_of(request: Request, query: FilterQuery) -> Selection:
    """Return what a request asks for, within the brands that its key may see.

    Raises:
        HTTPException: 403, it asks for a brand that the key may not see.
    """
    selection = query.selection(service_of(request))
    return replace(selection, brand=within_brands(request, selection.brand))


class AdjustableQuery(SelectionQuery):
    """What is asked where figures can be corrected for the model's known errors."""

    estimate: Literal["raw", "adjusted"] = Field(  # type: ignore[assignment]
        "raw",
        description="adjusted: shares and net sentiment corrected for the errors that cross-validation found; one of "
        "stage, intent and aspect at a time, no emotion, no flag. Counts stay as they are.",
    )


class TrendQuery(AdjustableQuery):
    """What is asked of a trend."""

    bucket: BucketLength = Field(BucketLength.DAY, description="Weeks begin on Saturday in both calendars.")


class BreakdownQuery(AdjustableQuery):
    """What is asked of a breakdown."""

    by: Annotated[list[Dimension], BeforeValidator(split_commas)] = Field(
        description="One or two: `by=stage`, `by=stage,intent`, or an attribute: `by=attribute:plan`.",
        examples=[["stage"]],
    )
    limit: GroupLimit = Field(200, description="Most lines; the largest are given.")


def dimension_schema(enum: dict[str, Any]) -> dict[str, Any]:
    """Return the description of ``Dimension`` with what is no member of the enum: ``attribute:NAME``."""
    rest = {name: value for name, value in enum.items() if name not in {"enum", "type"}}
    pattern = f'^{ATTRIBUTE}[^"\\\\]{{1,{MAX_ATTRIBUTE}}}$'
    return rest | {"type": "string", "anyOf": [{"enum": enum["enum"]}, {"pattern": pattern}]}


async def only_known_parameters(request: Request) -> None:
    """An address with a parameter that its route does not know is refused.

    Raises:
        BadRequest: It names the parameter, those that there are, and the one that was probably meant.
    """
    route = request.scope.get("route")
    known = parameters_of(route) if isinstance(route, APIRoute) else []
    for name in request.query_params:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            given = name if name.isidentifier() and len(name) <= 30 else "one of the names given"
            raise BadRequest(
                f"{given} is no parameter of this address; {meant}allowed: {', '.join(known) or 'none'}",
                parameter=given,
            )


def parameters_of(route: APIRoute) -> list[str]:
    """Return the names of a route's query parameters."""
    names: list[str] = []
    for parameter in route.dependant.query_params:
        model: Any = parameter.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            names += [field.alias or name for name, field in model.model_fields.items()]
        else:
            names.append(parameter.alias)
    return names
