"""Brands side by side: who is spoken of, who is liked, where they differ; and what to do where there is only one."""

from __future__ import annotations

import csv
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.page.numerals import number_in
from tests.started import BAZKHORD, free_port, serving_at

KINDS = ("یخچال", "کتاب", "گوشی", "کفش", "مبل", "ساعت", "کیف", "فرش")
COLOURS = ("آبی", "سبز", "قرمز", "سفید", "سیاه")
GOODS = [f"{kind} {colour}" for kind in KINDS for colour in COLOURS]
SAID = {
    "آبان": ("ارسال {} خیلی سریع بود و زود رسید، ممنون", "قیمت {} خیلی گران است و اصلا نمی‌ارزد"),
    "بهار": ("ارسال {} افتضاح بود و دو هفته دیر رسید", "قیمت {} خیلی مناسب و ارزان بود، راضی‌ام"),
}
PERIOD = "from=2026-09-01&to=2026-10-01"
SOURCES = """
root = "{root}"

[sources.{name}]
connector = "table_file"
path = "{name}.csv"
channel = "review"
zone = "Asia/Tehran"
constants = {constants}

[sources.{name}.fields]
text = ["text"]
created_at = "at"
"""


def write_table(folder: Path, name: str, texts: list[str]) -> None:
    """A table of texts of September 2026."""
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "at"])
        rows.writerows([text, f"2026-09-{1 + at % 28:02} 12:00"] for at, text in enumerate(texts))


def fill_store(folder: Path, environment: dict[str, str], brands: dict[str, list[str]]) -> None:
    """What is said of each brand is pulled and classified; an empty name is none."""
    told = []
    for at, (brand, texts) in enumerate(brands.items()):
        write_table(folder, f"brand_{at}", texts)
        constants = f'{{ brand = "{brand}" }}' if brand else "{}"
        told.append(SOURCES.format(root=folder, name=f"brand_{at}", constants=constants))
    (folder / "sources.toml").write_text(
        told[0] + "".join(one.partition("\n\n")[2] for one in told[1:]), encoding="utf-8"
    )
    command = [str(BAZKHORD), "run", "--once", "--sources", str(folder / "sources.toml")]
    subprocess.run(command, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def two_brands_url() -> Iterator[str]:
    """Address of a service over two brands: one is quick and dear, the other slow and cheap."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        environment = os.environ | {"BAZKHORD_DATA_DIR": str(folder / "data")}
        texts = {
            brand: [said.format(good) for said in both for good in GOODS] for brand, both in SAID.items()
        }
        fill_store(folder, environment, texts)
        with serving_at(port, environment) as url:
            yield url


@pytest.fixture(scope="module")
def no_brand_url() -> Iterator[str]:
    """Address of a service whose messages name no brand."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        environment = os.environ | {"BAZKHORD_DATA_DIR": str(folder / "data")}
        fill_store(folder, environment, {"": ["ارسال سریع بود", "قیمت گران است"]})
        with serving_at(port, environment) as url:
            yield url


def figures_of(url: str) -> dict[str, Any]:
    """Return what the service says of each brand."""
    told = httpx.get(f"{url}/v1/brands?{PERIOD}&phrases=0").json()
    return {one["brand"]: one for one in told["brands"]}


def test_two_brands_stand_side_by_side_with_their_shares_and_a_tested_difference(
    open_reader: Any, two_brands_url: str
) -> None:
    page = open_reader(url=two_brands_url).open(f"/brands?lang=en&{PERIOD}")
    known = figures_of(two_brands_url)

    shares = page.locator("#share [data-brand] .value").all_inner_texts()
    told = {
        row.get_attribute("data-brand"): row.locator(".br-versus").inner_text()
        for row in page.locator("#net [data-brand]").all()
    }

    assert shares == [f"{one['share_of_voice']:.0%}" for one in known.values()]
    assert list(told) == list(known)
    others = dict(zip(told, reversed(list(told)), strict=True))
    assert all(f"Against {others[brand]}" in words for brand, words in told.items())
    assert page.locator("#differences .br-line[data-label=price]").count() == 1


def test_in_what_a_brand_is_ahead_and_behind_is_said_on_top(open_reader: Any, two_brands_url: str) -> None:
    page = open_reader(url=two_brands_url).open(f"/brands?lang=en&{PERIOD}&brand=آبان&brand=بهار")

    ahead = page.locator(".br-top .good-line").inner_text()
    behind = page.locator(".br-top .bad-line").inner_text()

    assert ahead.startswith("آبان is most ahead in “Delivery”: ")
    assert behind.startswith("آبان is most behind in “Price and value”: ")
    assert "mentions of these two brands" in page.locator("#share").inner_text()


def test_the_second_brand_is_chosen_with_the_first(open_reader: Any, two_brands_url: str) -> None:
    reader = open_reader(url=two_brands_url)
    page = reader.open(f"/brands?lang=en&{PERIOD}")

    page.locator(".br-pair select").first.select_option("بهار")
    page.wait_for_url("**/brands?*brand=*")
    chosen = page.evaluate("new URL(location).searchParams.getAll('brand')")
    reader.click(".br-pair a")

    assert chosen == ["بهار", "آبان"]
    assert "brand=" not in page.url


def test_a_dot_of_one_brand_leads_to_its_messages_about_that_aspect(
    open_reader: Any, two_brands_url: str
) -> None:
    reader = open_reader(url=two_brands_url)
    page = reader.open(f"/brands?lang=en&{PERIOD}&brand=آبان&brand=بهار")
    known = {one["label"]: one["n"] for one in figures_of(two_brands_url)["آبان"]["aspects"]}

    link = page.locator(".br-line[data-label=price] .br-ns a").first
    shown = link.locator(".n").inner_text()
    asked = page.evaluate("(link) => new URL(link.href).search", link.element_handle())
    found = httpx.get(f"{two_brands_url}/v1/feedback{asked.replace('lang=en&', '')}&limit=200").json()
    reader.click(".br-line[data-label=price] .br-ns a")

    mentions = [one for item in found["items"] for one in item["mentions"] if one["aspect"] == "price"]
    assert shown == f"{known['price']} mentions"
    assert len(mentions) == known["price"]
    assert page.evaluate("new URL(location).searchParams.getAll('brand')") == ["آبان"]


def test_what_is_said_of_one_brand_leads_to_messages_of_it_that_hold_the_words(
    open_reader: Any, two_brands_url: str
) -> None:
    reader = open_reader(url=two_brands_url)
    page = reader.open(f"/brands?lang=fa&{PERIOD}")

    words = page.locator("#words .br-words a bdi").first.inner_text()
    reader.click("#words .br-words a")

    assert page.evaluate("new URL(location).searchParams.get('q')") == f'"{words}"'
    assert page.evaluate("new URL(location).searchParams.getAll('brand').length") == 1


@pytest.mark.parametrize(("language", "unit"), [("fa", " پیام"), ("en", " messages")])
def test_each_phrase_of_a_brand_has_the_number_of_its_messages(
    open_reader: Any, two_brands_url: str, language: str, unit: str
) -> None:
    page = open_reader(url=two_brands_url).open(f"/brands?lang={language}&{PERIOD}")
    said = httpx.get(f"{two_brands_url}/v1/brands?{PERIOD}&phrases=12").json()["brands"]

    told = page.locator("#words .br-words .n").all_inner_texts()
    href = page.locator("#words .br-words a").first.get_attribute("href")
    asked = "&".join(part for part in href.partition("?")[2].split("&") if not part.startswith("lang="))
    found = httpx.get(f"{two_brands_url}/v1/feedback?{asked}")

    assert [number_in(one) for one in told] == [one["n"] for brand in said for one in brand["phrases"]]
    assert all(one.endswith(unit) for one in told)
    assert found.json()["n"] == number_in(told[0]) == 40


def test_what_no_clear_difference_means_is_said_once(open_reader: Any, two_brands_url: str) -> None:
    page = open_reader(url=two_brands_url).open(f"/brands?lang=en&{PERIOD}")

    marked = page.locator("#net .tag", has_text="No clear difference").count()
    notes = page.locator(".br-same").all_inner_texts()

    assert marked == 2
    assert len(notes) == 1
    assert notes[0].startswith(
        "“No clear difference” means that we do not know which one is better, not that"
    )
    assert "the 95% interval of the difference holds zero" in notes[0]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("query", ["", "&brand=آبان&brand=بهار&cut=stage"])
def test_brands_are_readable_for_everybody(
    open_reader: Any, two_brands_url: str, width: int, query: str
) -> None:
    reader = open_reader(url=two_brands_url, width=width, theme="dark")

    page = reader.open(f"/brands?lang=fa&{PERIOD}{query}")

    assert page.locator("#differences").count() == 1
    assert reader.overflow() <= 0
    assert reader.violations() == []


def test_pictures_of_brands_can_be_read_as_tables(open_reader: Any, two_brands_url: str) -> None:
    page = open_reader(url=two_brands_url).open(f"/brands?lang=en&{PERIOD}")

    for part in ("share", "differences"):
        page.locator(f"#{part} .turn").click()
        page.wait_for_selector(f"#{part} table")

    assert page.locator("#share tbody tr").count() == 2
    assert page.locator("#differences tbody tr").first.locator("a").count() >= 2


def test_a_lone_brand_shows_its_figures_and_how_a_competitor_comes_beside_it(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/brands?lang=en&from=1405-07-01&to=1405-08-01")

    assert page.locator("#lone-brand h2").inner_text() == "نیک‌سبد"
    assert page.locator("#lone-brand .n").inner_text() == "1,272 mentions"
    assert "Ask whoever runs this service" in page.locator("#no-competitor > p").inner_text()
    assert not page.locator("#no-competitor pre").first.is_visible()
    page.click("#no-competitor summary")
    assert 'constants = { brand = "نیک‌سبد" }' in page.locator("#no-competitor pre").first.inner_text()
    reader.click("#lone-brand .figure")
    assert "/messages?" in page.url


def test_where_corrected_figures_are_chosen_brands_say_that_theirs_are_raw(open_reader: Any) -> None:
    reader = open_reader()

    adjusted = reader.open("/brands?lang=en&estimate=adjusted").locator(".br-raw").all_inner_texts()
    raw = reader.open("/brands?lang=en").locator(".br-raw").all_inner_texts()

    assert [one.split(";")[0] for one in adjusted] == ["Brands are always compared by raw figures"]
    assert raw == []


def test_where_no_message_names_a_brand_the_page_says_what_to_do(open_reader: Any, no_brand_url: str) -> None:
    reader = open_reader(url=no_brand_url, width=360)
    page = reader.open(f"/brands?lang=fa&{PERIOD}")

    assert page.locator("#no-brand h2").inner_text() == "هنوز هیچ پیامی نام برند ندارد"
    page.click("#no-brand summary")
    assert "sources.toml" in page.locator("#no-brand").inner_text()
    assert reader.overflow() <= 0
    assert reader.violations() == []


def test_a_period_in_which_no_brand_was_spoken_of_is_said_so(open_reader: Any) -> None:
    page = open_reader().open("/brands?lang=en&from=2025-01-01&to=2025-02-01")

    assert page.locator(".nothing").count() == 1
    assert page.locator(".refused").count() == 0


def test_a_period_without_any_brand_says_so_and_offers_all_time(
    open_reader: Any, two_brands_url: str
) -> None:
    reader = open_reader(url=two_brands_url)
    page = reader.open("/brands?lang=en&from=2026-08-01&to=2026-08-05")

    said = page.locator(".nothing p").first.inner_text()
    reader.click(".nothing a.button")
    reader.wait()

    assert said == "The messages of this period name no brand."
    assert page.locator("#differences .br-line[data-label=price]").count() == 1


def test_the_two_brands_most_spoken_of_are_chosen_from_the_start(
    open_reader: Any, two_brands_url: str
) -> None:
    page = open_reader(url=two_brands_url).open(f"/brands?lang=en&{PERIOD}")

    chosen = [one.input_value() for one in page.locator(".br-pair select").all()]

    assert chosen == list(figures_of(two_brands_url))
