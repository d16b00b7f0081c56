"""How long a service asks to wait: Retry-After and the headers that tell what is left of an allowance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# the names differ by service; RateLimit-* is the draft of the IETF, the others are what services send
REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining")
RESET = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")
EPOCH_FROM = 1_000_000_000
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?")


def asked_wait_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that a refusal asks for; ``None`` where it names none.

    ``Retry-After`` is a number of seconds or an HTTP date (RFC 9110, section 10.2.3); failing that the
    moment counts at which the allowance begins anew.

    >>> asked_wait_s({"retry-after": "90"}, now=datetime(2026, 1, 1, tzinfo=UTC))
    90.0
    >>> asked_wait_s({"retry-after": "Thu, 01 Jan 2026 00:02:00 GMT"}, now=datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    """
    told = headers.get("retry-after")
    wait_s = _seconds_until(told, now=now) if told else None
    return wait_s if wait_s is not None else _until_reset_s(headers, now=now)


def exhausted_wait_s(headers: Mapping[str, str], *, now: datetime) -> float:
    """Return the seconds until the next request is allowed: 0 while some of the allowance is left."""
    remaining = next((headers[name] for name in REMAINING if name in headers), "")
    if not _NUMBER.fullmatch(remaining) or float(remaining) >= 1:
        return 0.0
    return _until_reset_s(headers, now=now) or 0.0


def _until_reset_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    reset = next((headers[name] for name in RESET if name in headers), "")
    return _seconds_until(reset, now=now) if reset else None


def _seconds_until(told: str, *, now: datetime) -> float | None:
    """Seconds from now on: told as such, as epoch seconds, as an ISO date or as an HTTP date."""
    text = told.strip()
    if _NUMBER.fullmatch(text):
        number = float(text)
        return max(0.0, number - now.timestamp() if number >= EPOCH_FROM else number)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except ValueError:
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - now).total_seconds())
    return None
