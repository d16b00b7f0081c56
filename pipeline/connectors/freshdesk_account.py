"""What all sources in an account of Freshdesk share."""

from __future__ import annotations

from datetime import date

from pydantic import Field, SecretStr

from pipeline.connectors.auth import Auth, Basic
from pipeline.connectors.json_source import JsonSource


class FreshdeskAccount(JsonSource):
    """A list of Freshdesk that is read from a day on.

    Args:
        key_env: Environment variable with the API key.
        start: What changed before this day is left out.
    """

    key_env: str = Field(exclude=True)
    start: date = date(2010, 1, 1)

    def auth(self) -> Auth:
        """Return the key, whose password is any letter."""
        return Basic(self.secret("key_env"), SecretStr("X"))
