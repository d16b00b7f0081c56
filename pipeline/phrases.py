"""What distinguishes a selection: words and pairs of words that it uses more, or less, than other messages do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, and_, case

from pipeline.aggregate_basis import Basis
from pipeline.aggregate_counts import choose_among, data_range, model_versions
from pipeline.brand_names import brand_names
from pipeline.columns import lines_of
from pipeline.conditions import mention_conditions, message_conditions
from pipeline.contrast import MIN_VOICES, Phrase, contrast
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.intervals import Z95
from pipeline.reading_terms import MAX_READ, Group, count_terms, read_group, read_lines, start_of_newest
from pipeline.remembering import remembered
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.sentences import Words, join_words
from pipeline.terms import TermMemories, TermMemory

MIN_Z = Z95
NEW_LOOKS_BACK_DAYS = 365
MAX_READ_BEFORE = 10_000
memories = TermMemories()


class Against(StrEnum):
    """What a selection is held against."""

    REST = "rest"
    BEFORE = "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What a selection says more, and less, than the messages of ``other`` that it is held against.

    ``basis.n`` and ``n_other`` count messages; of them ``n_read`` and ``n_other_read`` were read.
    """

    basis: Basis
    against: Against
    other: Span
    n_read: int
    n_other: int
    n_other_read: int
    more: tuple[Phrase, ...]
    less: tuple[Phrase, ...]


@remembered
def phrases(
    engine: Engine,
    selection: Selection,
    *,
    within: Selection,
    zone: ZoneInfo,
    against: Against = Against.REST,
    min_z: float = MIN_Z,
    min_n: int = MIN_VOICES,
    limit: int = 20,
) -> Phrases:
    """Return the words and pairs of words that distinguish a selection.

    Where stage, intent, aspect or sentiment is asked for, only the clauses that fit are read, else whole
    messages; of more than 3,000 messages on a side about so many. What sets brands apart from the rest are no
    names of brands.

    Args:
        within: The widest selection that the asker may see: its messages (or clauses) that ``selection``
            leaves out are the rest.
        zone: Business time zone, in which the days of the selection begin.
        against: The rest of the same period, or the same selection in the period before.
        min_z: How many standard deviations a phrase must be away.
        min_n: In how many messages of its side it must stand; of three customers at any rate.
        limit: Most phrases of each of both lists.

    Raises:
        BadRequest: The period ends before it starts; mentions that are ``mixed`` are asked for; against the
            rest, where nothing is left out.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    within = replace(within, from_=selection.from_, to=selection.to)
    if against == Against.REST and selection == within:
        raise BadRequest(
            "against=rest: this selection leaves nothing out; add a filter like stage or brand, or ask for "
            "against=before",
            parameter="against",
        )
    other = span if against == Against.REST else span.before()
    memory = memories.current()
    with reading(engine) as connection:
        group = read_selection(connection, memory, selection, span)
        others = (
            _read_rest(connection, memory, selection, within, span)
            if against == Against.REST
            else read_selection(connection, memory, selection, other)
        )
        basis = _basis(connection, selection, span, group.n)
    is_of_brands = against == Against.REST and selection.brand != within.brand
    names = brand_names(engine) if is_of_brands else None
    found = contrast(memory, *count_terms(memory, (group, others)), min_n=min_n, min_z=min_z, without=names)
    return _phrases(
        basis,
        against,
        other,
        (group, others),
        more=[one for one in found if one.z > 0][:limit],
        less=[one for one in reversed(found) if one.z < 0][:limit],
    )


@remembered
def new_phrases(
    engine: Engine, selection: Selection, *, zone: ZoneInfo, min_n: int = 5, limit: int = 20
) -> Phrases:
    """Return the phrases of a selection that the same selection did not hold before, the most frequent first.

    "Before" is the year that ends where the period starts (longer, where the period is longer), or the newest
    10,000 messages of it; all of them are read. Where there is nothing before, nothing is new.

    Args:
        zone: Business time zone, in which the days of the selection begin.
        min_n: In how many messages a phrase must stand; of three customers at any rate.
        limit: Most phrases.

    Raises:
        BadRequest: The period ends before it starts, or mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    length = max(span.end - span.start, timedelta(days=NEW_LOOKS_BACK_DAYS))
    memory = memories.current()
    with reading(engine) as connection:
        before = Span(span.start - length, span.start, zone)
        since = start_of_newest(connection, *_conditions_of(selection, before), MAX_READ_BEFORE)
        before = Span(since or before.start, span.start, zone)
        group = read_selection(connection, memory, selection, span)
        others = read_selection(connection, memory, selection, before, max_read=sys.maxsize)
        basis = _basis(connection, selection, span, group.n)
    found = contrast(memory, *count_terms(memory, (group, others)), min_n=min_n, only_new=True)
    found.sort(key=lambda one: (-one.n, one.text))
    return _phrases(basis, Against.BEFORE, before, (group, others), more=found[:limit], less=[])


def describe_phrases(found: Phrases) -> Words:
    """Return the first phrases in one sentence of each language."""
    first = join_words([Words(f"«{one.text}»", f"“{one.text}”") for one in found.more[:3]])
    if not found.more:
        return Words("عبارتی این گروه را از بقیه جدا نمی‌کند.", "No phrase sets these messages apart.")
    return Words(
        f"بیش از همه {first.fa} این پیام‌ها را متمایز می‌کند.", f"These messages stand out by {first.en}."
    )


def read_selection(
    connection: Connection,
    memory: TermMemory,
    selection: Selection,
    span: Span,
    *,
    max_read: int = MAX_READ,
) -> Group:
    """Return what is read of a selection: the clauses that fit where it asks for such, else whole messages."""
    if chosen := choose_among(connection, selection, span):
        lines = lines_of(chosen, clauses=bool(mention_conditions(selection)))
        return read_lines(connection, memory, lines, max_read=max_read)
    return read_group(connection, memory, *_conditions_of(selection, span), max_read=max_read)


def _read_rest(
    connection: Connection, memory: TermMemory, selection: Selection, within: Selection, span: Span
) -> Group:
    chosen = choose_among(connection, selection, span)
    messages = replace(within, stage=(), intent=(), aspect=(), sentiment=())
    if chosen and (all_of_them := choose_among(connection, messages, span)):
        lines = lines_of(chosen, clauses=bool(mention_conditions(selection)), within=all_of_them)
        return read_lines(connection, memory, lines)
    return read_group(connection, memory, *_conditions_of_rest(selection, within, span))


def _conditions_of(
    selection: Selection, span: Span
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]] | None]:
    """Return the conditions on messages, and those on clauses where the selection asks for any."""
    return message_conditions(selection, span), mention_conditions(selection) or None


def _conditions_of_rest(
    selection: Selection, within: Selection, span: Span
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]] | None]:
    of_message, of_mention = _conditions_of(selection, span)
    # A condition on a value that is missing is neither true nor false, so that NOT would lose it.
    is_rest = case((and_(*of_message, *(of_mention or ())), 0), else_=1) == 1
    all_of_them = message_conditions(within, span)
    return (all_of_them, [is_rest]) if of_mention else ([*all_of_them, is_rest], None)


def _basis(connection: Connection, selection: Selection, span: Span, n: int) -> Basis:
    known = data_range(connection)
    return Basis(
        from_=span.start.astimezone(span.zone),
        to=span.end.astimezone(span.zone),
        unit=Unit.MESSAGES,
        n=n,
        from_tallies=False,
        model_versions=model_versions(connection, selection, span),
        data_from=known[0].astimezone(span.zone) if known else None,
        data_to=known[1].astimezone(span.zone) if known else None,
    )


def _phrases(
    basis: Basis,
    against: Against,
    other: Span,
    groups: tuple[Group, Group],
    *,
    more: Sequence[Phrase],
    less: Sequence[Phrase],
) -> Phrases:
    return Phrases(
        basis=basis,
        against=against,
        other=other,
        n_read=groups[0].n_read,
        n_other=groups[1].n,
        n_other_read=groups[1].n_read,
        more=tuple(more),
        less=tuple(less),
    )
