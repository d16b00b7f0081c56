from __future__ import annotations

from datetime import UTC, datetime

from pipeline.records import Author, Channel, Feedback, Reply, Role, TextFormat
from tests.checks import items_of, samples
from tests.fixtures.http_services.freshdesk import FRESHDESK, RATINGS, RatingService
from tests.fixtures.recorded_service import read_recorded
from tests.fixtures.services import recorded
from tests.http_checks import last_bookmark


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def read_ticket(**ticket: object) -> list[Feedback]:
    tickets = [recorded("freshdesk_tickets")[0] | ticket]
    documents = {"/conversations": recorded("freshdesk_conversations"), "/tickets": tickets}
    return read_recorded(FRESHDESK, documents, beyond=[])


def test_a_ticket_becomes_its_customers_words() -> None:
    first, second = read_ticket()

    known = {
        "source": "shop",
        "text_format": TextFormat.HTML,
        "channel": Channel.TICKET,
        "author": Author(native_id="71"),
        "conversation_id": "31",
        "product": "4",
        "queue": "9",
        "status": "pending",
        "permalink": "https://shop.example/a/tickets/31",
        "attributes": {"priority": "high"},
    }
    assert first == Feedback(
        **known,
        native_id="31/description",
        text="بسته نرسید<br><div>سلام، سه روز است بسته‌ام نرسیده.</div>",
        created_at=at(8, 10),
        replies=(Reply(Role.AGENT, at(9, 0)),),
    )
    assert second == Feedback(
        **known, native_id="503", text="<div>هنوز خبری نشده</div>", created_at=at(11, 0)
    )


def test_a_description_that_an_agent_wrote_is_left_out() -> None:
    assert [item.native_id for item in read_ticket(source=3)] == ["503"]
    assert [item.native_id for item in read_ticket(source=10)] == ["503"]


def test_what_the_one_who_asked_writes_in_the_portal_is_the_customers() -> None:
    conversations = recorded("freshdesk_conversations")
    conversations[2]["incoming"] = False

    read = read_recorded(
        FRESHDESK, {"/conversations": conversations, "/tickets": recorded("freshdesk_tickets")}, beyond=[]
    )

    assert [item.native_id for item in read] == ["31/description", "503"]


def test_a_status_of_ones_own_keeps_its_number() -> None:
    assert {item.status for item in read_ticket(status=12)} == {"12"}


def test_ratings_become_a_score_from_one_to_seven() -> None:
    first, second, third = read_recorded(
        RATINGS, {"/satisfaction_ratings": recorded("freshdesk_ratings")}, beyond=[]
    )

    assert first == Feedback(
        source="shop",
        native_id="102",
        text="پاسخ دیر آمد",
        created_at=at(12, 0),
        channel=Channel.SURVEY,
        author=Author(native_id="71"),
        conversation_id="31",
        queue="9",
        permalink="https://shop.example/a/tickets/31",
        csat=2.0,
        attributes={"rating": "-102"},
    )
    assert (second.text, second.csat) == ("", 7.0)
    assert (third.text, third.csat, third.attributes) == ("معمولی بود", None, {"rating": "2"})


def test_tickets_are_asked_for_with_descriptions_in_the_order_of_their_changes() -> None:
    service = FRESHDESK.service(samples(1))

    list(FRESHDESK.build(service, start="2023-11-14").fetch(None))

    assert dict(service.requests[0].url.params) == {
        "include": "description",
        "order_by": "updated_at",
        "order_type": "asc",
        "updated_since": "2023-11-14T00:00:00Z",
        "page": "1",
        "per_page": "100",
    }
    assert str(service.requests[1].url) == "https://shop.example/api/v2/tickets/1/conversations?per_page=100"


def test_no_list_of_tickets_is_followed_past_its_first_pages() -> None:
    service = FRESHDESK.service(samples(200))

    list(FRESHDESK.build(service).fetch(None))

    asked = [
        request.url.params["page"] for request in service.requests if request.url.path.endswith("/tickets")
    ]
    assert len(asked) > 20
    assert set(asked) == {"1", "2"}


def test_ratings_are_read_in_whatever_order_they_come() -> None:
    service = RATINGS.service(samples(25))
    bookmark = last_bookmark(list(RATINGS.build(service).fetch(None)))
    service.requests.clear()

    again = items_of(list(RATINGS.build(service).fetch(bookmark)))

    assert isinstance(service, RatingService)
    assert [item.native_id for item in again] == ["25", "24", "23"]
    assert dict(service.requests[0].url.params) == {
        "page": "1",
        "per_page": "100",
        "created_since": "2023-11-14T22:36:20Z",
    }
