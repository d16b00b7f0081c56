from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import stamina

from pipeline.clean import clean_text
from pipeline.errors import StopSource
from pipeline.records import Author, Channel, Feedback, Reply, Role, TextFormat
from tests.checks import NOW, Sample, errors_of, items_of, samples
from tests.fixtures.http_cases import REQUEST_TRACKER
from tests.fixtures.request_tracker_service import RequestTrackerService
from tests.fixtures.services import as_json, recorded
from tests.http_checks import ids_of, last_bookmark, read_until_error


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=20, cap=True):
        yield


class Recorded(RequestTrackerService):
    """Answers with the recorded pages, of which single keys may be changed."""

    def __init__(self, **changes: Mapping[str, object]) -> None:
        super().__init__([])
        self.changes = changes

    def answer(self, request: httpx.Request) -> httpx.Response:
        kind = request.url.path.removesuffix("/").split("/")[-1]
        name = "attachment" if kind.isdigit() else kind
        page = recorded(f"request_tracker_{name}")
        first = page["items"][0] if "items" in page else page
        first |= self.changes.get(name, {})
        return as_json(page)


def read(service: RequestTrackerService, **arguments: object) -> list[Feedback]:
    pages = list(REQUEST_TRACKER.build(service, **arguments).fetch(None))
    assert errors_of(pages) == []
    return items_of(pages)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_a_ticket_becomes_its_requestors_words() -> None:
    fields = {"product": "محصول", "brand": "برند", "attributes": {"city": "شهر"}}

    first, second = read(Recorded(), custom_fields=fields)

    known = {
        "source": "shop",
        "text_format": TextFormat.EMAIL,
        "channel": Channel.TICKET,
        "author": Author(native_id="maryam@example.com", email="maryam@example.com"),
        "conversation_id": "7",
        "product": "چای",
        "queue": "پشتیبانی",
        "status": "open",
        "attributes": {"priority": "50", "city": "تبریز, مرند"},
    }
    assert first == Feedback(
        **known,
        native_id="40",
        text="بسته نرسید\nسلام، سه روز است بسته‌ام نرسیده.\n\nبا تشکر\nمریم",
        created_at=at(8, 10),
        permalink="https://shop.example/Ticket/Display.html?id=7#txn-40",
        replies=(Reply(Role.SYSTEM, at(8, 50)), Reply(Role.AGENT, at(9, 0))),
    )
    assert second == Feedback(
        **known,
        native_id="46",
        text="سلام، سه روز است بسته‌ام نرسیده.\n\nبا تشکر\nمریم",
        created_at=at(11, 0),
        permalink="https://shop.example/Ticket/Display.html?id=7#txn-46",
    )
    assert clean_text(first.text, first.text_format) == "بسته نرسید\nسلام، سه روز است بسته‌ام نرسیده."


def test_a_page_in_html_is_read_where_there_is_no_plain_text() -> None:
    class OnlyHtml(Recorded):
        def answer(self, request: httpx.Request) -> httpx.Response:
            content = super().answer(request).json()
            if request.url.path.endswith("/attachments"):
                content["items"] = content["items"][:3]
            if request.url.path.endswith("/attachment/62"):
                content |= {"Content": "PGI+YmFkPC9iPg==\n"}
            return as_json(content)

    first, _ = read(OnlyHtml())

    assert first.text == "<div>بسته نرسید</div><b>bad</b>"


def test_what_staff_wrote_is_no_feedback_even_of_a_requestor() -> None:
    assert read(Recorded(), staff=["maryam@example.com"]) == []


@pytest.mark.parametrize("header", ["Auto-Submitted: auto-replied", "Precedence: bulk"])
def test_an_automatic_mail_is_no_feedback(header: str) -> None:
    assert read(Recorded(attachments={"Headers": f"MIME-Version: 1.0\n{header}\nFrom: مریم"})) == []


def test_only_the_tickets_of_the_query_are_asked_for() -> None:
    service = RequestTrackerService(samples(1))
    connector = REQUEST_TRACKER.build(service, query="Queue = 'پشتیبانی' OR Owner = 'Nobody'")
    bookmark = last_bookmark(list(connector.fetch(None)))
    list(connector.fetch(bookmark))

    asked = [one.url.params["query"] for one in service.requests if one.url.path.endswith("/tickets")]

    seconds = int(NOW.timestamp()) - 1_700_000_060 + 121
    assert asked == [
        "(Queue = 'پشتیبانی' OR Owner = 'Nobody') AND id > 0",
        f"(Queue = 'پشتیبانی' OR Owner = 'Nobody') AND LastUpdated >= '{seconds} seconds ago'",
    ]


def test_tickets_hidden_after_counting_stop_the_source() -> None:
    class Hiding(RequestTrackerService):
        def answer(self, request: httpx.Request) -> httpx.Response:
            return as_json(super().answer(request).json() | {"total": None, "pages": None})

    with pytest.raises(StopSource, match=r"set \$UseSQLForACLChecks to 1"):
        list(REQUEST_TRACKER.build(Hiding(samples(2))).fetch(None))


def test_a_service_whose_clock_is_ahead_loses_nothing() -> None:
    ahead = timedelta(hours=5)

    class Ahead(RequestTrackerService):
        def answer(self, request: httpx.Request) -> httpx.Response:
            query = request.url.params.get("query", "")
            response = super().answer(request)
            if seconds := "".join(letter for letter in query if letter.isdigit()).removeprefix("0"):
                seconds = str(int(seconds) - int(ahead.total_seconds()))
                url = request.url.copy_merge_params({"query": f"LastUpdated >= '{seconds} seconds ago'"})
                response = super().answer(httpx.Request("GET", url))
            response.headers["date"] = f"{NOW + ahead:%a, %d %b %Y %H:%M:%S} GMT"
            return response

    service = Ahead(samples())
    connector = REQUEST_TRACKER.build(service)
    bookmark = last_bookmark(list(connector.fetch(None)))
    service.add(Sample(26, "پیام تازه", 1_700_001_590))

    assert "2600" in ids_of(list(connector.fetch(bookmark)))


def test_a_ticket_that_changes_while_the_list_is_read_pushes_no_other_out_of_sight() -> None:
    service = RequestTrackerService(samples())
    service.before[2] = lambda: service.changed_at.update({1: 1_700_050_000, 2: 1_700_050_000})

    pages = list(REQUEST_TRACKER.build(service).fetch(None))

    assert ids_of(pages) == REQUEST_TRACKER.ids()


def test_tickets_changed_in_one_second_are_read_page_by_page() -> None:
    service = RequestTrackerService(samples())
    service.changed_at = dict.fromkeys(service.changed_at, 1_700_000_000)

    pages = list(REQUEST_TRACKER.build(service).fetch(None))

    assert sorted(item.native_id for item in items_of(pages)) == sorted(REQUEST_TRACKER.ids())


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("tickets", {"Requestor": "maryam"}, "Requestor"),
        ("tickets", {"Cc": None}, "Cc"),
        ("tickets", {"LastUpdated": None}, "LastUpdated"),
        ("attachment", {"Content": "no base64!"}, "Content"),
    ],
)
def test_a_changed_shape_is_an_error_that_names_the_field(
    name: str, change: dict[str, object], field: str
) -> None:
    _, complaint = read_until_error(REQUEST_TRACKER.build(Recorded(**{name: change})))

    assert f"has the field {field}: the service changed its answer" in complaint


def test_a_bookmark_holds_a_moment_only() -> None:
    bookmark = last_bookmark(list(REQUEST_TRACKER.build(RequestTrackerService(samples(2))).fetch(None)))

    assert json.loads(bookmark or "{}")["state"]["at"] == {"": {"since": "2023-11-14T22:15:20+00:00"}}
