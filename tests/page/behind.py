"""What lies behind an address of the page's messages, asked of the service itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx


def filters_of(address: str) -> dict[str, list[str]]:
    """Return the filters that an address of the page names; its language is none."""
    return {name: values for name, values in parse_qs(urlsplit(address).query).items() if name != "lang"}


def messages_behind(url: str, address: str) -> Iterator[dict[str, Any]]:
    """Yield every message that fits the filters of an address, page by page."""
    asked = filters_of(address) | {"limit": ["200"]}
    while True:
        told = httpx.get(f"{url}/v1/feedback", params=asked).raise_for_status().json()
        yield from told["items"]
        if not told["next"]:
            return
        asked["cursor"] = [told["next"]]


def mentions_behind(url: str, address: str) -> int:
    """Return how many mentions fit the filters of an address, counted one by one."""
    found = messages_behind(url, address)
    return sum(bool(mention["matches"]) for message in found for mention in message["mentions"])
