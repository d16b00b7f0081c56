"""Secrets of a source, read from the environment or from files that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from pipeline.errors import StopSource

# capitals only: a secret that was pasted in place of the variable's name is then not taken for one and shown
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
NOT_SET = "which is not set"


def read_secret(variable: str, environment: Mapping[str, str], *, source: str, key: str) -> SecretStr:
    """Return what an environment variable holds, or the file that ``<variable>_FILE`` names (Docker secrets).

    Args:
        variable: Name of the environment variable, in capitals.
        environment: Environment variables.
        source: Name of the source, for errors.
        key: Key of ``sources.toml`` that named the variable, for errors.

    Raises:
        StopSource: It is no name of a variable, is not set, or its file cannot be read. The secret is not shown.
    """
    if not _VARIABLE.fullmatch(variable):
        raise StopSource(
            f"source {source}: {key} does not name an environment variable (capitals, digits and _): "
            'write the secret into the environment and its name here, as in token_env = "SHOP_TOKEN"'
        )
    value = environment.get(variable, "").strip() or _read_file(variable, environment, source)
    if not value:
        raise StopSource(
            f"source {source}: {key} names the environment variable {variable}, {NOT_SET}: "
            f"set it, or {variable}_FILE to a file that holds the secret"
        )
    return SecretStr(value)


def _read_file(variable: str, environment: Mapping[str, str], source: str) -> str:
    name = environment.get(f"{variable}_FILE", "")
    if not name:
        return ""
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise StopSource(
            f"source {source}: the file that {variable}_FILE names cannot be read ({type(error).__name__}): "
            "check that it exists and that this user may read it"
        ) from error
