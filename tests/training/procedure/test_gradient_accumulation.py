"""A batch in parts against the same batch whole."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import InputError
from kerascnn.training.procedure.gradient_accumulation import accumulate
from kerascnn.training.procedure.losses import CrossEntropyDice
from kerascnn.training.tasks.contrastive import PairLoss

RANDOM = np.random.default_rng(0)
X, Y, WEIGHTS = RANDOM.normal(size=(11, 6)), RANDOM.integers(3, size=11), RANDOM.uniform(size=11)


def network(optimizer=None, loss="sparse_categorical_crossentropy"):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    x = layers.Dense(8, "relu", kernel_regularizer=keras.regularizers.L2(0.1))(inputs)
    model = keras.Model(inputs, [layers.Dense(3, "softmax", name=name)(x) for name in ("first", "second")])
    model.compile(optimizer or keras.optimizers.SGD(0.5, momentum=0.9), loss=[loss, loss], loss_weights=[1.0, 0.3])
    return model


def step(model, parts, x=X):
    if parts > 1:
        accumulate(model, parts)
    logs = model.train_on_batch(x, [Y, Y], [WEIGHTS, WEIGHTS], return_dict=True)
    return logs, model.get_weights()


@pytest.mark.parametrize("parts", [2, 3, 11])
def test_a_batch_in_parts_is_the_whole_batch(parts):
    logs, weights = step(network(), 1)
    logs_in_parts, weights_in_parts = step(network(), parts)
    assert logs_in_parts == pytest.approx(logs, rel=1e-5)
    for part, whole in zip(weights_in_parts, weights, strict=True):
        np.testing.assert_allclose(part, whole, atol=1e-6)


def test_a_step_stays_a_step():
    model = network()
    step(model, 3)
    assert model.optimizer.iterations == 1


def test_loss_scaling():
    scaled = lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5, momentum=0.9))  # noqa: E731
    _, weights = step(network(), 1)
    _, weights_in_parts = step(network(scaled()), 3)
    for part, whole in zip(weights_in_parts, weights, strict=True):
        np.testing.assert_allclose(part, whole, atol=1e-6)
    model = network(scaled())
    before = model.get_weights()
    _, after = step(model, 3, np.where(np.arange(11)[:, None] == 5, np.inf, X))  # overflows in the second part
    np.testing.assert_equal(after, before)


@pytest.mark.parametrize("loss", [PairLoss(), CrossEntropyDice()])
def test_some_losses_need_the_whole_batch(loss):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    model.compile(loss=loss)
    with pytest.raises(InputError, match=f"--accumulate 2: the loss, {loss.name}, needs all examples"):
        accumulate(model, 2)
