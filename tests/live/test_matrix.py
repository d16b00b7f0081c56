"""The Matrix connector against a Synapse of its own: nothing is lost, nothing doubled, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.errors import BazkhordError, RetryLater, StopSource
from pipeline.records import Author, Channel, Feedback, Page, Reply, Role, SaveCounts
from pipeline.run import pull
from pipeline.store import open_store
from tests.live.held import Held
from tests.live.synapse import PYTHON, Synapse, User

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not PYTHON.exists(), reason="needs Matrix Synapse: run tests/live/install_synapse.sh"),
]


@dataclass(frozen=True)
class Room:
    """A room with two customers, an agent and a bot of the company, and the account that reads."""

    server: Synapse
    id: str
    sara: User
    ali: User
    agent: User
    bot: User
    reader: User

    def say(self, user: User, text: str, **content: object) -> str:
        return self.server.say(user, self.id, text, **content)  # type: ignore[arg-type]

    def at(self, event: str) -> datetime:
        return datetime.fromtimestamp(self.server.sent_at_ms(self.reader, self.id, event) / 1000, UTC)

    def connect(self, *, token: str = "", **arguments: object) -> Connector:
        given: dict[str, object] = {
            "base_url": self.server.url,
            "token_env": "MATRIX_TOKEN",
            "rooms": [self.id],
            "agents": [self.agent.id, self.bot.id, self.reader.id],
            "attempts": 1,
            **arguments,
        }
        network = Network(environment={"MATRIX_TOKEN": token or self.reader.token})
        return build_connector("room", "matrix", given, now=lambda: datetime.now(UTC), network=network)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Synapse, dict[str, User]]]:
    server = Synapse()
    try:
        server.start()
        yield server, {name: server.register(name) for name in ("sara", "ali", "agent", "bot", "reader")}
    finally:
        server.remove()


@pytest.fixture
def room(running: tuple[Synapse, dict[str, User]]) -> Room:
    """A room in which nobody has spoken."""
    server, users = running
    server.start()
    owner, *guests = users["reader"], *(user for name, user in users.items() if name != "reader")
    return Room(server, server.open_room(owner, *guests), **users)


def answer_to(event: str) -> dict[str, object]:
    return {"m.relates_to": {"m.in_reply_to": {"event_id": event}}}


def test_every_field_of_persian_messages_is_read(room: Room) -> None:
    first = room.say(room.sara, "سلام، سفارشم «نرسید» 😔\nکجاست؟")
    waiting = room.say(room.bot, "به‌زودی پاسخ می‌دهیم", msgtype="m.notice")
    room.say(room.sara, "photo.jpg", msgtype="m.image", url="mxc://shop.example/abc")
    answer = room.say(room.agent, "کد را بفرستید", **answer_to(first))
    quoting = room.say(room.sara, "> <@agent:shop.example> کد را بفرستید\n\nکد ۱۲", **answer_to(answer))
    thread = {"m.relates_to": {"rel_type": "m.thread", "event_id": first}}
    threaded = room.say(room.ali, "من هم نگرفتم", **thread)
    held = Held()

    held.pull(room.connect(constants={"brand": "نیک‌سبد"}))

    link = f"https://matrix.to/#/{room.id}"
    known = Feedback(
        source="room",
        native_id=first,
        text="سلام، سفارشم «نرسید» 😔\nکجاست؟",
        created_at=room.at(first),
        channel=Channel.CHAT,
        author=Author(native_id="@sara:shop.example"),
        conversation_id=room.id,
        brand="نیک‌سبد",
        permalink=f"{link}/%24{first[1:]}?via=shop.example",
        replies=(Reply(Role.BOT, room.at(waiting)), Reply(Role.AGENT, room.at(answer))),
    )
    assert list(held.items.values()) == [
        known,
        replace(
            known,
            native_id=quoting,
            text="کد ۱۲",
            created_at=room.at(quoting),
            permalink=f"{link}/%24{quoting[1:]}?via=shop.example",
            replies=(),
        ),
        replace(
            known,
            native_id=threaded,
            text="من هم نگرفتم",
            created_at=room.at(threaded),
            author=Author(native_id="@ali:shop.example"),
            conversation_id=first,
            permalink=f"{link}/%24{threaded[1:]}?via=shop.example",
            replies=(),
        ),
    ]


def test_a_later_run_reads_what_is_new_and_only_that(room: Room) -> None:
    held, connector = Held(), room.connect(page_size_events=2)
    told = [room.say(room.sara, f"پیام {number}") for number in range(5)]

    first = held.pull(connector)
    nothing = held.pull(connector)
    new = room.say(room.ali, "تازه")

    assert (first, nothing) == (told, [])
    assert held.pull(connector) == [new]


def test_edits_and_deletions_while_reading_and_between_runs_are_followed(room: Room) -> None:
    held, connector = Held(), room.connect(page_size_events=2)
    one, two, three, four, five = (room.say(room.sara, f"پیام {number}") for number in range(1, 6))
    pages = connector.fetch(None)
    held.keep(next(pages))

    room.server.edit(room.sara, room.id, one, "یک، ویرایش شد")
    room.server.edit(room.sara, room.id, five, "پنج، ویرایش شد")
    room.server.edit(room.sara, room.id, five, "پنج، باز ویرایش شد")
    room.server.take_back(room.sara, room.id, two)
    room.server.take_back(room.sara, room.id, four)
    for page in pages:
        held.keep(page)
    read_at_once = {name: item.text for name, item in held.items.items()}
    room.server.edit(room.sara, room.id, three, "سه، ویرایش شد")
    held.pull(connector)

    assert read_at_once == {
        one: "یک، ویرایش شد",
        two: "",
        three: "پیام 3",
        five: "پنج، باز ویرایش شد",
    }
    assert held.items[three].text == "سه، ویرایش شد"
    assert held.items[three].created_at == room.at(three)
    assert held.items[two].attributes == {"deleted": "true"}
    assert held.pull(connector) == []


def test_an_edit_by_somebody_else_changes_nothing(room: Room) -> None:
    held = Held()
    one = room.say(room.sara, "پیام من")
    room.server.edit(room.ali, room.id, one, "دروغ")

    held.pull(room.connect())

    assert held.texts == {"پیام من"}


def test_answers_that_come_later_reach_the_message_they_answer(room: Room) -> None:
    held, connector = Held(), room.connect(page_size_events=3)
    one, two = room.say(room.sara, "کجاست؟"), room.say(room.ali, "ارسال نشد")
    held.pull(connector)

    late = room.say(room.agent, "فردا می‌رسد")
    named = room.say(room.agent, "پیگیری شد", **answer_to(one))
    held.pull(connector)
    later = room.say(room.agent, "رسید؟")
    more = room.say(room.agent, "خبر بدهید", **answer_to(one))
    brought = held.pull(connector)

    assert sorted(brought) == sorted([one, two])
    assert [reply.at for reply in held.items[two].replies] == [room.at(late), room.at(later)]
    assert [reply.at for reply in held.items[one].replies] == [room.at(named), room.at(more)]


def test_a_crash_after_any_page_loses_nothing(room: Room) -> None:
    told = [room.say(room.sara, f"پیام {number}") for number in range(7)]
    room.say(room.agent, "پاسخ")
    room.server.edit(room.sara, room.id, told[1], "ویرایش شد")
    room.say(room.agent, "پاسخ", **answer_to(told[3]))
    connector = room.connect(page_size_events=2)
    whole = Held()
    whole.pull(connector)

    for n_pages in range(1, 6):
        held = Held()
        held.pull(connector, n_pages)
        held.pull(connector)

        assert held.items == whole.items
    assert len(whole.items) == 7


def test_a_lost_connection_says_so_and_the_next_run_goes_on(room: Room) -> None:
    held, connector = Held(), room.connect(page_size_events=2)
    told = [room.say(room.sara, f"پیام {number}") for number in range(5)]
    pages = connector.fetch(None)
    held.keep(next(pages))

    room.server.stop()
    with pytest.raises(RetryLater, match="nothing is lost"):
        next(pages)
    with pytest.raises(RetryLater, match="the connection failed"):
        held.pull(connector)
    room.server.start()
    new = room.say(room.ali, "تازه")

    assert held.pull(connector) == [*told[2:], new]


def test_a_pull_that_is_killed_is_taken_up_where_it_was_stored(room: Room, tmp_path: Path) -> None:
    connector = room.connect(page_size_events=3)
    told = [room.say(room.sara, f"پیام شمارهٔ {number}") for number in range(8)]
    n_pages = 0

    def die(page: Page, counts: SaveCounts) -> None:
        nonlocal n_pages
        n_pages += 1
        if n_pages == 2:
            raise KeyboardInterrupt

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        with pytest.raises(KeyboardInterrupt):
            pull(connector, store, identity_key=b"k" * 32, on_page=die)
        room.server.edit(room.sara, room.id, told[0], "ویرایش شد")
        rest = pull(connector, store, identity_key=b"k" * 32)
        again = pull(connector, store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert (rest.n_new, rest.n_updated, rest.n_duplicate) == (2, 1, 0)
    assert (again.n_rows, state.n_stored) == (0, 8)


def test_rooms_are_named_by_id_or_alias(room: Room) -> None:
    other = room.server.open_room(room.reader, room.sara, room_alias_name="help")
    room.say(room.sara, "در اتاق اول")
    room.server.say(room.sara, other, "در اتاق دوم")
    held = Held()

    held.pull(room.connect(rooms=[room.id, "#help:shop.example"]))

    assert {item.conversation_id: item.text for item in held.items.values()} == {
        room.id: "در اتاق اول",
        other: "در اتاق دوم",
    }


def test_an_encrypted_message_is_a_dead_letter_that_says_so(room: Room) -> None:
    held = Held()
    secret = room.server.send(
        room.sara, room.id, "m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA"}
    )
    room.say(room.sara, "خوانا")

    held.pull(room.connect())

    assert held.texts == {"خوانا"}
    assert [(one.native_id, "encrypted end to end" in one.error) for one in held.dead_letters] == [
        (secret, True)
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"token": "wrong-secret"}, StopSource, "HTTP 401, the credentials are refused: check the secret in"),
        ({"rooms": ["!nowhere:shop.example"]}, StopSource, "the token's account has to join the room"),
        ({"rooms": ["#nowhere:shop.example"]}, StopSource, "the server knows no room #nowhere:shop.example"),
        ({"base_url": "http://127.0.0.1:1"}, RetryLater, "the connection failed (ConnectError)"),
    ],
    ids=["token", "room", "alias", "port"],
)
def test_what_a_person_has_to_mend_is_said_without_secrets(
    arguments: dict[str, object], error: type[BazkhordError], words: str, room: Room
) -> None:
    with pytest.raises(error) as failed:
        list(room.connect(**arguments).fetch(None))  # type: ignore[arg-type]

    told = f"{failed.value}{failed.value.__cause__}"
    assert words in told
    assert "source room" in told
    assert [secret for secret in (room.reader.token, "wrong-secret") if secret in told] == []
