"""Answers that cost much are kept in memory until the store changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine

from pipeline.database import mark_of

N_KEPT = 256
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def remembered(
    ask: Callable[Concatenate[Engine, Asked], Answer],
) -> Callable[Concatenate[Engine, Asked], Answer]:
    """The same question on an unchanged store is answered from the memory of this process.

    What is kept of the last 256 questions is let go as newer ones come. The store is taken as unchanged as
    long as ``mark_of`` gives the same mark, which each change of what answers rest on replaces.

    Args:
        ask: Takes the engine and arguments that can be hashed; gives something that nobody changes.
    """

    @lru_cache(maxsize=N_KEPT)
    def kept(_mark: str, engine: Engine, /, *args: Asked.args, **options: Asked.kwargs) -> Answer:
        return ask(engine, *args, **options)

    @wraps(ask)
    def ask_once(engine: Engine, /, *args: Asked.args, **options: Asked.kwargs) -> Answer:
        return kept(mark_of(engine), engine, *args, **options)  # type: ignore[arg-type] # they can be hashed

    return ask_once
