"""How good a classifier is, in numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.training.tasks.classification import accuracy_over_crops, collect, mistakes


class Oracle:
    """A network whose answer is written in the image: the class that it takes it for, and how sure it is."""

    def predict_on_batch(self, images):
        answer, sure = np.asarray(images)[:, 0, :, 0].T
        return np.eye(4)[answer.astype(int)] * sure[:, None] + (1 - sure[:, None]) / 4


def batches(truth, answers, sure, size=3):
    images = np.zeros((len(truth), 2, 2, 1))
    images[:, 0, 0, 0], images[:, 0, 1, 0] = answers, sure
    images[:, 1, 1, 0] = np.arange(len(truth))
    return [(images[i : i + size], np.array(truth[i : i + size])) for i in range(0, len(truth), size)]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from((0.2, 0.5, 0.9))), min_size=1, max_size=30
    ),
    st.integers(1, 12),
)
def test_samples_are_the_worst_mistakes_and_as_many_right_answers(given, most):
    truth, said, sure = zip(*given, strict=True)
    found = collect(Oracle(), batches(truth, said, sure), most)
    assert found.truth.tolist() == list(truth)
    assert found.probabilities.argmax(-1).tolist() == list(said)
    wrong = [i for i, (is_, answer, _) in enumerate(given) if is_ != answer]
    wrong.sort(key=lambda i: -sure[i])  # of equals the first
    right = [i for i, (is_, answer, _) in enumerate(given) if is_ == answer]
    shown = [int(sample.image[1, 1, 0]) for sample in found.samples]
    n_wrong = sum(sample.probabilities.argmax() != sample.label for sample in found.samples)
    assert shown == wrong[:n_wrong] + right[: len(shown) - n_wrong]
    assert len(shown) == min(most, len(given))
    assert n_wrong == len(wrong) or n_wrong >= most // 2
    assert len(shown) - n_wrong == len(right) or len(shown) - n_wrong >= most // 2


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
