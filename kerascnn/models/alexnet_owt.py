"""AlexNet of "one weird trick". Krizhevsky 2014, arXiv:1404.5997, Section 5, as torchvision has it.

    11x11/4 conv -> pool -> 5x5 conv -> pool -> three 3x3 convs -> pool -> two dense layers -> Dense

One tower of 64-192-384-256-256 maps: not the network of 2012.
Departs from the author's code (cuda-convnet2, layers-imagenet-1gpu.cfg) as torchvision does: no local response
normalization, and conv1 pads 224x224 images by 2. Dropout comes after fc6 and fc7, as in that code; torchvision drops
before them.
"""

from keras import Model

from ..blocks import conv, dense_classifier, max_pool
from ..registry import image_input, register


@register("alexnet_owt")
def alexnet_owt(input_shape, classes, *, dense=4096, dropout=0.5, activation="softmax", name=None):
    """`dense`: width of fc6 and fc7; `dropout`: rate after each of them."""
    inp = image_input(input_shape)
    x = conv(inp, 64, 11, stride=4, padding=2, act="relu", name="conv1")  # 55x55x64
    x = max_pool(x, 3, 2, padding="valid", name="pool1")  # 27x27x64
    x = conv(x, 192, 5, act="relu", name="conv2")
    x = max_pool(x, 3, 2, padding="valid", name="pool2")  # 13x13x192
    x = conv(x, 384, 3, act="relu", name="conv3")
    x = conv(x, 256, 3, act="relu", name="conv4")
    x = conv(x, 256, 3, act="relu", name="conv5")
    x = max_pool(x, 3, 2, padding="valid", name="pool5")  # 6x6x256
    return Model(inp, dense_classifier(x, classes, activation, dense=dense, dropout=dropout), name=name)


TORCHVISION = {
    "features.0": "conv1",
    "features.3": "conv2",
    "features.6": "conv3",
    "features.8": "conv4",
    "features.10": "conv5",
    "classifier.1": "fc6",
    "classifier.4": "fc7",
    "classifier.6": "predictions",
}
PEERS = {"torchvision": TORCHVISION.get}
