"""YouTube: comments on the videos of a channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from pydantic import Field

from pipeline.connectors.auth import Auth, Query
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Cursor
from pipeline.connectors.shape import Shape
from pipeline.connectors.threads import customers_turns
from pipeline.records import Channel, Feedback, Reply

AT = "snippet.publishedAt"


class YouTube(JsonSource):
    """Comments on the videos of the company's channel on YouTube, and replies to them.

    Documentation: https://developers.google.com/youtube/v3/docs/commentThreads/list
    Ask for: an API key (Google Cloud console, APIs & Services, Credentials).
    Permissions: YouTube Data API v3 enabled in the project of the key.
    Limits: 100 threads a request, each of which costs 1 unit of the project's daily quota; newest first, until
        two pages hold nothing new.
    What is fetched: comments and replies with video and likes. What the channel itself replies counts as the
        time of an answer only. Replies to older comments, and edits, are found by the deep scan.
    Not fetched: replies beyond the few that come with a thread; comments that a moderator holds back.

    Example:
        [sources.youtube]
        connector = "youtube"
        channel_id = "UCxxxxxxxxxxxxxxxxxxxxxx"
        key_env = "YOUTUBE_KEY"

    Args:
        base_url: Address of the service.
        channel_id: Id of the company's channel, which begins with UC (YouTube: Settings, Advanced settings).
        key_env: Environment variable with the API key.
    """

    kind = "youtube"
    endpoint = "/commentThreads"
    items_at = "items"
    noun = "comment"
    permission = "the key's project needs YouTube Data API v3, and quota that is left for today"
    way = Cursor(param="pageToken", at="nextPageToken")
    newest_first = True
    newest_at = f"snippet.topLevelComment.{AT}"
    shape = Shape(
        channel=Channel.SOCIAL,
        text="textDisplay",
        created_at="publishedAt",
        edited_at="updatedAt",
        author_id="authorChannelId.value",
        optional_attributes=(("videoId", "videoId"), ("likeCount", "likeCount")),
        optional=("updatedAt", "authorChannelId.value"),
    )

    base_url: str = "https://www.googleapis.com/youtube/v3"
    channel_id: str = Field(pattern=r"^UC[\w-]{22}$")
    key_env: str = Field(exclude=True)
    deep_scan_days: int = Field(default=7, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth:
        """Return the key."""
        return Query(self.secret("key_env"), "key")

    def params(self) -> Params:
        """Ask for the channel's threads as plain text, the newest first."""
        wanted: Params = {"part": "snippet,replies", "order": "time", "textFormat": "plainText"}
        return {**wanted, "allThreadsRelatedToChannelId": self.channel_id, "maxResults": 100}

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return what others than the channel itself wrote in a thread."""
        del client
        replies = sorted(row.rows("replies.comments"), key=lambda one: one.maybe(AT) or "")
        turns = customers_turns(
            [row.inner("snippet.topLevelComment"), *replies],
            by_customer=lambda one: one.maybe("snippet.authorChannelId.value") != self.channel_id,
            at=AT,
        )
        for one, answers in turns:
            yield self.message(one, partial(self._read_comment, one, answers))

    def _read_comment(self, row: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        """Return a comment, or a reply to one."""
        said = replace(row, content={**row.inner("snippet").content, "id": row.id()})
        video = said.maybe("videoId")
        return replace(
            self.shape.read(said, source=self.name),
            conversation_id=said.maybe("parentId") or row.id(),
            permalink=f"https://www.youtube.com/watch?v={video}&lc={row.id()}" if video else None,
            replies=replies,
        )
