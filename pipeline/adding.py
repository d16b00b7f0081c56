"""What has to be asked to describe a new source, and the commented table that is written of the answers."""

from __future__ import annotations

import inspect
import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.connectors import CONNECTORS
from pipeline.connectors.argument_errors import RESERVED
from pipeline.connectors.base import Connector
from pipeline.connectors.documentation import explain_arguments, split_docstring
from pipeline.errors import SettingsError

WIDTH = 110
NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
TOLD = ("Ask for", "Permissions")


@dataclass(frozen=True, slots=True)
class Question:
    """One argument that a new source may have.

    Args:
        key: Its key in ``sources.toml``.
        meaning: What it is, in the words of the connector.
        example: A value in TOML, of the connector's example; empty: there is none.
        default: What stands for no answer; ``None``: it has to be answered.
        is_text: Written without quotation marks, as one text.
        is_list: Written with commas.
        is_variable: The name of an environment variable that holds a secret.
        numbers: Its values are numbers.
    """

    key: str
    meaning: str
    example: str
    default: str | None
    is_text: bool = False
    is_list: bool = False
    is_variable: bool = False
    numbers: bool = False


def list_connectors() -> Mapping[str, str]:
    """Return what can be connected: kinds, and one sentence for each."""
    return {kind: _summary(connector) for kind, connector in sorted(CONNECTORS.items())}


def advise(kind: str) -> tuple[str, ...]:
    """Return what to ask the service for and what it must permit, a sentence each."""
    sections = split_docstring(inspect.getdoc(CONNECTORS[kind]) or "")[1]
    return tuple(f"{name}: {_plain(sections[name])}" for name in TOLD if sections.get(name))


def find_questions(kind: str) -> tuple[Question, ...]:
    """Return what to ask: what the connector requires, its secrets, and what its example sets beside them."""
    connector = CONNECTORS[kind]
    examples = _example(connector)
    meanings = explain_arguments(connector)
    fields = {name: field for name, field in connector.model_fields.items() if name not in RESERVED}
    asked = [name for name, field in fields.items() if field.is_required()]
    asked += [name for name, field in fields.items() if _names_secret(name, field) and name not in asked]
    asked += [name for name in examples if name in fields and name not in asked]
    return tuple(_question(name, fields[name], meanings.get(name, ""), examples.get(name)) for name in asked)


def read_answer(question: Question, written: str) -> str:
    """Return an answer as TOML; an empty one where the argument is left out.

    Raises:
        ValueError: The answer cannot be one; the message says what is expected.
    """
    answer = written.strip() or question.default or ""
    if not answer:
        if question.default is None:
            raise ValueError("this one is needed")
        return ""
    if question.is_variable and not VARIABLE.fullmatch(answer):
        raise ValueError(
            "expected the name of an environment variable (capitals, digits and _); never the secret itself"
        )
    if question.is_list and not answer.startswith("["):
        parts = [part.strip() for part in answer.split(",") if part.strip()]
        return f"[{', '.join(parts if question.numbers else map(write_text, parts))}]"
    if question.is_text:
        return write_text(answer)
    _require_toml(answer)
    return answer


def write_text(text: str) -> str:
    """Return a text as TOML: a basic string, whose escapes are those of JSON and one more (toml.io/en/v1.0.0)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_table(name: str, kind: str, answers: Mapping[str, str], *, every_s: int | None = None) -> str:
    """Return the table of a source, with comments.

    Args:
        answers: Values as TOML by key; an empty one is left out.
        every_s: Seconds between two runs; ``None``: the default.
    """
    meanings = explain_arguments(CONNECTORS[kind])
    lines = [
        *_comment(_summary(CONNECTORS[kind])),
        *(line for said in advise(kind) for line in _comment(said)),
    ]
    lines += [*_comment(f"All that can be set: docs/connectors.md, chapter {kind}."), f"[sources.{name}]"]
    lines += [f"connector = {write_text(kind)}"]
    for key, value in answers.items():
        if value:
            lines += [*_comment(_plain(meanings.get(key, ""))), f"{key} = {value}"]
    if every_s is not None:
        lines += [*_comment("Seconds between the beginnings of two runs."), f"every_s = {every_s}"]
    return "\n".join(lines) + "\n"


def require_new_name(path: Path, name: str) -> None:
    """The name can be that of a new source of the file.

    Raises:
        SettingsError: It is taken, or no name; or the file cannot be read.
    """
    if not NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name of a source: letters a to z, digits, _ and - make one")
    sources = _parse(path, _read(path)).get("sources", {})
    if isinstance(sources, dict) and name in sources:
        raise SettingsError(
            f"{path} has a source {name} already: choose another name, or change that one there"
        )


def append_source(path: Path, name: str, table: str) -> None:
    """The table stands at the end of the file, and all that was there is as it was.

    Raises:
        SettingsError: The name is taken, or the file cannot be written or would not be valid any more.
    """
    require_new_name(path, name)
    before = _read(path)
    added = ("" if not before or before.endswith("\n") else "\n") + ("\n" if before else "") + table
    _parse(path, before + added)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(added)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}; choose another with --sources") from None


def parse_table(table: str) -> dict[str, Any]:
    """Return what a table says that ``write_table`` wrote."""
    return tomllib.loads(table)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"cannot read {path} ({type(error).__name__}): correct it first") from None


def _parse(path: Path, content: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is or would be no valid TOML ({error}): correct it first") from None


def _require_toml(answer: str) -> None:
    try:
        tomllib.loads(f"answer = {answer}")
    except tomllib.TOMLDecodeError:
        raise ValueError(
            'expected a value as TOML has it, such as 3, true, [1, 2] or { id = "number" }'
        ) from None


def _question(name: str, field: FieldInfo, meaning: str, example: object) -> Question:
    is_variable = name.endswith("_env")
    inner = _inner_type(field.annotation)
    is_list = get_origin(field.annotation) is tuple
    is_number = isinstance(inner, type) and issubclass(inner, int | float)
    is_table = get_origin(field.annotation) is dict or (
        isinstance(inner, type) and issubclass(inner, BaseModel | Mapping)
    )
    return Question(
        key=name,
        meaning=_plain(meaning),
        example="" if example is None else _as_toml(example),
        default=None if field.is_required() else _default(field),
        is_text=not (is_list or is_number or is_table),
        is_list=is_list,
        is_variable=is_variable,
        numbers=is_number,
    )


def _names_secret(name: str, field: FieldInfo) -> bool:
    return name.endswith("_env") and field.default not in (None, PydanticUndefined)


def _default(field: FieldInfo) -> str:
    return field.default if isinstance(field.default, str) else ""


def _inner_type(annotation: Any) -> Any:
    """The type that counts of ``X | None``, ``tuple[X, ...]`` and ``Annotated[X, ...]``."""
    parts = [part for part in get_args(annotation) if part not in (type(None), ...)]
    is_choice = parts and not isinstance(parts[0], type) and not get_args(parts[0])
    return annotation if not parts or is_choice else _inner_type(parts[0])


def _example(connector: type[Connector]) -> Mapping[str, object]:
    text = split_docstring(inspect.getdoc(connector) or "")[1].get("Example", "")
    tables = tomllib.loads(textwrap.dedent(text)).get("sources", {})
    first: Mapping[str, object] = next(iter(tables.values()), {})
    return {key: value for key, value in first.items() if key != "connector"}


def _as_toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_as_key(key)} = {_as_toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_toml, value))}]"
    if isinstance(value, date):
        return value.isoformat()
    return write_text(value) if isinstance(value, str) else json.dumps(value)


def _as_key(key: str) -> str:
    return key if NAME.fullmatch(key) else write_text(key)


def _summary(connector: type[Connector]) -> str:
    return _plain((inspect.getdoc(connector) or "").split("\n\n")[0])


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH - 2)]
