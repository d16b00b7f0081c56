"""Alerts reach people by apprise (Telegram, e-mail, webhooks …); addresses come from the environment only.

An apprise address holds secrets, and so may what apprise says of it; both are kept out of logs and errors.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pipeline.alert_rules import NotificationChannel
from pipeline.connectors.credentials import read_secret
from pipeline.errors import BazkhordError, StopSource

if TYPE_CHECKING:
    from apprise import Apprise

TIMEOUT_S = 30
SHORTEST_SECRET = 4


class NotDelivered(BazkhordError):
    """A channel did not take a message; the text says why, without its address."""


def send(channel: NotificationChannel, title: str, body: str, *, environment: Mapping[str, str]) -> str:
    """The channel has taken the message; return what came back, in words.

    Args:
        title: What happened, one line.
        body: The figures, plain text.
        environment: Environment variables, of which one holds the address or names its file.

    Raises:
        NotDelivered: It has not, or there is no address.
    """
    address = _read_address(channel, environment)
    sender = _open(address)
    if sender is None:
        raise NotDelivered(
            f"channel {channel.name}: {channel.url_env} holds no address that apprise knows; it looks like "
            "tgram://TOKEN/CHAT, mailto://USER:PASSWORD@HOST or json://HOST/PATH"
        )
    answer = sender.notify(
        body=body, title=title, body_format="text", timeout=TIMEOUT_S,
        log_level=logging.INFO,
    )  # fmt: skip
    said = "; ".join(str(entry.message) for entry in answer.logs())
    words = _without(address, said) or str(answer.status)
    if not answer:
        raise NotDelivered(f"channel {channel.name}: {words}")
    return words


def _open(address: str) -> Apprise | None:
    """What sends to the address; ``None``: apprise does not know such a one."""
    # What it says goes into its answer; written to the log, it could show parts of the address.
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.INFO)
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    # At level debug it writes down the paths that it posts to, and those of Telegram hold the token.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # Its plugin for e-mail uses imghdr, which goes away with Python 3.13.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Loaded here: it takes a while, and who sends no alerts does not need it.
        from apprise import Apprise, AppriseAsset

        sender = Apprise(asset=AppriseAsset(app_id="bazkhord", async_mode=False, http_redirects=False))
        return sender if sender.add(address) else None


def _read_address(channel: NotificationChannel, environment: Mapping[str, str]) -> str:
    try:
        secret = read_secret(channel.url_env, environment, source=channel.name, key="url_env")
    except StopSource as error:
        raise NotDelivered(str(error).replace("source ", "channel ", 1)) from None
    return secret.get_secret_value()


def _without(address: str, text: str) -> str:
    """The text in one line, without any part of the address but its scheme."""
    _, _, rest = address.partition("://")
    for written in (rest, unquote(rest)):
        for part in sorted(re.split(r"[/:@?&=,\s]+", written), key=len, reverse=True):
            if len(part) >= SHORTEST_SECRET:
                text = text.replace(part, "…")
    return " ".join(text.split())
