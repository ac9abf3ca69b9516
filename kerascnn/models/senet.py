"""SENet: ResNet and ResNeXt with squeeze-and-excitation. Hu et al. 2017, arXiv:1709.01507, Table 1, and the appendix.

    7x7/2 conv -> 3x3/2 max pool -> four stages of residual blocks that recalibrate their channels -> GAP -> Dense
    three 3x3 convs -> 3x3/2 max pool -> the same with lean blocks -> GAP -> dropout -> Dense             (SENet-154)

SENet-154 is a ResNeXt-152 of 64x4d; the first 1x1 convolution of a block is half as wide, a projection that strides is
3x3, and three convolutions stand in for the 7x7. The max pool rounds up, as in the authors' Caffe. (timm's
`legacy_seresnet18` and `legacy_seresnet34` are other networks: they have a ReLU before the excitation.)
"""

import re
from functools import partial

from keras import Model

from ..blocks import (
    RESIDUAL_BLOCKS,
    classifier,
    conv_bn,
    inner_width,
    max_pool,
    name_tensor,
    residual,
    squeeze_excite,
    stages,
)
from ..errors import InputError, between, count, depths, one_of
from ..registry import image_input, register
from .resnet import torch

POOLS = {"ceil": "ceil", "padded": "symmetric"}


def recalibrate(x, *, ratio, name):
    return squeeze_excite(x, max(1, x.shape[-1] // ratio), name=name)


def lean_bottleneck(x, filters, *, stride, groups, width, name, **knobs):
    half, inner = inner_width(filters, groups, width // 2), inner_width(filters, groups, width)
    convs = [(half, 1, 1, 1), (inner, 3, stride, groups), (4 * filters, 1, 1, 1)]
    return residual(x, convs, projection=1 if stride == 1 else 3, name=name, **knobs)


def check(*, repeats, pool, **whole):
    depths("repeats", repeats)
    one_of("pool", pool, POOLS)
    for knob, value in whole.items():
        count(knob, value)


@register("se_resnet18", block="basic", repeats=(2, 2, 2, 2))
@register("se_resnet34", block="basic", repeats=(3, 4, 6, 3))
@register("se_resnet50", block="bottleneck", repeats=(3, 4, 6, 3))
@register("se_resnet101", block="bottleneck", repeats=(3, 4, 23, 3))
@register("se_resnet152", block="bottleneck", repeats=(3, 8, 36, 3))
@register("se_resnext50_32x4d", block="bottleneck", repeats=(3, 4, 6, 3), groups=32, width=4, stride_on="3x3")
@register("se_resnext101_32x4d", block="bottleneck", repeats=(3, 4, 23, 3), groups=32, width=4, stride_on="3x3")
def se_resnet(
    input_shape, classes, *, block, repeats, n_filters=64, groups=1, width=64, ratio=16, pool="ceil", stride_on="1x1",
    activation="softmax", name=None,
):  # fmt: skip
    """`block`: "basic" or "bottleneck"; `repeats`: blocks in each stage; `n_filters`: width of the first stage, which
    doubles from stage to stage; `groups` of the bottleneck's 3x3 convolution, and the `width` of a group in the first
    stage at 64 filters; `ratio`: channels to those that the excitation is squeezed through (r), which are at least one;
    `pool`: "ceil", or "padded" on both sides as in Torch; `stride_on`: the bottleneck's convolution that strides, "1x1"
    or "3x3"."""
    one_of("block", block, RESIDUAL_BLOCKS)
    one_of("stride_on", stride_on, ("1x1", "3x3"))
    check(repeats=repeats, pool=pool, n_filters=n_filters, groups=groups, width=width, ratio=ratio)
    knobs = dict(groups=groups, width=width, stride_on=stride_on)
    if block == "basic":
        if (groups, width) != (1, 64):
            raise InputError(f"groups={groups}, width={width}: only for bottlenecks; a basic block takes 1 and 64")
        knobs = {}
    inp = image_input(input_shape)
    x = conv_bn(inp, n_filters, 7, stride=2, name="conv1")
    x = max_pool(x, 3, 2, padding=POOLS[pool], name="pool1")
    excite = partial(recalibrate, ratio=ratio)
    x = stages(x, repeats, n_filters, partial(RESIDUAL_BLOCKS[block], excite=excite, **knobs))
    return Model(inp, classifier(x, classes, activation), name=name)


@register("senet154")
def senet154(
    input_shape, classes, *, repeats=(3, 8, 36, 3), n_filters=64, groups=64, width=4, ratio=16, pool="ceil",
    dropout=0.2, activation="softmax", name=None,
):  # fmt: skip
    """`repeats`, `n_filters`, `groups`, `width`, `ratio` and `pool` as above; `dropout`: rate before the classifier."""
    check(repeats=repeats, pool=pool, n_filters=n_filters, groups=groups, width=width, ratio=ratio)
    between("dropout", dropout, 0, 1)
    inp = image_input(input_shape)
    x = conv_bn(inp, n_filters, 3, stride=2, name="conv1")
    x = conv_bn(x, n_filters, 3, name="conv2")
    x = conv_bn(x, 2 * n_filters, 3, name="conv3")
    x = name_tensor(x, "stem")
    x = max_pool(x, 3, 2, padding=POOLS[pool], name="pool1")
    block = partial(lean_bottleneck, groups=groups, width=width, excite=partial(recalibrate, ratio=ratio))
    x = stages(x, repeats, n_filters, block)
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


def timm(layer: str) -> str:
    """timm's layer names, its `legacy_` ones too, to ours: `layer1.0.se_module.fc1` to `stage1_block1_se_reduce`."""
    if layer == "last_linear":
        return "predictions"
    if found := re.fullmatch(r"layer0\.(conv|bn)(\d)", layer):
        part, n = found.groups()
        return f"conv{n}_{part}"
    if found := re.fullmatch(r"layer(\d)\.(\d+)\.se(?:_module)?\.fc(\d)", layer):
        stage, block, n = found.groups()
        return f"stage{stage}_block{int(block) + 1}_se_{'reduce' if n == '1' else 'expand'}"
    return torch(layer)


DEEP_STEM = {
    "conv1.0": "conv1_conv", "conv1.1": "conv1_bn", "conv1.3": "conv2_conv", "conv1.4": "conv2_bn",
    "conv1.6": "conv3_conv", "bn1": "conv3_bn",
}  # fmt: skip


def timm_deep(layer: str) -> str:
    """The layer names of timm's `senet154` to ours."""
    return DEEP_STEM.get(layer) or timm(layer)


PEERS = {"timm": timm, "timm with a deep stem": timm_deep}
