"""Google Play: reviews of your own apps, through the Developer API."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from pipeline.connectors.auth import Auth
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Cursor, value_at
from pipeline.connectors.shape import LIST_NAME, Shape
from pipeline.connectors.signed_token import ServiceAccount
from pipeline.records import Channel

SCOPE = "https://www.googleapis.com/auth/androidpublisher"
SAID = "comments.userComment"


class GooglePlay(JsonSource):
    """Reviews of a developer's own apps in Google Play, with when they were answered.

    Documentation: https://developers.google.com/android-publisher/reply-to-reviews
        and https://developers.google.com/android-publisher/api-ref/rest/v3/reviews/list
        and https://developers.google.com/identity/protocols/oauth2/service-account
    Ask for: a key of a service account (Google Cloud console, IAM, Service accounts, Keys, JSON): its file.
        Name the file in the variable of key_env with _FILE behind it.
    Permissions: "Reply to reviews" for the service account in the Play Console, and Google Play Android
        Developer API enabled in its project.
    Limits: only what was written or edited within the last week: run it every day, what it misses does not
        come back. 100 reviews a request, 3,000 requests a minute, the newest first, until two pages hold nothing
        new. For years that are past, export the reviews in the Play Console; table_file reads them.
    What is fetched: reviews with app, stars, version, language, device and likes. One that is edited comes
        again, with the time of the edit. An answer counts as its time only; the week is read once more every
        deep_scan_days for answers that came later.
    Not fetched: stars without words and reviews of test versions, which the service leaves out; names.

    Example:
        [sources.play]
        connector = "google_play"
        packages = ["com.example.shop"]
        key_env = "GOOGLE_PLAY_KEY"

    Args:
        base_url: Address of the service.
        packages: Names of the apps' packages.
        key_env: Environment variable with the key, the contents of its JSON file.
    """

    kind = "google_play"
    items_at = "reviews"
    noun = "review"
    permission = 'the service account needs "Reply to reviews" in the Play Console'
    way = Cursor(param="token", at="tokenPagination.nextPageToken")
    always = (("maxResults", 100),)
    newest_first = True
    shape = Shape(
        channel=Channel.REVIEW,
        id="reviewId",
        text=f"{SAID}.text",
        created_at=f"{SAID}.lastModified.seconds",
        answered_at="comments.developerComment.lastModified.seconds",
        product=LIST_NAME,
        stars=f"{SAID}.starRating",
        optional_attributes=(
            ("language", f"{SAID}.reviewerLanguage"),
            ("version", f"{SAID}.appVersionName"),
            ("android", f"{SAID}.androidOsVersion"),
            ("device", f"{SAID}.device"),
            ("likes", f"{SAID}.thumbsUpCount"),
            ("dislikes", f"{SAID}.thumbsDownCount"),
        ),
    )

    base_url: str = "https://androidpublisher.googleapis.com"
    packages: tuple[str, ...] = Field(min_length=1, exclude=True)
    key_env: str = Field(exclude=True)
    deep_scan_days: int = Field(default=1, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth:
        """Return a token that the service account's key gets."""
        place = f"source {self.name}: {self.key_env} (key_env)"
        return ServiceAccount.of_key(self.secret("key_env"), scope=SCOPE, now=self.now, place=place)

    def lists(self) -> Mapping[str, str]:
        """Return the reviews of each app."""
        return {name: f"/androidpublisher/v3/applications/{name}/reviews" for name in self.packages}

    def rows_in(self, content: object) -> object:
        """Return the reviews, with what was said by kind; the service leaves an empty list out."""
        if isinstance(content, Mapping) and not set(content) - {"tokenPagination", "pageInfo"}:
            return []
        rows = value_at(content, "reviews")
        return [_by_kind(row) for row in rows] if isinstance(rows, list) else rows


def _by_kind(row: object) -> object:
    """Return a review whose comments stand under their kinds, userComment and developerComment, the first of each."""
    comments = value_at(row, "comments")
    if not isinstance(row, Mapping) or not isinstance(comments, list):
        return row
    kinds: dict[str, object] = {}
    for comment in reversed(comments):
        kinds |= comment if isinstance(comment, Mapping) else {}
    return {**row, "comments": kinds}
