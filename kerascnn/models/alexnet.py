"""AlexNet. Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks, Figure 2.

    11x11/4 conv -> LRN -> pool -> 5x5 conv -> LRN -> pool -> three 3x3 convs -> pool -> two dense layers -> Dense

By default one tower, as lectures teach it; `groups=2` is the network of 2012, whose halves lived on two GPUs.
Departs from the paper in the image, 227x227 where the text says 224x224 (its own 55x55 maps need 227), and in LRN's
alpha, which the text's formula doesn't divide by the number of channels but the author's code does.
"""

from keras import Model

from ..blocks import conv, dense_classifier, max_pool
from ..errors import between, one_of
from ..layers import LocalResponseNormalization
from ..registry import image_input, register


@register("alexnet")
def alexnet(
    input_shape, classes, *, groups=1, lrn=True, lrn_bias=2.0, dense=4096, dropout=0.5, activation="softmax", name=None
):
    """`groups`: independent halves (or smaller parts) of conv2, conv4 and conv5; `lrn`: local response normalization
    after conv1 and conv2, with `lrn_bias` as the paper's k (Caffe's AlexNet has 1); `dense`: width of fc6 and fc7;
    `dropout`: rate after each of them."""
    one_of("groups", groups, (1, 2, 4, 8, 16, 32))
    between("lrn_bias", lrn_bias, 1e-3, 100)

    def normalize(x, name):
        return LocalResponseNormalization(bias=lrn_bias, name=name)(x) if lrn else x

    inp = image_input(input_shape)
    x = conv(inp, 96, 11, stride=4, padding="valid", act="relu", name="conv1")  # 55x55x96
    x = normalize(x, "norm1")
    x = max_pool(x, 3, 2, padding="ceil", name="pool1")  # 27x27x96
    x = conv(x, 256, 5, groups=groups, act="relu", name="conv2")
    x = normalize(x, "norm2")
    x = max_pool(x, 3, 2, padding="ceil", name="pool2")  # 13x13x256
    x = conv(x, 384, 3, act="relu", name="conv3")
    x = conv(x, 384, 3, groups=groups, act="relu", name="conv4")
    x = conv(x, 256, 3, groups=groups, act="relu", name="conv5")
    x = max_pool(x, 3, 2, padding="ceil", name="pool5")  # 6x6x256
    return Model(inp, dense_classifier(x, classes, activation, dense=dense, dropout=dropout), name=name)


def caffe(layer: str) -> str:
    """Caffe's names are the paper's: only `fc8` is our `predictions`."""
    return "predictions" if layer == "fc8" else layer


PYTORCHCV = {
    "features.stage1.unit1.conv": "conv1",
    "features.stage2.unit1.conv": "conv2",
    "features.stage3.unit1.conv": "conv3",
    "features.stage3.unit2.conv": "conv4",
    "features.stage3.unit3.conv": "conv5",
    "output.fc1.fc": "fc6",
    "output.fc2.fc": "fc7",
    "output.fc3": "predictions",
}
PEERS = {"caffe": caffe, "pytorchcv": PYTORCHCV.get}
