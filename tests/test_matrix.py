from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina

from pipeline.errors import StopSource
from pipeline.records import Author, Channel, Feedback, Reply, Role
from tests.checks import Sample, errors_of, items_of, samples
from tests.fixtures.http_cases import MATRIX
from tests.fixtures.services import MatrixService, as_json, recorded
from tests.http_checks import last_bookmark

ROOM = "!help:shop.example"


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=20, cap=True):
        yield


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def event(
    event_id: str, text: str, *, sender: str = "@sara:example.org", **content: object
) -> dict[str, Any]:
    template: dict[str, Any] = recorded("matrix_messages")["chunk"][0]
    return template | {
        "event_id": event_id,
        "sender": sender,
        "content": {"msgtype": "m.text", "body": text, **content},
    }


def answering(event_id: str) -> dict[str, object]:
    return {"m.relates_to": {"m.in_reply_to": {"event_id": event_id}}}


def edit(event_id: str, target: str, text: str, *, at_ms: int = 1_772_442_060_000) -> dict[str, Any]:
    new = {"m.new_content": {"msgtype": "m.text", "body": text}}
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": target}}
    return event(event_id, f"* {text}", **new, **relation) | {"origin_server_ts": at_ms}


class RoomService(MatrixService):
    """A room with these events."""

    def __init__(self, told: Sequence[dict[str, Any]]) -> None:
        super().__init__([])
        self.told = list(told)

    def events(self) -> list[dict[str, Any]]:
        return self.told


def read(service: MatrixService, since: str | None = None, **arguments: object) -> list[Feedback]:
    pages = list(MATRIX.build(service, **arguments).fetch(since))
    assert errors_of(pages) == []
    return items_of(pages)


def test_a_room_gives_its_customers_words() -> None:
    first, second, third = read(RoomService(recorded("matrix_messages")["chunk"]))

    link = "https://matrix.to/#/!help%3Ashop.example"
    assert first == Feedback(
        source="shop",
        native_id="$one",
        text="سلام، سفارشم نرسید",
        created_at=at(8, 10),
        channel=Channel.CHAT,
        author=Author(native_id="@sara:example.org"),
        conversation_id=ROOM,
        permalink=f"{link}/%24one?via=example.org",
        replies=(Reply(Role.BOT, at(8, 11)), Reply(Role.AGENT, at(8, 20))),
    )
    assert second == Feedback(
        source="shop",
        native_id="$two",
        text="کدش را پیدا کردم",
        created_at=at(9, 0),
        edited_at=at(9, 1),
        channel=Channel.CHAT,
        author=Author(native_id="@sara:example.org"),
        conversation_id=ROOM,
        permalink=f"{link}/%24two?via=example.org",
    )
    assert (third.native_id, third.text, third.conversation_id) == ("$three", "هم منتظر است", "$one")


def test_what_a_customer_quotes_is_cut_off() -> None:
    quoting = event("$1", "> <@help:shop.example> کد؟\n> خط دوم\n\nکد ۱۲\n> نه این", **answering("$0"))
    own_sign = event("$2", "> از همه بهتر")

    assert [item.text for item in read(RoomService([quoting, own_sign]))] == [
        "کد ۱۲\n> نه این",
        "> از همه بهتر",
    ]


def test_an_answer_on_a_later_page_brings_its_message_again_with_all_answers() -> None:
    told = [event(f"${number}", f"پیام {number}") for number in range(1, 10)]
    answers = [
        event("$a", "الف", sender="@help:shop.example"),
        event("$b", "ب", sender="@help:shop.example", **answering("$a")),
        event("$c", "پ", sender="@help:shop.example", **answering("$2")),
    ]
    service = RoomService(told)
    bookmark = last_bookmark(list(MATRIX.build(service).fetch(None)))

    service.told += answers

    again = {item.native_id: len(item.replies) for item in read(service, bookmark)}
    assert again == {"$9": 2, "$2": 1}


def test_an_answer_within_one_run_needs_no_looking_up() -> None:
    told = [event(f"${number}", f"پیام {number}") for number in range(1, 13)]
    answers = [event(f"$a{n}", "پاسخ", sender="@help:shop.example", **answering("$3")) for n in (1, 2)]
    service = RoomService([*told, *answers, edit("$e", "$4", "چهار، نو")])

    items = read(service)

    last = {item.native_id: (item.text, len(item.replies)) for item in items}
    assert (last["$3"], last["$4"]) == (("پیام 3", 2), ("چهار، نو", 0))
    assert (len(items), len(last)) == (14, 12)
    assert {request.url.path.rpartition("/")[2] for request in service.requests} == {"messages"}


def test_a_message_that_is_taken_back_comes_again_without_words() -> None:
    service = RoomService([event("$1", "پشیمان شدم"), event("$2", "می‌ماند")])
    bookmark = last_bookmark(list(MATRIX.build(service).fetch(None)))
    service.told[0] = service.told[0] | {"content": {}, "unsigned": {"redacted_because": {}}}
    service.told.append(
        event("$3", "")
        | {"type": "m.room.redaction", "content": {"redacts": "$1"}, "origin_server_ts": 1_772_442_000_000}
    )

    (gone,) = read(service, bookmark)

    assert (gone.native_id, gone.text, gone.edited_at) == ("$1", "", at(9, 0))
    assert gone.attributes == {"deleted": "true"}
    assert [item.native_id for item in read(service)] == ["$2"]


def test_of_several_edits_the_latest_counts_wherever_it_stands() -> None:
    bundled = event("$1", "یک") | {
        "unsigned": {"m.relations": {"m.replace": edit("$e9", "$1", "نو", at_ms=1_772_442_120_000)}}
    }
    told = [
        bundled,
        event("$2", "دو"),
        edit("$e1", "$2", "دو، نو"),
        edit("$e0", "$2", "کهنه", at_ms=1_772_442_000_000),
    ]
    service = RoomService([*told, edit("$e8", "$1", "کهنه")])

    assert [item.text for item in read(service)] == ["نو", "دو، نو"]
    assert [request.url.path.rpartition("/")[2] for request in service.requests] == ["messages", "messages"]


def test_an_edit_of_an_old_message_keeps_the_time_it_was_written() -> None:
    service = RoomService([event("$1", "یک"), event("$a", "پاسخ", sender="@help:shop.example")])
    bookmark = last_bookmark(list(MATRIX.build(service).fetch(None)))

    service.told.append(edit("$e", "$1", "یک، نو"))

    (item,) = read(service, bookmark)
    assert (item.text, item.created_at, item.edited_at) == ("یک، نو", at(8, 10), at(9, 1))
    assert len(item.replies) == 1


def test_a_page_without_events_is_not_the_end() -> None:
    service = MATRIX.service(samples(25))

    assert len(read(service)) == 25
    assert "t10" in [request.url.params.get("from") for request in service.requests]


@pytest.mark.parametrize(
    ("agents", "texts"),
    [(["@help:shop.example"], ["از مشتری"]), (["shop.example"], ["از مشتری"]), ([], ["از ما", "از مشتری"])],
)
def test_the_company_is_known_by_user_or_server(agents: list[str], texts: list[str]) -> None:
    service = RoomService([event("$1", "از ما", sender="@help:shop.example"), event("$2", "از مشتری")])

    assert [item.text for item in read(service, agents=agents)] == texts


def test_a_room_is_found_by_its_alias() -> None:
    class Directory(MatrixService):
        def answer(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/_matrix/client/v3/directory/room/#help:shop.example":
                return as_json({"room_id": ROOM, "servers": ["shop.example"]})
            return super().answer(request)

    service = Directory([Sample(1, "سلام")])

    (item,) = read(service, rooms=["#help:shop.example"])

    assert item.conversation_id == ROOM
    with pytest.raises(StopSource, match=r"the server knows no room #nowhere:shop\.example: correct rooms"):
        read(Nowhere([]), rooms=["#nowhere:shop.example"])


class Nowhere(MatrixService):
    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"errcode": "M_NOT_FOUND"})
