"""SQL: rows of a table or a query, in any data base that SQLAlchemy can open, mapped by columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field, model_validator

from pipeline.connectors.base import Connector
from pipeline.connectors.bookmarks import read_bookmark, write_bookmark
from pipeline.connectors.credentials import read_secret
from pipeline.connectors.files import Row, read_each
from pipeline.connectors.http_client import Network
from pipeline.connectors.mapping import Constants, Fields
from pipeline.connectors.names import list_missing
from pipeline.connectors.row_reader import Record, RowReader
from pipeline.connectors.sql_database import ReadOnlyDatabase, as_rows, open_read_only
from pipeline.connectors.sql_values import as_plain, read_values, write_values
from pipeline.dates import parse_date
from pipeline.errors import SkipRecord, StopSource
from pipeline.records import Channel, Page, TextFormat

FAR_AHEAD = datetime(9999, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
Values = tuple[object, ...]
Query = sa.Select[Any]


class Sql(Connector):
    """Rows of a table or a query, in any data base that SQLAlchemy can open.

    Documentation: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls
    Ask for: a user that may only read, and the URL of the data base. The drivers of SQLite and PostgreSQL are there;
        others are installed beside bazkhord, as pymysql for ``mysql+pymysql://``.
    Permissions: SELECT on the table, or on the tables of the query. Nothing is ever written.
    Limits: page_size_rows rows at a time in memory; the server is asked once a run. An index on the watermark and
        the id spares it sorting all rows.
    What is fetched: rows whose watermark is higher than the last one read, in its order; of equal ones those with a
        higher id. A time of the last change brings edited rows too; a number that only grows brings new rows only.
    Not fetched: rows without a watermark, or in which something cannot be read: they are kept as dead letters.

    Example:
        [sources.reviews]
        connector = "sql"
        url_env = "SHOP_DATABASE_URL"
        table = "shop.reviews"
        watermark = "updated_at"
        channel = "review"
        zone = "Asia/Tehran"
        fields = { id = "id", text = ["title", "body"], created_at = "created_at", product = "sku" }

    Args:
        url_env: Environment variable with the URL, ``postgresql+psycopg://user:password@host/name``.
        table: Name of a table or view, perhaps with its schema before a dot.
        query: One SELECT in its place; what it names is what ``fields`` and ``watermark`` may name.
        watermark: Column that is set, or grows, whenever a row is written.
        overlap_s: Rows whose watermark is a time of this many seconds before a run are read again by the next one,
            so that transactions which end late lose nothing.
        channel: How the customers of these rows spoke.
        fields: Which column becomes what; id is needed, and one row for each.
        constants: What holds for every row.
        text_format: What their texts are made of: ``plain``, ``html`` or ``email``.
        zone: Zone of the dates, where they name none.
        page_size_rows: Rows per page.
    """

    kind: ClassVar[str] = "sql"

    url_env: str = Field(min_length=1, exclude=True)
    table: str | None = Field(default=None, min_length=1)
    query: str | None = Field(default=None, min_length=1)
    watermark: str = Field(min_length=1)
    overlap_s: float = Field(default=300.0, ge=0, le=86_400, exclude=True)
    channel: Channel
    fields: Fields
    constants: Constants = Constants()
    text_format: TextFormat = TextFormat.PLAIN
    zone: ZoneInfo | None = None
    page_size_rows: int = Field(default=1000, ge=1, le=100_000, exclude=True)
    network: Network = Field(default_factory=Network, exclude=True, repr=False)

    @model_validator(mode="after")
    def _names_rows_and_their_id(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("expected either table or query")
        if not self.fields.id:
            raise ValueError("expected fields.id, a column or several that tell one row from another")
        return self

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield the rows that were written since the bookmark."""
        url = read_secret(self.url_env, self.network.environment, source=self.name, key="url_env")
        settled = self.now() - timedelta(seconds=self.overlap_s)
        told = read_bookmark(self, since)
        with open_read_only(url.get_secret_value(), source=self.name, variable=self.url_env) as database:
            # another data base under the same name is read from its beginning
            reached = read_values(told.get("reached")) if told.get("place") == database.place else ()
            rows = self._find_rows(database)
            for batch in database.stream(self._without_watermark(rows), size_rows=self.page_size_rows):
                yield self._page(batch, None)
            for batch in database.stream(self._after(rows, reached), size_rows=self.page_size_rows):
                reached = self._advance(batch, reached, settled)
                state = {"place": database.place, "reached": write_values(reached)}
                yield self._page(batch, write_bookmark(self, state) if reached else None)

    def _find_rows(self, database: ReadOnlyDatabase) -> sa.FromClause:
        """Return what to select from, whose columns are those that the mapping names."""
        schema, _, name = (self.table or "").rpartition(".")
        found = database.find_columns(
            as_rows(self.query) if self.query else sa.table(name, schema=schema or None)
        )
        wanted = list(dict.fromkeys([self.watermark, *self.fields.columns()]))
        if missing := list_missing(wanted, found, what="column"):
            raise StopSource(
                f"source {self.name}: {self.table or 'the query'} has {missing}: correct fields or watermark"
            )
        columns: list[sa.ColumnClause[Any]] = [sa.column(one) for one in wanted]
        return (
            as_rows(self.query, *columns) if self.query else sa.table(name, *columns, schema=schema or None)
        )

    @property
    def _key(self) -> tuple[str, ...]:
        """Columns by which rows are ordered: the watermark, then the id."""
        return tuple(dict.fromkeys([self.watermark, *self.fields.id]))

    def _without_watermark(self, rows: sa.FromClause) -> Query:
        return sa.select(rows).where(rows.c[self.watermark].is_(None)).limit(self.page_size_rows)

    def _after(self, rows: sa.FromClause, reached: Values) -> Query:
        key = [rows.c[name] for name in self._key]
        query = sa.select(rows).where(key[0].is_not(None)).order_by(*key)
        return query.where(_is_after(key, reached)) if len(reached) == len(key) else query

    def _advance(self, batch: Sequence[sa.Row[Any]], reached: Values, settled: datetime) -> Values:
        """Return the key of the last row before which nothing is written any more."""
        for row in reversed(batch):
            key = tuple(row._mapping[name] for name in self._key)  # noqa: SLF001 - SQLAlchemy's public name
            try:
                written = write_values(key)
            except TypeError as error:
                raise StopSource(
                    f"source {self.name}: {', '.join(self._key)} hold {error}, which has no place in a bookmark: "
                    "name columns with times, numbers or texts"
                ) from None
            if written and self._is_settled(key[0], settled):
                return key
        return reached

    def _is_settled(self, watermark: object, settled: datetime) -> bool:
        if not isinstance(watermark, date | str):
            return True
        try:
            return parse_date(watermark, zone=self.zone or ZoneInfo("UTC"), now=FAR_AHEAD) <= settled
        except OverflowError:
            return False
        except SkipRecord:
            # 9999-12-31, say, is no time that has come; what is no date at all only grows
            return not _DATE.match(str(watermark))

    def _page(self, batch: Sequence[sa.Row[Any]], bookmark: str | None) -> Page:
        records = [{name: as_plain(value) for name, value in row._mapping.items()} for row in batch]  # noqa: SLF001
        items, dead_letters = read_each(self.name, map(self._row, records))
        return Page(items, dead_letters, bookmark)

    def _row(self, record: Record) -> Row:
        identifier = "/".join(str(record[name]) for name in self.fields.id)
        return Row(f"row {identifier}", record, partial(self._read, record))

    def _read(self, record: Record) -> Any:
        if record[self.watermark] is None:
            raise SkipRecord(
                f"{self.watermark}: no value, so that nobody can tell when the row was written: fill it in"
            )
        return self._reader.read(record)

    @cached_property
    def _reader(self) -> RowReader:
        return RowReader(source=self.name, mapping=self, now=self.now, getter_of=itemgetter)


def _is_after(key: Sequence[sa.ColumnElement[Any]], reached: Values) -> sa.ColumnElement[bool]:
    """Return the condition that a row comes after another in the order of its key."""
    # without a type the driver sees the value itself: SQLAlchemy would take the zone off a time
    values = [sa.literal(value, sa.types.NullType()) for value in reached]
    later = [
        sa.and_(*(one == value for one, value in zip(key[:n], values, strict=False)), key[n] > values[n])
        for n in range(len(key))
    ]
    # says nothing new; data bases find by it where in an index to begin
    return sa.and_(key[0] >= values[0], sa.or_(*later))
