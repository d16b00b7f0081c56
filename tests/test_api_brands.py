"""A key that is limited to brands sees nothing of another brand, whatever it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from pipeline.keys import add_key
from pipeline.store import Store
from tests.api_feedback import SMALL, Said, fill, november
from tests.builders import prediction
from tests.service import serving, settings_of

NOVEMBER = {"from": "2026-11-01", "to": "2026-12-01"}
OURS, THEIRS, NOBODYS = "زاغ‌کبود", "طوطی‌سرخ", "گنجشک‌خاکی"


def said(word: str, brand: str | None) -> tuple[Said, ...]:
    return tuple(
        replace(
            one, text=f"{word} {word}", brand=brand, product=word, source=f"{one.source}-{word}", group=None
        )
        for one in SMALL
        if one.says != prediction()
    )


@pytest.fixture
def client(store: Store, store_url: str, tmp_path: Path) -> Iterator[TestClient]:
    for word, brand in ((OURS, "ما"), (THEIRS, "آن‌ها"), (NOBODYS, None)):
        fill(store, said(word, brand))
    with serving(settings_of(store_url, tmp_path)) as opened:
        opened.headers["Authorization"] = f"Bearer {add_key(store, 'agency', 'admin', brands=['ما'])}"
        yield opened


def test_without_asking_for_a_brand_only_the_keys_own_is_counted(client: TestClient) -> None:
    answer = client.get("/v1/breakdown", params=NOVEMBER | {"by": "brand"}).json()

    assert [(group["values"], group["n"]) for group in answer["groups"]] == [({"brand": "ما"}, 7)]


@pytest.mark.parametrize(("brand", "named"), [("آن‌ها", "آن‌ها"), ("", "(messages without a brand)")])
@pytest.mark.parametrize("path", ["/v1/trend", "/v1/journey", "/v1/feedback", "/v1/breakdown?by=stage"])
def test_another_brand_is_refused_by_its_name(client: TestClient, path: str, brand: str, named: str) -> None:
    answer = client.get(
        path, params={"by": "stage", "brand": ["ما", brand]} if "by" in path else {"brand": brand}
    )

    assert answer.status_code == 403
    assert answer.json()["detail"] == f"this key does not see the brand {named}; it sees ما"


def test_what_cannot_be_kept_to_a_brand_is_refused(client: TestClient) -> None:
    pushed = {"id": "1", "text": "دیر رسید"}

    answers = [client.get("/v1/sources"), client.post("/v1/feedback", json=pushed)]

    assert [(one.status_code, one.json()["detail"]) for one in answers] == [
        (403, "this key sees some brands only; ask with a key that sees all messages")
    ] * 2


def test_a_mention_of_its_own_brand_may_be_corrected_and_no_other(client: TestClient, store: Store) -> None:
    whole = {"Authorization": f"Bearer {add_key(store, 'whole', 'read')}"}

    statuses = []
    for brand in ("ما", "آن‌ها"):
        asked = NOVEMBER | {"brand": brand, "limit": "1"}
        (found,) = client.get("/v1/feedback", params=asked, headers=whole).json()["items"]
        address = f"/v1/feedback/{found['id']}/mentions/0-13"
        answer = client.patch(address, json={"stage": "use"}, headers={"If-Match": "*"})
        statuses.append(answer.status_code)

    assert statuses == [200, 404]


def test_texts_that_are_not_stored_are_analysed_for_every_key(client: TestClient) -> None:
    assert client.post("/v1/analyze", json={"text": "دیر رسید"}).status_code == 200


VALUES = {"by": "stage", "from": "2026-11-01", "to": "2026-12-01", "limit": "10", "unit": "messages"}
FORMATS = {"/v1/export": ("csv", "ndjson")}
NEEDED = {"/v1/phrases": {"stage": "delivery"}}
PLACES = ("1", "5", "9", "12")


def questions(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every GET that the description names: its template, an address, and what it needs to be asked."""
    for template, operations in client.get("/openapi.json").json()["paths"].items():
        if "get" not in operations or not template.startswith("/v1"):
            continue
        parameters = {
            one["name"]: one for one in operations["get"].get("parameters", []) if one["in"] == "query"
        }
        asked = {name: value for name, value in VALUES.items() if name in parameters}
        asked |= NEEDED.get(template, {})
        forms = FORMATS.get(template, ("json", "csv")) if "format" in parameters else (None,)
        for place in PLACES if "{" in template else ("",):
            for form in forms:
                address = re.sub(r"\{.*?\}", place, template.replace("{mention_id}", "0-13"))
                yield template, address, asked | ({"format": form} if form else {})


def test_no_get_of_the_service_tells_a_limited_key_of_another_brand(client: TestClient) -> None:
    told = set()
    for template, address, asked in questions(client):
        answer = client.get(address, params=asked)
        assert answer.status_code in {200, 403, 404}, f"{template} is not asked what it needs: {answer.text}"
        assert THEIRS not in answer.text, template
        assert NOBODYS not in answer.text, template
        if OURS in answer.text:
            told.add(template)

    assert "/v1/feedback" in told


def test_only_what_its_own_brand_names_is_there_to_choose_from(client: TestClient, store: Store) -> None:
    whole = {"Authorization": f"Bearer {add_key(store, 'whole', 'read')}"}

    own, everything = client.get("/v1/options").json(), client.get("/v1/options", headers=whole).json()

    assert (own["brands"], own["products"]) == (["ما"], [OURS])
    assert all(one.endswith(f"-{OURS}") for one in own["sources"])
    assert set(everything["brands"]) == {"ما", "آن‌ها"}
    assert set(everything["products"]) == {OURS, THEIRS, NOBODYS}
    assert own["names"]["stage"][3] == {"id": "delivery", "fa": "ارسال و تحویل", "en": "Delivery"}
    assert own["zone"] == "Asia/Tehran"


def test_the_first_and_last_day_are_those_of_its_own_brand(client: TestClient, store: Store) -> None:
    whole = {"Authorization": f"Bearer {add_key(store, 'whole', 'read')}"}
    fill(store, [Said(november(1), prediction(), source="far", brand="آن‌ها")])
    fill(store, [Said(november(21), prediction(), source="late", brand="آن‌ها")])

    own, everything = client.get("/v1/options").json(), client.get("/v1/options", headers=whole).json()

    assert (everything["data_from"], everything["data_to"]) == ("2026-11-01", "2026-11-21")
    assert (own["data_from"], own["data_to"]) == ("2026-11-16", "2026-11-20")
