"""Where an unexpected error happened, without its words: they may quote what a customer wrote, or a secret."""

from __future__ import annotations

import traceback

N_FRAMES = 12


def places_of(error: BaseException) -> str:
    """Return kind and places of an error and of those that it follows from, the innermost place first."""
    told: list[str] = []
    following: BaseException | None = error
    while following is not None and len(told) < N_FRAMES:
        frames = traceback.extract_tb(following.__traceback__)[-N_FRAMES:]
        places = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
        told.append(f"{type(following).__name__} at {places}")
        following = following.__cause__ or following.__context__
    return "; after ".join(told)
