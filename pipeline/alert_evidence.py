"""What an alert rests on: its figures, and the address at which the API shows the messages behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from models.labels import Flag, Sentiment
from pipeline.alert_rules import Filters, Rule
from pipeline.intervals import Estimate
from pipeline.jalali import day_start
from pipeline.selection import Selection

FEEDBACK = "/v1/feedback"
MAX_OCCASION = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The figures for which an alert was raised; what does not apply to its kind is ``None``.

    Args:
        figure: What was measured: ``net_sentiment``, ``volume`` …
        value: What it was; shares between 0 and 1, net sentiment in points, else a count.
        low: Lower end of its 95 % interval.
        high: Upper end of it.
        n: How many mentions or messages it rests on.
        unit: What ``n`` counts.
        from_: Start of the period, ISO 8601 in the business zone, inclusive.
        to: Its end, exclusive.
        method: How it was judged, in words.
        bound: What the rule allows.
        side: Whether the figure is ``above`` or ``below`` what it should be.
        usual: What the figure mostly is: the mean of the weeks before.
        usual_low: The lowest of those weeks.
        usual_high: The highest of them.
        chance: Of a figure so far off where nothing changed.
        about: The source or the phrase in question.
        filters: As the API writes them.
        feedback: Address at which the API shows the messages.
        message_ids: Ids of messages that wait, at most 200.
    """

    figure: str
    value: float
    n: int
    unit: str
    from_: str
    to: str
    method: str
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    side: str | None = None
    usual: float | None = None
    usual_low: float | None = None
    usual_high: float | None = None
    chance: float | None = None
    about: str | None = None
    filters: dict[str, list[str]] | None = None
    feedback: str | None = None
    message_ids: tuple[int, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return what is kept of it: everything that applies."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule struck. ``occasion`` is what makes it the same alert when it is found again."""

    rule: str
    kind: str
    occasion: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a rule has said before.

    Args:
        last_at: When it struck last; ``None``: never.
        message_ids: Ids of the messages that it told of.
    """

    last_at: datetime | None = None
    message_ids: Collection[int] = ()


def found(rule: Rule, occasion: str, evidence: Evidence) -> Finding:
    """Return what was found by a rule."""
    return Finding(rule=rule.name, kind=rule.kind, occasion=occasion[:MAX_OCCASION], evidence=evidence)


def select_feedback(filters: Filters, start: date, end: date) -> Selection:
    """Return the feedback of a period that a rule is about."""
    return Selection(from_=start, to=end, **filters.given)


def write_moment(when: date, zone: ZoneInfo) -> str:
    """Return a day or an aware time in the business zone, as ISO 8601."""
    moment = when if isinstance(when, datetime) else day_start(when, zone)
    return moment.astimezone(zone).isoformat(timespec="seconds")


def write_filters(
    filters: Filters, *, sentiment: Sentiment | None = None, flag: Flag | None = None
) -> dict[str, list[str]]:
    """Return the filters as the API writes them, with a sentiment or a flag that the figure is about."""
    written = {
        name: [str(one) for one in value] if isinstance(value, tuple) else [str(value)]
        for name, value in filters.given.items()
    }
    written |= {"sentiment": [sentiment.value]} if sentiment else {}
    return written | ({"flag": [flag.value]} if flag else {})


def feedback_address(filters: Mapping[str, list[str]], start: date, end: date, zone: ZoneInfo) -> str:
    """Return the address at which the API shows the messages of a period that filters let pass."""
    period = {"from": write_moment(start, zone), "to": write_moment(end, zone)}
    return f"{FEEDBACK}?{urlencode({**period, **filters}, doseq=True)}"


def count_interval(n: int) -> Estimate:
    """Return a count with the exact 95 % interval of its Poisson mean (Garwood, Biometrika 28, 1936).

    >>> count_interval(0).high < 3.7, round(count_interval(100).low, 2), round(count_interval(100).high, 2)
    (True, 81.36, 121.63)
    """
    from scipy.special import gammaincinv

    low = float(gammaincinv(n, 0.025)) if n else 0.0
    return Estimate(float(n), low, float(gammaincinv(n + 1, 0.975)))
