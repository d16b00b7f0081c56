"""Mastodon: public posts with a hashtag, or what is said to an account."""

from __future__ import annotations

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.http_client import Params
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import AfterId, Pager
from pipeline.records import Author, Channel, Feedback, TextFormat


class Mastodon(JsonSource):
    """Public posts with a hashtag on a Mastodon server, or posts that mention an account.

    Documentation: https://docs.joinmastodon.org/methods/timelines/ and .../methods/notifications/
    Ask for: an access token of an application of the account (Preferences, Development); for a hashtag
        only where the server does not show its timelines to everybody.
    Permissions: read:statuses for a hashtag, read:notifications for mentions.
    Limits: 300 requests in 5 minutes, 40 posts each; its allowance headers are heeded.
    What is fetched: posts oldest first, with language, visibility and how often they were favoured and shared;
        a post edited later is found by the deep scan.
    Not fetched: posts of bots and of own_accounts, polls, pictures; other servers' posts that this one
        never received. Times of the company's answers.

    Example:
        [sources.mastodon]
        connector = "mastodon"
        base_url = "https://mastodon.example"
        hashtag = "نیک_سبد"
        own_accounts = ["niksabad"]

    Args:
        hashtag: Without its sign; ``None``: mentions of the account that the token belongs to.
        token_env: Environment variable with the access token.
        own_accounts: The company's accounts, as ``acct`` shows them; their posts are left out.
    """

    kind = "mastodon"
    noun = "post"
    permission = "the token needs read:statuses for a hashtag, read:notifications for mentions"

    hashtag: str | None = Field(default=None, min_length=1, pattern=r"^[^#/?&\s]+$")
    token_env: str | None = Field(default=None, exclude=True)
    own_accounts: tuple[str, ...] = ()
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth | None:
        """Return the token, if there is one."""
        return Header(self.secret("token_env")) if self.token_env or not self.hashtag else None

    def address(self) -> str:
        """Return the timeline of the hashtag, or the notifications."""
        return f"/api/v1/timelines/tag/{self.hashtag}" if self.hashtag else "/api/v1/notifications"

    def params(self) -> Params:
        """Ask for mentions only."""
        return {} if self.hashtag else {"types[]": "mention"}

    def pager(self) -> Pager:
        """Return the way forward from the last post seen."""
        return AfterId(param="min_id", size=40)

    def read(self, row: JsonRow) -> Feedback | None:
        """Return a post of a person who is not the company."""
        post = row if self.hashtag else row.inner("status")
        account = post.inner("account")
        if account.text("acct") in self.own_accounts or account.maybe("bot") == "true":
            return None
        told = ("language", "visibility", "favourites_count", "reblogs_count", "replies_count")
        return Feedback(
            source=self.name,
            native_id=post.id(),
            text=post.text("content"),
            text_format=TextFormat.HTML,
            created_at=post.time("created_at"),
            edited_at=post.time("edited_at") if post.has("edited_at") else None,
            channel=Channel.SOCIAL,
            author=Author(native_id=account.id()),
            conversation_id=post.maybe("in_reply_to_id") or post.id(),
            permalink=post.maybe("url"),
            attributes={name: value for name in told if (value := post.maybe(name))},
        )
