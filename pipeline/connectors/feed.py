"""Feed: entries of any RSS or Atom feed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field

from pipeline.connectors.authors import known_author
from pipeline.connectors.feed_document import FEED
from pipeline.connectors.http_client import Params
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.next_link import NextLink
from pipeline.connectors.pagers import Pager
from pipeline.connectors.scans import NewestFirst
from pipeline.records import Channel, Feedback, TextFormat


class Feed(JsonSource):
    """Entries of any RSS or Atom feed: comments, reviews, posts of a forum.

    Documentation: RFC 4287 (Atom), https://www.rssboard.org/rss-specification, RFC 5005 (pages of a feed)
    Ask for: the address of the feed; many sites name it in the head of their pages.
    Permissions: none; a feed that asks for a login cannot be read.
    Limits: a request for each page of the feed. A feed holds its newest entries only, mostly 10 to 50: read it
        often enough that fewer come in between. Where it names a next page, pages are read until two hold nothing new.
    What is fetched: title and content with author, tags and link. What is edited comes again while the feed holds it.
    Not fetched: entries of own_authors, what is attached, entries whose date cannot be read: they are dead letters.

    Example:
        [sources.blog_comments]
        connector = "feed"
        base_url = "https://blog.example.com"
        path = "/comments/feed/"
        with_title = false
        own_authors = ["نیک‌سبد"]

    Args:
        base_url: Address of the site, or of the feed.
        path: Where the feed is under it.
        parameters: What stands behind ``?`` in its address, each with its value; nothing secret.
        channel: How those who write there speak.
        with_title: The title is part of what was written; not so where it only says who wrote where.
        own_authors: Names of the company's authors; their entries are left out.
        zone: Zone of dates that name none; the standards ask for one in each.
    """

    kind = "feed"
    items_at = "entries"
    noun = "entry"
    permission = "the site refuses this machine: raise delay_s, or go through a proxy"
    written_in = FEED

    path: str = ""
    parameters: dict[str, str] = Field(default={})
    channel: Channel = Channel.SOCIAL
    with_title: bool = True
    own_authors: tuple[str, ...] = ()
    zone: ZoneInfo = ZoneInfo("UTC")
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def pager(self) -> Pager:
        """Return the way through the pages; most feeds are one."""
        return NewestFirst(inner=NextLink(at="next"), at="at", zone=self.zone, now=self.now())

    def address(self) -> str:
        """Return where the feed is; the address of a whole feed may end without a slash."""
        return self.path or self.base_url

    def params(self) -> Params:
        """Return what the feed's address says behind ``?``."""
        return self.parameters

    def is_company(self, row: JsonRow) -> bool:
        """Whether one of the company's authors wrote it."""
        return row.maybe("author") in self.own_authors

    def read(self, row: JsonRow) -> Feedback:
        """Return an entry; its title comes first."""
        created_at, edited_at = (
            row.time(name, zone=self.zone) if row.has(name) else None for name in ("published", "updated")
        )
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=self._text(row),
            text_format=TextFormat.HTML,
            created_at=created_at or edited_at,
            edited_at=edited_at if created_at and edited_at != created_at else None,
            channel=self.channel,
            author=known_author(
                row.maybe("author_page") or row.maybe("author"), email=row.maybe("author_email")
            ),
            permalink=row.maybe("link"),
            attributes={"tags": tags} if (tags := row.maybe("tags")) else {},
        )

    def _text(self, row: JsonRow) -> str:
        """Return title and content; an entry may lack one of them, but not both."""
        title = row.maybe("title") if self.with_title else None
        if title and not row.has("content"):
            return title
        content = row.text("content")
        return f"{title}<br>{content}" if title and title != content else content
