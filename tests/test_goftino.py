from __future__ import annotations

from datetime import UTC, datetime

from pipeline.connectors.goftino import Goftino
from pipeline.records import Author, Channel, Feedback, Reply, Role
from tests.checks import samples
from tests.fixtures.http_services.goftino import GOFTINO
from tests.fixtures.recorded_service import read_recorded
from tests.fixtures.services import recorded
from tests.http_checks import answering, last_bookmark, read_until_error


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_a_chat_becomes_its_visitors_words_at_the_time_of_tehran() -> None:
    documents = {"/chat_data": recorded("goftino_messages"), "/chats": recorded("goftino_chats")}
    nothing = {"status": "success", "data": {"chats": [], "messages": []}}

    first, second = read_recorded(GOFTINO, documents, beyond=nothing)

    known = {
        "source": "shop",
        "channel": Channel.CHAT,
        "author": Author(native_id="61225d87c0925903200fbc73b0423a29"),
        "conversation_id": "61225d8fc0925903200fbc74",
        "status": "open",
    }
    assert first == Feedback(
        **known,
        native_id="5d225d8fc0925903200fb5e1",
        text="سلام، کد تخفیفم کار نمی‌کند",
        created_at=at(8, 10),
        replies=(Reply(Role.AGENT, at(8, 20)),),
    )
    assert second == Feedback(
        **known, native_id="5d225d8fc0925903200fb5e4", text="ممنون", created_at=at(9, 0)
    )


def test_messages_are_asked_for_only_where_the_last_one_is_new() -> None:
    service = GOFTINO.service(samples(25))
    bookmark = last_bookmark(list(GOFTINO.build(service).fetch(None)))
    service.requests.clear()

    list(GOFTINO.build(service).fetch(bookmark))

    chats = [dict(one.url.params) for one in service.requests if one.url.path == "/chats"]
    opened = {one.url.params["chat_id"] for one in service.requests if one.url.path == "/chat_data"}
    assert chats == [{"page": str(page), "limit": "50"} for page in (1, 2, 3, 4)]
    # those of the last ten minutes before the last message
    assert opened == {str(number) for number in range(15, 26)}


def test_a_chat_is_asked_for_by_its_id() -> None:
    service = GOFTINO.service(samples(1))

    list(GOFTINO.build(service).fetch(None))

    assert dict(service.requests[1].url.params) == {"chat_id": "1", "page": "1", "limit": "50"}


def test_requests_are_a_second_apart_unless_told_otherwise() -> None:
    assert Goftino.model_fields["delay_s"].default == 1.0


def test_an_error_inside_an_answer_stops() -> None:
    service = GOFTINO.service([])
    service.fail_from = (1, answering(200, body=b'{"status": "error", "code": "1"}'))

    _, complaint = read_until_error(GOFTINO.build(service))

    assert "error 1 inside: check the key" in complaint
