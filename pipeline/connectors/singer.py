"""Singer: feedback out of any tap, a program that writes records of some service as lines of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from pipeline.connectors.base import Connector
from pipeline.connectors.bookmarks import read_bookmark, write_bookmark
from pipeline.connectors.credentials import read_secret
from pipeline.connectors.http_client import Network
from pipeline.connectors.names import list_missing
from pipeline.connectors.singer_process import END_WITHIN_S, Call, RunningTap, run_tap
from pipeline.connectors.singer_streams import Batch, Stream, StreamReader
from pipeline.errors import RetryLater, StopSource
from pipeline.records import Page

_VARIABLE = re.compile(r"\$\{(\w+)\}")
Message = Mapping[str, object]


@dataclass(slots=True)
class Run:
    """What one run of a tap has said so far.

    Args:
        readers: Of the chosen streams that occurred.
        others: Names of streams that occurred and are not chosen.
        counts: Records by stream.
        state: The last STATE; ``None``: there was none. It speaks of the records before it, so that any page
            from then on may carry it: what came after it is read again, nothing is left out.
    """

    readers: dict[str, StreamReader] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    state: object = None


class Singer(Connector):
    """What a Singer tap extracts: any of some hundred programs that speak the Singer specification.

    Documentation: https://hub.meltano.com/singer/spec and the tap's own pages
    Ask for: what the tap's pages say. Install the tap into an environment of its own, make its configuration,
        and a catalog with ``tap-name --config config.json --discover`` where it has several streams.
    Permissions: those that the tap's pages name.
    Limits: those of the tap. It is ended when it writes nothing for ``silence_s``, and when the pull stops. What it
        writes back into its configuration is lost. Of the environment it gets what programs need, and ``passed_env``.
    What is fetched: records of the streams under ``streams``, mapped by ``fields``; paths go inside by dots. An id is
        the stream's key properties unless ``fields`` names one, with the stream's name before it.
    Not fetched: other streams; records in which something cannot be read: they are kept as dead letters.

    Example:
        [sources.intercom]
        connector = "singer"
        command = ["/opt/taps/intercom/bin/tap-intercom"]
        config = "intercom/config.json"
        catalog = "intercom/catalog.json"

        [sources.intercom.streams.conversations]
        channel = "chat"
        text_format = "html"
        fields = { text = "source.body", created_at = "created_at", author_id = "source.author.id" }

    Args:
        command: Program of the tap and arguments of its own.
        config: JSON file of the tap's configuration. ``${NAME}`` in its texts stands for an environment variable,
            which holds a secret; what is filled in lies in a file for this user alone, while the tap runs.
        catalog: JSON file with the choice of streams; ``None``: the tap chooses.
        catalog_option: How the tap wants to be given it; old ones know ``--properties``.
        streams: By name of the stream: channel, fields, constants, text_format, zone and optional (paths that a
            record may lack), as for json_file.
        passed_env: Environment variables that the tap gets beside PATH, HOME, language, proxies and certificates.
        page_size_rows: Records per page.
        silence_s: Seconds without a line after which the tap is ended.
    """

    kind: ClassVar[str] = "singer"

    command: tuple[str, ...] = Field(min_length=1)
    config: Path
    catalog: Path | None = None
    catalog_option: Literal["--catalog", "--properties"] = Field(default="--catalog", exclude=True)
    streams: dict[str, Stream] = Field(min_length=1)
    passed_env: tuple[str, ...] = Field(default=(), exclude=True)
    page_size_rows: int = Field(default=1000, ge=1, le=100_000, exclude=True)
    silence_s: float = Field(default=1800.0, gt=0, le=86_400, exclude=True)
    network: Network = Field(default_factory=Network, exclude=True, repr=False)

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield what the tap writes when it goes on from the bookmark."""
        run, batch = Run(), Batch(self.name)
        with run_tap(self._call(read_bookmark(self, since).get("state"))) as tap:
            for number, line in enumerate(tap.lines(), 1):
                if not line.strip():
                    continue
                yield from self._take(self._parse(line, number, tap), run, batch)
            ending = tap.end(patience_s=self.silence_s)
            if tap.status != 0:
                yield batch.hand_on(self._bookmark(run))
                raise RetryLater(
                    f"source {self.name}: the tap {self.command[0]} failed ({ending}): run it by hand to see what "
                    "it says; what came before is stored, and a later run goes on from there"
                )
            self._require_streams(run)
            yield batch.hand_on(self._bookmark(run))

    def _call(self, state: object) -> Call:
        return Call(
            source=self.name,
            command=self.command,
            config=self._fill_in(self._read_json(self.config, "config")),
            catalog=(self.catalog_option, self._find(self.catalog)) if self.catalog else None,
            state=state,
            environment=self.network.environment,
            passed=self.passed_env,
            folder=self.root,
            silence_s=self.silence_s,
        )

    def _find(self, path: Path) -> Path:
        return (self.root / path.expanduser()).absolute()

    def _read_json(self, path: Path, key: str) -> object:
        file = self._find(path)
        try:
            content: object = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise StopSource(
                f"source {self.name}: {key} {file} cannot be read ({type(error).__name__}): "
                "check that it exists, that this user may read it, and that it is JSON"
            ) from None
        return content

    def _fill_in(self, value: object) -> object:
        """Return a configuration with the secrets in place of their names."""
        if isinstance(value, dict):
            return {key: self._fill_in(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._fill_in(one) for one in value]
        return _VARIABLE.sub(self._secret, value) if isinstance(value, str) else value

    def _secret(self, found: re.Match[str]) -> str:
        secret = read_secret(found[1], self.network.environment, source=self.name, key="config")
        return secret.get_secret_value()

    def _parse(self, line: bytes, number: int, tap: RunningTap) -> Message:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, dict) and isinstance(message.get("type"), str):
            return message
        ending = tap.end(patience_s=END_WITHIN_S)
        raise StopSource(
            f"source {self.name}: line {number} of what the tap {self.command[0]} writes is no Singer message "
            f"({ending}): check command; run it by hand to see what it says"
        )

    def _take(self, message: Message, run: Run, batch: Batch) -> Iterator[Page]:
        """Yield a page where a message fills one."""
        kind, stream = message["type"], str(message.get("stream"))
        if kind == "BATCH":
            raise StopSource(
                f"source {self.name}: the tap {self.command[0]} writes files of records (BATCH): "
                "take batch_config out of its configuration"
            )
        if kind == "STATE":
            run.state = message.get("value")
            # taps that speak of their state after every record would make pages of one
            if batch.n_rows * 10 >= self.page_size_rows:
                yield batch.hand_on(self._bookmark(run))
        elif kind in ("SCHEMA", "RECORD") and stream not in self.streams:
            run.others[stream] = None
        elif kind == "SCHEMA":
            run.readers[stream] = self._reader(stream, message)
        elif kind == "RECORD":
            self._take_record(stream, message.get("record"), run, batch)
            if batch.n_rows >= self.page_size_rows:
                yield batch.hand_on(self._bookmark(run))

    def _take_record(self, stream: str, record: object, run: Run, batch: Batch) -> None:
        if stream not in run.readers:
            run.readers[stream] = self._reader(stream, {})
        run.counts[stream] = run.counts.get(stream, 0) + 1
        batch.take(run.readers[stream], record, f"record {run.counts[stream]} of stream {stream}")

    def _reader(self, stream: str, schema: Message) -> StreamReader:
        return StreamReader(self.name, stream, self.streams[stream], schema, self.now)

    def _bookmark(self, run: Run) -> str | None:
        return None if run.state is None else write_bookmark(self, {"state": run.state})

    def _require_streams(self, run: Run) -> None:
        if run.others and not run.readers:
            missing = list_missing(self.streams, list(run.others), what="stream")
            raise StopSource(f"source {self.name}: the tap {self.command[0]} has {missing}: correct streams")
