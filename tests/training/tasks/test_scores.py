"""The measures of a classifier, beside those of scikit-learn, of Keras, and of publications."""

import keras
import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kerascnn.training.tasks import scores

CLASSES = [*"abcdefgh"]


@st.composite
def judged(draw, fewest=2, most=8):
    """(truth, probabilities); some of them are equal."""
    n, k = draw(st.integers(1, 60)), draw(st.integers(fewest, most))
    weights = draw(arrays(np.int64, (n, k), elements=st.integers(0, 4))) + 1e-9
    return draw(arrays(np.int64, n, elements=st.integers(0, k - 1))), weights / weights.sum(axis=1, keepdims=True)


@settings(max_examples=50, deadline=None)
@given(judged())
def test_measures_are_those_of_scikit_learn(given):
    truth, probabilities = given
    n_classes = probabilities.shape[1]
    labels, answers = list(range(n_classes)), probabilities.argmax(-1)
    found = scores.measure(truth, probabilities, CLASSES[:n_classes])
    assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, answers))
    assert found["log_loss"] == pytest.approx(sklearn.metrics.log_loss(truth, probabilities, labels=labels))
    assert found["images"] == len(truth)
    report = sklearn.metrics.classification_report(
        truth, answers, labels=labels, target_names=CLASSES[:n_classes], output_dict=True, zero_division=0
    )
    for row in found["classes"]:
        expected = report[row["class"]]
        assert row["precision"] == pytest.approx(expected["precision"])
        assert row["recall"] == pytest.approx(expected["recall"])
        assert row["f1"] == pytest.approx(expected["f1-score"])
        assert row["images"] == expected["support"]
    counts = sklearn.metrics.confusion_matrix(truth, answers, labels=labels)
    np.testing.assert_array_equal(scores.confusion(truth, probabilities), counts)


@settings(max_examples=50, deadline=None)
@given(judged(most=2))
def test_brier_of_two_classes_is_twice_that_of_one(given):
    truth, probabilities = given
    single = sklearn.metrics.brier_score_loss(truth, probabilities[:, 1], labels=[0, 1])
    assert scores.brier(truth, probabilities) == pytest.approx(2 * single)


def test_brier_by_hand():
    assert scores.brier(np.array([0, 2]), np.array([[0.5, 0.3, 0.2], [0, 0, 1]])) == pytest.approx(
        (0.25 + 0.09 + 0.04) / 2
    )


def test_measures_by_hand():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.4, 0.1], [0.2, 0.2, 0.6]])
    found = scores.measure(np.array([0, 1, 1, 0]), probabilities, ("a", "b", "c"))
    assert found["accuracy"] == 0.5
    assert (found["majority_class"], found["majority_accuracy"], found["constant_answer"]) == ("a", 0.5, None)
    assert "top5_accuracy" not in found
    assert found["classes"] == [
        {"class": "a", "precision": 0.5, "recall": 0.5, "f1": 0.5, "images": 2},
        {"class": "b", "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "images": 2},
        {"class": "c", "precision": 0.0, "recall": 0.0, "f1": 0.0, "images": 0},
    ]


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
    ],
)  # fmt: skip
def test_intervals_of_newcombe(right, of, low, high):
    """Newcombe 1998, Statistics in Medicine 17, Table I, method 3: Wilson's score, without correction."""
    assert scores.interval(right, of) == pytest.approx((low, high), abs=6e-5)


@settings(max_examples=50, deadline=None)
@given(judged(fewest=6))
def test_top5_agrees_with_keras(given):
    truth, probabilities = given
    untied = (probabilities - 1e-4 * np.arange(probabilities.shape[1])).astype("float32")
    expected = float(keras.metrics.SparseTopKCategoricalAccuracy(5)(truth, untied))
    assert scores.top_accuracy(truth, probabilities, 5) == pytest.approx(expected)
    assert scores.top_accuracy(truth, probabilities, 1) == pytest.approx((probabilities.argmax(-1) == truth).mean())
    assert scores.measure(truth, probabilities, CLASSES[: probabilities.shape[1]])["top5_accuracy"] == pytest.approx(
        expected
    )


@settings(max_examples=50, deadline=None)
@given(judged(), st.integers(1, 20))
def test_reliability_counts_every_image_once(given, bins):
    truth, probabilities = given
    found = scores.reliability(truth, probabilities, bins)
    filled = [row for row in found if row.images]
    assert len(found) == bins
    assert sum(row.images for row in found) == len(truth)
    right = sum(row.images * row.accuracy for row in filled)
    assert right == pytest.approx((probabilities.argmax(-1) == truth).sum())
    for i, row in enumerate(found):
        assert (
            np.isnan(row.confidence) if not row.images else i / bins - 1e-9 <= row.confidence <= (i + 1) / bins + 1e-9
        )
    assert 0 <= scores.calibration_error(truth, probabilities, bins) <= 1


def test_calibration_error_by_hand():
    """Four answers at 0.9, three of them right; two at 0.5, which is the end of a bin, both wrong."""
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.5, 0.5]] * 2)
    truth = np.array([0, 0, 0, 1, 1, 1])
    assert scores.calibration_error(truth, probabilities, bins=2) == pytest.approx((4 * 0.15 + 2 * 0.5) / 6)
    assert [row.images for row in scores.reliability(truth, probabilities, bins=2)] == [2, 4]


def test_calibration_error_of_what_is_calibrated():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), 20_000)
    truth = (probabilities.cumsum(axis=1) > rng.random(20_000)[:, None]).argmax(axis=1)
    assert scores.calibration_error(truth, probabilities) < 0.015
    sharper = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert scores.calibration_error(truth, sharper) > 0.15


def test_mcnemar_by_hand():
    """Nine differences, eight of them for the second: 2 * (1 + 9) / 2**9."""
    truth = np.zeros(20, int)
    first, second = truth.copy(), truth.copy()
    first[:8], second[8] = 1, 2
    first[9:12] = second[9:12] = 1
    assert scores.mcnemar(truth, first, second) == (1, 8, pytest.approx(20 / 512))
    assert scores.mcnemar(truth, second, first) == (8, 1, pytest.approx(20 / 512))
    assert scores.mcnemar(truth, first, first) == (0, 0, 1.0)


def said(answers, classes=3):
    return np.eye(classes)[answers] * 0.7 + 0.3 / classes


@pytest.mark.parametrize(
    ("truth", "answers", "expected"),
    [
        ([0] * 30 + [1] * 70, [1] * 100, ["gives the same answer for every image: b"]),
        ([0] * 30 + [1] * 70, [0] * 30 + [1] * 70, []),
        ([0] * 30 + [1] * 70, [0] * 5 + [1] * 95, ["no better than always saying b"]),  # 75 %, from 66 to 82 %
        ([0] * 30 + [1] * 70, [0] * 60 + [1] * 40, ["no better than always saying b"]),  # exactly as many
        ([0] * 30 + [1] * 70, [1] * 30 + [0] * 70, ["no better than always saying b"]),  # all wrong
        ([0] * 300 + [1] * 700, [0] * 50 + [1] * 950, []),  # 75 %, from 72 to 78 %
        ([2], [2], ["no better than always saying c"]),  # a single image shows nothing
    ],
)
def test_warnings(truth, answers, expected):
    measures = scores.measure(np.array(truth), said(answers), ("a", "b", "c"))
    assert scores.warnings(measures) == expected
