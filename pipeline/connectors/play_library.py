"""The library google-play-scraper, behind what this source needs of it: pages of reviews, and where the next begins."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from threading import Lock
from types import ModuleType, SimpleNamespace
from typing import Any

from pipeline.connectors.bookmarks import State
from pipeline.errors import StopSource

Ask = Callable[..., tuple[Sequence[Mapping[str, Any]], Any]]
PLACE = ("token", "lang", "country", "sort", "count", "filter_score_with", "filter_device_with")
TIMES = ("at", "repliedAt")

_importing = Lock()


@dataclass(frozen=True, slots=True)
class Found:
    """What the library returned.

    Args:
        rows: Reviews, newest first, with aware times.
        following: Where the next page begins; ``None``: it does not say, or says that there is none, which
            cannot be told apart.
    """

    rows: tuple[Mapping[str, object], ...]
    following: State | None


def load_ask(source: str, *, load: Callable[[str], ModuleType] = import_module) -> Ask:
    """Return the library's function for reviews.

    Args:
        source: Name of the source, for the error.
        load: Imports a module.

    Raises:
        StopSource: It is not installed.
    """
    with _importing:
        context = ssl._create_default_https_context  # noqa: SLF001 - what the library overwrites
        try:
            library = load("google_play_scraper")
        except ImportError:
            raise StopSource(
                f"source {source}: the library google-play-scraper is not installed: install it with "
                "pip install google-play-scraper==1.2.7, or bazkhord with its extra google-play"
            ) from None
        finally:
            # at its import, version 1.2.7 ends the checking of certificates for the whole process
            ssl._create_default_https_context = context  # noqa: SLF001
    ask: Ask = library.reviews
    return ask


def ask_for_page(
    ask: Ask, package: str, place: State | None, *, lang: str, country: str, n_reviews: int
) -> Found:
    """Return a page of reviews.

    Args:
        place: Where it begins, as a page before named it; ``None``: at the newest review.
    """
    where = {"continuation_token": SimpleNamespace(**place)} if place else {"lang": lang, "country": country}
    rows, token = ask(package, count=n_reviews, **where)
    named = {name: getattr(token, name, None) for name in PLACE}
    return Found(tuple(_with_aware_times(row) for row in rows), named if named["token"] else None)


def _with_aware_times(row: Mapping[str, object]) -> Mapping[str, object]:
    """Return a row whose times, which the library gives in the zone of this machine, are aware."""
    times = {name: row.get(name) for name in TIMES}
    aware = {name: time.astimezone(UTC) for name, time in times.items() if isinstance(time, datetime)}
    return {**row, **aware}
