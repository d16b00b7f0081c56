"""Options that a library is opened with: plain ones in ``sources.toml``, secret ones in the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.connectors.credentials import read_secret
from pipeline.errors import SettingsError

Options = Mapping[str, str | int | float | bool]
_SECRET = re.compile(r"secret|passw|token|credential|private|\bkey\.pem\b|^key$|account_key", re.IGNORECASE)
# these say where a secret is, as sasl.oauthbearer.token.endpoint.url
_PLACE = re.compile(r"(?:url|uri|location|path|file|filename)$", re.IGNORECASE)


def require_no_secret(options: Options, *, source: str) -> None:
    """None of the plain options is one that holds a secret, as far as its name says it.

    Raises:
        SettingsError: One is; its value is not shown.
    """
    if found := sorted(name for name in options if _SECRET.search(name) and not _PLACE.search(name)):
        raise SettingsError(
            f"source {source}: options holds {', '.join(found)}: put the value into an environment variable, "
            f'and name that one, secret_options = {{ "{found[0]}" = "SHOP_SECRET" }}'
        )


def read_secrets(
    variables: Mapping[str, str], environment: Mapping[str, str], *, source: str
) -> dict[str, str]:
    """Return secret options by name.

    Args:
        variables: Their environment variables.

    Raises:
        StopSource: One is not set; the message names it.
    """
    return {
        option: read_secret(
            variable, environment, source=source, key=f"secret_options.{option}"
        ).get_secret_value()
        for option, variable in variables.items()
    }
