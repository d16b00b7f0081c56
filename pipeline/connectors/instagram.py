"""Instagram: comments on the company's own posts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from pydantic import Field

from pipeline.connectors.auth import Auth, Query
from pipeline.connectors.files import Row
from pipeline.connectors.graph_pages import GraphPages
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow, value_in
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Pager, value_at
from pipeline.connectors.scans import NewestFirst
from pipeline.connectors.threads import customers_turns
from pipeline.connectors.watched import Watched
from pipeline.records import Author, Channel, Feedback, Reply

MEDIA = "id,permalink,timestamp,username,comments_count"
COMMENT = "id,text,timestamp,username,from,hidden,like_count"
# what the codes of the Graph API's errors mean: too many calls, a token that lapsed, a permission that is missing
MEANT = {4: 429, 17: 429, 32: 429, 613: 429, 80002: 429, 190: 401, 10: 403, 200: 403}
COMMENTS = InnerList(way=GraphPages(size=50), items_at="data", what="comments on a post")
REPLIES = InnerList(way=GraphPages(size=50), items_at="data", what="replies to a comment")


class Instagram(JsonSource):
    """Comments on the posts of the company's own professional account on Instagram, and replies to them.

    Documentation: https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference,
        the pages ig-media/comments and ig-comment; a second page of comments is asked for as public programs do
    Ask for: a long-lived access token of the account (an app of type Business, developers.facebook.com). It lasts
        60 days: renew it before.
    Permissions: instagram_business_basic and instagram_business_manage_comments where one signs in with Instagram;
        instagram_basic, instagram_manage_comments and pages_read_engagement where one signs in with Facebook.
    Limits: in 24 hours 4800 calls for each time that something of the account was seen in them; one for 25 posts,
        and one for 50 comments on one of them. Posts of the last watch_days are looked at each time, older ones
        again every deep_scan_days. No money is asked for.
    What is fetched: comments and replies with writer, post, likes and whether the company hid them. What the account
        itself replies counts as the time of an answer only.
    Not fetched: comments on advertisements, live videos, age-restricted posts, and of people whom the account
        restricted; messages; posts of others that mention the account.

    Example:
        [sources.instagram]
        connector = "instagram"
        token_env = "INSTAGRAM_TOKEN"

    Args:
        base_url: Address of the service with the version; https://graph.facebook.com/v25.0 where one signs in with
            Facebook.
        account: Number of the professional account; ``me``: that of the token, where one signs in with Instagram.
        token_env: Environment variable with the access token.
        watch_days: How long people comment on a post.
    """

    kind = "instagram"
    items_at = "data"
    noun = "comment"
    permission = (
        "the token needs the permission to manage comments, and an allowance of calls that is not used up"
    )

    base_url: str = "https://graph.instagram.com/v25.0"
    account: str = Field(default="me", pattern=r"^(me|\d{1,24})$")
    token_env: str = Field(exclude=True)
    watch_days: int = Field(default=30, ge=1, le=3650, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth:
        """Return the token."""
        return Query(self.secret("token_env"), "access_token")

    def meant_status(self, status: int, body: bytes) -> int:
        """Return the status that the code of an error means."""
        code = value_in(body, "error.code")
        return MEANT.get(code, status) if isinstance(code, int) else status

    def address(self) -> str:
        """Return the list of the account's posts."""
        return f"/{self.account}/media"

    def params(self) -> Params:
        """Ask for what tells whether there are comments, and whose account it is."""
        return {"fields": MEDIA}

    def pager(self) -> Pager:
        """Return the way from the newest post back to what nobody comments on any more."""
        posts = NewestFirst(inner=GraphPages(size=25), at="timestamp", now=self.now())
        return Watched(inner=posts, watch=timedelta(days=self.watch_days))

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return the comments of others than the account itself on a post, thread by thread."""
        if row.number("comments_count") == 0:
            return
        own = row.text("username")
        asked: Params = {"fields": f"{COMMENT},replies{{{COMMENT}}}"}
        for comment in COMMENTS.read(client, f"/{row.id()}/comments", now=row.now, always=asked):
            said = [
                comment,
                *sorted(_replies_to(comment, client), key=lambda one: one.maybe("timestamp") or ""),
            ]
            for one, answers in customers_turns(
                said, by_customer=lambda one: one.maybe("username") != own, at="timestamp"
            ):
                thread = comment.maybe("id")
                yield self.message(one, partial(self._read_comment, one, row, thread, answers))

    def read(self, row: JsonRow) -> None:
        """Return nothing: a post is the company's own."""
        del row

    def _read_comment(
        self, row: JsonRow, post: JsonRow, thread: str | None, answers: tuple[Reply, ...]
    ) -> Feedback:
        name = row.text("username")
        likes = row.maybe("like_count")
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=row.text("text"),
            created_at=row.time("timestamp"),
            channel=Channel.SOCIAL,
            author=Author(native_id=row.maybe("from.id") or name),
            conversation_id=thread,
            status="hidden" if row.maybe("hidden") == "true" else None,
            permalink=post.maybe("permalink"),
            replies=answers,
            attributes={"post": post.id(), **({"likes": likes} if likes else {})},
        )


def _replies_to(comment: JsonRow, client: HttpClient) -> Iterable[JsonRow]:
    """The replies that came with a comment, or all of them where it has more."""
    if value_at(comment.content, "replies.paging.next") is None:
        return comment.rows("replies.data")
    return REPLIES.read(client, f"/{comment.id()}/replies", now=comment.now, always={"fields": COMMENT})
