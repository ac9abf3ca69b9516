"""Blocks that several papers share: functions from tensor to tensor.

A block's layers are named after the block: `{name}_conv`, `{name}_bn` and so on. Where it ends in an activation, that
last layer is called `name` itself.
"""

from functools import partial
from math import prod
from typing import NamedTuple

from keras import config, layers

from .errors import InputError, between, count, one_of
from .layers import GroupedConv2D, PadChannels


def conv_bn(
    x, filters, kernel_size, *, stride=1, padding="symmetric", groups=1, use_bias=False, act="relu", epsilon=1e-5,
    scale=True, name,
):  # fmt: skip
    """Convolution, by default without bias, batch normalization, activation (None: none)."""
    x = conv(
        x, filters, kernel_size, stride=stride, padding=padding, groups=groups, use_bias=use_bias, name=f"{name}_conv"
    )
    return bn_act(x, act=act, epsilon=epsilon, scale=scale, name=name)


def conv(x, filters, kernel_size, *, stride=1, padding="symmetric", groups=1, use_bias=True, act=None, name):
    """Convolution that pads both sides alike, as Caffe and Torch do, or as Keras does ("same", "valid").

    A number as `padding` is that many pixels on every side.
    """
    x, padding = pad(x, kernel_size, stride, padding, name)
    convolution = layers.Conv2D if groups == 1 else GroupedConv2D
    return convolution(
        filters,
        kernel_size,
        stride,
        padding,
        groups=groups,
        use_bias=use_bias,
        activation=act,
        kernel_initializer="he_uniform",
        name=name,
    )(x)


def bn_act(x, *, act="relu", epsilon=1e-5, scale=True, name):
    """Batch normalization, activation (None: none)."""
    x = layers.BatchNormalization(epsilon=epsilon, scale=scale, name=f"{name}_bn")(x)
    return layers.Activation(act, name=name)(x) if act else x


def depthwise_bn(x, kernel_size, *, stride=1, padding="symmetric", act="relu", epsilon=1e-5, name):
    """Depthwise convolution without bias, batch normalization, activation (None: none)."""
    x, padding = pad(x, kernel_size, stride, padding, f"{name}_conv")
    x = layers.DepthwiseConv2D(kernel_size, stride, padding, use_bias=False, name=f"{name}_conv")(x)
    return bn_act(x, act=act, epsilon=epsilon, name=name)


def pad(x, kernel_size, stride, padding, name):
    """Turn "symmetric" padding into what Keras offers: a padded tensor and the padding left for the layer to do.

    Keras's "same" pads a stride of 2 at the bottom and right only, which shows at even sizes.
    """
    if isinstance(padding, int):
        return layers.ZeroPadding2D(padding, name=f"{name}_pad")(x), "valid"
    one_of("padding", padding, ("symmetric", "same", "valid"))
    if padding != "symmetric":
        return x, padding
    if kernel_size == 1 or (stride == 1 and kernel_size % 2):
        return x, "same"
    return layers.ZeroPadding2D((kernel_size - 1) // 2, name=f"{name}_pad")(x), "valid"


def max_pool(x, pool_size, stride, *, padding="symmetric", name):
    """Max pooling of a map that comes out of a ReLU.

    `padding` is "symmetric" (both sides alike), "ceil" (the size rounds up, as in Caffe), or Keras's "same", "valid".
    """
    if padding == "ceil":
        gaps = [(0, -(n - pool_size) % stride if n else stride - 1) for n in x.shape[1:3]]
        if gaps != [(0, 0), (0, 0)]:
            x = layers.ZeroPadding2D(gaps, name=f"{name}_pad")(x)
        padding = "valid"
    elif padding == "symmetric":
        x, padding = layers.ZeroPadding2D((pool_size - 1) // 2, name=f"{name}_pad")(x), "valid"
    return layers.MaxPooling2D(pool_size, stride, padding, name=name)(x)


def average_pool(x, pool_size, stride, *, padding="symmetric", name):
    """Average pooling. "symmetric" pads both sides alike and counts the zeros; Keras's "same" leaves them out."""
    if padding == "symmetric":
        x, padding = layers.ZeroPadding2D((pool_size - 1) // 2, name=f"{name}_pad")(x), "valid"
    return layers.AveragePooling2D(pool_size, stride, padding, name=name)(x)


def squeeze_excite(x, filters, *, act="relu", gate="sigmoid", name):
    """Reweighs the channels by what the whole map holds, through `filters` numbers. Hu et al. 2017, Figure 2."""
    y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    y = conv(y, filters, 1, act=act, name=f"{name}_reduce")
    y = conv(y, x.shape[-1], 1, act=gate, name=f"{name}_expand")
    return layers.Multiply(name=name)([x, y])


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
        x = mark(x, f"stage{i}")
    return x


def stochastic_drop(x, rate, *, name):
    """Leaves a branch out in training, for each image at this rate. Huang et al. 2016, arXiv:1603.09382, Section 3.

    A branch that stays is divided by 1 - rate, where the paper multiplies it by that in inference.
    """
    return layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(x) if rate else x


class Order(NamedTuple):
    """Where a residual block has batch norm and ReLU: before its first convolution, after its last, after the addition.

    Each is "bn relu", "bn", "relu" or "" for none of them. Between two convolutions there are always both.
    """

    before: str
    last: str
    after: str


ORDERS = {  # He et al. 2016, arXiv:1603.05027, Figure 4
    "original": Order("", "bn", "relu"),
    "bn_after_addition": Order("", "", "bn relu"),
    "relu_before_addition": Order("", "bn relu", ""),
    "relu_preactivation": Order("relu", "bn", ""),
    "full_preactivation": Order("bn relu", "", ""),
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


def residual(x, convs, *, shortcut="B", projection=1, order=ORDERS["original"], excite=None, drop=0.0, name):
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
        x = layers.AveragePooling2D(1, stride, name=f"{name}_skip")(x)
    return PadChannels(channels - x.shape[-1], name=f"{name}_pad")(x) if channels != x.shape[-1] else x


def bn_relu(x, present, *, name):
    """Batch normalization and ReLU, where `present`: "bn relu", "bn", "relu" or ""."""
    if "bn" in present:
        return bn_act(x, act="relu" if "relu" in present else None, name=name)
    return layers.Activation("relu", name=name)(x) if "relu" in present else x


def make_divisible(channels, divisor=8):
    """A scaled number of channels as the nearest multiple of `divisor`, or the next one where that loses over a tenth.

    The rounding of the authors of MobileNet v2 and v3 and EfficientNet, from their code.
    """
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


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
        return mark(y, name)
    return layers.Add(name=name)([x, stochastic_drop(y, drop, name=name)])


def chain(x, steps, *, prefix, unit=conv_bn, alpha=1.0, **style):
    """Layers one after the other, called `{prefix}1`, `{prefix}2` and so on.

    A step is (filters, kernel_size[, stride[, padding]]), made by `unit` in this `style` and `alpha` times as wide, or
    a function of a tensor and a name, such as a pool, or a list of branches, an `inception` module within.
    """
    for i, step in enumerate(steps, start=1):
        name = f"{prefix}{i}"
        if callable(step):
            x = step(x, name=name)
        elif isinstance(step, list):
            x = inception(x, step, name=name, unit=unit, alpha=alpha, **style)
        else:
            filters, kernel_size, *rest = step
            own = dict(zip(("stride", "padding"), rest, strict=False))
            x = unit(x, int(filters * alpha), kernel_size, name=name, **{**style, **own})
    return x


def inception(x, branches, *, name, **style):
    """Branches that read the same map, concatenated; each is a `chain`. Szegedy et al. 2014, Figure 2."""
    ends = [chain(x, branch, prefix=f"{name}_branch{i}_", **style) for i, branch in enumerate(branches, start=1)]
    return layers.Concatenate(name=name)(ends)


def convolution_names(step, name):
    """The names that `chain` and `inception` give to the convolutions of a step called `name`, in the table's order."""
    if isinstance(step, tuple):
        yield name
    elif isinstance(step, list):
        for i, branch in enumerate(step, start=1):
            for j, inner in enumerate(branch, start=1):
                yield from convolution_names(inner, f"{name}_branch{i}_{j}")


def mark(x, name):
    """Give the end of a stage its name."""
    return layers.Identity(name=name)(x)


def classifier(x, classes, activation, *, dropout=0.0):
    """The layer `features`; then, unless `classes` is None, global average pooling, dropout and `predictions`."""
    between("dropout", dropout, 0, 1)
    x = mark(x, "features")
    if classes is None:
        return x
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    return predictions(x, classes, activation)


def dense_classifier(x, classes, activation, *, dense, dropout):
    """The layer `features`; then, unless `classes` is None, two dense layers with dropout and `predictions`.

    Krizhevsky et al. 2012, Sections 3.5 and 4.2. The dense layers need a map of known size.
    """
    count("dense", dense)
    between("dropout", dropout, 0, 1)
    x = mark(x, "features")
    if classes is None:
        return x
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = layers.Dense(dense, activation="relu", kernel_initializer="he_uniform", name=name)(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    return predictions(x, classes, activation)


def map_classifier(x, classes, activation, *, dropout=0.0, name):
    """The layer `features`; then, unless `classes` is None, dropout, a map for each class and its average.

    Lin et al. 2013, Section 3.2. `name` is the 1x1 convolution that makes the maps; `predictions` has no weights.
    """
    between("dropout", dropout, 0, 1)
    x = mark(x, "features")
    if classes is None:
        return x
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    x = conv(x, classes, 1, act="relu", name=name)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    return layers.Activation(activation, dtype=config.dtype_policy().variable_dtype, name="predictions")(x)


def predictions(x, classes, activation, *, name="predictions"):
    """The dense layer that ends a classifier, in full precision also where the network runs in mixed precision."""
    dtype = config.dtype_policy().variable_dtype
    return layers.Dense(classes, activation=activation, dtype=dtype, name=name)(x)


def check_auxiliary(input_shape, classes, smallest):
    """Raise an `InputError` where a network cannot have auxiliary heads: without a top, or on too small an image."""
    if classes is None:
        raise InputError("aux=True: auxiliary heads classify, so they need include_top=True")
    height, width, _ = input_shape
    if min(height or smallest, width or smallest) < smallest:
        raise InputError(
            f"aux=True: auxiliary heads cannot take images of {height}x{width}: the smallest is {smallest}x{smallest}"
        )


def conv2d_block(x, filters, *, padding="same", batchnorm=True, name):
    """Two 3x3 convolutions with ReLU, with batch normalization or without it. Ronneberger et al. 2015, Figure 1.

    The second reads what the first gives. In a much copied U-Net it reads `x`, and the first is dead.
    """
    convolution = partial(conv_bn, use_bias=True, epsilon=1e-3) if batchnorm else partial(conv, act="relu")
    x = convolution(x, filters, 3, padding=padding, name=f"{name}_1")
    return convolution(x, filters, 3, padding=padding, name=name)


def pixel_classifier(x, classes, activation):
    """The layer `features`; then, unless `classes` is None, `predictions`, a 1x1 convolution that judges each pixel."""
    x = mark(x, "features")
    return x if classes is None else pixel_predictions(x, classes, activation)


def pixel_predictions(x, channels, activation, *, kernel_size=1):
    """The convolution that ends a network whose answer is an image, in full precision like `predictions`."""
    dtype = config.dtype_policy().variable_dtype
    return layers.Conv2D(channels, kernel_size, padding="same", activation=activation, dtype=dtype, name="predictions")(
        x
    )


def check_sizes(network, input_shape, *, smallest, step, fixed=False):
    """Raise an `InputError` unless height and width are `smallest` plus a multiple of `step` each.

    None stands for sizes that are known when the network runs; `fixed` refuses it.
    """
    sizes = input_shape[:2]
    found = "x".join("any" if n is None else str(n) for n in sizes)
    if fixed and None in sizes:
        raise InputError(f"{network} cannot take images of {found}: it needs a fixed size, like {smallest}x{smallest}")
    excess = [0 if n is None else (n - smallest) % step if n > smallest else n - smallest for n in sizes]
    if any(excess):
        below = ["any" if n is None else n - e for n, e in zip(sizes, excess, strict=True)]
        above = [n if e <= 0 else n + step for n, e in zip(below, excess, strict=True)]
        nearest = list(dict.fromkeys("x".join(map(str, size)) for size in (below, above)))
        raise InputError(
            f"{network} cannot take images of {found}: height and width are {smallest}, {smallest + step}, "
            f"{smallest + 2 * step} and so on; {' and '.join(nearest)} would fit"
        )
