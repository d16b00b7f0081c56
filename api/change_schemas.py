"""The shapes of the answers about change: two periods compared, and a change split into what drove it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from api.addresses import feedback_address
from api.schemas import BasisOut, Figure, Out, basis_fields, count_fields, figure_fields
from pipeline.change_sentences import net_of, tell_comparison, tell_driver, tell_drivers, tell_line
from pipeline.comparing import Change, Comparison, Line
from pipeline.drivers import Driver, Drivers
from pipeline.intervals import MIN_N
from pipeline.periods import Periods
from pipeline.selection import Dimension, Selection, Unit
from pipeline.sentences import EVERYTHING, Names, Words, write_label

TOO_FEW = f"Fewer than {MIN_N} in one of the periods: its net sentiment is not compared."
Q_VALUE = (
    "The p-value after Benjamini and Hochberg over all comparisons of this answer; significant: at most 0.05."
)
MESSAGES = "Where the messages are that were counted; null where no address can say it."


class CompareLineOut(Out):
    """One value in both periods.

    Shares are compared by the score test with Newcombe's interval, net sentiment by a z-test with its own
    variances and the interval of Zou and Donner; mentions of one message are not taken for independent.
    """

    value: str | None
    label_fa: str
    label_en: str
    n: int
    n_negative: int
    n_neutral: int
    n_positive: int
    n_mixed: int
    share: Figure
    share_low: Figure
    share_high: Figure
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure
    n_before: int
    share_before: Figure
    share_before_low: Figure
    share_before_high: Figure
    net_sentiment_before: Figure
    net_sentiment_before_low: Figure
    net_sentiment_before_high: Figure
    too_few: bool = Field(description=TOO_FEW)
    share_change: Figure = Field(description="Now minus before, from -1 to 1.")
    share_change_low: Figure
    share_change_high: Figure
    share_p_value: Figure
    share_q_value: Figure = Field(description=Q_VALUE)
    share_significant: bool | None
    change: Figure = Field(description="Net sentiment now minus before, in points.")
    change_low: Figure
    change_high: Figure
    p_value: Figure
    q_value: Figure = Field(description=Q_VALUE)
    significant: bool | None
    moved: float = Field(
        description="How much it matters: of 100 mentions, how many came or left, and how many turned by one step."
    )
    sentence_fa: str
    sentence_en: str
    messages: str | None = Field(description=MESSAGES)
    messages_before: str | None

    @classmethod
    def of(cls, line: Line, label: Words, unit: Unit, messages: tuple[str | None, str | None]) -> Self:
        """Return the shape of a line, ``messages`` being the addresses of now and before."""
        now, before, told = line.now, line.before, tell_line(line, label, unit)
        share, net = line.share, line.net_sentiment
        return cls(
            value=line.value,
            label_fa=label.fa,
            label_en=label.en,
            **count_fields(now.counts),
            n_mixed=now.counts.n_mixed,
            n_before=before.counts.n,
            **figure_fields("share", now.share, now.n, digits=6),
            **figure_fields("share_before", before.share, before.n, digits=6),
            **figure_fields("net_sentiment", now.net_sentiment, now.counts.n),
            **figure_fields("net_sentiment_before", before.net_sentiment, before.counts.n),
            too_few=min(now.counts.n, before.counts.n) < MIN_N,
            **figure_fields("share_change", share.estimate if share else None, digits=6),
            **_tests("share_", share),
            **figure_fields("change", net.estimate if net else None),
            **_tests("", net),
            moved=round(line.moved, 2),
            sentence_fa=told.fa,
            sentence_en=told.en,
            messages=messages[0],
            messages_before=messages[1],
        )


class CompareOut(BasisOut):
    """Two periods: all of both, then what changed by more than chance, then the rest, by how much it matters."""

    before_from: datetime
    before_to: datetime
    n_before: int
    by: Dimension
    summary_fa: str
    summary_en: str
    total: CompareLineOut
    n_lines: int = Field(description="Counts also the lines beyond `limit`.")
    lines: list[CompareLineOut]

    @classmethod
    def of(cls, found: Comparison, *, names: Names, selection: Selection, periods: Periods) -> Self:
        """Return the shape of a comparison."""
        unit, summary = found.basis.unit, tell_comparison(found, names)

        def line_out(line: Line) -> CompareLineOut:
            label = write_label(names, found.by, line.value)
            address = _addresses(selection, periods, unit, found.by, line.value)
            return CompareLineOut.of(line, label, unit, address)

        return cls(
            **basis_fields(found.basis),
            before_from=found.before_from,
            before_to=found.before_to,
            n_before=found.total.before.counts.n,
            by=found.by,
            summary_fa=summary.fa,
            summary_en=summary.en,
            total=CompareLineOut.of(
                found.total, EVERYTHING, unit, _addresses(selection, periods, unit, None, None)
            ),
            n_lines=found.n_lines,
            lines=[line_out(line) for line in found.lines],
        )


class DriverOut(Out):
    """What one value added to the change, in points of net sentiment: `mix + within = total`.

    `mix`: as its share of all grew or shrank. `within`: as it was judged otherwise. Of a value that was absent
    in one period all is mix. Intervals by the delta method.
    """

    value: str | None
    label_fa: str
    label_en: str
    n: int
    n_before: int
    share: float
    share_before: float
    net_sentiment: Figure
    net_sentiment_before: Figure
    mix: float
    mix_low: float
    mix_high: float
    within: float
    within_low: float
    within_high: float
    total: float
    total_low: float
    total_high: float
    p_value: float
    q_value: float = Field(description=Q_VALUE)
    significant: bool
    sentence_fa: str
    sentence_en: str
    messages: str | None = Field(description=MESSAGES)
    messages_before: str | None

    @classmethod
    def of(cls, driver: Driver, label: Words, messages: tuple[str | None, str | None]) -> Self:
        """Return the shape of a driver, ``messages`` being the addresses of now and before."""
        part, told = driver.part, tell_driver(driver, label)
        now, before = driver.counts, driver.counts_before
        return cls(
            value=driver.value,
            label_fa=label.fa,
            label_en=label.en,
            n=now.n,
            n_before=before.n,
            share=round(driver.share, 6),
            share_before=round(driver.share_before, 6),
            net_sentiment=round(net_of(now), 2) if now.n >= MIN_N else None,
            net_sentiment_before=round(net_of(before), 2) if before.n >= MIN_N else None,
            **figure_fields("mix", part.mix, digits=6),
            **figure_fields("within", part.within, digits=6),
            **figure_fields("total", part.total, digits=6),
            p_value=part.p_value,
            q_value=part.q_value,
            significant=part.significant,
            sentence_fa=told.fa,
            sentence_en=told.en,
            messages=messages[0],
            messages_before=messages[1],
        )


class DriversOut(BasisOut):
    """A change of net sentiment and its parts, largest first; the parts' totals add up to it.

    Kitagawa's split (1955) with midpoint weights, the mix counted against the mean of both periods' net
    sentiments. With fewer than 30 in one of the periods nothing is split.
    """

    before_from: datetime
    before_to: datetime
    n_before: int
    by: Dimension
    net_sentiment: Figure
    net_sentiment_before: Figure
    change: Figure
    change_low: Figure
    change_high: Figure
    p_value: Figure
    too_few: bool
    summary_fa: str
    summary_en: str
    drivers: list[DriverOut]

    @classmethod
    def of(cls, found: Drivers, *, names: Names, selection: Selection, periods: Periods) -> Self:
        """Return the shape of a split."""
        summary = tell_drivers(found, names)

        def driver_out(driver: Driver) -> DriverOut:
            address = _addresses(selection, periods, Unit.MENTIONS, found.by, driver.value)
            return DriverOut.of(driver, write_label(names, found.by, driver.value), address)

        return cls(
            **basis_fields(found.basis),
            before_from=found.before_from,
            before_to=found.before_to,
            n_before=found.counts_before.n,
            by=found.by,
            net_sentiment=round(net_of(found.counts), 2) if found.change else None,
            net_sentiment_before=round(net_of(found.counts_before), 2) if found.change else None,
            **figure_fields("change", found.change, digits=6),
            p_value=found.p_value,
            too_few=found.change is None,
            summary_fa=summary.fa,
            summary_en=summary.en,
            drivers=[driver_out(driver) for driver in found.drivers],
        )


def _addresses(
    selection: Selection, periods: Periods, unit: Unit, by: Dimension | None, value: str | None
) -> tuple[str | None, str | None]:
    now, before = (
        feedback_address(selection, span, unit=unit, by=by, value=value)
        for span in (periods.now, periods.before)
    )
    return now, before


def _tests(prefix: str, change: Change | None) -> dict[str, Any]:
    return {
        f"{prefix}p_value": change.p_value if change else None,
        f"{prefix}q_value": change.q_value if change else None,
        f"{prefix}significant": change.significant if change else None,
    }
