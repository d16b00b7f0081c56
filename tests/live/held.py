"""What a data base would hold after a connector's pages, and in which way a pull may end too early."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from pipeline.connectors.base import Connector
from pipeline.records import DeadLetter, Feedback, Page
from pipeline.store import Store


@dataclass
class Held:
    """Messages by their ids, dead letters, and the bookmark of the last page."""

    items: dict[str, Feedback] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    bookmark: str | None = None

    def pull(self, connector: Connector, n_pages: int | None = None) -> list[str]:
        """Store pages, all of them or only the first; return the ids that were brought."""
        return [name for page in islice(connector.fetch(self.bookmark), n_pages) for name in self.keep(page)]

    def keep(self, page: Page) -> list[str]:
        """Store one page; return the ids that it brought."""
        self.items |= {item.native_id: item for item in page.items}
        self.bookmark = page.bookmark or self.bookmark
        self.dead_letters += page.dead_letters
        return [item.native_id for item in page.items]

    @property
    def texts(self) -> set[str]:
        """The words that are held."""
        return {item.text for item in self.items.values()}


def stored_texts(store: Store) -> list[str]:
    """Return the words of every stored message; each is claimed once."""
    claimed = store.claim_pending("look", limit=1000, lease_s=60, now=datetime.now(UTC))
    return sorted(one.text for one in claimed)
