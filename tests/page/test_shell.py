"""The frame around every view: period, filters, search, language, theme, menu, paper."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_two_days_picked_in_the_jalali_month_become_the_period(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=fa")

    page.locator(".drop.period > summary").click()
    assert page.locator(".month-head b").inner_text() == "آذر ۱۴۰۵"
    page.get_by_role("button", name="ماه قبل").click()
    page.get_by_role("button", name="۵ آبان ۱۴۰۵", exact=True).click()
    reader.click('[aria-label="۲۰ آبان ۱۴۰۵"]')

    assert query_of(page.url)["from"] == ["1405-08-05"]
    assert query_of(page.url)["to"] == ["1405-08-21"]
    assert "۵ آبان ۱۴۰۵ تا ۲۰ آبان ۱۴۰۵" in page.locator(".drop.period > summary").inner_text()


def test_a_preset_takes_the_place_of_two_days(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&from=1405-08-05&to=1405-08-21")

    page.locator(".drop.period > summary").click()
    reader.click(".drop.period .choices a:text-is('Last month')")

    assert query_of(page.url) == {"lang": ["en"], "period": ["last_month"]}
    assert "1 October 2026 to 31 October 2026" in page.locator(".drop.period > summary").inner_text()


def test_a_filter_stays_on_the_way_to_another_view_and_is_removed_by_its_chip(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&period=90d")

    page.locator(".more-filters > summary").click()
    page.locator(".dimensions summary", has_text="Stage").click()
    reader.click('.dimensions label:has-text("Delivery") input')
    reader.click('.side nav a:has-text("Journey")')

    assert query_of(page.url) == {"lang": ["en"], "period": ["90d"], "stage": ["delivery"]}
    assert page.locator(".chips li").first.inner_text().startswith("Stage: Delivery")
    reader.click(".chips button")
    assert query_of(page.url) == {"lang": ["en"], "period": ["90d"]}


def test_several_values_are_ticked_one_after_the_other(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&period=90d")

    page.locator(".more-filters > summary").click()
    page.locator(".dimensions summary", has_text="Stage").click()
    reader.click('.dimensions label:has-text("Delivery") input')
    reader.click('.dimensions label:has-text("Support") input')

    assert query_of(page.url)["stage"] == ["delivery", "support"]


def test_searching_leads_from_figures_to_the_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=fa&period=90d")

    page.fill(".search input", "پیک")
    page.press(".search input", "Enter")
    page.wait_for_url("**/messages?*")

    assert query_of(page.url)["q"] == ["پیک"]


def test_escape_closes_what_is_open_and_returns_to_it(open_reader: Any) -> None:
    page = open_reader().open("/journey?lang=en")

    page.locator(".drop.period > summary").press("Enter")
    page.locator(".days button").first.focus()
    page.keyboard.press("Escape")

    assert page.locator(".drop.period[open]").count() == 0
    assert page.evaluate("document.activeElement.parentElement.className") == "drop period"


def test_the_chosen_theme_is_kept_and_paper_is_light(open_reader: Any) -> None:
    reader = open_reader(theme="light")
    page = reader.open("/sources?lang=en")
    theme = "document.documentElement.dataset.theme"

    page.get_by_role("button", name="To dark colours").last.click()
    page.reload()
    reader.wait()

    assert page.evaluate(theme) == "dark"
    assert page.locator(".settings button").last.inner_text() == "To light colours"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(theme) == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(theme) == "dark"


def test_the_language_turns_the_page_and_is_kept(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/sources")

    page.get_by_role("link", name="English").last.click()
    page.wait_for_url("**/sources?lang=en")
    reader.open("/sources")

    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["en", "ltr"]
    assert page.locator("h1").inner_text() == "Sources"


def test_going_back_shows_what_was_there_before(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/sources?lang=en")

    reader.click('.side nav a:has-text("Try it")')
    page.go_back()
    page.wait_for_function("() => document.querySelector('h1').innerText === 'Sources'")

    assert page.url.endswith("/sources?lang=en")


def test_a_corrected_estimate_is_named_so_in_the_address_and_on_the_page(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&period=90d")

    reader.click(".estimate a:text-is('Adjusted')")

    assert query_of(page.url)["estimate"] == ["adjusted"]
    assert page.locator(".badge", has_text="Adjusted").count() > 0


@pytest.mark.parametrize(
    ("language", "said"), [("fa", "خام: آنچه مدل"), ("en", "Raw: what the model counted")]
)
def test_what_a_corrected_estimate_means_is_told_on_demand(
    open_reader: Any, language: str, said: str
) -> None:
    reader = open_reader(width=360)
    page = reader.open(f"/overview?lang={language}&period=30d")

    page.locator(".what > summary").click()

    assert page.locator(".what .box").inner_text().startswith(said)
    assert reader.overflow() <= 0
    assert reader.violations() == []


def test_the_menu_of_a_phone_leads_to_every_view(open_reader: Any) -> None:
    reader = open_reader(width=360)
    page = reader.open("/sources?lang=en")

    page.locator(".menu > summary").click()
    reader.click('.menu nav a:has-text("Try it")')

    assert page.url.endswith("/try?lang=en")
    assert page.locator(".menu[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "H1"


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", ["−12", "+12", "0", "−1.5", "−50%", "12"]),
        ("fa", ["\u200e−۱۲", "\u200e+۱۲", "۰", "\u200e−۱٫۵", "\u200e−۵۰٪", "۱۲"]),
    ],
)
def test_signs_are_written_as_the_service_writes_them(
    open_reader: Any, language: str, written: list[str]
) -> None:
    page = open_reader().open(f"/try?lang={language}")

    shown = page.evaluate(
        """async (language) => {
            const { writers } = await import("/assets/core/numbers.js");
            const write = writers(language, "jalali", "Asia/Tehran");
            return [write.points(-12), write.points(12), write.points(0), write.pointsFine(-1.5), write.percent(-0.5), write.count(12)];
        }""",
        language,
    )

    assert shown == written


@pytest.mark.parametrize(
    ("language", "width", "theme", "said", "h1"),
    [
        ("fa", 360, "dark", "این صفحه را نداریم", "نمای کلی"),
        ("en", 1280, "light", "There is no such page", "Overview"),
    ],
)
def test_an_address_that_there_is_not_leads_back(
    open_reader: Any, language: str, width: int, theme: str, said: str, h1: str
) -> None:
    reader = open_reader(width=width, theme=theme)
    page = reader.page

    page.goto(f"{reader.url}/no-such-view?lang={language}")
    shown = page.locator("h1:visible").all_inner_texts()
    found = (reader.overflow(), reader.violations())
    page.locator("a.button:visible").click()
    reader.wait()

    assert shown == [said]
    assert found == (0, [])
    assert page.locator("main h1").inner_text() == h1
    assert all("404" in one for one in reader.complaints)
    reader.complaints.clear()
