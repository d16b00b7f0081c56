"""What grows with the number of mentions, and what does not: answers, search, storing and room on disk.

One data base of made-up feedback (``bench/generated.py``: three years, ten sources, five brands, skewed) is filled to
each size in turn. At each size the service answers, in this process and over its own API, what tallies know, each
question for the first time, over periods that people take (a week to three years); then pages of fifty messages with
words from very frequent to absent; then what no tally knows, which has to be counted message by message; then messages
are stored and labelled in batches as a worker does, the classifier left out. Times are by the clock. Each size is a
line of JSON in the file named, from which ``docs/scale.md`` and its charts are made.

Run: make bench-scale SIZES="100000 1000000" [URL=postgresql+psycopg://user@host/name of an empty data base]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import Engine

from api.app import create_app
from bench.generated import BRANDS, DAYS, END, clean_items, fill
from bench.search import WORDS
from config.settings import load_settings
from models.labels import Aspect, Emotion, Intent, Mention, Prediction, Sentiment, Stage
from pipeline.database import reading
from pipeline.keeping_columns import MAX_MESSAGES, kept
from pipeline.seen import seen_values
from pipeline.store import Store, open_store

TEHRAN = ZoneInfo("Asia/Tehran")
MENTIONS_A_MESSAGE = 1.8
PERIODS = (7, 30, 90, 365, DAYS)
N_PERIODS = 6
COLUMNS_S = 300
N_BATCHES, BATCH = 10, 512
QUESTIONS = {
    "trend by day": "trend?bucket=day",
    "trend by month": "trend?bucket=month&calendar=jalali",
    "trend of a stage": "trend?bucket=week&stage=delivery",
    "by stage": "breakdown?by=stage",
    "by stage and intent": "breakdown?by=stage,intent",
    "by brand": "breakdown?by=brand",
    "by source": "breakdown?by=source",
    "journey": "journey?",
    "compare": "compare?by=aspect",
    "drivers": "drivers?by=stage",
    "journey of a brand": f"journey?brand={BRANDS[1]}",
    "by brand and stage": "breakdown?by=brand,stage",
    "journey of a source": "journey?source=source1",
}
COUNTED_DAYS, N_COUNTED = 90, 4
COUNTED = {
    "by product": "breakdown?by=product",
    "journey of a product": "journey?product=p1",
    "by stage of a segment": "breakdown?by=stage&segment=vip",
    "aspects of an intent": "breakdown?by=aspect&intent=complaint",
    "pain points": "pains?",
    "hours of the week": "hours?",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: counts, bytes a mention, messages a second, and median and 95th percentile in milliseconds."""

    database: str
    n_mentions: int
    n_messages: int
    bytes_a_mention: float
    tally_cells: int
    stored_a_second: float
    answers: dict[str, tuple[float, float]]
    search: dict[str, tuple[float, float]]
    counted: dict[str, tuple[float, float]]


def main() -> None:
    """Append a line for each size to the file, and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000], help="mentions")
    parser.add_argument("--url", help="an empty data base; without: an SQLite file that is removed again")
    parser.add_argument("--out", type=Path, default=Path("docs/scale.jsonl"))
    chosen = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bazkhord-bench-") as folder:
        url = chosen.url or f"sqlite:///{folder}/bazkhord.db"
        with open_store(url, zone=TEHRAN) as store:
            for size in sorted(chosen.sizes):
                _grow(store, size, console)
                measured = measure(store, url, Path(folder))
                with chosen.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(measured), ensure_ascii=False) + "\n")
                _show(measured, console)


def _grow(store: Store, n_mentions: int, console: Console) -> None:
    there = store.n_feedback()
    wanted = int(n_mentions / MENTIONS_A_MESSAGE) - there
    with console.status(f"filling up to {n_mentions:,} mentions"):
        began = time.perf_counter()
        # PostgreSQL analyzes by itself; SQLite plans by the statistics that opening a store writes
        analyzed = store.engine.dialect.name == "postgresql"
        fill(store.engine, wanted, first=there + 1, seed=there, tallied=True, analyzed=analyzed)
    console.print(f"filled up to {n_mentions:,} mentions in {time.perf_counter() - began:,.0f} s")


def measure(store: Store, url: str, folder: Path) -> Measured:
    """Return the figures of the store as it is; a few thousand messages more are in it afterwards."""
    settings = load_settings().model_copy(
        update={
            "data_dir": folder,
            "database_url": SecretStr(url),
            "log_level": "warning",
            "rate_limit_per_minute": 0,
        }
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        _milliseconds(client, "/v1/options")  # what a process does at its first question is not counted
        _await_columns(store.n_feedback())
        answers = {name: _told(_asked(client, question)) for name, question in QUESTIONS.items()}
        search = {word: _told(_searched(client, word)) for word in WORDS}
        counted = {name: _told(_counted(client, question)) for name, question in COUNTED.items()}
    counted["options"] = _told(
        [_took(lambda: seen_values(store.engine, zone=TEHRAN)) for _ in range(N_COUNTED)]
    )
    counted["sources"] = _told([_took(store.sources) for _ in range(N_COUNTED)])
    with reading(store.engine) as connection:
        count = "SELECT (SELECT count(*) FROM mentions), (SELECT count(*) FROM intent_tallies)"
        n_mentions, n_cells = map(int, connection.exec_driver_sql(count).one())
    return Measured(
        database=store.engine.dialect.name,
        n_mentions=n_mentions,
        n_messages=store.n_feedback(),
        bytes_a_mention=round(_bytes(store.engine) / n_mentions, 1),
        tally_cells=n_cells,
        stored_a_second=round(_stored_a_second(store), 1),
        answers=answers,
        search=search,
        counted=counted,
    )


def _await_columns(n_messages: int) -> None:
    """The service has in memory what it reads when it starts; meanwhile some answers take half a second."""
    until = time.monotonic() + COLUMNS_S
    while n_messages <= MAX_MESSAGES and not len(kept):
        if time.monotonic() > until:
            raise SystemExit(f"the service did not read its columns within {COLUMNS_S} s")
        time.sleep(0.1)


def _asked(client: TestClient, question: str) -> list[float]:
    return [_milliseconds(client, f"/v1/{question}&{period}") for period in _periods(question)]


def _searched(client: TestClient, word: str) -> list[float]:
    asked = f"/v1/feedback?{urlencode({'q': word, 'limit': 50})}"
    return [_milliseconds(client, f"{asked}&{period}") for period in _periods(word, (90, DAYS))]


def _counted(client: TestClient, question: str) -> list[float]:
    periods = islice(_periods(question, (COUNTED_DAYS,)), N_COUNTED)
    return [_milliseconds(client, f"/v1/{question}&{period}") for period in periods]


def _periods(seed: str, lengths: tuple[int, ...] = PERIODS) -> Iterator[str]:
    dice = random.Random(seed)
    for days in lengths:
        for _ in range(N_PERIODS):
            end = END.date() - timedelta(days=dice.randrange(max(1, DAYS - days)))
            yield f"from={end - timedelta(days=days)}&to={end}"


def _milliseconds(client: TestClient, address: str) -> float:
    answers: list[Any] = []
    took = _took(lambda: answers.append(client.get(address)))
    if answers[0].status_code != 200:
        raise SystemExit(f"{address}: {answers[0].status_code} {answers[0].text[:300]}")
    return took


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _told(times: list[float]) -> tuple[float, float]:
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    return round(statistics.median(times), 1), round(p95, 1)


def _stored_a_second(store: Store) -> float:
    """Messages a second, stored by pages and labelled by batches, the median of the batches."""
    first, speeds = 10**12 + store.n_feedback(), []
    for turn in range(N_BATCHES):
        items = list(clean_items(BATCH, first=first + turn * BATCH))
        began = time.perf_counter()
        store.save_page("bench", "table_file", items, [], None, now=END)
        claimed = store.claim_pending("bench", limit=BATCH, lease_s=60, now=END)
        labelled = [(one, _prediction(one.text, turn + number)) for number, one in enumerate(claimed)]
        store.save_predictions(labelled, worker="bench", touchpoint_stages={}, now=END)
        speeds.append(BATCH / (time.perf_counter() - began))
    return statistics.median(speeds)


def _prediction(text: str, seed: int) -> Prediction:
    dice = random.Random(seed)
    return Prediction(
        sentiment=Sentiment.NEGATIVE,
        sentiment_probabilities=dict.fromkeys(Sentiment, 0.25),
        emotion=dice.choice(list(Emotion)),
        emotion_confidence=0.8,
        flags=(),
        mentions=(
            Mention(
                start=0,
                end=len(text),
                text=text,
                stage=dice.choice(list(Stage)),
                intent=dice.choice(list(Intent)),
                aspect=dice.choice(list(Aspect)),
                sentiment=Sentiment.NEGATIVE,
                stage_confidence=0.8,
                intent_confidence=0.8,
                aspect_confidence=0.8,
                sentiment_confidence=0.8,
            ),
        ),
        model_version="v1",
    )


def _bytes(engine: Engine) -> int:
    sizes = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        "postgresql": "SELECT pg_database_size(current_database()) - pg_database_size('template1')",
    }
    with reading(engine) as connection:
        return int(connection.exec_driver_sql(sizes[engine.dialect.name]).scalar_one())


def _show(measured: Measured, console: Console) -> None:
    console.print(
        f"{measured.database}, {measured.n_mentions:,} mentions of {measured.n_messages:,} messages: "
        f"{measured.bytes_a_mention:,.0f} bytes each, {measured.stored_a_second:,.0f} messages stored a second"
    )
    for name, (median, p95) in {**measured.answers, **measured.search, **measured.counted}.items():
        console.print(f"  {name:24} {median:8.1f} / {p95:8.1f} ms")


if __name__ == "__main__":
    main()
