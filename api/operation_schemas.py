"""The shapes of the answers about the sources and the service itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Self

from pydantic import Field

from api.correction_schemas import Head
from api.schemas import Out
from models.levels import Levels
from pipeline.seen import Seen
from pipeline.sentences import Names
from pipeline.source_health import Health, judge
from pipeline.source_log import SourceState

OF_SOURCE = (
    "name", "connector", "failing", "last_started_at", "last_success_at", "newest_message_at", "next_run_at",
    "last_error", "last_error_at", "n_failures", "n_new", "n_updated", "n_duplicate", "n_without_text",
    "n_stored", "n_pending", "n_dead_letters",
)  # fmt: skip


class RunOut(Out):
    """What became of the rows of a source's last run, or of the one under way so far."""

    n_new: int
    n_updated: int
    n_duplicate: int
    n_without_text: int
    n_dead: int


class SourceOut(Out):
    """How a source is doing; ``n_new`` … count rows that were ever read, ``n_stored`` … what is there now.

    ``silent``: it used to bring messages and, by its own rhythm, should have brought some since. ``reason``
    says in words what is wrong, and is empty where all is fine. ``lag_s`` is the age of the newest message.
    """

    name: str
    connector: str
    state: Health
    reason: str
    failing: bool
    last_started_at: datetime | None
    last_success_at: datetime | None
    since_success_s: int | None = Field(examples=[340])
    newest_message_at: datetime | None
    lag_s: int | None = Field(examples=[1260])
    next_run_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    n_failures: int = Field(description="Failed runs since the last success.")
    last_run: RunOut
    n_new: int
    n_updated: int
    n_duplicate: int
    n_without_text: int
    n_stored: int
    n_pending: int
    n_dead_letters: int

    @classmethod
    def of(cls, source: SourceState, *, now: datetime) -> Self:
        """Return the shape of how a source is doing at a moment."""
        judged = judge(source, now=now)
        return cls(
            state=judged.health,
            reason=judged.reason,
            since_success_s=_seconds(judged.since_success),
            lag_s=_seconds(judged.lag),
            last_run=RunOut.model_validate(source.last_run, from_attributes=True),
            **{name: getattr(source, name) for name in OF_SOURCE},
        )


class SourcesOut(Out):
    """All sources that are known, by name."""

    sources: list[SourceOut]


class HealthOut(Out):
    """Whether the service lives."""

    status: str = Field(examples=["ok"])


class ReadinessOut(Out):
    """That the service can answer: model, data base and schema can be used.

    ``troubles`` names what is not well beside and does not keep it from answering: a disk that fills up, a clock that
    jumped, messages that nobody classifies, sources that cannot be read or hang, workers that fell silent.
    """

    status: str = Field(examples=["ready"])
    checks: dict[str, str] = Field(examples=[{"data_base": "ok", "schema": "ok", "model": "ok"}])
    troubles: dict[str, str] = Field(examples=[{"disk": "310 MiB are free in /data; make room"}])


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())


class ChoiceOut(Out):
    """A label and what it is called."""

    id: str
    fa: str
    en: str


class OptionsOut(Out):
    """What there is to choose from. ``names`` are keyed by filter: stage, intent and so on.

    ``data_from`` and ``data_to`` are the first and the last day that there are messages of. ``levels`` tell from
    which confidences a label of a mention is called high, and medium; one that is not in it from 0.9 and 0.7.
    """

    names: dict[str, list[ChoiceOut]]
    sources: list[str]
    channels: list[str]
    brands: list[str]
    products: list[str]
    segments: list[str]
    data_from: date | None
    data_to: date | None
    today: date
    zone: str
    model_version: str
    levels: dict[Head, dict[str, tuple[float, float]]]

    @classmethod
    def of(
        cls, seen: Seen, names: Names, *, zone: str, today: date, model_version: str, levels: Levels
    ) -> Self:
        """Return the shape of what was seen."""
        return cls(
            names={
                table.removesuffix("s"): [
                    ChoiceOut(id=id_, fa=name.fa, en=name.en) for id_, name in labels.items()
                ]
                for table, labels in names.items()
            },
            **{f"{column}s": list(values) for column, values in seen.values.items()},
            data_from=seen.first_day,
            data_to=seen.last_day,
            today=today,
            zone=zone,
            model_version=model_version,
            levels={head: dict(levels.thresholds.get(_judged_by(head), {})) for head in Head},
        )


def _judged_by(head: Head) -> str:
    """A mention and a whole message each have a sentiment; levels keep them apart."""
    return "mention_sentiment" if head is Head.SENTIMENT else head.value
