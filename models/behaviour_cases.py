"""Reads the cases of the behaviour tests, and names the case that is malformed.

The head of ``behaviours.toml`` says how a case is written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from models.heads import EXCLUSIVE_HEADS, HEADS, MENTION_HEADS

CASES = Path(__file__).with_name("behaviours.toml")
DEFAULT_TOLERANCE = 0.1
_REMEDY = "the head of models/behaviours.toml shows the layout"


class BehaviourError(ValueError):
    """A case cannot be used; the message names the file, the case and the remedy."""


class Kind(StrEnum):
    """What a case asks for: a label, the same label, or a change to one side."""

    MFT = "mft"
    INV = "inv"
    DIR = "dir"


@dataclass(frozen=True, slots=True)
class Case:
    """One question to the model.

    Attributes:
        name: Capability, kind and number within them, from 1: ``negation.mft 3``.
        capability: What the case is about.
        kind: What it asks for.
        texts: One text (MFT), two or more (INV), before and after the change (DIR).
        accepted: MFT: for each head asked about the labels that are right.
        clause: MFT: the part of the text whose mention is asked about; the whole text where nothing is said.
        worsens: DIR: whether the change is for the worse.
        tolerance: DIR: how far the negativity may move to the wrong side, 0 to 2.
    """

    name: str
    capability: str
    kind: Kind
    texts: tuple[str, ...]
    accepted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    clause: str = ""
    worsens: bool = False
    tolerance: float = DEFAULT_TOLERANCE


def load_cases(path: Path = CASES) -> list[Case]:
    """Returns the cases of a file, in its order.

    Raises:
        BehaviourError: The file cannot be read, or a case is malformed or names an unknown label.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BehaviourError(f"{path}: cannot be read ({error.strerror}); restore it") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BehaviourError(f"{path}: is no TOML ({error}); {_REMEDY}") from error
    try:
        return [case for capability, kinds in content.items() for case in _capability(capability, kinds)]
    except BehaviourError as error:
        raise BehaviourError(f"{path}: {error}; {_REMEDY}") from error


def _capability(capability: str, kinds: object) -> Iterator[Case]:
    if not isinstance(kinds, dict):
        raise BehaviourError(f"{capability} is no table of mft, inv and dir")
    for kind, entries in kinds.items():
        if kind not in tuple(Kind) or not isinstance(entries, list):
            raise BehaviourError(f"{capability}.{kind} is no list of mft, inv or dir cases")
        for number, entry in enumerate(entries, start=1):
            name = f"{capability}.{kind} {number}"
            yield _READERS[Kind(kind)](name, capability, entry)


def _read_label(name: str, capability: str, entry: object) -> Case:
    fields = _table(name, entry)
    text, clause = _text(name, fields.pop("text", None)), fields.pop("clause", "")
    if not isinstance(clause, str) or clause not in text:
        raise BehaviourError(f"{name}: the clause {clause!r} is no part of the text")
    if not fields:
        raise BehaviourError(f"{name}: says no label that is expected")
    accepted = {head: _labels(name, head, labels) for head, labels in fields.items()}
    if clause and not accepted.keys() & MENTION_HEADS.keys():
        raise BehaviourError(f"{name}: has a clause but asks nothing of its mention")
    return Case(name, capability, Kind.MFT, (text,), accepted=accepted, clause=clause)


def _labels(name: str, head: str, labels: object) -> frozenset[str]:
    if head not in EXCLUSIVE_HEADS:
        raise BehaviourError(f"{name}: {head!r} is none of text, clause, {', '.join(EXCLUSIVE_HEADS)}")
    some = labels if isinstance(labels, list) else [labels]
    unknown = [label for label in some if label not in tuple(HEADS[head])]
    if unknown or not some:
        raise BehaviourError(f"{name}: {unknown} is no {head}, expected some of {', '.join(HEADS[head])}")
    return frozenset(some)


def _read_same(name: str, capability: str, entry: object) -> Case:
    texts = _texts(name, entry if isinstance(entry, list) else _filled(name, entry))
    if len(texts) < 2 or len(set(texts)) < len(texts):
        raise BehaviourError(f"{name}: needs two or more texts, each once")
    return Case(name, capability, Kind.INV, texts)


def _filled(name: str, entry: object) -> list[str]:
    fields = _table(name, entry)
    text, put = _text(name, fields.pop("text", None)), fields.pop("put", None)
    if fields or text.count("{}") != 1 or not isinstance(put, list):
        raise BehaviourError(f"{name}: expected a text with one {{}} and a list `put`")
    return [text.replace("{}", part) for part in _texts(name, put)]


def _read_change(name: str, capability: str, entry: object) -> Case:
    fields = _table(name, entry)
    tolerance = fields.pop("tolerance", DEFAULT_TOLERANCE)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance <= 2:
        raise BehaviourError(f"{name}: the tolerance {tolerance!r} is no number from 0 to 2")
    if fields.keys() not in ({"worse"}, {"better"}):
        raise BehaviourError(f"{name}: has {', '.join(fields) or 'nothing'}, expected either worse or better")
    ((direction, pair),) = fields.items()
    texts = _texts(name, pair)
    if len(set(texts)) != 2 or len(texts) != 2:
        raise BehaviourError(f"{name}: needs the text before and another after the change")
    return Case(name, capability, Kind.DIR, texts, worsens=direction == "worse", tolerance=float(tolerance))


_READERS: Mapping[Kind, Callable[[str, str, object], Case]] = {
    Kind.MFT: _read_label,
    Kind.INV: _read_same,
    Kind.DIR: _read_change,
}


def _table(name: str, entry: object) -> dict[str, object]:
    if not isinstance(entry, dict):
        raise BehaviourError(f"{name}: is no table like {{ sentiment = …, text = … }}")
    return dict(entry)


def _texts(name: str, texts: object) -> tuple[str, ...]:
    if not isinstance(texts, list):
        raise BehaviourError(f"{name}: {texts!r} is no list of texts")
    return tuple(_text(name, text) for text in texts)


def _text(name: str, text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise BehaviourError(f"{name}: {text!r} is no text")
    return text
