"""The figures are what scikit-learn and counting by hand say."""

from __future__ import annotations

import numpy as np
import pytest

from models.corpora import LabelledMention, LabelledMessage
from models.evaluate import boundary_figure, three_class, two_class
from models.labels import Aspect, Intent, Sentiment, Stage
from models.metrics import bootstrap, calibration_error, macro_f1


def mention(start: int, end: int) -> LabelledMention:
    return LabelledMention(start, end, Stage.USE, Intent.PRAISE, Aspect.PRODUCT, Sentiment.POSITIVE)


def test_labels_with_too_few_cases_do_not_count() -> None:
    truth = np.array([0] * 30 + [1] * 30 + [2] * 3)
    guesses = np.array([0] * 30 + [1] * 15 + [0] * 15 + [0] * 3)

    assert macro_f1(truth, guesses) == pytest.approx((60 / 78 + 30 / 45) / 2)


def test_the_interval_holds_the_value_and_draws_whole_messages() -> None:
    truth = np.tile([0, 1], 200)
    guesses = np.where(np.arange(400) % 10 == 0, 1, truth)

    figure = bootstrap(macro_f1, truth, guesses, [i // 2 for i in range(400)])

    assert figure.low < figure.value < figure.high
    assert figure.n == 400


def test_a_model_that_is_as_sure_as_it_is_right_has_no_calibration_error() -> None:
    probabilities = np.tile(np.array([[0.8, 0.2]], dtype=np.float32), (10, 1))
    truth = np.array([0] * 8 + [1] * 2)

    assert calibration_error(probabilities, truth) == pytest.approx(0.0, abs=1e-6)
    assert calibration_error(probabilities, np.zeros(10, dtype=np.int64)) == pytest.approx(0.2, abs=1e-6)


def test_two_and_three_classes_leave_the_others_out() -> None:
    probabilities = np.array([[0.1, 0.5, 0.2, 0.2], [0.2, 0.1, 0.1, 0.6]], dtype=np.float32)

    assert two_class(probabilities).tolist() == [2, 0]
    assert three_class(probabilities).tolist() == [1, 0]


def test_a_cut_at_the_same_letters_is_right_whatever_the_punctuation() -> None:
    text = "غذا عالی بود , ولی پیک دیر رسید"
    right = LabelledMessage(text, "test", mentions=(mention(0, 12), mention(15, 31)))
    missed = LabelledMessage("بد نبود", "test", mentions=(mention(0, 2), mention(3, 7)))

    assert boundary_figure([right]).value == 1.0
    assert boundary_figure([right, missed]).value == pytest.approx(2 / 3)
