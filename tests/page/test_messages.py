"""The messages behind every number: found, read, explained and set right in their place."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page

PERIOD = "period=90d&lang=en&calendar=gregorian"
MARKS = ".msg-text .mark"


def said_of(page: Page, demo_url: str, **params: str) -> dict[str, Any]:
    """Return what the API answers to the list that the page asked for last, with ``params`` in it."""
    asked = page.evaluate(
        """() => performance.getEntriesByType('resource').map((one) => one.name)
            .filter((name) => name.includes('/v1/feedback?') && !/limit=1(&|$)/.test(name)).at(-1)"""
    )
    return dict(httpx.get(str(httpx.URL(asked).copy_merge_params(params))).json())


def opened_of(page: Page) -> tuple[int, str]:
    """Return message and mention that the address opens."""
    (name,) = parse_qs(urlsplit(page.url).query)["open"]
    message, mention = name.split(":")
    return int(message), mention


def test_as_many_messages_are_told_as_the_api_counts(open_reader: Any, demo_url: str) -> None:
    page = open_reader().open(f"/messages?{PERIOD}&stage=delivery&sentiment=negative")

    told = said_of(page, demo_url, limit="25")

    assert page.locator("#msg-summary .big .value").inner_text() == f"{told['n']:,}"
    assert page.locator(".msg").count() == 25
    assert page.locator(".msg").first.get_attribute("id") == f"m-{told['items'][0]['id']}"


def test_a_part_of_the_bar_leads_to_as_many_mentions_as_it_says(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&stage=support")
    told = page.locator(".msg-legend a", has_text="Negative").locator("b").inner_text()

    reader.click(".msg-legend a:has-text('Negative')")

    assert "sentiment=negative" in page.url
    assert page.locator(".msg-both").inner_text().startswith(f"{told} mentions in ")
    assert page.locator(".msg-net").count() == 0


def test_a_phrase_leads_to_the_messages_that_hold_it(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&sentiment=negative")
    phrase = page.locator(".msg-phrases a bdi").first.inner_text()
    n = int(page.locator(".msg-phrases a small").first.inner_text())

    reader.click(".msg-phrases a")

    assert parse_qs(urlsplit(page.url).query)["q"] == [f'"{phrase}"']
    # The phrase was counted in negative clauses, the messages hold it anywhere.
    assert int(page.locator("#msg-summary .big .value").inner_text()) >= n


def test_pages_follow_each_other_and_back_leads_to_the_first(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}")
    first = [one.get_attribute("id") for one in page.locator(".msg").all()]

    reader.click(".msg-end a:has-text('Next messages')")
    second = [one.get_attribute("id") for one in page.locator(".msg").all()]
    page.go_back()
    page.wait_for_function("(id) => document.querySelector('.msg').id === id", arg=first[0])

    assert not set(first) & set(second)
    assert (len(first), len(second)) == (25, 25)


def test_mentions_that_fit_are_told_from_those_that_do_not(open_reader: Any, demo_url: str) -> None:
    page = open_reader().open(f"/messages?{PERIOD}&stage=delivery&sentiment=negative")

    items = said_of(page, demo_url, limit="25")["items"]

    fitting = [mention["text"] for item in items for mention in item["mentions"] if mention["matches"]]
    assert page.locator(f"{MARKS}.fits").evaluate_all("(all) => all.map((one) => one.textContent)") == fitting
    assert page.locator(f"{MARKS}.other").count() > 0


def test_a_mention_is_opened_and_closed_by_keyboard(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}")
    mark = page.locator(MARKS).nth(3)
    name = mark.get_attribute("id")

    mark.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#mention-detail")
    page.wait_for_function("() => document.activeElement.id === 'mention-detail'")
    page.wait_for_selector(".msg-shaded")
    page.keyboard.press("Escape")
    page.wait_for_selector("#mention-detail", state="detached")
    page.wait_for_function("(id) => document.activeElement.id === id", arg=name)

    assert reader.violations() == []


def test_the_words_that_carried_a_label_are_shown_for_each_of_four(open_reader: Any, demo_url: str) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&q=%D8%A7%D9%81%D8%AA%D8%B6%D8%A7%D8%AD&sentiment=negative")

    reader.click(f"{MARKS}.fits")
    id_, mention = opened_of(page)
    told = httpx.get(f"{demo_url}/v1/feedback/{id_}/mentions/{mention}/why?head=stage").json()
    reader.click(".msg-labels a:has-text('Stage')")
    page.wait_for_selector(".msg-shaded")

    heaviest = max(told["words"], key=lambda word: word["weight"])
    assert page.locator(".msg-labels a").count() == 4
    assert page.locator(".msg-labels a[aria-current]").inner_text().startswith("Stage")
    assert heaviest["text"] in page.locator(".msg-shaded [class*='for-4']").all_inner_texts()
    assert reader.violations() == []
    assert reader.overflow() <= 0


def test_a_mention_is_set_right_and_the_correction_taken_back(open_reader: Any, demo_url: str) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&stage=use&sentiment=negative")
    reader.click(f"{MARKS}.fits")
    address = "{}/v1/feedback/{}/mentions/{}".format(demo_url, *opened_of(page))
    before = httpx.get(address).json()

    page.locator("select[name=sentiment]").select_option("positive")
    page.get_by_role("button", name="Save correction").click()
    page.wait_for_selector(".msg-done")
    corrected = httpx.get(address).json()
    heard = page.locator("[role=status]").inner_text()
    page.locator(".msg-done button", has_text="Take back").click()
    page.wait_for_function("() => document.querySelector('[role=status]').textContent.includes('taken back')")

    assert (before["sentiment"], corrected["sentiment"]) == ("negative", "positive")
    assert corrected["correction"]["corrected_by"] == "this machine"
    assert heard == "The correction is saved and counts in the figures."
    assert httpx.get(address).json() == before


def test_labels_that_are_right_are_confirmed(open_reader: Any, demo_url: str) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&stage=purchase")
    reader.click(f"{MARKS}.fits")
    address = "{}/v1/feedback/{}/mentions/{}".format(demo_url, *opened_of(page))

    page.get_by_role("button", name="It is right").click()
    page.wait_for_selector(".msg-detail .badge")
    badge = page.locator(".msg-detail .badge").inner_text()
    violations = reader.violations()
    page.locator(".msg-correct button", has_text="Take back").click()
    page.wait_for_selector(".msg-detail .badge", state="detached")

    assert (badge, violations) == ("confirmed", [])
    assert httpx.get(address).json()["correction"] is None


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(open_reader: Any, demo_url: str) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&stage=support")
    reader.click(f"{MARKS}.fits")
    address = "{}/v1/feedback/{}/mentions/{}".format(demo_url, *opened_of(page))
    changed = httpx.patch(address, json={"aspect": "staff"}, headers={"If-Match": "*"}).json()

    page.locator("select[name=aspect]").select_option("price")
    page.get_by_role("button", name="Save correction").click()
    refused = page.locator(".msg-refused").inner_text()
    kept = httpx.get(address).json()
    httpx.delete(address, headers={"If-Match": "*"})
    # The browser says of itself that a request came back with 412.
    reader.complaints = [one for one in reader.complaints if "412" not in one]

    assert "somebody else" in refused
    assert (kept["aspect"], kept["etag"]) == ("staff", changed["etag"])


def test_taking_back_what_somebody_else_changed_since_is_refused_in_words(
    open_reader: Any, demo_url: str
) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&stage=loyalty")
    reader.click(f"{MARKS}.fits")
    address = "{}/v1/feedback/{}/mentions/{}".format(demo_url, *opened_of(page))
    page.get_by_role("button", name="It is right").click()
    page.wait_for_selector(".msg-detail .badge")
    reader.click(".msg-close")
    httpx.patch(address, json={"aspect": "staff"}, headers={"If-Match": "*"})

    page.locator(".msg-done button", has_text="Take back").click()
    page.wait_for_selector(".msg-done:has-text('somebody else')")
    kept = httpx.get(address).json()["aspect"]
    httpx.delete(address, headers={"If-Match": "*"})
    reader.complaints = [one for one in reader.complaints if "412" not in one]

    assert kept == "staff"


def test_the_angriest_unresolved_come_as_the_api_has_them(open_reader: Any, demo_url: str) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}")

    reader.click(".choices a:has-text('Angriest')")
    reader.click("button:has-text('Unresolved only')")

    told = said_of(page, demo_url, limit="25", order="angriest")
    assert page.locator("button:has-text('Unresolved only')").get_attribute("aria-pressed") == "true"
    assert [one.get_attribute("id") for one in page.locator(".msg").all()] == [
        f"m-{item['id']}" for item in told["items"]
    ]
    assert {item["status"] for item in told["items"]} == {"open", "unsolved"}


def test_where_the_anger_ends_the_list_says_so(open_reader: Any, demo_url: str) -> None:
    page = open_reader().open(f"/messages?{PERIOD}&aspect=app&order=angriest&limit=200")

    told = said_of(page, demo_url, limit="200", order="angriest")
    above = page.locator(".msg-calm").evaluate("line => line.previousElementSibling.firstElementChild.id")

    assert 0 < told["n_angry"] < len(told["items"])
    assert above == f"m-{told['items'][told['n_angry'] - 1]['id']}"


def test_a_list_of_what_is_unresolved_says_what_is_older(open_reader: Any, demo_url: str) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&lang=en&aspect=app&order=angriest&unresolved=true")
    older = page.locator(".msg-end .older-open").inner_text()

    reader.click(".msg-end .older-open")

    n = page.locator("#msg-summary .big .value").inner_text()
    assert older == f"{n} of them older than this period"
    assert int(n) > 0
    assert "order=angriest" in page.url


def test_messages_that_are_mixed_are_found_as_whole_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}")

    reader.click(".choices a:has-text('Mixed')")

    assert page.locator(".refused").count() == 0
    assert page.locator(".msg.mixed").count() == page.locator(".msg").count() > 0


def test_the_messages_of_an_hour_are_those_of_that_hour(open_reader: Any) -> None:
    hour = "from=2026-11-20T18:00:00%2B03:30&to=2026-11-20T22:00:00%2B03:30"

    page = open_reader().open(f"/messages?{hour}&lang=en")

    times = page.locator(".msg time").evaluate_all("(all) => all.map((one) => one.dateTime)")
    assert times
    assert all("2026-11-20T18" <= time < "2026-11-20T22" for time in times)
    assert "Only from" in page.locator(".msg-controls").inner_text()


def test_all_of_them_are_saved_as_a_file(open_reader: Any, demo_url: str) -> None:
    page = open_reader().open(f"/messages?{PERIOD}&stage=delivery&sentiment=negative")
    href = page.locator("#msg-summary .downloads a", has_text="NDJSON").get_attribute("href")

    lines = httpx.get(f"{demo_url}{href}").text.splitlines()

    assert page.locator("#msg-summary .big .value").inner_text() == f"{len(lines):,}"


def test_where_nothing_fits_the_page_says_what_to_do(open_reader: Any) -> None:
    page = open_reader().open(f"/messages?{PERIOD}&q=qqqqqqqq")

    assert page.locator("#msg-list .nothing").inner_text().startswith("No message of this period fits")
    assert page.locator("#msg-summary .big .value").inner_text() == "0"


def test_what_the_service_refuses_is_told_in_its_words(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&stage=moon")
    reader.complaints = [one for one in reader.complaints if "422" not in one]

    assert "must be one of awareness" in page.locator("#msg-list .refused").inner_text()


def test_the_hour_the_day_and_the_queue_are_chips_that_go_one_by_one(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&hour=9,10&weekday=0&queue=")

    chips = page.locator(".chips .msg-narrowing > span").all_inner_texts()
    reader.click(".msg-narrowing button[aria-label='Remove Hour: 9:00 to 10:00']")

    assert chips == ["Hour: 9:00 to 10:00", "Hour: 10:00 to 11:00", "Weekday: Saturday", "Queue: No value"]
    left = parse_qs(urlsplit(page.url).query, keep_blank_values=True)
    assert (left["hour"], left["weekday"], left["queue"]) == (["10"], ["0"], [""])
    assert reader.violations() == []


def test_the_chips_are_in_the_language_of_the_page(open_reader: Any) -> None:
    page = open_reader(width=360).open("/messages?period=90d&lang=fa&hour=23&weekday=6")

    assert page.locator(".chips .msg-narrowing > span").all_inner_texts() == [
        "ساعت: ۲۳ تا ۰",
        "روز هفته: جمعه",
    ]


def test_narrowed_messages_are_saved_as_they_are_listed(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&hour=9&unresolved=true")
    n = page.locator("#msg-summary .big .value").inner_text()

    saved = page.locator("#msg-summary .downloads a:has-text('NDJSON')").get_attribute("href")

    lines = httpx.get(f"{reader.url}{saved}").text.splitlines()
    assert len(lines) == int(n) > 0
    assert page.locator("#msg-summary .msg-phrases").count() == 0


def test_an_hour_that_does_not_exist_is_refused_with_those_that_do(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open(f"/messages?{PERIOD}&hour=25")

    assert "must be a whole number from 0 to 23" in page.locator("#msg-list .refused").inner_text()
    assert {said.split(":")[0] for said in reader.complaints} == {"error"}
    reader.complaints.clear()


def served(reader: Any, **changes: Any) -> None:
    """The first message of every list is one with a negative mention, changed as told; it is the only one."""

    def answer(route: Any) -> None:
        told = route.fetch().json()
        told["items"] = told["items"][:1]
        for item in told["items"]:
            item["mentions"] = [one for one in item["mentions"] if one["matches"]][:1]
            item |= {name: value for name, value in changes.items() if name in item}
            item["mentions"][0] |= {name: value for name, value in changes.items() if "_confidence" in name}
        route.fulfill(json=told)

    reader.page.route("**/v1/feedback?*", answer)


@pytest.mark.parametrize(
    ("whole", "badges"),
    [("positive", ["This mention: Negative", "Whole message: Positive"]), ("negative", ["Negative"])],
)
def test_a_badge_says_whose_sentiment_it_is_where_it_is_not_what_was_asked_for(
    open_reader: Any, whole: str, badges: list[str]
) -> None:
    reader = open_reader()
    served(reader, sentiment=whole, emotion="none", flags=[])

    page = reader.open(f"/messages?{PERIOD}&sentiment=negative")

    assert page.locator(".msg > header .tag").all_inner_texts() == badges
    assert page.locator(".msg.negative").count() == 1
    assert reader.violations() == []


@pytest.mark.parametrize(("confidence", "said"), [(0.41, ["Stage: unsure"]), (0.99, [])])
def test_a_label_that_the_model_doubts_is_called_unsure(
    open_reader: Any, confidence: float, said: list[str]
) -> None:
    reader = open_reader()
    served(reader, stage_confidence=confidence)

    page = reader.open(f"/messages?{PERIOD}&stage=support&sentiment=negative")

    unsure = page.locator(".msg-unsure")
    assert [one.split("(")[0].strip() for one in unsure.all_inner_texts()] == said
    assert all("Stage: Support, 41% sure" in (one.get_attribute("title") or "") for one in unsure.all())
    assert reader.violations() == []


def test_all_filters_stand_in_one_row_and_go_together(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/messages?{PERIOD}&stage=support&hour=20&queue=")

    chips = page.locator(".filter-bar .chips li").all_inner_texts()
    reader.click(".filter-bar .chips a")

    assert [one.split("×")[0].strip() for one in chips] == [
        "Stage: Support",
        "Hour: 20:00 to 21:00",
        "Queue: No value",
        "Clear all",
    ]
    assert page.url == f"{reader.url}/messages?{PERIOD}"
    assert page.locator(".chips").count() == 0


@pytest.mark.parametrize(("language", "ages"), [("fa", "۲۸ روز پیش"), ("en", "28 days ago")])
def test_a_message_says_how_old_it_is(open_reader: Any, language: str, ages: str) -> None:
    reader = open_reader(width=360)
    page = reader.open(f"/messages?lang={language}&from=2026-10-25&to=2026-10-26&calendar=gregorian")

    shown = page.locator(".msg-age").all_inner_texts()

    assert len(shown) > 1
    assert set(shown) == {ages}  # those of one day are as old as each other
    assert reader.overflow() <= 0
