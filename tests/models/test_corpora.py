"""What is trained on is read rightly and holds no held-out text."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from models.corpora import Corpora, LabelledMention
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from models.normalize import letters_key


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def test_a_conversation_turn_becomes_a_labelled_message(tmp_path: Path) -> None:
    turn = {
        "role": "customer",
        "text": "سلام. بسته نرسید",
        "S": "n",
        "E": "an",
        "F": "ue",
        "clauses": [["سلام.", "no.oth.gen.u"], ["بسته نرسید", "de.com.del.n"]],
    }
    agent = {"role": "agent", "text": "سلام"}
    write(tmp_path / "authored" / "conversations.jsonl.xz", [{"id": "c1", "turns": [turn, agent]}])

    (message,) = Corpora(tmp_path).conversations()

    assert message.sentiment == Sentiment.NEGATIVE
    assert message.emotion == Emotion.ANGER
    assert message.flags == {Flag.URGENT, Flag.EFFORT}
    assert message.mentions == (
        LabelledMention(0, 5, Stage.NONE, Intent.OTHER, Aspect.GENERAL, Sentiment.NEUTRAL),
        LabelledMention(6, 16, Stage.DELIVERY, Intent.COMPLAINT, Aspect.DELIVERY, Sentiment.NEGATIVE),
    )


def test_a_held_out_turn_is_left_out_however_it_is_spelt(tmp_path: Path) -> None:
    turn = {"role": "customer", "text": "بسته‌ي من نرسيد!", "S": "n", "E": "no", "F": "-", "clauses": []}
    write(tmp_path / "authored" / "conversations.jsonl.xz", [{"id": "c1", "turns": [turn]}])
    write(tmp_path / "annotated" / "messages.test.jsonl.xz", [{"text": "بستهی من نرسید"}])

    assert Corpora(tmp_path).conversations() == []


@pytest.mark.parametrize(
    ("polarity", "expected"), [(-2, Sentiment.NEGATIVE), (0, Sentiment.NEUTRAL), (1, Sentiment.POSITIVE)]
)
def test_a_polarity_becomes_a_sentiment(tmp_path: Path, polarity: int, expected: Sentiment) -> None:
    write(tmp_path / "sentiment" / "deepsentipers.train.jsonl.xz", [{"text": "متن", "polarity": polarity}])

    (message,) = Corpora(tmp_path).sentiment("deepsentipers", "train")

    assert message.sentiment == expected
    assert Sentiment.MIXED not in message.sentiment_classes


@pytest.mark.shared
def test_no_held_out_text_is_trained_on(data: Path) -> None:
    corpora = Corpora(data)
    held_out = corpora.held_out_keys()

    leaked = [text for text in corpora.training_texts() if len(text) > 1 and letters_key(text) in held_out]

    assert len(held_out) > 20_000
    assert leaked == []


@pytest.mark.shared
def test_labelled_mentions_lie_inside_their_texts(data: Path) -> None:
    corpora = Corpora(data)

    for message in (*corpora.annotated("dev"), *corpora.authored("dev"), *corpora.conversations()):
        assert all(0 <= m.start < m.end <= len(message.text) for m in message.mentions)
