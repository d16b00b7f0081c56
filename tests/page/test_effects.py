"""What came of an event: dated sides, verdicts of the other events too, each side's messages one click away."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.page.behind import filters_of, mentions_behind
from tests.page.numerals import number_in

MEHR = "from=1405-07-20&to=1405-08-01"
REFUND = "استرداد آسان"


def number_of(url: str, title: str) -> int:
    """Return the number of an event of the demo."""
    told: list[dict[str, Any]] = httpx.get(f"{url}/v1/events").json()["events"]
    return next(int(one["id"]) for one in told if one["title"] == title)


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("fa", "پیش از آن ۲۹ شهریور تا ۲۵ مهر ۱۴۰۵", "پس از آن ۲۶ مهر تا ۲۳ آبان ۱۴۰۵"),
        ("en", "Before 20 Sept to 17 October 2026", "After 18 Oct to 14 November 2026"),
    ],
)
def test_both_sides_of_an_effect_say_which_days_they_are(
    open_reader: Any, demo_url: str, language: str, before: str, after: str
) -> None:
    page = open_reader().open(f"/overview?lang={language}&{MEHR}")

    sides = page.locator(f"#event-{number_of(demo_url, REFUND)} .ov-sides dt")

    assert sides.all_inner_texts() == [before, after]


def test_each_side_leads_to_the_mentions_it_counts_whatever_is_filtered(
    open_reader: Any, demo_url: str
) -> None:
    page = open_reader().open(f"/overview?lang=en&{MEHR}&channel=social")

    sides = page.locator(f"#event-{number_of(demo_url, REFUND)} .ov-sides dd").all()

    for side in sides:
        href = side.locator(".ov-side-messages").get_attribute("href")
        n = number_in(side.locator("a.figure .n").inner_text())
        assert mentions_behind(demo_url, href) == n > 30
        assert filters_of(href)["stage"] == ["support"]


def test_every_event_of_the_list_says_what_came_of_it(open_reader: Any) -> None:
    page = open_reader().open("/overview?lang=en&period=7d")

    rows = page.locator("#events .ov-others li")

    assert rows.locator(".tag").all_inner_texts() == ["It helped", "It got worse", "It got worse"]
    assert "positive" in str(rows.nth(0).locator(".tag").get_attribute("class"))
    assert "negative" in str(rows.nth(1).locator(".tag").get_attribute("class"))


def test_what_came_of_folded_events_is_asked_once_they_are_looked_at(open_reader: Any) -> None:
    reader = open_reader()
    asked: list[str] = []
    reader.page.on(
        "request", lambda request: asked.append(request.url) if request.url.endswith("/effect") else None
    )
    page = reader.open(f"/overview?lang=en&{MEHR}")
    n_before = len(asked)

    page.locator(".ov-others summary").click()
    page.locator(".ov-others .tag").nth(1).wait_for()

    assert n_before == 1
    assert len(asked) == 3


@pytest.mark.parametrize(("passed", "said"), [(3, "Too early to tell"), (28, "Too few mentions")])
def test_it_is_too_early_only_while_days_are_to_come(
    open_reader: Any, demo_url: str, passed: int, said: str
) -> None:
    reader = open_reader()
    path = f"/v1/events/{number_of(demo_url, REFUND)}/effect"
    told = httpx.get(f"{demo_url}{path}").json() | {"verdict": "too_few", "days_after": passed}
    reader.page.route(f"**{path}", lambda route: route.fulfill(json=told))

    page = reader.open(f"/overview?lang=en&{MEHR}")

    assert page.locator(".ov-event .tag").first.inner_text() == said


def test_a_side_without_a_day_says_so(open_reader: Any, demo_url: str) -> None:
    reader = open_reader()
    path = f"/v1/events/{number_of(demo_url, REFUND)}/effect"
    told = httpx.get(f"{demo_url}{path}").json()
    told["scoped"]["after"] |= {"to": told["scoped"]["after"]["from"], "n": 0}
    reader.page.route(f"**{path}", lambda route: route.fulfill(json=told))

    page = reader.open(f"/overview?lang=en&{MEHR}")

    assert page.locator(".ov-sides dd").nth(1).inner_text() == "No day has passed yet."


def test_the_demos_events_are_told_in_persian_with_their_english_name(demo_url: str) -> None:
    told = httpx.get(f"{demo_url}/v1/events").json()["events"]

    assert [one["description"] for one in told] == [
        "پیک‌ها یازده روز دست از کار کشیدند و سفارش‌ها دیر رسید. (Courier strike)",
        "پس از به‌روزرسانی، اپ نه روز درست کار نمی‌کرد. (Broken app update)",
        "از این روز پول کالای پس‌داده زود و بی‌پیگیری برمی‌گردد. (Easy refunds)",
    ]


@pytest.mark.parametrize(
    ("language", "warning", "before", "alongside"),
    [
        ("en", "⚠ another event in the days before", "In the days before, too: Night courier", "In the same days: New app"),
        ("fa", "⚠ رویدادی دیگر در روزهای پیش", "در روزهای «پیش از آن» هم رخ داد: Night courier", "در همان روزها هم رخ داد: New app"),
    ],
)  # fmt: skip
def test_another_event_in_the_days_before_is_a_warning_beside_the_verdict(
    open_reader: Any, demo_url: str, language: str, warning: str, before: str, alongside: str
) -> None:
    number = number_of(demo_url, REFUND)
    told = httpx.get(f"{demo_url}/v1/events/{number}/effect").json()
    mark = {"id": 90, "title": "Night courier", "happened_at": "2026-10-10T00:00:00+03:30"}
    told["other_events"] = [
        mark,
        mark | {"id": 91, "title": "New app", "happened_at": told["scoped"]["after"]["from"]},
    ]
    reader = open_reader(width=360)
    reader.page.route(f"**/v1/events/{number}/effect", lambda route: route.fulfill(json=told))

    page = reader.open(f"/overview?lang={language}&{MEHR}")

    card = page.locator(f"#event-{number}")
    hints = card.locator(".hint:has(.tag)").all_inner_texts()
    assert card.locator(".ov-verdict .badge").inner_text() == warning
    assert hints[0].startswith(before)
    assert hints[1].strip() == alongside
    assert page.locator(".ov-verdict .badge").count() == 1
    assert reader.overflow() <= 0
    assert reader.violations() == []
