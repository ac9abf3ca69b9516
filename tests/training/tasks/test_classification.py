"""How good a classifier is, in numbers."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.training.tasks.classification import Predictions, accuracy_over_crops, collect, measure, mistakes


class Oracle:
    """A network whose answer is written in the image: the first pixel is the class that it takes it for."""

    def predict_on_batch(self, images):
        return np.eye(4, dtype="float32")[np.asarray(images)[:, 0, 0, 0].astype(int)] * 0.9 + 0.025


def batches(truth, answers, size=3):
    images = np.zeros((len(truth), 2, 2, 1))
    images[:, 0, 0, 0] = answers
    images[:, 1, 1, 0] = np.arange(len(truth))
    return [(images[i : i + size], np.array(truth[i : i + size])) for i in range(0, len(truth), size)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30), st.integers(1, 12))
def test_samples_are_the_first_of_each_kind_with_half_the_places_for_wrong_answers(pairs, most):
    truth, said = zip(*pairs, strict=True)
    given = collect(Oracle(), batches(truth, said), most)
    assert given.truth.tolist() == list(truth)
    assert given.probabilities.argmax(-1).tolist() == list(said)
    wrong = [i for i, (is_, answer) in enumerate(pairs) if is_ != answer]
    right = [i for i, (is_, answer) in enumerate(pairs) if is_ == answer]
    shown = [int(sample.image[1, 1, 0]) for sample in given.samples]
    n_wrong = sum(sample.answer != sample.label for sample in given.samples)
    assert shown == wrong[:n_wrong] + right[: len(shown) - n_wrong]
    assert len(shown) == min(most, len(pairs))
    assert n_wrong == len(wrong) or n_wrong >= most // 2
    assert len(shown) - n_wrong == len(right) or len(shown) - n_wrong >= most // 2


def test_measures_by_hand():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.4, 0.1], [0.2, 0.2, 0.6]])
    found = measure(Predictions(np.array([0, 1, 1, 0]), probabilities, []), ("a", "b", "c"))
    assert found["accuracy"] == 0.5
    assert "top5_accuracy" not in found
    assert found["classes"] == [
        {"class": "a", "precision": 0.5, "recall": 0.5, "f1": 0.5, "images": 2},
        {"class": "b", "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "images": 2},
        {"class": "c", "precision": 0.0, "recall": 0.0, "f1": 0.0, "images": 0},
    ]


def test_top5_agrees_with_keras():
    rng = np.random.default_rng(0)
    truth, probabilities = rng.integers(0, 8, 200), rng.dirichlet(np.full(8, 0.3), 200).astype("float32")
    found = measure(Predictions(truth, probabilities, []), [str(i) for i in range(8)])
    top5 = keras.metrics.SparseTopKCategoricalAccuracy(5)(truth, probabilities)
    assert found["top5_accuracy"] == pytest.approx(float(top5))


class Sum:
    """A network that finds class 1 as likely as its image is bright."""

    def predict_on_batch(self, images):
        bright = np.asarray(images).mean((1, 2, 3))
        return np.stack([1 - bright, bright], axis=-1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 4))
def test_crops_are_judged_by_their_average(seed, n, batch):
    rng = np.random.default_rng(seed)
    crops, truth = rng.uniform(0, 1, (n, 10, 3, 2, 1)), rng.integers(0, 2, n)
    expected = ((crops.reshape(n, -1).mean(1) > 0.5) == truth).mean()
    parts = [(crops[i : i + batch], truth[i : i + batch]) for i in range(0, n, batch)]
    assert accuracy_over_crops(Sum(), parts) == pytest.approx(expected)


def test_mistakes_are_counted():
    counts = np.array([[9, 0, 2], [5, 9, 0], [0, 1, 9]])
    assert mistakes(counts, ["a", "b", "c"]) == [("b", "a", "5"), ("a", "c", "2"), ("c", "b", "1")]
    assert mistakes(counts, ["a", "b", "c"], most=1) == [("b", "a", "5")]
    assert mistakes(np.diag([3, 4]), ["a", "b"]) == []
