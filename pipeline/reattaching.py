"""Corrections find their clause again, after the message was edited or another model cut it.

An edit deletes the mentions at once, and their offsets mean nothing in the new words. So in the same
transaction each correction is carried to where the words of its clause stand now (``carry_over``); a clause of
which less than half is left has no place. When the message is classified, again in one transaction, the
corrections take hold of the new clauses (``reattach``): first of one with the very words that were judged, else
of the one that overlaps most, by at least half of the shorter. What finds none is orphaned: kept and listed,
and tried again each time the message is classified.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, select, update

from pipeline.bulk import one_of
from pipeline.corrections import clause_digest, corrections
from pipeline.mention_ids import HEADS
from pipeline.tallies import feedback, in_chunks, mentions

Place = tuple[int, int]
Values = dict[str, object]
Given = dict[str, BindParameter[Any] | bool]
NOWHERE: Place = (0, 0)
TOKEN = re.compile(r"\w+|[^\w\s]")
# Beyond this many pairs of words (two long mails of one repeated word) an alignment could take seconds.
MOST_PAIRS = 4_000_000
_THIS_CORRECTION = update(corrections).where(corrections.c.id == bindparam("row_id"))


@dataclass(frozen=True, slots=True)
class _Fit:
    """That a correction could be of a clause; the first of all fits in order is the best."""

    same_words: bool
    n_shared: int
    correction: Row[Any]
    clause: Row[Any]

    @property
    def order(self) -> tuple[bool, int, int, int]:
        return not self.same_words, -self.n_shared, -self.correction.id, self.clause.id


def carry_over(connection: Connection, texts: Mapping[int, str]) -> None:
    """Corrections point at where the words of their clauses stand in the new texts.

    Called before the texts are written. Those whose words are gone are orphaned.

    Args:
        texts: What each message is going to say, by its id.
    """
    moved: list[Values] = []
    for row in _corrections_of(connection, texts):
        new = texts[row.feedback_id]
        if new != row.text:
            start, end = follow((row.start, row.end), row.text, new)
            moved.append(
                {"row_id": row.id, "start_": start, "end_": end, "lost": row.orphaned or start == end}
            )
    if moved:
        places: Given = {
            "start": bindparam("start_"),
            "end": bindparam("end_"),
            "orphaned": bindparam("lost"),
        }
        connection.execute(_THIS_CORRECTION.values(places), moved)


def follow(place: Place, old: str, new: str) -> Place:
    """Return where a stretch of a text stands after an edit; an empty stretch if less than half of it is left.

    Words are aligned (Ratcliff and Obershelp, as Python's difflib has it), punctuation counting as words. A
    stretch that was moved as it is is found as well.

    >>> follow((0, 5), "a b c and d", "so, a b c and d")
    (4, 9)
    >>> follow((0, 5), "a b c and d", "d and a b c")
    (6, 11)
    >>> follow((0, 5), "a b c and d", "d")
    (0, 0)
    """
    aligned = _align(place, old, new)
    if aligned is not None:
        return aligned
    clause = old[place[0] : place[1]]
    moved = new.find(clause) if clause else -1
    return NOWHERE if moved < 0 else (moved, moved + len(clause))


def _align(place: Place, old: str, new: str) -> Place | None:
    words, new_words = list(TOKEN.finditer(old)), list(TOKEN.finditer(new))
    inside = [i for i, word in enumerate(words) if word.start() < place[1] and word.end() > place[0]]
    if not inside or len(words) * len(new_words) > MOST_PAIRS:
        return None
    matcher = SequenceMatcher(
        None, [word[0] for word in words], [word[0] for word in new_words], autojunk=False
    )
    image = {block.a + i: block.b + i for block in matcher.get_matching_blocks() for i in range(block.size)}
    kept = [i for i in inside if i in image]
    if 2 * _n_letters(words, kept) < _n_letters(words, inside):
        return None
    return new_words[image[kept[0]]].start(), new_words[image[kept[-1]]].end()


def _n_letters(words: Sequence[re.Match[str]], places: Collection[int]) -> int:
    return sum(len(words[i][0]) for i in places)


def reattach(connection: Connection, ids: Collection[int]) -> None:
    """The mentions of these messages have the labels that people gave them, where they find their clause.

    Called where the mentions were just written and the tallies are kept up. Of two corrections that fit one
    clause the better fit gets it, the newer one where they fit alike.
    """
    of_message = groupby(_corrections_of(connection, ids), key=lambda row: int(row.feedback_id))
    known = {feedback_id: list(rows) for feedback_id, rows in of_message}
    if not known:
        return
    clauses = _clauses_of(connection, known)
    fits = {
        fit.correction.id: fit
        for feedback_id, rows in known.items()
        for fit in _pair(rows, clauses.get(feedback_id, []))
    }
    lost: list[Values] = [{"row_id": row.id} for rows in known.values() for row in rows if row.id not in fits]
    if fits:
        _attach(connection, list(fits.values()))
    if lost:
        connection.execute(_THIS_CORRECTION.values(orphaned=True), lost)


def _corrections_of(connection: Connection, ids: Collection[int]) -> Iterator[Row[Any]]:
    """Corrections with the text of their message as it is stored and its model, message by message."""
    query = (
        select(corrections, feedback.c.text, feedback.c.model_version.label("now_by"))
        .join_from(corrections, feedback, corrections.c.feedback_id == feedback.c.id)
        .order_by(corrections.c.feedback_id, corrections.c.id)
    )
    for chunk in in_chunks(sorted(ids)):
        yield from connection.execute(query.where(one_of(connection, corrections.c.feedback_id, chunk))).all()


def _clauses_of(connection: Connection, ids: Collection[int]) -> dict[int, list[Row[Any]]]:
    query = select(mentions).order_by(mentions.c.feedback_id, mentions.c.start, mentions.c.id)
    return {
        feedback_id: list(rows)
        for chunk in in_chunks(sorted(ids))
        for feedback_id, rows in groupby(
            connection.execute(query.where(one_of(connection, mentions.c.feedback_id, chunk))).all(),
            key=lambda row: int(row.feedback_id),
        )
    }


def _pair(rows: Sequence[Row[Any]], clauses: Sequence[Row[Any]]) -> Iterator[_Fit]:
    """Each clause gets at most one correction, each correction at most one clause, the best fits first."""
    possible = sorted(
        (fit for row in rows for clause in clauses if (fit := _fit(row, clause))), key=lambda fit: fit.order
    )
    taken: set[int] = set()
    held: set[Place] = set()
    for fit in possible:
        place = (fit.clause.start, fit.clause.end)
        if fit.correction.id not in taken and place not in held:
            taken.add(fit.correction.id)
            held.add(place)
            yield fit


def _fit(row: Row[Any], clause: Row[Any]) -> _Fit | None:
    same_words = clause_digest(row.text[clause.start : clause.end]) == row.clause_sha256
    n_shared = max(0, min(row.end, clause.end) - max(row.start, clause.start))
    shorter = min(row.end - row.start, clause.end - clause.start)
    if same_words or (n_shared and 2 * n_shared >= shorter):
        return _Fit(same_words, n_shared, row, clause)
    return None


def _attach(connection: Connection, fits: Sequence[_Fit]) -> None:
    predicted: Given = {f"predicted_{head}": bindparam(f"said_{head}") for head in HEADS}
    found = _THIS_CORRECTION.values(
        predicted
        | {"start": bindparam("start_"), "end": bindparam("end_"), "model_version": bindparam("model")}
        | {"orphaned": False}
    )  # fmt: skip
    connection.execute(
        found,
        [
            {"row_id": fit.correction.id, "start_": fit.clause.start, "end_": fit.clause.end}
            | {"model": fit.correction.now_by}
            | {f"said_{head}": getattr(fit.clause, head) for head in HEADS}
            for fit in fits
        ],
    )
    labelled = update(mentions).where(mentions.c.id == bindparam("row_id"))
    connection.execute(
        labelled.values({head: bindparam(f"new_{head}") for head in HEADS} | {"corrected": True}),
        [
            {"row_id": fit.clause.id} | {f"new_{head}": getattr(fit.correction, head) for head in HEADS}
            for fit in fits
        ],
    )
