"""ResNet and its plain twins. He et al. 2015, arXiv:1512.03385, Table 1 (ImageNet) and Section 4.2 (CIFAR).

    7x7/2 conv -> 3x3/2 max pool -> four stages of residual blocks -> GAP -> Dense
    3x3 conv -> three stages of basic blocks -> GAP -> Dense                          (CIFAR)

The plain twins are the same networks without shortcuts.
"""

import re
from functools import partial

from keras import Model

from ..blocks import RESIDUAL_BLOCKS, classifier, residual_stem, stages
from ..errors import InputError, count, depths, one_of
from ..registry import image_input, register


@register("plain18", block="basic", repeats=(2, 2, 2, 2), shortcut=None)
@register("plain34", block="basic", repeats=(3, 4, 6, 3), shortcut=None)
@register("resnet18", block="basic", repeats=(2, 2, 2, 2))
@register("resnet34", block="basic", repeats=(3, 4, 6, 3))
@register("resnet50", block="bottleneck", repeats=(3, 4, 6, 3))
@register("resnet101", block="bottleneck", repeats=(3, 4, 23, 3))
@register("resnet152", block="bottleneck", repeats=(3, 8, 36, 3))
def resnet(
    input_shape, classes, *, block, repeats, n_filters=64, shortcut="B", stride_on="1x1", stem="imagenet",
    stochastic_depth=0.0, activation="softmax", name=None,
):  # fmt: skip
    """`block`: "basic" or "bottleneck"; `repeats`: blocks in each stage; `n_filters`: width of the first stage, which
    doubles from stage to stage; `shortcut`: "A" zero padding, "B" projection where the shape changes, "C" projection
    everywhere, None plain; `stride_on`: the bottleneck's convolution that strides, "1x1" or "3x3"; `stem`: "imagenet",
    or "cifar" (3x3/1, no pool) for small images; `stochastic_depth`: rate at which training leaves the last block out
    for an image, which grows from block to block."""
    one_of("block", block, RESIDUAL_BLOCKS)
    depths("repeats", repeats)
    count("n_filters", n_filters)
    one_of("stride_on", stride_on, ("1x1", "3x3"))
    if stochastic_depth and shortcut is None:
        raise InputError(f"stochastic_depth={stochastic_depth!r}: a plain network has no shortcut around a block")
    knobs = {"shortcut": shortcut} | ({"stride_on": stride_on} if block == "bottleneck" else {})
    inp = image_input(input_shape)
    x = residual_stem(inp, n_filters, stem)
    x = stages(x, repeats, n_filters, partial(RESIDUAL_BLOCKS[block], **knobs), stochastic_depth)
    return Model(inp, classifier(x, classes, activation), name=name)


for depth in (20, 32, 44, 56, 110, 1202):
    row = dict(block="basic", repeats=((depth - 2) // 6,) * 3, n_filters=16, stem="cifar")
    register(f"resnet{depth}_cifar", shortcut="A", **row)(resnet)
    if depth < 1202:
        register(f"plain{depth}_cifar", shortcut=None, **row)(resnet)


def torch(layer: str) -> str:
    """Names of torchvision, timm and akamaster's CIFAR nets to ours: `layer1.0.conv2` to `stage1_block1_2_conv`."""
    layer = {"conv1": "conv1_conv", "bn1": "conv1_bn", "fc": "predictions", "linear": "predictions"}.get(layer, layer)
    if not (found := re.fullmatch(r"layer(\d)\.(\d+)\.(\w+?)\.?(\d)", layer)):
        return layer
    stage, block, part, n = found.groups()
    inner = {"conv": f"{n}_conv", "bn": f"{n}_bn", "downsample": "shortcut_bn" if n == "1" else "shortcut_conv"}[part]
    return f"stage{stage}_block{int(block) + 1}_{inner}"


def keras_applications(layer: str) -> str:
    """The layer names of keras.applications to ours: `conv2_block1_0_bn` to `stage1_block1_shortcut_bn`."""
    if not (found := re.fullmatch(r"conv(\d)_block(\d+)_(\d)_(conv|bn)", layer)):
        return layer
    stage, block, n, part = found.groups()
    return f"stage{int(stage) - 1}_block{block}_{'shortcut' if n == '0' else n}_{part}"


PEERS = {"torchvision": torch, "keras.applications": keras_applications}
