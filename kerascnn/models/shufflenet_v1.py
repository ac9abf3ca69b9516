"""ShuffleNet v1. Zhang et al. 2017, arXiv:1707.01083, Table 1.

    3x3/2 conv -> 3x3/2 max pool -> three stages of shuffle units -> GAP -> Dense

`groups` is the g of Table 1: more groups buy more channels for the same cost. `scale` is the s of "ShuffleNet s x" and
scales conv1 too. Where the groups don't divide the scaled channels, on which the paper is silent, they are rounded; so
0.25 x costs 10 to 12 million MACs, not the 13 of Table 2.
"""

from keras import Model, layers

from ..blocks import average_pool, classifier, conv_bn, depthwise_bn, make_divisible, max_pool, name_tensor
from ..errors import between, depths, one_of
from ..layers import ChannelShuffle
from ..registry import image_input, register

WIDTHS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # groups: channels of stage 2, which double from stage to stage


def shuffle_unit(x, filters, *, stride, groups, reduce_groups, shuffle, name):
    """Figure 2b, or 2c where the stride is 2."""
    y = conv_bn(x, filters // 4, 1, groups=reduce_groups, name=f"{name}_reduce")
    if shuffle and groups > 1:
        y = ChannelShuffle(groups, name=f"{name}_shuffle")(y)
    y = depthwise_bn(y, 3, stride=stride, act=None, name=f"{name}_depthwise")
    if stride == 1:
        y = conv_bn(y, filters, 1, groups=groups, act=None, name=f"{name}_expand")
        y = layers.Add(name=f"{name}_add")([x, y])
    else:
        y = conv_bn(y, filters - x.shape[-1], 1, groups=groups, act=None, name=f"{name}_expand")
        x = average_pool(x, 3, stride, name=f"{name}_pool")
        y = layers.Concatenate(name=f"{name}_concat")([y, x])
    return layers.Activation("relu", name=name)(y)


@register("shufflenet_v1")
def shufflenet_v1(
    input_shape, classes, *, groups=3, scale=1.0, shuffle=True, repeats=(4, 8, 4), activation="softmax", name=None
):
    """`groups`: of the pointwise convolutions, 1, 2, 3, 4 or 8; `scale`: width multiplier; `shuffle`: False leaves the
    channel shuffle out (Table 3); `repeats`: units in each stage."""
    one_of("groups", groups, WIDTHS)
    between("scale", scale, 0.25, 16)
    depths("repeats", repeats)
    width = make_divisible(scale * WIDTHS[groups], 4 * groups)
    inp = image_input(input_shape)
    x = conv_bn(inp, make_divisible(24 * scale, groups), 3, stride=2, name="conv1")
    x = max_pool(x, 3, 2, name="pool1")
    for i, units in enumerate(repeats, start=2):
        for j in range(1, units + 1):
            x = shuffle_unit(
                x,
                width * 2 ** (i - 2),
                stride=2 if j == 1 else 1,
                groups=groups,
                reduce_groups=1 if i == 2 and j == 1 else groups,  # too few channels to group (Section 3.3)
                shuffle=shuffle,
                name=f"stage{i}_block{j}",
            )
        x = name_tensor(x, f"stage{i}")
    return Model(inp, classifier(x, classes, activation), name=name)


def pytorchcv(layer: str) -> str:
    """pytorchcv's layer names to ours: `features.stage1.unit2.dw_conv2` to `stage2_block2_depthwise_conv`."""
    if layer == "output":
        return "predictions"
    _, stage, *unit, part = layer.split(".")
    if stage == "init_block":
        return f"conv1_{part}"
    inner, kind = part[:-1].split("_")
    inner = {"compress": "reduce", "dw": "depthwise", "expand": "expand"}[inner]
    return f"stage{int(stage[5:]) + 1}_block{unit[0][4:]}_{inner}_{kind}"


PEERS = {"pytorchcv": pytorchcv}
