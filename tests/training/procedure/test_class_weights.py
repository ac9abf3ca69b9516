"""Class weights against scikit-learn's, Keras's and those written out."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from kerascnn import InputError, data
from kerascnn.training.procedure.class_weights import balanced, given, with_class_weights
from kerascnn.training.procedure.gradient_accumulation import accumulate
from kerascnn.training.procedure.losses import BinaryCrossEntropy, CrossEntropy

CLASSES = 4
SHAPE = (4, 4, 1)


def some(labels, multi_label=False, seed=0):
    """Data of random images, all of them in one batch."""
    images = np.random.default_rng(seed).normal(size=(len(labels), *SHAPE)).astype(np.float32)
    loaded = data.load("digits", SHAPE, limit=1, batch=1)
    batches = tf.data.Dataset.from_tensors((images, labels))
    labels = np.asarray(labels)
    counts = np.count_nonzero(labels, axis=0) if multi_label else np.bincount(labels, minlength=CLASSES)
    return replace(
        loaded,
        train=batches,
        validation=batches,
        train_from=lambda step: batches.skip(step),
        train_size=len(labels),
        classes=tuple("abcd"),
        multi_label=multi_label,
        class_counts=lambda: counts,
    )


def network(activation="softmax"):
    dense = keras.layers.Dense(CLASSES, activation=activation, kernel_initializer=keras.initializers.GlorotUniform(7))
    return keras.Sequential([keras.layers.Input(SHAPE), keras.layers.Flatten(), dense])


def trained(model, loss, *args, **kwargs):
    """The weights and the loss after one step."""
    model.compile(keras.optimizers.SGD(0.5), loss)
    history = model.fit(*args, verbose=0, shuffle=False, **kwargs)
    return [w.numpy() for w in model.weights], history.history["loss"][0]


LABELS = np.array([0, 0, 0, 0, 0, 1, 1, 2, 3, 3], np.int32)


def test_balanced_weights_are_those_of_scikit_learn():
    expected = compute_class_weight("balanced", classes=np.arange(4), y=LABELS)
    np.testing.assert_allclose(balanced(np.bincount(LABELS), 10, 4), expected)
    ((_, _, weights),) = with_class_weights(some(LABELS), "balanced").train
    np.testing.assert_allclose(weights, expected[LABELS], rtol=1e-6)
    assert float(tf.reduce_sum(weights)) == pytest.approx(10), "on the whole an image weighs 1"


def test_a_class_without_images_changes_nothing():
    labels = np.array([0, 0, 0, 1], np.int32)
    ((_, _, weights),) = with_class_weights(some(labels), "balanced").train
    np.testing.assert_allclose(weights, compute_class_weight("balanced", classes=np.arange(2), y=labels)[labels])


@pytest.mark.parametrize("smoothing", [0, 0.1])
@pytest.mark.parametrize("weight", ["balanced", "a=0.5,d=7"])
def test_a_step_is_that_of_class_weight_in_keras(smoothing, weight):
    images = some(LABELS)
    ((pixels, _),) = images.train
    weights = balanced(np.bincount(LABELS), 10, 4) if weight == "balanced" else [0.5, 1, 1, 7]
    expected = trained(
        network(), CrossEntropy(smoothing), pixels, LABELS, batch_size=10, class_weight=dict(enumerate(weights))
    )
    found = trained(network(), CrossEntropy(smoothing), with_class_weights(images, weight).train)
    assert found[1] == pytest.approx(expected[1], rel=1e-6)
    for one, other in zip(found[0], expected[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_the_held_out_loss_has_no_weights():
    images, model = with_class_weights(some(LABELS), "a=100"), network()
    model.compile(loss=CrossEntropy())
    ((pixels, _),) = images.validation
    expected = log_loss(LABELS, model.predict(pixels, verbose=0), labels=range(4))
    assert model.evaluate(images.validation, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_the_shares_of_mixed_images_weigh_as_their_classes():
    rng = np.random.default_rng(3)
    shares, said = rng.dirichlet(np.ones(4), 6).astype(np.float32), rng.dirichlet(np.ones(4), 6).astype(np.float32)
    images = with_class_weights(replace(some(shares, True), multi_label=False), "b=3,c=0.2")
    ((_, labels, weights),) = images.train
    expected = -(shares * np.log(said) * [1, 3, 0.2, 1]).sum() / 6
    assert float(CrossEntropy()(labels, said, weights)) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(labels, -1), 1, rtol=1e-6)
    np.testing.assert_allclose(weights, shares @ [1, 3, 0.2, 1], rtol=1e-6)


@pytest.mark.parametrize("are_mixed", [False, True])
@pytest.mark.parametrize("weight", ["balanced", "b=3"])
def test_several_labels_have_weights_for_yes_and_no(are_mixed, weight):
    rng = np.random.default_rng(4)
    truth = (rng.uniform(size=(20, 4)) < [0.1, 0.4, 0.5, 0.9]).astype(np.float32)
    counts, said = truth.sum(0), rng.uniform(0.05, 0.95, (20, 4)).astype(np.float32)
    images = some(truth, multi_label=True)
    if are_mixed:
        truth = (truth + truth[::-1]) / 2
        images = replace(images, train=tf.data.Dataset.from_tensors((np.zeros((20, *SHAPE), np.float32), truth)))
    yes, no = (10 / counts, 10 / (20 - counts)) if weight == "balanced" else (np.array([1, 3, 1, 1]), np.ones(4))
    expected = -(yes * truth * np.log(said) + no * (1 - truth) * np.log(1 - said)).mean()
    ((_, labels, weights),) = with_class_weights(images, weight).train
    assert float(BinaryCrossEntropy()(labels, said, weights)) == pytest.approx(expected, rel=1e-5)
    if not are_mixed:
        np.testing.assert_array_equal(labels, truth)


def test_batches_in_parts_learn_the_same():
    whole, parts = (network() for _ in range(2))
    images = with_class_weights(some(LABELS), "balanced")
    expected, loss = trained(whole, CrossEntropy(), images.train)
    parts.compile(keras.optimizers.SGD(0.5), CrossEntropy())
    accumulate(parts, 5)
    assert parts.fit(images.train, verbose=0, shuffle=False).history["loss"][0] == pytest.approx(loss, rel=1e-5)
    for one, other in zip(parts.weights, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-5, atol=1e-7)


def test_a_later_start_and_none():
    images = some(LABELS)
    assert with_class_weights(images, "") is images
    assert len([*with_class_weights(images, "balanced").train_from(1)]) == 0


def test_names_of_any_letters():
    assert given("a=b,c=2,a=3", ("a", "a=b,c", "x")).tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("balance", "--class-weight 'balance': must be balanced, or classes and weights like cat=2,dog=0.5"),
        ("a=2,", None),
        ("a2", "--class-weight 'a2': must be balanced, .*"),
        ("a=2 b=3", "--class-weight a=2 b=3: must be a number .*|--class-weight 'a=2 b=3'.*"),
        ("a=2,e=3", "unknown class 'e': choose from a, b, c, d"),
        ("a=2,a=3", "--class-weight 'a=2,a=3': a is given twice"),
        ("a=0", "--class-weight a=0: must be a number above 0, and 1,000,000 at most"),
        ("a=-1", "--class-weight a=-1: must be a number .*"),
        ("a=nan", "--class-weight a=nan: must be a number .*"),
        ("a=inf", "--class-weight a=inf: must be a number .*"),
        ("a=", "--class-weight a=: must be a number .*"),
        ("=2", "unknown class '': choose from a, b, c, d"),
    ],
)
def test_wrong_weights(text, message):
    if message is None:
        assert given(text, "abcd").tolist() == [2, 1, 1, 1]
        return
    with pytest.raises(InputError, match=rf"^({message})$"):
        with_class_weights(some(LABELS), text)
