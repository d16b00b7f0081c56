from __future__ import annotations

from datetime import UTC, datetime

from pipeline.records import Author, Channel, Feedback, Reply, Role
from tests.checks import samples
from tests.fixtures.http_services.crisp import CRISP, WEBSITE
from tests.fixtures.recorded_service import read_recorded
from tests.fixtures.services import recorded
from tests.http_checks import answering, last_bookmark, read_until_error


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_a_conversation_becomes_its_visitors_words() -> None:
    documents = {"/messages": recorded("crisp_messages"), "/conversations/1": recorded("crisp_conversations")}
    nothing = {"error": False, "reason": "listed", "data": []}

    first, second = read_recorded(CRISP, documents | {"/conversations/": nothing}, beyond=nothing)

    known = {
        "source": "shop",
        "channel": Channel.CHAT,
        "author": Author(native_id="c5a2f70c-f605-4648-b47f-8c39d4b03a50", email="maryam@example.com"),
        "conversation_id": "session_a1",
        "status": "unresolved",
        "permalink": f"https://app.crisp.chat/website/{WEBSITE}/inbox/session_a1/",
        "attributes": {"via": "chat"},
    }
    assert first == Feedback(
        **known,
        native_id="session_a1/177243900012",
        text="سلام، کد تخفیفم کار نمی‌کند",
        created_at=at(8, 10),
        replies=(Reply(Role.BOT, at(8, 11)), Reply(Role.AGENT, at(8, 20))),
    )
    assert second == Feedback(**known, native_id="session_a1/177244200017", text="ممنون", created_at=at(9, 0))


def test_the_number_of_a_page_stands_in_the_path_and_the_tier_in_a_header() -> None:
    service = CRISP.service(samples(11))

    list(CRISP.build(service).fetch(None))

    pages = [request for request in service.requests if "/conversations/" in request.url.path]
    assert [request.url.path.rsplit("/", 1)[1] for request in pages] == ["1", "2", "3"]
    assert dict(pages[0].url.params) == {"per_page": "50", "filter_date_start": "2015-01-01T00:00:00.000Z"}
    assert {request.headers["x-crisp-tier"] for request in service.requests} == {"website"}


def test_the_token_of_a_plugin_says_that_it_is_one() -> None:
    service = CRISP.service([])

    list(CRISP.build(service, tier="plugin").fetch(None))

    assert service.requests[0].headers["x-crisp-tier"] == "plugin"


def test_a_later_run_costs_only_what_changed() -> None:
    service = CRISP.service(samples(25))
    bookmark = last_bookmark(list(CRISP.build(service).fetch(None)))
    service.requests.clear()

    list(CRISP.build(service).fetch(bookmark))

    # what changed within two minutes of the last change: three conversations, each with its messages
    assert service.requests[0].url.params["filter_date_start"] == "2023-11-14T22:36:20.000Z"
    assert {
        request.url.path.split("/")[5] for request in service.requests if "/conversation/" in request.url.path
    } == {
        "23",
        "24",
        "25",
    }


def test_an_error_inside_an_answer_stops() -> None:
    service = CRISP.service([])
    service.fail_from = (1, answering(200, body=b'{"error": true, "reason": "not_allowed", "data": {}}'))

    _, complaint = read_until_error(CRISP.build(service))

    assert "an error inside: check website and the token" in complaint


def test_being_told_to_calm_down_is_waited_for() -> None:
    service = CRISP.service(samples(1))
    service.faults = {1: answering(420, {"Retry-After": "7"})}

    assert len(list(CRISP.build(service).fetch(None))) == 3
