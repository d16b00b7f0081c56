"""Jira Service Management: what customers write in requests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from pydantic import Field, SecretStr

from pipeline.connectors.auth import Auth, Basic
from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.http_client import Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import Cursor, Offset, Pager
from pipeline.connectors.scans import first_moment
from pipeline.connectors.shape import Shape
from pipeline.connectors.windows import Window
from pipeline.records import Channel

FIELDS = "summary,description,created,updated,status,priority,issuetype,project,reporter,creator"
PAGES = Offset(param="startAt", size_param="maxResults", total_at="total")


class JiraServiceManagement(ConversationSource):
    """What customers write in the requests of Jira Service Management (Cloud).

    Documentation: https://developer.atlassian.com/cloud/jira/platform/rest/v2/api-group-issue-search/ and
        .../api-group-issue-comments/. Not its service desk API: there an author's kind of account is not said, and a
        list holds the asker's own requests.
    Ask for: an API token (id.atlassian.com, Security) and the e-mail address of the agent it belongs to.
    Permissions: Browse projects.
    Limits: those of the site, by a budget of points; Retry-After is honoured. 100 requests a call, then one call for
        the comments of each that changed.
    What is fetched: descriptions and public comments of portal customers (accountType customer), and of the
        request's reporter, with request, project, status and priority, as wiki text. What others answer counts as
        the time of an answer only. The summary stands before the description.
    Not fetched: internal comments, descriptions that agents wrote for a customer, attachments, ratings.

    Example:
        [sources.jira]
        connector = "jira_service_management"
        base_url = "https://example.atlassian.net"
        projects = ["HELP"]
        email = "agent@example.com"
        token_env = "JIRA_TOKEN"
        start = 2025-01-01

    Args:
        projects: Keys of the service projects.
        email: Whose API token it is.
        token_env: Environment variable with the token.
        start: Requests that changed before this day are left out.
    """

    kind = "jira_service_management"
    endpoint = "/rest/api/2/search/jql"
    items_at = "issues"
    noun = "comment"
    always = (("fields", FIELDS), ("maxResults", 100))
    permission = "the token's agent needs Browse projects"
    said = InnerList(way=PAGES, items_at="comments", what="comments of a request")
    shape = Shape(
        channel=Channel.TICKET,
        text="body",
        created_at="created",
        edited_at="updated",
        author_id="author.accountId",
        author_email="author.emailAddress",
        optional=("updated", "author.emailAddress"),
    )
    about = About(
        title="fields.summary",
        queue="fields.project.key",
        status="fields.status.name",
        page=("/browse/", "key"),
        attributes=(("priority", "fields.priority.name"), ("type", "fields.issuetype.name")),
    )
    bot = ("author.accountType", "app")

    projects: tuple[str, ...] = Field(min_length=1)
    email: str = Field(min_length=3, exclude=True)
    token_env: str = Field(exclude=True)
    start: date = date(2010, 1, 1)

    def auth(self) -> Auth:
        """Return the token with its owner."""
        return Basic(SecretStr(self.email), self.secret("token_env"))

    def pager(self) -> Pager:
        """Return the way through what changed."""
        return Window(
            inner=Cursor(param="nextPageToken", at="nextPageToken"),
            since_param="jql",
            at="fields.updated",
            now=self.now(),
            write=self._write_query,
            start=first_moment(self.start),
            overlap=timedelta(minutes=5),
        )

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the comments of a request."""
        return f"/rest/api/2/issue/{conversation.id()}/comment", {"orderBy": "created"}

    def opening(self, conversation: JsonRow) -> Mapping[str, object]:
        """Return the request's own words."""
        issue = conversation.inner("fields")
        return {
            "id": f"{conversation.id()}/description",
            "body": issue.text("description", null_is_empty=True),
            "created": issue.content.get("created"),
            "author": issue.content.get("creator"),
            "jsdPublic": True,
        }

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether customers can read it."""
        return message.flag("jsdPublic")

    def is_customer(self, message: JsonRow, conversation: JsonRow) -> bool:
        """Whether somebody of the portal wrote it, or the reporter."""
        if message.maybe("author.accountType") == "customer":
            return True
        return message.id("author.accountId") == conversation.id("fields.reporter.accountId")

    def _write_query(self, since: datetime) -> str:
        """Write the JQL of a window: a time of day would be taken for one of the token's owner's time zone."""
        projects = ", ".join(f'"{key}"' for key in self.projects)
        ago = f"-{math.ceil((self.now() - since) / timedelta(minutes=1)) + 1}m"
        moment = f'"{since:%Y-%m-%d}"' if since.date() <= self.start else ago
        return f"project in ({projects}) AND updated >= {moment} ORDER BY updated ASC"
