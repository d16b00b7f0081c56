"""WordPress: comments on posts and pages."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from pipeline.connectors.auth import Auth, Basic
from pipeline.connectors.authors import known_author
from pipeline.connectors.http_answers import Advice
from pipeline.connectors.http_client import Params
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import PageNumber, Pager
from pipeline.connectors.scans import NewestFirst
from pipeline.records import Channel, Feedback, TextFormat

NO_COMMENTS = ("pingback", "trackback")
GMT = ZoneInfo("UTC")


class WordPress(JsonSource):
    """Comments that visitors leave on a WordPress site.

    Documentation: https://developer.wordpress.org/rest-api/reference/comments/
    Ask for: nothing for approved comments of a public site; for e-mail addresses, which tell customers
        apart, an application password of an editor (Users, Profile, Application Passwords; WordPress
        gives them out over https:// only).
    Permissions: moderate_comments, with a password.
    Limits: none of its own; 100 comments a request, newest first, until two pages hold nothing new.
    What is fetched: approved comments with post, thread and address. WordPress tells nobody that a comment was
        edited or let in late: all are read once more every deep_scan_days.
    Not fetched: pingbacks and trackbacks, comments of staff and the times of their answers.

    Example:
        [sources.blog]
        connector = "wordpress"
        base_url = "https://blog.example.com"
        staff = [1]

    Args:
        user: Name of the user whose application password is used; ``None``: nobody's.
        password_env: Environment variable with the application password.
        staff: Numbers of the users who answer for the company.
        plain_permalinks: The site's addresses look like ``/?p=123``; its interface is at ``?rest_route=`` then.
        channel: How these customers spoke.
    """

    kind = "wordpress"
    endpoint = "/wp/v2/comments"
    noun = "comment"
    permission = "the user needs moderate_comments; or leave user and password_env out"

    user: str | None = None
    password_env: str = Field(default="WORDPRESS_PASSWORD", exclude=True)
    staff: tuple[int, ...] = ()
    channel: Channel = Channel.SOCIAL
    plain_permalinks: bool = False
    deep_scan_days: int = Field(default=7, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth | None:
        """Return name and application password, if a user is named."""
        return Basic(SecretStr(self.user), self.secret("password_env")) if self.user else None

    def pager(self) -> Pager:
        """Return the way from the newest comment back to what is known."""
        pages = PageNumber(n_pages_header="x-wp-totalpages", n_total_header="x-wp-total")
        return NewestFirst(inner=pages, at="date_gmt", zone=GMT, now=self.now())

    def address(self) -> str:
        """Return where the comments are, which depends on the site's permalinks."""
        return "/" if self.plain_permalinks else f"/wp-json{self.endpoint}"

    def params(self) -> Params:
        """Ask for the newest first, and for what only an editor may see if there is one."""
        route = {"rest_route": self.endpoint} if self.plain_permalinks else {}
        return {**route, "order": "desc", "orderby": "date", **({"context": "edit"} if self.user else {})}

    def advice(self) -> Advice:
        """Return what to mend; a site with plain permalinks has no /wp-json."""
        return replace(super().advice(), address="check base_url and plain_permalinks")

    def read(self, row: JsonRow) -> Feedback | None:
        """Return a visitor's comment."""
        author = int(row.number("author"))
        if row.text("type") in NO_COMMENTS or (author and author in self.staff):
            return None
        parent = row.maybe("parent")
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=row.text("content.rendered"),
            text_format=TextFormat.HTML,
            created_at=row.time("date_gmt", zone=GMT),
            channel=self.channel,
            author=known_author(str(author) if author else None, email=row.maybe("author_email")),
            conversation_id=parent if parent and parent != "0" else row.id(),
            status=row.maybe("status"),
            permalink=row.maybe("link"),
            attributes={"post": post} if (post := row.maybe("post")) else {},
        )
