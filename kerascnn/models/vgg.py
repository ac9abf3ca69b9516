"""VGG. Simonyan & Zisserman 2014, arXiv:1409.1556, Table 1.

    five blocks, each of n 3x3 convs of m maps and a 2x2 pool -> two dense layers -> Dense

Any VGG is a table of n (`repeats`) and m (`n_filters`).
"""

from functools import partial

from keras import Model

from ..blocks import conv, conv_bn, dense_classifier, max_pool
from ..errors import InputError, counts, depths, one_of
from ..layers import LocalResponseNormalization
from ..registry import image_input, register

REPEATS = {
    "vgg11": (1, 1, 2, 2, 2),  # A
    "vgg13": (2, 2, 2, 2, 2),  # B
    "vgg16": (2, 2, 3, 3, 3),  # D
    "vgg19": (2, 2, 4, 4, 4),  # E
}


@register("vgg16_c", repeats=(2, 2, 3, 3, 3), third_kernel=1)
def vgg(
    input_shape, classes, *, repeats, n_filters=(64, 128, 256, 512, 512), third_kernel=3, batchnorm=False, lrn=False,
    dense=4096, dropout=0.5, activation="softmax", name=None,
):  # fmt: skip
    """`repeats`: convolutions in each block; `n_filters`: their widths; `third_kernel`: kernel size of a block's third
    convolution (1 in column C); `batchnorm`: batch normalization after every convolution; `lrn`: local response
    normalization after the first one (column A-LRN); `dense`: width of fc6 and fc7; `dropout`: rate after each of
    them."""
    depths("repeats", repeats)
    counts("n_filters", n_filters)
    if len(n_filters) != len(repeats):
        raise InputError(f"n_filters={n_filters!r}: must be as many as repeats={repeats!r}, one for each block")
    one_of("third_kernel", third_kernel, (1, 3))
    convolution = partial(conv_bn, use_bias=True) if batchnorm else partial(conv, act="relu")
    inp = x = image_input(input_shape)
    for i, (n, filters) in enumerate(zip(repeats, n_filters, strict=True), start=1):
        for j in range(1, n + 1):
            x = convolution(x, filters, third_kernel if j == 3 else 3, name=f"block{i}_conv{j}")
            if lrn and i == j == 1:
                x = LocalResponseNormalization(bias=2.0, name="norm1")(x)
        x = max_pool(x, 2, 2, padding="valid", name=f"block{i}_pool")
    return Model(inp, dense_classifier(x, classes, activation, dense=dense, dropout=dropout), name=name)


def torchvision(repeats: tuple, batchnorm: bool) -> dict:
    """torchvision's names to ours: it counts convolutions, batch norms, ReLUs and pools in one row, `features`."""
    names = {"classifier.0": "fc6", "classifier.3": "fc7", "classifier.6": "predictions"}
    position = 0
    for i, n in enumerate(repeats, start=1):
        for j in range(1, n + 1):
            names[f"features.{position}"] = f"block{i}_conv{j}" + "_conv" * batchnorm
            if batchnorm:
                names[f"features.{position + 1}"] = f"block{i}_conv{j}_bn"
            position += 2 + batchnorm
        position += 1
    return names


PEERS = {"keras.applications": lambda layer: {"fc1": "fc6", "fc2": "fc7"}.get(layer, layer)}
for variant, n_convs in REPEATS.items():
    register(variant, repeats=n_convs)(vgg)
    PEERS[f"torchvision {variant}"] = torchvision(n_convs, batchnorm=False).get
    PEERS[f"torchvision {variant}_bn"] = torchvision(n_convs, batchnorm=True).get
