"""An archive is worked through once, whatever breaks off: masked, judged, each bad row named by file and line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import fsspec
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.backfill import Engine, Summary, backfill
from pipeline.backfill_job import Job, Outcome
from pipeline.backfill_mapping import arguments_by_names
from pipeline.backfill_output import is_local
from pipeline.backfill_plan import Unit, plan
from pipeline.backfill_work import UnitWorker
from pipeline.connectors import build_connector
from pipeline.errors import SettingsError, StopRun, StoreError
from pipeline.export_tables import Shown
from pipeline.identity import customer_key, known_as
from pipeline.records import Author, Channel
from pipeline.run import classify_pending, pull
from pipeline.store import open_store
from tests.archive import (
    KEY,
    NOW,
    ByWords,
    content,
    environment,
    job,
    rows,
    write_csv,
    write_lines,
    write_parquet,
)
from tests.builders import clean_feedback
from tests.conftest import TEHRAN

REPOSITORY = Path(__file__).parent.parent
LINGERING = """
import multiprocessing, time
from pipeline.backfill_local import on_this_machine
from pipeline.backfill_plan import Unit
from tests.archive import job
units = [Unit(file=f"/nowhere/{n}.csv", number=0, stamp="") for n in range(3)]
told = on_this_machine(job(None, {"channel": "review", "fields": {"text": "text"}}), units, processes=2)
print(next(told).error, *[one.pid for one in multiprocessing.active_children()], flush=True)
time.sleep(60)
"""


def with_this_model(job: Job, units: Sequence[Unit]) -> Iterator[Outcome]:
    """An engine of one process, whose model needs no weights."""
    with closing(UnitWorker(job, ByWords())) as worker:
        yield from map(worker.work, units)


def stopping_after(n: int) -> Engine:
    """An engine that is killed after some units."""

    def engine(job: Job, units: Sequence[Unit]) -> Iterator[Outcome]:
        yield from with_this_model(job, units[:n])
        raise KeyboardInterrupt

    return engine


def run(
    pattern: Path,
    out: Path | None,
    *,
    engine: Engine = with_this_model,
    unit_rows: int = 1000,
    **values: object,
) -> Summary:
    units = plan(str(pattern), unit_rows=unit_rows)
    arguments = arguments_by_names(units[0].file, Channel.REVIEW, TEHRAN)
    one = job(None if out is None else str(out), arguments, **values)
    return backfill(one, units, engine, progress_file=(out or pattern.parent) / "_progress.jsonl")


def test_the_same_messages_come_out_of_every_kind_of_file(tmp_path: Path) -> None:
    written = rows(0, 250)
    write_parquet(tmp_path / "a" / "m.parquet", written)
    write_csv(tmp_path / "b" / "m.csv", written)
    write_lines(tmp_path / "c" / "m.jsonl", written)

    done = [run(tmp_path / kind / "*", tmp_path / f"out-{kind}") for kind in "abc"]

    assert [(one.n_rows, one.n_messages, one.n_mentions, one.n_dead) for one in done] == [
        (250, 250, 250, 0)
    ] * 3
    first, second, third = (content(tmp_path / f"out-{kind}") for kind in "abc")
    assert first == second == third


def test_a_message_is_masked_and_judged_as_one_that_was_pulled(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "m.jsonl", rows(2, 1))

    run(tmp_path / "in" / "*.jsonl", tmp_path / "out")

    message, mention = content(tmp_path / "out")["messages"][0], content(tmp_path / "out")["mentions"][0]
    assert message["text"] == "چرا پول من را پس نمی‌دهید؟ شماره‌ام <phone> است 2"
    assert message["customer_key"] == customer_key(Author(phone="09121000002"), source="archive", key=KEY)
    assert (message["channel"], message["sentiment"], message["state"]) == (
        "review",
        "negative",
        "classified",
    )
    assert (str(message["day"]), message["jalali_month"]) == ("2026-03-03", "1404-12")
    assert (mention["stage"], mention["intent"], mention["mention_id"]) == ("delivery", "complaint", "0-49")
    assert (tmp_path / "out" / "_SUCCESS").exists()


def test_words_and_customers_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "m.jsonl", rows(0, 3))

    run(tmp_path / "in" / "*.jsonl", tmp_path / "out", shown=Shown())

    found = content(tmp_path / "out")
    assert not {"text", "customer_key"} & {*found["messages"][0], *found["mentions"][0]}


def test_bad_lines_are_named_by_file_and_line_and_cost_no_other(tmp_path: Path) -> None:
    good = [json.dumps(row, ensure_ascii=False) for row in rows(0, 4)]
    late = json.dumps({"id": "9", "text": "دیر", "created_at": "2031-01-01 10:00"}, ensure_ascii=False)
    lines = [good[0], '{"id": "8", "text"', good[1], late, *good[2:]]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "m.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    done = run(tmp_path / "in" / "*.jsonl", tmp_path / "out")

    found = content(tmp_path / "out")
    assert (done.n_rows, done.n_messages, done.n_dead) == (6, 4, 2)
    assert [(letter["position"], letter["native_id"]) for letter in found["dead_letters"]] == [
        ("line 2", None),
        ("line 4", "9"),
    ]
    assert "lies in the future" in str(found["dead_letters"][1]["error"])
    assert str(found["dead_letters"][0]["file"]).endswith("/in/m.jsonl")


def test_a_file_that_cannot_be_read_costs_no_other_and_is_tried_again(tmp_path: Path) -> None:
    for number in range(3):
        write_parquet(tmp_path / "in" / f"{number}.parquet", rows(10 * number, 10))
    (tmp_path / "in" / "1.parquet").write_bytes(b"PAR1 no more than that PAR1")

    first = run(tmp_path / "in" / "*.parquet", tmp_path / "out")
    unfinished = not (tmp_path / "out" / "_SUCCESS").exists()
    write_parquet(tmp_path / "in" / "1.parquet", rows(10, 10))
    second = run(tmp_path / "in" / "*.parquet", tmp_path / "out")

    assert (first.n_messages, len(first.failed), unfinished) == (20, 1, True)
    assert "1.parquet is no Parquet file or is damaged" in next(iter(first.failed.values()))
    assert (second.n_messages, second.n_known, second.failed) == (30, 2, {})
    assert (tmp_path / "out" / "_SUCCESS").exists()


def test_what_was_broken_off_goes_on_and_comes_to_the_same(tmp_path: Path) -> None:
    for number in range(6):
        write_csv(tmp_path / "in" / f"{number}.csv", rows(10 * number, 10))
    run(tmp_path / "in" / "*.csv", tmp_path / "whole")

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "in" / "*.csv", tmp_path / "broken", engine=stopping_after(2))
    with (tmp_path / "broken" / "_progress.jsonl").open("a") as file:
        file.write('{"unit": "5-')
    done = run(tmp_path / "in" / "*.csv", tmp_path / "broken")

    assert (done.n_units, done.n_known) == (6, 4)
    assert content(tmp_path / "broken") == content(tmp_path / "whole")


def test_a_file_that_changed_is_done_again_and_what_it_lost_is_gone(tmp_path: Path) -> None:
    write_parquet(tmp_path / "in" / "a.parquet", rows(0, 30))
    lean = [{"id": str(number), "text": "خوب"} for number in range(100, 200)]
    path = write_parquet(tmp_path / "in" / "b.parquet", lean, group_rows=20)
    first = run(tmp_path / "in" / "*.parquet", tmp_path / "out", unit_rows=30)
    before = content(tmp_path / "out")["messages"]
    write_parquet(path, rows(100, 20))

    second = run(tmp_path / "in" / "*.parquet", tmp_path / "out", unit_rows=30)

    assert (first.n_units, first.n_messages, len(before)) == (4, 130, 130)
    assert (second.n_units, second.n_known, second.n_messages) == (2, 1, 50)
    assert len(content(tmp_path / "out")["messages"]) == 50


def test_another_model_does_everything_anew(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "m.jsonl", rows(0, 5))
    run(tmp_path / "in" / "*.jsonl", tmp_path / "out")

    again = run(tmp_path / "in" / "*.jsonl", tmp_path / "out")
    anew = run(tmp_path / "in" / "*.jsonl", tmp_path / "out", model_version="v2")

    assert (again.n_known, anew.n_known) == (1, 0)


def test_the_forgotten_stay_forgotten(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "m.jsonl", rows(0, 5))
    gone = frozenset(known_as(Author(phone="09121000003"), source="archive", key=KEY))

    done = run(tmp_path / "in" / "*.jsonl", tmp_path / "out", forgotten=gone)

    assert (done.n_messages, done.n_left_out) == (4, 1)
    assert [row["native_id"] for row in content(tmp_path / "out")["messages"]] == ["0", "1", "2", "4"]


def test_the_data_base_holds_what_pulling_and_classifying_would_have_brought(
    store_url: str, tmp_path: Path
) -> None:
    write_csv(tmp_path / "in" / "m.csv", rows(0, 250))
    fields = {name: name for name in ("id", "text", "created_at", "brand", "author_phone")}
    arguments = {"path": "m.csv", "channel": "review", "fields": fields, "zone": "Asia/Tehran"}
    with open_store(f"sqlite:///{tmp_path}/pulled.db", zone=TEHRAN) as pulled:
        source = build_connector("archive", "table_file", arguments, now=lambda: NOW, root=tmp_path / "in")
        pull(source, pulled, identity_key=KEY)
        classify_pending(pulled, ByWords(), worker="test")
        expected = pulled.tallies()

    with open_store(store_url, zone=TEHRAN) as store:
        for _ in range(2):
            (tmp_path / "in" / "_progress.jsonl").unlink(missing_ok=True)
            run(tmp_path / "in" / "*.csv", None, database_url=store_url)

        assert store.tallies() == expected
        assert store.check_tallies() == frozenset()
        assert (store.n_feedback(), store.n_pending()) == (250, 0)


def test_what_another_worker_has_claimed_is_left_to_it(store_url: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "m.csv", rows(0, 5))
    with open_store(store_url, zone=TEHRAN) as store:
        run(tmp_path / "in" / "*.csv", None, database_url=store_url)
        write_csv(tmp_path / "in" / "m.csv", [row | {"brand": "نو"} for row in rows(0, 5)])
        items = [clean_feedback(str(n), source="archive", text="در راه است") for n in (3, 4)]
        store.save_page("archive", "backfill", items, [], None, now=NOW)
        store.claim_pending("other", limit=2, lease_s=10**9, now=NOW)
        write_csv(tmp_path / "in" / "m.csv", rows(0, 3))

        run(tmp_path / "in" / "*.csv", None, database_url=store_url)

        assert (store.n_pending(), store.release("other")) == (2, 2)
        assert store.check_tallies() == frozenset()


def test_an_address_elsewhere_gets_the_same_files(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "m.jsonl", rows(0, 5))
    units = plan(str(tmp_path / "in" / "*.jsonl"))
    arguments = arguments_by_names(units[0].file, Channel.REVIEW, TEHRAN)

    done = backfill(
        job("memory://lake", arguments), units, with_this_model, progress_file=tmp_path / "progress.jsonl"
    )

    memory = fsspec.filesystem("memory")
    with memory.open(f"/lake/messages/{units[0].name}.parquet", "rb") as file:
        assert pyarrow.parquet.read_table(file).num_rows == done.n_messages == 5
    assert memory.exists("/lake/_SUCCESS")
    memory.rm("/lake", recursive=True)


def test_files_elsewhere_are_found_and_copied_to_be_read(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/archive/a.parquet", write_parquet(tmp_path / "a.parquet", rows(0, 7)).read_bytes())
    units = plan("memory://archive/*.parquet")

    arguments = arguments_by_names(units[0].file, Channel.REVIEW, TEHRAN)
    done = backfill(
        job(str(tmp_path / "out"), arguments), units, with_this_model, progress_file=tmp_path / "p.jsonl"
    )
    memory.rm("/archive", recursive=True)

    assert (done.n_messages, done.failed) == (7, {})


def test_a_second_backfill_of_the_same_output_waits_its_turn(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "m.jsonl", rows(0, 2))

    def engine(job: Job, units: Sequence[Unit]) -> Iterator[Outcome]:
        with pytest.raises(StoreError, match="another backfill writes"):
            run(tmp_path / "in" / "*.jsonl", tmp_path / "out")
        yield from with_this_model(job, units)

    assert run(tmp_path / "in" / "*.jsonl", tmp_path / "out", engine=engine).n_messages == 2


def test_a_machine_with_another_version_stops_the_run(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "m.jsonl", rows(0, 2))

    with pytest.raises(StopRun, match="give every machine the same version"):
        run(tmp_path / "in" / "*.jsonl", tmp_path / "out", version="0.0.1")


@pytest.mark.parametrize(
    ("name", "told"),
    [("none/*.csv", "no file matches"), ("notes.txt", "is of a kind that cannot be read")],
)
def test_input_that_cannot_be_read_is_said_before_anything_begins(
    tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "notes.txt").write_text("x")

    with pytest.raises(SettingsError, match=told):
        plan(str(tmp_path / name))


def test_addresses_that_nobody_knows_are_told_before_anything_begins() -> None:
    with pytest.raises(SettingsError, match=r"cannot be listed \(ValueError\)"):
        plan("nowhere://lake/*.csv")
    with pytest.raises(SettingsError, match="--out nowhere://lake cannot be opened"):
        is_local("nowhere://lake")


def test_columns_without_a_text_ask_for_a_source(tmp_path: Path) -> None:
    write_csv(tmp_path / "m.csv", [{"body": "خوب", "no": 1}])

    with pytest.raises(SettingsError, match="it has: body, no"):
        arguments_by_names(str(tmp_path / "m.csv"), Channel.OTHER, TEHRAN)


def test_the_command_reads_as_a_source_says_and_tells_what_it_did(tmp_path: Path) -> None:
    written = [{"no": row["id"], "body": row["text"], "at": row["created_at"]} for row in rows(0, 30)]
    write_parquet(tmp_path / "in" / "m.parquet", written)
    (tmp_path / "in" / "broken.csv").write_text("no,words\n1,x\n", encoding="utf-8")
    (tmp_path / "sources.toml").write_text(
        '[sources.shop]\nconnector = "table_file"\npath = "-"\nchannel = "review"\nzone = "Asia/Tehran"\n'
        'fields = { id = "no", text = "body", created_at = "at" }\n'
    )
    options = ["--input", str(tmp_path / "in" / "*"), "--out", str(tmp_path / "out"), "--processes", "1"]
    options += ["--source", "shop", "--sources", str(tmp_path / "sources.toml")]

    told = CliRunner().invoke(app, ["backfill", *options], env=environment(tmp_path))

    found = content(tmp_path / "out")
    assert told.exit_code == 1
    assert "1 of 2 units done: 30 rows, 30 messages" in told.output
    assert "broken.csv has no column 'body', 'at'" in told.output
    assert {(row["source"], row["channel"]) for row in found["messages"]} == {("shop", "review")}
    assert len(found["mentions"]) > 30


def test_a_backfill_that_writes_nowhere_is_refused(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["backfill", "--input", "x.csv"], env=environment(tmp_path))

    assert "--out FOLDER for Parquet, --store for the data base" in str(refused.exception)


def test_machines_of_a_cluster_cannot_share_an_sqlite_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "m.csv", rows(0, 1))
    options = ["--input", str(path), "--store", "--engine", "ray", "--address", "auto"]

    refused = CliRunner().invoke(app, ["backfill", *options], env=environment(tmp_path))

    assert "set BAZKHORD_DATABASE_URL to a PostgreSQL" in str(refused.exception)


def test_the_processes_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LINGERING], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as began:
        assert began.stdout is not None
        error, *processes = began.stdout.readline().strip().rsplit(" ", 2)
        alive = [state_of(pid) for pid in processes]
        began.kill()
    deadline = time.monotonic() + 20
    while any(state_of(pid) not in ("", "Z") for pid in processes) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert "cannot be read (No such file or directory)" in error
    assert "" not in alive
    assert {state_of(pid) for pid in processes} <= {"", "Z"}


def state_of(pid: str) -> str:
    """The letter that Linux has for what a process does; empty: there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize(
    ("missing", "call", "told"),
    [
        ("ray", "from pipeline.backfill_ray import _ray; _ray()", "pip install 'bazkhord[ray]'"),
        ("pyarrow", "from pipeline.parquet import parquet_library; parquet_library()", "'bazkhord[parquet]'"),
    ],
)
def test_without_the_extra_a_sentence_says_what_to_install(missing: str, call: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['{missing}'] = None; {call}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told in done.stderr
