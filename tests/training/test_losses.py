"""Cross-entropy plus Dice: against numpy, and against Keras's parts where these are right."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.training.losses import CrossEntropyDice, dice_loss


def example(classes, seed=0, occurring=None):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, occurring or classes, (2, 4, 5))
    return truth, rng.dirichlet(np.ones(classes), (2, 4, 5)).astype(np.float32)


@pytest.mark.parametrize("dice", [0, 1, 2.5])
@pytest.mark.parametrize(("classes", "occurring"), [(2, 2), (4, 4), (6, 3)])
def test_by_numpy(dice, classes, occurring):
    truth, said = example(classes, occurring=occurring)
    onehot = np.eye(classes)[truth]
    entropy = -np.log(np.take_along_axis(said, truth[..., None], -1)).mean()
    shares = [
        1 - 2 * (onehot[..., c] * said[..., c]).sum() / (onehot[..., c] + said[..., c]).sum() for c in np.unique(truth)
    ]
    assert len(shares) == occurring
    assert float(CrossEntropyDice(dice)(truth, said)) == pytest.approx(entropy + dice * np.mean(shares), rel=1e-5)


def test_one_output_equals_two():
    truth, said = example(2)
    one, two = (float(CrossEntropyDice()(truth, answer)) for answer in (said[..., 1:], said))
    assert one == pytest.approx(two, rel=1e-5)


def test_keras_dice_where_all_classes_occur():
    truth, said = example(3)
    expected = keras.losses.Dice(axis=(0, 1, 2), reduction=None)(np.eye(3)[truth], said)
    assert float(dice_loss(truth, said)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_perfect_answers_cost_nothing():
    truth, _ = example(5, occurring=2)
    assert float(CrossEntropyDice()(truth, np.eye(5, dtype=np.float32)[truth])) == pytest.approx(0, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 6))
def test_dice_is_a_share(seed, classes):
    truth, said = example(classes, seed)
    assert 0 <= float(dice_loss(truth, said)) <= 1


def test_weights_of_pixels_count_for_the_entropy():
    truth, said = example(3)
    weights = np.random.default_rng(1).uniform(0, 2, truth.shape).astype(np.float32)
    weights *= weights.size / weights.sum()
    entropy = (-np.log(np.take_along_axis(said, truth[..., None], -1))[..., 0] * weights).mean()
    found = CrossEntropyDice()(truth, said, sample_weight=weights)
    assert float(found) == pytest.approx(entropy + float(dice_loss(truth, said)), rel=1e-5)


def test_fit_with_weights_and_saving(tmp_path):
    """As `model.fit` calls it, with one output and weights; the compiled model is saved and loaded without help."""
    model = keras.Sequential([keras.Input((4, 5, 1)), keras.layers.Conv2D(1, 1, activation="sigmoid")])
    model.compile("sgd", CrossEntropyDice(0.5))
    truth, said = example(2)
    weights = np.full(truth.shape, 2, np.float32)
    images = said[..., :1]
    plain, weighted = (model.evaluate(images, truth, sample_weight=w, verbose=0) for w in (None, weights))
    assert weighted == pytest.approx(2 * plain, rel=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.loss.dice == 0.5
    assert again.evaluate(images, truth, verbose=0) == pytest.approx(plain, rel=1e-6)
