"""Customers: the list, and one customer's way over channels."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.page.numerals import number_in

ALL = {"from": "2020-01-01", "to": "2030-01-01"}
TRICKS = "<img src=x onerror=alert(1)> \u202eabc\u202c 😀 دیر رسید " + "x" * 10_000


def customers_of(reader: Any, **params: str) -> Any:
    """Return what the service says of the demo's customers."""
    return httpx.get(f"{reader.url}/v1/customers", params=ALL | params).json()


def way_of(reader: Any, key: str, **params: str) -> Any:
    """Return the way of one of them."""
    return httpx.get(f"{reader.url}/v1/customers/{key}/journey", params=params).json()


def over_two_channels(reader: Any) -> str:
    """Return the key of the customer with the most messages over two channels."""
    return str(
        next(one for one in customers_of(reader)["customers"] if one["n_channels"] == 2)["customer_key"]
    )


def test_the_list_shows_who_said_most_and_grows(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/customers?period=all&lang=en")
    told = customers_of(reader)

    rows = page.locator("#customer-list tbody tr")
    first = rows.first.inner_text()
    reader.click("#customer-list .customer-list-end a")
    reader.wait()

    assert told["customers"][0]["customer_key"][:8] in first
    assert f"{told['customers'][0]['n_messages']} messages" in first
    assert rows.count() == 50
    assert (
        page.locator(".customer-list-end").inner_text().startswith(f"50 of {told['n_customers']} customers")
    )


def test_the_order_is_a_choice_in_the_address(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/customers?period=all&lang=en")

    reader.click(".view-head .choices a:has-text('Most negative')")
    reader.wait()

    worst = customers_of(reader, order="negative")["customers"][0]
    assert "order=negative" in page.url
    assert worst["customer_key"][:8] in page.locator("#customer-list tbody tr").first.inner_text()


def test_a_customer_leads_to_all_their_messages_over_all_channels(open_reader: Any) -> None:
    reader = open_reader()
    key = over_two_channels(reader)
    page = reader.open("/customers?period=all&lang=en")

    reader.click(f"#customer-list a.who[href*='{key}']")
    reader.wait()

    way = way_of(reader, key)
    assert page.locator("main h1").inner_text() == f"Customer {key[:8]}"
    assert page.locator(".way-step").count() == way["n_messages"]
    assert number_in(page.locator(".way-facts a").inner_text()) == way["n_messages"]
    passed = [one["stage"] for one in way["stages"] if one["stage"] != "none"]
    assert page.locator(".way-stages li").count() == len(passed)
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_a_stage_shows_only_its_messages(open_reader: Any) -> None:
    reader = open_reader()
    key = over_two_channels(reader)
    page = reader.open(f"/customers/{key}?lang=en")
    way = way_of(reader, key)
    stage = way["stages"][0]["stage"]

    reader.click(".way-stages a")
    reader.wait()

    about = [step for step in way["steps"] if any(one["stage"] == stage for one in step["mentions"])]
    assert page.locator(".way-step").count() == len(about)
    assert page.locator(".way-gap").count() == 0
    assert page.locator(".way-stages [aria-current]").count() == 1


def test_the_lanes_are_a_table_whose_rows_lead_to_the_messages(open_reader: Any) -> None:
    reader = open_reader()
    key = over_two_channels(reader)
    page = reader.open(f"/customers/{key}?lang=en")

    page.locator("#lanes .turn").focus()
    page.keyboard.press("Enter")
    page.locator("#lanes tbody a").last.click()

    last = way_of(reader, key)["steps"][-1]
    assert page.url.endswith(f"#step-{last['id']}")
    assert page.locator(f"#step-{last['id']}").is_visible()


def test_the_time_between_two_messages_is_said(open_reader: Any) -> None:
    reader = open_reader()
    key = over_two_channels(reader)
    way = way_of(reader, key)
    way["steps"][1]["gap_s"] = 3 * 86_400
    way["steps"][2]["gap_s"] = 10
    reader.page.route("**/v1/customers/*/journey?*", lambda route: route.fulfill(json=way))

    page = reader.open(f"/customers/{key}")

    assert page.locator(".way-gap").nth(0).inner_text() == "۳ روز بعد"
    assert page.locator(".way-gap").nth(1).inner_text() == "کمتر از یک دقیقه بعد"


def test_the_next_messages_come_below_those_shown(open_reader: Any) -> None:
    reader = open_reader()
    key = over_two_channels(reader)
    pages = [way_of(reader, key, limit="3")]
    pages.append(way_of(reader, key, limit="3", cursor=pages[0]["next"]))
    reader.page.route(
        "**/v1/customers/*/journey?*", lambda route: route.fulfill(json=pages["cursor=" in route.request.url])
    )
    page = reader.open(f"/customers/{key}?lang=en")

    reader.click("#steps .customer-list-end a")
    reader.wait()

    assert page.locator(".way-step").count() == 6
    assert "pages=2" in page.url


def test_whatever_a_customer_writes_stays_text(open_reader: Any) -> None:
    reader = open_reader(width=360)
    key = over_two_channels(reader)
    way = way_of(reader, key)
    late = TRICKS.index("دیر")
    way["steps"][0] |= {
        "text": TRICKS,
        "mentions": [
            way["steps"][0]["mentions"][0] | {"start": late, "end": late + 8, "sentiment": "negative"}
        ],
        "permalink": "javascript:alert(1)",
        "rating": {"value": 1, "lowest": 1, "highest": 5},
        "nps": 0,
        "csat": None,
    }
    reader.page.route("**/v1/customers/*/journey?*", lambda route: route.fulfill(json=way))

    page = reader.open(f"/customers/{key}?lang=en")

    first = page.locator(".way-step").first
    assert first.locator("img").count() == 0
    assert first.locator("mark").inner_text() == "دیر رسید"
    assert first.locator(".score").all_inner_texts() == ["★ 1 of 5", "NPS 0 of 10"]
    assert first.locator("a").count() == 0
    assert reader.overflow() <= 0
    assert reader.violations() == []


def test_a_whole_key_can_be_had_without_a_clipboard(open_reader: Any) -> None:
    reader = open_reader()
    key = over_two_channels(reader)
    page = reader.open(f"/customers/{key}")

    page.locator(".way-key summary").click()

    assert page.locator(".way-key code").inner_text() == key


def test_a_key_that_nobody_has_is_said(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/customers/nobody?lang=en")

    assert page.locator("main .nothing").inner_text().startswith("No message belongs to a customer")
    assert all("404" in said for said in reader.complaints)
    reader.complaints.clear()


def test_without_customers_the_list_says_so(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/customers?from=2020-01-01&to=2020-02-01&calendar=gregorian&lang=en")

    assert page.locator("#customer-list .nothing").count() == 1
    assert reader.violations() == []


def test_customers_over_most_channels_come_first_when_asked_for(open_reader: Any) -> None:
    reader = open_reader(width=360)
    page = reader.open("/customers?period=all&lang=en")

    reader.click(".view-head .choices a:has-text('Most channels')")
    reader.wait()

    first = customers_of(reader, order="channels")["customers"][0]
    row = page.locator("#customer-list tbody tr").first.inner_text()
    assert first["n_channels"] == 2
    assert first["customer_key"][:8] in row
    assert "2 channels" in row


def test_what_few_mentions_tell_is_a_count_and_net_sentiment_only_of_many(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/customers?period=all&lang=en")
    told = customers_of(reader, limit="25")["customers"]

    rows = page.locator("#customer-list tbody tr")

    counts = rows.locator("td:nth-child(5) > .figure").all_inner_texts()
    assert counts == [f"{one['n_negative']} of {one['n']}" for one in told]
    assert rows.locator(".customer-net").count() == sum(one["n"] >= 30 for one in told) == 4
    assert page.locator("#customer-list .too-few").count() == 0


@pytest.mark.parametrize(
    ("language", "from_", "to", "days"),
    [
        ("fa", "2026-08-12T12:00", "2026-08-16T12:00", ["۲۲ مرداد", "۲۳ مرداد", "۲۴ مرداد", "۲۵ مرداد"]),
        ("fa", "2026-08-12T12:00", "2026-09-20T12:00", ["۲۶ مرداد", "۱ شهریور", "۶ شهریور", "۱۱ شهریور", "۱۶ شهریور", "۲۱ شهریور", "۲۶ شهریور"]),
        ("fa", "2026-08-12T12:00", "2026-10-30T12:00", ["۱ شهریور", "۱۱ شهریور", "۲۱ شهریور", "۱ مهر", "۱۱ مهر", "۲۱ مهر", "۱ آبان"]),
        ("en", "2026-08-12T12:00", "2026-10-10T12:00", ["21 Aug", "1 Sept", "11 Sept", "21 Sept", "1 Oct"]),
        ("en", "2023-08-12T12:00", "2026-10-10T12:00", ["October 2023", "January 2024", "April 2024", "July 2024", "October 2024", "January 2025", "April 2025", "July 2025", "October 2025", "January 2026", "April 2026", "July 2026", "October 2026"]),
    ],
)  # fmt: skip
def test_the_axis_of_a_way_is_marked_at_round_days_of_the_calendar(
    open_reader: Any, language: str, from_: str, to: str, days: list[str]
) -> None:
    page = open_reader().open(f"/try?lang={language}")
    zone = "+03:30"

    marked = page.evaluate(
        """async ([language, from, to]) => {
            const { marksBetween, dayIn } = await import("/assets/views/customers/time.js");
            const { writers } = await import("/assets/core/numbers.js");
            const calendar = language === "fa" ? "jalali" : "gregorian";
            const page = { calendar, options: { zone: "Asia/Tehran" } };
            const write = writers(language, calendar, "Asia/Tehran");
            const [start, end] = [from, to].map((written) => Date.parse(written));
            const name = end - start > 365 * 86_400_000 ? write.month : write.dayShort;
            return marksBetween(page, start, end).map((moment) => name(dayIn(page, moment)));
        }""",
        [language, f"{from_}{zone}", f"{to}{zone}"],
    )

    assert marked == days


def test_the_shapes_of_a_way_have_a_legend(open_reader: Any) -> None:
    reader = open_reader(theme="dark")
    key = over_two_channels(reader)
    way = way_of(reader, key)
    way["steps"][0]["sentiment"], way["steps"][1]["sentiment"] = "mixed", None
    reader.page.route("**/v1/customers/*/journey?*", lambda route: route.fulfill(json=way))

    page = reader.open(f"/customers/{key}?lang=en")

    assert page.locator(".way-legend li").all_inner_texts() == [
        "Negative", "Neutral", "Positive", "Mixed", "not judged",
    ]  # fmt: skip
    assert reader.violations() == []
