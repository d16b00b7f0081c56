"""The Request Tracker connector against a server of its own: nothing is lost, nothing doubled, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from pipeline.clean import clean_text
from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.errors import BazkhordError, RetryLater, StopSource
from pipeline.records import Author, Channel, Feedback, Page, Reply, Role, SaveCounts, TextFormat
from pipeline.run import pull
from pipeline.store import Store
from tests.live.held import Held, stored_texts
from tests.live.request_tracker import RequestTracker, Written, is_installed

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not is_installed(), reason="needs Request Tracker 5: run tests/live/install.sh"),
]
KEY = b"k" * 32


@dataclass(frozen=True)
class Queue:
    """A queue without tickets, and the server it is on."""

    server: RequestTracker
    name: str

    def write(
        self, number: int, *, sender: str = "sara@example.com", ticket: str = "", text: str = ""
    ) -> str:
        """Mail a customer's message; return the number of its ticket."""
        mail = EmailMessage()
        mail["From"] = f"سارا <{sender}>"
        mail["To"] = "help@shop.example"
        mail["Message-ID"] = f"<{self.name.split()[-1]}.{number}.{ticket}@example.com>"
        mail["Subject"] = f"Re: [shop.example #{ticket}] سفارش" if ticket else f"سفارش {number}"
        mail.set_content(text or f"پیام شمارهٔ {number}", cte="base64")
        self.server.mail(self.name, mail)
        return ticket or self.server.tickets(self.name)[-1]

    def answer(self, ticket: str, *, action: str = "correspond") -> None:
        """An agent answers."""
        said = {"Content": "سلام، پیگیری می‌کنیم", "ContentType": "text/plain"}
        self.server.ask("POST", f"/ticket/{ticket}/{action}", said)

    def change(self, ticket: str, **fields: object) -> None:
        """An agent changes a ticket."""
        self.server.ask("PUT", f"/ticket/{ticket}", fields)

    def first(self, ticket: str) -> Written:
        """Return what opened a ticket."""
        return self.server.written(ticket)[0]

    def connect(self, *, token: str = "", **arguments: object) -> Connector:
        given: dict[str, object] = {
            "base_url": self.server.url,
            "token_env": "RT_TOKEN",
            "query": f"Queue = '{self.name}'",
            "attempts": 1,
            **arguments,
        }
        network = Network(environment={"RT_TOKEN": token or self.server.token})
        return build_connector(
            "tickets", "request_tracker", given, now=lambda: datetime.now(UTC), network=network
        )


@pytest.fixture(scope="module")
def running() -> Iterator[RequestTracker]:
    server = RequestTracker()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def queue(running: RequestTracker) -> Queue:
    running.start()
    return Queue(running, running.open_queue())


def test_every_field_of_a_persian_ticket_is_read(queue: Queue) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "سارا <sara@example.com>", "help@shop.example"
    mail["Message-ID"], mail["Subject"] = "<whole@example.com>", "بسته‌ام نرسید 😔"
    mail.set_content("سلام،\nسه روز است خبری نیست.\n\nبا تشکر\nسارا", cte="base64")
    mail.add_alternative("<p>سلام، <b>سه روز</b> است خبری نیست.</p>", subtype="html")
    mail.add_attachment("گزارش".encode("cp1256"), maintype="text", subtype="plain", filename="گزارش.txt")
    queue.server.mail(queue.name, mail)
    (ticket,) = queue.server.tickets(queue.name)
    queue.change(ticket, CustomFields={"محصول": "چای", "شهر": "تبریز"}, Priority=7, Subject="تکراری")
    queue.answer(ticket, action="comment")
    queue.answer(ticket)
    queue.write(
        2, ticket=ticket, text="هنوز نرسیده\n\nدر تاریخ ۲ آذر ۱۴۰۵ agent@shop.example نوشت:\n> پیگیری می‌کنیم"
    )
    held = Held()
    fields = {"product": "محصول", "attributes": ["شهر"]}

    held.pull(queue.connect(custom_fields=fields, constants={"brand": "نیک‌سبد"}))

    opened, _, answer, later = queue.server.written(ticket)
    link = f"{queue.server.url}/Ticket/Display.html?id={ticket}"
    first = Feedback(
        source="tickets",
        native_id=opened.id,
        text="بسته‌ام نرسید 😔\nسلام،\nسه روز است خبری نیست.\n\nبا تشکر\nسارا",
        text_format=TextFormat.EMAIL,
        created_at=opened.at,
        channel=Channel.TICKET,
        author=Author(native_id="sara@example.com", email="sara@example.com"),
        conversation_id=ticket,
        brand="نیک‌سبد",
        product="چای",
        queue=queue.name,
        status="open",
        permalink=f"{link}#txn-{opened.id}",
        replies=(Reply(Role.AGENT, answer.at),),
        attributes={"priority": "7", "شهر": "تبریز"},
    )
    assert list(held.items.values()) == [
        first,
        replace(
            first,
            native_id=later.id,
            text="هنوز نرسیده\n\nدر تاریخ ۲ آذر ۱۴۰۵ agent@shop.example نوشت:\n> پیگیری می‌کنیم",
            created_at=later.at,
            permalink=f"{link}#txn-{later.id}",
            replies=(),
        ),
    ]
    assert [clean_text(item.text, item.text_format) for item in held.items.values()] == [
        "بسته‌ام نرسید 😔\nسلام،\nسه روز است خبری نیست.",
        "هنوز نرسیده",
    ]
    assert held.dead_letters == []


def test_what_agents_and_machines_write_is_no_feedback(queue: Queue) -> None:
    by_agent = queue.server.ask(
        "POST",
        "/ticket",
        {"Queue": queue.name, "Subject": "تلفنی", "Content": "مشتری زنگ زد", "Requestor": "sara@example.com"},
    )["id"]
    queue.answer(str(by_agent))
    away = EmailMessage()
    away["From"], away["Subject"], away["Auto-Submitted"] = "ali@example.com", "مرخصی", "auto-replied"
    away.set_content("تا شنبه نیستم")
    queue.server.mail(queue.name, away)
    held = Held()

    held.pull(queue.connect())

    assert len(queue.server.tickets(queue.name)) == 2
    assert held.items == {}
    assert held.dead_letters == []


def test_tickets_are_added_changed_answered_and_deleted_between_runs(queue: Queue, database: Store) -> None:
    connector = queue.connect()
    one, two, three = (queue.write(number) for number in (1, 2, 3))

    first = pull(connector, database, identity_key=KEY)
    nothing = pull(connector, database, identity_key=KEY)
    queue.change(one, Status="resolved")
    queue.answer(two)
    queue.server.ask("DELETE", f"/ticket/{three}")
    queue.write(4)
    queue.write(5, ticket=two)
    second = pull(connector, database, identity_key=KEY)
    again = pull(connector, database, identity_key=KEY)

    assert (first.n_new, first.n_updated, first.n_dead) == (3, 0, 0)
    assert (nothing.n_new, nothing.n_updated) == (0, 0)
    assert (second.n_new, second.n_updated, second.n_dead) == (2, 2, 0)
    assert (again.n_new, again.n_updated) == (0, 0)
    assert stored_texts(database) == [
        "سفارش 1\nپیام شمارهٔ 1",
        "سفارش 2\nپیام شمارهٔ 2",
        "سفارش 3\nپیام شمارهٔ 3",
        "سفارش 4\nپیام شمارهٔ 4",
        "پیام شمارهٔ 5",
    ]


def test_an_answer_that_comes_later_reaches_the_message_it_answers(queue: Queue) -> None:
    held, connector = Held(), queue.connect()
    ticket = queue.write(1)
    held.pull(connector)

    queue.answer(ticket)
    held.pull(connector)

    opened, answer = queue.server.written(ticket)
    assert held.items[opened.id].replies == (Reply(Role.AGENT, answer.at),)
    assert held.items[opened.id].status == "open"


def test_merged_tickets_keep_each_message_once(queue: Queue) -> None:
    held, connector = Held(), queue.connect()
    one, two = queue.write(1), queue.write(2)
    held.pull(connector)

    queue.server.merge(one, into=two)
    held.pull(connector)

    assert [(item.text, item.conversation_id) for item in held.items.values()] == [
        ("سفارش 1\nپیام شمارهٔ 1", two),
        ("سفارش 2\nپیام شمارهٔ 2", two),
    ]


def test_a_mail_in_html_alone_is_read(queue: Queue) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = "ali@example.com", "کند", "<html@example.com>"
    mail.set_content("<p>برنامه <b>کند</b> است</p><blockquote>نقل</blockquote>", subtype="html")
    queue.server.mail(queue.name, mail)
    held = Held()

    held.pull(queue.connect())

    (item,) = held.items.values()
    assert clean_text(item.text, item.text_format) == "برنامه کند است"


def test_tickets_that_change_while_they_are_read_push_no_other_out_of_sight(queue: Queue) -> None:
    held, connector = Held(), queue.connect(page_size_tickets=2)
    tickets = [queue.write(number) for number in range(1, 7)]
    pages = connector.fetch(None)
    held.keep(next(pages))

    queue.change(tickets[0], Status="open")
    queue.change(tickets[1], Status="open")
    queue.write(7)
    for page in pages:
        held.keep(page)

    opened = {queue.first(ticket).id for ticket in queue.server.tickets(queue.name)}
    assert len(opened) == 7
    assert set(held.items) == opened


def test_a_crash_after_any_page_loses_nothing(queue: Queue) -> None:
    for number in range(1, 6):
        ticket = queue.write(number)
    queue.answer(ticket)
    connector = queue.connect(page_size_tickets=2)
    whole = Held()
    whole.pull(connector)

    for n_pages in range(1, 4):
        held = Held()
        held.pull(connector, n_pages)
        held.pull(connector)

        assert held.items == whole.items
    assert len(whole.items) == 5


def test_a_pull_that_is_killed_is_taken_up_where_it_was_stored(queue: Queue, database: Store) -> None:
    connector = queue.connect(page_size_tickets=2)
    tickets = [queue.write(number) for number in range(1, 7)]
    n_pages = 0

    def die(page: Page, counts: SaveCounts) -> None:
        nonlocal n_pages
        n_pages += 1
        if n_pages == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(connector, database, identity_key=KEY, on_page=die)
    (broken_off,) = database.sources()
    queue.change(tickets[0], Status="resolved")
    rest = pull(connector, database, identity_key=KEY)
    (state,) = database.sources()

    assert 2 <= broken_off.n_stored < 6
    assert (rest.n_new, rest.n_updated) == (6 - broken_off.n_stored, 1)
    assert state.n_stored == 6


def test_a_server_that_goes_away_says_so_and_the_next_run_goes_on(queue: Queue, database: Store) -> None:
    connector = queue.connect(page_size_tickets=2)
    for number in range(1, 6):
        queue.write(number)
    n_pages = 0

    def stop(page: Page, counts: SaveCounts) -> None:
        nonlocal n_pages
        n_pages += 1
        if n_pages == 1:
            queue.server.stop()

    with pytest.raises(RetryLater, match="the connection failed"):
        pull(connector, database, identity_key=KEY, on_page=stop)
    with pytest.raises(RetryLater, match="nothing is lost"):
        pull(connector, database, identity_key=KEY)
    queue.server.start()
    queue.write(6)
    pull(connector, database, identity_key=KEY)

    (state,) = database.sources()
    assert state.n_stored == 6
    assert stored_texts(database) == [f"سفارش {number}\nپیام شمارهٔ {number}" for number in range(1, 7)]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            {"token": "1-2-wrong-secret"},
            StopSource,
            "HTTP 401, the credentials are refused: check the secret in",
        ),
        ({"query": "Queu = 'x'"}, StopSource, "HTTP 400, the request is refused: check the arguments"),
        ({"base_url": "http://127.0.0.1:1"}, RetryLater, "the connection failed (ConnectError)"),
    ],
    ids=["token", "query", "port"],
)
def test_what_a_person_has_to_mend_is_said_without_secrets(
    arguments: dict[str, object], error: type[BazkhordError], words: str, queue: Queue
) -> None:
    with pytest.raises(error) as failed:
        list(queue.connect(**arguments).fetch(None))  # type: ignore[arg-type]

    told = f"{failed.value}{failed.value.__cause__}"
    assert words in told
    assert "source tickets" in told
    assert [secret for secret in (queue.server.token, "wrong-secret") if secret in told] == []


def test_an_address_below_the_interface_names_the_setting(queue: Queue) -> None:
    with pytest.raises(StopSource, match="check base_url"):
        list(queue.connect(base_url=f"{queue.server.url}/elsewhere").fetch(None))
