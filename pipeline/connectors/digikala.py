"""Digikala: comments on products."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from pydantic import Field

from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import PageNumber, Pager, value_at
from pipeline.connectors.scans import NewestFirst
from pipeline.errors import StopSource
from pipeline.records import Channel, Feedback, Rating

TEHRAN = ZoneInfo("Asia/Tehran")


class Digikala(JsonSource):
    """Comments on products of Digikala.

    Documentation: none; the shapes are those that public programs read, and may change any day.
    Ask for: nothing; no account is needed.
    Permissions: none.
    Limits: none that are known; a second between two requests, newest first, until two pages hold nothing new.
    What is fetched: title and text with product, stars, likes, dislikes and whether the writer bought it.
    Not fetched: names of the writers, which tell nobody apart; advantages and disadvantages.

    Example:
        [sources.digikala]
        connector = "digikala"
        products = [1234567, 7654321]

    Args:
        base_url: Address of the service.
        products: Numbers of the products, as in ``dkp-1234567``.
    """

    kind = "digikala"
    items_at = "data.comments"
    noun = "comment"
    always = (("order", "created_at"),)
    permission = "the service refuses this machine; raise delay_s, or go through a proxy"

    base_url: str = "https://api.digikala.com"
    products: tuple[int, ...] = Field(min_length=1, exclude=True)
    delay_s: float = Field(default=1.0, ge=0, le=3600, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def lists(self) -> Mapping[str, str]:
        """Return the comments of each product."""
        return {str(product): f"/v1/product/{product}/comments/" for product in self.products}

    def pager(self) -> Pager:
        """Return the way from the newest comment back to what is known."""
        pages = PageNumber(size_param="", n_pages_at="data.pager.total_pages")
        return NewestFirst(inner=pages, at="created_at", zone=TEHRAN, now=self.now())

    def require_success(self, content: object) -> None:
        """The document does not say within that it is an error."""
        status = value_at(content, "status")
        if status != 200:
            raise StopSource(f"source {self.name}: it answered with status {status} inside: check products")

    def read(self, row: JsonRow) -> Feedback:
        """Return a comment; 0 stars mean that none were given."""
        stars = row.number("rate")
        told = {"likes": "reactions.likes", "dislikes": "reactions.dislikes", "is_buyer": "is_buyer"}
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text="\n".join(part for part in (row.maybe("title"), row.text("body")) if part),
            created_at=row.time("created_at", zone=TEHRAN),
            channel=Channel.REVIEW,
            product=row.list_name,
            rating=Rating(stars, 1.0, 5.0) if stars else None,
            attributes={name: value for name, path in told.items() if (value := row.maybe(path))},
        )
