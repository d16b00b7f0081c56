"""What an operator rests on: logs without secrets, figures of the work, health that is true, and coming back."""

from __future__ import annotations

import io
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event

from pipeline.clocks import Clocks
from pipeline.errors import SettingsError, StoreError
from pipeline.listener import listening
from pipeline.logs import start_logs
from pipeline.measuring import REGISTRY
from pipeline.readiness import check_store
from pipeline.retention import Retention
from pipeline.run import classify_pending, pull
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, SMALL, fill
from tests.builders import NOON, clean_feedback
from tests.conftest import TEHRAN
from tests.service import serving, settings_of
from tests.started import free_port
from tests.test_keep_running import stream
from tests.test_run import Praising

SECRET = "رازی‌که‌مشتری‌نوشت"
PATIENCE_S = 30


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """What was logged as JSON so far."""
    out = io.StringIO()
    handler = start_logs(level="info", form="json", out=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def client(store: Store, store_url: str, tmp_path: Path) -> Iterator[TestClient]:
    fill(store, SMALL)
    with serving(settings_of(store_url, tmp_path)) as opened:
        yield opened


def raise_with_text() -> None:
    raise ValueError(SECRET)


def test_a_line_is_one_object_with_the_fields_that_are_known_and_no_others(
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    logging.getLogger("pipeline.run").info("classified", extra={"n": 3, "text": SECRET})

    (line,) = lines()
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {"level": "info", "logger": "pipeline.run", "event": "classified", "n": 3}


def test_of_an_exception_kind_and_place_are_logged_and_never_its_words(
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    try:
        raise_with_text()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("unexpected")

    (line,) = lines()
    assert line["reason"] == "ValueError"
    assert "test_operations.py" in str(line["place"])
    assert SECRET not in json.dumps(line, ensure_ascii=False)


def test_a_request_is_logged_under_its_id_by_the_template_of_its_address(
    client: TestClient, lines: Callable[[], list[dict[str, object]]]
) -> None:
    answer = client.get(
        "/v1/customers/geheim/journey", headers={"X-Request-Id": "proxy-17"}, params={"q": SECRET}
    )

    (line,) = [one for one in lines() if one["logger"] == "bazkhord.api"]
    assert answer.headers["x-request-id"] == "proxy-17"
    assert answer.json()["request_id"] == "proxy-17"
    assert (line["request_id"], line["method"], line["route"], line["status"]) == (
        "proxy-17",
        "GET",
        "/v1/customers/{key}/journey",
        answer.status_code,
    )
    assert not [word for word in ("geheim", SECRET) if word in json.dumps(line, ensure_ascii=False)]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"b', "a;b=c"])
def test_an_id_that_could_break_a_line_is_replaced(client: TestClient, given: str) -> None:
    told = client.get("/healthz", headers={"X-Request-Id": given}).headers["x-request-id"]

    assert len(told) == 32
    assert set(told) <= set("0123456789abcdef")


def figures() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
    }


def test_pulled_and_classified_messages_and_their_steps_are_counted(store: Store) -> None:
    before = figures()
    pull(stream("counted", n_pages=2).connector, store, identity_key=b"k" * 32, clock=lambda: NOON)
    classify_pending(store, Praising(), worker="here/1")
    after = figures()

    def grown(*name: str) -> float:
        return after.get(name, 0.0) - before.get(name, 0.0)

    assert grown("bazkhord_pulled_rows_total", "counted", "new") == 2
    assert grown("bazkhord_classified_messages_total") == 2
    steps = {
        name: grown("bazkhord_step_seconds_count", name) for name in ("clean", "store", "classify", "write")
    }
    assert steps == {"clean": 2, "store": 2, "classify": 1, "write": 1}


def test_messages_that_are_left_out_are_counted(tmp_path: Path) -> None:
    before = figures()
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN, retention=Retention(days=1)) as store:
        late = NOON + timedelta(days=9)
        pull(stream("old", n_pages=2).connector, store, identity_key=b"k" * 32, clock=lambda: late)

    name = "bazkhord_pulled_rows_total", "old", "left_out"
    assert figures()[name] - before.get(name, 0.0) == 2


def test_a_worker_tells_its_figures_and_health_on_its_port(store: Store) -> None:
    store.save_page("shop", "x", [clean_feedback("1")], [], None, now=NOON)
    port = free_port()

    with listening("127.0.0.1", port, store, clock=lambda: NOON + timedelta(seconds=90)):
        told = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        health = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"))
        ready = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz"))

    found = {
        family.name: family.samples[0].value
        for family in text_string_to_metric_families(told)
        if family.samples
    }
    assert found["bazkhord_database_up"] == 1
    assert found["bazkhord_pending_messages"] == 1
    assert found["bazkhord_oldest_pending_age_seconds"] == 90
    assert health == {"status": "ok"}
    assert ready == {"status": "ready", "checks": {"data_base": "ok", "schema": "ok"}, "troubles": {}}


def test_a_port_that_is_taken_is_named(store: Store) -> None:
    port = free_port()

    with (
        listening("127.0.0.1", port, store, clock=lambda: NOON),
        pytest.raises(SettingsError, match=f"127.0.0.1:{port}"),
        listening("127.0.0.1", port, store, clock=lambda: NOON),
    ):
        pass


def test_messages_that_nobody_classifies_are_told_and_do_not_stop_the_service(store: Store) -> None:
    store.save_page("shop", "x", [clean_feedback("1")], [], None, now=NOON)

    early, late = (check_store(store, now=NOON + timedelta(minutes=minutes)) for minutes in (15, 16))

    assert (early.ready, early.troubles) == (True, {})
    assert late.ready
    assert late.troubles["classifying"].startswith("a message has waited for 16 minutes")


def test_a_clock_that_was_set_is_told_for_an_hour() -> None:
    wall, forward = [NOON], [0.0]
    clocks = Clocks(lambda: wall[0], lambda: forward[0])

    def pass_(seconds: float, *, jump: float = 0.0) -> str | None:
        forward[0] += seconds
        wall[0] += timedelta(seconds=seconds + jump)
        return clocks.trouble()

    told = [pass_(10), pass_(10, jump=3), pass_(10, jump=-7200), pass_(3500), pass_(200)]

    assert told[:2] == [None, None]
    assert told[2] == told[3] == "the clock of this machine was set by -7,200 s; leases and plans go by it"
    assert told[4] is None


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        event.listen(store.engine, "begin", lambda one: one.exec_driver_sql("PRAGMA max_page_count = 100"))
        large = [clean_feedback(str(number), text=f"{number} " + "متن " * 2000) for number in range(400)]

        with pytest.raises(StoreError, match=r"database or disk is full; check that .* has room"):
            store.save_page("shop", "x", large, [], "b", now=NOW)
