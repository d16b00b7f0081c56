"""Labelled messages that this project adds to those beside it.

``further_labels.jsonl.xz`` holds the labels that a large language model gave texts of the corpora after the
taxonomy; it names each text by a hash, and the texts are read from the corpora. ``authored_messages.jsonl``
holds messages that were written for the project where the corpora are thin: sarcasm, negation, Finglish,
urgency, rare stages and aspects.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterable
from pathlib import Path

from models.behaviour import behaviour_keys
from models.codes import decode_clause, decode_message
from models.corpora import Corpora, LabelledMention, LabelledMessage
from models.normalize import letters_key

AUTHORED_FILE = Path(__file__).parent / "authored_messages.jsonl"
LABELS_FILE = Path(__file__).parent / "further_labels.jsonl.xz"
SENTIMENT_CORPORA = ("snappfood", "dksf", "bank_reviews")


def text_key(text: str) -> str:
    """Returns the name of a text: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def further_annotated(corpora: Corpora, file: Path = LABELS_FILE) -> list[LabelledMessage]:
    """Returns the further annotated texts that are in the corpora and not held out.

    Args:
        corpora: Where the texts are.
        file: Labels; one that is not there holds none.
    """
    if not file.exists():
        return []
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        rows = {row["key"]: row for row in map(json.loads, lines)}
    avoided = corpora.held_out_keys() | behaviour_keys()
    found: dict[str, LabelledMessage] = {}
    for corpus, texts in _texts(corpora):
        for text in texts:
            key = text_key(text)
            if key in rows and key not in found and letters_key(text) not in avoided:
                found[key] = _message(text, corpus, rows[key])
    return [found[key] for key in rows if key in found]


def further_authored(corpora: Corpora, file: Path = AUTHORED_FILE) -> list[LabelledMessage]:
    """Returns the messages written for the project that are neither held out nor a behaviour case.

    Args:
        corpora: Which texts are held out.
        file: The messages; one that is not there holds none.
    """
    if not file.exists():
        return []
    avoided = corpora.held_out_keys() | behaviour_keys()
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    messages = [_message(row["text"], "authored", row) for row in rows]
    return [message for message in messages if letters_key(message.text) not in avoided]


def _texts(corpora: Corpora) -> Iterable[tuple[str, Iterable[str]]]:
    yield "ugc", corpora.corpus("ugc")
    for name in SENTIMENT_CORPORA:
        yield name, (message.text for message in corpora.sentiment(name, "train"))


def _message(text: str, corpus: str, row: dict[str, object]) -> LabelledMessage:
    mentions = row["mentions"]
    if not isinstance(mentions, list):
        raise TypeError(f"further labels of {row['key']}: mentions must be a list")
    sentiment, emotion, flags = decode_message(str(row["sentiment"]), str(row["emotion"]), str(row["flags"]))
    return LabelledMessage(
        text=text,
        source={"bank_reviews": "bank"}.get(corpus, corpus),
        sentiment=sentiment,
        emotion=emotion,
        flags=flags,
        mentions=tuple(LabelledMention(start, end, *decode_clause(code)) for start, end, code in mentions),
    )
