"""X: posts that a search finds, or that mention an account."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.http_client import Params
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Cursor, Pager, value_at
from pipeline.connectors.shape import Shape
from pipeline.connectors.since_id import SinceId
from pipeline.records import Channel, Feedback

# either name of the parameter has names of its own for what it can ask for; a wrong one is ignored and charged
TWEET = "created_at,author_id,conversation_id,lang,public_metrics,note_tweet,referenced_tweets"
POST = "created_at,conversation_id,lang,public_metrics,note_post"
ASKED: dict[str, Params] = {
    "tweet.fields": {"tweet.fields": TWEET},
    "post.fields": {"post.fields": POST, "expansions": "author_id"},
}


class X(JsonSource):
    """Posts on X that a search finds, or that mention an account.

    Documentation: https://docs.x.com/x-api/posts/search/integrate/paginate, .../posts/timelines/introduction and
        https://api.x.com/2/openapi.json; prices: https://docs.x.com/x-api/getting-started/pricing
    Ask for: a bearer token of an app (console.x.com), and credits: X is paid in advance.
    Permissions: none beyond the token.
    Limits: each post that is sent costs 0.005 US dollars, each author that is sent with ``post.fields`` 0.010;
        3 million posts a month. No post is asked for twice: reading goes on after the newest one seen. The first
        reading has the last 7 days of a search, or the last 800 mentions (4 dollars); ``sources check`` asks for
        100 posts at most (half a dollar). 60 to 450 requests in 15 minutes; its allowance headers are heeded.
    What is fetched: posts, the long ones whole, with author, conversation, language, likes and answers. A post
        that was edited comes again under its first id.
    Not fetched: reposts, and posts of own_ids; a search is charged for them too, so leave them out of the query.
        Names of authors, pictures, polls, times of the company's answers; that a post was deleted.

    Example:
        [sources.x]
        connector = "x"
        query = "نیک‌سبد -is:retweet -from:niksabad"
        own_ids = ["2244994945"]
        token_env = "X_TOKEN"

    Args:
        base_url: Address of the service.
        query: What to search for, with X's operators.
        user_id: Number of the account whose mentions are read, in place of a query.
        own_ids: Numbers of the company's accounts; their posts are left out.
        fields: How X calls the parameter of fields: its guides say one, its specification the other.
        token_env: Environment variable with the bearer token.
    """

    kind = "x"
    items_at = "data"
    noun = "post"
    permission = "the app needs credits that are left (console.x.com), and access to this part of X"
    shape = Shape(
        channel=Channel.SOCIAL,
        text="text",
        created_at="created_at",
        author_id="author_id",
        conversation_id="conversation_id",
        optional_attributes=(
            ("lang", "lang"),
            ("likes", "public_metrics.like_count"),
            ("replies", "public_metrics.reply_count"),
        ),
        optional=("author_id",),
    )

    base_url: str = "https://api.x.com"
    query: str | None = Field(default=None, min_length=1, max_length=4096)
    user_id: str | None = Field(default=None, pattern=r"^\d{1,19}$")
    own_ids: tuple[str, ...] = Field(default=(), exclude=True)
    fields: Literal["tweet.fields", "post.fields"] = Field(default="tweet.fields", exclude=True)
    token_env: str = Field(exclude=True)

    @model_validator(mode="after")
    def _asks_for_one_list(self) -> Self:
        if (self.query is None) == (self.user_id is None):
            raise ValueError("expected either query or user_id")
        return self

    def auth(self) -> Auth:
        """Return the token."""
        return Header(self.secret("token_env"))

    def address(self) -> str:
        """Return the search, or the mentions of the account."""
        return "/2/tweets/search/recent" if self.query else f"/2/users/{self.user_id}/mentions"

    def params(self) -> Params:
        """Ask for as many posts at once as there may be, with their time and author."""
        return {**({"query": self.query} if self.query else {}), "max_results": 100, **ASKED[self.fields]}

    def pager(self) -> Pager:
        """Return the way from the newest post back to the newest one of the last time."""
        token = "next_token" if self.query else "pagination_token"
        return SinceId(param="since_id", inner=Cursor(param=token, at="meta.next_token"))

    def rows_in(self, content: object) -> object:
        """Return the posts; where there are none, the answer has no list."""
        return [] if value_at(content, "meta.result_count") == 0 else super().rows_in(content)

    def is_company(self, row: JsonRow) -> bool:
        """Whether one of the company's accounts wrote it."""
        return row.maybe("author_id") in (*self.own_ids, self.user_id or "-")

    def read(self, row: JsonRow) -> Feedback | None:
        """Return a post in its author's own words, under the id of its first version."""
        if _is_repost(row):
            return None
        post = self.shape.read(row, source=self.name)
        versions = row.content.get("edit_history_tweet_ids") or row.content.get("edit_history_post_ids")
        first = str(versions[0]) if isinstance(versions, list) and versions else post.native_id
        return replace(
            post,
            native_id=first,
            text=row.maybe("note_tweet.text") or row.maybe("note_post.text") or post.text,
            edited_at=post.created_at if first != post.native_id else None,
            permalink=f"https://x.com/i/web/status/{post.native_id}",
        )


def _is_repost(row: JsonRow) -> bool:
    referred = [*row.rows("referenced_tweets"), *row.rows("referenced_posts")]
    return any(one.maybe("type") == "retweeted" for one in referred) or row.text("text").startswith("RT @")
