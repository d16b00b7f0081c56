"""How many requests a key may make in a minute, counted over a moving window in this process.

Tries to sign in come without a key; they are counted by the address that they come from.

Who asks without a key is this machine itself, as without a key nobody else is heard; it is not limited.
Webhooks are not either: a signature, not a key, proves who sends, and a service that is refused sends again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from time import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Kind(StrEnum):
    """What is counted apart."""

    ANSWERS = "answers"
    ANALYZE = "analyze"
    PUSH = "push"
    SIGN_IN = "sign_in"


OF_ROUTES = {("POST", "/v1/analyze"): Kind.ANALYZE, ("POST", "/v1/feedback"): Kind.PUSH}


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether a request may go on, how many more may follow, and in how many seconds there are more again."""

    kind: Kind
    limit: int
    allowed: bool
    n_left: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers; ``Retry-After`` where it was refused."""
        fields = {
            "RateLimit-Policy": f'"{self.kind}";q={self.limit};w=60',
            "RateLimit": f'"{self.kind}";r={self.n_left};t={self.reset_s}',
        }
        return fields if self.allowed else fields | {"Retry-After": str(self.reset_s)}


class RateLimits:
    """Counts the requests of each key, or of each address that somebody signs in from.

    Args:
        per_minute: Most requests of one of them in any sixty seconds, by kind; 0: as many as it likes.
    """

    def __init__(self, per_minute: Mapping[Kind, int]) -> None:
        self._items = {kind: RateLimitItemPerMinute(n) for kind, n in per_minute.items() if n}
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, kind: Kind, asker: int | str) -> Allowance | None:
        """One more request of a key or an address is counted; return whether it may go on, ``None`` where nothing limits it."""
        item = self._items.get(kind)
        if item is None:
            return None
        who = f"{kind}/{asker}"
        allowed = self._limiter.hit(item, who)
        window = self._limiter.get_window_stats(item, who)
        return Allowance(
            kind, item.amount, allowed, window.remaining, max(1, ceil(window.reset_time - time()))
        )


def kind_of(method: str, path: str | None) -> Kind:
    """Return as what a request counts.

    Args:
        path: Template of its route; ``None``: it has none.
    """
    return OF_ROUTES.get((method, path or ""), Kind.ANSWERS)
