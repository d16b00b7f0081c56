"""Predictions point into the text they were made of, whatever the text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import TEXTS, tiny_network, tiny_tokenizer

from models.classifier import MAX_CHARS, Classifier, chunked
from models.encoding import encode_texts, frame_of
from models.export import export_onnx
from models.heads import HEADS
from models.inference import collate
from models.labels import Emotion, Intent, Prediction, Sentiment
from models.onnx_engine import OnnxForward
from models.windows import ROOM, cut_windows

NO_WORDS = Prediction(
    sentiment=Sentiment.NEUTRAL,
    sentiment_probabilities={
        Sentiment.NEGATIVE: 0.0,
        Sentiment.NEUTRAL: 1.0,
        Sentiment.POSITIVE: 0.0,
        Sentiment.MIXED: 0.0,
    },
    emotion=Emotion.NONE,
    emotion_confidence=1.0,
    flags=(),
    mentions=(),
    model_version="tiny-1",
)


@pytest.fixture(scope="module")
def tiny(tiny_weights: Path) -> Classifier:
    return Classifier(tiny_weights, threads=1)


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return Classifier(threads=1)


def test_mentions_are_exact_pieces_of_the_text(tiny: Classifier) -> None:
    text = "غذا   عالیییی بود ولی پیک دیر رسید 😡. <phone>"

    (prediction,) = tiny.predict([text])

    assert [mention.text for mention in prediction.mentions] == ["غذا   عالیییی بود", "ولی پیک دیر رسید 😡."]
    assert all(text[mention.start : mention.end] == mention.text for mention in prediction.mentions)


@pytest.mark.parametrize("text", ["", "...", "۱۲۳", "\u0000\u202e", "\ud800", "<phone>", "ـ"])
def test_a_text_without_words_is_neutral(tiny: Classifier, text: str) -> None:
    assert tiny.predict([text]) == [NO_WORDS]


@given(st.lists(st.text(alphabet=st.characters(), max_size=80), max_size=6))
@settings(max_examples=40, deadline=None)
def test_any_text_gets_one_prediction_with_true_probabilities(tiny: Classifier, texts: list[str]) -> None:
    predictions = tiny.predict(texts)

    assert len(predictions) == len(texts)
    for text, prediction in zip(texts, predictions, strict=True):
        assert sum(prediction.sentiment_probabilities.values()) == pytest.approx(1.0, abs=1e-4)
        assert all(text[m.start : m.end] == m.text for m in prediction.mentions)
        assert all(0.0 <= m.stage_confidence <= 1.0 for m in prediction.mentions)


def test_the_order_of_the_texts_is_kept(tiny: Classifier) -> None:
    texts = [f"{'خوب ' * (i % 40)}سفارش من نرسید" for i in range(1500)]

    predictions = tiny.predict(texts)

    assert [p.mentions[-1].end for p in predictions] == [len(text) for text in texts]


def test_equal_texts_get_equal_predictions(tiny: Classifier) -> None:
    first, other, second = tiny.predict(["پیک دیر رسید", "غذا عالی بود", "پیک دیر رسید"])

    assert first == second
    assert first.mentions[0].text == "پیک دیر رسید"
    assert other.mentions[0].text == "غذا عالی بود"


def test_a_text_is_judged_alike_alone_and_in_company(shipped: Classifier) -> None:
    text = "غذا عالی بود ولی پیک دیر رسید"

    (alone,) = shipped.predict([text])
    company = shipped.predict(["سلام", text, "خیلی بد بود و اصلا راضی نیستم " * 5])[1]

    assert [m.aspect for m in alone.mentions] == [m.aspect for m in company.mentions]
    assert alone.sentiment == company.sentiment


def test_a_megabyte_is_read_up_to_the_limit(tiny: Classifier) -> None:
    (prediction,) = tiny.predict(["پیک دیر رسید. " * 72_000])

    assert prediction.mentions[-1].end <= MAX_CHARS
    assert len(prediction.mentions) > 5_000


def test_each_mention_of_a_long_text_lies_inside_its_window() -> None:
    tokenizer = tiny_tokenizer()
    text = "پیک دیر رسید. " * 400
    spans = [(place, place + 13) for place in range(0, len(text), 14)]
    (encoded,) = encode_texts(tokenizer, [text])

    windows, placed = cut_windows(encoded, spans, frame=frame_of(tokenizer))

    assert len(windows) > 3
    assert max(len(window.pieces) for window in windows) == ROOM + 2
    for (start, end), place in zip(spans, placed, strict=True):
        first, last = windows[place.window].spans[place.mention]
        expected = encoded.pieces[slice(*encoded.span(start, end))]
        assert windows[place.window].pieces[first:last] == expected


def test_the_export_says_what_torch_says(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    network = tiny_network(tokenizer.get_vocab_size())
    export_onnx(network, tmp_path / "plain.onnx", quantized=False)
    encoded = encode_texts(tokenizer, TEXTS[:5])
    windows = [cut_windows(one, [(0, 8), (9, 20)], frame=frame_of(tokenizer))[0][0] for one in encoded]
    arrays = collate(windows)

    found = OnnxForward(tmp_path / "plain.onnx")(*arrays)

    with torch.inference_mode():
        expected = network(*(torch.from_numpy(array) for array in arrays))
    for head in HEADS:
        np.testing.assert_allclose(found[head], expected[head].numpy(), atol=1e-5)


def test_padding_changes_nothing(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    network = tiny_network(tokenizer.get_vocab_size())
    (encoded,) = encode_texts(tokenizer, TEXTS[:1])
    windows, _ = cut_windows(encoded, [(0, 12)], frame=frame_of(tokenizer))

    with torch.inference_mode():
        short = network(*(torch.from_numpy(array) for array in collate(windows)))
        padded = network(*(torch.from_numpy(array) for array in collate(windows, n_tokens=64)))

    for head in HEADS:
        np.testing.assert_allclose(short[head].numpy(), padded[head].numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("غذا خیلی خوشمزه و عالی بود ممنون", Sentiment.POSITIVE),
        ("افتضاح بود، غذا سرد و بی کیفیت، دیگه سفارش نمیدم", Sentiment.NEGATIVE),
        ("هزینه ارسال به کرج چقدره؟", Sentiment.NEUTRAL),
    ],
)
def test_the_shipped_model_hears_plain_sentiment(
    shipped: Classifier, text: str, sentiment: Sentiment
) -> None:
    (prediction,) = shipped.predict([text])

    assert prediction.sentiment == sentiment


def test_the_shipped_model_tells_what_each_clause_is_about(shipped: Classifier) -> None:
    (prediction,) = shipped.predict(["غذا عالی بود ولی پیک خیلی دیر رسید"])

    food, courier = prediction.mentions
    assert (food.intent, food.aspect, food.sentiment) == ("praise", "product", "positive")
    assert (courier.stage, courier.intent, courier.aspect, courier.sentiment) == (
        "delivery",
        "complaint",
        "delivery",
        "negative",
    )


def test_inference_needs_no_torch() -> None:
    command = (
        "import sys; from models.classifier import Classifier; Classifier(); print('torch' in sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)

    assert result.stdout == "False\n"


def test_a_complaint_at_the_end_of_a_long_ticket_is_found(shipped: Classifier) -> None:
    filler = [f"سفارش شماره {number} به موقع رسید و کیفیتش خوب بود" for number in range(500)]
    complaint = "پیک آخرین سفارش خیلی بد برخورد کرد و بسته پاره بود"
    ticket = ".\n".join([*filler, complaint])

    (prediction,) = shipped.predict([ticket])

    assert len(ticket.split()) > 5_000
    assert ticket[prediction.mentions[-1].start : prediction.mentions[-1].end] == complaint
    assert prediction.mentions[-1].intent is Intent.COMPLAINT
    assert prediction.mentions[-1].sentiment is Sentiment.NEGATIVE
    assert sum(mention.sentiment is Sentiment.POSITIVE for mention in prediction.mentions) > 450


def test_texts_are_read_as_many_at_once_as_fit_and_a_long_one_alone() -> None:
    texts = ["a", "b", "c", "d" * MAX_CHARS, "e" * (2 * MAX_CHARS), "f"]

    parts = list(chunked(texts, max_texts=2, max_chars=MAX_CHARS + 1))

    assert [[text[0] for text in part] for part in parts] == [["a", "b"], ["c", "d"], ["e", "f"]]
