"""One customer's way: messages over all channels, oldest first, with what each says of which stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, and_, func, or_, select, true

from models.labels import MENTION_SENTIMENTS, Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.aggregate_counts import Counts
from pipeline.aggregate_feedback import Place
from pipeline.database import reading
from pipeline.mention_ids import mention_id
from pipeline.records import Channel, Rating
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import flags_of

STEP_FIELDS = (
    "id", "source", "native_id", "conversation_id", "text", "brand", "product", "segment", "touchpoint", "queue",
    "status", "permalink", "nps", "csat", "ces", "n_replies",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMention:
    """A mention; ``text`` is the part of the message from ``start`` to ``end``."""

    mention_id: str
    start: int
    end: int
    text: str
    stage: Stage
    intent: Intent
    aspect: Aspect
    sentiment: Sentiment
    corrected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One message of a customer's way; labels are ``None`` where it has no words or waits to be classified.

    ``net_sentiment`` is % positive less % negative of its own mentions, the whole of them and no sample.
    ``gap`` is the time since the customer's message before.
    """

    id: int
    source: str
    native_id: str
    conversation_id: str | None
    text: str
    created_at: datetime
    gap: timedelta | None
    channel: Channel
    brand: str | None
    product: str | None
    segment: str | None
    touchpoint: str | None
    queue: str | None
    status: str | None
    permalink: str | None
    rating: Rating | None
    nps: int | None
    csat: float | None
    ces: float | None
    n_replies: int
    sentiment: Sentiment | None
    emotion: Emotion | None
    flags: tuple[Flag, ...]
    net_sentiment: float | None
    mentions: tuple[StepMention, ...]


@dataclass(frozen=True, slots=True)
class StageOfWay:
    """What a customer says of one stage in all messages, and when that began and ended."""

    stage: Stage
    counts: Counts
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A page of one customer's messages, oldest first; all but ``steps`` and ``next`` tells of all of them."""

    key: str
    n_messages: int
    first_at: datetime
    last_at: datetime
    channels: tuple[Channel, ...]
    stages: tuple[StageOfWay, ...]
    steps: tuple[Step, ...]
    next: Place | None


def customer_way(
    engine: Engine,
    key: str,
    *,
    zone: ZoneInfo,
    brands: Sequence[str] | None = None,
    limit: int = 50,
    after: Place | None = None,
) -> Way | None:
    """Return a customer's messages over all channels, oldest first; ``None`` where there is none.

    Copies and spam are among them, as the customer did write them.

    Args:
        key: ``customer_key`` of the messages.
        brands: The only brands whose messages are given; ``None``: all, and messages without one.
        limit: Messages on a page, from 1 to 200.
        after: Where the page before ended; ``None``: the first page.
    """
    theirs = FeedbackRow.customer_key == key, true() if brands is None else FeedbackRow.brand.in_(brands)
    with reading(engine) as connection:
        oldest_first = FeedbackRow.created_at, FeedbackRow.id
        all_ = select(FeedbackRow.created_at, FeedbackRow.channel).where(*theirs).order_by(*oldest_first)
        times = connection.execute(all_).all()
        if not times:
            return None
        stages = _stages(connection, theirs, zone)
        rows = _rows(connection, theirs, limit + 1, after)
        shown = rows[:limit]
        mentions = _mentions(connection, shown)
    before = [after.created_at if after else None, *(row["created_at"] for row in shown)]
    return Way(
        key=key,
        n_messages=len(times),
        first_at=times[0][0].astimezone(zone),
        last_at=times[-1][0].astimezone(zone),
        channels=tuple(Channel(one) for one in dict.fromkeys(channel for _, channel in times)),
        stages=stages,
        steps=tuple(
            _step(row, mentions.get(row["id"], ()), earlier, zone)
            for row, earlier in zip(shown, before, strict=False)
        ),
        next=Place(shown[-1]["created_at"], shown[-1]["id"]) if len(rows) > limit else None,
    )


def _rows(
    connection: Connection, theirs: Iterable[ColumnElement[bool]], limit: int, after: Place | None
) -> Sequence[RowMapping]:
    later: ColumnElement[bool] = true()
    if after is not None:
        same = and_(FeedbackRow.created_at == after.created_at, FeedbackRow.id > after.id)
        later = or_(FeedbackRow.created_at > after.created_at, same)
    columns = [column for column in FeedbackRow.__table__.columns if column.name != "attributes"]
    oldest_first = FeedbackRow.created_at, FeedbackRow.id
    page = select(*columns).where(*theirs, later).order_by(*oldest_first).limit(limit)
    return connection.execute(page).mappings().all()


def _stages(
    connection: Connection, theirs: Iterable[ColumnElement[bool]], zone: ZoneInfo
) -> tuple[StageOfWay, ...]:
    judged = [func.count().filter(MentionRow.sentiment == one.value) for one in MENTION_SENTIMENTS]
    at = FeedbackRow.created_at
    by_stage = (
        select(MentionRow.stage, *judged, func.min(at), func.max(at))
        .select_from(FeedbackRow)
        .join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
        .where(*theirs)
        .group_by(MentionRow.stage)
    )
    found = {
        Stage(stage): StageOfWay(Stage(stage), Counts(*counts), first.astimezone(zone), last.astimezone(zone))
        for stage, *counts, first, last in map(tuple, connection.execute(by_stage))
    }
    return tuple(found[one] for one in Stage if one in found)


def _mentions(
    connection: Connection, messages: Sequence[RowMapping]
) -> Mapping[int, tuple[StepMention, ...]]:
    texts = {row["id"]: row["text"] for row in messages}
    wanted = select(*MentionRow.__table__.columns).where(MentionRow.feedback_id.in_(texts))
    rows = connection.execute(wanted.order_by(MentionRow.feedback_id, MentionRow.start)).mappings()
    return {
        id_: tuple(_mention(row, texts[id_]) for row in of_one)
        for id_, of_one in groupby(rows, key=lambda row: row["feedback_id"])
    }


def _mention(row: RowMapping, text: str) -> StepMention:
    start, end = row["start"], row["end"]
    return StepMention(
        mention_id=mention_id(start, end),
        start=start,
        end=end,
        text=text[start:end],
        stage=Stage(row["stage"]),
        intent=Intent(row["intent"]),
        aspect=Aspect(row["aspect"]),
        sentiment=Sentiment(row["sentiment"]),
        corrected=row["corrected"],
    )


def _step(
    row: RowMapping, mentions: tuple[StepMention, ...], earlier: datetime | None, zone: ZoneInfo
) -> Step:
    values = dict(row) | {"n_replies": len(row["replies"])}
    judged = [one.sentiment for one in mentions]
    net = judged.count(Sentiment.POSITIVE) - judged.count(Sentiment.NEGATIVE)
    rating = row["rating"]
    return Step(
        **{name: values[name] for name in STEP_FIELDS},
        created_at=row["created_at"].astimezone(zone),
        gap=None if earlier is None else row["created_at"] - earlier,
        channel=Channel(row["channel"]),
        rating=None if rating is None else Rating(rating, row["rating_lowest"], row["rating_highest"]),
        sentiment=Sentiment(row["sentiment"]) if row["sentiment"] else None,
        emotion=Emotion(row["emotion"]) if row["emotion"] else None,
        flags=flags_of(row["flags"]),
        net_sentiment=100 * net / len(judged) if judged else None,
        mentions=mentions,
    )
