"""Corrections as training data: JSON lines that ``models.further.further_authored`` reads, without held-out texts.

Of each message the clauses that somebody judged are written, with the labels that hold. What nobody judges,
the message's emotion and flags, is the model's; so is its sentiment, unless that of a clause was corrected:
then it follows from the clauses, positive and negative ones together being mixed, as the taxonomy says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from models.behaviour import behaviour_keys
from models.codes import encode_clause, encode_message
from models.corpora import Corpora
from models.labels import Emotion, Sentiment
from models.normalize import MASKS, letters_key
from pipeline.corrections import IS_ATTACHED, corrections, labels_of
from pipeline.database import reading
from pipeline.errors import SettingsError
from pipeline.tallies import feedback, flags_of, mentions

# A text of fewer letters and digits may stand within another by chance; 40 as for copies (decision 002).
MIN_QUOTED = 40
MASK = re.compile("|".join(MASKS))


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: messages, those left out as held out, and corrections left out without a clause."""

    n_messages: int
    n_held_out: int
    n_without_clause: int


class HeldOut:
    """The texts that nothing may be trained on, by their letters.

    Args:
        keys: What ``letters_key`` makes of them.
    """

    def __init__(self, keys: Collection[str]) -> None:
        self._keys = frozenset(keys)
        self._long = tuple(key for key in self._keys if len(key) >= MIN_QUOTED)

    def holds(self, text: str) -> bool:
        """Whether a text is one of them, or quotes one of at least 40 letters and digits in full.

        What was redacted is compared as a number too, since the sets hold some numbers unredacted.
        """
        return any(self._holds(letters_key(one)) for one in {text, MASK.sub("<num>", text)})

    def _holds(self, key: str) -> bool:
        return key in self._keys or any(held_out in key for held_out in self._long)


def load_held_out(data: Path | None) -> HeldOut:
    """Return the dev and test texts of a data folder and the shipped behaviour cases.

    Args:
        data: As ``models.corpora.Corpora`` describes it; ``None``: the behaviour cases only.

    Raises:
        SettingsError: The folder has no dev or test set.
    """
    keys = Corpora(data).held_out_keys() if data else frozenset()
    if data and not keys:
        raise SettingsError(
            f"{data} holds no dev or test set, so it cannot be told which texts the model is measured on; name the "
            "folder with --data, or give --without-check where what is trained is never measured on those sets"
        )
    return HeldOut(keys | behaviour_keys())


def export_corrections(engine: Engine, file: Path, *, held_out: HeldOut) -> Exported:
    """The file holds a line for each message with a judged clause that is not held out; return how many.

    The file is replaced as a whole when all is written.

    Raises:
        SettingsError: It cannot be written.
    """
    with reading(engine) as connection:
        messages = list(_judged(connection))
        n_attached = sum(len(rows) for rows in messages)
        n_without = (connection.scalar(select(func.count()).select_from(corrections)) or 0) - n_attached
        in_all = _sentiments(connection)
    kept = [rows for rows in messages if not held_out.holds(rows[0].text)]
    lines = [_line(rows, in_all[rows[0].feedback_id]) for rows in kept]
    _write(file, lines)
    return Exported(len(kept), len(messages) - len(kept), n_without)


def _judged(connection: Connection) -> Iterator[list[Row[Any]]]:
    """The attached corrections, message by message."""
    columns = [
        *corrections.c, feedback.c.text, feedback.c.sentiment.label("of_message"), feedback.c.emotion, feedback.c.flags,
    ]  # fmt: skip
    rows = connection.execute(
        select(*columns)
        .join_from(corrections, feedback, feedback.c.id == corrections.c.feedback_id)
        .join(mentions, IS_ATTACHED)
        .order_by(corrections.c.feedback_id, corrections.c.start)
    )
    for _, of_one in groupby(rows.all(), key=lambda row: int(row.feedback_id)):
        yield list(of_one)


def _sentiments(connection: Connection) -> dict[int, set[str]]:
    """What all clauses of the judged messages feel, by message."""
    found: dict[int, set[str]] = {}
    judged = select(corrections.c.feedback_id)
    query = select(mentions.c.feedback_id, mentions.c.sentiment).where(mentions.c.feedback_id.in_(judged))
    for feedback_id, sentiment in connection.execute(query.distinct()):
        found.setdefault(feedback_id, set()).add(sentiment)
    return found


def _line(rows: Sequence[Row[Any]], sentiments: Collection[str]) -> str:
    message = rows[0]
    changed = any(row.sentiment != row.predicted_sentiment for row in rows)
    sentiment = _add_up(sentiments) if changed else Sentiment(message.of_message)
    sentiment_code, emotion, flags = encode_message(
        sentiment, Emotion(message.emotion), flags_of(message.flags)
    )
    line = {
        "text": message.text,
        "sentiment": sentiment_code,
        "emotion": emotion,
        "flags": flags,
        "mentions": [[row.start, row.end, _code(row)] for row in rows],
    }
    return json.dumps(line, ensure_ascii=False) + "\n"


def _add_up(sentiments: Collection[str]) -> Sentiment:
    clear = set(sentiments) - {Sentiment.NEUTRAL.value}
    if len(clear) > 1:
        return Sentiment.MIXED
    return Sentiment(clear.pop()) if clear else Sentiment.NEUTRAL


def _code(row: Row[Any]) -> str:
    labels = labels_of(row._mapping)  # noqa: SLF001 - SQLAlchemy's public way to read a row by names
    return encode_clause(labels.stage, labels.intent, labels.aspect, labels.sentiment)


def _write(file: Path, lines: Sequence[str]) -> None:
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8") as out:
            out.writelines(lines)
        unfinished.replace(file)
    except OSError as error:
        raise SettingsError(
            f"cannot write {file}: {error.strerror}; choose a place that you may write"
        ) from None
