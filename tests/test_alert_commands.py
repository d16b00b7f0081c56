"""`bazkhord alerts` as somebody calls it, against a server that really receives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.labels import Flag
from pipeline.alerts import acknowledge
from pipeline.commands.alerts import app
from pipeline.store import open_store
from tests.api_feedback import LATE, TEHRAN
from tests.builders import clean_feedback, prediction
from tests.receiver import Receiver

COMMAND = [str(Path(sys.executable).parent / "bazkhord"), "alerts"]
ALERTS = """
[channels.team]
url_env = "TEAM_URL"
language = "en"

[alerts.waiting]
kind = "urgent"
send_to = "team"
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an alerts file, and a store where one urgent message has waited for two hours."""
    (tmp_path / "alerts.toml").write_text(ALERTS, encoding="utf-8")
    now = datetime.now(UTC)
    with open_store(f"sqlite:///{tmp_path}/var/bazkhord.db", zone=TEHRAN) as store:
        message = clean_feedback(created_at=now - timedelta(hours=2))
        store.save_page("shop", "zendesk", [message], [], None, now=now)
        (pending,) = store.claim_pending("test", limit=1, lease_s=60, now=now)
        says = prediction(LATE, flags=(Flag.URGENT,))
        store.save_predictions([(pending, says)], worker="test", touchpoint_stages={}, now=now)
    return tmp_path


def call(folder: Path, *words: str, expect: int = 0, **environment: str) -> tuple[str, str]:
    """Call the command in this process; return what it printed on both outputs."""
    done = CliRunner().invoke(app, words, env=settings_of(folder) | environment)
    assert done.exit_code == expect, done.output
    return done.stdout, done.stderr


def settings_of(folder: Path) -> dict[str, str]:
    return {"BAZKHORD_ALERTS_FILE": f"{folder}/alerts.toml", "BAZKHORD_DATA_DIR": f"{folder}/var"}


def start(folder: Path, *words: str, expect: int = 0, **environment: str) -> tuple[str, str]:
    """Start the command as a process of its own, at log level debug; return both outputs."""
    done = subprocess.run(
        [*COMMAND, *words],
        env=os.environ | settings_of(folder) | {"BAZKHORD_LOG_LEVEL": "debug"} | environment,
        capture_output=True,
        check=False,
        timeout=300,
    )
    output = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == expect, output
    return output


def test_a_channel_that_works_says_what_came_back(folder: Path, receiver: Receiver) -> None:
    address = receiver.address("/secret-token")

    said, told = start(folder, "test", "team", TEAM_URL=address)

    assert said == "team: Sent JSON POST notification.\n"
    assert [one["title"] for one in receiver.received] == ["bazkhord: a test message"]
    assert "secret-token" not in told


def test_a_channel_that_refuses_says_so_without_its_address(folder: Path, receiver: Receiver) -> None:
    receiver.status = 401

    said, told = call(folder, "test", "team", expect=1, TEAM_URL=receiver.address("/secret-token"))

    assert "not delivered: channel team: " in told
    assert "error=401" in told
    assert "secret-token" not in said + told


def test_a_channel_that_is_not_described_is_answered_with_those_that_are(folder: Path) -> None:
    _, told = start(folder, "test", "tem", expect=2)

    assert "alerts file: no channel 'tem' (nearest: 'team'); there are: team" in told


def test_checking_raises_delivers_and_lists_an_alert_once(folder: Path, receiver: Receiver) -> None:
    first = call(folder, "check", TEAM_URL=receiver.address())
    second = call(folder, "check", TEAM_URL=receiver.address())
    listed, _ = call(folder)

    sentence = "waiting: 1 urgent message has waited for more than 60 minutes"
    assert f"alert: {sentence}\n" in first[1]
    assert second[0] == "Nothing new.\n"
    assert [one["title"] for one in receiver.received] == [sentence]
    assert listed.startswith("1  ")
    assert listed.endswith(f"{sentence}\n")


def test_an_alert_that_could_not_be_delivered_says_why(folder: Path) -> None:
    call(folder, "check", expect=1)

    listed, _ = call(folder)

    assert "not yet at team: channel team: url_env names the environment variable TEAM_URL" in listed


def test_acknowledged_alerts_are_listed_where_that_is_asked_for(folder: Path) -> None:
    call(folder, "check", expect=1)
    with open_store(f"sqlite:///{folder}/var/bazkhord.db", zone=TEHRAN) as store:
        acknowledge(store.engine, 1, by="sara", now=datetime.now(UTC))

    waiting, _ = call(folder)
    everything, _ = call(folder, "--all")

    assert waiting.startswith("No alert waits.")
    assert "acknowledged by sara" in everything
