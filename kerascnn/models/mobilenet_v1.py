"""MobileNet v1. Howard et al. 2017, arXiv:1704.04861, Table 1.

    3x3/2 conv -> 13 depthwise-separable blocks -> GAP -> Dense

`alpha` is the width multiplier. The resolution multiplier has no argument: it is `input_shape`.
Departs from the paper in ReLU6 and a light dropout, both from the authors' code.
"""

import re

from keras import Model

from ..blocks import classifier, conv_bn, depthwise_bn
from ..errors import between, one_of
from ..registry import image_input, register

BODY = [  # filters, stride of the separable blocks
    (64, 1),
    (128, 2), (128, 1),
    (256, 2), (256, 1),
    (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
]  # fmt: skip


def separable_block(x, filters, stride, *, name, **style):
    x = depthwise_bn(x, 3, stride=stride, name=f"{name}_depthwise", **style)
    return conv_bn(x, filters, 1, name=name, **style)


@register("mobilenet_v1")
def mobilenet_v1(input_shape, classes, *, alpha=1.0, dropout=1e-3, padding="same", activation="softmax", name=None):
    """`alpha`: width multiplier; `dropout`: rate before the classifier; `padding`: "same", as TensorFlow pads, or
    "symmetric", as Torch does."""
    one_of("padding", padding, ("same", "symmetric"))
    between("alpha", alpha, 1 / 32, 16)
    style = dict(padding=padding, act="relu6", epsilon=1e-3)
    inp = image_input(input_shape)
    x = conv_bn(inp, int(32 * alpha), 3, stride=2, name="conv1", **style)
    for i, (filters, stride) in enumerate(BODY, start=1):
        x = separable_block(x, int(filters * alpha), stride, name=f"block{i}", **style)
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


def timm(layer: str) -> str:
    """timm's layer names to ours: `blocks.3.0.conv_pw` to `block6_conv`."""
    head = {"conv_stem": "conv1_conv", "bn1": "conv1_bn", "classifier": "predictions"}
    if layer in head:
        return head[layer]
    _, stage, block, part = layer.split(".")
    i = (0, 1, 3, 5, 11)[int(stage)] + int(block) + 1
    return f"block{i}" + {"conv_dw": "_depthwise_conv", "bn1": "_depthwise_bn", "conv_pw": "_conv", "bn2": "_bn"}[part]


def keras_applications(layer: str) -> str:
    """The layer names of keras.applications to ours: `conv_pw_6_bn` to `block6_bn`."""
    head = {"conv1": "conv1_conv", "conv1_bn": "conv1_bn", "conv_preds": "predictions"}
    if layer in head:
        return head[layer]
    part, i, norm = re.fullmatch(r"conv_(dw|pw)_(\d+)(_bn)?", layer).groups()
    return f"block{i}" + {"dw": "_depthwise", "pw": ""}[part] + (norm or "_conv")


PEERS = {"timm": timm, "keras.applications": keras_applications}
