"""The emotional curve: what customers feel at each stage of their journey, and where it is highest and lowest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from models.labels import Emotion, Stage
from pipeline import intervals
from pipeline.aggregate_basis import Basis, basis_of, net_of
from pipeline.aggregate_counts import NOTHING, Counts, choose_among, count
from pipeline.clusters import Whole, read_whole
from pipeline.columns import count_messages
from pipeline.conditions import mention_conditions, message_conditions
from pipeline.database import reading
from pipeline.intervals import MIN_N, Estimate, Method
from pipeline.remembering import remembered
from pipeline.selection import Dimension, Selection, Span, Unit, span_of
from pipeline.sentences import Names, Words, write_count, write_label, write_number
from pipeline.tables import FeedbackRow, MentionRow

CurveOf = Mapping[Stage, Mapping[Emotion, int]]


class Extreme(StrEnum):
    """Where the curve has its ends."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionShare:
    """How many messages of a stage have an emotion."""

    emotion: Emotion
    n: int
    share: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFeeling:
    """One stage: its messages by emotion, its mentions by sentiment.

    ``extreme`` marks the highest and the lowest net sentiment of stages with at least 30 mentions, where the
    intervals of these two do not meet.
    """

    stage: Stage
    n_messages: int
    emotions: tuple[EmotionShare, ...]
    counts: Counts
    net_sentiment: Estimate | None
    extreme: Extreme | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feelings:
    """All stages in their order; a message counts at each stage where it has a mention."""

    basis: Basis
    stages: tuple[StageFeeling, ...]


@remembered
def feelings(engine: Engine, selection: Selection, *, zone: ZoneInfo) -> Feelings:
    """Return for each stage the share of each emotion among its messages, and its net sentiment.

    Args:
        zone: Business time zone, in which the days of the selection begin.

    Raises:
        BadRequest: The period ends before it starts, or mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    with reading(engine) as connection:
        counted = count(connection, selection, span, (Dimension.STAGE,))
        felt = _felt(connection, selection, span)
        whole = read_whole(connection, selection, span)
        basis = basis_of(connection, selection, span, Unit.MENTIONS, [counted], method=Method.CLUSTERED)
    asked = selection.stage or tuple(Stage)
    counts = {stage: counted.cells.get((stage.value,), NOTHING) for stage in asked}
    ends = _extremes({stage: net_of(counts[stage], whole.of_net) for stage in asked}, counts)
    return Feelings(
        basis=basis,
        stages=tuple(_stage(one, felt.get(one, {}), counts[one], whole, ends.get(one)) for one in asked),
    )


def describe_feelings(found: Feelings, names: Names) -> Words:
    """Return where customers feel best and worst, in one sentence of each language.

    Args:
        names: Display names of the labels by table.
    """
    ends = {one.extreme: one for one in found.stages if one.extreme}
    low, high = ends.get(Extreme.LOW), ends.get(Extreme.HIGH)
    if low is None or high is None:
        return Words(
            "هیچ مرحله‌ای به‌روشنی بهتر یا بدتر از بقیه نیست.",
            "No stage is clearly better or worse than the others.",
        )
    best, worst = _told(high, names), _told(low, names)
    return Words(
        f"حال مشتری در {worst.fa} از همه بدتر و در {best.fa} از همه بهتر است.",
        f"Customers feel worst at {worst.en} and best at {best.en}.",
    )


def _told(feeling: StageFeeling, names: Names) -> Words:
    stage = write_label(names, Dimension.STAGE, feeling.stage.value)
    net = write_number(feeling.net_sentiment.value if feeling.net_sentiment else 0, signed=True)
    n = write_count(feeling.counts.n)
    return Words(
        f"«{stage.fa}» (رضایت خالص {net.fa} از {n.fa})", f"{stage.en} (net sentiment {net.en} of {n.en})"
    )


def _felt(connection: Connection, selection: Selection, span: Span) -> CurveOf:
    """Messages by stage and emotion; each counts once at a stage."""
    if chosen := choose_among(connection, selection, span):
        return _felt_by_words(count_messages(chosen, "stage", "emotion"))
    statement = (
        select(MentionRow.stage, FeedbackRow.emotion, func.count(FeedbackRow.id.distinct()))
        .select_from(FeedbackRow)
        .join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
        .where(*message_conditions(selection, span, connection=connection), *mention_conditions(selection))
        .group_by(MentionRow.stage, FeedbackRow.emotion)
    )
    return _felt_by_words({(row[0], str(row[1])): row[2] for row in connection.execute(statement)})


def _felt_by_words(counted: Mapping[tuple[str, str], int]) -> CurveOf:
    felt: dict[Stage, dict[Emotion, int]] = {}
    for (stage, emotion), n in counted.items():
        felt.setdefault(Stage(stage), {})[Emotion(emotion)] = n
    return felt


def _stage(
    stage: Stage, felt: Mapping[Emotion, int], counts: Counts, whole: Whole, extreme: Extreme | None
) -> StageFeeling:
    n = sum(felt.values())
    return StageFeeling(
        stage=stage,
        n_messages=n,
        emotions=tuple(
            EmotionShare(emotion=one, n=felt.get(one, 0), share=intervals.share(felt.get(one, 0), n))
            for one in Emotion
        ),
        counts=counts,
        net_sentiment=net_of(counts, whole.of_net),
        extreme=extreme,
    )


def _extremes(nets: Mapping[Stage, Estimate | None], counts: Mapping[Stage, Counts]) -> dict[Stage, Extreme]:
    known = {
        stage: net
        for stage, net in nets.items()
        if net is not None and counts[stage].n >= MIN_N and stage != Stage.NONE
    }
    if len(known) < 2:
        return {}
    low = min(known, key=lambda stage: known[stage].value)
    high = max(known, key=lambda stage: known[stage].value)
    if known[low].high >= known[high].low:
        return {}
    return {low: Extreme.LOW, high: Extreme.HIGH}
