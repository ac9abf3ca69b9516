"""Initial weights have the distributions that the papers say."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.training.procedure.initializers import initialize


def network(seed=0):
    keras.utils.set_random_seed(seed)
    inp = x = keras.Input((16, 16, 8))
    x = keras.layers.Conv2D(64, 3, name="conv1")(x)
    x = keras.layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = keras.layers.Conv2D(64, 3, name="conv2")(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(inp, keras.layers.Dense(8, name="fc6")(x))


def weights(model, name):
    return [np.asarray(weight) for weight in model.get_layer(name).weights]


FANS = {"conv1": (9 * 8, 9 * 64), "conv2": (9 * 64, 9 * 64), "fc6": (10 * 10 * 64, 8)}  # in, out


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("alexnet", lambda i, o: 0.01**2),
        ("he_normal", lambda i, o: 2 / i),
        ("glorot_uniform", lambda i, o: 2 / (i + o)),
    ],
)
def test_variances(name, variance):
    model = network()
    before = weights(model, "depthwise")
    initialize(model, name)
    for layer, fans in FANS.items():
        kernel, bias = weights(model, layer)
        assert kernel.mean() == pytest.approx(0, abs=0.1 * float(kernel.std()))
        assert kernel.std() == pytest.approx(variance(*fans) ** 0.5, rel=0.05)
        assert set(bias) == ({1} if name == "alexnet" and layer in ("conv2", "fc6") else {0})
    np.testing.assert_array_equal(weights(model, "depthwise")[0], before[0])


def test_the_biases_of_alexnet_that_start_at_1():
    """Krizhevsky et al. 2012, Section 5: of the second, fourth and fifth convolution and the hidden dense layers."""
    model = kerascnn.build("alexnet", input_shape=(67, 67, 3), dense=16, classes=10)
    initialize(model, "alexnet")
    first = {layer.name: float(layer.bias[0]) for layer in model.layers if layer.weights}
    ones = {"conv2", "conv4", "conv5", "fc6", "fc7"}
    assert first == {name: float(name in ones) for name in ("conv1", "conv3", "predictions", *ones)}


def test_the_seed_decides_and_layers_differ():
    models = [network(seed) for seed in (1, 1, 2)]
    for seed, model in zip((1, 1, 2), models, strict=True):
        keras.utils.set_random_seed(seed)
        initialize(model, "he_normal")
    one, same, other = (weights(model, "conv2")[0] for model in models)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[:, :, :8], weights(models[0], "conv1")[0] / 8**0.5)


def test_no_name_changes_nothing():
    model, before = network(), network().get_weights()
    initialize(model, "")
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    with pytest.raises(kerascnn.InputError, match="initializer='he': must be one of"):
        initialize(model, "he")
