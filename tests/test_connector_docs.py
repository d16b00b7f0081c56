from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.connectors import CONNECTORS, build_connectors
from pipeline.connectors.documentation import SECTIONS, describe, split_docstring, write_all
from pipeline.connectors.http_source import HttpConnector

PAGE = Path(__file__).parents[1] / "docs" / "connectors.md"
ASKED_OVER_HTTP = sorted(kind for kind, one in CONNECTORS.items() if issubclass(one, HttpConnector))


def test_the_page_says_what_the_connectors_say() -> None:
    written = PAGE.read_text(encoding="utf-8")

    assert written == write_all(), "write it anew: python -m pipeline.connectors.documentation"


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_an_example_is_right_as_it_stands(kind: str) -> None:
    _, _, rest = describe(CONNECTORS[kind]).partition("```toml\n")
    example = tomllib.loads(rest.partition("```")[0])

    built = build_connectors(
        example, now=lambda: datetime(2026, 11, 21, tzinfo=UTC), root=Path(), environment={}
    )

    assert {one.kind for one in built.values()} == ({kind} if example else set())


@pytest.mark.parametrize("kind", ASKED_OVER_HTTP)
def test_a_service_says_all_that_has_to_be_known_of_it(kind: str) -> None:
    chapter = describe(CONNECTORS[kind])

    assert [name for name in SECTIONS[:-2] if f"**{name}:**" not in chapter] == []
    assert "```toml" in chapter


def test_every_argument_is_explained() -> None:
    silent = [
        f"{kind}: {line.split('|')[1].strip()}"
        for kind, connector in CONNECTORS.items()
        for line in describe(connector).splitlines()
        if line.startswith("| `") and not line.split("|")[3].strip()
    ]

    assert silent == []


def test_a_docstring_is_cut_into_its_sections() -> None:
    text = "What it is.\n\nMore of it.\n\nAsk for: a token,\n    of an agent.\n\nExample:\n    [sources.x]\n"

    before, sections = split_docstring(text)

    assert before == "What it is.\n\nMore of it."
    assert sections == {"Ask for": "a token,\n    of an agent.\n", "Example": "    [sources.x]"}
