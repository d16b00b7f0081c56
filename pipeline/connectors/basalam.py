"""Basalam: reviews of a vendor's products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from pydantic import Field

from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Offset
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, Feedback


class Basalam(JsonSource):
    """Public reviews of the products of vendors in Basalam.

    Documentation: none; the shapes are those that public programs read, and may change any day, as
        https://github.com/jolfaguy12-cell/basalam-reviews
    Ask for: nothing; no account is needed.
    Permissions: none.
    Limits: none that are known; 20 reviews a request, a second between two requests, newest first, until two
        pages hold nothing new. A moment without a zone is taken as Tehran's.
    What is fetched: reviews with product, stars, and how often the vendor answered; stars without words too.
    Not fetched: what the vendor answered, and when: the time of an answer is not known.

    Example:
        [sources.basalam]
        connector = "basalam"
        vendors = [1234567]

    Args:
        base_url: Address of the service.
        vendors: Numbers of the vendors, as the answers of the service name them in ``vendor_id``.
    """

    kind = "basalam"
    items_at = "reviews"
    noun = "review"
    permission = "the service refuses this machine; raise delay_s, or go through a proxy"
    way = Offset(size=20, more_at="has_next")
    newest_first = True
    shape = Shape(
        channel=Channel.REVIEW,
        text="description",
        created_at="createdAt",
        zone=ZoneInfo("Asia/Tehran"),
        author_id="user.id",
        product="product.title",
        stars="star",
        optional_attributes=(("product_id", "productId"), ("vendor", "product.vendor_id")),
        optional=("product.title",),
    )

    base_url: str = "https://services.basalam.com"
    vendors: tuple[int, ...] = Field(min_length=1, exclude=True)
    delay_s: float = Field(default=1.0, ge=0, le=3600, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def lists(self) -> Mapping[str, str]:
        """Return the reviews of each vendor."""
        return {str(vendor): f"/web/v1/review/vendor/{vendor}/reviews" for vendor in self.vendors}

    def read(self, row: JsonRow) -> Feedback:
        """Return a review."""
        review = self.shape.read(row, source=self.name)
        n_answers = str(len(row.rows("answers")))
        return replace(review, attributes={**review.attributes, "n_answers": n_answers})
