"""The few layers that Keras lacks, and Keras's own layers of maps with channels last.

All save and load with no custom objects to pass.
"""

import sys
from functools import partial

import keras
from keras import ops

from .errors import InputError, one_of

# whatever `image_data_format` says in a user's keras.json; TensorFlow on the CPU convolves nothing else
AveragePooling2D = partial(keras.layers.AveragePooling2D, data_format="channels_last")
Conv2D = partial(keras.layers.Conv2D, data_format="channels_last")
Conv2DTranspose = partial(keras.layers.Conv2DTranspose, data_format="channels_last")
Cropping2D = partial(keras.layers.Cropping2D, data_format="channels_last")
DepthwiseConv2D = partial(keras.layers.DepthwiseConv2D, data_format="channels_last")
Flatten = partial(keras.layers.Flatten, data_format="channels_last")
GlobalAveragePooling2D = partial(keras.layers.GlobalAveragePooling2D, data_format="channels_last")
GlobalMaxPooling2D = partial(keras.layers.GlobalMaxPooling2D, data_format="channels_last")
MaxPooling2D = partial(keras.layers.MaxPooling2D, data_format="channels_last")
UpSampling2D = partial(keras.layers.UpSampling2D, data_format="channels_last")
ZeroPadding2D = partial(keras.layers.ZeroPadding2D, data_format="channels_last")


class _ChannelsLastConv2D(keras.layers.Conv2D):
    def __init__(self, *args, data_format="channels_last", **kwargs):
        one_of("data_format", data_format, ("channels_last",))
        super().__init__(*args, data_format=data_format, **kwargs)


@keras.saving.register_keras_serializable(package="kerascnn")
class GroupedConv2D(_ChannelsLastConv2D):
    """`Conv2D` with groups, one group after the other where TensorFlow runs on the CPU.

    There Keras leaves groups to XLA, whose gradients take hundreds of times as long, and compiles anew at every call
    outside of a graph. So it is wherever a model is exported: ONNX and LiteRT can't call XLA.
    """

    def convolution_op(self, inputs, kernel):
        convolve = super().convolution_op
        on_gpu = keras.distribution.list_devices("gpu") and not _is_exporting()
        if keras.backend.backend() != "tensorflow" or on_gpu:
            return convolve(inputs, kernel)
        groups = zip(ops.split(inputs, self.groups, axis=-1), ops.split(kernel, self.groups, axis=-1), strict=True)
        return ops.concatenate([convolve(*group) for group in groups], axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class StridedPointwiseConv2D(_ChannelsLastConv2D):
    """`Conv2D` of 1x1 with a stride: it convolves the pixels that the stride leaves.

    On a CPU with AVX-512 TensorFlow 2.21 writes past the end of its kernel's gradient where there are fewer than 16
    channels and the batch is odd, which ends the process.
    """

    def convolution_op(self, inputs, kernel):
        down, right = self.strides
        return ops.conv(inputs[:, ::down, ::right], kernel, data_format=self.data_format)


EXPORTERS = ("keras.src.export", "tensorflow.python.saved_model", "tensorflow.lite", "tf2onnx")


def _is_exporting() -> bool:
    """Whether one of the exporters called, directly or not; Keras doesn't tell a layer."""
    frame = sys._getframe(1)
    while frame and not frame.f_globals.get("__name__", "").startswith(EXPORTERS):
        frame = frame.f_back
    return frame is not None


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
        if not size % 2:
            raise InputError(f"size={size}: must be odd, the channel and as many neighbours on both sides")
        self.size, self.alpha, self.beta, self.bias = size, alpha, beta, bias

    def call(self, x):
        channel = ops.arange(x.shape[-1])
        near = ops.abs(channel[:, None] - channel) <= self.size // 2
        squares = ops.square((self.alpha / self.size) ** 0.5 * x)  # scaled first: half precision ends at 65504
        energy = ops.matmul(
            squares, ops.cast(near, self.compute_dtype)
        )  # many times faster than to add up shifted maps
        return x * ops.exp(-self.beta * ops.log(self.bias + energy))

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "size": self.size, "alpha": self.alpha, "beta": self.beta, "bias": self.bias}


@keras.saving.register_keras_serializable(package="kerascnn")
class ChannelShuffle(keras.layers.Layer):
    """Deals the channels of `groups` groups out in turn, so that a grouped convolution after it sees every group.

    Zhang et al. 2017, Section 3.1. The inverse is a shuffle by channels / groups.
    """

    def __init__(self, groups: int, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups

    def build(self, shape):
        if shape[-1] % self.groups:
            raise InputError(f"{self.name}: {shape[-1]} channels cannot be shuffled in {self.groups} groups")

    def call(self, x):
        groups = ops.reshape(x, (-1, self.groups, x.shape[-1] // self.groups))
        return ops.reshape(ops.transpose(groups, (0, 2, 1)), ops.shape(x))

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}


@keras.saving.register_keras_serializable(package="kerascnn")
class ChannelSplit(keras.layers.Layer):
    """Cuts a map into two, of half the channels each."""

    def call(self, x):
        return ops.split(x, 2, axis=-1)

    def compute_output_shape(self, shape):
        half = (*shape[:-1], shape[-1] // 2)
        return [half, half]


@keras.saving.register_keras_serializable(package="kerascnn")
class LayerScale(keras.layers.Layer):
    """Multiplies each channel by a learned number that starts at `initial`. Touvron et al. 2021, arXiv:2103.17239."""

    def __init__(self, initial: float = 1e-6, **kwargs):
        super().__init__(**kwargs)
        self.initial = initial

    def build(self, shape):
        self.gamma = self.add_weight((shape[-1],), keras.initializers.Constant(self.initial), name="gamma")

    def call(self, x):
        return x * self.gamma

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "initial": self.initial}


@keras.saving.register_keras_serializable(package="kerascnn")
class ScaledAdd(keras.layers.Layer):
    """`x + scale * y` of the inputs (x, y). Szegedy et al. 2016, arXiv:1602.07261, Section 3.3.

    Keras's Rescaling rounds the scale to single precision.
    """

    def __init__(self, scale: float, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        x, y = inputs
        return x + self.scale * y

    def compute_output_shape(self, shapes):
        return shapes[0]

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable(package="kerascnn")
class MatchSize(keras.layers.Layer):
    """The first of two maps, cropped or padded with zeros around its centre to the height and width of the second."""

    def call(self, inputs):
        x, like = inputs
        for axis in (1, 2):
            size, wanted = ops.shape(x)[axis], ops.shape(like)[axis]
            gap = wanted - size  # a tensor where the size is known only now, hence no `if`
            add, cut = (abs(gap) + gap) // 2, (abs(gap) - gap) // 2
            crop = slice(cut // 2, size - (cut - cut // 2))
            x = x[:, crop] if axis == 1 else x[:, :, crop]
            x = ops.pad(x, [[0, 0]] * axis + [[add // 2, add - add // 2]] + [[0, 0]] * (3 - axis))
        return x

    def compute_output_shape(self, shapes):
        x, like = shapes
        return (x[0], *like[1:3], x[3])


@keras.saving.register_keras_serializable(package="kerascnn")
class AbsoluteDifference(keras.layers.Layer):
    """`|a - b|` of vectors (..., n), by component: (..., n). The distance of Koch et al. 2015, Section 3.1.

    Leading axes broadcast: (b, 1, n) and (1, b, n) give all pairs, (b, b, n).
    """

    def call(self, inputs):
        a, b = inputs
        return ops.abs(a - b)


@keras.saving.register_keras_serializable(package="kerascnn")
class CosineSimilarity(keras.layers.Layer):
    """The cosine of the angle between vectors (..., n): (..., 1).

    Leading axes broadcast: (b, 1, n) and (1, b, n) give all pairs, (b, b, 1).
    """

    def call(self, inputs):
        a, b = (ops.normalize(x, axis=-1, epsilon=1e-7) for x in inputs)
        return ops.sum(a * b, axis=-1, keepdims=True)
