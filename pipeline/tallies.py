"""The tallies: what counted messages and their mentions add up to, by day and by month.

There is one way to count, ``count``. A change of messages is a count before, a count after and the
difference written; a recount is the same count over everything. Only cubes are written here: their sums over all
sources and channels, and over all brands too, follow by triggers of the data base.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    delete,
    func,
    select,
    text,
    update,
)

from models.labels import Flag
from pipeline.bulk import insert_rows, one_of
from pipeline.jalali import jalali_month_start, month_start
from pipeline.records import Cell, Period
from pipeline.tables import BRAND_TOTALS, CUBES, OVER_ALL, OVER_SOURCES, TOTALS, FeedbackRow, MentionRow

feedback = cast("Table", FeedbackRow.__table__)
mentions = cast("Table", MentionRow.__table__)
SUMS = {"of brands": (BRAND_TOTALS, OVER_SOURCES), "in all": (TOTALS, OVER_ALL)}
COMMON = (
    feedback.c.day,
    feedback.c.source,
    feedback.c.channel,
    func.coalesce(feedback.c.brand, "").label("brand_or_none"),
    feedback.c.model_version,
)
# As the index uq_feedback_counted_copy has it; SQLite uses the index only for the same words.
COUNTED = text("counted")
# SQLite takes at most 32,766 values in one statement, PostgreSQL 65,535.
CHUNK_IDS = 10_000

BITS = {flag: 1 << place for place, flag in enumerate(Flag)}

T = TypeVar("T")
Key = tuple[Any, ...]
Counts = dict[str, Counter[Key]]


def tally_of(cube: str, asked: Iterable[str]) -> Table:
    """Return the table of a cube with the fewest cells that still tells apart what is asked for.

    Args:
        asked: Names of columns; those that are in no table of the cube are passed over.

    >>> tally_of("intent", ["stage"]).name, tally_of("intent", ["brand", "stage"]).name
    ('intent_totals', 'intent_brand_totals')
    """
    levels = TOTALS[cube], BRAND_TOTALS[cube], CUBES[cube]
    told_apart = set(CUBES[cube].c.keys()) & set(asked)
    return next(table for table in levels if told_apart <= set(table.c.keys()))


def flag_bits(flags: Iterable[Flag]) -> int:
    """Return the bit mask under which flags are stored.

    >>> flag_bits([Flag.URGENT, Flag.SPAM])
    9
    """
    return sum(BITS[flag] for flag in set(flags))


def flags_of(bits: int) -> tuple[Flag, ...]:
    """Return the flags of a stored bit mask, in the order of the enum.

    >>> [flag.value for flag in flags_of(9)]
    ['urgent', 'spam']
    """
    return tuple(flag for flag, bit in BITS.items() if bits & bit)


SPAM = flag_bits([Flag.SPAM])


def in_chunks(values: Iterable[T], size: int = CHUNK_IDS) -> Iterator[list[T]]:
    """Lists of at most ``size`` values, as many as one statement can take."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def count(connection: Connection, ids: Collection[int] | None = None) -> Counts:
    """Return what the counted ones among these messages add up to, by cube and key.

    Args:
        ids: Messages to count; ``None``: all.
    """
    counts: Counts = {cube: Counter() for cube in CUBES}
    sentiments, intents, aspects, messages, clusters = counts.values()
    for chunk in [None] if ids is None else in_chunks(sorted(ids)):
        among = None if chunk is None else one_of(connection, feedback.c.id, chunk)
        for day, *key, stage, intent, aspect, sentiment, n in connection.execute(_mention_query(among)).all():
            for period in _periods(day):
                sentiments[(*period, *key, sentiment)] += n
                intents[(*period, *key, stage, intent, sentiment)] += n
                aspects[(*period, *key, stage, aspect, sentiment)] += n
        for day, *key, n in connection.execute(_message_query(among)).all():
            for period in _periods(day):
                messages[(*period, *key)] += n
        for day, *key, n, mm, em, ee in connection.execute(_cluster_query(among)).all():
            for period in _periods(day):
                for moment, sum_ in (("messages", n), ("mm", mm), ("em", em), ("ee", ee)):
                    if sum_:
                        clusters[(*period, *key, moment)] += int(sum_)
    return counts


def _mention_query(among: ColumnElement[bool] | None) -> Select[Any]:
    labels = mentions.c
    key = (*COMMON, labels.stage, labels.intent, labels.aspect, labels.sentiment)
    query = select(*key, func.count()).join_from(feedback, mentions, labels.feedback_id == feedback.c.id)
    return _of_counted(query.where(feedback.c.flags.bitwise_and(SPAM) == 0).group_by(*key), among)


def _cluster_query(among: ColumnElement[bool] | None) -> Select[Any]:
    score = case((mentions.c.sentiment == "positive", 2), (mentions.c.sentiment == "neutral", 1), else_=0)
    each = select(*COMMON, func.count().label("m"), func.sum(score).label("e")).join_from(
        feedback, mentions, mentions.c.feedback_id == feedback.c.id
    )
    each = each.where(feedback.c.flags.bitwise_and(SPAM) == 0).group_by(feedback.c.id)
    sums = _of_counted(each, among).subquery()
    key = list(sums.c)[: len(COMMON)]
    m, e = sums.c.m, sums.c.e
    return select(*key, func.count(), func.sum(m * m), func.sum(e * m), func.sum(e * e)).group_by(*key)


def _message_query(among: ColumnElement[bool] | None) -> Select[Any]:
    key = (*COMMON, feedback.c.sentiment, feedback.c.emotion, feedback.c.flags)
    return _of_counted(select(*key, func.count()).group_by(*key), among)


def _of_counted(query: Select[Any], among: ColumnElement[bool] | None) -> Select[Any]:
    query = query.where(feedback.c.counted)
    return query if among is None else query.where(among)


@lru_cache(maxsize=20_000)
def _periods(day: date) -> tuple[tuple[str, date], ...]:
    return (
        (Period.DAY.value, day),
        (Period.GREGORIAN_MONTH.value, month_start(day)),
        (Period.JALALI_MONTH.value, jalali_month_start(day)),
    )


@contextmanager
def kept_up(connection: Connection, ids: Collection[int]) -> Iterator[set[int]]:
    """The tallies follow whatever the body does to these messages.

    The caller has called ``lock_tallies``. Ids of messages that the body creates or counts anew go into
    the set that it is given.
    """
    touched = set(ids)
    before = count(connection, _counted_among(connection, touched))
    yield touched
    after = count(connection, touched)
    for cube, table in CUBES.items():
        after[cube].subtract(before[cube])
        _add(connection, table, after[cube])


def _counted_among(connection: Connection, ids: Collection[int]) -> list[int]:
    return [
        found
        for chunk in in_chunks(sorted(ids))
        for found in connection.scalars(
            select(feedback.c.id).where(COUNTED, one_of(connection, feedback.c.id, chunk))
        )
    ]


def _add(connection: Connection, table: Table, changes: Counter[Key]) -> None:
    names = [column.name for column in table.columns]
    rows = [
        dict(zip(names, (period, start.isoformat(), *labels, n), strict=True))
        for (period, start, *labels), n in sorted(changes.items())
        if n
    ]
    *key, n = (f'"{name}"' for name in names)
    adding = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {n} = {table.name}.{n} + excluded.{n}"
    insert_rows(connection, table, rows, on_conflict=adding)
    if shrunk := [tuple(row.values())[:-1] for row in rows if row["n"] < 0]:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        same_key = " AND ".join(f"{column} = {mark}" for column in key)
        empty = f"DELETE FROM {table.name} WHERE {same_key} AND n = 0"  # noqa: S608 - our own tables' names
        connection.exec_driver_sql(empty, shrunk)


def promote(connection: Connection, groups: Iterable[str]) -> set[int]:
    """Every group of copies with a labelled message has a counted one; return the newly counted.

    It is the labelled one with the lowest id, once those that ``find_later_copies`` finds do not count any more.
    """
    promoted: set[int] = set()
    for chunk in in_chunks(sorted(set(groups))):
        taken = set(
            connection.scalars(select(feedback.c.group_key).where(COUNTED, feedback.c.group_key.in_(chunk)))
        )
        if vacant := [group for group in chunk if group not in taken]:
            lowest = (
                select(func.min(feedback.c.id))
                .where(feedback.c.group_key.in_(vacant), feedback.c.model_version.is_not(None))
                .group_by(feedback.c.group_key)
            )
            promoted.update(connection.scalars(lowest))
    for ids in in_chunks(sorted(promoted)):
        connection.execute(
            update(feedback).where(one_of(connection, feedback.c.id, ids)).values(counted=True)
        )
    return promoted


def find_later_copies(connection: Connection, groups: Mapping[int, str]) -> set[int]:
    """Return the counted messages of the groups that have a higher id than one that joins them.

    So that it does not matter in which order copies are classified.

    Args:
        groups: Group of each message that joins, by its id.
    """
    lowest: dict[str, int] = {}
    for joining, group in groups.items():
        lowest[group] = min(joining, lowest.get(group, joining))
    return {
        counted
        for chunk in in_chunks(sorted(lowest))
        for counted, group in connection.execute(
            select(feedback.c.id, feedback.c.group_key).where(COUNTED, feedback.c.group_key.in_(chunk))
        )
        if counted > lowest[group]
    }


def uncount(connection: Connection, ids: Collection[int]) -> None:
    """These messages do not count."""
    for chunk in in_chunks(sorted(ids)):
        connection.execute(
            update(feedback).where(one_of(connection, feedback.c.id, chunk)).values(counted=False)
        )


def read_tallies(connection: Connection) -> frozenset[Cell]:
    """Return every cell of the cubes as it is stored."""
    return _read(connection, CUBES)


def find_wrong(connection: Connection) -> frozenset[Cell]:
    """Return every cell of cubes and their sums in which what is stored and a recount differ, as either has it."""
    counts = count(connection)
    stored, right = [read_tallies(connection)], [_cells(counts)]
    for name, (tables, over) in SUMS.items():
        stored.append(_read(connection, {f"{cube} {name}": table for cube, table in tables.items()}))
        sums = {f"{cube} {name}": _sum_up(tally, CUBES[cube], over) for cube, tally in counts.items()}
        right.append(_cells(sums))
    return frozenset[Cell]().union(*stored) ^ frozenset[Cell]().union(*right)


def _sum_up(tally: Counter[Key], cube: Table, over: Collection[str]) -> Counter[Key]:
    kept = [place for place, name in enumerate(cube.primary_key.columns.keys()) if name not in over]
    sums: Counter[Key] = Counter()
    for key, n in tally.items():
        sums[tuple(key[place] for place in kept)] += n
    return sums


def _read(connection: Connection, tables: Mapping[str, Table]) -> frozenset[Cell]:
    return frozenset(
        Cell(cube, Period(row[0]), row[1], tuple(row[2:-1]), row[-1])
        for cube, table in tables.items()
        for row in connection.execute(select(table))
    )


def _cells(counts: Counts) -> frozenset[Cell]:
    return frozenset(
        Cell(cube, Period(period), start, tuple(key), n)
        for cube, tally in counts.items()
        for (period, start, *key), n in tally.items()
    )


def rebuild(connection: Connection) -> None:
    """The stored tallies are what a recount gives."""
    counts = count(connection)
    for cube, table in CUBES.items():
        # What was wrong in sums is not made right by what triggers take away.
        for emptied in (table, BRAND_TOTALS[cube], TOTALS[cube]):
            connection.execute(delete(emptied))
        _add(connection, table, counts[cube])
