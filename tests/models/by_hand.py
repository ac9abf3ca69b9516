"""What the layers of the drawn networks compute, in plain NumPy and with Keras's names for the weights.

A network that is written down with these functions is an independent implementation of it.
"""

import numpy as np
from keras.ops import convert_to_numpy
from numpy.lib.stride_tricks import sliding_window_view


class Weights:
    """The weights of a model, by layer and variable: `weights("c1_conv", "kernel")`, and the layers that use them."""

    def __init__(self, model):
        layers = [inner for layer in model.layers for inner in getattr(layer, "layers", [layer])]
        self.values = {f"{layer.name}/{v.name}": convert_to_numpy(v) for layer in layers for v in layer.weights}

    def __call__(self, layer, variable):
        return self.values[f"{layer}/{variable}"]

    def conv(self, x, name, padding="same"):
        kernel = self(name, "kernel")
        if padding == "same":
            x = np.pad(x, [(0, 0)] + [(n // 2, n // 2) for n in kernel.shape[:2]] + [(0, 0)])
        windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
        return np.einsum("bhwcij,ijco->bhwo", windows, kernel, optimize=True) + self(name, "bias")

    def transposed(self, x, name):
        """Every pixel spreads the kernel over two by two pixels of its own, and over those beyond where it is 3x3."""
        kernel, (batch, height, width, _) = self(name, "kernel"), x.shape
        out = np.zeros((batch, 2 * height + 1, 2 * width + 1, kernel.shape[2]))
        for i in range(height):
            for j in range(width):
                spread = np.einsum("bc,hwoc->bhwo", x[:, i, j], kernel)
                out[:, 2 * i : 2 * i + kernel.shape[0], 2 * j : 2 * j + kernel.shape[1]] += spread
        return out[:, : 2 * height, : 2 * width] + self(name, "bias")

    def batchnorm(self, x, name):
        scale = self(name, "gamma") / np.sqrt(self(name, "moving_variance") + 1e-3)
        return (x - self(name, "moving_mean")) * scale + self(name, "beta")

    def dense(self, x, name):
        return x @ self(name, "kernel") + self(name, "bias")


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def pool(x):
    height, width = x.shape[1] // 2, x.shape[2] // 2
    blocks = x[:, : 2 * height, : 2 * width].reshape(len(x), height, 2, width, 2, -1)
    return blocks.max(axis=(2, 4))


def centre(x, like):
    """The middle of a map, in the size of another."""
    top, left = (x.shape[1] - like.shape[1]) // 2, (x.shape[2] - like.shape[2]) // 2
    return x[:, top : top + like.shape[1], left : left + like.shape[2]]


def randomize(model, seed=0):
    """Weights and statistics, none of which is left as it starts."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if variable.name == "kernel":
            value = rng.standard_normal(variable.shape) * np.sqrt(2 / np.prod(variable.shape[:-1]))
        elif variable.name in ("gamma", "moving_variance"):
            value = 0.5 + rng.random(variable.shape)
        else:
            value = 0.2 * rng.standard_normal(variable.shape)
        variable.assign(value)
    return model


def dead_weights(model, images):
    """The trainable weights that no gradient reaches, or only zeros.

    A bias before a batch normalization has no effect and isn't counted.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        answer = model(images, training=True)
        loss = tf.reduce_sum(answer * np.random.default_rng(0).random(answer.shape, dtype="float32"))
    normalized = {w.path.replace("_bn/gamma", "_conv/bias") for w in model.weights}
    weights = [w for w in model.trainable_weights if not (w.path.endswith("_conv/bias") and w.path in normalized)]
    gradients = tape.gradient(loss, [weight.value for weight in weights])
    return [w.path for w, g in zip(weights, gradients, strict=True) if g is None or not np.any(g)]
