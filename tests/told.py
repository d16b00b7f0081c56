"""Messages with everything that a source may say beside the words, put into a store and classified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from models.labels import Prediction
from pipeline.records import CleanFeedback, Reply, Role
from pipeline.store import Store
from tests.api_feedback import NOW, TEHRAN
from tests.builders import clean_feedback, prediction


@dataclass(frozen=True)
class Told:
    """A stored message and what the model says of it; ``None``: it has no words, or nobody classified it yet."""

    message: CleanFeedback
    says: Prediction | None


def told(native_id: str, at: datetime, says: Prediction | None = None, **values: object) -> Told:
    """Return a message of a moment; without words where the model says nothing of it."""
    text = "بسته دیر رسید" if says else ""
    return Told(clean_feedback(native_id, created_at=at, **({"text": text} | values)), says)


def tell(store: Store, said: Sequence[Told], *, now: datetime = NOW) -> None:
    """All of it is stored, and classified where the model says something."""
    for source in sorted({one.message.source for one in said}):
        items = [one.message for one in said if one.message.source == source]
        store.save_page(source, "table_file", items, [], None, now=now)
    says = [one.says for source in sorted({one.message.source for one in said})
            for one in said if one.message.source == source and one.message.text]  # fmt: skip
    claimed = store.claim_pending("test", limit=10_000, lease_s=60, now=now)
    store.save_predictions(
        [(pending, judged or prediction()) for pending, judged in zip(claimed, says, strict=True)],
        worker="test",
        touchpoint_stages={},
        now=now,
    )


def november(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """Return a minute of a day of November 2026 in Tehran."""
    return datetime(2026, 11, day, hour, minute, tzinfo=TEHRAN).astimezone(UTC)


def answered(*at: datetime, role: Role = Role.AGENT) -> tuple[Reply, ...]:
    """Return replies of these moments."""
    return tuple(Reply(role, one) for one in at)
