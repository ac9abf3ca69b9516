"""Convolutions, pools and chains of them."""

from functools import partial

from keras import layers

from ..errors import one_of
from ..layers import (
    AveragePooling2D,
    Conv2D,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    GroupedConv2D,
    MaxPooling2D,
    StridedPointwiseConv2D,
    ZeroPadding2D,
)

NARROW = 16  # channels, below which TensorFlow's strided 1x1 convolutions are not safe; see StridedPointwiseConv2D


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
    is_narrow = kernel_size == 1 and stride > 1 and x.shape[-1] < NARROW
    convolution = GroupedConv2D if groups > 1 else StridedPointwiseConv2D if is_narrow else Conv2D
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
    x = DepthwiseConv2D(kernel_size, stride, padding, use_bias=False, name=f"{name}_conv")(x)
    return bn_act(x, act=act, epsilon=epsilon, name=name)


def pad(x, kernel_size, stride, padding, name):
    """Turn "symmetric" padding into what Keras offers: a padded tensor and the padding left for the layer to do.

    Keras's "same" pads a stride of 2 at the bottom and right only, which shows at even sizes.
    """
    if isinstance(padding, int):
        return ZeroPadding2D(padding, name=f"{name}_pad")(x), "valid"
    one_of("padding", padding, ("symmetric", "same", "valid"))
    if padding != "symmetric":
        return x, padding
    if kernel_size == 1 or (stride == 1 and kernel_size % 2):
        return x, "same"
    return ZeroPadding2D((kernel_size - 1) // 2, name=f"{name}_pad")(x), "valid"


def max_pool(x, pool_size, stride, *, padding="symmetric", name):
    """Max pooling of a map that comes out of a ReLU.

    `padding` is "symmetric" (both sides alike), "ceil" (the size rounds up, as in Caffe), or Keras's "same", "valid".
    """
    if padding == "ceil":
        gaps = [(0, -(n - pool_size) % stride if n else stride - 1) for n in x.shape[1:3]]
        if gaps != [(0, 0), (0, 0)]:
            x = ZeroPadding2D(gaps, name=f"{name}_pad")(x)
        padding = "valid"
    elif padding == "symmetric":
        x, padding = ZeroPadding2D((pool_size - 1) // 2, name=f"{name}_pad")(x), "valid"
    return MaxPooling2D(pool_size, stride, padding, name=name)(x)


def average_pool(x, pool_size, stride, *, padding="symmetric", name):
    """Average pooling. "symmetric" pads both sides alike and counts the zeros; Keras's "same" leaves them out."""
    if padding == "symmetric":
        x, padding = ZeroPadding2D((pool_size - 1) // 2, name=f"{name}_pad")(x), "valid"
    return AveragePooling2D(pool_size, stride, padding, name=name)(x)


def squeeze_excite(x, filters, *, act="relu", gate="sigmoid", name):
    """Reweighs the channels by what the whole map holds, through `filters` numbers. Hu et al. 2017, Figure 2."""
    y = GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    y = conv(y, filters, 1, act=act, name=f"{name}_reduce")
    y = conv(y, x.shape[-1], 1, act=gate, name=f"{name}_expand")
    return layers.Multiply(name=name)([x, y])


def make_divisible(channels, divisor=8):
    """A scaled number of channels as the nearest multiple of `divisor`, or the next one where that loses over a tenth.

    The rounding of the authors of MobileNet v2 and v3 and EfficientNet, from their code.
    """
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


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


def name_tensor(x, name):
    """Give the end of a stage its name."""
    return layers.Identity(name=name)(x)


def conv2d_block(x, filters, *, padding="same", batchnorm=True, name):
    """Two 3x3 convolutions with ReLU, with batch normalization or without it. Ronneberger et al. 2015, Figure 1.

    The second reads what the first gives. In a much copied U-Net it reads `x`, and the first is dead.
    """
    convolution = partial(conv_bn, use_bias=True, epsilon=1e-3) if batchnorm else partial(conv, act="relu")
    x = convolution(x, filters, 3, padding=padding, name=f"{name}_1")
    return convolution(x, filters, 3, padding=padding, name=name)
