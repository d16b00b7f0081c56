"""Bluesky: public posts that a search finds."""

from __future__ import annotations

from pydantic import Field

from pipeline.connectors.http_client import Params
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Cursor
from pipeline.connectors.shape import Shape
from pipeline.records import Channel


class Bluesky(JsonSource):
    """Public posts of Bluesky that a search finds.

    Documentation: https://docs.bsky.app/docs/api/app-bsky-feed-search-posts
    Ask for: nothing; this connector does not sign in.
    Permissions: none where the AppView lets everybody search. That of base_url often refuses: then name another.
    Limits: 100 posts a request, newest first, until two pages hold nothing new; not all that is old is found.
    What is fetched: posts and replies with their writer's DID and how often they were liked and answered.
    Not fetched: posts of own_handles, languages, pictures.

    Example:
        [sources.bluesky]
        connector = "bluesky"
        query = "نیک‌سبد"
        own_handles = ["niksabad.example.com"]

    Args:
        query: What to search for.
        own_handles: The company's handles, without @ and in small letters; their posts are left out.
    """

    kind = "bluesky"
    endpoint = "/xrpc/app.bsky.feed.searchPosts"
    items_at = "posts"
    noun = "post"
    permission = "this AppView lets only those search who have signed in: set base_url to one that is open"
    way = Cursor(param="cursor", at="cursor")
    newest_first = True
    shape = Shape(
        channel=Channel.SOCIAL,
        id="uri",
        text="record.text",
        created_at="record.createdAt",
        author_id="author.did",
        optional_attributes=(("likeCount", "likeCount"), ("replyCount", "replyCount")),
    )

    base_url: str = "https://public.api.bsky.app"
    query: str = Field(min_length=1)
    own_handles: tuple[str, ...] = ()
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def params(self) -> Params:
        """Ask for the newest first."""
        return {"q": self.query, "sort": "latest", "limit": 100}

    def is_company(self, row: JsonRow) -> bool:
        """Whether one of the company's handles wrote it."""
        return row.known("author.handle") in self.own_handles
