"""What ``alerts.toml`` says: which rules are watched, and the channels that alerts are sent to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AnyHttpUrl, BeforeValidator, Field, StrictBool, StrictInt, TypeAdapter, ValidationError
from pydantic import model_validator as validates

from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.connectors.argument_errors import describe_faults
from pipeline.connectors.base import Arguments
from pipeline.connectors.names import list_missing
from pipeline.errors import SettingsError
from pipeline.records import Channel
from pipeline.usual import Direction

KEYS = ("base_url", "channels", "alerts")
Model = TypeVar("Model", bound=Arguments)


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Days = Annotated[StrictInt, Field(ge=1, le=366)]


class Filters(Arguments):
    """Which feedback a rule is about, under the names that the API has; each one value or a list of them."""

    source: Words = ()
    channel: Annotated[tuple[Channel, ...], BeforeValidator(_listed)] = ()
    brand: Words = ()
    product: Words = ()
    segment: Words = ()
    stage: Annotated[tuple[Stage, ...], BeforeValidator(_listed)] = ()
    intent: Annotated[tuple[Intent, ...], BeforeValidator(_listed)] = ()
    aspect: Annotated[tuple[Aspect, ...], BeforeValidator(_listed)] = ()
    sentiment: Annotated[tuple[Sentiment, ...], BeforeValidator(_listed)] = ()
    emotion: Annotated[tuple[Emotion, ...], BeforeValidator(_listed)] = ()
    flag: Annotated[tuple[Flag, ...], BeforeValidator(_listed)] = ()
    q: str | None = Field(default=None, max_length=200)

    @validates(mode="after")
    def _mentions_are_never_mixed(self) -> Self:
        if Sentiment.MIXED in self.sentiment:
            raise ValueError("sentiment: mixed is said of whole messages only and mentions are counted here")
        return self

    @property
    def given(self) -> dict[str, Any]:
        """Those that are not empty, by name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name))}


class Rule(Arguments):
    """What every rule may say.

    Args:
        name: Of the rule; alerts are listed by it.
        send_to: Names of channels; none: its alerts are only listed.
        enabled: Whether it is watched.
    """

    kind: ClassVar[str]

    name: str = Field(min_length=1, max_length=100)
    send_to: Words = ()
    enabled: StrictBool = True


class Threshold(Rule):
    """A figure of the last days lies beyond a bound, and so does all of its 95 % interval.

    Args:
        figure: ``share`` is that of the filters in all mentions of the same sources, channels, brands,
            products and segments.
        days: How many last days, the present one included.
        above: The bound, if the figure must not be larger: points, a share between 0 and 1, or a count.
        below: The bound, if it must not be smaller.
        again_after_days: So long nothing is said again while it stays so.
    """

    kind: ClassVar[str] = "threshold"

    figure: Literal["net_sentiment", "negative_share", "positive_share", "share", "volume"]
    filters: Filters = Filters()
    days: Days = 7
    above: float | None = None
    below: float | None = None
    again_after_days: Days = 7

    @validates(mode="after")
    def _one_bound_within_reach(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("above, below: set one of the two")
        low, high = {"net_sentiment": (-100.0, 100.0), "volume": (0.0, float("inf"))}.get(
            self.figure, (0.0, 1.0)
        )
        if not low <= self.bound <= high:
            raise ValueError(f"above, below: {self.figure} lies between {low:g} and {high:g}")
        return self

    @property
    def bound(self) -> float:
        """The bound, whichever side it is on."""
        return float((self.above if self.above is not None else self.below) or 0.0)


class Change(Rule):
    """Today, or the last hour, brought unusually much or little for that day of the week and time of day.

    Args:
        of: All mentions, or the negative ones.
        every: ``day``: today so far, looked at four times a day; ``hour``: each whole hour.
        weeks: How many weeks before tell what is usual; four must be there.
        false_alarms_per_year: How often the rule may strike in a year in which nothing changes.
        at_least: Fewer mentions than this are never too many.
    """

    kind: ClassVar[str] = "change"

    of: Literal["volume", "negative"] = "volume"
    filters: Filters = Filters()
    every: Literal["day", "hour"] = "day"
    direction: Direction = "up"
    weeks: StrictInt = Field(default=8, ge=4, le=26)
    false_alarms_per_year: float = Field(default=4.0, ge=0.1, le=50)
    at_least: StrictInt = Field(default=10, ge=1)


class NewPhrase(Rule):
    """Customers say something that nobody said before.

    Args:
        days: How many last days, the present one included.
        at_least: Messages that must hold the phrase.
    """

    kind: ClassVar[str] = "new_phrase"

    filters: Filters = Filters()
    days: Days = 7
    at_least: StrictInt = Field(default=10, ge=3)


class Silence(Rule):
    """A source brings nothing any more, though by its own rhythm it should.

    Args:
        source: Names of sources; none: every one.
    """

    kind: ClassVar[str] = "silence"

    source: Words = ()


class Urgent(Rule):
    """Messages that need somebody at once have waited too long.

    Args:
        older_than_minutes: Since they were written.
        within_hours: Older ones are let be.
        resolved: Values of a message's status under which nobody waits any more.
    """

    kind: ClassVar[str] = "urgent"

    filters: Filters = Filters()
    older_than_minutes: StrictInt = Field(default=60, ge=1, le=43_200)
    within_hours: StrictInt = Field(default=72, ge=1, le=8_760)
    resolved: Words = ("solved", "closed", "resolved")

    @validates(mode="after")
    def _window_is_open(self) -> Self:
        if self.older_than_minutes >= 60 * self.within_hours:
            raise ValueError("within_hours: must be longer than older_than_minutes")
        if self.filters.flag:
            raise ValueError("filters.flag: is urgent here by itself; leave it out")
        return self


class NotificationChannel(Arguments):
    """Where alerts are sent.

    Args:
        url_env: Environment variable that holds the apprise address; or ``<url_env>_FILE`` names its file.
        language: Of the messages.
    """

    name: str = Field(min_length=1, max_length=100)
    url_env: str
    language: Literal["fa", "en"] = "fa"


KINDS: dict[str, type[Rule]] = {one.kind: one for one in (Threshold, Change, NewPhrase, Silence, Urgent)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """The rules that are watched, the channels by name, and where people reach the API (perhaps empty)."""

    rules: tuple[Rule, ...]
    channels: Mapping[str, NotificationChannel]
    base_url: str = ""


def build_alerts(config: Mapping[str, object]) -> AlertSettings:
    """Return what a whole ``alerts.toml`` says; rules that are not enabled are left out.

    Raises:
        SettingsError: A key is unknown, missing or wrong; the message names the rule and the key.
    """
    if told := list_missing(config, KEYS, what="key"):
        raise SettingsError(f"alerts file: {told}")
    channels = {
        name: _build(NotificationChannel, f"channels.{name}", {**table, "name": name})
        for name, table in _tables(config, "channels").items()
    }
    rules = [_build_rule(name, table) for name, table in _tables(config, "alerts").items()]
    for rule in rules:
        if told := list_missing(rule.send_to, list(channels), what="channel"):
            raise SettingsError(f"alerts.{rule.name}: send_to: {told}")
    return AlertSettings(
        rules=tuple(rule for rule in rules if rule.enabled),
        channels=channels,
        base_url=_read_base_url(config.get("base_url", "")),
    )


def _tables(config: Mapping[str, object], key: str) -> dict[str, Mapping[str, object]]:
    tables = config.get(key, {})
    if not isinstance(tables, Mapping) or not all(isinstance(one, Mapping) for one in tables.values()):
        raise SettingsError(f"alerts file: {key}: expected a table [{key}.NAME] for each")
    return dict(tables)


def _build_rule(name: str, table: Mapping[str, object]) -> Rule:
    kind = table.get("kind")
    if not isinstance(kind, str):
        raise SettingsError(f"alerts.{name}: kind: is missing; there are: {', '.join(KINDS)}")
    if told := list_missing([kind], list(KINDS), what="kind"):
        raise SettingsError(f"alerts.{name}: kind: {told}")
    rest = {key: value for key, value in table.items() if key != "kind"}
    return _build(KINDS[kind], f"alerts.{name}", {**rest, "name": name})


def _build(model: type[Model], where: str, given: Mapping[str, object]) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise SettingsError(f"{where}: {describe_faults(error, model)}") from None


def _read_base_url(value: object) -> str:
    if value == "":
        return ""
    try:
        return str(TypeAdapter(AnyHttpUrl).validate_python(value)).rstrip("/")
    except ValidationError:
        raise SettingsError(
            'alerts file: base_url: expected an address like "https://bazkhord.example.ir"'
        ) from None
