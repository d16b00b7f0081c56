"""Display names of the labels and the touchpoints that fix a stage, as the operator wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.settings import HERE, read_toml
from pipeline.errors import SettingsError

TABLES = ("stages", "intents", "aspects", "sentiments", "emotions", "flags", "channels")


@dataclass(frozen=True, slots=True)
class Name:
    """How a label is shown to people."""

    fa: str
    en: str


@dataclass(frozen=True, slots=True)
class Journey:
    """Names by table and label, in display order, and the stage that a touchpoint fixes."""

    names: dict[str, dict[str, Name]]
    touchpoints: dict[str, str]


def load_journey(path: Path | None = None) -> Journey:
    """Return the operator's journey; ``None``: the shipped one.

    Raises:
        SettingsError: The file is missing or no TOML, a label has no name, a touchpoint names no stage.
    """
    path = path or HERE / "journey.toml"
    written = read_toml(path)
    try:
        names = {table: {label: Name(**name) for label, name in written[table].items()} for table in TABLES}
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f'{path}: {error}; needed are the tables {", ".join(TABLES)} with lines like id = {{ fa = "…", en = "…" }}'
        ) from None
    touchpoints = dict(written.get("touchpoints", {}))
    for touchpoint, stage in touchpoints.items():
        if stage not in names["stages"]:
            raise SettingsError(
                f"{path}: touchpoint {touchpoint} names the stage {stage!r}; known: {', '.join(names['stages'])}"
            )
    return Journey(names, touchpoints)
