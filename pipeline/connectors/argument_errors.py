"""Puts pydantic's findings about a source's arguments into words for whoever writes ``sources.toml``."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipeline.connectors.names import list_missing

RESERVED = ("name", "now", "root", "network", "library")


def describe_errors(error: ValidationError, source: str, model: type[BaseModel]) -> str:
    """Return one sentence for each wrong argument of a source: which key, what was given, what is allowed."""
    return f"source {source}: {describe_faults(error, model)}"


def describe_faults(error: ValidationError, model: type[BaseModel]) -> str:
    """Return one sentence for each wrong key: which, what was given, what is allowed."""
    sentences: dict[str, None] = {}
    for found in error.errors(include_url=False):
        key = ".".join(str(part) for part in found["loc"]) or "arguments"
        if found["type"] == "extra_forbidden":
            allowed = allowed_keys(model, found["loc"][:-1])
            told = list_missing([str(found["loc"][-1])], allowed, what="argument")
            sentences[f"{key}: {told}"] = None
        elif found["type"] == "missing":
            sentences[f"{key}: is missing"] = None
        else:
            expected = found["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
            sentences[f"{key}: got {_show(found['input'])}, {_expected(expected)}"] = None
    return "; ".join(sentences)


def allowed_keys(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that may stand at a place of a source's arguments."""
    for part in place:
        field = model.model_fields.get(str(part))
        inner = _model_inside(field.annotation) if field else None
        model = inner or model
    return [_written(name, model) for name in model.model_fields if name not in RESERVED]


def _model_inside(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for part in get_args(annotation) if (inner := _model_inside(part))), None)


def _written(name: str, model: type[BaseModel]) -> str:
    return model.model_fields[name].alias or name


def _expected(message: str) -> str:
    return message if message.startswith("expected") else f"expected {message}"


def _show(value: object) -> str:
    shown = repr(value) if isinstance(value, str | int | float | bool) else f"a {type(value).__name__}"
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
