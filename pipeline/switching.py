"""The end of a re-classification: one transaction puts all staged labels in the place of the old ones.

Answers are the old ones until it commits and the new ones from then on; a crash in it leaves the old ones and
all that is staged.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, delete, insert, literal, select, update

from pipeline import tallies
from pipeline.corrections import corrections
from pipeline.database import lock_tallies, reading, writing
from pipeline.reattaching import reattach
from pipeline.staging import (
    add_missing,
    any_waiting,
    drop,
    is_of_another,
    reclassifications,
    staged,
    staged_mentions,
)
from pipeline.store import Store
from pipeline.tallies import feedback, mentions

LABELS = (
    "sentiment", "p_negative", "p_neutral", "p_positive", "p_mixed", "emotion", "emotion_confidence", "flags",
    "model_version", "classified_at",
)  # fmt: skip


class Outcome(StrEnum):
    """What became of trying to switch."""

    NOT_ASKED = "not_asked"
    NOT_YET = "not_yet"
    SWITCHED = "switched"


def switch(store: Store) -> Outcome:
    """If all that another version labelled has its staged labels, these hold from now on.

    Staged labels of messages that were edited since are dropped; if messages were labelled by another version
    meanwhile, they are added to what is to be done.

    Returns:
        ``NOT_YET``: Some message still needs its labels.
    """
    with reading(store.engine) as connection:
        if connection.scalar(select(reclassifications.c.model_version)) is None:
            return Outcome.NOT_ASKED
        if any_waiting(connection):
            return Outcome.NOT_YET
    with writing(store.engine) as connection:
        lock_tallies(connection)
        return _switch(connection)


def _switch(connection: Connection) -> Outcome:
    target = connection.scalar(select(reclassifications.c.model_version))
    if target is None:
        return Outcome.NOT_ASKED
    if any_waiting(connection):
        return Outcome.NOT_YET
    _drop_outdated(connection, target)
    add_missing(connection, target)
    if any_waiting(connection):
        return Outcome.NOT_YET
    _replace_mentions(connection)
    _replace_labels(connection)
    reattach(connection, _corrected(connection))
    tallies.rebuild(connection)
    drop(connection)
    return Outcome.SWITCHED


def _drop_outdated(connection: Connection, target: str) -> None:
    same = (
        select(literal(1))
        .where(
            feedback.c.id == staged.c.feedback_id,
            feedback.c.fingerprint == staged.c.fingerprint,
            is_of_another(target),
        )
        .exists()
    )
    connection.execute(delete(staged).where(~same))


def _replace_mentions(connection: Connection) -> None:
    connection.execute(delete(mentions).where(mentions.c.feedback_id.in_(select(staged.c.feedback_id))))
    names = [column.name for column in staged_mentions.columns if column.name != "place"]
    found = select(*(staged_mentions.c[name] for name in names), literal(value=False)).order_by(
        staged_mentions.c.feedback_id, staged_mentions.c.place
    )
    connection.execute(insert(mentions).from_select([*names, "corrected"], found))


def _replace_labels(connection: Connection) -> None:
    connection.execute(
        update(feedback)
        .where(feedback.c.id == staged.c.feedback_id)
        .values({name: staged.c[name] for name in LABELS})
    )


def _corrected(connection: Connection) -> list[int]:
    """Return the messages with new labels of which people have judged mentions."""
    query = (
        select(corrections.c.feedback_id).where(corrections.c.feedback_id == staged.c.feedback_id).distinct()
    )
    return list(connection.scalars(query))
