"""What was answered when customers were asked, found in the columns; ``asked.py`` finds the same in the data base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.columns import Answers, Bools, messages_within, passing
from pipeline.scores import OF_NPS, SURVEYS, Measure, Scale, Scores, scale_of_stars
from pipeline.selection import Selection, Span

Found = dict[tuple[Measure, Scale], Scores]
Scales = Mapping[tuple[str, Measure], Scale]


@dataclass(frozen=True, slots=True)
class Heard:
    """Answers by what was asked on which scale, and the known customers of messages that carry none."""

    answers: Found
    silent: set[str | int]


def hear(
    answers: Answers, selection: Selection, span: Span, *, scales: Callable[[], Scales], with_times: bool
) -> Heard:
    """Return the scores in the messages that pass what a selection asks of messages.

    Args:
        scales: Gives the scale of each source and survey; asked only where a survey is among the messages.
        with_times: Whether the answers know when they were given.
    """
    part = messages_within(answers, span)
    passes = passing(answers, selection, part)
    given = {one: passes & ~np.isnan(answers.values[one.value][part]) for one in Measure}
    found = _by_scale(answers, part, given, scales)
    sources = answers.words["source"]
    silent = passes & ~np.logical_or.reduce(list(given.values()))
    heard: Found = {}
    for (measure, scale), chosen in found.items():
        times = answers.at_us[part][chosen].astype("datetime64[us]").tolist() if with_times else []
        heard[measure, scale] = Scores(
            who=answers.voice[part][chosen],
            values=answers.values[measure.value][part][chosen],
            at=[one.replace(tzinfo=UTC) for one in times],
            sources={sources.words[code] for code in _kinds(sources.codes[part][chosen])},
        )
    voices = answers.voice[part][silent]
    return Heard(heard, set(voices[voices >= 0].tolist()))


def _by_scale(
    answers: Answers, part: slice, given: Mapping[Measure, Bools], scales: Callable[[], Scales]
) -> dict[tuple[Measure, Scale], Bools]:
    """Which messages of a part have an answer, by what was asked and on which scale."""
    sources = answers.words["source"]
    found: dict[tuple[Measure, Scale], Bools] = {}
    asked = [one for one in SURVEYS if given[one].any()]
    known = scales() if asked else {}
    for measure in asked:
        for code in _kinds(sources.codes[part][given[measure]]):
            scale = OF_NPS if measure == Measure.NPS else known[sources.words[code], measure]
            theirs = given[measure] & (sources.codes[part] == code)
            found[measure, scale] = theirs | found.get((measure, scale), np.False_)
    for star in _kinds(answers.stars[part][given[Measure.RATING]]):
        of_star = given[Measure.RATING] & (answers.stars[part] == star)
        found[Measure.RATING, scale_of_stars(*answers.ends[star])] = of_star
    return found


def _kinds(codes: NDArray[Any]) -> list[int]:
    """Which codes occur, the lowest first."""
    kinds: list[int] = np.flatnonzero(np.bincount(codes)).tolist()
    return kinds
