"""GoogLeNet with batch normalization, torchvision's variant. After Szegedy et al. 2014, arXiv:1409.4842, Table 1.

    7x7/2 conv -> pool -> 1x1 and 3x3 conv -> pool -> nine Inception modules with two pools between -> GAP -> Dense

Departs from the paper in what torchvision does: batch normalization after every convolution instead of biases and local
response normalization, a 3x3 convolution where Table 1 has 5x5, a last pool of 2x2/2, dropout of 0.2.
"""

import re

from keras import Model

from ..blocks import classifier, conv_bn, inception, max_pool
from ..errors import between
from ..registry import image_input, register
from .googlenet import POOL, TABLE_1


def module(n1, reduce3, n3, reduce5, n5, projection):
    return [[(n1, 1)], [(reduce3, 1), (n3, 3)], [(reduce5, 1), (n5, 3)], [POOL, (projection, 1)]]


@register("googlenet_bn")
def googlenet_bn(input_shape, classes, *, dropout=0.2, alpha=1.0, activation="softmax", name=None):
    """`dropout`: rate before the classifier; `alpha`: width multiplier."""
    between("alpha", alpha, 1 / 16, 16)
    inp = image_input(input_shape)
    x = conv_bn(inp, int(64 * alpha), 7, stride=2, epsilon=1e-3, name="conv1")
    x = max_pool(x, 3, 2, padding="ceil", name="pool1")
    x = conv_bn(x, int(64 * alpha), 1, epsilon=1e-3, name="conv2_reduce")
    x = conv_bn(x, int(192 * alpha), 3, epsilon=1e-3, name="conv2")
    x = max_pool(x, 3, 2, padding="ceil", name="pool2")
    for stage, widths in TABLE_1.items():
        if widths is None:
            x = max_pool(x, 2 if stage == "pool4" else 3, 2, padding="ceil", name=stage)
        else:
            x = inception(x, module(*widths), alpha=alpha, epsilon=1e-3, name=stage)
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


def torchvision(layer: str) -> str:
    """torchvision's names to ours: `inception3a.branch2.0.bn` to `inception_3a_branch2_1_bn`."""
    if layer == "fc":
        return "predictions"
    block, *branch, part = layer.split(".")
    if not branch:  # conv1, conv2, conv3
        return {"conv2": "conv2_reduce", "conv3": "conv2"}.get(block, block) + f"_{part}"
    i, j = branch if len(branch) == 2 else (*branch, "0")
    return re.sub("inception", "inception_", block) + f"_{i}_{int(j) + 1}_{part}"


PEERS = {"torchvision": torchvision}
