"""ZFNet. Zeiler & Fergus 2013, arXiv:1311.2901, Figure 3 and Table 3.

    7x7/2 conv -> LRN -> pool -> 5x5/2 conv -> LRN -> pool -> three 3x3 convs -> pool -> two dense layers -> Dense

AlexNet with a finer start; `zfnet_wide` has 512, 1024 and 512 maps in conv3, conv4 and conv5.
Departs from the paper in normalizing before the pools, as AlexNet does, where the text pools first.
"""

from keras import Model

from ..blocks import conv, dense_classifier, max_pool
from ..errors import counts
from ..layers import LocalResponseNormalization
from ..registry import image_input, register
from .alexnet import PYTORCHCV


@register("zfnet")
@register("zfnet_wide", n_filters=(512, 1024, 512))
def zfnet(
    input_shape, classes, *, n_filters=(384, 384, 256), lrn=True, dense=4096, dropout=0.5, activation="softmax",
    name=None,
):  # fmt: skip
    """`n_filters`: widths of conv3, conv4 and conv5 (the paper's Table 3 leaves some out and widens others); `lrn`:
    local response normalization after conv1 and conv2; `dense`: width of fc6 and fc7; `dropout`: rate after each of
    them."""
    counts("n_filters", n_filters)

    def normalize(x, name):
        return LocalResponseNormalization(bias=2.0, name=name)(x) if lrn else x

    inp = image_input(input_shape)
    x = conv(inp, 96, 7, stride=2, padding=1, act="relu", name="conv1")  # 110x110x96
    x = normalize(x, "norm1")
    x = max_pool(x, 3, 2, padding="ceil", name="pool1")  # 55x55x96
    x = conv(x, 256, 5, stride=2, padding="valid", act="relu", name="conv2")  # 26x26x256
    x = normalize(x, "norm2")
    x = max_pool(x, 3, 2, padding="ceil", name="pool2")  # 13x13x256
    for i, filters in enumerate(n_filters, start=3):
        x = conv(x, filters, 3, act="relu", name=f"conv{i}")
    x = max_pool(x, 3, 2, padding="ceil", name="pool5")  # 6x6x256
    return Model(inp, dense_classifier(x, classes, activation, dense=dense, dropout=dropout), name=name)


PEERS = {"pytorchcv": PYTORCHCV.get}
