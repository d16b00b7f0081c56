"""Topics of Kafka, in the cluster that librdkafka brings along for tests: real clients over real connections."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.checking import check_source
from pipeline.connectors.base import Connector
from pipeline.errors import RetryLater, SettingsError, StopSource
from pipeline.records import Author, Channel, Feedback, Rating, TextFormat
from pipeline.run import pull
from pipeline.store import open_store
from tests.checks import SECRET, Case, Sample, errors_of, items_of
from tests.fixtures.kafka_topics import BATTERY, Cluster, KafkaCase, kafka_case
from tests.http_checks import last_bookmark, read_until_error

FIELDS = {"id": "id", "text": "text"}
PASSWORD = "geheim-XYZ-777"


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    """Brokers that forget all at the end."""
    return Cluster()


@pytest.fixture
def case(cluster: Cluster) -> KafkaCase:
    """Topics of the cluster."""
    return kafka_case(cluster)


@pytest.mark.parametrize("check", BATTERY, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_battery(check: Callable[[Case, Path], None], case: KafkaCase, tmp_path: Path) -> None:
    check(case, tmp_path)


def write(case: KafkaCase, folder: Path, *numbers: int, partition: int = 0, text: str = "پیام") -> None:
    values = [json.dumps({"id": number, "text": f"{text} {number}"}).encode() for number in numbers]
    case.cluster.write(folder.name, *values, partition=partition)


def connect(case: KafkaCase, folder: Path, **arguments: object) -> Connector:
    return case.build(folder, **{"fields": FIELDS, **arguments})


def ids(connector: Connector, since: str | None = None) -> list[str]:
    return [item.native_id for item in items_of(list(connector.fetch(since)))]


def test_all_partitions_are_read_and_the_bookmark_holds_the_offset_of_each(
    case: KafkaCase, tmp_path: Path
) -> None:
    write(case, tmp_path, 1, 2, 3, partition=2)
    write(case, tmp_path, 4, 5, partition=0)
    connector = connect(case, tmp_path, page_size_rows=2)

    pages = list(connector.fetch(None))

    assert [[item.text for item in page.items] for page in pages] == [
        ["پیام 4", "پیام 5"],
        ["پیام 1", "پیام 2"],
        ["پیام 3"],
    ]
    assert [json.loads(page.bookmark or "")["state"]["offsets"] for page in pages] == [
        {"0": 2, "1": 0, "2": 0, "3": 0},
        {"0": 2, "1": 0, "2": 2, "3": 0},
        {"0": 2, "1": 0, "2": 3, "3": 0},
    ]


def test_reading_goes_on_from_every_bookmark_over_partitions(case: KafkaCase, tmp_path: Path) -> None:
    for partition in range(4):
        write(case, tmp_path, *range(10 * partition, 10 * partition + 5), partition=partition)
    connector = connect(case, tmp_path, page_size_rows=3)

    rests = [len(ids(connector, page.bookmark)) for page in connector.fetch(None)]

    assert rests == [17, 14, 11, 8, 5, 2, 0]


def test_what_is_written_while_it_is_read_is_left_to_the_next_run(case: KafkaCase, tmp_path: Path) -> None:
    write(case, tmp_path, *range(10))
    connector = connect(case, tmp_path, page_size_rows=4)
    pages = connector.fetch(None)
    first = list(islice(pages, 1))

    write(case, tmp_path, 10, 11)
    write(case, tmp_path, 12, partition=3)

    rest = list(pages)
    assert len(items_of([*first, *rest])) == 10
    assert ids(connector, last_bookmark(rest)) == ["10", "11", "12"]


def test_a_message_fills_every_field_that_is_mapped(case: KafkaCase, tmp_path: Path) -> None:
    given = {
        "id": 7,
        "brand": "نیک‌سبد",
        "body": {"html": "<p>دیر رسید</p>"},
        "who": {"id": 5},
        "stars": 2,
        "at": "1402/12/09 13:05",
    }
    case.cluster.write(tmp_path.name, json.dumps(given).encode())
    fields = {
        "id": ["id", "who.id"],
        "text": "body.html",
        "created_at": "at",
        "author_id": "who.id",
        "brand": "brand",
        "rating": {"path": "stars", "lowest": 1, "highest": 5},
    }
    arguments = {
        "channel": "ticket",
        "text_format": "html",
        "zone": "Asia/Tehran",
        "constants": {"product": "چای"},
    }

    (item,) = items_of(list(connect(case, tmp_path, fields=fields, **arguments).fetch(None)))

    assert item == Feedback(
        source="shop",
        native_id="7/5",
        text="<p>دیر رسید</p>",
        text_format=TextFormat.HTML,
        created_at=datetime(2024, 2, 28, 9, 35, tzinfo=UTC),
        channel=Channel.TICKET,
        author=Author(native_id="5"),
        brand="نیک‌سبد",
        product="چای",
        rating=Rating(2.0, 1.0, 5.0),
    )


def test_a_message_without_id_and_time_is_known_by_its_place_and_dated_by_kafka(
    case: KafkaCase, tmp_path: Path
) -> None:
    write(case, tmp_path, 1, 1, partition=3)

    items = items_of(list(connect(case, tmp_path, fields={"text": "text"}).fetch(None)))

    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert [(item.native_id, item.created_at) for item in items] == [
        ("3/0", moment),
        ("3/1", moment),
    ]


def test_tombstones_and_broken_messages_are_dead_letters_with_partition_and_offset(
    case: KafkaCase, tmp_path: Path
) -> None:
    whole = b'{"id": 1, "text": "a"}'
    values = (
        whole,
        None,
        b"",
        b'{"id": 2, "te',
        b"[1]",
        b"\xff\xfe",
        b"\x00\x00\x00\x00\x07" + whole,
        b"\x00avro",
        b"[" * 9000,
    )
    case.cluster.write(tmp_path.name, *values, partition=1)

    pages = list(connect(case, tmp_path).fetch(None))

    assert [item.native_id for item in items_of(pages)] == ["1", "1"]
    assert errors_of(pages) == [(f"partition 1, offset {offset}", None) for offset in (1, 2, 3, 4, 5, 7, 8)]
    told = [letter.error for page in pages for letter in page.dead_letters]
    words = [
        "tombstone",
        "JSONDecodeError",
        "JSONDecodeError",
        "list, where an object",
        "no JSON",
        "no JSON",
        "RecursionError",
    ]
    assert [word in error for word, error in zip(words, told, strict=True)] == [True] * 7


def test_a_message_that_lacks_a_field_costs_no_other(case: KafkaCase, tmp_path: Path) -> None:
    case.cluster.write(
        tmp_path.name, b'{"id": 1, "text": "a"}', b'{"id": 2}', b'{"id": 3, "text": "c", "at": "x"}'
    )

    pages = list(connect(case, tmp_path).fetch(None))

    assert [item.text for item in items_of(pages)] == ["a", "c"]
    assert errors_of(pages) == [("partition 0, offset 1", "2")]


def test_what_the_cluster_deleted_before_it_was_read_is_told(case: KafkaCase, tmp_path: Path) -> None:
    write(case, tmp_path, 1, 2)
    connector = connect(case, tmp_path, page_size_rows=100_000)
    bookmark = last_bookmark(list(connector.fetch(None)))

    write(case, tmp_path, *range(3, 8000), text="x" * 1000)

    pages = list(connector.fetch(bookmark))
    ((position, _),) = errors_of(pages)
    first = int(items_of(pages)[0].native_id)
    assert position == f"partition 0, offsets 2 to {first - 2}"
    assert first > 3
    assert items_of(pages)[-1].native_id == "7999"


def test_a_bookmark_beyond_the_end_or_of_another_cluster_reads_all(case: KafkaCase, tmp_path: Path) -> None:
    write(case, tmp_path, 1, 2)
    connector = connect(case, tmp_path)
    told = json.loads(last_bookmark(list(connector.fetch(None))) or "")

    made_anew = told | {"state": told["state"] | {"offsets": {"0": 99}}}
    moved = told | {"state": told["state"] | {"cluster": "another"}}

    assert [len(ids(connector, json.dumps(one))) for one in (told, made_anew, moved)] == [0, 2, 2]


def test_settings_of_the_way_keep_the_bookmark(case: KafkaCase, tmp_path: Path) -> None:
    write(case, tmp_path, 1, 2)
    bookmark = last_bookmark(list(connect(case, tmp_path).fetch(None)))

    other = connect(case, tmp_path, page_size_rows=7, timeout_s=9, group="x", options={"fetch.min.bytes": 1})

    assert ids(other, bookmark) == []


def test_nothing_is_committed_at_the_cluster(case: KafkaCase, tmp_path: Path) -> None:
    from confluent_kafka import Consumer, TopicPartition

    write(case, tmp_path, 1, 2)
    list(connect(case, tmp_path, group="bazkhord").fetch(None))
    consumer = Consumer({"bootstrap.servers": case.cluster.servers, "group.id": "bazkhord", "log_level": 0})

    (committed,) = consumer.committed([TopicPartition(tmp_path.name, 0)], timeout=10)
    consumer.close()

    assert committed.offset < 0


def test_an_edited_message_is_stored_once(case: KafkaCase, tmp_path: Path) -> None:
    write(case, tmp_path, *range(1, 26))

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        first = pull(connect(case, tmp_path), store, identity_key=b"k" * 32)
        write(case, tmp_path, 4, 26, text="ویرایش")
        second = pull(connect(case, tmp_path), store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert (first.n_new, second.n_new, second.n_updated, state.n_stored) == (25, 1, 1, 26)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"secret_options": {"sasl.password": "KAFKA_PASSWORD"}},
            "secret_options.sasl.password names the environment variable KAFKA_PASSWORD, which is not set: set it, or",
        ),
        ({"topic": "shop.reviws"}, "has no topic 'shop.reviws' (nearest: 'shop.reviews')"),
        (
            {"options": {"sasl.mechanisn": "PLAIN"}},
            'No such configuration property: "sasl.mechanisn"): check options',
        ),
        (
            {"options": {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN"}},
            "sasl.username and sasl.password must be set): check options, secret_options",
        ),
    ],
    ids=["secret", "topic", "option", "sasl"],
)
def test_a_check_says_what_is_missing(
    arguments: dict[str, Any], words: str, case: KafkaCase, tmp_path: Path
) -> None:
    case.cluster.write("shop.reviews")

    checked = check_source(connect(case, tmp_path, **arguments))

    assert words in checked.found
    assert not checked.can_be_read


def test_brokers_that_are_away_are_asked_again_later(case: KafkaCase, tmp_path: Path) -> None:
    with pytest.raises(
        RetryLater, match=r"127\.0\.0\.1:1 does not answer .*Connection refused.*nothing is lost"
    ):
        list(connect(case, tmp_path, servers="127.0.0.1:1", timeout_s=2).fetch(None))


def test_without_the_extra_the_error_names_it() -> None:
    program = (
        "import sys; sys.modules['confluent_kafka'] = None\n"
        "from datetime import UTC, datetime\n"
        "from pipeline.connectors import build_connector\n"
        "given = {'servers': 'h:1', 'topic': 't', 'channel': 'review', 'fields': {'text': 'x'}}\n"
        "list(build_connector('shop', 'kafka', given, now=lambda: datetime.now(UTC)).fetch(None))\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "StopSource: source shop: Kafka's client is missing (confluent_kafka)" in ended.stderr
    assert "install the extra, bazkhord[kafka]" in ended.stderr


def test_nothing_that_is_said_or_kept_shows_a_secret_or_text(
    case: KafkaCase, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shy = [Sample(number, SECRET, SECRET if number % 2 else 1_700_000_000) for number in range(1, 9)]
    case.prepare(tmp_path, shy)
    case.cluster.write(tmp_path.name, SECRET.encode())
    told: list[str] = []
    for arguments in (
        {},
        {"secret_options": {"sasl.password": "P"}},
        {"secret_options": {"security.protocol": "P"}},
        {
            "secret_options": {"sasl.password": "P"},
            "options": {
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanism": "PLAIN",
                "sasl.username": "u",
            },
        },
    ):
        connector = case.build(tmp_path, environment={"P": PASSWORD}, timeout_s=2, **arguments)
        pages, complaint = read_until_error(connector)
        told += [
            complaint,
            repr(connector),
            connector.model_dump_json(),
            *(str(page.bookmark) for page in pages),
        ]
        told += [letter.error + letter.position for page in pages for letter in page.dead_letters]

    whole = " ".join(told) + "".join(capfd.readouterr())
    assert [secret for secret in (PASSWORD, *SECRET.split()) if secret in whole] == []
    assert "known formats" in whole
    assert 'Invalid value "***"' in whole


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"topik": "x"}, "no argument 'topik' (nearest: 'topic')"),
        (
            {"options": {"sasl.password": PASSWORD}},
            "options holds sasl.password: put the value into an environment",
        ),
        ({"options": {"ssl.key.pem": PASSWORD}}, "options holds ssl.key.pem"),
        ({"fields": {"text": "a..b"}}, "the path 'a..b' cannot be read"),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(
    arguments: dict[str, Any], words: str, case: KafkaCase, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as refused:
        connect(case, tmp_path, **arguments)

    assert words in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_an_option_that_says_where_a_secret_is_holds_none(case: KafkaCase, tmp_path: Path) -> None:
    write(case, tmp_path, 1)
    options = {
        "sasl.oauthbearer.token.endpoint.url": "https://id.example.com/token",
        "ssl.key.location": "/etc/bazkhord/key.pem",
    }

    assert ids(connect(case, tmp_path, options=options)) == ["1"]


def test_a_field_that_no_message_has_stops_and_is_named(case: KafkaCase, tmp_path: Path) -> None:
    case.cluster.write(tmp_path.name, b'{"id": 1}', b'{"id": 2}')

    with pytest.raises(StopSource, match="no record of a whole page has the field text"):
        list(connect(case, tmp_path).fetch(None))

    assert len(ids(connect(case, tmp_path, optional=["text"]))) == 2
