"""App Store Connect: reviews of your own apps."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from pipeline.connectors.auth import Auth
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.next_link import NextLink
from pipeline.connectors.pagers import value_at
from pipeline.connectors.shape import LIST_NAME, Shape
from pipeline.connectors.signed_token import SignedToken
from pipeline.records import Channel


class AppStoreConnect(JsonSource):
    """Reviews of a developer's own apps in Apple's App Store, with when they were answered.

    Documentation: https://developer.apple.com/documentation/appstoreconnectapi/get-v1-apps-_id_-customerreviews
        and https://developer.apple.com/documentation/appstoreconnectapi/generating-tokens-for-api-requests
    Ask for: an API key (App Store Connect, Users and Access, Integrations): its file, its id, the issuer's id.
        Name the file, which can be downloaded but once, in the variable of key_env with _FILE behind it.
    Permissions: a role that may see customer reviews, as Customer Support.
    Limits: those of the key for each hour, some thousand requests; 200 reviews a request, newest first, until
        two pages hold nothing new.
    What is fetched: title and text with app, territory and stars; an answer counts as its time only. Edits and
        later answers, which the service does not announce, are found by the deep scan.
    Not fetched: the version of the app, which the service does not tell; nicknames, which tell nobody apart.

    Example:
        [sources.app_store]
        connector = "app_store_connect"
        apps = [1234567890]
        issuer_id = "12345678-90ab-cdef-1234-567890abcdef"
        key_id = "AB12CD34EF"
        key_env = "APP_STORE_KEY"

    Args:
        base_url: Address of the service.
        apps: Numbers of the apps, as in ``apps.apple.com/us/app/id1234567890``.
        issuer_id: Id of the issuer, above the list of keys; ``None``: the key is one person's, not a team's.
        key_id: Id of the key.
        key_env: Environment variable with the key, the contents of its ``.p8`` file.
    """

    kind = "app_store_connect"
    items_at = "data"
    noun = "review"
    always = (("sort", "-createdDate"), ("limit", 200), ("include", "response"))
    permission = "the key needs a role that may see customer reviews, as Customer Support"
    way = NextLink(at="links.next")
    newest_first = True
    shape = Shape(
        channel=Channel.REVIEW,
        title="attributes.title",
        text="attributes.body",
        created_at="attributes.createdDate",
        answered_at="answer.attributes.lastModifiedDate",
        product=LIST_NAME,
        stars="attributes.rating",
        attributes=(("territory", "attributes.territory"),),
    )

    base_url: str = "https://api.appstoreconnect.apple.com"
    apps: tuple[int, ...] = Field(min_length=1, exclude=True)
    issuer_id: str | None = Field(default=None, exclude=True)
    key_id: str = Field(min_length=1, exclude=True)
    key_env: str = Field(exclude=True)
    deep_scan_days: int = Field(default=7, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth:
        """Return a token of a quarter of an hour; the service takes none above twenty minutes."""
        whose = {"iss": self.issuer_id} if self.issuer_id else {"sub": "user"}
        claims = {**whose, "aud": "appstoreconnect-v1"}
        return SignedToken(claims=claims, key=self.secret("key_env"), key_id=self.key_id, now=self.now)

    def lists(self) -> Mapping[str, str]:
        """Return the reviews of each app."""
        return {str(app): f"/v1/apps/{app}/customerReviews" for app in self.apps}

    def rows_in(self, content: object) -> object:
        """Return the reviews, each with its answer, which stands beside the list."""
        rows, included = value_at(content, "data"), value_at(content, "included")
        answers = {str(value_at(one, "id")): one for one in (included if isinstance(included, list) else ())}
        if not isinstance(rows, list):
            return rows
        return [
            {**row, "answer": answers.get(str(value_at(row, "relationships.response.data.id")))}
            if isinstance(row, Mapping)
            else row
            for row in rows
        ]
