"""Blocks that several papers share: functions from tensor to tensor.

A block's layers are named after the block: `{name}_conv`, `{name}_bn` and so on. Where it ends in an activation, that
last layer is called `name` itself.
"""

from keras import config, layers

from .errors import InputError, one_of
from .layers import PadChannels


def conv_bn(
    x, filters, kernel_size, *, stride=1, padding="symmetric", groups=1, act="relu", epsilon=1e-5, scale=True, name
):
    """Convolution without bias, batch normalization, activation (None: none)."""
    x = conv(
        x, filters, kernel_size, stride=stride, padding=padding, groups=groups, use_bias=False, name=f"{name}_conv"
    )
    x = layers.BatchNormalization(epsilon=epsilon, scale=scale, name=f"{name}_bn")(x)
    return layers.Activation(act, name=name)(x) if act else x


def conv(x, filters, kernel_size, *, stride=1, padding="symmetric", groups=1, use_bias=True, act=None, name):
    """Convolution that pads both sides alike, as Caffe and Torch do, or as Keras does ("same", "valid")."""
    x, padding = pad(x, kernel_size, stride, padding, name)
    return layers.Conv2D(
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


def depthwise_bn(x, kernel_size, *, stride=1, padding="symmetric", act="relu", epsilon=1e-5, name):
    """Depthwise convolution without bias, batch normalization, activation (None: none)."""
    x, padding = pad(x, kernel_size, stride, padding, f"{name}_conv")
    x = layers.DepthwiseConv2D(kernel_size, stride, padding, use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(epsilon=epsilon, name=f"{name}_bn")(x)
    return layers.Activation(act, name=name)(x) if act else x


def pad(x, kernel_size, stride, padding, name):
    """Turn "symmetric" padding into what Keras offers: a padded tensor and the padding left for the layer to do.

    Keras's "same" pads a stride of 2 at the bottom and right only, which shows at even sizes.
    """
    one_of("padding", padding, ("symmetric", "same", "valid"))
    if padding != "symmetric":
        return x, padding
    if stride == 1 and kernel_size % 2:
        return x, "same"
    return layers.ZeroPadding2D((kernel_size - 1) // 2, name=f"{name}_pad")(x), "valid"


def max_pool(x, pool_size, stride, *, padding="symmetric", name):
    """Max pooling of a map that comes out of a ReLU.

    `padding` is "symmetric" (both sides alike), "ceil" (the size rounds up, as in Caffe), or Keras's "same", "valid".
    """
    if padding == "ceil":
        x, padding = layers.ZeroPadding2D(((0, stride - 1), (0, stride - 1)), name=f"{name}_pad")(x), "valid"
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


def basic(x, filters, *, stride=1, shortcut="B", name):
    """Residual block of two 3x3 convolutions. He et al. 2015, Figure 5 left."""
    y = conv_bn(x, filters, 3, stride=stride, name=f"{name}_1")
    y = conv_bn(y, filters, 3, act=None, name=f"{name}_2")
    return add_shortcut(x, y, stride=stride, shortcut=shortcut, name=name)


def bottleneck(x, filters, *, stride=1, stride_on="1x1", shortcut="B", name):
    """Residual block of 1x1, 3x3 and four times as wide 1x1 convolutions. He et al. 2015, Figure 5 right."""
    one_of("stride_on", stride_on, ("1x1", "3x3"))
    y = conv_bn(x, filters, 1, stride=stride if stride_on == "1x1" else 1, name=f"{name}_1")
    y = conv_bn(y, filters, 3, stride=stride if stride_on == "3x3" else 1, name=f"{name}_2")
    y = conv_bn(y, 4 * filters, 1, act=None, name=f"{name}_3")
    return add_shortcut(x, y, stride=stride, shortcut=shortcut, name=name)


def add_shortcut(x, y, *, stride, shortcut, name):
    """ReLU(y + shortcut of x). Shortcuts as in He et al. 2015, Section 4.1:

    "A" is parameter-free (every second pixel, zero channels), "B" projects where the shape changes, "C" projects
    everywhere, None is a plain network without shortcuts.
    """
    one_of("shortcut", shortcut, ("A", "B", "C", None))
    channels = y.shape[-1] - x.shape[-1]
    changes = stride != 1 or channels != 0
    if shortcut == "C" or (shortcut == "B" and changes):
        x = conv_bn(x, y.shape[-1], 1, stride=stride, act=None, name=f"{name}_shortcut")
    elif shortcut == "A":
        if channels < 0:
            raise InputError(f"{name}: shortcut 'A' can only add channels, not go from {x.shape[-1]} to {y.shape[-1]}")
        if stride != 1:
            x = layers.AveragePooling2D(1, stride, name=f"{name}_skip")(x)
        if channels:
            x = PadChannels(channels, name=f"{name}_pad")(x)
    if shortcut is not None:
        y = layers.Add(name=f"{name}_add")([x, y])
    return layers.Activation("relu", name=name)(y)


def mark(x, name):
    """Give the end of a stage its name."""
    return layers.Identity(name=name)(x)


def classifier(x, classes, activation, *, dropout=0.0):
    """The layer `features`; then, unless `classes` is None, global average pooling, dropout and `predictions`."""
    x = mark(x, "features")
    if classes is None:
        return x
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    return predictions(x, classes, activation)


def predictions(x, classes, activation):
    """The dense layer that ends a classifier, in full precision also where the network runs in mixed precision."""
    dtype = config.dtype_policy().variable_dtype
    return layers.Dense(classes, activation=activation, dtype=dtype, name="predictions")(x)
