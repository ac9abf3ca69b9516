"""Steps of the optimizers against NumPy, and which weights decay."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.training.procedure.optimizers import OPTIMIZERS, decaying, optimizer
from kerascnn.training.procedure.procedure import Procedure

from ...models import outline

IMAGES = np.random.default_rng(0).standard_normal((24, 3)).astype("float32")
LABELS = np.random.default_rng(1).integers(0, 2, 24)


def procedure(**values):
    return Procedure(**{"optimizer": "sgd", "epsilon": 1.0, "weight_decay": 0.1, **values})


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])


def compiled(steps=1000, lr=0.1, **values):
    model = network()
    model.compile(
        optimizer(procedure(**values), lr, model, steps), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def gradients(kernel, bias, x, labels):
    """Of the mean cross-entropy of a softmax layer."""
    logits = x @ kernel + bias
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    slope = (p - np.eye(2)[labels]) / len(x)
    return [x.T @ slope, slope.sum(0)]


def clipped(slopes, longest):
    norm = np.sqrt(sum((slope**2).sum() for slope in slopes))
    return [slope * min(1, longest / norm) for slope in slopes] if longest else slopes


def by_hand(rule, batches, decays=(0.1, 0.0), clip=0.0):
    """Weights after each batch. `rule(slope, memory) -> (update, memory)`, where the slope has the decay in it."""
    weights = [w.astype("float64") for w in network().get_weights()]
    memories, path = [None, None], []
    for x, labels in batches:
        slopes = clipped(gradients(*weights, x, labels), clip)
        for i, decay in enumerate(decays):
            update, memories[i] = rule(slopes[i] + decay * weights[i], memories[i])
            weights[i] = weights[i] - update
        path.append([w.copy() for w in weights])
    return path


def sgd(slope, velocity, lr=0.1):
    velocity = (0 if velocity is None else 0.9 * velocity) + lr * slope
    return velocity, velocity


def rmsprop(slope, memory, lr=0.1):
    """TensorFlow 1's: epsilon under the root, the rate inside of the momentum."""
    square, velocity = (0, 0) if memory is None else memory
    square = 0.9 * square + 0.1 * slope**2
    velocity = 0.9 * velocity + lr * slope / np.sqrt(square + 1.0)
    return velocity, (square, velocity)


def adam(slope, memory, lr=0.1):
    t, first, second = (0, 0, 0) if memory is None else memory
    t, first, second = t + 1, 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
    scale = lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return scale * first / (np.sqrt(second) + 1.0), (t, first, second)


BATCHES = [(IMAGES[i : i + 8], LABELS[i : i + 8]) for i in (0, 8, 16)]


def trained(model):
    path = []
    for x, labels in BATCHES:
        model.train_on_batch(x, labels)
        path.append(model.get_weights())
    return path


def assert_same(path, expected):
    for found, wanted in zip(path, expected, strict=True):
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize(("name", "rule"), [("sgd", sgd), ("rmsprop", rmsprop), ("adam", adam)])
@pytest.mark.parametrize(("decays", "factors"), [("kernels", (0.1, 0)), ("all", (0.1, 0.1))])
def test_weight_decay_is_in_the_gradient(name, rule, decays, factors):
    assert_same(trained(compiled(optimizer=name, decays=decays)), by_hand(rule, BATCHES, factors))


def test_decay_of_adamw_is_not():
    plain, weights = network().get_weights(), [w.astype("float64") for w in network().get_weights()]
    memories, expected = [None, None], []
    for x, labels in BATCHES:
        slopes = gradients(*weights, x, labels)
        weights[0] = weights[0] * (1 - 0.1 * 0.1)
        for i in (0, 1):
            update, memories[i] = adam(slopes[i], memories[i])
            weights[i] = weights[i] - update
        expected.append([w.copy() for w in weights])
    assert_same(trained(compiled(optimizer="adamw")), expected)
    assert not np.allclose(plain[0], expected[-1][0])


def test_the_whole_gradient_is_clipped_before_the_decay():
    assert_same(trained(compiled(clip_norm=0.05)), by_hand(sgd, BATCHES, clip=0.05))


def test_the_loss_is_the_pure_cross_entropy():
    """Weight decay is no part of it."""
    losses = [compiled(weight_decay=decay).train_on_batch(IMAGES, LABELS)[0] for decay in (0, 0.1)]
    assert losses[0] == losses[1]


def names(model, which):
    return {weight.path for weight in decaying(model, which)}


def test_which_weights_decay():
    model = outline("mobilenet_v1", input_shape=(32, 32, 3))
    paths = {weight.path for weight in model.trainable_weights}
    depthwise = {path for path in paths if "depthwise_conv" in path}
    kernels = {path for path in paths if path.endswith("/kernel")}
    assert len(depthwise) == 13
    assert len(kernels) == 28  # Table 1: 13 depthwise and 13 pointwise convolutions, the first one, the classifier
    assert names(model, "kernels") == kernels
    assert names(model, "not-depthwise") == kernels - depthwise
    assert names(model, "all") == paths


def test_separable_convolutions_have_two_kernels():
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.SeparableConv2D(4, 3, name="s")], name="sequential")
    assert names(model, "kernels") == {"sequential/s/depthwise_kernel", "sequential/s/pointwise_kernel"}
    assert names(model, "not-depthwise") == {"sequential/s/pointwise_kernel"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_comes_back_from_its_configuration(name):
    made = optimizer(procedure(optimizer=name), 0.1, network(), 100)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    assert again.weight_decay == 0.1


@pytest.mark.parametrize(("steps", "momentum"), [(10**6, 0.9999), (1000, 0.99), (20, 0.5), (5, 0)])
def test_the_average_reaches_back_over_a_tenth_of_the_training(steps, momentum):
    assert optimizer(procedure(ema=0.9999), 0.1, network(), steps).ema_momentum == pytest.approx(momentum)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"optimizer": "adm"}, "optimizer='adm': must be one of"),
        ({"decays": "bias"}, "decays='bias': must be one of"),
        ({"ema": 2.0}, "ema=2.0: must be a number from 0 to 1"),
        ({"momentum": 1.5}, "momentum=1.5: must be a number from 0 to 1"),
    ],
)
def test_wrong_flags_are_told(values, message):
    with pytest.raises(kerascnn.InputError, match=message):
        optimizer(procedure(**values), 0.1, network(), 100)
