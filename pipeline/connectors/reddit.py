"""Reddit: posts and comments in subreddits, or posts that a search finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from pipeline.connectors.auth import Auth, OAuth2, WithHeaders
from pipeline.connectors.http_client import Params
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Cursor, value_at
from pipeline.connectors.shape import Shape
from pipeline.records import Author, Channel, Feedback

COMMENT, GONE, OFFICIAL = "t1_", ("[deleted]", "[removed]"), ("moderator", "admin")


class Reddit(JsonSource):
    """New posts and comments in subreddits of Reddit, or posts that a search finds.

    Documentation: https://www.reddit.com/dev/api, https://github.com/reddit-archive/reddit/wiki/OAuth2 (application only),
        and for limits https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki
    Ask for: id and secret of an application of type script or web app (reddit.com/prefs/apps), and Reddit's consent
        where its Data API Terms want it: whoever earns money with what is read needs a contract.
    Permissions: none beyond the application; private subreddits are not shown to it.
    Limits: 100 requests a minute, free of charge where no contract is needed; its allowance headers are heeded. 100
        messages each, newest first, until two pages hold nothing new; a list never has more than the newest 1000.
    What is fetched: posts with their title and comments, with author, subreddit and score. What was edited is found
        by the deep scan while it is among the newest 1000.
    Not fetched: what is deleted or removed, what moderators say as such, posts of own_users, lines that quote
        others; with a query, comments. Times of the company's answers.

    Example:
        [sources.reddit]
        connector = "reddit"
        subreddits = ["niksabad"]
        own_users = ["AutoModerator", "niksabad_support"]
        user = "niksabad_support"
        id_env = "REDDIT_ID"
        secret_env = "REDDIT_SECRET"

    Args:
        base_url: Address of the service.
        token_url: Where tokens are given out.
        subreddits: Names without ``r/``; they may be left out with a query, which then searches all of Reddit.
        query: What to search for; ``None``: all new posts and comments of the subreddits.
        own_users: Names of those who answer for the company, and of robots; their posts are left out.
        user: Name of the Reddit account that answers for this program, without ``u/``; Reddit wants to be told it.
        id_env: Environment variable with the application's id.
        secret_env: Environment variable with the application's secret.
    """

    kind = "reddit"
    items_at = "data.children"
    noun = "message"
    permission = "the subreddit may be private, or Reddit has not consented to the application"
    way = Cursor(param="after", at="data.after")
    newest_first = True
    shape = Shape(channel=Channel.SOCIAL, id="name", text="body", created_at="created_utc")

    base_url: str = "https://oauth.reddit.com"
    token_url: str = Field(default="https://www.reddit.com/api/v1/access_token", pattern="^https://")
    subreddits: tuple[str, ...] = Field(default=(), exclude=True)
    query: str | None = Field(default=None, min_length=1)
    own_users: tuple[str, ...] = ("AutoModerator",)
    user: str = Field(pattern=r"^[\w-]{3,20}$", exclude=True)
    id_env: str = Field(exclude=True)
    secret_env: str = Field(exclude=True)
    deep_scan_days: int = Field(default=7, ge=0, le=3650, exclude=True)

    @model_validator(mode="after")
    def _names_a_place(self) -> Self:
        if not self.query and not self.subreddits:
            raise ValueError("expected subreddits, a query or both")
        return self

    def auth(self) -> Auth:
        """Return a token of the application, and who answers for it."""
        client, secret = self.secret("id_env"), self.secret("secret_env")
        token = OAuth2(self.token_url, client, secret, self.now, basic=True)
        return WithHeaders(token, {"User-Agent": f"server:bazkhord:v1 (by /u/{self.user})"})

    def lists(self) -> Mapping[str, str]:
        """Return the new posts and the new comments of each subreddit, or what is found in it."""
        kinds = ("search",) if self.query else ("new", "comments")
        found = {f"{name}/{kind}": f"/r/{name}/{kind}" for name in self.subreddits for kind in kinds}
        return found or {"search": "/search"}

    def params(self) -> Params:
        """Ask for the newest first, as it was written."""
        plain: Params = {"limit": 100, "raw_json": 1}
        inside: Params = {"restrict_sr": "true"} if self.subreddits else {}
        return {**plain, "q": self.query, "sort": "new", "type": "link", **inside} if self.query else plain

    def rows_in(self, content: object) -> object:
        """Return the posts and comments, each of which is wrapped up in an object."""
        rows = super().rows_in(content)
        return [value_at(one, "data") or one for one in rows] if isinstance(rows, list) else rows

    def is_company(self, row: JsonRow) -> bool:
        """Whether one of the company, a moderator as such or a robot wrote it."""
        return row.text("author") in self.own_users or row.maybe("distinguished") in OFFICIAL

    def read(self, row: JsonRow) -> Feedback | None:
        """Return a post with its title, or a comment."""
        name = row.id("name")
        words = [row.text("body")] if name.startswith(COMMENT) else [row.text("title"), row.text("selftext")]
        if row.text("author") in GONE or words[-1] in GONE:
            return None
        kept = {"subreddit": row.maybe("subreddit"), "score": row.maybe("score")}
        return Feedback(
            source=self.name,
            native_id=name,
            text=_own_lines("\n".join(part for part in words if part)),
            created_at=row.time("created_utc"),
            edited_at=row.time("edited") if row.maybe("edited") not in (None, "false", "true") else None,
            channel=Channel.SOCIAL,
            author=Author(native_id=row.maybe("author_fullname") or row.text("author")),
            conversation_id=row.maybe("link_id") or name,
            permalink=f"https://www.reddit.com{row.text('permalink')}",
            attributes={key: value for key, value in kept.items() if value},
        )


def _own_lines(text: str) -> str:
    """The text without what it quotes: lines after ``>``, which is no quotation before ``!``."""
    lines = text.split("\n")
    return "\n".join(one for one in lines if not one.startswith(">") or one.startswith(">!"))
