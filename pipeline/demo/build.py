"""Writes the demo's three exports and the configuration that reads them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.demo.clock import DemoClock
from pipeline.demo.desk import Row, chat_rows, ticket_rows
from pipeline.demo.material import read_comments, read_conversations
from pipeline.demo.telegram import write_telegram_export


@dataclass(frozen=True, slots=True)
class SourceCount:
    """Messages of customers in one source, and how many of them the shipped model was trained on."""

    n_total: int
    n_in_sample: int


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """What was written.

    Args:
        sources_file: TOML that names the three sources and where they lie.
        sources: Counts by the source's name.
    """

    folder: Path
    sources_file: Path
    telegram: Path
    tickets: Path
    chats: Path
    sources: Mapping[str, SourceCount]

    @property
    def n_total(self) -> int:
        """Messages of customers in all three."""
        return sum(count.n_total for count in self.sources.values())

    @property
    def n_in_sample(self) -> int:
        """Those among them that the shipped model was trained on."""
        return sum(count.n_in_sample for count in self.sources.values())


def write_exports(folder: Path, *, today: date, zone: ZoneInfo) -> DemoFiles:
    """The exports of the demo shop lie in ``folder``, the same for the same day; older ones are replaced.

    Args:
        today: The last day of the demo is the day before.
        zone: The shop's time zone, in which the exports that carry no zone are written.
    """
    clock = DemoClock(today, zone)
    comments, conversations = read_comments(), read_conversations()
    tickets = [row for one in conversations if one.kind == "ticket" for row in ticket_rows(one, clock)]
    chats = [row for one in conversations if one.kind == "chat" for row in chat_rows(one, clock)]
    n_trained_tickets = sum(row["in_sample"] == "true" for row in tickets)
    n_trained_chats = sum(row["in_sample"] is True for row in chats)
    folder.mkdir(parents=True, exist_ok=True)
    return DemoFiles(
        folder,
        _write(folder / "sources.toml", _sources(folder, zone)),
        _write(folder / "telegram" / "result.json", write_telegram_export(comments, clock)),
        _write_table(folder / "tickets.csv", tickets),
        _write(folder / "chats.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chats)),
        {
            "niksabad_telegram": SourceCount(len(comments), 0),
            "niksabad_tickets": SourceCount(len(tickets), n_trained_tickets),
            "niksabad_chats": SourceCount(len(chats), n_trained_chats),
        },
    )


def _sources(folder: Path, zone: ZoneInfo) -> str:
    text = (files(__package__) / "sources.toml").read_text("utf-8")
    return text.replace(
        'root = "."', f"root = {json.dumps(str(folder.resolve()), ensure_ascii=False)}"
    ).replace('zone = "Asia/Tehran"', f'zone = "{zone.key}"')


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _write_table(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    return path
