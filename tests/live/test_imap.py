"""The IMAP connector against a Dovecot of its own: nothing is lost, nothing doubled, whatever happens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from imapclient import IMAPClient

from pipeline.clean import clean_text
from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.errors import BazkhordError, RetryLater, StopSource
from pipeline.records import Author, Channel, Feedback, Reply, Role, TextFormat
from tests.live.dovecot import PASSWORD, USER, Dovecot
from tests.live.held import Held

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        shutil.which("dovecot") is None or shutil.which("openssl") is None,
        reason="needs dovecot and openssl: apt-get install dovecot-imapd openssl",
    ),
]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Mails(Held):
    """What a data base would hold of a mailbox."""

    @property
    def numbers(self) -> set[int]:
        """The mails that are held, by number."""
        return {int(name.partition("@")[0]) for name in self.items}


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    server = Dovecot()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def server(running: Dovecot) -> Dovecot:
    """The server with an empty account."""
    running.start()
    with sign_in(running) as client:
        for _, _, name in client.list_folders():
            client.select_folder(name)
            if mails := client.search():
                client.delete_messages(mails)
                client.expunge()
            client.unselect_folder()
            if name != "INBOX":
                client.delete_folder(name)
    return running


def sign_in(server: Dovecot) -> IMAPClient:
    client = IMAPClient("127.0.0.1", server.port, ssl=False, timeout=20)
    client.login(USER, PASSWORD)
    return client


def find(client: IMAPClient, number: int) -> int:
    (uid,) = client.search(["HEADER", "MESSAGE-ID", f"<{number}@example.com>"])
    return int(uid)


def connect(server: Dovecot, password: str = PASSWORD, **arguments: object) -> Connector:
    given: dict[str, object] = {
        "host": "localhost",
        "port": server.tls_port,
        "ca_file": str(server.certificate),
        "user": USER,
        "password_env": "MAIL_PASSWORD",
        "agents": ["shop.example"],
        **arguments,
    }
    network = Network(environment={"MAIL_PASSWORD": password})
    return build_connector("mailbox", "imap", given, now=lambda: NOW, network=network)


def write(number: int, *, sender: str = "sara@example.com", answers: int = 0, text: str = "") -> bytes:
    mail = EmailMessage()
    mail["From"] = f"سارا <{sender}>"
    mail["To"] = USER
    mail["Date"] = NOON + timedelta(minutes=number)
    mail["Message-ID"] = f"<{number}@example.com>"
    if answers:
        mail["In-Reply-To"] = mail["References"] = f"<{answers}@example.com>"
    mail["Subject"] = "Re: سفارش"
    mail.set_content(text or f"سفارش {number} نرسید\n\n> نقل قول", cte="base64")
    return mail.as_bytes()


def put(server: Dovecot, *mails: bytes, folder: str = "INBOX", at: datetime = NOON) -> None:
    with sign_in(server) as client:
        if not client.folder_exists(folder):
            client.create_folder(folder)
        for mail in mails:
            client.append(folder, mail, msg_time=at)


def test_every_field_of_a_persian_mail_is_read_and_nothing_is_marked(server: Dovecot) -> None:
    held = Mails()
    put(server, write(1), write(2, sender="Ali@Shop.example"), folder="پیام‌ها")
    put(server, write(3, sender="help@shop.example", answers=1), folder="Sent")

    held.pull(connect(server, folders=["پیام‌ها", "Sent"], constants={"brand": "نیک‌سبد"}))

    assert list(held.items.values()) == [
        Feedback(
            source="mailbox",
            native_id="1@example.com",
            text="سفارش 1 نرسید\n\n> نقل قول",
            created_at=datetime(2026, 11, 20, 12, 1, tzinfo=UTC),
            channel=Channel.EMAIL,
            text_format=TextFormat.EMAIL,
            author=Author(email="sara@example.com"),
            conversation_id="1@example.com",
            brand="نیک‌سبد",
            replies=(Reply(Role.AGENT, datetime(2026, 11, 20, 12, 3, tzinfo=UTC)),),
        )
    ]
    assert clean_text(held.items["1@example.com"].text, TextFormat.EMAIL) == "سفارش 1 نرسید"
    with sign_in(server) as client:
        client.select_folder("پیام‌ها", readonly=True)
        assert client.search("SEEN") == []


def test_a_later_run_reads_what_is_new_and_only_that(server: Dovecot) -> None:
    held, connector = Mails(), connect(server, page_size_mails=2)
    put(server, *(write(number) for number in range(1, 6)))

    first = held.pull(connector)
    nothing = held.pull(connector)
    put(server, write(6))
    second = held.pull(connector)

    assert first == [f"{number}@example.com" for number in range(1, 6)]
    assert (nothing, second) == ([], ["6@example.com"])


def test_mails_deleted_and_moved_in_between_are_neither_lost_nor_doubled(server: Dovecot) -> None:
    held, connector = Mails(), connect(server, folders=["INBOX", "Archive"], page_size_mails=2)
    put(server, write(9), folder="Archive")
    put(server, *(write(number) for number in range(1, 6)))
    pages = connector.fetch(None)
    held.keep(next(pages))

    with sign_in(server) as client:
        client.select_folder("INBOX")
        client.move([find(client, 1), find(client, 5)], "Archive")
        client.delete_messages([find(client, 3)])
        client.expunge()
    put(server, write(6))
    for page in pages:
        held.keep(page)
    held.pull(connector)

    assert held.numbers == {1, 2, 4, 5, 6, 9}


def test_a_lost_connection_says_so_and_the_next_run_goes_on(server: Dovecot) -> None:
    held, connector = Mails(), connect(server, page_size_mails=2)
    put(server, *(write(number) for number in range(1, 6)))
    pages = connector.fetch(None)
    held.keep(next(pages))

    server.stop()
    with pytest.raises(RetryLater, match="the connection failed or was lost"):
        next(pages)
    with pytest.raises(RetryLater, match="the connection failed or was lost"):
        held.pull(connector)
    server.start()
    rest = held.pull(connector)

    assert rest == ["3@example.com", "4@example.com", "5@example.com"]
    assert held.numbers == {1, 2, 3, 4, 5}


def test_a_crash_after_any_page_loses_nothing(server: Dovecot) -> None:
    put(server, *(write(number) for number in range(1, 6)))
    put(server, write(7, sender="a@shop.example", answers=2), write(8), folder="Sent")
    connector = connect(server, folders=["INBOX", "Sent"], page_size_mails=2)
    whole = Mails()
    whole.pull(connector)

    for n_pages in range(1, 6):
        held = Mails()
        held.pull(connector, n_pages)
        held.pull(connector)

        assert held.items == whole.items


def test_a_folder_that_is_numbered_anew_is_read_again_and_stays_single(server: Dovecot) -> None:
    held, connector = Mails(), connect(server)
    put(server, *(write(number) for number in range(1, 4)))
    held.pull(connector)

    server.stop()
    server.forget_uids()
    server.start()
    put(server, write(4))
    again = held.pull(connector)

    assert sorted(again) == [f"{number}@example.com" for number in range(1, 5)]
    assert held.numbers == {1, 2, 3, 4}
    assert held.pull(connector) == []


def test_an_answer_that_comes_later_reaches_the_mail_it_answers(server: Dovecot) -> None:
    held, connector = Mails(), connect(server, folders=["INBOX", "Sent"])
    put(server, write(1), write(2))
    put(server, write(3, sender="a@shop.example", answers=1), folder="Sent")
    held.pull(connector)

    put(server, write(4, sender="b@shop.example", answers=1), folder="Sent")
    brought = held.pull(connector)

    assert brought == ["1@example.com"]
    assert [reply.at.minute for reply in held.items["1@example.com"].replies] == [3, 4]
    assert held.items["2@example.com"].replies == ()


def test_an_answered_mail_that_is_moved_keeps_its_answers(server: Dovecot) -> None:
    held, connector = Mails(), connect(server, folders=["INBOX", "Sent", "Archive"])
    put(server, write(8), folder="Archive")
    put(server, write(1))
    put(server, write(3, sender="a@shop.example", answers=1), folder="Sent")
    held.pull(connector)

    with sign_in(server) as client:
        client.select_folder("INBOX")
        client.move([find(client, 1)], "Archive")
    brought = held.pull(connector)

    assert brought == ["1@example.com"]
    assert [reply.at.minute for reply in held.items["1@example.com"].replies] == [3]


def test_a_first_run_reads_no_older_mails_than_wanted(server: Dovecot) -> None:
    held, connector = Mails(), connect(server, since_days=10)
    put(server, write(1), at=NOW - timedelta(days=12))
    put(server, write(2), at=NOW - timedelta(days=9))

    held.pull(connector)

    assert held.numbers == {2}


def test_a_mail_that_cannot_be_read_costs_no_other(server: Dovecot) -> None:
    held = Mails()
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    put(server, write(1), deep, write(2))

    held.pull(connect(server))

    assert held.numbers == {1, 2}
    assert len(held.dead_letters) == 1


def test_a_mail_without_a_date_was_written_when_it_arrived(server: Dovecot) -> None:
    held = Mails()
    put(server, b"From: a@example.com\nMessage-ID: <1@example.com>\n\nok\n")

    held.pull(connect(server))

    assert [item.created_at for item in held.items.values()] == [NOON]


def test_a_large_attachment_is_not_fetched(server: Dovecot) -> None:
    mail = EmailMessage()
    mail["Message-ID"] = "<1@example.com>"
    mail.set_content("غذا سرد بود", cte="8bit")
    mail.add_attachment(b"x" * 2_000_000, maintype="image", subtype="png", filename="x.png")
    held = Mails()
    put(server, mail.as_bytes())

    held.pull(connect(server))

    assert [item.text for item in held.items.values()] == ["غذا سرد بود"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"password": "wrong-secret"}, StopSource, "it does not let this user in: check user"),
        ({"ca_file": None}, StopSource, "its certificate is not to be trusted"),
        ({"host": "127.0.0.1"}, StopSource, "its certificate is not to be trusted"),
        (
            {"folders": ["Inbx"]},
            StopSource,
            "no folder 'Inbx' can be opened; there are: INBOX: correct folders",
        ),
        ({"port": 1}, RetryLater, "the connection failed or was lost (ConnectionRefusedError)"),
        ({"password_env": "NOT_SET"}, StopSource, "NOT_SET, which is not set"),
    ],
    ids=["password", "authority", "name", "folder", "port", "secret"],
)
def test_what_a_person_has_to_mend_is_said_without_secrets(
    arguments: dict[str, object], error: type[BazkhordError], words: str, server: Dovecot
) -> None:
    with pytest.raises(error) as failed:
        list(connect(server, **arguments).fetch(None))  # type: ignore[arg-type]

    told = f"{failed.value}{failed.value.__cause__}"
    assert words in told
    assert "source mailbox" in told
    assert [secret for secret in (USER, PASSWORD, "wrong-secret") if secret in told] == []


def test_tls_on_a_port_without_it_asks_to_check_both(server: Dovecot) -> None:
    with pytest.raises(StopSource, match=r"TLS fails .*: check port and tls"):
        list(connect(server, port=server.port).fetch(None))


def test_answers_reach_mails_of_other_folders_though_one_is_numbered_anew(server: Dovecot) -> None:
    held, connector = Mails(), connect(server, folders=["INBOX", "Sent", "Archive"])
    put(server, write(1))
    put(server, write(2), folder="Archive")
    put(server, write(9), folder="Sent")
    held.pull(connector)
    with sign_in(server) as client:
        client.delete_folder("Archive")
    put(server, write(2), write(5), folder="Archive")
    put(server, write(3, sender="a@shop.example", answers=1), folder="Sent")

    held.pull(connector)

    assert held.numbers == {1, 2, 5, 9}
    assert [reply.at.minute for reply in held.items["1@example.com"].replies] == [3]


@pytest.mark.parametrize("tls", ["starttls", "none"])
def test_other_ways_in_read_the_same(tls: str, server: Dovecot) -> None:
    held = Mails()
    put(server, write(1))

    held.pull(connect(server, tls=tls, port=server.port))

    assert held.numbers == {1}
