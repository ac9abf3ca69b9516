"""The few layers that Keras lacks. All save and load with no custom objects to pass."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class PadChannels(keras.layers.Layer):
    """Adds `channels` zero channels, half of them on either side: the parameter-free shortcut of ResNet (option A)."""

    def __init__(self, channels: int, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels

    def call(self, x):
        return ops.pad(x, [[0, 0], [0, 0], [0, 0], [self.channels // 2, self.channels - self.channels // 2]])

    def compute_output_shape(self, shape):
        return (*shape[:-1], shape[-1] + self.channels)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels}


@keras.saving.register_keras_serializable(package="kerascnn")
class LocalResponseNormalization(keras.layers.Layer):
    """`x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels) ** beta`.

    Krizhevsky et al. 2012, Section 3.3, in the meaning that Caffe and Torch give to `alpha`.
    """

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.bias = size, alpha, beta, bias

    def call(self, x):
        before, channels = self.size // 2, x.shape[-1]
        squares = ops.pad(ops.square(x), [[0, 0], [0, 0], [0, 0], [before, self.size - 1 - before]])
        energy = sum(squares[..., i : i + channels] for i in range(self.size))
        return x / (self.bias + self.alpha / self.size * energy) ** self.beta

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "size": self.size, "alpha": self.alpha, "beta": self.beta, "bias": self.bias}
