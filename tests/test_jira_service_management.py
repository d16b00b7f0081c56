from __future__ import annotations

from datetime import UTC, datetime

from pipeline.records import Author, Channel, Feedback, Reply, Role
from tests.checks import samples
from tests.fixtures.http_services.jira_service_management import JIRA
from tests.fixtures.recorded_service import read_recorded
from tests.fixtures.services import recorded
from tests.http_checks import last_bookmark


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def read_request(**fields: object) -> list[Feedback]:
    document = recorded("jira_issues")
    document["issues"][0]["fields"] |= fields
    return read_recorded(
        JIRA, {"/comment": recorded("jira_comments"), "/search/jql": document}, beyond={"issues": []}
    )


def test_a_request_becomes_its_customers_words() -> None:
    first, second = read_request()

    known = {
        "source": "shop",
        "channel": Channel.TICKET,
        "conversation_id": "10042",
        "queue": "HELP",
        "status": "Waiting for customer",
        "permalink": "https://shop.example/browse/HELP-7",
        "attributes": {"priority": "High", "type": "Service Request"},
    }
    assert first == Feedback(
        **known,
        native_id="10042/description",
        text="بسته نرسید\nسلام، سه روز است بسته‌ام نرسیده.",
        created_at=at(8, 10),
        author=Author(native_id="qm:a713:maryam", email="maryam@example.com"),
        replies=(Reply(Role.AGENT, at(9, 0)), Reply(Role.BOT, at(10, 0))),
    )
    assert second == Feedback(
        **known,
        native_id="504",
        text="هنوز خبری نشده",
        created_at=at(11, 0),
        edited_at=at(11, 5),
        author=Author(native_id="qm:a713:maryam"),
        replies=(Reply(Role.AGENT, at(12, 0)),),
    )


def test_a_description_that_an_agent_wrote_for_a_customer_is_left_out() -> None:
    agent = {"accountId": "5b10:sara", "accountType": "atlassian"}

    assert [item.native_id for item in read_request(creator=agent)] == ["504"]


def test_a_colleague_who_asks_is_a_customer_of_the_own_request() -> None:
    colleague = {"accountId": "5b10:reza", "accountType": "atlassian"}

    read = read_request(creator=colleague, reporter=colleague)

    assert [item.native_id for item in read] == ["10042/description", "504", "505"]


def test_a_request_without_a_description_keeps_its_summary() -> None:
    assert read_request(description=None)[0].text == "بسته نرسید"


def test_the_first_window_begins_at_a_day_and_the_next_some_minutes_ago() -> None:
    service = JIRA.service(samples(1))
    bookmark = last_bookmark(list(JIRA.build(service, projects=["HELP", "BUY"]).fetch(None)))

    list(JIRA.build(service, projects=["HELP", "BUY"]).fetch(bookmark))

    first, comments, _, second, *_ = service.requests
    assert dict(first.url.params) == {
        "fields": "summary,description,created,updated,status,priority,issuetype,project,reporter,creator",
        "maxResults": "100",
        "jql": 'project in ("HELP", "BUY") AND updated >= "2010-01-01" ORDER BY updated ASC',
    }
    assert dict(comments.url.params) == {"orderBy": "created", "startAt": "0", "maxResults": "100"}
    # from 2023-11-14 22:09:20 (five minutes before the change) to 2026-11-21 12:00
    assert second.url.params["jql"] == (
        'project in ("HELP", "BUY") AND updated >= -1587712m ORDER BY updated ASC'
    )
