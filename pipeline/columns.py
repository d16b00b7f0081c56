"""Counted messages and their mentions as columns of numbers: what passes a selection, and how many of each kind.

What no tally knows is counted here within some milliseconds, where the data base joins and sorts row by row.
``keeping_columns.py`` reads the columns and sees to it that they are those of the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.selection import Selection, Span
from pipeline.tallies import SPAM, flag_bits

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
MAX_COUNTERS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OF_MESSAGES = ("source", "channel", "brand", "emotion")
OF_MENTIONS = ("stage", "intent", "aspect", "sentiment")


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of words: each word once, and for each line which word it has. A missing one is ``""``."""

    words: tuple[str, ...]
    codes: NDArray[np.int32]

    def is_one_of(self, wanted: Sequence[str], part: slice) -> Bools:
        """Return for each line of a part whether it has one of these words."""
        passes = np.array([word in wanted for word in self.words], dtype=np.bool_)
        return np.asarray(passes[self.codes[part]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All stored messages in the order of time, counted or not: whose they are, and the scores they carry.

    ``at_us``, ``flags`` and ``words`` are those of ``Columns``; a ``voice`` below 0 is nobody known. ``values`` has a
    column of each measure, not a number where there is no answer. ``stars`` says which of ``ends``, the lowest and
    the highest, a rating is between.
    """

    at_us: Ints
    flags: NDArray[np.int16]
    voice: Ints
    words: Mapping[str, Coded]
    values: Mapping[str, NDArray[np.float64]]
    stars: Ints
    ends: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Counted messages in the order of time and their mentions in the order of the messages.

    ``at_us`` are microseconds since 1970. ``voice`` numbers the customers; a message without one is a voice of its
    own. ``message`` is the place of a mention's message, ``start`` and ``end`` bound its clause. ``fingerprint``
    holds ASCII bytes.
    """

    mark: str
    id: Ints
    at_us: Ints
    flags: NDArray[np.int16]
    is_arrival: Bools
    voice: Ints
    fingerprint: NDArray[np.bytes_]
    message: Ints
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    words: Mapping[str, Coded]
    answers: Answers

    def within(self, span: Span) -> tuple[slice, slice]:
        """Return which messages are of a stretch of time, and which mentions are theirs."""
        messages = messages_within(self, span)
        bounds = np.searchsorted(self.message, (messages.start, messages.stop))
        return messages, slice(*bounds.tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What passes a selection: ``messages`` and ``mentions`` are the stretches that were looked at.

    ``message_passes`` are the messages that pass what is asked of messages, ``mention_passes`` the mentions that
    pass what is asked of mentions, of messages that pass.
    """

    columns: Columns
    messages: slice
    mentions: slice
    message_passes: Bools
    mention_passes: Bools

    def codes(self, name: str) -> tuple[Any, int]:
        """Return the codes of a word, one for each mention that passes, and how many codes there are."""
        words = self.columns.words[name]
        if name in OF_MENTIONS:
            return words.codes[self.mentions][self.mention_passes], len(words.words)
        return words.codes[self.places], len(words.words)

    @property
    def places(self) -> Any:
        """The message of each mention that passes, by its place in the columns."""
        return self.columns.message[self.mentions][self.mention_passes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Messages, or clauses of them, by their places in the columns; ``mentions`` is ``None`` of whole messages."""

    columns: Columns
    messages: Ints
    mentions: Ints | None


def lines_of(chosen: Chosen, *, clauses: bool, within: Chosen | None = None) -> Lines:
    """Return the messages that pass, or the clauses that do and their messages.

    Args:
        within: The same stretch of time: what passes there and not in ``chosen`` is returned.
    """
    if not clauses:
        passes = within.message_passes & ~chosen.message_passes if within else chosen.message_passes
        messages = np.flatnonzero(passes) + chosen.messages.start
        return Lines(columns=chosen.columns, messages=messages, mentions=None)
    said = within.mention_passes & ~chosen.mention_passes if within else chosen.mention_passes
    mentions = np.flatnonzero(said) + chosen.mentions.start
    return Lines(
        columns=chosen.columns, messages=np.unique(chosen.columns.message[mentions]), mentions=mentions
    )


def microseconds(times: Sequence[datetime]) -> Ints:
    """Return how long after 1970 began some aware times are."""
    return np.array([(one - EPOCH) // timedelta(microseconds=1) for one in times], dtype=np.int64)


def is_known(selection: Selection) -> bool:
    """Return whether the columns know all that a selection asks for."""
    return not (selection.product or selection.segment or selection.q)


def messages_within(table: Columns | Answers, span: Span) -> slice:
    """Return which messages are of a stretch of time."""
    return slice(*np.searchsorted(table.at_us, microseconds((span.start, span.end))).tolist())


def passing(table: Columns | Answers, selection: Selection, part: slice) -> Bools:
    """Return which messages of a part pass what a selection asks of messages."""
    flags = table.flags[part]
    passes = np.ones(len(flags), dtype=np.bool_) if selection.asks_for_spam else flags & SPAM == 0
    if selection.flag:
        passes &= flags & flag_bits(selection.flag) != 0
    for name in OF_MESSAGES:
        if wanted := getattr(selection, name):
            passes &= table.words[name].is_one_of(wanted, part)
    return passes


def choose(columns: Columns, selection: Selection, span: Span) -> Chosen:
    """Return what passes a selection; ``is_known`` must be true of it."""
    messages, mentions = columns.within(span)
    passes = passing(columns, selection, messages)
    said = passes[columns.message[mentions] - messages.start]
    for name in OF_MENTIONS:
        if wanted := getattr(selection, name):
            said &= columns.words[name].is_one_of(wanted, mentions)
    return Chosen(
        columns=columns, messages=messages, mentions=mentions, message_passes=passes, mention_passes=said
    )


def cross(codes: Sequence[tuple[Any, int]]) -> tuple[list[list[int]], list[int]]:
    """Return which combinations of codes occur, and how often each does.

    Args:
        codes: One line for each that is counted, and how many codes there are.

    >>> cross([(np.array([1, 0, 1]), 2), (np.array([2, 2, 2]), 3)])
    ([[0, 2], [1, 2]], [1, 2])
    """
    sizes = tuple(size for _, size in codes)
    if not len(codes[0][0]):
        return [], []
    kinds = np.ravel_multi_index(tuple(one for one, _ in codes), sizes)
    if prod(sizes) <= MAX_COUNTERS:
        counters = np.bincount(kinds)
        found = np.flatnonzero(counters)
        n = counters[found]
    else:
        found, n = np.unique(kinds, return_counts=True)
    return np.stack(np.unravel_index(found, sizes), axis=1).tolist(), n.tolist()


def count_kinds(chosen: Chosen, by: Sequence[str]) -> dict[tuple[str, ...], dict[str, int]]:
    """Return how many of the mentions that pass have which sentiment, by the words of some columns."""
    words = [chosen.columns.words[name].words for name in by]
    sentiments = chosen.columns.words["sentiment"].words
    kinds, n = cross([chosen.codes(name) for name in (*by, "sentiment")])
    cells: dict[tuple[str, ...], dict[str, int]] = {}
    for (*places, sentiment), n_of_kind in zip(kinds, n, strict=True):
        key = tuple(of[place] for of, place in zip(words, places, strict=True))
        cells.setdefault(key, {})[sentiments[sentiment]] = n_of_kind
    return cells


def count_messages(chosen: Chosen, of_mention: str, of_message: str) -> dict[tuple[str, str], int]:
    """Return how many messages have a mention that passes, by a word of the mention and one of the message."""
    said, n_words = chosen.codes(of_mention)
    n_messages = chosen.messages.stop - chosen.messages.start
    is_said = np.zeros((n_messages, n_words), dtype=np.bool_)
    is_said[chosen.places - chosen.messages.start, said] = True
    message, word = np.nonzero(is_said)
    of = chosen.columns.words[of_message]
    kinds, n = cross([(word, n_words), (of.codes[chosen.messages][message], len(of.words))])
    names = chosen.columns.words[of_mention].words
    return {(names[first], of.words[second]): one for (first, second), one in zip(kinds, n, strict=True)}
