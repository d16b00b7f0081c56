"""Intents: cells lead to their messages, a stage's questions are told from near, hours are those of the week."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.page.behind import filters_of, mentions_behind, messages_behind

DAYS = {"from": "2026-07-25", "to": "2026-11-22"}
SUMMER = "from=2026-07-25&to=2026-11-22"
AUTUMN = "from=2026-09-23&to=2026-11-22"
FEW = "from=2026-11-15&to=2026-11-16"


def cell(page: Any, *, stage: int, intent: int) -> Any:
    """Return a cell of the map; both from 0, as they stand."""
    return page.locator("#intent-map tbody tr").nth(intent).locator("td").nth(stage)


def test_questions_at_delivery_are_one_click_away(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}")
    asked = httpx.get(f"{reader.url}/v1/breakdown", params=DAYS | {"by": ["stage", "intent"]}).json()
    n = next(
        one["n"] for one in asked["groups"] if one["values"] == {"stage": "delivery", "intent": "question"}
    )

    question = cell(page, stage=3, intent=2).locator("a")
    said, address = question.locator("b").inner_text(), question.get_attribute("href")
    reader.click("#intent-map tbody tr:nth-child(3) td:nth-child(5) a")

    assert said == str(n)
    assert mentions_behind(reader.url, address) == n
    assert page.url == f"{reader.url}{address}"
    assert filters_of(page.url)["stage"] == ["delivery"]
    assert filters_of(page.url)["intent"] == ["question"]


@pytest.mark.parametrize(("language", "is_mirrored"), [("fa", True), ("en", False)])
def test_stages_stand_in_reading_direction(open_reader: Any, language: str, is_mirrored: bool) -> None:
    reader = open_reader()

    page = reader.open(f"/intents?lang={language}&{SUMMER}")

    heads = page.locator("#intent-map thead th a")
    starts = [heads.nth(at).bounding_box()["x"] for at in range(heads.count())]
    assert len(starts) == 8
    assert starts == sorted(starts, reverse=is_mirrored)


def test_a_cell_says_how_many_and_which_share_of_the_stage(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}")
    told = httpx.get(f"{reader.url}/v1/journey", params=DAYS).json()["stages"]
    top = next(one for one in told if one["stage"] == "delivery")["top_intents"][0]

    complaint = cell(page, stage=3, intent=0)

    assert complaint.locator("b").inner_text() == str(top["n"])
    assert complaint.locator("small").inner_text() == f"{top['share'] * 100:.0f}%"


def test_colours_can_tell_the_share_of_the_stage(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}")
    share = float(cell(page, stage=1, intent=2).locator("small").inner_text().rstrip("%")) / 100

    reader.click("#intent-map .choices a >> nth=1")

    heat = cell(page, stage=1, intent=2).evaluate("(one) => one.style.getPropertyValue('--heat')")
    assert "heat=share" in page.url
    assert float(heat) == pytest.approx(share, abs=0.006)


def test_what_is_asked_at_delivery_is_told_under_the_map(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}")
    asked = DAYS | {"by": "aspect", "stage": "delivery", "intent": ["question", "request"]}
    told = httpx.get(f"{reader.url}/v1/breakdown", params=asked).json()

    reader.click("#intent-map thead th:nth-child(5) a")
    page.wait_for_selector("#asked-for .words li")

    panel = page.locator("#asked-for")
    first = panel.locator(".shares a").first
    assert panel.locator("h2").inner_text() == "Delivery: what they ask and request"
    assert panel.locator(".asked-n .value").inner_text() == str(told["n"])
    assert first.locator("b").inner_text() == "Delivery"
    assert mentions_behind(reader.url, first.get_attribute("href")) == told["groups"][0]["n"]
    assert panel.locator(".quotes blockquote").count() == 4


def test_a_phrase_leads_to_as_many_messages_as_it_says(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}&focus=delivery")
    asked = DAYS | {"stage": "delivery", "intent": ["question", "request"], "limit": "10"}
    told = httpx.get(f"{reader.url}/v1/phrases", params=asked).json()

    word = page.locator("#asked-for .words a").first

    assert word.locator("bdi").inner_text() == told["more"][0]["text"]
    found = list(messages_behind(reader.url, word.get_attribute("href")))
    assert len(found) == told["more"][0]["n"]


def test_words_of_a_handful_of_many_messages_are_not_told(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/intents?lang=en&from=2026-10-23&to=2026-11-22&focus=all")
    asked = {"from": "2026-10-23", "to": "2026-11-22", "intent": ["question", "request"], "limit": "10"}
    told = httpx.get(f"{reader.url}/v1/phrases", params=asked).json()

    enough = [one["text"] for one in told["more"] if one["n"] >= 5 or one["n"] / told["n_read"] >= 0.05]

    assert len(enough) < len(told["more"])
    assert page.locator("#asked-for .words bdi").all_inner_texts() == enough


def test_another_intent_can_be_looked_at(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}&focus=support")

    reader.click("#asked-for .choices:nth-child(2) a:has-text('Complaint')")

    assert "wish=complaint" in page.url
    assert page.locator("#asked-for h2").inner_text() == "Support: Complaint"
    assert filters_of(page.locator("#asked-for .asked-n a").get_attribute("href"))["intent"] == ["complaint"]


def test_what_support_alone_is_asked_is_one_choice_away_and_undone_by_another(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}&focus=delivery")
    asked = DAYS | {"by": "aspect", "stage": "delivery", "intent": ["question", "request"]}
    told = httpx.get(f"{reader.url}/v1/breakdown", params=asked | {"channel": ["chat", "ticket"]}).json()

    reader.click("#asked-for .choices a:has-text('Support only')")
    title = page.locator("#asked-for h2").inner_text()
    n = page.locator("#asked-for .asked-n .value").inner_text()
    narrowed = page.url
    reader.click("#asked-for .choices a:has-text('All channels')")

    assert title == "Delivery: what they ask and request of support"
    assert n == str(told["n"])
    assert filters_of(narrowed)["channel"] == ["chat", "ticket"]
    assert "channel" not in filters_of(page.url)
    assert page.locator("#asked-for h2").inner_text() == "Delivery: what they ask and request"


def test_the_choices_of_a_stage_stay_while_its_answer_is_on_the_way(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}")
    page.route("**/v1/breakdown?*stage=use*", lambda route: None)

    page.locator("#asked-for .choices a:has-text('Use')").click()
    page.wait_for_selector("#asked-for .loading")

    assert page.locator("#asked-for .choices").count() == 3
    assert page.locator("#asked-for").get_attribute("aria-busy") == "true"


def test_intents_are_ranked_with_what_changed(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{AUTUMN}")
    asked = {"by": "intent", "from": "2026-09-23", "to": "2026-11-22"}
    told = httpx.get(f"{reader.url}/v1/compare", params=asked).json()
    most = max(told["lines"], key=lambda line: line["n"])

    first = page.locator("#intent-ranking tbody tr").first

    assert page.locator(".intent-summary").inner_text() == told["summary_en"]
    assert first.locator("th").inner_text() == most["label_en"]
    assert first.locator("td").first.locator(".n").inner_text() == f"{most['n']:,} mentions"
    assert mentions_behind(reader.url, first.locator("a.figure").first.get_attribute("href")) == most["n"]
    assert first.locator("td").nth(3).locator("small").inner_text() in {"significant", "perhaps by chance"}


def test_without_a_period_before_no_change_is_told(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open(f"/intents?lang=en&{SUMMER}")

    assert (
        page.locator("#intent-ranking tbody tr").first.locator("td").nth(4).inner_text() == "no period before"
    )


@pytest.mark.parametrize(
    ("language", "first", "last"), [("fa", "شنبه", "جمعه"), ("en", "Saturday", "Friday")]
)
def test_weeks_begin_on_saturday_and_hours_run_left_to_right(
    open_reader: Any, language: str, first: str, last: str
) -> None:
    reader = open_reader()

    page = reader.open(f"/intents?lang={language}&{SUMMER}")

    days = page.locator("#hours tbody th")
    heads = page.locator("#hours thead th")
    starts = [heads.nth(at).bounding_box()["x"] for at in range(1, 25)]
    assert [days.first.inner_text(), days.last.inner_text()] == [first, last]
    assert starts == sorted(starts)


def test_hours_add_up_to_all_mentions(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}")
    told = httpx.get(f"{reader.url}/v1/hours", params=DAYS).json()

    said = page.locator("#hours tbody td.warm").all_inner_texts()

    assert sum(int(one) for one in said) == told["n"] - told["n_without_time"]


def test_net_sentiment_is_told_of_hours_with_enough_mentions_only(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}&hours=net")
    told = httpx.get(f"{reader.url}/v1/hours", params=DAYS).json()["cells"]

    n_told = page.locator("#hours td.warm").count()
    n_few = page.locator("#hours td.few").count()

    assert n_told == sum(not one["too_few"] for one in told)
    assert n_few == sum(one["too_few"] and one["n"] > 0 for one in told)


def test_corrected_figures_leave_the_map_raw_and_say_so(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open(f"/intents?lang=en&{SUMMER}&estimate=adjusted")

    assert page.locator(".refused").count() == 0
    assert "always raw" in page.locator("#intent-map .scrolling + .hint").inner_text()


def test_of_too_few_mentions_no_share_is_told(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open(f"/intents?lang=en&{FEW}")

    assert set(page.locator("#intent-map td.warm small").all_inner_texts()) == {"too few"}
    assert reader.violations() == []


def test_a_period_without_messages_says_so(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open("/intents?lang=en&from=2020-01-01&to=2020-02-01")

    assert page.locator(".panel .nothing").count() == 4


def test_the_map_is_read_by_keyboard(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}")

    page.locator("#intent-map td a").first.focus()
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent").startswith("Consideration, Complaint: ")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (360, "dark")])
def test_heat_is_readable_for_everybody(open_reader: Any, width: int, theme: str) -> None:
    reader = open_reader(width=width, theme=theme)

    reader.open(f"/intents?lang=fa&{SUMMER}&hours=net&heat=share&focus=delivery")

    assert reader.overflow() <= 0
    assert reader.violations() == []


def test_an_hour_of_the_week_leads_to_its_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}")
    told = httpx.get(f"{reader.url}/v1/hours", params=DAYS).json()["cells"]
    cell = max(told, key=lambda one: one["n"] - one["n_messages"])
    place = f"#hours tbody tr:nth-child({cell['weekday'] + 1}) td:nth-child({cell['hour'] + 2}) a"

    said, address = page.locator(place).inner_text(), page.locator(place).get_attribute("href")
    reader.click(place)

    found = list(messages_behind(reader.url, address))
    assert said == str(cell["n"])
    assert mentions_behind(reader.url, address) == cell["n"]
    assert len(found) == cell["n_messages"]
    assert page.locator("#msg-summary .big .value").inner_text() == str(cell["n_messages"])
    assert page.locator(".msg-both").inner_text() == f"{cell['n']} mentions in {cell['n_messages']} messages"


def test_an_hour_of_too_few_mentions_leads_to_its_messages_too(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/intents?lang=en&{SUMMER}&hours=net")
    few = page.locator("#hours td.few a").first

    assert few.inner_text() == "·"
    assert mentions_behind(reader.url, few.get_attribute("href")) in range(1, 30)


@pytest.mark.parametrize(
    ("language", "said"), [("fa", "↔ جدول را به کنار بکشید"), ("en", "↔ Drag the table")]
)
def test_a_table_that_is_wider_than_its_place_says_so(open_reader: Any, language: str, said: str) -> None:
    phone = open_reader(width=390).open(f"/intents?lang={language}&{SUMMER}")
    hints = phone.locator(".scroll-hint:visible").all_inner_texts()
    wide = open_reader(width=1280).open(f"/intents?lang={language}&{SUMMER}")

    assert [hint.startswith(said) for hint in hints] == [True, True, True]
    assert wide.locator(".scroll-hint:visible").count() == 0


def test_the_frame_of_what_a_link_leads_to_is_the_panels_own(open_reader: Any) -> None:
    page = open_reader(width=390).open(f"/intents?lang=en&{SUMMER}&focus=delivery#asked-for")

    frame = page.evaluate(
        "(({ outlineStyle, outlineOffset, borderRadius }) => [outlineStyle, outlineOffset, borderRadius])"
        "(getComputedStyle(document.activeElement))"
    )

    assert page.evaluate("document.activeElement.id") == "asked-for"
    assert frame == ["solid", "-2px", "14px"]
