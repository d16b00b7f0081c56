from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.console import sparkline

COMMAND = [str(Path(sys.executable).parent / "bazkhord")]
ANALYSIS_KEYS = [
    "id",
    "text",
    "sentiment",
    "sentiment_probabilities",
    "emotion",
    "emotion_confidence",
    "flags",
    "mentions",
    "model_version",
    "levels",
]
MENTION_KEYS = [
    "id",
    "start",
    "end",
    "text",
    "stage",
    "intent",
    "aspect",
    "sentiment",
    "stage_confidence",
    "intent_confidence",
    "aspect_confidence",
    "sentiment_confidence",
    "levels",
]
SOURCES = """
[sources.shop]
connector = "table_file"
path = "shop.csv"
channel = "review"
zone = "Asia/Tehran"
[sources.shop.fields]
id = "id"
text = "text"
created_at = "date"
"""
ROWS = (
    "id,text,date\n1,پیک خیلی دیر رسید,1402/12/09\n2,غذا عالی بود,2024-02-28\n3,بد نبود,فردا\n4,,1402/12/09\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with one source of four rows: two good ones, one with an unknown date, one without text."""
    (tmp_path / "shop.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return tmp_path


def bazkhord(folder: Path, *words: str, stdin: str = "", expect: int = 0) -> tuple[str, str]:
    """Run the command in a folder; return what it printed on both outputs."""
    done = subprocess.run(
        [*COMMAND, *words], input=stdin.encode(), cwd=folder, capture_output=True, check=False, timeout=300
    )
    output = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == expect, output
    assert "Traceback" not in output[1]
    return output


def test_analyze_prints_the_fixed_shape_for_each_line_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    lines = ["غذا عالی بود ولی پیک دیر رسید", "", '{"id": "a7", "text": "👋🏽 شماره من 09121234567 است"}']
    file.write_text("\n".join(lines), encoding="utf-8")

    answers = [
        json.loads(line)
        for line in bazkhord(tmp_path, "analyze", "--file", str(file), "--json")[0].splitlines()
    ]

    assert [list(answer) for answer in answers] == [ANALYSIS_KEYS] * 2
    assert [answer["id"] for answer in answers] == ["1", "a7"]
    assert [list(mention) for answer in answers for mention in answer["mentions"]] == [MENTION_KEYS] * sum(
        len(answer["mentions"]) for answer in answers
    )
    assert list(answers[0]["sentiment_probabilities"]) == ["negative", "neutral", "positive", "mixed"]
    for answer in answers:
        for mention in answer["mentions"]:
            assert answer["text"][mention["start"] : mention["end"]] == mention["text"]


def test_analyze_goes_on_after_a_line_that_cannot_be_read(tmp_path: Path) -> None:
    lines = '{"text": 5}\n{broken\nخوب بود\n'

    printed, complaint = bazkhord(tmp_path, "analyze", "--file", "-", "--json", stdin=lines, expect=1)

    assert [json.loads(line)["id"] for line in printed.splitlines()] == ["3"]
    assert 'line 1: needs a string under "text"' in complaint
    assert "line 2:" in complaint


def test_analyze_shows_the_mentions_of_a_text(tmp_path: Path) -> None:
    printed, _ = bazkhord(tmp_path, "analyze", "غذا عالی بود ولی پیک دیر رسید")

    assert "پیک دیر رسید" in printed
    assert "stage" in printed


def test_analyze_without_a_text_says_how_it_is_called(tmp_path: Path) -> None:
    _, complaint = bazkhord(tmp_path, "analyze", expect=2)

    assert 'bazkhord analyze "…"' in complaint


def test_run_stores_every_good_row_and_says_what_became_of_the_others(shop: Path) -> None:
    printed, _ = bazkhord(shop, "run", "--once", "--sources", "sources.toml")

    assert re.search(r"shop\s+4\s+3\s+0\s+0\s+1\s+1", printed), printed
    assert "2 messages classified" in printed
    assert "equal to the recount" in bazkhord(shop, "rebuild-tallies")[0]


def test_run_again_adds_nothing(shop: Path) -> None:
    bazkhord(shop, "run", "--once", "--sources", "sources.toml")

    printed, _ = bazkhord(shop, "run", "--once", "--sources", "sources.toml")

    assert "0 messages classified" in printed
    assert not re.search(r"shop\s+\d+\s+[1-9]", printed)


def test_a_run_whose_model_is_missing_says_so_and_loses_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as missing:
        missing.setenv("BAZKHORD_WEIGHTS_DIR", str(shop / "nowhere"))
        _, complaint = bazkhord(shop, "run", "--once", "--sources", "sources.toml", expect=2)

    assert "nowhere" in complaint
    assert "2 messages classified" in bazkhord(shop, "run", "--once", "--sources", "sources.toml")[0]


def test_pull_and_classify_are_the_two_halves_of_run(shop: Path) -> None:
    bazkhord(shop, "pull", "shop", "--sources", "sources.toml")

    assert "2 messages classified" in bazkhord(shop, "classify")[0]


def test_a_source_that_does_not_exist_is_answered_with_those_that_do(shop: Path) -> None:
    _, complaint = bazkhord(shop, "pull", "shoop", "--sources", "sources.toml", expect=2)

    assert "has no source shoop; it has: shop" in complaint


def test_a_missing_file_stops_its_source_with_a_sentence(shop: Path) -> None:
    (shop / "shop.csv").unlink()

    _, complaint = bazkhord(shop, "run", "--once", "--sources", "sources.toml", expect=1)

    assert "shop stopped:" in complaint
    assert "shop.csv" in complaint


def test_sources_tells_newcomers_what_to_do_first(tmp_path: Path) -> None:
    assert "config/sources.toml" in bazkhord(tmp_path, "sources")[0]


def test_sources_shows_what_a_run_brought(shop: Path) -> None:
    bazkhord(shop, "pull", "--sources", "sources.toml")

    printed, _ = bazkhord(shop, "sources")

    assert "shop" in printed
    assert "table_file" in printed


def test_a_key_is_shown_once_listed_by_its_beginning_and_revoked(tmp_path: Path) -> None:
    secret = bazkhord(tmp_path, "keys", "add", "page", "--scope", "read")[0].strip()

    listed = bazkhord(tmp_path, "keys", "list")[0]
    bazkhord(tmp_path, "keys", "revoke", "page")

    assert secret.startswith("bzk_")
    assert secret not in listed
    assert "page" in listed
    assert "revoked" in bazkhord(tmp_path, "keys", "list")[0]


def test_serve_without_a_key_refuses_other_addresses_than_loopback(tmp_path: Path) -> None:
    _, complaint = bazkhord(tmp_path, "serve", "--host", "0.0.0.0", expect=2)

    assert "bazkhord keys add" in complaint


def test_serve_says_when_its_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        _, complaint = bazkhord(tmp_path, "serve", "--port", str(port), expect=2)

    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in complaint


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "pull",
        "classify",
        "run",
        "analyze",
        "sources",
        "keys",
        "serve",
        "rebuild-tallies",
        "evaluate",
        "train",
    ],
)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    assert "Usage:" in bazkhord(tmp_path, command, "--help")[0]


@pytest.mark.parametrize(
    ("values", "expected"), [([-100.0, 0.0, 100.0, None], "▁▅█·"), ([], ""), ([-50.0, 50.0], "▃▆")]
)
def test_a_sparkline_is_higher_for_more(values: list[float | None], expected: str) -> None:
    assert sparkline(values) == expected
