import keras
import numpy as np
import pytest
import tensorflow as tf

import kerascnn
from kerascnn.nas import space
from kerascnn.nas.strategies.proxies import LAST, early_loss, naswot

SPACE = space("resnet", input_shape=(8, 8, 1))
SPEC = SPACE.spec(SPACE.chosen(lambda number: number.choices[0]))
IMAGES = np.random.default_rng(0).normal(size=(6, 8, 8, 1)).astype("float32")
LABELS = np.arange(6)


def test_it_is_the_determinant_of_the_agreements():
    """Counted one by one, in a network of which each activation is looked at by itself."""
    keras.utils.set_random_seed(3)
    model = kerascnn.build(**SPEC)
    relus = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)]
    codes = []
    for layer in relus:
        given = keras.Model(model.input, layer.input)(IMAGES, training=True)
        codes.append(np.asarray(given).reshape(len(IMAGES), -1) > 0)
    codes = list(np.concatenate(codes, axis=1))
    agreements = [[float(np.sum(a == b)) + (a is b) for b in codes] for a in codes]
    assert naswot(SPEC, IMAGES, seed=3) == pytest.approx(np.log(np.linalg.det(agreements)), rel=1e-5)


def test_the_order_of_the_images_does_not_matter():
    assert naswot(SPEC, IMAGES[::-1]) == pytest.approx(naswot(SPEC, IMAGES), rel=1e-4)


def test_images_that_cannot_be_told_apart_are_the_worst():
    assert naswot(SPEC, IMAGES[[0, 0, 1, 2]]) == -np.inf or naswot(SPEC, IMAGES[[0, 0, 1, 2]]) < naswot(
        SPEC, IMAGES[:4]
    )


def compile(model, rate=0.1):
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])


def test_the_early_loss_is_that_of_the_last_steps():
    """Trained by hand, step by step."""
    keras.utils.set_random_seed(3)
    model, losses = kerascnn.build(**SPEC), []
    for _ in range(LAST + 3):
        with tf.GradientTape() as tape:
            right = tf.gather(model(IMAGES, training=True), LABELS, axis=1, batch_dims=1)
            losses.append(loss := -tf.reduce_mean(tf.math.log(right)))
        weights = model.trainable_variables
        for weight, slope in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign(weight - 0.1 * slope)
    assert losses[-1] < losses[0]
    asked = early_loss(SPEC, [(IMAGES, LABELS)] * (LAST + 3), compile, seed=3)
    assert asked == pytest.approx(-np.mean(losses[-LAST:]), rel=1e-3)


def test_a_network_that_learns_nothing_has_more_of_it():
    batches = [(IMAGES, LABELS)] * 20
    asked = early_loss(SPEC, batches, compile)
    assert asked > early_loss(SPEC, batches, lambda model: compile(model, rate=0.0))
    assert asked == early_loss(SPEC, batches, compile), "it is the same whenever it is asked"
