"""What Prometheus reads: requests by template, the sources' figures, and nothing that a customer wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from pipeline.connectors.base import bury
from pipeline.keys import add_key
from pipeline.store import Store
from tests.api_feedback import NOW, SMALL, fill
from tests.builders import clean_feedback
from tests.service import serving, settings_of

SECRET = "رازی‌که‌مشتری‌نوشت"


@pytest.fixture
def client(store: Store, store_url: str, tmp_path: Path) -> Iterator[TestClient]:
    fill(store, SMALL)
    waiting = clean_feedback("99", text=SECRET, customer_key="کلید‌مشتری", brand="برند")
    store.save_page("shop", "x", [waiting], [bury("shop", "row 1", "is broken", SECRET)], None, now=NOW)
    store.note_success("shop", "x", now=NOW - timedelta(minutes=5))
    with serving(settings_of(store_url, tmp_path)) as opened:
        yield opened


def samples(client: TestClient, **headers: str) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_sources_and_what_waits_are_counted(client: TestClient) -> None:
    found = samples(client)

    assert found["bazkhord_pending_messages",] == 1
    assert found["bazkhord_source_messages", "shop"] == 5
    assert found["bazkhord_source_messages", "talk"] == 2
    assert found["bazkhord_source_dead_letters", "shop"] == 1
    assert found["bazkhord_source_last_success_age_seconds", "shop"] == 300
    assert ("bazkhord_source_last_success_age_seconds", "talk") not in found
    (build,) = [name for name in found if name[0] == "bazkhord_build_info"]
    assert "v1" in build


def test_requests_are_counted_by_template_and_status(client: TestClient) -> None:
    client.get("/v1/trend?bucket=day&q=راز")
    client.get("/v1/trend?bucket=year")
    client.get(f"/v1/{SECRET}")
    client.request("BREW", "/v1/trend")

    found = samples(client)

    assert found["bazkhord_requests_total", "GET", "/v1/trend", "200"] == 1
    assert found["bazkhord_requests_total", "GET", "/v1/trend", "422"] == 1
    assert found["bazkhord_requests_total", "GET", "none", "404"] == 1
    assert found["bazkhord_request_seconds_count", "GET", "/v1/trend"] == 2
    assert {name[1] for name in found if name[0] == "bazkhord_requests_total"} == {"GET", "none"}


def test_no_text_and_no_customer_is_told(client: TestClient) -> None:
    client.get("/v1/feedback", params={"q": SECRET})

    text = client.get("/metrics").text

    assert [word for word in (SECRET, "کلید‌مشتری", "برند", "بسته") if word in text] == []


def test_whoever_reads_it_needs_a_key_that_sees_everything(client: TestClient, store: Store) -> None:
    whole, limited = add_key(store, "prometheus", "read"), add_key(store, "agency", "read", brands=["الف"])

    statuses = [
        client.get("/metrics", headers=headers).status_code
        for headers in ({}, {"Authorization": f"Bearer {whole}"}, {"Authorization": f"Bearer {limited}"})
    ]

    assert statuses == [401, 200, 403]
