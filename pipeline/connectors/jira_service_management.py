"""Jira Service Management: what customers write in requests."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import ClassVar

from pydantic import Field, SecretStr

from pipeline.connectors.auth import Auth, Basic
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Cursor, Offset, Pager
from pipeline.connectors.threads import customers_turns
from pipeline.connectors.windows import Window
from pipeline.records import Author, Channel, Feedback, Reply, Role

FIELDS = "summary,description,created,updated,status,priority,issuetype,project,reporter,creator"
SAID = InnerList(
    way=Offset(param="startAt", size_param="maxResults", total_at="total"),
    items_at="comments",
    what="comments of a request",
)


class JiraServiceManagement(JsonSource):
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

    kind: ClassVar[str] = "jira_service_management"
    endpoint: ClassVar[str] = "/rest/api/2/search/jql"
    items_at: ClassVar[str] = "issues"
    noun: ClassVar[str] = "comment"
    permission: ClassVar[str] = "the token's agent needs Browse projects"

    projects: tuple[str, ...] = Field(min_length=1)
    email: str = Field(min_length=3, exclude=True)
    token_env: str = Field(exclude=True)
    start: date = date(2010, 1, 1)

    def auth(self) -> Auth:
        """Return the token with its owner."""
        return Basic(SecretStr(self.email), self.secret("token_env"))

    def params(self) -> Params:
        """Ask for the fields that are read."""
        return {"fields": FIELDS, "maxResults": 100}

    def pager(self) -> Pager:
        """Return the way through what changed."""
        return Window(
            inner=Cursor(param="nextPageToken", at="nextPageToken"),
            since_param="jql",
            at="fields.updated",
            now=self.now(),
            write=self._write_query,
            start=datetime.combine(self.start, time(), UTC),
            overlap=timedelta(minutes=5),
        )

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return what customers wrote in a request."""
        issue, reporter = row.inner("fields"), row.id("fields.reporter.accountId")
        address = f"/rest/api/2/issue/{row.id()}/comment"
        said = SAID.read(client, address, now=row.now, always={"orderBy": "created"})
        turns = customers_turns(
            [issue, *(one for one in said if one.flag("jsdPublic"))],
            by_customer=lambda one: _is_customer(
                one.inner("creator" if one is issue else "author"), reporter
            ),
            at="created",
            role=lambda one: Role.BOT if one.maybe("author.accountType") == "app" else Role.AGENT,
        )
        for one, replies in turns:
            yield self.message(one, partial(self._read_message, one, row, replies))

    def read(self, row: JsonRow) -> None:
        """Return nothing: what is said stands in a request and its comments."""
        del row

    def _read_message(self, row: JsonRow, request: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        is_first = not row.has("author")
        issue = request.inner("fields")
        author = row.inner("creator" if is_first else "author")
        summary = issue.maybe("summary") if is_first else None
        text = row.text("description" if is_first else "body", null_is_empty=is_first)
        edited = not is_first and row.maybe("updated") not in (None, row.maybe("created"))
        told = {"priority": issue.maybe("priority.name"), "type": issue.maybe("issuetype.name")}
        return Feedback(
            source=self.name,
            native_id=f"{request.id()}/description" if is_first else row.id(),
            text=f"{summary}\n{text}" if summary else text,
            created_at=row.time("created"),
            edited_at=row.time("updated") if edited else None,
            channel=Channel.TICKET,
            author=Author(native_id=author.id("accountId"), email=author.maybe("emailAddress")),
            conversation_id=request.id(),
            queue=issue.maybe("project.key"),
            status=issue.maybe("status.name"),
            permalink=f"{self.base_url}/browse/{request.id('key')}",
            replies=replies,
            attributes={name: value for name, value in told.items() if value},
        )

    def _write_query(self, since: datetime) -> str:
        """Write the JQL of a window: a time of day would be taken for one of the token's owner's time zone."""
        projects = ", ".join(f'"{key}"' for key in self.projects)
        ago = f"-{math.ceil((self.now() - since) / timedelta(minutes=1)) + 1}m"
        moment = f'"{since:%Y-%m-%d}"' if since.date() <= self.start else ago
        return f"project in ({projects}) AND updated >= {moment} ORDER BY updated ASC"


def _is_customer(author: JsonRow, reporter: str) -> bool:
    return author.maybe("accountType") == "customer" or author.id("accountId") == reporter
