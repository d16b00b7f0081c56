"""What `bazkhord sources add` asks and writes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline.adding import (
    advise,
    append_source,
    find_questions,
    list_connectors,
    parse_table,
    read_answer,
    require_new_name,
    write_table,
    write_text,
)
from pipeline.connectors import CONNECTORS, build_connectors
from pipeline.errors import SettingsError
from tests.builders import NOON

BLOG = '[sources.blog]\nconnector = "wordpress"\nbase_url = "https://a.example"'


def question(kind: str, key: str) -> object:
    return next(one for one in find_questions(kind) if one.key == key)


def test_every_connector_is_offered_with_a_sentence() -> None:
    offered = list_connectors()

    assert list(offered) == sorted(CONNECTORS)
    assert offered["wordpress"] == "Comments that visitors leave on a WordPress site."
    assert all(sentence.endswith(".") for sentence in offered.values())


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_the_example_of_a_connector_given_as_answers_makes_a_source_that_works(kind: str) -> None:
    answers = {
        one.key: one.example or read_answer(one, one.default or {"path": "x.csv"}.get(one.key, "X"))
        for one in find_questions(kind)
    }

    table = write_table("mine", kind, answers)

    built = build_connectors(parse_table(table), now=lambda: NOON, root=Path(), environment={})
    assert built["mine"].kind == kind


def test_what_is_asked_is_what_is_needed_then_secrets_then_what_the_example_sets() -> None:
    asked = [(one.key, one.default, one.is_variable) for one in find_questions("wordpress")]

    assert asked == [
        ("base_url", None, False),
        ("password_env", "WORDPRESS_PASSWORD", True),
        ("staff", "", False),
    ]
    assert advise("wordpress")[1] == "Permissions: moderate_comments, with a password."


@pytest.mark.parametrize(
    ("kind", "key", "written", "read"),
    [
        ("wordpress", "base_url", " https://a.example ", '"https://a.example"'),
        ("wordpress", "staff", "1, 2", "[1, 2]"),
        ("wordpress", "staff", "", ""),
        ("wordpress", "password_env", "", '"WORDPRESS_PASSWORD"'),
        ("whatsapp_export", "agents", "پشتیبانی، نیک‌سبد, علی", '["پشتیبانی، نیک‌سبد", "علی"]'),
        ("whatsapp_export", "agents", '["a, b"]', '["a, b"]'),
        ("whatsapp_export", "zone", "Asia/Tehran", '"Asia/Tehran"'),
        ("table_file", "channel", "ticket", '"ticket"'),
        ("table_file", "fields", '{ text = "متن" }', '{ text = "متن" }'),
        ("chatwoot", "account", "3", "3"),
        ("kafka", "options", '{ "sasl.mechanism" = "PLAIN" }', '{ "sasl.mechanism" = "PLAIN" }'),
    ],
)
def test_answers_become_toml(kind: str, key: str, written: str, read: str) -> None:
    assert read_answer(question(kind, key), written) == read  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "key", "written", "told"),
    [
        ("wordpress", "base_url", " ", "this one is needed"),
        ("wordpress", "password_env", "hunter2", "never the secret itself"),
        ("table_file", "fields", "{ text: ", "expected a value as TOML has it"),
    ],
)
def test_what_cannot_be_an_answer_is_asked_again(kind: str, key: str, written: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_answer(question(kind, key), written)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ['a "b" \\ c', "tab\t and \x7f and \x01", "پیام 😀 \u2028", ""])
def test_any_text_is_the_same_after_toml(text: str) -> None:
    assert tomllib.loads(f"a = {write_text(text)}") == {"a": text}


def test_a_table_is_commented_with_what_its_arguments_mean() -> None:
    table = write_table("blog", "wordpress", {"base_url": '"https://a.example"', "staff": ""}, every_s=60)

    assert table.splitlines()[0] == "# Comments that visitors leave on a WordPress site."
    assert "# Permissions: moderate_comments, with a password." in table
    assert "# Address of the service, up to where its documentation lets paths begin." in table
    assert "staff" not in table.partition("[sources.blog]")[2]
    assert tomllib.loads(table) == {
        "sources": {"blog": {"connector": "wordpress", "base_url": "https://a.example", "every_s": 60}}
    }


@pytest.mark.parametrize("before", ["", "# mine\n", f"{BLOG} # no line break at the end", f"{BLOG}\n\n"])
def test_what_stood_in_the_file_stays_as_it_was(tmp_path: Path, before: str) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(before, encoding="utf-8")

    append_source(file, "forum", '[sources.forum]\nconnector = "mastodon"\n')

    content = file.read_text(encoding="utf-8")
    assert content.startswith(before)
    assert tomllib.loads(content)["sources"]["forum"] == {"connector": "mastodon"}


def test_a_file_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    append_source(tmp_path / "new" / "sources.toml", "blog", BLOG)

    assert (tmp_path / "new" / "sources.toml").read_text(encoding="utf-8") == BLOG


@pytest.mark.parametrize(
    ("name", "told"), [("blog", "has a source blog already"), ("my blog", "is no name"), ("", "is no name")]
)
def test_a_name_that_is_taken_or_none_is_refused(tmp_path: Path, name: str, told: str) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(BLOG, encoding="utf-8")

    with pytest.raises(SettingsError, match=told):
        require_new_name(file, name)


@pytest.mark.parametrize("before", ["no toml", "sources = { blog = {} }\n", "[sources\n"])
def test_a_file_to_which_nothing_can_be_appended_is_left_alone(tmp_path: Path, before: str) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(before, encoding="utf-8")

    with pytest.raises(SettingsError, match="correct it first"):
        append_source(file, "forum", "[sources.forum]\n")

    assert file.read_text(encoding="utf-8") == before
