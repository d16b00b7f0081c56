"""Support: waits, and the messages that need somebody now."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.page.numerals import number_in


def answer_of(reader: Any, route: str, **params: str) -> Any:
    """Return what the service says to the page's question about all of the demo."""
    asked = {"from": "2020-01-01", "to": "2030-01-01"} | params
    return httpx.get(f"{reader.url}/v1/{route}", params=asked).json()


def test_the_urgent_list_shows_the_newest_and_leads_to_all_of_them(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en")
    urgent = answer_of(reader, "feedback", flag="urgent", unresolved="true")

    said = number_in(page.locator("#urgent .support-all").inner_text())
    reader.click("#urgent .support-all a")
    reader.wait()

    assert said == urgent["n"] > 6
    assert f"of {urgent['n']} " in page.locator(".msg-end").inner_text()
    assert page.url.startswith(f"{reader.url}/messages?")
    assert "flag=urgent" in page.url
    assert "unresolved=true" in page.url


def test_the_angriest_about_the_app_are_two_choices_away(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all")

    page.locator("#angriest select").select_option("app")
    page.wait_for_url("**about=app*")
    reader.wait()

    angriest = answer_of(reader, "feedback", aspect="app", unresolved="true", order="angriest", limit="6")
    shown = page.locator("#angriest .support-messages > li:not(.calm-from-here)")
    assert number_in(page.locator("#angriest .support-all").inner_text()) == angriest["n"]
    assert shown.count() == 6
    assert angriest["items"][0]["native_id"] in shown.first.inner_text()
    assert "aspect=app" in str(page.locator("#angriest .support-all a").get_attribute("href"))


def test_a_message_leads_to_the_way_of_its_customer(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all")

    reader.click("#urgent .support-messages footer a[href^='/customers/']")
    reader.wait()

    assert page.locator(".way-step").count() > 0


def test_the_cut_of_the_waits_is_in_the_address(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en")

    reader.click("#waits .choices a:has-text('Channel')")
    reader.wait()

    rows = page.locator("#waits tbody tr")
    cases = answer_of(reader, "cx/response", by="channel")
    assert "by=channel" in page.url
    assert rows.count() == 1 + len(cases["groups"])
    assert [number_in(rows.nth(at).locator("th small").inner_text()) for at in range(rows.count())] == [
        cases["n"],
        *(group["n"] for group in cases["groups"]),
    ]


def test_a_wait_leads_to_the_messages_of_its_stage(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en")

    reader.click("#waits tbody tr:has-text('Delivery') td a.figure")

    assert "/messages?" in page.url
    assert "stage=delivery" in page.url


def test_few_cases_are_counted_and_not_measured(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en&stage=awareness&channel=ticket")

    assert page.locator("#glance .too-few").count() >= 1
    assert page.locator("#glance .figure .n").first.inner_text().endswith("cases")


def test_without_any_case_the_view_says_what_makes_one(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?from=2020-01-01&to=2020-02-01&lang=en&calendar=gregorian")

    assert "tickets, chats, e-mail" in page.locator("#glance .nothing").inner_text()
    assert page.locator("#urgent .support-messages > li").count() == 6
    assert page.locator("#angriest .support-messages > li").count() == 6
    assert reader.violations() == []


@pytest.mark.parametrize(("place", "labels"), [("urgent", {"flag": "urgent"}), ("angriest", {})])
def test_what_is_unresolved_now_is_listed_whatever_the_period(
    open_reader: Any, place: str, labels: dict[str, str]
) -> None:
    reader = open_reader()
    page = reader.open("/support?period=7d&lang=en")
    now = answer_of(reader, "feedback", unresolved="true", **labels)["n"]
    older = answer_of(reader, "feedback", unresolved="true", to="2026-11-16", **labels)["n"]
    links = page.locator(f"#{place} .support-all")

    said = [number_in(links.locator("a").nth(at).inner_text()) for at in (0, 1)]
    words = links.locator(".older-open").inner_text()
    reader.click(f"#{place} .older-open")

    assert said == [now, older]
    assert 0 < older < now
    assert words == f"{older} of them older than this period"
    assert number_in(page.locator("#msg-summary .big .value").inner_text()) == older


def test_the_glance_counts_the_same_unresolved_as_the_lists(open_reader: Any) -> None:
    page = open_reader().open("/support?period=7d&lang=en")

    glance = page.locator("#glance dd")
    counts = [number_in(glance.nth(at).locator(".value").inner_text()) for at in (4, 5)]

    assert counts == [
        number_in(page.locator(f"#{place} .support-all .button").inner_text())
        for place in ("angriest", "urgent")
    ]
    assert glance.locator(".older-open").count() == 2


def test_over_the_whole_time_nothing_is_older(open_reader: Any) -> None:
    page = open_reader().open("/support?period=all&lang=en")

    assert page.locator(".older-open").count() == 0


@pytest.mark.parametrize(("width", "menu"), [(1280, ".side nav"), (360, ".menu nav")])
def test_what_support_is_asked_at_delivery_is_two_clicks_from_the_first_page(
    open_reader: Any, width: int, menu: str
) -> None:
    reader = open_reader(width=width)
    page = reader.open("/overview?lang=en&period=90d")
    told = answer_of(
        reader,
        "breakdown",
        **{"from": "2026-08-25", "to": "2026-11-23"},
        by="aspect",
        stage="delivery",
        intent="question,request",
        channel="chat,ticket",
    )
    if width == 360:
        page.locator(".menu summary").click()

    reader.click(f'{menu} a:has-text("Support")')
    reader.wait()
    said = number_in(page.locator('#asked a:has-text("Delivery") b').inner_text())
    reader.click('#asked a:has-text("Delivery")')
    reader.wait()

    answer = page.locator("#asked-for")
    bar = page.locator(".filter-bar").bounding_box()
    assert answer.locator("h2").inner_text() == "Delivery: what they ask and request of support"
    assert said == number_in(answer.locator(".asked-n .value").inner_text()) == told["n"]
    assert answer.locator(".quotes blockquote").count() == 4
    assert bar["y"] + bar["height"] <= answer.locator("h2").bounding_box()["y"] < 450
    assert reader.violations() == []


def test_channels_that_were_filtered_for_stay(open_reader: Any) -> None:
    page = open_reader().open("/support?period=90d&lang=en&channel=ticket")

    assert "by Ticket." in page.locator("#asked .hint").inner_text()
    links = page.locator("#asked a")
    assert {str(links.nth(at).get_attribute("href")).count("channel=") for at in range(links.count())} == {1}


def test_a_refused_question_is_said_where_its_answer_would_stand(open_reader: Any) -> None:
    reader = open_reader()
    refuse = {"title": "Too many questions", "status": 429, "detail": "ask again in a minute"}
    reader.page.route("**/v1/cx/response?*", lambda route: route.fulfill(status=429, json=refuse))

    page = reader.open("/support?period=all&lang=en")

    assert "ask again in a minute" in page.locator("#waits .refused").inner_text()
    assert page.locator("#urgent .support-messages > li").count() == 6
    assert {said.split(":")[0] for said in reader.complaints} == {"error"}
    reader.complaints.clear()


def test_only_a_web_address_becomes_a_link_to_the_help_desk(open_reader: Any) -> None:
    reader = open_reader()
    items = answer_of(reader, "feedback", flag="urgent", unresolved="true", limit="2")
    items["items"][0]["permalink"] = "javascript:alert(1)"
    items["items"][1]["permalink"] = "https://desk.example/tickets/17"
    reader.page.route("**/v1/feedback?*flag=urgent*", lambda route: route.fulfill(json=items))

    page = reader.open("/support?period=all&lang=en")

    links = page.locator("#urgent a.permalink")
    assert links.count() == 1
    assert links.get_attribute("href") == "https://desk.example/tickets/17"
    assert links.get_attribute("rel") == "noopener noreferrer"


def told_of(reader: Any, **params: str) -> Any:
    """Return the number of messages of the demo that fit some filters."""
    return answer_of(reader, "feedback", copies="show", **params)["n"]


def test_the_waits_of_a_queue_lead_to_the_messages_that_opened_its_cases(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en&by=queue")
    group = next(one for one in answer_of(reader, "cx/response", by="queue")["groups"] if one["value"])

    reader.click(f"#waits tbody tr:has-text('{group['value']}') td a.figure")

    shown = number_in(page.locator("#msg-summary .big .value").inner_text())
    assert (
        shown == group["first_response"]["n"] == told_of(reader, queue=group["value"], case="first_response")
    )
    assert page.locator(".chips .msg-narrowing > span").all_inner_texts() == [
        f"Queue: {group['value']}",
        "Opened a case: first response",
    ]
    assert reader.violations() == []


def test_nine_of_ten_lead_to_those_who_waited_as_long(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en&by=queue")
    groups = answer_of(reader, "cx/response", by="queue")["groups"]
    group = next(one for one in groups if one["value"] and one["first_response"]["p90_h"])

    reader.click(f"#waits tbody tr:has-text('{group['value']}') td small a[href*='waited_h=']")

    p90 = str(group["first_response"]["p90_h"])
    shown = number_in(page.locator("#msg-summary .big .value").inner_text())
    assert shown == told_of(reader, queue=group["value"], case="first_response", waited_h=p90)
    assert 0 < shown < group["n"] / 5
    said = page.locator(".chips .msg-narrowing > span").last.inner_text()
    assert said.startswith("Opened a case: first response, at least")


def test_open_and_ended_cases_lead_to_as_many_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en")
    total = answer_of(reader, "cx/response")["total"]

    links = {
        kind: page.locator(f"#glance a[href*='case={kind}']") for kind in ("ended", "open", "resolution")
    }

    assert (
        number_in(links["ended"].locator(".n").inner_text())
        == total["n_ended"]
        == told_of(reader, case="ended")
    )
    assert number_in(links["open"].inner_text()) == total["n_open"] == told_of(reader, case="open")
    assert told_of(reader, case="resolution") == total["resolution"]["n"]


@pytest.mark.parametrize(("link", "view", "place"), [(0, "intents", "hours"), (1, "overview", "events")])
def test_a_way_out_ends_at_the_part_that_it_names(open_reader: Any, link: int, view: str, place: str) -> None:
    reader = open_reader(width=360)
    page = reader.open("/support?period=all&lang=en")
    words = page.locator(".view-head .button").nth(link).inner_text()

    page.locator(".view-head .button").nth(link).click()
    page.wait_for_selector(f"#{place}")
    reader.wait()

    assert words == ["When they write", "Did our work help?"][link]
    assert page.url == f"{reader.url}/{view}?period=all&lang=en&via=support#{place}"
    assert page.evaluate("document.activeElement.id") == place
    assert 0 <= page.locator(f"#{place}").bounding_box()["y"] < 450


@pytest.mark.parametrize(("link", "place"), [(0, "hours"), (1, "events")])
def test_a_way_out_leads_back(open_reader: Any, link: int, place: str) -> None:
    reader = open_reader(width=360)
    page = reader.open("/support?period=90d&stage=delivery")
    reader.click(f".view-head .button >> nth={link}")
    reader.wait()

    said = page.locator(f"#{place} .way-back").inner_text()
    overflow = reader.overflow()
    reader.click(f"#{place} .way-back")
    reader.wait()

    assert said == "بازگشت به «پشتیبانی»"
    assert overflow <= 0
    assert page.url == f"{reader.url}/support?period=90d&stage=delivery"
    assert reader.open("/intents?period=90d").locator(".way-back").count() == 0


def test_a_part_of_a_view_that_was_seen_before_is_found_too(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/overview?period=all&lang=en")
    reader.click('.side nav a:has-text("Support")')

    reader.click(".view-head .button >> nth=1")

    assert page.evaluate("document.activeElement.id") == "events"
    assert 0 <= page.locator("#events").bounding_box()["y"] < 450


def test_each_backlog_says_what_is_counted_and_from_what(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en")
    first = answer_of(reader, "cx/response")["total"]["first_response"]

    said = page.locator("#glance dd > small").all_inner_texts()

    assert said[0] == (
        "Cases, from the first message to the first answer by a person."
        f" {first['n_waiting']:,} of {first['n']:,} have none yet."
    )
    assert said[3:] == [
        "Cases of this period whose newest message has an open status.",
        "Messages, not cases: the message’s own status is open or unsolved now, whatever the period.",
        "Of the unresolved messages: those flagged “urgent”.",
    ]


def test_what_is_asked_adds_up_along_the_journey_and_leads_back(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/support?period=all&lang=en")

    everything, *stages = [number_in(one) for one in page.locator("#asked a b").all_inner_texts()]
    reader.click('#asked a:has-text("Delivery")')
    reader.wait()
    reader.click("#asked-for a:has-text('Back to support')")
    reader.wait()

    assert everything == sum(stages)
    assert page.url.startswith(f"{reader.url}/support?")
    assert "channel=" not in page.url


@pytest.mark.parametrize(("by", "n_notes"), [("stage", 1), ("queue", 0)])
def test_rows_that_may_overlap_are_said_to(open_reader: Any, by: str, n_notes: int) -> None:
    page = open_reader().open(f"/support?period=all&lang=en&by={by}")

    assert page.locator(".support-several").count() == n_notes


def test_where_nobody_is_angry_the_negative_are_shown_and_said_to_be(open_reader: Any) -> None:
    reader = open_reader()
    calm = answer_of(reader, "feedback", unresolved="true", order="angriest", limit="6")
    calm["n_angry"] = 0
    reader.page.route("**/v1/feedback?*order=angriest*", lambda route: route.fulfill(json=calm))

    page = reader.open("/support?period=all&lang=en")

    negative = answer_of(reader, "feedback", unresolved="true", sentiment="negative", limit="6")
    assert (
        page.locator(".support-calm").inner_text()
        == "Of no unresolved message is the model sure that it is angry; these are negative and unresolved, whatever the period."
    )
    assert negative["items"][0]["native_id"] in page.locator("#angriest li").first.inner_text()
    assert number_in(page.locator("#angriest .support-all").inner_text()) == negative["n"]
    assert "order=angriest" not in str(page.locator("#angriest .support-all a").get_attribute("href"))
