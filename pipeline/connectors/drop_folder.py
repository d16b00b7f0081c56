"""Drop folder: files that somebody puts into a folder, a bucket of S3 or any other store, each read once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from pipeline.connectors.argument_errors import describe_errors
from pipeline.connectors.base import Connector, bury
from pipeline.connectors.bookmarks import State, read_bookmark, write_bookmark
from pipeline.connectors.files import FileConnector, bare_suffix
from pipeline.connectors.http_client import Network
from pipeline.connectors.json_file import JsonFile
from pipeline.connectors.mapping import Constants, Fields
from pipeline.connectors.options import Options, read_secrets, require_no_secret
from pipeline.connectors.remote_folder import RemoteFolder
from pipeline.connectors.table_file import TableFile
from pipeline.errors import RetryLater, SettingsError, StopSource
from pipeline.records import Channel, DeadLetter, Feedback, Page, TextFormat

READERS: Mapping[str, type[FileConnector]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".xlsx", ".xlsm"), TableFile),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), JsonFile),
}


@dataclass(slots=True)
class Run:
    """What one run has read so far.

    Args:
        done: Stamps of the files that were read to their end.
        current: Name and stamp of a file that was read in part, and how far.
        broken: Why files cannot be read at all.
        away: Names of files that cannot be had now.
    """

    done: dict[str, str]
    current: tuple[str, str, str | None] | None = None
    n_read: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    away: list[str] = field(default_factory=list)
    items: list[Feedback] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)

    def hand_on(self, bookmark: str) -> Page:
        """Return what was read since the last page."""
        page = Page(tuple(self.items), tuple(self.dead_letters), bookmark)
        self.items, self.dead_letters = [], []
        return page


class DropFolder(Connector):
    """Files that somebody drops into a folder, a bucket of S3 or another store that fsspec knows.

    Documentation: https://filesystem-spec.readthedocs.io/en/latest/api.html and the file system's own pages
    Ask for: the folder's address, and an account that may list and read it. Local folders need no package; S3 needs
        s3fs, Google's store gcsfs, Azure's adlfs, SFTP paramiko, beside bazkhord.
    Permissions: listing the folder and reading its files. Nothing is written, moved or deleted.
    Limits: One file at a time is copied to this machine, and removed there when it is read. Each run lists the folder.
    What is fetched: rows of .csv, .tsv, .xlsx, .json (a document), .jsonl and .ndjson, also packed as .gz or .xz, as
        table_file and json_file read them. A file that changes is read again from its start.
    Not fetched: files of other kinds; a file that is broken costs no other and is kept as a dead letter.

    Example:
        [sources.exports]
        connector = "drop_folder"
        url = "s3://niksabad-exports/reviews"
        options = { endpoint_url = "https://s3.example.com" }
        secret_options = { key = "EXPORTS_KEY", secret = "EXPORTS_SECRET" }
        pattern = "*.csv.gz"
        channel = "review"
        zone = "Asia/Tehran"
        fields = { id = "id", text = "comment", created_at = "date" }

    Args:
        url: The folder: a path, or an address as ``s3://bucket/folder`` or ``sftp://host/folder``.
        options: What the file system is opened with, nothing secret; those of s3fs, say.
        secret_options: Further ones, each with the environment variable that holds its value.
        pattern: Names of the files inside the folder; ``*`` stands for anything, folders included.
        channel: How the customers of these files spoke.
        fields: Which column, or path of JSON, becomes what.
        constants: What holds for every row.
        text_format: What their texts are made of: ``plain``, ``html`` or ``email``.
        zone: Zone of the dates, where they name none.
        delimiter: Of tables, as for table_file.
        encoding: Of tables, as for table_file.
        sheet: Of Excel files, as for table_file.
        layout: Of JSON, as for json_file.
        items: Of JSON, as for json_file.
        optional: Of JSON, as for json_file.
        page_size_rows: Rows per page.
    """

    kind: ClassVar[str] = "drop_folder"

    url: str = Field(min_length=1)
    options: dict[str, str | int | float | bool] = Field(default={})
    secret_options: dict[str, str] = Field(default={}, exclude=True)
    pattern: str = Field(default="*", min_length=1, exclude=True)
    channel: Channel
    fields: Fields
    constants: Constants = Constants()
    text_format: TextFormat = TextFormat.PLAIN
    zone: ZoneInfo | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    encoding: str = "utf-8"
    sheet: str | None = None
    layout: Literal["lines", "document"] | None = None
    items: str = ""
    optional: tuple[str, ...] = ()
    page_size_rows: int = Field(default=1000, ge=1, le=100_000, exclude=True)
    network: Network = Field(default_factory=Network, exclude=True, repr=False)

    @field_validator("url")
    @classmethod
    def _holds_no_secret(cls, url: str, info: ValidationInfo) -> str:
        host = url.partition("://")[2].partition("/")[0]
        # pydantic's own errors show the value
        if ":" in host.rpartition("@")[0] or "?" in url:
            raise SettingsError(
                f"source {info.data.get('name')}: url holds a password or parameters: name them in secret_options"
            )
        return url

    @field_validator("options")
    @classmethod
    def _hold_no_secret(cls, options: Options, info: ValidationInfo) -> Options:
        require_no_secret(options, source=str(info.data.get("name")))
        return options

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield the rows of the files that are new or changed since the bookmark."""
        folder = RemoteFolder(self.name, self._address(), self._all_options())
        files = self._choose(folder.list_files())
        run = _resume(read_bookmark(self, since), files)
        for name, stamp in files.items():
            if run.done.get(name) != stamp:
                yield from self._read_file(folder, name, stamp, run)
        yield from self._end(run, files)

    def _address(self) -> str:
        return self.url if "://" in self.url else str(self.root / Path(self.url).expanduser())

    def _all_options(self) -> dict[str, object]:
        secrets = read_secrets(self.secret_options, self.network.environment, source=self.name)
        return {**self.options, **secrets}

    def _choose(self, files: Mapping[str, str]) -> dict[str, str]:
        """Return the files that can be read here."""
        named = {name: stamp for name, stamp in files.items() if fnmatchcase(name, self.pattern)}
        chosen = {name: stamp for name, stamp in named.items() if bare_suffix(Path(name)) in READERS}
        if files and not chosen:
            raise StopSource(
                f"source {self.name}: {self.url} holds {len(files)} files, {len(named)} of them match pattern, "
                f"none of which ends in one of {', '.join(READERS)}: correct url or pattern"
            )
        return chosen

    def _read_file(self, folder: RemoteFolder, name: str, stamp: str, run: Run) -> Iterator[Page]:
        inner = run.current[2] if run.current and run.current[:2] == (name, stamp) else None
        with tempfile.TemporaryDirectory(prefix="bazkhord-") as place:
            local = Path(place) / Path(name).name
            try:
                if not folder.copy(name, local):
                    return
                # a copy of the same content is the same to its reader, whenever it was made
                os.utime(local, (0, 0))
                for page in self._reader(local).fetch(inner):
                    run.items += page.items
                    run.dead_letters += [
                        replace(one, position=f"{name} {one.position}") for one in page.dead_letters
                    ]
                    run.current = (name, stamp, page.bookmark)
                    if len(run.items) + len(run.dead_letters) >= self.page_size_rows:
                        yield run.hand_on(self._bookmark(run))
            except RetryLater:
                run.away.append(name)
            except StopSource as error:
                run.broken[name] = str(error).replace(str(local), name)
            else:
                run.n_read += 1
                run.done[name], run.current = stamp, None

    def _reader(self, local: Path) -> FileConnector:
        reader = READERS[bare_suffix(local)]
        shared = [name for name in reader.model_fields if name in type(self).model_fields]
        given: dict[str, Any] = {name: getattr(self, name) for name in shared}
        try:
            return reader(**given | {"path": local.name, "root": local.parent})
        except ValidationError as error:
            raise StopSource(describe_errors(error, self.name, reader)) from None

    def _end(self, run: Run, files: Mapping[str, str]) -> Iterator[Page]:
        """Yield the last page; a broken file is told as such where others could be read."""
        if run.n_read:
            for name, problem in run.broken.items():
                run.dead_letters.append(bury(self.name, name, problem, files[name]))
                run.done[name] = files[name]
            yield run.hand_on(self._bookmark(run))
        if run.away:
            raise RetryLater(
                f"source {self.name}: {len(run.away)} files of {self.url} cannot be had now, the first: {run.away[0]}; "
                "run again later, nothing is lost"
            )
        if run.broken and not run.n_read:
            raise StopSource(next(iter(run.broken.values())))

    def _bookmark(self, run: Run) -> str:
        return write_bookmark(self, {"done": run.done, "current": run.current})


def _resume(told: State, files: Mapping[str, str]) -> Run:
    """Return where to begin; files that are gone are forgotten."""
    done, current = told.get("done"), told.get("current")
    known = done if isinstance(done, dict) else {}
    run = Run({name: stamp for name, stamp in files.items() if known.get(name) == stamp})
    if isinstance(current, list) and len(current) == 3:
        run.current = (current[0], current[1], current[2])
    return run
