"""Kafka: messages in JSON of a topic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator

from pipeline.connectors.base import Connector, bury
from pipeline.connectors.bookmarks import State, read_bookmark, write_bookmark
from pipeline.connectors.http_client import Network
from pipeline.connectors.json_paths import parse_path
from pipeline.connectors.mapping import Constants, Fields
from pipeline.connectors.options import Options, read_secrets, require_no_secret
from pipeline.connectors.row_reader import Record
from pipeline.connectors.singer_streams import Batch, Stream, StreamReader
from pipeline.dates import parse_date
from pipeline.errors import SkipRecord, StopSource
from pipeline.records import Channel, DeadLetter, Feedback, Page, TextFormat

if TYPE_CHECKING:
    from pipeline.connectors.kafka_topic import Ends, Sent, Topic

REGISTRY_MARK = b"\x00"
REGISTRY_HEAD_BYTES = 5


class Kafka(Connector):
    """Messages in JSON of a topic of Kafka.

    Documentation: https://docs.confluent.io/platform/current/clients/librdkafka/html/md_CONFIGURATION.html (options),
        https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html (wire format)
    Ask for: the addresses of some brokers, the topic, and an account where the cluster wants one. Install the extra:
        ``bazkhord[kafka]``.
    Permissions: Describe and Read on the topic. Nothing is committed at the cluster: how far it was read is kept here.
    Limits: A run reads what is there when it begins. What the cluster deletes before it is read is lost, and told as a
        dead letter; run it more often than that.
    What is fetched: JSON objects, mapped by paths; five bytes of a schema registry before them are passed over. An id
        is what ``fields`` names, else partition and offset. Without created_at the time of the message counts.
    Not fetched: messages without a value (tombstones) or with another one than an object in JSON, such as Avro: they
        are kept as dead letters that name partition and offset.

    Example:
        [sources.shop_reviews]
        connector = "kafka"
        servers = "kafka1.example.com:9093,kafka2.example.com:9093"
        topic = "shop.reviews"
        options = { "security.protocol" = "SASL_SSL", "sasl.mechanism" = "SCRAM-SHA-512", "sasl.username" = "bazkhord" }
        secret_options = { "sasl.password" = "KAFKA_PASSWORD" }
        channel = "review"
        fields = { id = "id", text = "body.text", created_at = "written_at" }

    Args:
        servers: Some of the brokers, with their ports, between commas.
        topic: Its name.
        group: What the cluster's operators see this reader as.
        options: Properties of librdkafka, nothing secret.
        secret_options: Further ones, each with the environment variable that holds its value.
        channel: How the customers of these messages spoke.
        fields: Which path becomes what.
        constants: What holds for every message.
        text_format: What their texts are made of: ``plain``, ``html`` or ``email``.
        zone: Zone of the dates, where they name none.
        optional: Paths that an object may lack.
        page_size_rows: Messages per page.
        timeout_s: For each answer of the cluster.
    """

    kind: ClassVar[str] = "kafka"

    servers: str = Field(min_length=1, exclude=True)
    topic: str = Field(min_length=1, max_length=249)
    group: str = Field(default="bazkhord", min_length=1, exclude=True)
    options: dict[str, str | int | float | bool] = Field(default={}, exclude=True)
    secret_options: dict[str, str] = Field(default={}, exclude=True)
    channel: Channel
    fields: Fields
    constants: Constants = Constants()
    text_format: TextFormat = TextFormat.PLAIN
    zone: ZoneInfo | None = None
    optional: tuple[str, ...] = ()
    page_size_rows: int = Field(default=1000, ge=1, le=100_000, exclude=True)
    timeout_s: float = Field(default=30.0, gt=0, le=600, exclude=True)
    network: Network = Field(default_factory=Network, exclude=True, repr=False)

    @field_validator("options")
    @classmethod
    def _hold_no_secret(cls, options: Options, info: ValidationInfo) -> Options:
        require_no_secret(options, source=str(info.data.get("name")))
        return options

    @field_validator("fields")
    @classmethod
    def _paths_can_be_read(cls, fields: Fields) -> Fields:
        for path in fields.columns():
            parse_path(path)
        return fields

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield what was written to the topic since the bookmark."""
        reader = StreamReader(self.name, self.topic, self._stream(), {}, self.now)
        batch = Batch(self.name)
        with closing(self._open()) as topic:
            cluster, ends = topic.find_ends()
            reached = self._begin(read_bookmark(self, since), cluster, ends, batch)
            for partition, end in ends.items():
                for sent in (
                    topic.read(partition, reached[partition], end.high)
                    if reached[partition] < end.high
                    else ()
                ):
                    self._take(sent, reader, batch)
                    reached[partition] = sent.offset + 1
                    if batch.n_rows >= self.page_size_rows:
                        yield batch.hand_on(self._bookmark(cluster, reached))
                reached[partition] = end.high
        if batch.n_rows:
            yield batch.hand_on(self._bookmark(cluster, reached))

    def _open(self) -> Topic:
        secrets = read_secrets(self.secret_options, self.network.environment, source=self.name)
        try:
            from pipeline.connectors.kafka_topic import Topic
        except ImportError as error:
            raise StopSource(
                f"source {self.name}: Kafka's client is missing ({error.name}): install the extra, bazkhord[kafka]"
            ) from error
        return Topic(
            self.topic,
            source=self.name,
            servers=self.servers,
            options={**self.options, **secrets, "group.id": self.group},
            secrets=tuple(secrets.values()),
            timeout_s=self.timeout_s,
        )

    def _stream(self) -> Stream:
        return Stream(
            channel=self.channel,
            fields=self.fields,
            constants=self.constants,
            text_format=self.text_format,
            zone=self.zone,
            optional=self.optional,
        )

    def _begin(self, told: State, cluster: str | None, ends: dict[int, Ends], batch: Batch) -> dict[int, int]:
        """Return the offset to begin at in each partition; what was deleted before it was read is told."""
        offsets = told.get("offsets")
        # the offsets of another cluster mean nothing here
        known = offsets if isinstance(offsets, dict) and told.get("cluster") == cluster else {}
        begun: dict[int, int] = {}
        for partition, end in ends.items():
            offset = known.get(str(partition))
            # an offset beyond the end is that of a topic which was deleted and made anew
            begun[partition] = (
                offset if isinstance(offset, int) and end.low <= offset <= end.high else end.low
            )
            if isinstance(offset, int) and offset < end.low:
                batch.dead_letters.append(self._bury_deleted(partition, offset, end.low - 1))
        return begun

    def _bury_deleted(self, partition: int, first: int, last: int) -> DeadLetter:
        problem = (
            "deleted by the cluster before they were read: run this source more often, or let the topic keep "
            "its messages longer (retention.ms)"
        )
        return bury(
            self.name, f"partition {partition}, offsets {first} to {last}", problem, (partition, first, last)
        )

    def _take(self, sent: Sent, reader: StreamReader, batch: Batch) -> None:
        position = f"partition {sent.partition}, offset {sent.offset}"
        try:
            record = _parse(sent.value)
        except SkipRecord as error:
            batch.dead_letters.append(bury(self.name, position, str(error), sent.value))
            return
        batch.take(SentReader(reader, sent, self), record, position)

    def _bookmark(self, cluster: str | None, reached: dict[int, int]) -> str:
        return write_bookmark(self, {"cluster": cluster, "offsets": reached})


@dataclass(frozen=True, slots=True)
class SentReader:
    """Reads one message; what its object does not say of id and time is that of the message.

    Args:
        inner: Reads the object.
        kafka: The source.
    """

    inner: StreamReader
    sent: Sent
    kafka: Kafka

    def read(self, record: object) -> Feedback:
        """Return the feedback of the message.

        Raises:
            SkipRecord: It cannot be understood.
        """
        try:
            feedback = self.inner.read(record)
        except SkipRecord as error:
            error.native_id = self._name(error.native_id)
            raise
        created_at = feedback.created_at
        if self.kafka.fields.created_at is None and self.sent.timestamp_ms is not None:
            created_at = parse_date(self.sent.timestamp_ms / 1000, zone=None, now=self.kafka.now())
        return replace(feedback, native_id=self._name(feedback.native_id) or "", created_at=created_at)

    def _name(self, native_id: str | None) -> str | None:
        """Return the id of the message; a stream's reader puts the name of its stream before it."""
        if not self.kafka.fields.id:
            return f"{self.sent.partition}/{self.sent.offset}"
        return native_id.removeprefix(f"{self.kafka.topic}/") if native_id else None


def _parse(value: bytes | None) -> Record:
    """Return the object of a message.

    Raises:
        SkipRecord: There is none.
    """
    if value is None:
        raise SkipRecord("a message without a value (a tombstone) says nothing: nothing is to be done")
    body = value[REGISTRY_HEAD_BYTES:] if value.startswith(REGISTRY_MARK) else value
    try:
        record = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SkipRecord(f"no JSON ({type(error).__name__}): correct what writes to the topic") from None
    if not isinstance(record, dict):
        raise SkipRecord(
            f"{type(record).__name__}, where an object was expected: correct what writes to the topic"
        )
    return record
