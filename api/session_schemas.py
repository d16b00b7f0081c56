"""The shapes of signing in."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Out
from pipeline.keys import KeyInfo, Scope


class SessionIn(BaseModel):
    """A key, once; from then on the browser sends a cookie in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(
        min_length=1, max_length=200, description="A key of `bazkhord keys add`", examples=["bzk_…"]
    )


class SessionOut(Out):
    """Who reads the page. ``needs_key``: a key was made, so without signing in nothing is told.

    ``csrf_token`` has to be sent as ``X-CSRF-Token`` with whatever this session writes.
    """

    needs_key: bool
    signed_in: bool
    name: str | None = None
    scope: Scope | None = None
    brands: list[str] | None = Field(default=None, description="The only brands it sees; null: it sees all.")
    csrf_token: str | None = None

    @classmethod
    def of(cls, key: KeyInfo, *, csrf_token: str) -> Self:
        """Return the shape of somebody who is signed in."""
        return cls(
            needs_key=True,
            signed_in=True,
            name=key.name,
            scope=key.scope,
            brands=None if key.brands is None else list(key.brands),
            csrf_token=csrf_token,
        )
