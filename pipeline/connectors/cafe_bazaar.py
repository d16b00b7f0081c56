"""Cafe Bazaar: reviews of applications."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from pydantic import Field

from pipeline.connectors.authors import known_author
from pipeline.connectors.http_client import Params
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Cursor, Pager, value_at
from pipeline.connectors.scans import NewestFirst
from pipeline.errors import RetryLater, StopSource
from pipeline.records import Channel, Feedback, Rating

TEHRAN = ZoneInfo("Asia/Tehran")
REPLY = "singleReply.reviewReply"


class CafeBazaar(JsonSource):
    """Public reviews of applications in Cafe Bazaar.

    Documentation: none; the shapes are those that public programs read, and may change any day.
    Ask for: nothing; no account is needed.
    Permissions: none.
    Limits: none that are known; a second between two requests, newest first, until two pages hold nothing new.
    What is fetched: reviews with application, version, stars and likes; stars without words too.
    Not fetched: what the developer answered, and when: the shape of it is not known.

    Example:
        [sources.bazaar]
        connector = "cafe_bazaar"
        packages = ["com.example.shop"]

    Args:
        base_url: Address of the service.
        packages: Names of the applications' packages.
    """

    kind = "cafe_bazaar"
    endpoint = "/rest-v1/process/ReviewRequest"
    items_at = f"{REPLY}.reviews"
    noun = "review"
    permission = "the service refuses this machine; raise delay_s, or go through a proxy"

    base_url: str = "https://api.cafebazaar.ir"
    packages: tuple[str, ...] = Field(min_length=1, exclude=True)
    delay_s: float = Field(default=1.0, ge=0, le=3600, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def lists(self) -> Mapping[str, str]:
        """Return the reviews of each application; the address is the same for all."""
        return dict.fromkeys(self.packages, self.endpoint)

    def body(self, list_name: str, params: Params) -> object:
        """Return the request of a page, the newest first."""
        return {"singleRequest": {"reviewRequest": {"packageName": list_name, **params, "sortBy": 1}}}

    def pager(self) -> Pager:
        """Return the way from the newest review back to what is known."""
        pages = Cursor(param="cursor", at=f"{REPLY}.nextPageCursor", first={"cursor": ""})
        return NewestFirst(inner=pages, at="date", zone=TEHRAN, now=self.now())

    def require_success(self, content: object) -> None:
        """The document does not say within that it is an error."""
        status = value_at(content, "properties.statusCode")
        if status == 200:
            return
        told = f"source {self.name}: it answered with status {status} inside"
        if isinstance(status, int) and (status == 429 or status >= 500):
            raise RetryLater(f"{told}: run again later, nothing is lost")
        raise StopSource(f"{told}: check packages")

    def read(self, row: JsonRow) -> Feedback:
        """Return a review."""
        told = {"version": "versionCode", "likes": "likes", "edited": "isEdited"}
        stars = row.number("rate")
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=row.text("comment", null_is_empty=True),
            created_at=row.time("date", zone=TEHRAN),
            channel=Channel.REVIEW,
            author=known_author(row.maybe("accountID")),
            product=row.list_name,
            rating=Rating(stars, 1.0, 5.0) if stars else None,
            attributes={name: value for name, path in told.items() if (value := row.maybe(path))},
        )
