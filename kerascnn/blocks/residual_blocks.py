"""Residual blocks and stages of them."""

from math import prod
from typing import NamedTuple

from keras import layers

from ..errors import InputError, between, one_of
from ..layers import AveragePooling2D, PadChannels
from .convolution import bn_act, conv, conv_bn, depthwise_bn, max_pool, name_tensor, squeeze_excite


def residual_stem(x, filters, kind):
    """How residual networks begin: a 7x7/2 convolution and a 3x3/2 max pool, or for small images ("cifar") a 3x3."""
    one_of("stem", kind, ("imagenet", "cifar"))
    if kind == "cifar":
        return conv_bn(x, filters, 3, name="conv1")
    x = conv_bn(x, filters, 7, stride=2, name="conv1")
    return max_pool(x, 3, 2, name="pool1")


def stages(x, repeats, n_filters, block, stochastic_depth=0.0):
    """Stages of `repeats` blocks each, twice as wide and half as large from stage to stage.

    The first one is `n_filters` wide and keeps the size. A block takes a tensor, the filters, `stride`, `drop` and
    `name`. `stochastic_depth` is the rate at which the last block is left out, which grows by the same from block to
    block (Huang et al. 2016, equation 4).
    """
    between("stochastic_depth", stochastic_depth, 0, 1)
    rates = iter(stochastic_depth * n / sum(repeats) for n in range(1, sum(repeats) + 1))
    for i, blocks in enumerate(repeats, start=1):
        for j in range(1, blocks + 1):
            stride = 2 if i > 1 and j == 1 else 1
            x = block(x, n_filters * 2 ** (i - 1), stride=stride, drop=next(rates), name=f"stage{i}_block{j}")
        x = name_tensor(x, f"stage{i}")
    return x


def stochastic_drop(x, rate, *, name):
    """Leaves a branch out in training, for each image at this rate. Huang et al. 2016, arXiv:1603.09382, Section 3.

    A branch that stays is divided by 1 - rate, where the paper multiplies it by that in inference.
    """
    return layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(x) if rate else x


class ActivationOrder(NamedTuple):
    """Where a residual block has batch norm and ReLU: before its first convolution, after its last, after the addition.

    Each is "bn relu", "bn", "relu" or "" for none of them. Between two convolutions there are always both.
    """

    before: str
    last: str
    after: str


ACTIVATION_ORDERS = {  # He et al. 2016, arXiv:1603.05027, Figure 4
    "original": ActivationOrder("", "bn", "relu"),
    "bn_after_addition": ActivationOrder("", "", "bn relu"),
    "relu_before_addition": ActivationOrder("", "bn relu", ""),
    "relu_preactivation": ActivationOrder("relu", "bn", ""),
    "full_preactivation": ActivationOrder("bn relu", "", ""),
}


def basic(x, filters, *, stride=1, name, **knobs):
    """Residual block of two 3x3 convolutions, with the knobs of `residual`. He et al. 2015, Figure 5 left."""
    return residual(x, [(filters, 3, stride, 1), (filters, 3, 1, 1)], name=name, **knobs)


def bottleneck(x, filters, *, stride=1, stride_on="1x1", groups=1, width=64, name, **knobs):
    """Residual block of 1x1, 3x3 and four times as wide 1x1 convolutions. He et al. 2015, Figure 5 right.

    `stride_on` is the convolution that strides, "1x1" or "3x3"; the 3x3 has `groups` of a `width`, see `inner_width`;
    `knobs` are those of `residual`.
    """
    one_of("stride_on", stride_on, ("1x1", "3x3"))
    first, second = (stride, 1) if stride_on == "1x1" else (1, stride)
    inner = inner_width(filters, groups, width)
    convs = [(inner, 1, first, 1), (inner, 3, second, groups), (4 * filters, 1, 1, 1)]
    return residual(x, convs, name=name, **knobs)


RESIDUAL_BLOCKS = {"basic": basic, "bottleneck": bottleneck}


def inner_width(filters, groups, width):
    """Filters inside of a bottleneck: `groups` times `width` where `filters` is 64. Xie et al. 2016, Table 1."""
    return groups * max(1, filters * width // 64)


def residual(x, convs, *, shortcut="B", projection=1, order=ACTIVATION_ORDERS["original"], excite=None, drop=0.0, name):
    """Convolutions, given as (filters, kernel size, stride, groups), and a shortcut around them.

    Shortcuts are those of He et al. 2015, Section 4.1: "A" is parameter-free (every second pixel, zero channels), "B"
    projects where the shape changes, "C" projects everywhere, None is a plain network without shortcuts. `projection`
    is the kernel size of the projecting convolution. `excite` is a block that ends the branch before the addition,
    `drop` the rate of stochastic depth.

    Where it is not the identity, the shortcut starts behind the pre-activation that `order` may have.
    """
    one_of("shortcut", shortcut, ("A", "B", "C", None))
    y = activated = bn_relu(x, order.before, name=f"{name}_preact")
    for i, (filters, kernel_size, stride, groups) in enumerate(convs, start=1):
        y = conv(y, filters, kernel_size, stride=stride, groups=groups, use_bias=False, name=f"{name}_{i}_conv")
        y = bn_relu(y, order.last if i == len(convs) else "bn relu", name=f"{name}_{i}")
    if excite is not None:
        y = excite(y, name=f"{name}_se")
    if shortcut is not None:
        channels, stride = y.shape[-1], prod(stride for _, _, stride, _ in convs)
        changes = stride != 1 or channels != x.shape[-1]
        if changes and shortcut == "A":
            x = subsample(activated, channels, stride, name=name)
        elif changes or shortcut == "C":
            x = conv(activated, channels, projection, stride=stride, use_bias=False, name=f"{name}_shortcut_conv")
            x = bn_relu(x, order.last.removesuffix(" relu"), name=f"{name}_shortcut")
        y = stochastic_drop(y, drop, name=name)
        y = layers.Add(name=f"{name}_add" if order.after else name)([x, y])
    return bn_relu(y, order.after, name=name)


def subsample(x, channels, stride, *, name):
    """Every `stride`-th pixel, and zero channels up to `channels`: the shortcut without parameters."""
    if channels < x.shape[-1]:
        raise InputError(f"{name}: shortcut 'A' can only add channels, not go from {x.shape[-1]} to {channels}")
    if stride != 1:
        x = AveragePooling2D(1, stride, name=f"{name}_skip")(x)
    return PadChannels(channels - x.shape[-1], name=f"{name}_pad")(x) if channels != x.shape[-1] else x


def bn_relu(x, present, *, name):
    """Batch normalization and ReLU, where `present`: "bn relu", "bn", "relu" or ""."""
    if "bn" in present:
        return bn_act(x, act="relu" if "relu" in present else None, name=name)
    return layers.Activation("relu", name=name)(x) if "relu" in present else x


def inverted_residual(
    x, filters, *, expanded, kernel_size=3, stride=1, squeeze=None, shortcut=True, drop=0.0, act="relu6",
    project_act=None, padding="same", epsilon=1e-3, name,
):  # fmt: skip
    """Residual block that widens to `expanded` channels, filters each of them and narrows to `filters` linearly.

    Sandler et al. 2018, Figure 4d. `squeeze` holds the arguments of the `squeeze_excite` of the widened map, None for
    none; `drop` is the rate at which training leaves the block out for an image (stochastic depth).
    """
    style = dict(padding=padding, epsilon=epsilon)
    y = x
    if expanded != x.shape[-1]:
        y = conv_bn(y, expanded, 1, act=act, name=f"{name}_expand", **style)
    y = depthwise_bn(y, kernel_size, stride=stride, act=act, name=f"{name}_depthwise", **style)
    if squeeze is not None:
        y = squeeze_excite(y, name=f"{name}_se", **squeeze)
    y = conv_bn(y, filters, 1, act=project_act, name=f"{name}_project", **style)
    if not shortcut or stride != 1 or filters != x.shape[-1]:
        return name_tensor(y, name)
    return layers.Add(name=name)([x, stochastic_drop(y, drop, name=name)])
