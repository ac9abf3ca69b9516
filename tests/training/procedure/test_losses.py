"""Losses against numpy, scikit-learn, and Keras's parts where these are right."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, log_loss

from kerascnn.training.procedure.losses import BinaryCrossEntropy, CrossEntropy, CrossEntropyDice, accuracy, dice_loss


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


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 4), share=st.floats(0.1, 0.9), weighted=st.booleans())
def test_void_counts_nowhere(seed, classes, share, weighted):
    """Whatever the answer there: means and sums are over the other pixels. Against numpy on these alone."""
    rng = np.random.default_rng(seed)
    truth, said = example(classes, seed)
    void = rng.random(truth.shape) < share
    void[0, 0, 0] = False
    weights = rng.uniform(0.5, 2, truth.shape).astype(np.float32) if weighted else np.ones(truth.shape, np.float32)
    t, p, w = truth[~void], said[~void], weights[~void]
    entropy = -np.log(p[np.arange(len(t)), t])
    onehot = np.eye(classes)[t]
    dice = np.mean([1 - 2 * (onehot * p)[:, c].sum() / (onehot + p)[:, c].sum() for c in np.unique(t)])
    marked = np.where(void, -1, truth).astype(np.int32)
    loss = CrossEntropyDice()
    found = loss(marked, said, sample_weight=weights if weighted else None)
    assert float(found) == pytest.approx(((entropy + dice) * w).mean(), rel=1e-4)
    other = np.where(void[..., None], rng.dirichlet(np.ones(classes), truth.shape), said).astype(np.float32)
    assert float(loss(marked, other, sample_weight=weights)) == float(loss(marked, said, sample_weight=weights))
    if classes == 2:
        one = loss(marked, said[..., 1:], sample_weight=weights)
        assert float(one) == pytest.approx(float(loss(marked, said, sample_weight=weights)), rel=1e-4)


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_batch_of_void_alone_moves_nothing(outputs):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4, 5, 1)), keras.layers.Conv2D(outputs, 1, activation="sigmoid")])
    model.compile("sgd", CrossEntropyDice())
    before = [weight.numpy() for weight in model.weights]
    assert model.train_on_batch(np.ones((2, 4, 5, 1)), np.full((2, 4, 5), -1)) == 0
    for one, other in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(one, other.numpy())


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


# ------------------------------------------------------------------------------------------------ classes of images


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 6))
def test_cross_entropy_and_accuracy_are_those_of_scikit_learn(seed, classes):
    rng = np.random.default_rng(seed)
    truth, said = rng.integers(0, classes, 9), rng.dirichlet(np.ones(classes), 9)
    assert float(CrossEntropy()(truth, said)) == pytest.approx(log_loss(truth, said, labels=range(classes)), rel=1e-4)
    right = keras.ops.convert_to_numpy(accuracy(truth, said))
    assert right.shape == (9,)
    assert right.mean() == pytest.approx(accuracy_score(truth, said.argmax(-1)))
    for labels in (np.eye(classes)[truth], truth[:, None], truth.astype("int64")):
        assert float(CrossEntropy()(labels, said)) == pytest.approx(float(CrossEntropy()(truth, said)), rel=1e-5)
        np.testing.assert_array_equal(accuracy(labels, said), right)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), smoothing=st.floats(0, 1))
def test_label_smoothing_and_soft_labels(seed, smoothing):
    """Szegedy et al. 2015, Section 7: q(k) = (1 - epsilon) q(k) + epsilon / K."""
    rng = np.random.default_rng(seed)
    truth, said = (rng.dirichlet(np.ones(4), 5) for _ in range(2))
    hard = truth.argmax(-1)
    for labels, shares in ((truth, truth), (hard, np.eye(4)[hard])):
        expected = -(((1 - smoothing) * shares + smoothing / 4) * np.log(said)).sum(-1).mean()
        assert float(CrossEntropy(smoothing)(labels, said)) == pytest.approx(expected, rel=1e-3)
    np.testing.assert_array_equal(accuracy(truth, said), hard == said.argmax(-1))


@pytest.mark.parametrize("labels", [np.array([0, 1]), np.eye(3)[[0, 1]]], ids=["numbers", "soft"])
def test_cross_entropy_teaches_where_all_is_lost(labels):
    """A probability that is rounded to 0 has a gradient all the same: Keras goes back to the logits."""
    dense = keras.layers.Dense(3, activation="softmax", kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((3,)), dense])
    dense.bias.assign([-200.0, -200.0, 200.0])
    model.compile(keras.optimizers.SGD(1.0), CrossEntropy(), metrics=[accuracy])
    model.fit(np.ones((2, 3)), labels, verbose=0)
    np.testing.assert_allclose(dense.bias, [-199.5, -199.5, 199], atol=1e-4)


def test_cross_entropy_comes_back_from_its_configuration():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(CrossEntropy(0.1)))
    assert again.label_smoothing == 0.1
    with pytest.raises(ValueError, match=r"label_smoothing=1\.5: must be a number from 0 to 1"):
        CrossEntropy(1.5)


@pytest.mark.parametrize("smoothing", [0, 0.2])
def test_several_labels_are_a_question_each(smoothing):
    rng = np.random.default_rng(2)
    truth, said = rng.integers(0, 2, (7, 3)), rng.uniform(0.01, 0.99, (7, 3)).astype(np.float32)
    loss = BinaryCrossEntropy.from_config(BinaryCrossEntropy(smoothing).get_config())
    expected = keras.losses.BinaryCrossentropy(label_smoothing=smoothing)(truth, said)
    assert float(loss(truth, said)) == pytest.approx(float(expected), rel=1e-5)
    if not smoothing:
        by_label = [log_loss(truth[:, i], said[:, i], labels=(0, 1)) for i in range(3)]
        assert float(loss(truth, said)) == pytest.approx(np.mean(by_label), rel=1e-5)
