"""The overview: key figures, the trend with its events, what changed and why, alerts, and whether a fix helped."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
import pytest

from tests.page.numerals import number_in

MEHR = "from=1405-07-01&to=1405-08-01"
REFUND = {"happened_at": "1405-07-26", "title": "استرداد آسان", "scope": {"stage": ["support"]}}
ALERT = {
    "id": 7, "rule": "urgent_waiting", "kind": "urgent", "occasion": "message 1567", "raised_at": "2026-11-22T08:00:00+03:30",
    "title_fa": "urgent_waiting: ۱ پیام فوری مانده است", "title_en": "urgent_waiting: 1 urgent message waits",
    "evidence": {"feedback": "/v1/feedback?from=2026-11-19T13%3A24%3A00%2B03%3A30&to=2026-11-22T12%3A24%3A00%2B03%3A30&flag=urgent"},
}  # fmt: skip


def told_by(reader: Any, address: str) -> dict[str, Any]:
    """Return what the service answers to the address of a view of messages."""
    query = parse_qs(urlparse(address).query)
    kept = {name: values for name, values in query.items() if name not in {"lang", "period"}}
    if query.get("period") == ["all"]:
        kept |= {"from": ["2020-01-01"], "to": ["2030-01-01"]}
    answer: dict[str, Any] = httpx.get(f"{reader.url}/v1/feedback", params=kept | {"limit": "200"}).json()
    return answer


def n_mentions(told: dict[str, Any]) -> int:
    """Return the mentions of an answer that fit what was asked for; all of its messages are on one page."""
    assert told["next"] is None
    return sum(mention["matches"] for item in told["items"] for mention in item["mentions"])


def answer_with(page: Any, path: str, body: dict[str, Any], *, status: int = 200) -> None:
    """The service gives this answer to a path from now on, whatever is asked."""
    page.route(
        f"**/v1/{path}?*",
        lambda route: route.fulfill(status=status, content_type="application/json", body=json.dumps(body)),
    )


@pytest.fixture
def refund(demo_url: str) -> int:
    """Number of an event of the demo: refunds were made easy on 26 Mehr."""
    return _event_titled(demo_url, "استرداد آسان")["id"]  # type: ignore[no-any-return]


def _event_titled(url: str, title: str) -> dict[str, Any]:
    told: list[dict[str, Any]] = httpx.get(f"{url}/v1/events").json()["events"]
    return next(one for one in told if one["title"] == title)


def test_the_number_of_messages_leads_to_that_many_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=en&{MEHR}")

    shown = page.locator(".ov-key", has_text="Messages").locator(".value").inner_text()
    reader.click('.ov-key:has-text("Messages") a.figure')

    assert "/messages?" in page.url
    assert told_by(reader, page.url)["n"] == number_in(shown) == 713


def test_the_negative_share_leads_to_the_negative_mentions_it_counts(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=fa&from=1405-08-20&to=1405-08-26")

    figure = page.locator(".ov-key", has_text="سهم نظرهای منفی").locator("a.figure")
    count = number_in(figure.locator(".n").inner_text())

    assert n_mentions(told_by(reader, figure.get_attribute("href"))) == count


def test_urgent_unresolved_messages_are_counted_and_one_click_away(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=en&{MEHR}")

    figure = page.locator(".ov-key", has_text="Urgent").locator("a.figure")
    told = told_by(reader, figure.get_attribute("href"))

    assert told["n"] == number_in(figure.inner_text())
    assert {flag for item in told["items"] for flag in item["flags"]} >= {"urgent"}


def test_what_waits_for_longer_than_the_period_is_counted_and_told_apart(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&period=7d")
    card = page.locator(".ov-key", has_text="Urgent")

    older = card.locator(".older-open")
    n_older = told_by(reader, older.get_attribute("href"))["n"]

    assert older.inner_text() == f"{n_older} of them older than this period"
    assert 0 < n_older < number_in(card.locator(".value").inner_text())


def test_a_change_that_may_be_chance_is_said_to_be_one(open_reader: Any) -> None:
    page = open_reader().open("/overview?lang=en&period=90d")

    assert "No sure change" in page.locator(".ov-key", has_text="Net sentiment").inner_text()


def test_a_figure_that_may_be_chance_has_no_colour(open_reader: Any) -> None:
    page = open_reader().open("/overview?lang=en&period=30d")

    net = page.locator(".ov-key", has_text="Net sentiment").locator(".figure")

    assert net.locator(".sure").inner_text() == "−6 to +8"
    assert net.locator(".value.good, .value.bad").count() == 0


def test_a_stage_that_fell_without_one_aspect_to_explain_it_is_named_so(open_reader: Any) -> None:
    reader = open_reader()
    told = httpx.get(f"{reader.url}/v1/drivers?from=1405-06-01&to=1405-07-01&by=aspect").json()
    for part in told["drivers"]:
        part["significant"] = False
    answer_with(reader.page, "drivers", told)

    why = reader.open("/overview?lang=en&from=1405-06-01&to=1405-07-01").locator("#changes .ov-why")

    assert "Net sentiment clearly fell at the stage “Delivery”, but no single aspect" in why.inner_text()
    assert "many comparisons are made at once" in why.locator(".chance-note").inner_text()


def test_where_last_month_got_worse_and_why_is_said_in_sentences(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&from=1405-06-01&to=1405-07-01")

    worse = page.locator("#changes .bad-line")
    told = told_by(reader, worse.first.locator("a").first.get_attribute("href"))

    assert worse.first.inner_text().startswith("Delivery: net sentiment fell from")
    assert {
        mention["stage"] for item in told["items"] for mention in item["mentions"] if mention["matches"]
    } == {"delivery"}
    assert page.locator(".ov-parts li").count() >= 1
    assert "stage=delivery" in worse.first.locator("a").last.get_attribute("href")


def test_the_first_part_of_the_change_leads_to_its_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=en&{MEHR}")

    href = page.locator(".ov-parts a.figure").first.get_attribute("href")

    assert told_by(reader, href)["n"] > 0
    assert "aspect=" in href


def test_a_pain_point_leads_to_as_many_mentions_as_it_counts(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=fa&period=30d")

    pain = page.locator(".ov-pains a").first
    told = told_by(reader, pain.get_attribute("href"))

    assert n_mentions(told) == number_in(pain.locator("b").inner_text())


def test_small_days_are_drawn_by_week_unless_days_are_asked_for(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&period=90d")

    assert page.locator("#trend .choices [aria-current]").inner_text() == "Week"
    assert page.locator("#trend .ov-note").inner_text() == "Too few mentions in a day: shown by week."
    reader.click('#trend .choices a:has-text("Day")')
    assert page.locator("#trend .choices [aria-current]").inner_text() == "Day"
    assert "bucket=day" in page.url


def test_the_table_beside_the_chart_leads_to_each_weeks_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&from=2026-09-01&to=2026-10-08&bucket=week")
    page.locator("#trend .turn").press("Enter")

    rows = page.locator("#trend tbody tr")
    negative = rows.nth(1).locator("td").nth(1).locator("a")

    assert rows.nth(0).inner_text().startswith("1 Sept to 4 September 2026 (incomplete)")
    assert n_mentions(told_by(reader, negative.get_attribute("href"))) == number_in(negative.inner_text())
    assert reader.violations() == []


def test_clicking_over_a_week_leads_to_its_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=fa&from=2026-09-05&to=2026-10-03&bucket=week")

    box = page.locator("#trend canvas").bounding_box()
    page.mouse.click(box["x"] + 44 + (box["width"] - 60) * 0.125, box["y"] + 60)
    page.wait_for_url("**/messages?*")

    # The first of four weeks stands at the left, in Persian too.
    assert "from=2026-09-05&to=2026-09-12" in page.url


def test_clicking_an_event_on_the_line_shows_what_came_of_it(open_reader: Any, refund: int) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&from=2026-10-11&to=2026-10-25&bucket=day")

    box = page.locator("#trend canvas").bounding_box()
    page.mouse.click(box["x"] + 44 + (box["width"] - 60) * 7 / 14, box["y"] + 100)

    assert page.evaluate("document.activeElement.id") == f"event-{refund}"


def test_whether_the_fix_helped_is_said_with_both_sides(open_reader: Any, refund: int) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=en&{MEHR}")

    card = page.locator(f"#event-{refund}")
    before, after = card.locator(".ov-sides a.figure").all()

    assert card.locator(".tag").first.inner_text() == "It helped"
    assert "Yes, it helped. Net sentiment was −65 before" in card.inner_text()
    assert before.locator(".value").inner_text() == "−65"
    assert after.locator(".value").inner_text() == "+18"
    assert "stage=support" in before.get_attribute("href")
    assert reader.violations() == []


@pytest.mark.parametrize("title", ["\u202e" + "ا" * 198, "<img src=x onerror=alert(1)>" + "W" * 150])
def test_a_title_of_200_characters_stays_text_and_within_a_phone(
    open_reader: Any, demo_url: str, title: str
) -> None:
    id_ = httpx.post(f"{demo_url}/v1/events", json=REFUND | {"title": title}).json()["id"]
    reader = open_reader(width=360)
    page = reader.open(f"/overview?lang=fa&{MEHR}")

    shown = page.locator(f"#event-{id_} .ov-event-head b").text_content()
    overflow = reader.overflow()
    httpx.delete(f"{demo_url}/v1/events/{id_}")

    assert shown == title
    assert overflow <= 0


def test_an_event_is_added_by_its_jalali_day_and_removed_again(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=fa&{MEHR}")
    if page.locator(".ov-add-event[open]").count() == 0:
        page.locator(".ov-add-event summary").click()

    page.fill('[name="title"]', "<b>پیک شبانه</b>")
    page.select_option('[name="day"]', "20")
    page.select_option('[name="month"]', "7")
    page.select_option('.ov-add-event [name="stage"]', "delivery")
    page.locator(".ov-add-event .primary").click()
    page.get_by_text("<b>پیک شبانه</b>").first.wait_for()
    told = _event_titled(reader.url, "<b>پیک شبانه</b>")
    card = page.locator(f"#event-{told['id']}")

    assert told["happened_at"] == "2026-10-12T00:00:00+03:30"
    assert told["scope"]["stage"] == ["delivery"]
    reader.wait()  # what is asked about an event that is gone by then is not found
    card.locator(".ov-removal button").first.click()
    card.locator(".ov-removal .primary").click()
    card.wait_for(state="detached")
    assert told["id"] not in [one["id"] for one in httpx.get(f"{reader.url}/v1/events").json()["events"]]


def test_a_day_that_the_calendar_does_not_have_is_not_sent(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=en&calendar=gregorian&{MEHR}")
    n_before = len(httpx.get(f"{reader.url}/v1/events").json()["events"])
    if page.locator(".ov-add-event[open]").count() == 0:
        page.locator(".ov-add-event summary").click()

    page.fill('[name="title"]', "Never")
    page.select_option('[name="day"]', "31")
    page.select_option('[name="month"]', "9")
    page.locator(".ov-add-event .primary").click()
    fault = page.locator('[name="day"]').evaluate("(field) => field.validationMessage")

    assert fault == "There is no such day in the calendar."
    assert len(httpx.get(f"{reader.url}/v1/events").json()["events"]) == n_before


def test_an_alert_is_acknowledged_with_one_click(open_reader: Any) -> None:
    reader = open_reader()
    waiting = [ALERT]
    page = reader.page
    page.route(
        "**/v1/alerts?*",
        lambda route: route.fulfill(json={"n": len(waiting), "items": waiting, "next": None}),
    )

    def acknowledge(route: Any) -> None:
        waiting.clear()
        route.fulfill(json=ALERT)

    page.route("**/v1/alerts/7/acknowledge", acknowledge)
    reader.open("/overview?lang=en&period=30d")

    alert = page.locator("#alerts li")
    href = alert.locator("a").get_attribute("href")

    assert alert.locator("p").first.inner_text() == "1 urgent message waits"
    assert href == "/messages?from=2026-11-19&to=2026-11-23&flag=urgent&unresolved=true&lang=en"
    alert.locator("button").press("Enter")
    page.wait_for_selector("#alerts .ov-calm")
    assert "All calm" in page.locator("#alerts").inner_text()


SESSION = {"needs_key": True, "signed_in": True, "name": "desk", "brands": None, "csrf_token": "1"}


def test_who_may_only_read_is_offered_nothing_to_write(open_reader: Any, refund: int) -> None:
    reader = open_reader()
    reader.page.route("**/v1/session", lambda route: route.fulfill(json=SESSION | {"scope": "read"}))
    answer_with(reader.page, "alerts", {"n": 1, "items": [ALERT], "next": None})
    page = reader.open(f"/overview?lang=en&{MEHR}")

    assert page.locator(f"#event-{refund}").count() == 1
    assert page.locator("#alerts li").count() == 1
    assert page.locator("#alerts button, #events button, #events form").count() == 0


def test_who_sees_some_brands_only_is_not_shown_what_the_service_refuses(open_reader: Any) -> None:
    reader = open_reader()
    session = SESSION | {"scope": "write", "brands": ["نیک‌سبد"]}
    reader.page.route("**/v1/session", lambda route: route.fulfill(json=session))
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(urlparse(request.url).path))
    page = reader.open(f"/overview?lang=en&{MEHR}")

    assert "/v1/alerts" not in asked
    assert "/v1/events" in asked
    assert page.locator("#alerts, #events form").count() == 0


def test_adjusted_figures_have_a_badge_and_their_changes_stay_raw(open_reader: Any) -> None:
    page = open_reader().open(f"/overview?lang=en&{MEHR}&estimate=adjusted")

    assert page.locator(".ov-key .badge").count() == 2
    assert page.locator("#trend .badge").inner_text() == "Adjusted"
    assert "raw" in page.locator(".ov-key", has_text="Net sentiment").locator(".change").inner_text()


def test_too_few_mentions_are_counted_and_only_their_volume_is_drawn(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&from=2026-11-18&to=2026-11-20&stage=delivery")

    net = page.locator(".ov-key", has_text="Net sentiment")

    assert net.locator(".too-few").count() == 1
    assert net.locator(".n").count() == 1
    assert "only their volume is shown" in page.locator("#trend .ov-note").inner_text()
    assert reader.violations() == []


def test_without_any_message_every_panel_says_what_to_do(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=fa&period=30d&q=هیچ‌کس‌این‌را‌نگفته")

    assert page.locator("#trend .nothing").count() == 1
    assert page.locator("#changes .nothing").count() == 1
    assert reader.violations() == []


def test_over_the_whole_time_no_longer_period_is_offered_and_nothing_is_claimed(open_reader: Any) -> None:
    page = open_reader().open("/overview?lang=en&period=all&q=هیچ‌کس‌این‌را‌نگفته")

    said = page.locator("main").inner_text()

    assert page.locator("#trend .nothing .hint").inner_text() == "Remove a filter."
    assert page.locator("#trend .nothing a").all_inner_texts() == ["Clear all"]
    assert "No urgent message is waiting" not in said
    assert "No stage" not in said


def test_nothing_before_the_period_means_no_comparison_but_shorter_periods(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&period=all")

    assert page.locator("#changes").inner_text().count("No data for the period before") == 1
    reader.click('#changes a:has-text("30 days")')
    assert page.locator("#changes .ov-lead").count() == 1


def test_a_refused_answer_is_told_in_its_place_and_the_rest_stays(open_reader: Any) -> None:
    reader = open_reader()
    answer_with(reader.page, "pains", {"title": "Busy", "status": 503, "detail": "Too busy."}, status=503)
    page = reader.open("/overview?lang=en&period=30d")

    assert "Too busy." in page.locator("#pains .refused").inner_text()
    assert page.locator(".refused").count() == 1
    assert [one for one in reader.complaints if "503" in one] != []
    reader.complaints.clear()


def test_where_the_period_has_no_event_the_others_lead_to_their_cards(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&period=7d")

    assert page.locator("#events .ov-others li").count() == 3
    assert page.locator("#events .ov-others li").first.is_visible()
    assert not page.locator("#events form").is_visible()

    reader.click("#events .ov-others a >> nth=0")

    assert page.evaluate("document.activeElement.className") == "ov-event"
    assert 0 <= page.locator(".ov-event:focus").bounding_box()["y"] < 450


def test_the_days_of_an_event_lead_back_to_the_period_before(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&period=7d")
    reader.click("#events .ov-others a >> nth=0")
    reader.wait()

    said = page.locator(".ov-back").inner_text()
    reader.click(".ov-back a")
    reader.wait()

    assert said == "The whole page now shows the days around that event. Back to “7 days”"
    assert "period=7d" in page.url
    assert page.locator(".ov-back").count() == 0


@pytest.mark.parametrize("view", ["overview", "drivers", "journey"])
def test_pains_say_that_they_do_not_follow_a_filter_by_sentiment(open_reader: Any, view: str) -> None:
    reader = open_reader()

    page = reader.open(f"/{view}?lang=en&period=90d&sentiment=positive&focus=delivery")

    assert page.locator(".refused").count() == 0
    assert page.locator(".pains-note").inner_text() == (
        "The negative mentions listed here do not follow the filter by sentiment."
    )


def test_mixed_is_offered_only_where_whole_messages_are_filtered(open_reader: Any) -> None:
    reader = open_reader()
    offered = []
    for view in ("overview", "messages"):
        page = reader.open(f"/{view}?lang=en&period=7d")
        page.locator(".more-filters > summary").click()
        page.locator(".dimensions summary", has_text="Sentiment").click()
        offered.append(page.locator(".dimensions details[open] label").all_inner_texts())

    assert offered[0] == ["Negative", "Neutral", "Positive"]
    assert offered[1] == ["Negative", "Neutral", "Positive", "Mixed"]
