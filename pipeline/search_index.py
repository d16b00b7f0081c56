"""Which messages hold some words, from an index of their texts; nothing else is read to find them.

SQLite keeps the trigrams of every text in ``search_index`` (FTS5), PostgreSQL the folded texts in
``search_texts`` with a GIN index of their trigrams. Triggers on ``feedback`` keep both up in the transaction that
writes or deletes a text, but for messages that arrive on SQLite (``index_arrivals``); ``docs/decisions/014-text-search.md`` has the measurements. The index names candidates;
``text_search.text_holds`` has the last word, so that it finds what a reading of all texts finds. Words of one or two
letters have no trigram: alone they are looked for in all texts of the period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Select,
    String,
    and_,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    true,
)

from pipeline.bulk import one_of
from pipeline.tables import FeedbackRow
from pipeline.text_search import text_holds, words_of

MAX_IDS = 10_000
N_LETTERS = 3
search_index = table("search_index", column("rowid", Integer))
search_texts = table("search_texts", column("feedback_id", BigInteger), column("folded", String))
_is_there: WeakKeyDictionary[Engine, bool] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Search:
    """A search for words in texts, and how a message that holds them is found best.

    ``condition``: it holds every word and phrase; true where none is asked for. ``is_frequent``: more than 10,000
    messages may hold the words, or no index can tell.
    """

    condition: ColumnElement[bool]
    is_frequent: bool


def holds_words(connection: Connection, q: str) -> ColumnElement[bool]:
    """Return the condition that a message holds words, read from its text: for few messages, or those of a short time."""
    if connection.dialect.name != "postgresql":
        return text_holds(FeedbackRow.text, q)
    of_it = select(search_texts.c.folded).where(search_texts.c.feedback_id == FeedbackRow.id)
    folded = of_it.correlate(FeedbackRow).scalar_subquery()
    return and_(true(), *(folded.icontains(word, autoescape=True) for word in _words(q)))


def search_for(connection: Connection, q: str | None, *, max_ids: int = MAX_IDS) -> Search:
    """Return how the messages with these words are found in what a connection reads.

    Args:
        max_ids: Words that more messages may hold are frequent.
    """
    if not q:
        return Search(true(), is_frequent=False)
    words, by_text = _words(q), holds_words(connection, q)
    in_index = [word for word in words if len(word) >= N_LETTERS]
    if not in_index or not has_index(connection):
        return Search(by_text, is_frequent=True)
    is_postgresql = connection.dialect.name == "postgresql"
    candidates = _of_postgresql(in_index, words) if is_postgresql else _of_sqlite(in_index)
    ids = connection.scalars(candidates.limit(max_ids + 1)).all()
    is_frequent = len(ids) > max_ids
    if is_postgresql:
        found = FeedbackRow.id.in_(candidates) if is_frequent else one_of(connection, FeedbackRow.id, ids)
        return Search(found, is_frequent)
    # Plus 0 keeps SQLite from looking up each candidate of all times where a few days are asked for.
    among = (FeedbackRow.id + 0).in_(candidates) if is_frequent else one_of(connection, FeedbackRow.id, ids)
    return Search(and_(among, by_text), is_frequent)


def _words(q: str) -> list[str]:
    return [word for word in words_of(q) if "\0" not in word]


def has_index(connection: Connection) -> bool:
    """Return whether the data base has an index of texts: SQLite before 3.34 cannot make one."""
    engine = connection.engine
    if engine not in _is_there:
        made = text("SELECT 1 FROM sqlite_master WHERE name = 'search_index'")
        _is_there[engine] = engine.dialect.name != "sqlite" or connection.scalar(made) is not None
    return _is_there[engine]


def index_arrivals(connection: Connection) -> None:
    """All messages are in the index, also those that somebody else wrote; on PostgreSQL they were already.

    On SQLite a trigger would take four times as long: FTS5 writes what it has gathered whenever one ends. Ids only
    grow there, so that the new ones are those beyond the last that is known.
    """
    if connection.dialect.name == "sqlite" and has_index(connection):
        connection.exec_driver_sql(
            "INSERT INTO search_index (rowid, folded) SELECT id, bazkhord_fold(text) FROM feedback "
            "WHERE id > (SELECT coalesce(max(id), 0) FROM search_index_docsize) ORDER BY id"
        )


def purge_index(connection: Connection) -> None:
    """Nothing of texts that were edited or deleted is left in the index; rewrites it all on SQLite.

    FTS5 only marks what leaves, until its parts are merged. PostgreSQL lets go of deleted rows, those of this
    index as of every table, by VACUUM, which runs outside of any transaction.
    """
    if connection.dialect.name == "sqlite" and has_index(connection):
        connection.exec_driver_sql("INSERT INTO search_index (search_index) VALUES ('optimize')")


def _of_sqlite(words: Sequence[str]) -> Select[Any]:
    parts = sorted({word[start : start + N_LETTERS] for word in words for start in range(len(word) - 2)})
    asked = " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
    return select(search_index.c.rowid).where(literal_column("search_index").match(asked))


def _of_postgresql(in_index: Sequence[str], words: Sequence[str]) -> Select[Any]:
    trigrams = func.bazkhord_trigrams(search_texts.c.folded)
    have_all = [trigrams.op("@>")(func.bazkhord_trigrams(word)) for word in in_index]
    spelled = [search_texts.c.folded.icontains(word, autoescape=True) for word in words]
    return select(search_texts.c.feedback_id).where(*have_all, *spelled)
