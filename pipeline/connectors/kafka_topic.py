"""A topic of Kafka, read from given offsets up to where it ends now; only this file imports confluent_kafka.

Documentation: https://docs.confluent.io/platform/current/clients/confluent-kafka-python/html/index.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.connectors.names import list_missing
from pipeline.errors import RetryLater, StopSource

# a person has to mend these; whatever else Kafka says may pass
REFUSALS = (
    KafkaError._AUTHENTICATION,  # noqa: SLF001 - confluent_kafka's public names of the client's own errors
    KafkaError._SSL,  # noqa: SLF001
    KafkaError._INVALID_ARG,  # noqa: SLF001
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)
FIXED: Mapping[str, object] = {
    # what was read is kept with the messages, in our own store
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "allow.auto.create.topics": False,
    # it would write to the terminal; what went wrong last is told by our own error
    "log_level": 0,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One message.

    Args:
        value: ``None`` for a tombstone.
        timestamp_ms: When it was written, in milliseconds of the epoch; ``None`` where Kafka does not know.
    """

    partition: int
    offset: int
    value: bytes | None
    timestamp_ms: int | None


@dataclass(frozen=True, slots=True)
class Ends:
    """The first offset of a partition that is still there, and the one after its last."""

    low: int
    high: int


class Topic:
    """A topic that is only read.

    Args:
        source: Name of the source, for errors.
        servers: Where the cluster is, for errors.
        options: Of librdkafka.
        secrets: Values among them that no error may show.
        timeout_s: For each answer of the cluster.

    Raises:
        StopSource: An option is none, or has no such value.
    """

    def __init__(
        self,
        name: str,
        *,
        source: str,
        servers: str,
        options: Mapping[str, object],
        secrets: tuple[str, ...],
        timeout_s: float,
    ) -> None:
        self.name = name
        self._source, self._servers, self._secrets, self._timeout_s = source, servers, secrets, timeout_s
        self._last_error: KafkaError | None = None
        with self._translated():
            given = {**options, **FIXED, "bootstrap.servers": servers, "error_cb": self._note}
            self._consumer = Consumer(given)

    def close(self) -> None:
        """The connections are closed."""
        self._consumer.close()

    def find_ends(self) -> tuple[str | None, dict[int, Ends]]:
        """Return what the cluster calls itself, and the ends of all partitions as they are now.

        Raises:
            StopSource: There is no such topic, or it may not be read.
            RetryLater: The cluster does not answer.
        """
        with self._translated():
            told = self._consumer.list_topics(timeout=self._timeout_s)
            if self.name not in told.topics:
                missing = list_missing([self.name], sorted(told.topics), what="topic")
                raise StopSource(f"source {self._source}: {self._servers} has {missing}: correct topic")
            topic = told.topics[self.name]
            if topic.error is not None:
                raise KafkaException(topic.error)
            ends = {
                number: Ends(
                    *self._consumer.get_watermark_offsets(
                        TopicPartition(self.name, number), timeout=self._timeout_s
                    )
                )
                for number in sorted(topic.partitions)
            }
        return told.cluster_id, ends

    def read(self, partition: int, start: int, end: int) -> Iterator[Sent]:
        """Yield the messages of a partition from an offset up to another; offsets may be missing between them.

        Raises:
            StopSource: It may not be read.
            RetryLater: No message comes, or what is asked for was deleted meanwhile.
        """
        with self._translated():
            self._consumer.assign([TopicPartition(self.name, partition, start)])
        while True:
            with self._translated():
                message = self._consumer.poll(self._timeout_s)
                if message is None:
                    raise RetryLater(
                        f"{self._place} sends nothing within {self._timeout_s:g} seconds (timeout_s): "
                        "run again later, nothing is lost"
                    )
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
                    raise KafkaException(error)
            if message.partition() != partition:
                # fetched beforehand, of a partition that is read no more
                continue
            offset = message.offset()
            # the end comes without a last message where that is the mark of a transaction
            if error is not None or offset is None or offset >= end:
                return
            kind, moment = message.timestamp()
            yield Sent(partition, offset, message.value(), moment if kind and moment >= 0 else None)
            if offset + 1 >= end:
                return

    @property
    def _place(self) -> str:
        return f"source {self._source}: topic {self.name} of {self._servers}"

    def _note(self, error: Any) -> None:
        if error.code() in REFUSALS or self._last_error is None:
            self._last_error = error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            if hasattr(self, "_consumer"):
                # what went wrong with a connection is told here only
                self._consumer.poll(0)
            raise self._translate(error.args[0]) from None

    def _translate(self, error: KafkaError) -> Exception:
        cause = error if error.code() in REFUSALS else self._last_error or error
        words = cause.str()
        for secret in self._secrets:
            words = words.replace(secret, "***")
        if cause.code() in REFUSALS:
            return StopSource(
                f"{self._place} refuses ({cause.name()}: {words}): check options, secret_options and what the "
                "account may read"
            )
        return RetryLater(
            f"{self._place} does not answer as it should ({cause.name()}: {words}): run again later, "
            "nothing is lost; if it stays so, check servers and options"
        )
