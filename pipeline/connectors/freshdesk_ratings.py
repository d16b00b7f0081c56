"""Freshdesk: ratings that customers give after a ticket."""

from __future__ import annotations

from pydantic import Field

from pipeline.connectors.freshdesk_account import FreshdeskAccount
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import PageNumber, Pager
from pipeline.connectors.scans import first_moment
from pipeline.connectors.windows import Window
from pipeline.records import Author, Channel, Feedback


class FreshdeskRatings(FreshdeskAccount):
    """Satisfaction ratings that customers give the tickets of Freshdesk, with what they write beside them.

    Documentation: https://developers.freshdesk.com/api/#view_all_satisfaction_ratings
    Ask for: the API key of an agent (Profile settings).
    Permissions: surveys in the account's plan.
    Limits: per minute or hour and plan; Retry-After is honoured. 100 ratings a call.
    What is fetched: the answer to the survey's own question, from -103 to 103, as CSAT from 1 to 7, and the words.
        Answers of a classic survey (1 to 3) are an attribute only.
    Not fetched: answers to further questions of a survey.

    Example:
        [sources.freshdesk_ratings]
        connector = "freshdesk_ratings"
        base_url = "https://example.freshdesk.com"
        key_env = "FRESHDESK_KEY"
        start = 2025-01-01

    Args:
        key_env: Environment variable with the API key.
        start: Ratings that were given before this day are left out.
    """

    kind = "freshdesk_ratings"
    endpoint = "/api/v2/surveys/satisfaction_ratings"
    noun = "rating"
    permission = "ratings need surveys in the account's plan, and an agent who may see them"

    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def pager(self) -> Pager:
        """Return the way through the new ratings, whose order nobody promises."""
        start = first_moment(self.start)
        return Window(
            inner=PageNumber(), since_param="created_since", at="created_at", now=self.now(), start=start
        )

    def read(self, row: JsonRow) -> Feedback:
        """Return a rating."""
        given = int(row.number("ratings.default_question"))
        faces = (abs(given) - 100) * (1 if given > 0 else -1)
        ticket = row.id("ticket_id")
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=row.text("feedback", null_is_empty=True),
            created_at=row.time("created_at"),
            channel=Channel.SURVEY,
            author=Author(native_id=row.id("user_id")),
            conversation_id=ticket,
            queue=row.maybe("group_id"),
            permalink=f"{self.base_url}/a/tickets/{ticket}",
            csat=4.0 + faces if 100 <= abs(given) <= 103 else None,
            attributes={"rating": str(given)},
        )
