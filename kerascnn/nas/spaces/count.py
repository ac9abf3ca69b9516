"""The cost of a network, counted from its spec. `models/staged.py` builds what is counted here."""

from functools import cache
from typing import NamedTuple

from ...errors import InputError
from .spec import ANSWER, checked, text


class Count(NamedTuple):
    """Parameters that training changes, all of them, multiply-accumulates and activation memory for one image; layers.

    MACs are those of `kerascnn.analysis.macs`. `memory` is in bytes: what all layers give out, in float32, which is
    what training keeps. Layers that only give a name (`Identity`) give nothing out and don't count, the input does.
    """

    trainable: int
    params: int
    macs: int
    memory: int
    layers: int


def count(spec: dict) -> Count:
    """The cost of the network `kerascnn.build(**spec)`.

    A network "staged", which is what the families of this package draw, is counted by arithmetic, in some
    fifty microseconds. Any other has no closed count: it is built without drawing its weights, in 0.1 to some seconds,
    and remembered.

    Raises:
        InputError: it is no spec, or the network cannot be built, or has no fixed size.
    """
    spec = checked(spec)
    if None in spec["input_shape"]:
        raise InputError(f"{spec['name']}: what a network costs depends on the image size: give a fixed input_shape")
    return _staged(**spec) if is_closed(spec) else _built(text(spec))


def is_closed(spec: dict) -> bool:
    """Whether a network is counted by arithmetic."""
    return spec["name"] == "staged" and not any(entry in spec for entry in ANSWER)


@cache
def _built(spec: str) -> Count:
    from json import loads

    return count_model(undrawn(loads(spec)))


def undrawn(spec: dict):
    """The network of a spec with weights that are not drawn, to look at its graph.

    Raises:
        InputError: it is no spec, or the network cannot be built.
    """
    from keras import StatelessScope

    from ...registry import build

    spec = checked(spec)
    with StatelessScope(initialize_variables=False):
        return build(**spec)


def count_model(model) -> Count:
    """The same of a functional model, by walking it.

    Raises:
        InputError: the model's input size is not fixed.
    """
    from math import prod

    from keras import layers

    from ...analysis import cost

    if any(None in tensor.shape[1:] for tensor in model.inputs):
        raise InputError(f"{model.name}: what a network costs depends on the image size: give a fixed input_shape")
    nodes = [node for nodes in model._nodes_by_depth.values() for node in nodes]
    nodes = [node for node in nodes if not isinstance(node.operation, layers.Identity)]
    outputs = (prod(tensor.shape[1:]) for node in nodes for tensor in node.output_tensors)
    return Count(*cost(model), 4 * sum(outputs), len(nodes))


class _Tally:
    """Sums over the layers that are met: how many, MACs, numbers given out, statistics, weights that are trained."""

    __slots__ = ("layers", "macs", "outputs", "statistics", "trainable")

    def __init__(self):
        self.layers = self.macs = self.outputs = self.statistics = self.trainable = 0

    def give(self, outputs, layers=1):
        """Layers that give out so many numbers each."""
        self.outputs += layers * outputs
        self.layers += layers

    def conv_bn(self, pixels, channels, filters, kernel_size, act=True):
        """Convolution without bias, batch norm, activation; `pixels` are those that come out."""
        weights = kernel_size * kernel_size * channels * filters
        self.trainable += weights + 2 * filters
        self.statistics += 2 * filters
        self.macs += weights * pixels
        self.give(pixels * filters, 3 if act else 2)

    def pad(self, size, channels, kernel_size):
        """The padding that a kernel needs where it strides."""
        if kernel_size > 1:
            self.give((size[0] + kernel_size - 1) * (size[1] + kernel_size - 1) * channels)

    def dense(self, channels, filters):
        """Dense layer, or 1x1 convolution of a single pixel, with bias."""
        self.trainable += (channels + 1) * filters
        self.macs += channels * filters
        self.give(filters)

    def times(self, before, repeats):
        """Count what was met since the totals `before` as often as `repeats`."""
        for name, value in zip(_Tally.__slots__, before, strict=True):
            now = getattr(self, name)
            setattr(self, name, now + (now - value) * (repeats - 1))

    def totals(self):
        return tuple(getattr(self, name) for name in _Tally.__slots__)


def _plain(tally, size, channels, filters, kernel_size, stride):
    pixels = _pooled(tally, size, channels, stride)
    tally.conv_bn(pixels, channels, filters, kernel_size)


def _residual(tally, size, channels, filters, kernel_size, stride, excite=False):
    pixels = _halved(size, stride)
    if stride > 1:
        tally.pad(size, channels, kernel_size)
    tally.conv_bn(pixels, channels, filters, kernel_size)
    tally.conv_bn(pixels, filters, filters, kernel_size, act=False)
    if excite:
        tally.give(filters)  # squeeze
        tally.give(pixels * filters)  # the product
        tally.dense(filters, filters // 8)
        tally.dense(filters // 8, filters)
    _shortcut(tally, pixels, channels, filters, stride)


def _se(tally, size, channels, filters, kernel_size, stride):
    _residual(tally, size, channels, filters, kernel_size, stride, excite=True)


def _bottleneck(tally, size, channels, filters, kernel_size, stride):
    pixels, inner = _halved(size, stride), filters // 4
    tally.conv_bn(size[0] * size[1], channels, inner, 1)
    if stride > 1:
        tally.pad(size, inner, kernel_size)
    tally.conv_bn(pixels, inner, inner, kernel_size)
    tally.conv_bn(pixels, inner, filters, 1, act=False)
    _shortcut(tally, pixels, channels, filters, stride)


def _shortcut(tally, pixels, channels, filters, stride):
    """The projection, where the shape changes, and the addition with its activation."""
    if stride > 1 or channels != filters:
        tally.conv_bn(pixels, channels, filters, 1, act=False)
    tally.give(pixels * filters, 2)


def _separable(tally, size, channels, filters, kernel_size, stride):
    pixels = _halved(size, stride)
    if stride > 1:
        tally.pad(size, channels, kernel_size)
    weights = kernel_size * kernel_size * channels
    tally.trainable += weights + 2 * channels
    tally.statistics += 2 * channels
    tally.macs += weights * pixels
    tally.give(pixels * channels, 3)
    tally.conv_bn(pixels, channels, filters, 1)


def _inception(tally, size, channels, filters, kernel_size, stride):
    pixels = _pooled(tally, size, channels, stride)
    quarter, eighth = filters // 4, filters // 8
    for _ in range(3):  # the first branch, the second's and the last's 1x1
        tally.conv_bn(pixels, channels, quarter, 1)
    tally.conv_bn(pixels, quarter, filters - 3 * quarter, kernel_size)
    tally.conv_bn(pixels, channels, eighth, 1)
    tally.conv_bn(pixels, eighth, quarter, kernel_size)
    tally.conv_bn(pixels, quarter, quarter, kernel_size)
    tally.give(pixels * channels)  # the pool
    tally.give(pixels * filters)  # the concatenation


def _halved(size, stride):
    """Pixels after a stride."""
    return -(-size[0] // stride) * -(-size[1] // stride)


def _pooled(tally, size, channels, stride):
    """Pixels after the pool, where there is one."""
    pixels = _halved(size, stride)
    if stride > 1:
        tally.give(pixels * channels)
    return pixels


_BLOCKS = {
    "plain": _plain,
    "residual": _residual,
    "bottleneck": _bottleneck,
    "se": _se,
    "separable": _separable,
    "inception": _inception,
}


def _staged(
    input_shape, classes, blocks=("residual",) * 3, repeats=(3, 3, 3), n_filters=(16, 32, 64), kernel_size=3,
    stem="cifar", dropout=0.0, name="staged",
) -> Count:  # fmt: skip
    """`models/staged.py` in numbers; the blocks of a stage behind its first are alike and are counted once."""
    tally, (height, width, channels) = _Tally(), input_shape
    tally.give(height * width * channels)
    filters = n_filters[0]
    if stem == "imagenet":
        tally.pad((height, width), channels, 7)
        height, width = (height + 1) // 2, (width + 1) // 2
        tally.conv_bn(height * width, channels, filters, 7)
        tally.pad((height, width), filters, 3)
        height, width = (height + 1) // 2, (width + 1) // 2
        tally.give(height * width * filters)
    else:
        tally.conv_bn(height * width, channels, filters, 3)
    stride, channels = 1, filters
    for block, n, filters in zip(blocks, repeats, n_filters, strict=True):
        add = _BLOCKS[block]
        add(tally, (height, width), channels, filters, kernel_size, stride)
        height, width, channels, stride = -(-height // stride), -(-width // stride), filters, 2
        if n > 1:
            before = tally.totals()
            add(tally, (height, width), filters, filters, kernel_size, 1)
            tally.times(before, n - 1)
    tally.give(channels, 2 if dropout else 1)  # global average pooling, dropout
    tally.dense(channels, classes)
    params = tally.trainable + tally.statistics
    return Count(tally.trainable, params, tally.macs, 4 * tally.outputs, tally.layers)
