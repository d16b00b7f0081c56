"""Why a part moved: its words, quotes, wishes and events, each one click from its messages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.page.numerals import number_in
from tests.page.test_drivers import MEHR, asked

PURCHASE = '.rs-column[data-value="purchase"]'


def told(reader: Any, route: str, query: str) -> dict[str, Any]:
    """Return what the service answers about Mehr."""
    answer: dict[str, Any] = httpx.get(
        f"{reader.url}/v1/{route}?from=2026-09-23&to=2026-10-23&{query}"
    ).json()
    return answer


def open_drivers(reader: Any, query: str = "lang=en") -> Any:
    """The view of drivers of Mehr is drawn, and its reasons."""
    page = reader.open(f"/drivers?{query}&{MEHR}")
    page.wait_for_selector(f"{PURCHASE} .rs-quotes li")
    page.wait_for_selector(f"{PURCHASE} .rs-words li")
    return page


def test_the_parts_that_moved_most_are_explained_the_largest_first(open_reader: Any) -> None:
    page = open_drivers(open_reader())

    parts = page.locator(".rs-column h3").all_inner_texts()

    assert [part.split()[0] for part in parts] == ["Delivery", "Support", "Purchase"]
    assert [part.split()[1][0] for part in parts] == ["+", "+", "−"]


def test_what_is_said_more_than_before_is_counted_and_leads_to_its_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = open_drivers(reader)
    more = told(reader, "phrases", "stage=purchase&against=before&limit=16")["more"]
    known = next(one for one in more if one["text"] == "پرداخت")

    word = page.locator(f"{PURCHASE} .rs-said a").first
    found = asked(reader, word.get_attribute("href"))

    now, before = (round(100 * known[share]) for share in ("share", "share_other"))
    said = f"پرداخت in {now}% of messages ({known['n']}) · {before}% before"
    assert " ".join(word.inner_text().split()) == said
    assert now > before
    assert found["n"] >= known["n"]
    assert all("پرداخت" in item["text"] for item in found["items"])


def test_where_nothing_is_said_more_the_words_of_the_part_are_told(open_reader: Any) -> None:
    page = open_drivers(open_reader())
    support = page.locator('.rs-column[data-value="support"] .rs-said')
    support.locator("li").first.wait_for()

    assert support.locator("h4").inner_text() == "What they say here more than elsewhere"
    assert support.locator(".hint").count() == 0
    assert "elsewhere" in support.locator("a").first.inner_text()


@pytest.mark.parametrize(("stage", "sentiment"), [("purchase", "negative"), ("delivery", "positive")])
def test_a_part_that_fell_is_quoted_by_the_unhappy_one_that_rose_by_the_happy(
    open_reader: Any, stage: str, sentiment: str
) -> None:
    reader = open_reader()
    page = open_drivers(reader)
    quotes = page.locator(f'.rs-column[data-value="{stage}"] .rs-quotes')
    quotes.locator("q").first.wait_for()

    every = quotes.locator("p a")
    known = told(reader, "feedback", f"stage={stage}&sentiment={sentiment}&limit=200")

    assert number_in(every.inner_text()) == known["n"] == asked(reader, every.get_attribute("href"))["n"]
    assert quotes.locator("q").count() == 3
    texts = {" ".join(item["text"].split()) for item in known["items"]}
    assert set(quotes.locator("q").all_inner_texts()) <= texts


def test_a_quote_leads_to_its_message(open_reader: Any) -> None:
    reader = open_reader()
    page = open_drivers(reader)

    words = page.locator(f"{PURCHASE} q").first.inner_text()
    reader.click(f"{PURCHASE} .rs-quotes li a")
    name = page.evaluate("location.hash")
    page.wait_for_selector(name)

    assert "/messages?" in page.url
    assert " ".join(page.locator(f"{name} .msg-text").inner_text().split()) == words


def test_what_they_want_more_often_is_told_with_both_shares(open_reader: Any) -> None:
    reader = open_reader()
    page = open_drivers(reader)

    grown = page.locator(f"{PURCHASE} .rs-grown a")
    found = asked(reader, grown.get_attribute("href"))

    said = " ".join(grown.inner_text().split())
    assert said.startswith("Complaint ")
    assert " mentions · share 4" in said
    mentions = [one for item in found["items"] for one in item["mentions"] if one["matches"]]
    assert len(mentions) == number_in(said.split()[1])


def test_what_the_company_did_is_told_by_name_and_day_with_the_messages_since(open_reader: Any) -> None:
    reader = open_reader()
    page = open_drivers(reader)

    event = page.locator(f"{PURCHASE} .rs-events li")
    since = event.locator("a").last.get_attribute("href")

    assert event.locator("b").first.inner_text() == "به‌روزرسانی خراب اپ"
    assert "3 October 2026 · Purchase" in event.inner_text()
    assert "#event-" in event.locator("a").first.get_attribute("href")
    assert "from=2026-10-03&to=2026-10-23" in since
    assert asked(reader, since)["n"] > 0


def test_events_of_other_parts_and_of_long_before_are_left_out(open_reader: Any) -> None:
    page = open_reader().open("/try?lang=en")

    found = page.evaluate(
        """async () => {
            const { near } = await import("/assets/core/reason-events.js");
            const event = (title, day, scope = {}) =>
                ({ title, happened_at: `${day}T00:00:00+03:30`, scope: { stage: [], aspect: [], ...scope } });
            const events = [event("old", "2026-09-08"), event("before", "2026-09-09"),
                event("theirs", "2026-09-25", { stage: ["use"] }), event("ours", "2026-09-26", { stage: ["delivery"] }),
                event("other kind", "2026-09-27", { aspect: ["price"] }), event("late", "2026-10-23")];
            const period = { start: new Date("2026-09-23"), end: new Date("2026-10-23") };
            return near(events, period, { stage: "delivery" }).map(({ title }) => title);
        }"""
    )

    assert found == ["other kind", "ours", "before"]


def test_each_quote_is_of_another_large_complaint_that_it_leads_to(open_reader: Any) -> None:
    reader = open_reader()
    page = open_drivers(reader)
    cells = [
        cell for cell in told(reader, "pains", "stage=purchase")["cells"] if cell["intent"] == "complaint"
    ]

    topics = page.locator(f"{PURCHASE} .rs-topic")
    counts = [number_in(one.split("(")[1]) for one in topics.all_inner_texts()]
    first = asked(reader, topics.first.get_attribute("href"))

    assert counts[0] == cells[0]["n_negative"]
    assert topics.first.inner_text().startswith("Order and payment (")
    mentions = [one for item in first["items"] for one in item["mentions"] if one["matches"]]
    assert len(mentions) == cells[0]["n_negative"]


def test_what_the_model_is_surest_of_is_quoted_and_a_doubtful_label_only_where_no_other_is(
    open_reader: Any,
) -> None:
    page = open_reader().open("/try?lang=en")

    found = page.evaluate(
        """async () => {
            const { choose } = await import("/assets/core/quotes.js");
            const item = (id, sure, more = {}) => ({ id, text: `پیک امروز خیلی دیر آمد ${id}`, ...more, mentions: [{
                text: "پیک", matches: true, sentiment: "negative", stage_confidence: sure, intent_confidence: 0.99,
                aspect_confidence: 0.99, sentiment_confidence: 0.99 }] });
            const items = [item(1, 0.4), item(2, 0.8), item(3, 0.97, { flags: ["sarcasm"] }), item(4, 0.95)];
            return [choose(items, [], 4), choose(items.slice(0, 1), [], 4)].map((some) => some.map(({ id }) => id));
        }"""
    )

    assert found == [[4, 2, 3], [1]]


def test_a_message_of_each_topic_comes_before_a_second_one_of_any(open_reader: Any) -> None:
    page = open_reader().open("/try?lang=en")

    found = page.evaluate(
        """async () => {
            const { chooseOf } = await import("/assets/core/quotes.js");
            const item = (id) => ({ id, text: `پیک امروز خیلی دیر آمد ${id}`, mentions: [] });
            const places = [{ items: [item(1), item(2)] }, { items: [item(1), item(3)] }, { items: [item(4), item(5)] }];
            return chooseOf(places, [], 4).map(({ item }) => item.id);
        }"""
    )

    assert found == [1, 2, 3, 4]


def test_phrases_whose_share_did_not_grow_and_words_within_longer_ones_are_left_out(open_reader: Any) -> None:
    page = open_reader().open("/try?lang=en")

    found = page.evaluate(
        """async () => {
            const { telling } = await import("/assets/core/reason-phrases.js");
            const phrase = (text, share, share_other) => ({ text, share, share_other });
            return telling([phrase("پول", 0.2, 0.1), phrase("سفارش", 0.1, 0.12), phrase("سیب", 0.1, 0.01),
                phrase("سیب زمینی", 0.1, 0.01), phrase("رسید", 0.1, null)]).map(({ text }) => text);
        }"""
    )

    assert found == ["سیب زمینی", "پول", "رسید"]


def test_short_messages_that_hold_the_words_are_quoted_first_and_none_twice(open_reader: Any) -> None:
    page = open_reader().open("/try?lang=en")

    found = page.evaluate(
        """async () => {
            const { choose } = await import("/assets/core/quotes.js");
            const item = (id, text) => ({ id, text, mentions: [{ text, matches: true }] });
            const items = [item(1, "بد"), item(2, "پول من را پس ندادند و کسی جواب نداد"), item(3, "آپديت نمی‌شه و خطا می‌دهد"),
                item(4, "آپدیت نمیشه و خطا می‌دهد"), item(5, "پیک دیر رسید. ".repeat(40))];
            return choose(items, [{ text: "آپدیت" }], 4).map(({ id }) => id);
        }"""
    )

    assert found == [3, 2, 5, 1]


def test_any_part_tells_why_on_demand(open_reader: Any) -> None:
    reader = open_reader(width=360, theme="dark")
    page = open_drivers(reader, "lang=fa")

    page.locator('.dr-step[data-value="use"] .dr-why').click()
    page.wait_for_selector(".dr-because .rs-quotes q")
    page.wait_for_selector("#page:not([data-waiting])")

    assert page.locator(".dr-because .rs-words a").first.inner_text().startswith("آپدیت")
    assert reader.overflow() <= 0
    assert reader.violations() == []


def test_the_figures_do_not_wait_for_their_reasons(open_reader: Any) -> None:
    page = open_drivers(open_reader())

    drawn = page.evaluate(
        """() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/v1/"))
            .sort((one, other) => one.startTime - other.startTime).map(({ name }) => new URL(name).pathname.slice(4))"""
    )

    assert "feedback" in drawn
    assert drawn.index("feedback") > max(drawn.index(one) for one in ("drivers", "compare", "pains"))


def test_the_overview_says_why_of_each_part_it_shows_and_first_of_what_pulled_down(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=fa&{MEHR}")
    page.wait_for_selector(".ov-parts .rs-quotes q")
    page.wait_for_selector("#changes .rs-events li")

    assert page.locator(".ov-parts > li").count() == page.locator(".ov-parts > li > .rs").count() == 3
    assert page.locator(".ov-pull i").evaluate_all("(bars) => bars.map((bar) => bar.className)") == [
        "down", "down", "up",
    ]  # fmt: skip
    assert page.locator(".ov-parts .rs-said .rs-words").count() >= 1
    assert "استرداد آسان" in page.locator("#changes .rs-events").inner_text()
    assert reader.violations() == []


def test_a_stop_of_the_journey_says_why(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{MEHR}&focus=purchase")
    page.wait_for_selector("#stage-details .rs-quotes q")
    page.wait_for_selector("#stage-details .rs-said .rs-words")

    assert page.locator("#stage-details .rs-said a").first.inner_text().startswith("پرداخت")
    assert page.locator("#stage-details .rs-events b").first.inner_text() == "به‌روزرسانی خراب اپ"
    assert reader.violations() == []
