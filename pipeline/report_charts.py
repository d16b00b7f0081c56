"""Where the points of the report's charts stand: plain numbers, which the template draws as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.intervals import Estimate

WIDTH, HEIGHT, LEFT, TOP = 640, 200, 44, 12


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of the line: its place, its title for a mouse that rests on it, and its label below."""

    x: float
    y: float
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """Net sentiment over time: the line and the band of its intervals, as lists of points of SVG.

    Where a figure is missing the line has a gap: each stretch without one is a line of its own.
    """

    dots: tuple[Dot, ...]
    paths: tuple[str, ...]
    bands: tuple[str, ...]
    zero: float
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from the middle: where it starts and how wide it is, in per cent of the whole width."""

    start: float
    width: float


def bar(value: float) -> Bar:
    """Return the bar of a figure between -100 and 100, zero in the middle.

    >>> bar(-50), bar(100)
    (Bar(start=25.0, width=25.0), Bar(start=50.0, width=50.0))
    """
    half = max(-100.0, min(100.0, value)) / 2
    return Bar(50 + min(half, 0), abs(half))


def line(points: Sequence[tuple[str, str, Estimate | None]]) -> Line:
    """Return the line through figures between -100 and 100.

    Args:
        points: Label, title and figure of each, the oldest first.
    """
    ends = [end for _, _, one in points if one for end in (one.low, one.high)]
    lowest = min([-10, *(10 * int(end // 10) for end in ends)])
    highest = max([10, *(10 * int(-(-end // 10)) for end in ends)])
    step = (WIDTH - LEFT - 20) / max(1, len(points) - 1)

    def y(value: float) -> float:
        return round(TOP + (highest - value) / (highest - lowest) * (HEIGHT - 2 * TOP), 1)

    dots, stretches = [], [list[tuple[float, Estimate]]()]
    for place, (label, title, one) in enumerate(points):
        x = round(LEFT + place * step, 1)
        if one is None:
            stretches.append([])
        else:
            stretches[-1].append((x, one))
            dots.append(Dot(x, y(one.value), title, label))
    drawn = [stretch for stretch in stretches if stretch]
    return Line(
        tuple(dots),
        tuple(" ".join(f"{x},{y(one.value)}" for x, one in stretch) for stretch in drawn),
        tuple(
            " ".join(
                [f"{x},{y(one.high)}" for x, one in stretch]
                + [f"{x},{y(one.low)}" for x, one in reversed(stretch)]
            )
            for stretch in drawn
        ),
        y(0),
        lowest,
        highest,
    )
