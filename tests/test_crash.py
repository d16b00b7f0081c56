"""`kill -9` at random moments of a whole run, and a run after it: the tables are those of a run left alone."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, MetaData, select

from pipeline.demo.build import write_exports
from pipeline.store import open_store
from pipeline.tables import BRAND_TOTALS, TOTALS

COMMAND = [str(Path(sys.executable).parent / "bazkhord"), "run", "--once", "--sources"]
TEHRAN = ZoneInfo("Asia/Tehran")
N_KILLS = 10
OF_THE_MOMENT = {
    "id",
    "feedback_id",
    "received_at",
    "classified_at",
    "lease_owner",
    "lease_until",
    "first_seen_at",
}
TABLES = (
    "feedback",
    "mentions",
    "sentiment_tallies",
    "intent_tallies",
    "aspect_tallies",
    "message_tallies",
    "cluster_tallies",
    *(table.name for tables in (BRAND_TOTALS, TOTALS) for table in tables.values()),
    "dead_letters",
)


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, without what differs from run to run."""
    metadata = MetaData()
    metadata.reflect(engine)
    rows: dict[str, list[tuple[object, ...]]] = {}
    with engine.connect() as connection:
        for name in TABLES:
            columns = [column for column in metadata.tables[name].columns if column.name not in OF_THE_MOMENT]
            rows[name] = sorted(tuple(map(str, row)) for row in connection.execute(select(*columns)))
    return rows


def run(folder: Path, sources: Path, *, kill_after_s: float | None = None) -> None:
    process = subprocess.Popen(
        [*COMMAND, str(sources)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert process.wait(kill_after_s) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_ten_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    key = "0123456789abcdef" * 4
    random = Random(7)
    exports = write_exports(tmp_path / "exports", today=date(2026, 11, 1), zone=TEHRAN)
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    for folder in (calm, stormy):
        (folder / "var").mkdir(parents=True)
        (folder / "var" / "identity.key").write_text(key, encoding="utf-8")
        (folder / "var" / "identity.key").chmod(0o600)

    run(calm, exports.sources_file)
    for _ in range(N_KILLS):
        run(stormy, exports.sources_file, kill_after_s=random.uniform(0.8, 6.0))
    run(stormy, exports.sources_file)

    undisturbed, disturbed = (
        open_store(f"sqlite:///{folder}/var/bazkhord.db", zone=TEHRAN) for folder in (calm, stormy)
    )
    assert disturbed.n_pending() == 0
    assert disturbed.check_tallies() == frozenset()
    assert contents(disturbed.engine) == contents(undisturbed.engine)
