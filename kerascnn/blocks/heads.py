"""What networks end in: classifiers of images and of pixels, and the checks of their sizes."""

from keras import config, layers

from ..errors import InputError, between, count
from ..layers import Conv2D, Flatten, GlobalAveragePooling2D
from .convolution import conv, name_tensor


def classifier(x, classes, activation, *, dropout=0.0):
    """The layer `features`; then, unless `classes` is None, global average pooling, dropout and `predictions`."""
    between("dropout", dropout, 0, 1)
    x = name_tensor(x, "features")
    if classes is None:
        return x
    x = GlobalAveragePooling2D(name="gap")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    return predictions(x, classes, activation)


def dense_classifier(x, classes, activation, *, dense, dropout):
    """The layer `features`; then, unless `classes` is None, two dense layers with dropout and `predictions`.

    Krizhevsky et al. 2012, Sections 3.5 and 4.2. The dense layers need a map of known size.
    """
    count("dense", dense)
    between("dropout", dropout, 0, 1)
    x = name_tensor(x, "features")
    if classes is None:
        return x
    x = Flatten(name="flatten")(x)
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
    x = name_tensor(x, "features")
    if classes is None:
        return x
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    x = conv(x, classes, 1, act="relu", name=name)
    x = GlobalAveragePooling2D(name="gap")(x)
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


def pixel_classifier(x, classes, activation):
    """The layer `features`; then, unless `classes` is None, `predictions`, a 1x1 convolution that judges each pixel."""
    x = name_tensor(x, "features")
    return x if classes is None else pixel_predictions(x, classes, activation)


def pixel_predictions(x, channels, activation, *, kernel_size=1):
    """The convolution that ends a network whose answer is an image, in full precision like `predictions`."""
    dtype = config.dtype_policy().variable_dtype
    return Conv2D(channels, kernel_size, padding="same", activation=activation, dtype=dtype, name="predictions")(x)


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
