"""`bazkhord run` and `bazkhord sources …` as somebody at a terminal uses them."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.__main__ import app
from pipeline.push import PUSH
from pipeline.store import open_store
from tests.builders import NOON, clean_feedback
from tests.conftest import TEHRAN
from tests.test_cli import COMMAND, ROWS, SOURCES

PATIENCE_S = 120
GONE = """
[sources.gone]
connector = "table_file"
path = "gone.csv"
channel = "review"
fields = { text = "text" }
"""
OFF = """
[sources.off]
connector = "wordpress"
base_url = "https://blog.example"
enabled = false
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a source of three good rows, one that is gone, and one that is switched off."""
    content = SOURCES.replace('path = "shop.csv"', f'path = "{tmp_path}/shop.csv"') + GONE + OFF
    (tmp_path / "shop.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "sources.toml").write_text(content, encoding="utf-8")
    return tmp_path


def invoke(folder: Path, *words: str, typed: str = "") -> Result:
    environment = {"BAZKHORD_DATA_DIR": str(folder / "var"), "COLUMNS": "120"}
    return CliRunner().invoke(
        app, [*words, "--sources", str(folder / "sources.toml")], input=typed, env=environment
    )


def test_sources_shows_those_that_are_only_described(shop: Path) -> None:
    printed = invoke(shop, "sources").stdout

    assert "never ran" in printed
    assert "off is disabled: enabled = false in the sources file" in printed
    assert "shop is never ran: start bazkhord run" in printed


def test_pull_passes_over_what_is_switched_off_and_sources_tells_what_failed(shop: Path) -> None:
    pulled = invoke(shop, "pull")
    printed = invoke(shop, "sources").stdout

    assert pulled.exit_code == 1
    assert "off" not in pulled.stdout
    assert "3 / 3" in printed
    assert "1 / 1" in printed
    assert "gone is failing: source gone:" in printed


def test_a_sources_file_that_is_wrong_is_told_and_the_states_are_shown(shop: Path) -> None:
    invoke(shop, "pull", "shop")
    (shop / "sources.toml").write_text('[sources.shop]\nconnector = "nothing"\n', encoding="utf-8")

    shown = invoke(shop, "sources")

    assert "no connector 'nothing'" in shown.stderr
    assert "3 / 3" in shown.stdout


def test_check_tells_of_each_source_whether_it_can_be_read_and_stores_nothing(shop: Path) -> None:
    checked = invoke(shop, "sources", "check", "shop", "gone")

    assert checked.exit_code == 1
    assert "shop: ok: it answers; its first page holds 3 messages" in checked.stdout
    assert "gone: does not work: source gone:" in checked.stdout
    assert not (shop / "var").exists()


def test_check_of_what_works_ends_well_whatever_is_wrong_with_another_source(shop: Path) -> None:
    with (shop / "sources.toml").open("a", encoding="utf-8") as file:
        file.write('\n[sources.odd]\nconnector = "wordpress"\nbase = "x"\n')

    assert invoke(shop, "sources", "check", "shop").exit_code == 0
    assert "no argument 'base' (nearest: 'base_url')" in invoke(shop, "sources", "check", "odd").stdout


def test_the_sources_file_may_be_named_before_the_word_check_too(shop: Path) -> None:
    checked = CliRunner().invoke(app, ["sources", "--sources", str(shop / "sources.toml"), "check", "shop"])

    assert "shop: ok" in checked.stdout


def test_add_asks_until_the_answers_fit_writes_the_source_and_tries_it(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(ROWS, encoding="utf-8")
    typed = [
        "nothing", "table_file",
        "my shop", "shop",
        "", f"{tmp_path}/shop.csv", "shout", '{ id = "id", text = "text" }', "", "900",
        f"{tmp_path}/shop.csv", "review", '{ id = "id", text = "text" }', "Asia/Tehran", "60",
        "y",
    ]  # fmt: skip

    added = invoke(tmp_path, "sources", "add", typed="\n".join(typed) + "\n")

    assert added.exit_code == 0, added.output
    assert "there is no nothing" in added.stderr
    assert "is no name of a source" in added.stderr
    assert "channel: got 'shout'" in added.stderr
    assert "shop: ok: it answers; its first page holds 4 messages" in added.stdout
    assert tomllib.loads((tmp_path / "sources.toml").read_text(encoding="utf-8"))["sources"]["shop"] == {
        "connector": "table_file",
        "path": f"{tmp_path}/shop.csv",
        "channel": "review",
        "fields": {"id": "id", "text": "text"},
        "zone": "Asia/Tehran",
        "every_s": 60,
    }


def test_add_asks_for_names_of_variables_and_says_which_are_not_set(tmp_path: Path) -> None:
    typed = ["chatwoot", "chat", "https://chat.example", "3", "secret-token", "CHAT_TOKEN_OF_TEST"]

    added = invoke(tmp_path, "sources", "add", typed="\n".join([*typed, *[""] * 9, "n"]) + "\n")

    assert "never the secret itself" in added.stderr
    assert "CHAT_TOKEN_OF_TEST is not set here" in added.stdout
    written = (tmp_path / "sources.toml").read_text(encoding="utf-8")
    assert tomllib.loads(written)["sources"]["chat"]["token_env"] == "CHAT_TOKEN_OF_TEST"
    assert "secret-token" not in written


def test_add_that_is_broken_off_writes_nothing(tmp_path: Path) -> None:
    added = invoke(tmp_path, "sources", "add", typed="wordpress\nblog\n")

    assert added.exit_code == 1
    assert not (tmp_path / "sources.toml").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_pulls_and_classifies_until_a_signal_and_ends_well(shop: Path, number: signal.Signals) -> None:
    told: list[str] = []
    with subprocess.Popen(
        [*COMMAND, "run", "--sources", "sources.toml"], cwd=shop, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            told.append(line)
            if "messages classified" in line:
                process.send_signal(number)

        assert process.wait(PATIENCE_S) == 0
    said = "".join(told)
    assert "shop: 3 new, 0 updated, 0 duplicate, 1 unreadable; next " in said
    assert "gone stopped: source gone:" in said
    assert "ending after the pages at hand" in said
    with open_store(f"sqlite:///{shop}/var/bazkhord.db", zone=TEHRAN) as store:
        assert store.n_pending() == 0
        assert {state.name: state.n_failures for state in store.sources()} == {"gone": 1, "off": 0, "shop": 0}


def test_run_without_a_source_classifies_what_is_posted(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text("", encoding="utf-8")
    with open_store(f"sqlite:///{tmp_path}/var/bazkhord.db", zone=TEHRAN) as store:
        store.save_page("app", PUSH, [clean_feedback("1", source="app")], [], None, now=NOON)
    told: list[str] = []

    with subprocess.Popen(
        [*COMMAND, "run", "--sources", "sources.toml"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            told.append(line)
            if "messages classified" in line:
                process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0

    assert "only what is posted" in "".join(told)
    assert "1 messages classified" in "".join(told)


def test_run_with_every_source_switched_off_says_so(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(OFF, encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "run", "--sources", "sources.toml"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 2
    assert "every source of sources.toml has enabled = false" in done.stderr


def test_the_command_line_starts_from_python_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "sources", "--help"], capture_output=True, check=False, text=True
    )

    assert done.returncode == 0
    assert "check" in done.stdout
