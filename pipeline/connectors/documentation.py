"""Writes docs/connectors.md from what the connectors say of themselves: python -m pipeline.connectors.documentation.

The docstring of a connector's class has one sentence, then perhaps a paragraph, then these sections,
each as ``Name: text`` whose further lines are indented: Documentation, Ask for, Permissions, Limits,
What is fetched, Not fetched, Example (a table of ``sources.toml``), Args. One that has nothing to say
is left out.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.connectors import CONNECTORS
from pipeline.connectors.argument_errors import RESERVED
from pipeline.connectors.base import Connector
from pipeline.connectors.http_source import HttpConnector

SECTIONS = (
    "Documentation",
    "Ask for",
    "Permissions",
    "Limits",
    "What is fetched",
    "Not fetched",
    "Example",
    "Args",
)
_SECTION = re.compile(rf"^({'|'.join(SECTIONS)}):[ ]?(.*)$")
_ARGUMENT = re.compile(r"^(\w+): (.*)$")
INTRODUCTION = """\
# Where feedback can come from

This page is written by `python -m pipeline.connectors.documentation` from the connectors themselves;
change their docstrings, not this file.

Every source is a table `[sources.NAME]` of `sources.toml`; `connector` says how it is read. Secrets never
stand there: an argument such as `token_env` names an environment variable, which holds the secret or,
with `_FILE` after its name, the path of a file that does (Docker secrets). Every source may also set `every_s`
(seconds between two runs, 900 without it) and `enabled`; [running.md](running.md) tells more of that.
"""

# mypy wants concrete classes where classes are passed on; nothing is made of this one
HTTP: type[Connector] = HttpConnector  # type: ignore[type-abstract]
HTTP_CHAPTER = "Services over HTTP"
HTTP_TEXT = """\
A request that meets a lost connection, a timeout, HTTP 429 or 5xx is tried again; `Retry-After` and the
headers that tell what is left of an allowance are heeded. What takes longer than `patience_s` is left to the
next run, which goes on where this one stopped. A service that refuses (401, 403, 404) stops the source, and
the error says which setting or permission to mend. Certificates are always verified, and credentials never
follow a redirect to another host.
"""


def describe(connector: type[Connector]) -> str:
    """Return the chapter of one connector, in Markdown."""
    summary, sections = split_docstring(inspect.getdoc(connector) or "")
    parts = [f"## {connector.kind}", summary.replace("``", "`")]
    parts += [f"**{name}:** {_join(sections[name])}" for name in SECTIONS[:-2] if sections.get(name)]
    if example := sections.get("Example"):
        parts.append(f"```toml\n{dedent(example).strip()}\n```")
    parts.append(_table(connector, without=_shared_by(connector)))
    if issubclass(connector, HttpConnector):
        parts.append(
            f"Further arguments: [{HTTP_CHAPTER.lower()}](#{HTTP_CHAPTER.lower().replace(' ', '-')})."
        )
    return "\n\n".join(parts)


def _shared_by(connector: type[Connector]) -> frozenset[str]:
    """Arguments that are told once for all: those of the way to a service, which none sets otherwise."""
    return (
        frozenset(HttpConnector.model_fields) - {"base_url"}
        if issubclass(connector, HttpConnector)
        else frozenset()
    )


def write_all() -> str:
    """Return the whole page."""
    chapters = [describe(connector) for _, connector in sorted(CONNECTORS.items())]
    listed = "\n".join(f"- [{kind}](#{kind})" for kind in sorted(CONNECTORS))
    shared = f"## {HTTP_CHAPTER}\n\n{HTTP_TEXT.strip()}\n\n{_table(HTTP, without=frozenset({'base_url'}))}"
    return "\n\n".join([INTRODUCTION.strip(), listed, *chapters, shared]) + "\n"


def split_docstring(text: str) -> tuple[str, Mapping[str, str]]:
    """Return what stands before the sections of a docstring, and the sections by name."""
    before: list[str] = []
    sections: dict[str, list[str]] = {}
    lines = before
    for line in text.splitlines():
        if found := _SECTION.match(line):
            lines = sections.setdefault(found[1], [found[2]] if found[2] else [])
        else:
            lines.append(line)
    return "\n".join(before).strip(), {name: "\n".join(some) for name, some in sections.items()}


def _table(connector: type[Connector], *, without: frozenset[str]) -> str:
    meanings = explain_arguments(connector)
    rows = [
        f"| `{field.validation_alias or field.alias or name}` | {_default(field)} | {meanings.get(name, '')} |"
        for name, field in connector.model_fields.items()
        if name not in RESERVED and name not in without
    ]
    return "\n".join(["| argument | default | meaning |", "|---|---|---|", *sorted(rows, key=_is_optional)])


def _is_optional(row: str) -> bool:
    return "| required |" not in row


def explain_arguments(connector: type[Connector]) -> dict[str, str]:
    """What the docstrings of a class and of those it builds on say of their arguments."""
    told: dict[str, str] = {}
    for parent in reversed(connector.__mro__):
        if not issubclass(parent, Connector):
            continue
        lines = dedent(
            split_docstring(inspect.cleandoc(parent.__doc__ or ""))[1].get("Args", "")
        ).splitlines()
        name = ""
        for line in lines:
            if found := _ARGUMENT.match(line):
                name = found[1]
                told[name] = found[2]
            elif name and line.strip():
                told[name] += f" {line.strip()}"
    return {
        name: text.replace("``None``", "left out").replace("``", "`").replace("|", "\\|")
        for name, text in told.items()
    }


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined or isinstance(value, BaseModel | Mapping) or value in (None, "", ()):
        return ""
    return f"`{json.dumps(value)}`" if isinstance(value, bool | int | float) else f"`{value}`"


def _join(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines()).replace("``", "`").strip()


if __name__ == "__main__":
    page = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/connectors.md")
    page.write_text(write_all(), encoding="utf-8")
