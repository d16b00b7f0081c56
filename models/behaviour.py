"""Behaviour tests of a model: short cases that show what it can and cannot do, by capability.

Three kinds after CheckList (Ribeiro et al. 2020, arXiv 2005.04118): what a text must be read as, texts that
must be read alike, and changes that may move the sentiment to one side only. The cases are in
``behaviours.toml``, read by :mod:`models.behaviour_cases`; none of them may be trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from models.behaviour_cases import Case, Kind, load_cases
from models.labels import Mention, Prediction, Sentiment
from models.normalize import letters_key

__all__ = [
    "Case",
    "CaseResult",
    "Kind",
    "PassRate",
    "behaviour_keys",
    "load_cases",
    "negativity",
    "pass_rates",
    "run_cases",
]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Whether a model passed a case; ``reason`` says what it answered instead, and is empty if it passed."""

    case: Case
    reason: str

    @property
    def passed(self) -> bool:
        """Whether the answer was right."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class PassRate:
    """How many cases passed, with the 95 % interval (Wilson 1927) of their share."""

    n: int
    n_passed: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share that passed, 0 to 1."""
        return self.n_passed / self.n


def run_cases(
    predict: Callable[[Sequence[str]], list[Prediction]], cases: Sequence[Case]
) -> list[CaseResult]:
    """Returns what became of each case, in the order given.

    Args:
        predict: The model; called once, with each text once.
        cases: The questions.
    """
    texts = list(dict.fromkeys(text for case in cases for text in case.texts))
    answers = dict(zip(texts, predict(texts), strict=True))
    return [CaseResult(case, _JUDGES[case.kind](case, [answers[t] for t in case.texts])) for case in cases]


def pass_rates(results: Sequence[CaseResult]) -> dict[str, PassRate]:
    """Returns the pass rate of each capability, in the order of the results."""
    passed: dict[str, list[bool]] = {}
    for result in results:
        passed.setdefault(result.case.capability, []).append(result.passed)
    return {capability: _pass_rate(sum(some), len(some)) for capability, some in passed.items()}


def behaviour_keys() -> frozenset[str]:
    """Returns the letters of every text of the shipped cases, for training to leave these texts out.

    A text of emoji alone has no letters and therefore no key.
    """
    keys = {letters_key(text) for case in load_cases() for text in case.texts}
    return frozenset(keys - {""})


def negativity(prediction: Prediction) -> float:
    """Returns the probability of negative minus that of positive, −1 to 1."""
    probabilities = prediction.sentiment_probabilities
    return probabilities[Sentiment.NEGATIVE] - probabilities[Sentiment.POSITIVE]


def _pass_rate(n_passed: int, n: int) -> PassRate:
    from scipy.stats import binomtest

    interval = binomtest(n_passed, n).proportion_ci(0.95, method="wilson")
    return PassRate(n, n_passed, float(interval.low), float(interval.high))


def _judge_label(case: Case, predictions: Sequence[Prediction]) -> str:
    wrong = []
    for head, accepted in case.accepted.items():
        found = _answer(head, predictions[0], case)
        if found not in accepted:
            wrong.append(f"{head} is {found}, expected {' or '.join(sorted(accepted))}")
    return "; ".join(wrong)


def _judge_same(_case: Case, predictions: Sequence[Prediction]) -> str:
    found = [prediction.sentiment for prediction in predictions]
    return "" if len(set(found)) == 1 else f"sentiments are {', '.join(found)}, expected the same"


def _judge_change(case: Case, predictions: Sequence[Prediction]) -> str:
    before, after = (negativity(prediction) for prediction in predictions)
    wrong_way = before - after if case.worsens else after - before
    if wrong_way <= case.tolerance:
        return ""
    side = "fall" if case.worsens else "rise"
    return f"negativity went from {before:.2f} to {after:.2f}, may {side} by {case.tolerance:.2f} at most"


_JUDGES: Mapping[Kind, Callable[[Case, Sequence[Prediction]], str]] = {
    Kind.MFT: _judge_label,
    Kind.INV: _judge_same,
    Kind.DIR: _judge_change,
}


def _answer(head: str, prediction: Prediction, case: Case) -> str:
    if head == "sentiment":
        return prediction.sentiment
    if head == "emotion":
        return prediction.emotion
    mention = _mention_of(prediction.mentions, case)
    if mention is None:
        return "missing"
    answers = {
        "stage": mention.stage,
        "intent": mention.intent,
        "aspect": mention.aspect,
        "mention_sentiment": mention.sentiment,
    }
    return answers[head]


def _mention_of(mentions: Sequence[Mention], case: Case) -> Mention | None:
    clause = case.clause or case.texts[0]
    start = case.texts[0].index(clause)
    end = start + len(clause)

    def shared(mention: Mention) -> int:
        return min(end, mention.end) - max(start, mention.start)

    best = max(mentions, key=shared, default=None)
    return best if best is not None and shared(best) > 0 else None
