"""The figures are what scikit-learn and counting by hand say."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)

from models.corpora import LabelledMention, LabelledMessage
from models.evaluation.boundaries import boundary_figure, boundary_figures
from models.labels import Aspect, Intent, Sentiment, Stage
from models.metrics import (
    Figure,
    Resampling,
    average_precision,
    calibration_error,
    class_scores,
    confusion,
    f1_with_interval,
    macro_f1,
    score,
    share,
)

N_LABELS = 5


def mention(start: int, end: int) -> LabelledMention:
    return LabelledMention(start, end, Stage.USE, Intent.PRAISE, Aspect.PRODUCT, Sentiment.POSITIVE)


@pytest.fixture
def labels() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    truth = rng.choice(N_LABELS, size=400, p=(0.4, 0.3, 0.2, 0.08, 0.02))
    return truth, np.where(rng.random(400) < 0.7, truth, rng.integers(N_LABELS, size=400))


def test_labels_with_too_few_cases_do_not_count() -> None:
    truth = np.array([0] * 30 + [1] * 30 + [2] * 3)
    guesses = np.array([0] * 30 + [1] * 15 + [0] * 15 + [0] * 3)

    assert macro_f1(truth, guesses) == pytest.approx((60 / 78 + 30 / 45) / 2)


def test_a_set_without_a_common_label_has_no_macro_f1() -> None:
    assert macro_f1(np.array([0, 1]), np.array([0, 1])) == 0.0


def test_scores_are_those_of_scikit_learn(labels: tuple[np.ndarray, np.ndarray]) -> None:
    truth, guesses = labels
    places = np.arange(len(truth)) // 2

    found = score(truth, guesses, places, Resampling(200), n_labels=N_LABELS, min_support=1)

    assert found.macro_f1.value == pytest.approx(f1_score(truth, guesses, average="macro"))
    assert found.weighted_f1.value == pytest.approx(f1_score(truth, guesses, average="weighted"))
    assert found.accuracy.value == pytest.approx(accuracy_score(truth, guesses))
    assert found.macro_f1.n == 400


def test_classes_and_confusion_are_those_of_scikit_learn(labels: tuple[np.ndarray, np.ndarray]) -> None:
    truth, guesses = labels

    counts = confusion(truth, guesses, n_labels=N_LABELS)
    scores = class_scores(counts)

    assert counts.tolist() == confusion_matrix(truth, guesses).tolist()
    precision, recall, f1, n = precision_recall_fscore_support(truth, guesses)
    assert [one.precision for one in scores] == pytest.approx(precision)
    assert [one.recall for one in scores] == pytest.approx(recall)
    assert [one.f1 for one in scores] == pytest.approx(f1)
    assert [one.n for one in scores] == n.tolist()


def test_average_precision_is_that_of_scikit_learn_also_where_scores_are_equal() -> None:
    rng = np.random.default_rng(3)
    truth = (rng.random(300) < 0.2).astype(np.int64)
    scores = np.round(rng.random(300) * 0.5 + truth * 0.3, 1).astype(np.float32)

    found = average_precision(truth, scores)

    assert found.value == pytest.approx(average_precision_score(truth, scores))
    assert found.low < found.value < found.high
    assert found.n == truth.sum()


def test_a_bootstrap_sample_is_scored_as_if_its_messages_stood_there(
    labels: tuple[np.ndarray, np.ndarray],
) -> None:
    truth, guesses = labels
    samples = Resampling(400, n_samples=1, seed=5)
    drawn = np.repeat(np.arange(400), samples.times[0].astype(int))

    found = score(truth, guesses, np.arange(400), samples, n_labels=N_LABELS, min_support=1)

    assert len(drawn) == 400
    expected = f1_score(truth[drawn], guesses[drawn], average="weighted", labels=range(N_LABELS))
    assert found.weighted_f1.low == pytest.approx(expected)


def test_mentions_of_one_message_are_drawn_together() -> None:
    truth = np.repeat([0, 1], 200)
    guesses = np.zeros(400, dtype=np.int64)

    apart = score(truth, guesses, np.arange(400), Resampling(400), n_labels=2).accuracy
    together = score(truth, guesses, np.arange(400) // 100, Resampling(4), n_labels=2).accuracy

    assert together.high - together.low > 3 * (apart.high - apart.low)


def test_intervals_hold_the_true_share_about_as_often_as_they_promise() -> None:
    rng = np.random.default_rng(11)
    intervals = [share(rng.random(150) < 0.7, seed=seed) for seed in range(60)]

    n_right = sum(one.low <= 0.7 <= one.high for one in intervals)

    assert 53 <= n_right <= 60


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(np.array([], dtype=np.bool_)) == Figure(0.0, 0.0, 0.0, 0)


def test_found_wrong_and_missed_make_an_f1() -> None:
    figure = f1_with_interval(np.array([[3, 1, 0], [1, 0, 2]]))

    assert figure.value == pytest.approx(8 / 11)
    assert figure.n == 6


def test_a_model_that_is_as_sure_as_it_is_right_has_no_calibration_error() -> None:
    probabilities = np.tile(np.array([[0.8, 0.2]], dtype=np.float32), (10, 1))
    truth = np.array([0] * 8 + [1] * 2)

    assert calibration_error(probabilities, truth) == pytest.approx(0.0, abs=1e-6)
    assert calibration_error(probabilities, np.zeros(10, dtype=np.int64)) == pytest.approx(0.2, abs=1e-6)


def test_a_cut_at_the_same_letters_is_right_whatever_the_punctuation() -> None:
    text = "غذا عالی بود , ولی پیک دیر رسید"
    right = LabelledMessage(text, "shop", mentions=(mention(0, 12), mention(15, 31)))
    missed = LabelledMessage("بد نبود", "bank", mentions=(mention(0, 2), mention(3, 7)))

    assert boundary_figure([right]).value == 1.0
    assert boundary_figure([right, missed]).value == pytest.approx(2 / 3)
    assert {name: one.value for name, one in boundary_figures([right, missed]).items()} == {
        "all": pytest.approx(2 / 3),
        "bank": 0.0,
        "shop": 1.0,
    }
