from __future__ import annotations

from datetime import UTC, datetime

from pipeline.connectors.rocket_chat import RocketChat
from pipeline.records import Author, Channel, Feedback, Reply, Role
from tests.checks import samples
from tests.fixtures.http_services.rocket_chat import ROCKET_CHAT
from tests.fixtures.recorded_service import read_recorded
from tests.fixtures.services import recorded


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_a_room_becomes_its_visitors_words() -> None:
    documents = {"/messages": recorded("rocket_chat_messages"), "/rooms": recorded("rocket_chat_rooms")}

    first, second = read_recorded(ROCKET_CHAT, documents, beyond={"rooms": [], "messages": []})

    known = {
        "source": "shop",
        "channel": Channel.CHAT,
        "author": Author(native_id="iNKE8a6k6cjbqWhWd"),
        "conversation_id": "sDxkYtQy2rkfBM8qP",
        "queue": "2",
        "status": "open",
        "permalink": "https://shop.example/live/sDxkYtQy2rkfBM8qP",
        "attributes": {"via": "widget"},
    }
    assert first == Feedback(
        **known,
        native_id="ZKWP8LfGnRHQ3ozWa",
        text="سلام، کد تخفیفم کار نمی‌کند",
        created_at=at(8, 10),
        edited_at=at(8, 12),
        replies=(Reply(Role.AGENT, at(8, 20)),),
    )
    assert second == Feedback(**known, native_id="d4", text="ممنون", created_at=at(8, 40))


def test_rooms_are_asked_for_by_their_last_message_with_both_headers() -> None:
    service = ROCKET_CHAT.service(samples(1))

    list(ROCKET_CHAT.build(service).fetch(None))

    rooms, messages, more = service.requests
    assert dict(rooms.url.params) == {"sort": '{"lm": -1}', "offset": "0", "count": "100"}
    assert messages.url.path == "/api/v1/livechat/1/messages"
    assert dict(messages.url.params) == {"sort": '{"ts": 1}', "offset": "0", "count": "100"}
    assert more.url.params["offset"] == "2"
    assert {request.headers["x-user-id"] for request in service.requests} == {"aobEdbYhXfu5hkeqG"}


def test_requests_are_far_enough_apart_for_the_usual_limit_of_ten_a_minute() -> None:
    assert RocketChat.model_fields["delay_s"].default == 6.0
