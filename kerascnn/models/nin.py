"""Network in Network. Lin et al. 2013, arXiv:1312.4400, Figure 2 and Section 4.

    mlpconv blocks (a convolution and two 1x1 convs) with pools between them -> one map for each class -> GAP

`nin` is the ImageNet network that lectures draw, with 1000 maps throughout the last block; `last=(1024, 1024)` is the
authors' (Caffe model zoo). `nin_cifar` is their CIFAR-10 network.
Departs from the authors' ImageNet network in pools that round down, as lectures have them, where Caffe rounds up.
"""

from keras import Model
from keras.layers import Dropout

from ..blocks import average_pool, conv, map_classifier, max_pool
from ..errors import between, counts
from ..registry import image_input, register


def mlpconv(x, filters, kernel_size, *, stride=1, padding="symmetric", name):
    """A perceptron that slides over the map: a convolution, then 1x1 convolutions (Figure 1b)."""
    x = hidden(x, filters[:-1], kernel_size, stride=stride, padding=padding, name=name)
    return conv(x, filters[-1], 1, act="relu", name=name)


def hidden(x, filters, kernel_size, *, stride=1, padding="symmetric", name):
    """The layers of an mlpconv before its last."""
    for i, width in enumerate(filters, start=1):
        x = conv(x, width, kernel_size, stride=stride, padding=padding, act="relu", name=f"{name}_{i}")
        kernel_size = stride = 1
    return x


@register("nin")
def nin(input_shape, classes, *, last=(1000, 1000), dropout=0.5, activation="softmax", name=None):
    """`last`: widths of the last block before its maps of the classes; `dropout`: rate before the last block."""
    counts("last", last)
    between("dropout", dropout, 0, 1)
    inp = image_input(input_shape)
    x = mlpconv(inp, (96, 96, 96), 11, stride=4, padding="valid", name="block1")  # 54x54x96
    x = max_pool(x, 3, 2, padding="valid", name="pool1")  # 26x26x96
    x = mlpconv(x, (256, 256, 256), 5, name="block2")
    x = max_pool(x, 3, 2, padding="valid", name="pool2")  # 12x12x256
    x = mlpconv(x, (384, 384, 384), 3, name="block3")
    x = max_pool(x, 3, 2, padding="valid", name="pool3")  # 5x5x384
    if dropout:
        x = Dropout(dropout, name="dropout")(x)
    x = hidden(x, last, 3, name="block4")
    return Model(inp, map_classifier(x, classes, activation, name="block4"), name=name)


@register("nin_cifar")
def nin_cifar(input_shape, classes, *, dropout=0.5, activation="softmax", name=None):
    """`dropout`: rate after each of the two pools."""
    between("dropout", dropout, 0, 1)
    inp = image_input(input_shape)
    x = mlpconv(inp, (192, 160, 96), 5, name="block1")  # 32x32x96
    x = max_pool(x, 3, 2, name="pool1")
    if dropout:
        x = Dropout(dropout, name="dropout1")(x)
    x = mlpconv(x, (192, 192, 192), 5, name="block2")  # 16x16x192
    x = average_pool(x, 3, 2, name="pool2")
    if dropout:
        x = Dropout(dropout, name="dropout2")(x)
    x = hidden(x, (192, 192), 3, name="block3")  # 8x8x192
    return Model(inp, map_classifier(x, classes, activation, name="block3"), name=name)


def pytorchcv(layer: str) -> str:
    """pytorchcv's names to ours: `features.stage2.unit1.conv` to `block2_1`."""
    if layer == "output.final_conv.conv":
        return "block3"
    _, stage, unit, _ = layer.split(".")
    block, i = stage.removeprefix("stage"), unit.removeprefix("unit")
    return f"block{block}" if (i, block) in (("3", "1"), ("3", "2")) else f"block{block}_{i}"


PEERS = {"pytorchcv": pytorchcv}
