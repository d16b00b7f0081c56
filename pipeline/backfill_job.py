"""What a backfill is to do, as every process that takes part is told it, and what came of a unit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.export_tables import Shown
from pipeline.retention import FOR_EVER, Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every process of a backfill needs to know; secrets are not shown.

    Args:
        source: The source that the messages are of.
        connector: Its connector, for the record.
        arguments: What the rows mean, by argument of a file connector.
        out: Folder or address for Parquet; ``None``: none is written.
        shown: What of private things the Parquet holds.
        database_url: Where messages are stored; ``None``: nowhere.
        forgotten: Keys of customers who are left out.
        batch_messages: Messages that the model judges together; with another number some labels may differ.
        now: Moment that counts as the present, aware: dates after it are refused.
        version: Of bazkhord; every machine must have the same.
        model_version: Of the weights; as above.
    """

    source: str
    connector: str
    arguments: Mapping[str, object]
    out: str | None
    shown: Shown
    database_url: str | None = field(repr=False)
    identity_key: bytes = field(repr=False)
    zone: ZoneInfo
    now: datetime
    version: str
    model_version: str
    weights_dir: Path | None = None
    engine: str = "onnx"
    device: str = ""
    forgotten: frozenset[str] = field(default=frozenset(), repr=False)
    retention: Retention = FOR_EVER
    batch_messages: int = 4096
    touchpoint_stages: Mapping[str, str] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """Changes with whatever changes what is written."""
        told = (
            self.source,
            sorted((name, str(value)) for name, value in self.arguments.items()),
            (self.shown.text, self.shown.customers),
            (self.out, self.database_url),
            (self.version, self.model_version, self.batch_messages),
            sorted(self.touchpoint_stages.items()),
            sorted(self.forgotten),
            self.zone.key,
        )
        written = json.dumps(told, ensure_ascii=True).encode()
        return hashlib.sha256(written + self.identity_key).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a unit.

    Args:
        unit: Its name.
        n_rows: Rows that were read, bad ones included.
        n_messages: Messages that were cleaned, masked and judged.
        n_dead: Rows that could not be read.
        n_left_out: Messages of the forgotten, or older than is kept.
        error: Why the unit could not be worked through; empty: it was.
        stops: Whether nothing else can be worked through either.
    """

    unit: str
    n_rows: int = 0
    n_messages: int = 0
    n_mentions: int = 0
    n_dead: int = 0
    n_left_out: int = 0
    error: str = ""
    stops: bool = False
