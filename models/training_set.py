"""What the heads are trained on: labelled messages, partly labelled ones, copies of both, and the dev sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.augment import Augmenter
from models.behaviour import behaviour_keys
from models.clauses import split_clauses
from models.corpora import SENTIMENT_SETS, Corpora, LabelledMention, LabelledMessage
from models.examples import IGNORED, Example, encode_messages
from models.further import further_annotated, further_authored
from models.heads import MAX_TOKENS
from models.inference import Scores
from models.labels import Aspect, Intent, Sentiment, Stage
from models.normalize import has_content, letters_key

SMOOTHING = {"snappfood": 0.06, "dksf": 0.06, "deepsentipers": 0.06, "bank_reviews": 0.15}
MOST_OF_A_SET = {"bank_reviews": 8_000}
_FULL_SMOOTHING = 0.03
_AUGMENTER = Augmenter(finglish=0.6, typos=0.3, stretched=0.1, half_spaces=0.3, punctuation=0.4, register=0.2)
_UNLABELLED_CHARS = range(12, 400)


@dataclass(frozen=True, slots=True)
class Copies:
    """Changed copies of examples.

    Attributes:
        examples: The copies.
        origin: Of which example each is a copy. Shape: (copies,).
    """

    examples: list[Example] = field(default_factory=list)
    origin: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def of(self, kept: NDArray[np.bool_]) -> list[Example]:
        """Returns the copies of those examples that are kept. Shape of ``kept``: (examples,)."""
        return [example for example, i in zip(self.examples, self.origin, strict=True) if kept[i]]


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """What is trained on and what the weights are chosen by.

    Attributes:
        full: Messages with all labels.
        partial: Messages of which at most the sentiment is known.
        dev_full: Held out, with all labels.
        dev_snappfood: Held out, with two-class sentiment.
        full_copies: Of ``full``.
        partial_copies: Of ``partial``.
    """

    full: list[Example]
    partial: list[Example]
    dev_full: list[Example]
    dev_snappfood: list[Example]
    full_copies: Copies = field(default_factory=Copies)
    partial_copies: Copies = field(default_factory=Copies)


def load_training_set(
    corpora: Corpora,
    tokenizer: Tokenizer,
    *,
    n_unlabelled: int = 0,
    copy_share: float = 0.0,
    max_tokens: int = MAX_TOKENS,
) -> TrainingSet:
    """Returns all training and dev sets as examples, the same ones each time.

    Args:
        corpora: The data.
        tokenizer: Of the network.
        n_unlabelled: Texts of ``corpus/ugc`` that join the partly labelled ones.
        copy_share: Copies made by :mod:`models.augment`, as a share of ``full``; of ``partial`` half of it.
        max_tokens: Pieces after which a message is cut off.
    """
    encode = partial(encode_messages, tokenizer, max_tokens=max_tokens)
    full = full_messages(corpora)
    some = partial_messages(corpora, n_unlabelled=n_unlabelled)
    dev = [*corpora.annotated("dev"), *corpora.authored("dev")]
    return TrainingSet(
        full=encode(full, smoothing=_FULL_SMOOTHING),
        partial=encode(some, smoothing=SMOOTHING, cut=n_unlabelled > 0),
        dev_full=encode(dev),
        dev_snappfood=encode(corpora.sentiment("snappfood", "dev")),
        full_copies=_copies(encode, full, copy_share, smoothing=_FULL_SMOOTHING),
        partial_copies=_copies(encode, some if n_unlabelled else [], copy_share / 2, smoothing=0.15),
    )


def full_messages(corpora: Corpora) -> list[LabelledMessage]:
    """Returns the messages that have all labels, of all training sets."""
    messages = [
        *corpora.annotated("train"),
        *corpora.authored("train"),
        *corpora.conversations(),
        *further_annotated(corpora),
        *further_authored(corpora),
    ]
    return [message for message in messages if has_content(message.text)]


def partial_messages(corpora: Corpora, *, n_unlabelled: int, seed: int = 1) -> list[LabelledMessage]:
    """Returns the messages with a sentiment only, and some of ``corpus/ugc`` that are not held out.

    Args:
        corpora: The data.
        n_unlabelled: How many of the latter.
        seed: Of their choice.
    """
    messages = [message for name in SENTIMENT_SETS for message in _some(corpora, name, seed)]
    if n_unlabelled:
        seen = {
            *corpora.held_out_keys(),
            *behaviour_keys(),
            *(letters_key(message.text) for message in messages),
        }
        texts = [text for text in corpora.corpus("ugc") if len(text) in _UNLABELLED_CHARS]
        chosen = [text for text in texts if letters_key(text) not in seen]
        Random(seed).shuffle(chosen)  # noqa: S311 - no secret depends on it
        messages += [LabelledMessage(text, "ugc") for text in chosen[:n_unlabelled]]
    return [message for message in messages if has_content(message.text)]


def _some(corpora: Corpora, name: str, seed: int) -> list[LabelledMessage]:
    messages = corpora.sentiment(name, "train")
    return Random(seed).sample(messages, min(len(messages), MOST_OF_A_SET.get(name, len(messages))))  # noqa: S311


def with_teachers(data: TrainingSet, full: Sequence[Scores], partly: Sequence[Scores]) -> TrainingSet:
    """Returns the set with what teachers think of ``full`` and ``partial``, also given to the copies.

    Args:
        data: As :func:`load_training_set` returned it.
        full: The probability of each label of each head, for each of ``data.full``.
        partly: The same for each of ``data.partial``.
    """
    return replace(
        data,
        full=[replace(example, taught=one) for example, one in zip(data.full, full, strict=True)],
        partial=[replace(example, taught=one) for example, one in zip(data.partial, partly, strict=True)],
        full_copies=_taught_copies(data.full_copies, full),
        partial_copies=_taught_copies(data.partial_copies, partly),
    )


def _taught_copies(copies: Copies, taught: Sequence[Scores]) -> Copies:
    pairs = zip(copies.examples, copies.origin, strict=True)
    return replace(copies, examples=[replace(example, taught=taught[i]) for example, i in pairs])


def _copies(
    encode: Callable[..., list[Example]],
    messages: Sequence[LabelledMessage],
    share: float,
    *,
    smoothing: float,
    seed: int = 1,
) -> Copies:
    rng = Random(seed)  # noqa: S311 - no secret depends on it
    origin = sorted(rng.sample(range(len(messages)), k=int(share * len(messages))))
    changed = [_AUGMENTER.augment(_with_spans(messages[i]), rng) for i in origin]
    kept = [place for place, message in enumerate(changed) if has_content(message.text)]
    examples = encode([changed[place] for place in kept], smoothing=smoothing)
    for place, i in enumerate(kept):
        if not messages[origin[i]].mentions:
            unknown = np.full_like(examples[place].mentions, IGNORED)
            examples[place] = replace(examples[place], mentions=unknown)
    return Copies(examples, np.array([origin[i] for i in kept], dtype=np.int64))


def _with_spans(message: LabelledMessage) -> LabelledMessage:
    if message.mentions:
        return message
    spans = split_clauses(message.text)
    unknown = (Stage.NONE, Intent.OTHER, Aspect.GENERAL, Sentiment.NEUTRAL)
    return replace(message, mentions=tuple(LabelledMention(start, end, *unknown) for start, end in spans))
