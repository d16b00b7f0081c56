"""Channels: what a real server receives, what comes back, and that no address is ever shown."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.alert_rules import NotificationChannel
from pipeline.notifying import NotDelivered, send
from tests.receiver import Receiver

TEAM = NotificationChannel(name="team", url_env="TEAM_URL")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a log at level debug would hold. (caplog also listens to loggers that hand nothing on.)"""
    written, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("tests").debug("the log works")
    yield written
    root.setLevel(level)
    root.removeHandler(handler)
    assert "the log works" in written.getvalue()


def test_a_channel_receives_title_and_body(receiver: Receiver) -> None:
    answer = send(TEAM, "دیر شد", "n = ۳۱۲", environment={"TEAM_URL": receiver.address("/token-1")})

    assert [(one["title"], one["message"]) for one in receiver.received] == [("دیر شد", "n = ۳۱۲")]
    assert answer == "Sent JSON POST notification."


def test_an_address_may_stand_in_a_file(receiver: Receiver, tmp_path: Path) -> None:
    file = tmp_path / "team"
    file.write_text(receiver.address("/token-1") + "\n", encoding="utf-8")

    send(TEAM, "a", "b", environment={"TEAM_URL_FILE": str(file)})

    assert len(receiver.received) == 1


def test_a_refusal_is_told_without_the_address(receiver: Receiver, log: io.StringIO) -> None:
    receiver.status = 403

    with pytest.raises(NotDelivered) as refused:
        send(TEAM, "a", "b", environment={"TEAM_URL": receiver.address("/secret-token")})

    assert str(refused.value).startswith("channel team: ")
    assert "error=403" in str(refused.value)
    assert "secret-token" not in str(refused.value) + log.getvalue()


def test_a_server_that_is_away_is_told_without_its_address(receiver: Receiver, log: io.StringIO) -> None:
    address = receiver.address("/secret-token")
    receiver.close()

    with pytest.raises(NotDelivered, match="onnection error") as failed:
        send(TEAM, "a", "b", environment={"TEAM_URL": address})

    assert "127.0.0.1" not in str(failed.value) + log.getvalue()
    assert "secret-token" not in str(failed.value) + log.getvalue()


@pytest.mark.parametrize("address", ["secret-token", "nothing://secret-token", "tgram://secret-token"])
def test_an_address_that_apprise_does_not_know_is_not_shown(address: str, log: io.StringIO) -> None:
    with pytest.raises(NotDelivered, match="TEAM_URL holds no addr") as wrong:
        send(TEAM, "a", "b", environment={"TEAM_URL": address})

    assert "secret-token" not in str(wrong.value) + log.getvalue()


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(NotDelivered) as missing:
        send(TEAM, "a", "b", environment={})

    assert str(missing.value) == (
        "channel team: url_env names the environment variable TEAM_URL, which is not set: set it, or "
        "TEAM_URL_FILE to a file that holds the secret"
    )


def test_an_address_in_place_of_the_variable_is_refused_and_not_shown() -> None:
    channel = NotificationChannel(name="team", url_env="tgram://secret-token/1")

    with pytest.raises(NotDelivered) as wrong:
        send(channel, "a", "b", environment={})

    assert "does not name an environment variable" in str(wrong.value)
    assert "secret-token" not in str(wrong.value)
