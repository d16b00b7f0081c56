"""The rules that raise alerts and the channels they are sent to, as the operator wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.settings import HERE, read_toml

ALERTS_FILE = HERE / "alerts.toml"


def read_alerts(path: Path | None = None) -> dict[str, Any]:
    """Return what the operator's alerts file says; ``None``: the shipped one.

    Raises:
        SettingsError: The file is missing or no TOML. What its rules mean is checked where they are built.
    """
    return read_toml(path or ALERTS_FILE)
