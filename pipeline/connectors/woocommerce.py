"""WooCommerce: reviews of products."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field

from pipeline.connectors.auth import Auth, Basic
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import PageNumber
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, TextFormat


class WooCommerce(JsonSource):
    """Reviews of the products of a WooCommerce shop.

    Documentation: https://woocommerce.github.io/woocommerce-rest-api-docs/#product-reviews
    Ask for: a REST API key (WooCommerce, Settings, Advanced, REST API): a consumer key and its secret.
    Permissions: Read.
    Limits: none of its own; 100 reviews a request, newest first, until two pages hold nothing new.
        The shop has to be reached by https://: over http:// WooCommerce wants another kind of proof.
    What is fetched: approved reviews with product, stars and whether the reviewer bought it. All are read
        once more every deep_scan_days, for edits and for what was let in late.
    Not fetched: reviews whose address is among staff; names of products: their numbers come.

    Example:
        [sources.shop_reviews]
        connector = "woocommerce"
        base_url = "https://shop.example.com"
        key_env = "WOOCOMMERCE_KEY"
        secret_env = "WOOCOMMERCE_SECRET"

    Args:
        key_env: Environment variable with the consumer key.
        secret_env: Environment variable with the consumer secret.
        staff: E-mail addresses of those who answer for the shop.
    """

    kind = "woocommerce"
    endpoint = "/wp-json/wc/v3/products/reviews"
    noun = "review"
    permission = "the key needs Read"
    way = PageNumber(n_pages_header="x-wp-totalpages", n_total_header="x-wp-total")
    newest_first = True
    shape = Shape(
        channel=Channel.REVIEW,
        text="review",
        text_format=TextFormat.HTML,
        created_at="date_created_gmt",
        zone=ZoneInfo("UTC"),
        author_email="reviewer_email",
        product="product_id",
        status="status",
        stars="rating",
        attributes=(("verified", "verified"),),
    )

    key_env: str = Field(exclude=True)
    secret_env: str = Field(exclude=True)
    staff: tuple[str, ...] = ()
    deep_scan_days: int = Field(default=7, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth:
        """Return key and secret."""
        return Basic(self.secret("key_env"), self.secret("secret_env"))

    def is_company(self, row: JsonRow) -> bool:
        """Whether somebody of the staff wrote it."""
        return row.maybe("reviewer_email") in self.staff
