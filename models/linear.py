"""Linear classifiers over word and letter n-grams, which know other things than the networks and teach beside them.

On dev a mean of four networks and such a classifier had a macro F1 of 0.674, 0.823 and 0.646 for stage, intent and
aspect, the four networks alone 0.663, 0.795 and 0.622.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from models.clauses import split_clauses
from models.corpora import LabelledMessage
from models.heads import MENTION_HEADS
from models.inference import Floats, Scores

SHARE = 0.3
_CONTEXT_WEIGHT = 0.5
_FOLDED = str.maketrans("يكۀة‌", "یکهه ")


@dataclass(frozen=True, slots=True)
class Clauses:
    """Clauses with the messages they stand in, both as texts."""

    clauses: list[str]
    messages: list[str]

    @classmethod
    def of(cls, messages: Sequence[LabelledMessage]) -> Clauses:
        """Returns the mentions of the messages, or their clauses where they have none, in order."""
        found, whole = [], []
        for message in messages:
            text = message.text.translate(_FOLDED).lower()
            spans = [(m.start, m.end) for m in message.mentions] or split_clauses(message.text)
            found += [text[start:end] for start, end in spans]
            whole += [text] * len(spans)
        return cls(found, whole)


class Features:
    """Turns clauses into n-gram weights; learns which n-grams there are from some of them."""

    def __init__(self, known: Clauses) -> None:
        self._words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
        self._letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), min_df=5, max_features=150_000, sublinear_tf=True
        )
        self._context = TfidfVectorizer(min_df=3, sublinear_tf=True)
        self._words.fit(known.clauses)
        self._letters.fit(known.clauses)
        self._context.fit(known.messages)

    def __call__(self, given: Clauses) -> csr_matrix:
        """Returns the features. Shape: (clauses, n-grams)."""
        parts = (
            self._words.transform(given.clauses),
            self._letters.transform(given.clauses),
            self._context.transform(given.messages) * _CONTEXT_WEIGHT,
        )
        return hstack(parts).tocsr()


def teach_linearly(
    full: Sequence[LabelledMessage], others: Sequence[LabelledMessage], folds: NDArray[np.int64], head: str
) -> tuple[Floats, Floats]:
    """Returns what linear classifiers think of the mentions of both.

    Args:
        full: Labelled messages; each is judged by a classifier that never saw its fold.
        others: Messages that all folds judge.
        folds: The fold of each of ``full``. Shape: (messages,).
        head: One of ``MENTION_HEADS``.

    Returns:
        Probabilities. Shapes: (mentions of full, labels), (mentions of others, labels).
    """
    known, asked = Clauses.of(full), Clauses.of(others)
    features = Features(known)
    seen, unseen = features(known), features(asked)
    field = head.removeprefix("mention_")
    labels = list(MENTION_HEADS[head])
    truth = np.array([labels.index(getattr(m, field)) for message in full for m in message.mentions])
    numbers = np.repeat(folds, [len(message.mentions) for message in full])
    found = np.zeros((len(truth), len(labels)), dtype=np.float32)
    mean = np.zeros((len(asked.clauses), len(labels)), dtype=np.float32)
    for fold in np.unique(folds):
        held = numbers == fold
        classifier = SGDClassifier(
            loss="log_loss", alpha=3e-6, max_iter=8, tol=None, average=True, random_state=1
        )
        classifier.fit(seen[~held], truth[~held])
        found[np.ix_(held, classifier.classes_)] = classifier.predict_proba(seen[held])
        mean[:, classifier.classes_] += classifier.predict_proba(unseen) / len(np.unique(folds))
    return found, mean


def mix(scores: Sequence[Scores], linear: Floats, head: str) -> list[Scores]:
    """Returns the scores with ``SHARE`` of the linear classifiers' opinion in one head.

    Args:
        scores: Of the networks, a message each.
        linear: Of the linear classifiers, all mentions one after the other. Shape: (mentions, labels).
        head: One of ``MENTION_HEADS``.
    """
    parts = np.split(linear, np.cumsum([len(one[head]) for one in scores])[:-1])
    return [
        {**one, head: (1 - SHARE) * one[head] + SHARE * part} for one, part in zip(scores, parts, strict=True)
    ]
