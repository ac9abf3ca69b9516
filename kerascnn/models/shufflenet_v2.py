"""ShuffleNet v2. Ma et al. 2018, arXiv:1807.11164, Table 5.

3x3/2 conv -> 3x3/2 max pool -> three stages of units that split, convolve, concatenate and shuffle -> 1x1 conv
-> GAP -> Dense
"""

from keras import Model, layers

from ..blocks import classifier, conv_bn, depthwise_bn, max_pool, name_tensor
from ..errors import depths, one_of
from ..layers import ChannelShuffle, ChannelSplit
from ..registry import image_input, register

WIDTHS = {  # scale: channels of stage 2, which double from stage to stage, and of conv5
    0.5: (48, 1024),
    1.0: (116, 1024),
    1.5: (176, 1024),
    2.0: (244, 2048),
}


def split_unit(x, filters, *, stride, name):
    """Figure 3c, or 3d where the stride is 2."""
    if stride == 1:
        left, right = ChannelSplit(name=f"{name}_split")(x)
    else:
        left = depthwise_bn(x, 3, stride=stride, act=None, name=f"{name}_left_depthwise")
        left = conv_bn(left, filters // 2, 1, name=f"{name}_left")
        right = x
    right = conv_bn(right, filters // 2, 1, name=f"{name}_reduce")
    right = depthwise_bn(right, 3, stride=stride, act=None, name=f"{name}_depthwise")
    right = conv_bn(right, filters // 2, 1, name=f"{name}_right")
    y = layers.Concatenate(name=f"{name}_concat")([left, right])
    return ChannelShuffle(2, name=name)(y)


@register("shufflenet_v2")
def shufflenet_v2(input_shape, classes, *, scale=1.0, repeats=(4, 8, 4), activation="softmax", name=None):
    """`scale`: width, 0.5, 1.0, 1.5 or 2.0; `repeats`: units in each stage."""
    one_of("scale", scale, WIDTHS)
    depths("repeats", repeats)
    width, last = WIDTHS[scale]
    inp = image_input(input_shape)
    x = conv_bn(inp, 24, 3, stride=2, name="conv1")
    x = max_pool(x, 3, 2, name="pool1")
    for i, units in enumerate(repeats, start=2):
        for j in range(1, units + 1):
            x = split_unit(x, width * 2 ** (i - 2), stride=2 if j == 1 else 1, name=f"stage{i}_block{j}")
        x = name_tensor(x, f"stage{i}")
    x = conv_bn(x, last, 1, name="conv5")
    return Model(inp, classifier(x, classes, activation), name=name)


def torchvision(layer: str) -> str:
    """torchvision's layer names to ours: `stage2.0.branch2.3` to `stage2_block1_depthwise_conv`."""
    inner = {
        "branch1": ("left_depthwise_conv", "left_depthwise_bn", "left_conv", "left_bn"),
        "branch2": ("reduce_conv", "reduce_bn", "", "depthwise_conv", "depthwise_bn", "right_conv", "right_bn"),
    }
    if layer == "fc":
        return "predictions"
    stage, *unit, part = layer.split(".")
    if not unit:
        return f"{stage}_" + ("conv", "bn")[int(part)]
    block, branch = unit
    return f"{stage}_block{int(block) + 1}_{inner[branch][int(part)]}"


PEERS = {"torchvision": torchvision}
