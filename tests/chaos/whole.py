"""What must hold of a data base whenever a process dies: checked from the outside, message by message."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, case, func, select

from pipeline.store import open_store
from pipeline.tables import FeedbackRow, MentionRow
from tests.chaos.work import SOURCE, Drawn, messages_of
from tests.conftest import TEHRAN

LABELS = (MentionRow.stage, MentionRow.intent, MentionRow.aspect, MentionRow.sentiment)


def check_whole(url: str) -> None:
    """All up to the bookmark is stored once and nothing after it; labels are one model's; the tallies are exact."""
    with open_store(url, zone=TEHRAN) as store:
        assert store.check_tallies() == frozenset()
        bookmark = int(store.bookmark(SOURCE) or 0)
        with store.engine.connect() as connection:
            assert stored_ids(connection) == expected_ids(bookmark)
            assert wrongly_labelled(connection) == []
            assert n_versions(connection) <= 1
            assert set(n_counted_by_group(connection)) <= {1}


def n_versions(connection: Connection) -> int:
    """Return how many versions of the model the labels are of: answers never mix two."""
    return connection.scalar(select(func.count(FeedbackRow.model_version.distinct()))) or 0


def stored_ids(connection: Connection) -> list[str]:
    """Return the ids of all stored messages, sorted."""
    return sorted(connection.scalars(select(FeedbackRow.native_id)))


def expected_ids(n_pages: int) -> list[str]:
    """Return the ids that the first pages hold, sorted."""
    return sorted({message.native_id for page in range(n_pages) for message in messages_of(page)})


def wrongly_labelled(connection: Connection) -> list[int]:
    """Return the messages whose mentions are not those that their version of the model finds."""
    found = defaultdict(list)
    for feedback_id, *labels in connection.execute(
        select(MentionRow.feedback_id, *LABELS).order_by(MentionRow.id)
    ):
        found[feedback_id].append(tuple(labels))
    rows = connection.execute(select(FeedbackRow.id, FeedbackRow.text, FeedbackRow.model_version))
    return [key for key, text, version in rows if found[key] != expected_labels(text, version)]


def expected_labels(text: str, version: str | None) -> list[tuple[str, str, str, str]]:
    """Return the labels of the mentions that a version of the model finds; none before it read the text."""
    if version is None:
        return []
    (said,) = Drawn(version).predict([text])
    return [
        (one.stage.value, one.intent.value, one.aspect.value, one.sentiment.value) for one in said.mentions
    ]


def n_counted_by_group(connection: Connection) -> list[int]:
    """Return how many messages count of each group of copies of which some are labelled."""
    labelled = select(func.sum(case((FeedbackRow.counted, 1), else_=0))).where(
        FeedbackRow.group_key.is_not(None), FeedbackRow.model_version.is_not(None)
    )
    return list(connection.scalars(labelled.group_by(FeedbackRow.group_key)))
