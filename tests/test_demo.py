"""The demo's words and the three exports that they become."""

from __future__ import annotations

import json
import lzma
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.labels import Stage
from pipeline.connectors import build_connectors
from pipeline.demo.build import DemoFiles, SourceCount, write_exports
from pipeline.demo.clock import DemoClock
from pipeline.demo.material import read_comments, read_conversations
from pipeline.records import Channel, Feedback

TEHRAN = ZoneInfo("Asia/Tehran")
TODAY = date(2026, 11, 21)
MIDNIGHT = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
AUTHORED = Path("../shared/data/authored")
HELD_OUT = [
    *(f"{kind}/messages.{part}.jsonl.xz" for kind in ("annotated", "authored") for part in ("dev", "test")),
    *(
        f"sentiment/{name}.{part}.jsonl.xz"
        for name in ("snappfood", "dksf", "deepsentipers")
        for part in ("dev", "test")
    ),
]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_exports(tmp_path_factory.mktemp("demo"), today=TODAY, zone=TEHRAN)


@pytest.fixture(scope="module")
def pulled(exports: DemoFiles) -> list[Feedback]:
    return list(pull(exports))


def pull(exports: DemoFiles) -> Iterator[Feedback]:
    config = tomllib.loads(exports.sources_file.read_text("utf-8"))
    for connector in build_connectors(config, now=lambda: MIDNIGHT, root=Path()).values():
        for page in connector.fetch(None):
            assert page.dead_letters == ()
            yield from page.items


@pytest.fixture(scope="module")
def written() -> Counter[str]:
    """The letters of every text that the model was not trained on, and how often each occurs."""
    said = [turn.text for one in read_conversations() if not one.in_sample for turn in one.customer_turns]
    return Counter(letters(text) for text in [comment.text for comment in read_comments()] + said)


def letters(text: str) -> str:
    joined = text.lower().translate(str.maketrans("يىكأإآةۀ", "ییکاااهه"))
    return "".join(sign for sign in joined if sign.isalnum())


def test_the_counts_say_how_much_was_trained_on(exports: DemoFiles) -> None:
    assert exports.sources == {
        "niksabad_telegram": SourceCount(933, 0),
        "niksabad_tickets": SourceCount(635, 186),
        "niksabad_chats": SourceCount(786, 206),
    }
    assert (exports.n_total, exports.n_in_sample) == (2354, 392)


def test_the_configuration_reads_every_message_that_was_written(
    exports: DemoFiles, pulled: list[Feedback]
) -> None:
    read = Counter(one.source for one in pulled)

    assert read == {name: count.n_total for name, count in exports.sources.items()}
    assert len({(one.source, one.native_id) for one in pulled}) == exports.n_total


def test_messages_that_were_trained_on_say_so(exports: DemoFiles, pulled: list[Feedback]) -> None:
    trained = Counter(one.source for one in pulled if one.attributes.get("in_sample") == "true")

    assert trained == {
        name: count.n_in_sample for name, count in exports.sources.items() if count.n_in_sample
    }


def test_the_demo_ends_yesterday_and_has_something_to_say_each_day(pulled: list[Feedback]) -> None:
    moments = [one.created_at for one in pulled if one.created_at]

    assert len(moments) == len(pulled)
    assert {moment.astimezone(TEHRAN).date() for moment in moments} == {
        TODAY - timedelta(days=back) for back in range(1, 121)
    }
    assert max(reply.at for one in pulled for reply in one.replies) < MIDNIGHT


def test_every_channel_knows_when_the_shop_answered(pulled: list[Feedback]) -> None:
    answered = Counter(one.channel for one in pulled if one.replies)

    assert {channel: n > 150 for channel, n in answered.items()} == {
        Channel.SOCIAL: True,
        Channel.TICKET: True,
        Channel.CHAT: True,
    }


def test_a_customer_has_one_address_in_tickets_and_chats(pulled: list[Feedback]) -> None:
    emails = [
        {one.author.email for one in pulled if one.channel is channel and one.author}
        for channel in (Channel.TICKET, Channel.CHAT)
    ]

    assert len(emails[0] & emails[1]) > 50


def test_a_score_is_counted_once_in_a_long_conversation(pulled: list[Feedback]) -> None:
    scored = [(one.csat, one.nps) for one in pulled if one.conversation_id == "c001"]

    assert scored == [(None, None), (None, None), (None, None), (5.0, 9)]


def test_the_same_day_gives_the_same_files(exports: DemoFiles, tmp_path: Path) -> None:
    again = write_exports(tmp_path, today=TODAY, zone=TEHRAN)

    for name in ("telegram", "tickets", "chats"):
        assert getattr(again, name).read_bytes() == getattr(exports, name).read_bytes()


def test_the_telegram_export_has_the_shapes_that_occur(exports: DemoFiles) -> None:
    channel, group = json.loads(exports.telegram.read_text("utf-8"))["chats"]["list"]
    messages = group["messages"]

    assert (channel["type"], group["type"]) == ("public_channel", "public_supergroup")
    assert messages[0]["type"] == "service"
    assert any(isinstance(message["text"], list) for message in messages)
    assert any("edited_unixtime" in message for message in messages)
    assert {message["from_id"] for message in messages if "reply_to_message_id" in message} == {
        "channel1700000001"
    }


def test_a_late_chat_begins_early_enough_to_end_on_its_day() -> None:
    clock = DemoClock(TODAY, TEHRAN)

    start = clock.start(119, 23, "late", lasts_min=180)

    assert start == datetime(2026, 11, 20, 20, 59, tzinfo=TEHRAN)
    assert clock.after(start, 181) is None


def test_events_concern_stages_that_the_model_knows() -> None:
    events = tomllib.loads((files("pipeline.demo") / "events.toml").read_text("utf-8"))["events"]

    assert [
        (event["id"], Stage(event["stage"]), event["first_day"], event["last_day"]) for event in events
    ] == [
        ("courier_strike", Stage.DELIVERY, 35, 45),
        ("broken_app_update", Stage.PURCHASE, 70, 78),
        ("easy_refunds", Stage.SUPPORT, 85, 119),
    ]


def test_no_text_was_written_twice(written: Counter[str]) -> None:
    assert [text for text, n in written.items() if n > 1] == []


@pytest.mark.shared
@pytest.mark.parametrize("name", HELD_OUT)
def test_no_text_is_one_that_the_model_is_judged_by(name: str, written: Counter[str]) -> None:
    path = AUTHORED.parent / name
    if not path.is_file():
        pytest.skip(f"{path} is not there: the data lie beside the repository, not in it")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        judged = {letters(json.loads(line)["text"]) for line in lines}

    assert judged
    assert judged & written.keys() == set()
