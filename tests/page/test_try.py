"""A text of one's own on the page: its mentions, how sure each label is, and that nothing breaks or stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.page.conftest import free_port, serving_at

MARKUP = "\u202e<img src=x onerror=alert(1)> 😡🙂 پیک دیر رسید\u202e ولی غذا عالی بود"
FIRST = "غذا عالی بود ولی پیک یک ساعت دیر رسید 😡"


@pytest.fixture(scope="module")
def try_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a service without a message, judging by the shipped model."""
    folder = tmp_path_factory.mktemp("try")
    environment = os.environ | {"BAZKHORD_DATA_DIR": str(folder), "BAZKHORD_MAX_BODY_BYTES": "30000"}
    with serving_at(free_port(), environment) as url:
        yield url


def try_out(page: Any, text: str) -> None:
    """A text is typed and sent by keyboard alone."""
    page.locator("#tried").focus()
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".try-answer", timeout=60_000)


def test_an_example_shows_its_mentions_and_how_sure_they_are(open_reader: Any, try_url: str) -> None:
    page = open_reader(url=try_url).open("/try?lang=en")

    page.get_by_role("button", name=FIRST).click()
    page.wait_for_selector(".try-answer")

    assert page.locator("#tried").input_value() == FIRST
    assert page.locator(".tried mark").all_inner_texts() == ["1غذا عالی بود", "2ولی پیک یک ساعت دیر رسید 😡"]
    assert page.locator(".mention .tag").all_inner_texts() == ["Positive", "Negative"]
    assert page.locator(".mention").first.locator("dt").all_inner_texts() == [
        "Stage",
        "Intent",
        "Aspect",
        "Sentiment",
    ]
    assert page.locator(".mention .sureness").count() == 8
    assert page.locator(".whole .tag").first.inner_text() == "Mixed"
    assert page.locator(".legend li").count() == 4


def test_every_part_of_a_text_stays_text_where_it_was(open_reader: Any, try_url: str) -> None:
    reader = open_reader(url=try_url, width=360)
    page = reader.open("/try?lang=fa")
    told = httpx.post(f"{try_url}/v1/analyze", json={"text": MARKUP}).json()["results"][0]

    try_out(page, MARKUP)

    marked = page.evaluate(
        "[...document.querySelectorAll('.tried mark')].map((mark) => mark.lastChild.textContent === '' "
        "? mark.lastChild.previousSibling.textContent : mark.lastChild.textContent)"
    )
    assert marked == [mention["text"] for mention in told["mentions"]]
    assert page.locator(".tried img").count() == 0
    assert reader.overflow() <= 0


@pytest.mark.parametrize("text", ["م" * 10_000, "غذا سرد بود ولی پیک زود رسید. " * 333])
def test_ten_thousand_characters_do_not_break_the_page(open_reader: Any, try_url: str, text: str) -> None:
    reader = open_reader(url=try_url, width=360)
    page = reader.open("/try?lang=en")

    try_out(page, text)

    assert reader.overflow() <= 0
    assert page.locator(".mention").count() <= 40
    if page.get_by_role("button", name="Show all").count():
        page.get_by_role("button", name="Show all").click()
        page.wait_for_selector(".mention:nth-child(41)")
        assert page.locator(".mention").count() == page.locator(".tried mark").count() > 40


def test_nothing_that_is_tried_is_stored_or_put_into_the_address(open_reader: Any, try_url: str) -> None:
    page = open_reader(url=try_url).open("/try?lang=en")

    try_out(page, "پیک دیر رسید")

    assert page.url == f"{try_url}/try?lang=en"
    assert "This text is stored nowhere" in page.locator(".try-form").inner_text()
    assert httpx.get(f"{try_url}/v1/feedback?format=json").json()["n"] == 0


def test_an_empty_field_asks_for_a_text(open_reader: Any, try_url: str) -> None:
    page = open_reader(url=try_url).open("/try?lang=fa")

    page.locator("#tried").press("Control+Enter")

    assert page.get_by_role("alert").inner_text() == "نخست چیزی بنویسید."


def test_an_answer_to_an_older_text_says_so(open_reader: Any, try_url: str) -> None:
    page = open_reader(url=try_url).open("/try?lang=en")
    try_out(page, "پیک دیر رسید")

    page.keyboard.insert_text(" ولی غذا خوب بود")

    assert page.locator(".stale").inner_text() == "The text was changed after this answer."


def test_a_refusal_is_told_in_words_and_can_be_tried_again(open_reader: Any, try_url: str) -> None:
    reader = open_reader(url=try_url)
    page = reader.open("/try?lang=en")
    page.locator("#tried").fill("پیک دیر رسید")
    reader.page.context.set_offline(True)

    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".refused")

    assert "The service cannot be reached." in page.locator(".refused").inner_text()
    reader.complaints.clear()
    reader.page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".try-answer")


def test_a_text_that_is_too_long_is_told_so(open_reader: Any, try_url: str) -> None:
    reader = open_reader(url=try_url)
    page = reader.open("/try?lang=en")

    page.locator("#tried").fill("دیر " * 5_000)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".refused")

    assert page.get_by_role("alert").inner_text().startswith("This text is longer")
    assert ["413" in one for one in reader.complaints] == [True]
    reader.complaints.clear()


@pytest.mark.parametrize(
    ("width", "theme", "language"), [(360, "dark", "fa"), (1280, "light", "fa"), (1600, "dark", "en")]
)
def test_an_answer_is_there_for_everybody(
    open_reader: Any, try_url: str, width: int, theme: str, language: str
) -> None:
    reader = open_reader(url=try_url, width=width, theme=theme)
    page = reader.open(f"/try?lang={language}")

    page.locator(".examples button").first.click()
    page.wait_for_selector(".try-answer")

    assert reader.overflow() <= 0
    assert reader.violations() == []
