"""Discourse: what people write in a public forum."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from pydantic import Field

from pipeline.connectors.before_id import BeforeId
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, Feedback, TextFormat

STAFF_FLAGS = ("staff", "moderator", "admin")


class Discourse(JsonSource):
    """Posts of people in a forum made with Discourse.

    Documentation: https://docs.discourse.org/#tag/Posts/operation/listPosts; which posts are listed, and that
        ``before`` names the post below which a page begins: app/queries/latest_posts_query.rb of its source
    Ask for: nothing; what everybody may read is read.
    Permissions: none, where the forum shows itself without a login.
    Limits: a forum serves 200 requests a minute and 50 in 10 seconds to one address, if its administrator changed
        nothing; 50 posts a request, half a second apart, newest first, until two pages hold nothing new.
    What is fetched: posts with topic, category and their writer's number; the title with a topic's first post.
        What was edited is found by the deep scan.
    Not fetched: posts of moderators, administrators and those in staff; posts that are hidden, that their
        writer took back, or that stand in closed categories; messages; times of the company's answers.

    Example:
        [sources.forum]
        connector = "discourse"
        base_url = "https://forum.example.com"
        staff = ["niksabad"]

    Args:
        staff: Names of users who answer for the company without being moderators.
        categories: Numbers of the categories that are read; none: all.
    """

    kind = "discourse"
    endpoint = "/posts.json"
    items_at = "latest_posts"
    noun = "post"
    permission = "the forum shows this to nobody without a login, or refuses this machine: raise delay_s"
    way = BeforeId(param="before")
    newest_first = True
    shape = Shape(
        channel=Channel.SOCIAL,
        text="cooked",
        text_format=TextFormat.HTML,
        created_at="created_at",
        author_id="user_id",
        conversation_id="topic_id",
        optional_attributes=(
            ("topic", "topic_title"),
            ("category", "category_id"),
            ("replies", "reply_count"),
        ),
    )

    staff: tuple[str, ...] = ()
    categories: tuple[int, ...] = ()
    delay_s: float = Field(default=0.5, ge=0, le=3600, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def is_company(self, row: JsonRow) -> bool:
        """Whether somebody wrote it who answers for the company."""
        return any(row.flag(flag) for flag in STAFF_FLAGS) or row.text("username") in self.staff

    def read(self, row: JsonRow) -> Feedback | None:
        """Return a post that everybody sees, with the title where it opens a topic."""
        elsewhere = self.categories and int(row.number("category_id")) not in self.categories
        if elsewhere or "true" in (row.maybe("hidden"), row.maybe("user_deleted")):
            return None
        post, number = self.shape.read(row, source=self.name), row.id("post_number")
        title = f"{escape(row.text('topic_title'))}<br>" if number == "1" else ""
        return replace(
            post,
            text=title + post.text,
            edited_at=row.time("updated_at") if row.number("version") > 1 else None,
            permalink=f"{self.base_url}/t/{post.conversation_id}/{number}",
        )
