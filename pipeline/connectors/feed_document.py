"""RSS and Atom as feedparser reads them, in the shape of JSON, so that a feed is read like any list."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from html import escape

import feedparser  # type: ignore[import-untyped]

from pipeline.connectors.http_answers import Format, TryAgain

_END = re.compile(rb"</(?:rss|feed|(?:\w+:)?rdf)\s*>\s*(?:<!--.*?-->\s*)*$", re.IGNORECASE | re.DOTALL)
_RFC_822 = re.compile(r"\d\s+(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\s+\d")
_TAIL_BYTES = 2048
_NUMBERED = re.compile(rb"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));?")
Entry = Mapping[str, object]


def parse_feed(body: bytes) -> object:
    """Return ``{"entries": [...], "next": address}`` of a feed.

    Raises:
        TryAgain: It is no feed, or cut off; what else is wrong with it feedparser mends.
    """
    try:
        # bytes alone would be tried as the name of a file
        parsed = feedparser.parse(io.BytesIO(_NUMBERED.sub(_known_letter, body)))
    except Exception as error:  # what is no feed at all breaks it in many ways, and each means the same
        raise TryAgain(f"the answer is no whole feed ({type(error).__name__})") from error
    if not parsed.get("version") or not _END.search(body[-_TAIL_BYTES:]):
        raise TryAgain("the answer is no whole feed")
    links = parsed.feed.get("links", [])
    following = next((link.get("href") for link in links if link.get("rel") == "next"), None)
    return {"entries": [_plain_entry(entry) for entry in parsed.entries], "next": following}


def _known_letter(written: re.Match[bytes]) -> bytes:
    """Half a surrogate pair, or a number beyond all letters, breaks feedparser."""
    number = int(written[1], 16) if written[1] else int(written[2])
    return b"&#xfffd;" if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF else written[0]


FEED = Format(
    "feed", "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8", parse_feed
)


def _plain_entry(entry: Entry) -> dict[str, object]:
    """Return the fields of an entry that it has, each as text."""
    detail = entry.get("author_detail")
    author: Entry = detail if isinstance(detail, Mapping) else {}
    link = str(entry.get("link", ""))
    tags = entry.get("tags")
    published, updated = _moment(entry, "published"), _moment(entry, "updated")
    found: dict[str, object] = {
        "id": entry.get("id") or link or None,
        "title": _as_html(entry.get("title_detail")),
        "content": _content(entry),
        "at": published or updated,
        "published": published,
        "updated": updated,
        "link": link if link.startswith(("https://", "http://")) else None,
        "author": author.get("name") or entry.get("author"),
        "author_page": author.get("href"),
        "author_email": author.get("email"),
        "tags": ", ".join(str(tag.get("term")) for tag in tags if tag.get("term"))
        if isinstance(tags, list)
        else "",
    }
    return {name: value for name, value in found.items() if value is not None}


def _content(entry: Entry) -> str | None:
    whole = entry.get("content")
    return _as_html(whole[0]) if isinstance(whole, list) and whole else _as_html(entry.get("summary_detail"))


def _as_html(detail: object) -> str | None:
    if not isinstance(detail, Mapping):
        return None
    value = str(detail.get("value", ""))
    return escape(value, quote=False) if detail.get("type") == "text/plain" else value


def _moment(entry: Entry, name: str) -> str | None:
    """Return a moment as ISO 8601, or as it stands there where it is no date of RFC 822.

    What feedparser makes of dates is left aside: it finds one in 1404/12/11 too, and it is wrong.
    """
    # asked for "updated", feedparser would give what was published, and warn
    written = str(entry[name]) if name in entry else None
    if written is None or not _RFC_822.search(written):
        return written
    try:
        return parsedate_to_datetime(written).isoformat()
    except (ValueError, OverflowError):
        return written
