"""What the rows of an archive mean: as a source of ``sources.toml`` says, or by columns that are called like fields."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from pipeline.backfill_plan import READERS, at_hand
from pipeline.connectors.base import Connector
from pipeline.connectors.delimited import open_text, read_rows
from pipeline.connectors.drop_folder import DropFolder
from pipeline.connectors.excel import read_excel
from pipeline.connectors.files import bare_suffix, open_bytes
from pipeline.connectors.json_file import CHECKED_ROWS, JsonFile
from pipeline.connectors.json_objects import find_in_document, find_in_lines
from pipeline.connectors.mapped_file import MappedFile
from pipeline.connectors.mapping import AUTHOR, SCORES, TEXTS, TIMES, Fields
from pipeline.connectors.parquet_file import ParquetFile
from pipeline.errors import SettingsError
from pipeline.parquet import parquet_library
from pipeline.records import Channel

KNOWN = ("id", "text", *TIMES, *AUTHOR, *TEXTS, *SCORES)
OWN = (
    "name",
    "now",
    "root",
    "path",
    "page_size_rows",
    "url",
    "options",
    "secret_options",
    "pattern",
    "network",
)


def arguments_of(connector: Connector) -> dict[str, object]:
    """Return what a source of ``sources.toml`` says of its rows, whichever files they come from.

    Raises:
        SettingsError: It does not read files that are mapped.
    """
    if not isinstance(connector, MappedFile | DropFolder):
        raise SettingsError(
            f"source {connector.name} is of the connector {connector.kind}; a backfill reads files as table_file, "
            "json_file or drop_folder describe them: name such a source"
        )
    return {name: getattr(connector, name) for name in type(connector).model_fields if name not in OWN}


def arguments_by_names(file: str, channel: Channel, zone: object) -> dict[str, object]:
    """Return the meaning of rows whose columns are called like fields, as ``text``, ``id`` and ``created_at`` are.

    Args:
        file: The first of the archive; the others are taken to be like it.
        channel: How the customers spoke.
        zone: Of dates that name none.

    Raises:
        SettingsError: It has no column ``text``, or cannot be read.
    """
    columns = _columns(file)
    if "text" not in columns:
        listed = ", ".join(sorted(columns)[:20]) or "none"
        raise SettingsError(
            f"{file} has no column text; it has: {listed}. Describe such files as a source of sources.toml (table_file, "
            "json_file or drop_folder) and name it with --source"
        )
    fields = Fields.model_validate({name: name for name in KNOWN if name in columns})
    optional = tuple(name for name in fields.columns() if name != "text")
    return {"channel": channel, "fields": fields, "zone": zone, "optional": optional}


def _columns(file: str) -> set[str]:
    kind = READERS[bare_suffix(Path(file))]
    try:
        with at_hand(file) as local:
            if kind is ParquetFile:
                return set(parquet_library().parquet.read_schema(local).names)
            return _keys(local) if kind is JsonFile else _header(local)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{file} cannot be read ({type(error).__name__}): correct --input, or take the file out of it"
        ) from None


def _keys(local: Path) -> set[str]:
    with open_bytes(local) as stream:
        is_document = bare_suffix(local) == ".json"
        found = find_in_document(stream, "") if is_document else find_in_lines(stream)
        return {key for one in islice(found, CHECKED_ROWS) for key in one.record or {}}


def _header(local: Path) -> set[str]:
    if bare_suffix(local).startswith(".xls"):
        return {
            str(name).strip() for name in next(iter(read_excel(local, None, source="backfill")), ()) if name
        }
    delimiter = "\t" if bare_suffix(local) in (".tsv", ".tab") else ","
    lines = open_text(local, "utf-8")
    try:
        header = next(read_rows(lines, delimiter=delimiter, encoding="utf-8"), None)
    finally:
        lines.close()
    return {name.strip() for name in header.cells} if header else set()
