"""App Store: reviews out of the public feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field

from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import PageNumber, value_at
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, Feedback


class AppStoreRss(JsonSource):
    """Public reviews of apps in Apple's App Store, the newest of each country.

    Documentation: none; the shapes are those that public programs read, as
        https://github.com/youseiushida/appstore
    Ask for: nothing; no account is needed. For an app of your own, app_store_connect sees more.
    Permissions: none.
    Limits: 500 reviews of each app and country, 50 a request, a second between two requests, newest first,
        until two pages hold nothing new. Read it often enough that fewer than 500 come in between.
    What is fetched: title and text with app, country, version, stars and votes. Edits are found by the deep scan.
    Not fetched: what the developer answered: the feed does not have it.

    Example:
        [sources.app_store]
        connector = "app_store_rss"
        apps = [1234567890]
        countries = ["us", "de"]

    Args:
        base_url: Address of the service.
        apps: Numbers of the apps, as in ``apps.apple.com/us/app/id1234567890``.
        countries: Countries of the store, two small letters each.
    """

    kind = "app_store_rss"
    items_at = "feed.entry"
    noun = "review"
    permission = "the service refuses this machine; raise delay_s, or go through a proxy"
    # an eleventh page is refused
    way = PageNumber(size_param="", size=50, n_pages=10)
    newest_first = True
    shape = Shape(
        channel=Channel.REVIEW,
        id="id.label",
        title="title.label",
        text="content.label",
        created_at="updated.label",
        author_id="author.uri.label",
        stars="im:rating.label",
        optional_attributes=(("version", "im:version.label"), ("n_votes", "im:voteCount.label")),
        optional=("author.uri.label",),
    )

    base_url: str = "https://itunes.apple.com"
    apps: tuple[int, ...] = Field(min_length=1, exclude=True)
    countries: tuple[str, ...] = Field(default=("us",), min_length=1, exclude=True)
    delay_s: float = Field(default=1.0, ge=0, le=3600, exclude=True)
    deep_scan_days: int = Field(default=7, ge=0, le=3650, exclude=True)

    def lists(self) -> Mapping[str, str]:
        """Return the feed of each app in each country, in whose path the page's number stands."""
        return {
            f"{country}/{app}": f"/{country}/rss/customerreviews/page={{page}}/id={app}/sortby=mostrecent/json"
            for app in self.apps
            for country in self.countries
        }

    def rows_in(self, content: object) -> object:
        """Return the reviews; the feed leaves the list out when it is empty, and where there is but one."""
        feed = value_at(content, "feed")
        found = feed.get("entry", []) if isinstance(feed, Mapping) else None
        entries = [found] if isinstance(found, Mapping) else found
        if not isinstance(entries, list):
            return None
        # some feeds begin with the app itself, the only entry with a name of its own
        return [one for one in entries if not (isinstance(one, Mapping) and "im:name" in one)]

    def read(self, row: JsonRow) -> Feedback:
        """Return a review."""
        review = self.shape.read(row, source=self.name)
        country, _, app = row.list_name.partition("/")
        return replace(review, product=app, attributes={**review.attributes, "country": country})
