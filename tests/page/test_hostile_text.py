"""What customers may write to break a page: it stays text, in its place, with every mention where it is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from tests.started import BAZKHORD, free_port, serving_at

TOWER = "ا" + "\u0301\u0316\u0332\u0488" * 40
HOSTILE = {
    "script": "<script>document.body.dataset.broken = '1'</script> بسته دیر رسید",
    "image": '<img src="/x" onerror="document.body.dataset.broken = 1"> پیک بداخلاق بود',
    "template": "${alert(1)} {{7*7}} </p></article> قیمت خیلی بالاست",
    "entity": "&lt;b&gt; &#x202e; &nbsp; غذا سرد بود",
    "override": "\u202eدیسر رید هتسب\u202c پشتیبانی عالی بود \u2067abc",
    "marks": "\u200f\u200e پیک \u200fدیر\u200e رسید",
    "tower": f"{TOWER} کیفیت افتضاح بود {TOWER}",
    "word": "ب" * 10_000,
    "latin": "x" * 10_000 + " بسته نرسید",
    "emoji": "👨‍👩‍👧‍👦👍🏽🇮🇷❤️‍🔥😡 پیک خیلی دیر رسید 🤦🏻‍♀️ ولی پشتیبانی عالی بود",
    "astral": "𝓘 𝔀𝓪𝓷𝓽 😀😀😀 غذا عالی بود. 😡 پیک دیر رسید",
    "lines": "بسته\n\n\n\nدیر\tرسید   و   سرد   بود",
}
LINKS = {
    "script": "javascript:document.body.dataset.broken='1'",
    "image": "JaVaScRiPt:alert(1)",
    "template": "data:text/html,<script>alert(1)</script>",
    "entity": "//evil.example/x",
    "override": "https://desk.example/t/1?q=<script>",
    "tower": "http://desk.example/2",
    "word": "not a link",
}
NASTY = '"><b>\u202eدنرب</b>'


@pytest.fixture(scope="module")
def hostile_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a service over nothing but hostile messages, classified by the shipped model."""
    environment = os.environ | {"BAZKHORD_DATA_DIR": str(tmp_path_factory.mktemp("hostile"))}
    items = [
        {"id": name, "text": text, "created_at": "2026-11-20T10:00:00+03:30", "channel": "ticket"}
        | {
            "permalink": LINKS.get(name),
            "product": NASTY,
            "status": NASTY,
            "author": {"id": f"{NASTY}{name}"},
        }
        for name, text in HOSTILE.items()
    ]
    with serving_at(free_port(), environment) as url:
        httpx.post(f"{url}/v1/feedback", params={"source": NASTY}, json=items).raise_for_status()
        subprocess.run([BAZKHORD, "classify"], env=environment, check=True, capture_output=True)
        yield url


def messages(url: str) -> dict[str, dict[str, Any]]:
    params = {"from": "2026-11-01", "to": "2026-12-01", "limit": "50"}
    items = httpx.get(f"{url}/v1/feedback", params=params).json()["items"]
    return {item["native_id"]: item for item in items}


def opened(open_reader: Any, url: str, *, width: int = 360) -> tuple[Any, Page]:
    """Return reader and page with the whole of every text shown."""
    reader = open_reader(width=width, url=url)
    page = reader.open("/messages?from=2026-11-01&to=2026-12-01&lang=fa")
    while page.locator(".msg-fold[aria-expanded=false]").count():
        page.locator(".msg-fold[aria-expanded=false]").first.click()
    return reader, page


def test_every_text_stays_the_text_that_it_is(open_reader: Any, hostile_url: str) -> None:
    _, page = opened(open_reader, hostile_url)

    told = messages(hostile_url)

    assert sorted(told) == sorted(HOSTILE)
    shown = {name: page.locator(f"#m-{one['id']} .msg-text").text_content() for name, one in told.items()}
    assert shown == {name: one["text"] for name, one in told.items()}
    assert page.evaluate("document.body.dataset.broken") is None
    assert page.locator(".msg-text :not(a)").count() == 0


def test_each_mark_holds_the_words_of_its_mention_and_nothing_else(
    open_reader: Any, hostile_url: str
) -> None:
    _, page = opened(open_reader, hostile_url)

    told = messages(hostile_url)

    marked = {
        name: page.locator(f"#m-{one['id']} .mark").evaluate_all("(all) => all.map((one) => one.textContent)")
        for name, one in told.items()
    }
    assert marked == {name: [mention["text"] for mention in one["mentions"]] for name, one in told.items()}
    assert sum(map(len, marked.values())) > len(HOSTILE)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_leaves_its_message(open_reader: Any, hostile_url: str, width: int) -> None:
    reader, page = opened(open_reader, hostile_url, width=width)

    wider = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.id)"
    assert reader.overflow() <= 0
    assert page.locator(".msg").evaluate_all(wider) == []
    assert page.locator(".msg").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).overflowX)"
    ) == ["clip"] * len(HOSTILE)
    assert reader.violations() == []


def test_only_addresses_of_the_web_are_links(open_reader: Any, hostile_url: str) -> None:
    _, page = opened(open_reader, hostile_url)

    links = page.locator(".msg-ways a[target=_blank]")

    assert sorted(links.evaluate_all("(all) => all.map((one) => one.href)")) == [
        "http://desk.example/2",
        "https://desk.example/t/1?q=%3Cscript%3E",
    ]
    assert set(links.evaluate_all("(all) => all.map((one) => one.rel)")) == {"noreferrer"}


def test_long_texts_are_folded_until_they_are_asked_for(open_reader: Any, hostile_url: str) -> None:
    page = open_reader(url=hostile_url).open("/messages?from=2026-11-01&to=2026-12-01")
    long = page.locator(f"#m-{messages(hostile_url)['word']['id']}")

    folded = long.locator(".msg-text").inner_text()
    long.locator(".msg-fold").click()

    assert folded == "ب" * 700 + " …"
    assert long.locator(".msg-text").inner_text() == "ب" * 10_000


@pytest.mark.parametrize("name", ["emoji", "tower", "word", "latin"])
def test_the_details_of_hostile_mentions_keep_to_their_place(
    open_reader: Any, hostile_url: str, name: str
) -> None:
    one = messages(hostile_url)[name]
    reader = open_reader(width=360, url=hostile_url)

    page = reader.open(
        f"/messages?from=2026-11-01&to=2026-12-01&open={one['id']}:{one['mentions'][-1]['mention_id']}"
    )

    assert page.locator("#mention-detail .msg-shaded").text_content() in one["text"]
    assert reader.overflow() <= 0
    assert reader.violations() == []
