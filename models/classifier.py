"""Says what each message is about: the only door to inference.

>>> model = Classifier()  # doctest: +SKIP
>>> model.predict(["غذا عالی بود ولی پیک دیر رسید"])  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.checkpoint import SHIPPED, load_checkpoint
from models.clauses import split_clauses
from models.encoding import EncodedText, Span, Window, encode_texts, frame_of
from models.engines import open_engine
from models.heads import EXCLUSIVE_HEADS, MENTION_HEADS
from models.inference import Floats, Forward, Scores, score_windows
from models.labels import (
    MENTION_SENTIMENTS,
    Aspect,
    Emotion,
    Flag,
    Intent,
    Mention,
    Prediction,
    Sentiment,
    Stage,
)
from models.levels import Levels
from models.normalize import has_content
from models.occlusion import Occlusion, hidden, hider_of, part_around, words_around
from models.windows import Placed, cut_windows, window_offsets

MAX_CHARS = 100_000
_CHUNK_TEXTS = 1024
# A thousand tickets are fewer; a thousand texts of the longest kind would take gigabytes at once.
_CHUNK_CHARS = 2_000_000
_STAGES, _INTENTS, _ASPECTS = tuple(Stage), tuple(Intent), tuple(Aspect)
_SENTIMENTS, _EMOTIONS, _FLAGS = tuple(Sentiment), tuple(Emotion), tuple(Flag)


@dataclass(frozen=True, slots=True)
class _Prepared:
    text: str
    spans: list[Span]
    windows: list[Window]
    placed: list[Placed]


class Classifier:
    """A loaded model. Safe to share between threads.

    Args:
        weights: A weights folder; the shipped one by default.
        threads: Threads of the matrix work; reading the next texts takes part of another.
        engine: ``onnx`` or ``torch``; ``None``: what the folder needs.
        device: ``cpu``, ``cuda`` (engine torch only), or an empty string for a GPU where it can be used.

    Raises:
        CheckpointError: The folder is not whole, its labels are not the taxonomy's, it is for another engine
            than asked for, or the engine or the device is not there.
    """

    def __init__(
        self, weights: Path = SHIPPED, *, threads: int = 2, engine: str | None = None, device: str = ""
    ) -> None:
        checkpoint = load_checkpoint(weights)
        self.version: str = checkpoint.manifest.model_version
        self.levels = Levels(checkpoint.manifest.levels)
        self.confusion = checkpoint.manifest.confusion
        self._max_tokens = checkpoint.manifest.max_tokens
        self._engine = open_engine(checkpoint, threads=threads, engine=engine, device=device)
        self._tokenizer = Tokenizer.from_file(str(checkpoint.tokenizer))
        self._frame = frame_of(self._tokenizer)
        self._forward = Probabilities(self._engine.forward, checkpoint.manifest.temperatures)
        thresholds = checkpoint.manifest.flag_thresholds
        self._thresholds = np.array([thresholds.get(flag, 0.5) for flag in _FLAGS], dtype=np.float32)

    def predict(self, texts: Sequence[str], *, batch_tokens: int | None = None) -> list[Prediction]:
        """Returns what the model says about each text, in the order given.

        A text of any length is read in overlapping windows, up to its first ``MAX_CHARS`` (100,000) code
        points; what lies beyond is not read and gets no mention. Equal texts are read once.

        Args:
            texts: Messages as written; masks of redaction are understood.
            batch_tokens: Tokens the network reads at once, padding included; ``None``: what suits the engine.
        """
        batch_tokens = batch_tokens or self._engine.batch_tokens
        distinct = list(dict.fromkeys(texts))
        chunks = list(chunked(distinct))
        with ThreadPoolExecutor(
            max_workers=1
        ) as teller:  # tells of one chunk while the network reads the next
            told = [
                teller.submit(self._tell, prepared, self._score(prepared, batch_tokens))
                for prepared in self._prepare_ahead(chunks)
            ]
        predictions = chain.from_iterable(part.result() for part in told)
        found = dict(zip(distinct, predictions, strict=True))
        return [found[text] for text in texts]

    def occlude(self, text: str, mention: Span) -> Occlusion:
        """Returns what is said of a mention, as written and with each word in and around it hidden.

        All is asked of the network at once. Of a text beyond 4,000 code points only what surrounds the mention
        is read, so that its labels may differ a little from those of :meth:`predict`.

        Args:
            text: As it was classified.
            mention: Its span in code points.
        """
        start, end = part_around(text, mention)
        part, span = text[start:end], (mention[0] - start, min(mention[1], end) - start)
        (encoded,) = encode_texts(self._tokenizer, [part])
        if not encoded.pieces:
            return Occlusion((), {}, ())
        windows, (placed,) = self._cut(encoded, [span])
        offset = window_offsets(len(encoded.pieces), max_tokens=self._max_tokens)[placed.window]
        window = windows[placed.window]
        words = words_around(part, span, n_tokens=len(window.pieces))
        found = list(hidden(encoded, window, offset=offset, words=words, hider=hider_of(self._tokenizer)))
        scores = score_windows(
            self._forward,
            [window, *(variant for _, variant in found)],
            batch_tokens=self._engine.batch_tokens,
            threads=self._engine.n_at_once,
        )
        as_written, *without = [{head: one[head][0] for head in MENTION_HEADS} for one in scores]
        moved = tuple((first + start, last + start) for (first, last), _ in found)
        return Occlusion(moved, as_written, tuple(without))

    def _prepare_ahead(self, chunks: Sequence[Sequence[str]]) -> Iterator[list[_Prepared]]:
        if len(chunks) < 2:
            yield from map(self._prepare, chunks)
            return
        with ThreadPoolExecutor(max_workers=1) as reader:
            waiting = reader.submit(self._prepare, chunks[0])
            for chunk in chunks[1:]:
                ready, waiting = waiting.result(), reader.submit(self._prepare, chunk)
                yield ready
            yield waiting.result()

    def _prepare(self, texts: Sequence[str]) -> list[_Prepared]:
        read = [text[:MAX_CHARS] for text in texts]
        encoded = encode_texts(self._tokenizer, read)
        return [self._place(text, one) for text, one in zip(read, encoded, strict=True)]

    def _place(self, text: str, encoded: EncodedText) -> _Prepared:
        if not encoded.pieces or not has_content(text):
            return _Prepared(text, [], [], [])
        spans = split_clauses(text)
        return _Prepared(text, spans, *self._cut(encoded, spans))

    def _cut(self, encoded: EncodedText, spans: list[Span]) -> tuple[list[Window], list[Placed]]:
        return cut_windows(encoded, spans, frame=self._frame, max_tokens=self._max_tokens)

    def _score(self, prepared: list[_Prepared], batch_tokens: int) -> list[Scores]:
        windows = [window for one in prepared for window in one.windows]
        n_at_once = self._engine.n_at_once
        return score_windows(self._forward, windows, batch_tokens=batch_tokens, threads=n_at_once)

    def _tell(self, prepared: list[_Prepared], scores: list[Scores]) -> list[Prediction]:
        of_windows = iter(scores)
        return [self._prediction(one, [next(of_windows) for _ in one.windows]) for one in prepared]

    def _prediction(self, prepared: _Prepared, windows: list[Scores]) -> Prediction:
        if not windows:
            return _silent(self.version)
        sentiment, emotion = _mean("sentiment", prepared, windows), _mean("emotion", prepared, windows)
        flags = np.max([window["flags"] for window in windows], axis=0) >= self._thresholds
        best_emotion = int(emotion.argmax())
        return Prediction(
            sentiment=_SENTIMENTS[int(sentiment.argmax())],
            sentiment_probabilities=dict(zip(_SENTIMENTS, sentiment.tolist(), strict=True)),
            emotion=_EMOTIONS[best_emotion],
            emotion_confidence=float(emotion[best_emotion]),
            flags=tuple(flag for flag, raised in zip(_FLAGS, flags.tolist(), strict=True) if raised),
            mentions=tuple(
                _mention(prepared.text, span, windows[place.window], place.mention)
                for span, place in zip(prepared.spans, prepared.placed, strict=True)
            ),
            model_version=self.version,
        )


def chunked(
    texts: Sequence[str], *, max_texts: int = _CHUNK_TEXTS, max_chars: int = _CHUNK_CHARS
) -> Iterator[list[str]]:
    """Yields texts in parts that are read at once, as many as fit; a longer text is a part of its own.

    >>> list(chunked(["a", "b", "c", "dddd", "e"], max_texts=2, max_chars=4))
    [['a', 'b'], ['c'], ['dddd'], ['e']]
    """
    chunk: list[str] = []
    n_chars = 0
    for text in texts:
        read = min(len(text), MAX_CHARS)
        if chunk and (len(chunk) == max_texts or n_chars + read > max_chars):
            yield chunk
            chunk, n_chars = [], 0
        chunk.append(text)
        n_chars += read
    if chunk:
        yield chunk


class Probabilities:
    """A network whose scores have become calibrated probabilities."""

    def __init__(self, forward: Forward, temperatures: Mapping[str, float]) -> None:
        self._forward = forward
        self._temperatures = temperatures

    def __call__(
        self, tokens: NDArray[np.int64], is_token: NDArray[np.bool_], spans: NDArray[np.bool_]
    ) -> dict[str, Floats]:
        """Returns the probability of each label; see :class:`models.inference.Forward`."""
        scores = self._forward(tokens, is_token, spans)
        found: dict[str, Floats] = {
            name: _softmax(scores[name] / self._temperatures[name]) for name in EXCLUSIVE_HEADS
        }
        found["flags"] = 1.0 / (1.0 + np.exp(-scores["flags"]))
        return found


def _softmax(scores: Floats) -> Floats:
    powers: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _mean(head: str, prepared: _Prepared, windows: list[Scores]) -> Floats:
    if len(windows) == 1:
        return windows[0][head]
    weights = [len(window.pieces) for window in prepared.windows]
    mean: Floats = np.average([window[head] for window in windows], axis=0, weights=weights)
    return mean


def _mention(text: str, span: Span, scores: Scores, place: int) -> Mention:
    stage, intent = scores["stage"][place].tolist(), scores["intent"][place].tolist()
    aspect, sentiment = scores["aspect"][place].tolist(), scores["mention_sentiment"][place].tolist()
    stage_confidence, intent_confidence = max(stage), max(intent)
    aspect_confidence, sentiment_confidence = max(aspect), max(sentiment)
    return Mention(
        start=span[0],
        end=span[1],
        text=text[span[0] : span[1]],
        stage=_STAGES[stage.index(stage_confidence)],
        intent=_INTENTS[intent.index(intent_confidence)],
        aspect=_ASPECTS[aspect.index(aspect_confidence)],
        sentiment=MENTION_SENTIMENTS[sentiment.index(sentiment_confidence)],
        stage_confidence=stage_confidence,
        intent_confidence=intent_confidence,
        aspect_confidence=aspect_confidence,
        sentiment_confidence=sentiment_confidence,
    )


def _silent(version: str) -> Prediction:
    certain = {sentiment: float(sentiment is Sentiment.NEUTRAL) for sentiment in _SENTIMENTS}
    return Prediction(Sentiment.NEUTRAL, certain, Emotion.NONE, 1.0, (), (), version)
