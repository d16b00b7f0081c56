"""Draws what ``bench/scale.py`` measured: a chart each of answers, search, storing and room, by the number of mentions.

Run: make scale-charts   (reads docs/scale.jsonl, writes docs/scale/*.svg)
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, NullFormatter

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
STYLE = {
    "svg.fonttype": "none",  # words stay words: small, and readable by who cannot see
    "svg.hashsalt": "bazkhord",  # the same figures make the same file
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
}
# Ten colours, and again with dashes.
LINES = mpl.cycler(linestyle=["-", ":"]) * mpl.rcParamsDefault["axes.prop_cycle"]
P95 = 1
ANSWERS_MS, SEARCH_MS = 50, 200
Size = Mapping[str, Any]


def main() -> None:
    """Write the charts, and say where."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measured", type=Path, default=Path("docs/scale.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("docs/scale"), help="folder of the charts")
    chosen = parser.parse_args()
    sizes = read_sizes(chosen.measured.read_text(encoding="utf-8").splitlines())
    chosen.out.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        for name, draw in CHARTS.items():
            path = chosen.out / f"{name}.svg"
            draw(sizes).savefig(path, metadata={"Date": None})
            print(path)


def read_sizes(lines: Sequence[str]) -> dict[str, list[Size]]:
    """Return what was measured of each data base, the smallest size first; of equal sizes the last line counts."""
    found: defaultdict[str, dict[int, Size]] = defaultdict(dict)
    for line in filter(str.strip, lines):
        one = json.loads(line)
        found[one["database"]][round(one["n_mentions"], -len(str(one["n_mentions"])) + 2)] = one
    return {database: [by_size[n] for n in sorted(by_size)] for database, by_size in sorted(found.items())}


def draw_milliseconds(sizes: Mapping[str, Sequence[Size]], column: str, *, wanted_ms: float) -> Any:
    """Return a figure with a line for each question, a panel for each data base, and what is wanted."""
    figure, panels = plt.subplots(1, len(sizes), figsize=(4.2 * len(sizes), 3.4), sharey=True, squeeze=False)
    for panel, (database, measured) in zip(panels[0], sizes.items(), strict=True):
        panel.set_prop_cycle(LINES)
        for name in measured[-1][column]:
            some = [(one["n_mentions"], one[column][name][P95]) for one in measured if name in one[column]]
            panel.plot(*zip(*some, strict=True), marker="o", markersize=3, linewidth=1, label=name)
        panel.axhline(wanted_ms, color="black", linestyle="--", linewidth=0.8)
        panel.annotate(
            f"{wanted_ms:.0f} ms wanted", (0, wanted_ms), (2, 2), xycoords=("axes fraction", "data"),
            textcoords="offset points",
        )  # fmt: skip
        panel.set(title=NAMES[database], yscale="log", ylim=(1, None), ylabel="ms, 95th percentile")
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter(NullFormatter())
        _by_mentions(panel)
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=7)
    return figure


def draw_numbers(sizes: Mapping[str, Sequence[Size]], column: str, label: str) -> Any:
    """Return a figure with a line for each data base, from zero."""
    figure, panel = plt.subplots(figsize=(4.8, 3.2))
    for database, measured in sizes.items():
        places = [one["n_mentions"] for one in measured]
        panel.plot(places, [one[column] for one in measured], marker="o", markersize=4, label=NAMES[database])
    panel.set(ylabel=label, ylim=(0, None))
    _by_mentions(panel)
    panel.legend()
    return figure


def _by_mentions(panel: Axes) -> None:
    panel.set(xscale="log", xlabel="mentions")
    panel.xaxis.set_major_formatter(EngFormatter(sep=""))


CHARTS: dict[str, Callable[[Mapping[str, Sequence[Size]]], Any]] = {
    "answers": lambda sizes: draw_milliseconds(sizes, "answers", wanted_ms=ANSWERS_MS),
    "search": lambda sizes: draw_milliseconds(sizes, "search", wanted_ms=SEARCH_MS),
    "storing": lambda sizes: draw_numbers(sizes, "stored_a_second", "messages stored and labelled a second"),
    "room": lambda sizes: draw_numbers(sizes, "bytes_a_mention", "bytes on disk a mention"),
}


if __name__ == "__main__":
    main()
