"""ResNet with identity mappings. He et al. 2016, arXiv:1603.05027, Figures 1b and 4, and the appendix.

    7x7/2 conv -> 3x3/2 max pool -> four stages of pre-activated residual blocks -> BN, ReLU -> GAP -> Dense
    3x3 conv -> three stages of pre-activated residual blocks -> BN, ReLU -> GAP -> Dense             (CIFAR)

The first block finds its input activated already (by `conv1`), and what stands before every block stands once more
before the classifier. timm and keras.applications pool before they activate the first map, which comes to the same as
long as the scales of that batch norm are positive. But timm's resnetv2_18 and 34 split into the first block's two paths
before that activation, and keras.applications strides in the last block of a stage.
"""

import re

from keras import Model

from ..blocks import ACTIVATION_ORDERS, RESIDUAL_BLOCKS, bn_relu, classifier, residual_stem, stages
from ..errors import count, depths, one_of
from ..registry import image_input, register


@register("resnet18_v2", block="basic", repeats=(2, 2, 2, 2))
@register("resnet34_v2", block="basic", repeats=(3, 4, 6, 3))
@register("resnet50_v2", block="bottleneck", repeats=(3, 4, 6, 3))
@register("resnet101_v2", block="bottleneck", repeats=(3, 4, 23, 3))
@register("resnet152_v2", block="bottleneck", repeats=(3, 8, 36, 3))
def resnet_v2(
    input_shape, classes, *, block, repeats, n_filters=64, shortcut="B", stride_on="3x3", stem="imagenet",
    order="full_preactivation", stochastic_depth=0.0, activation="softmax", name=None,
):  # fmt: skip
    """`block`: "basic" or "bottleneck"; `repeats`: blocks in each stage; `n_filters`: width of the first stage, which
    doubles from stage to stage; `shortcut`: "A" zero padding, "B" projection where the shape changes, "C" projection
    everywhere; `stride_on`: the bottleneck's convolution that strides, "1x1" or "3x3"; `stem`: "imagenet", or "cifar"
    (3x3/1, no pool) for small images; `order` of batch norm, ReLU and addition, Figure 4 from (a) to (e): "original",
    "bn_after_addition", "relu_before_addition", "relu_preactivation", "full_preactivation"; `stochastic_depth`: rate at
    which training leaves the last block out for an image, which grows from block to block."""
    one_of("block", block, RESIDUAL_BLOCKS)
    depths("repeats", repeats)
    count("n_filters", n_filters)
    one_of("shortcut", shortcut, ("A", "B", "C"))
    one_of("stride_on", stride_on, ("1x1", "3x3"))
    one_of("order", order, ACTIVATION_ORDERS)
    order = ACTIVATION_ORDERS[order]
    knobs = {"shortcut": shortcut} | ({"stride_on": stride_on} if block == "bottleneck" else {})

    def ordered(x, filters, *, name, **place):
        own = order._replace(before="") if name == "stage1_block1" else order
        return RESIDUAL_BLOCKS[block](x, filters, order=own, name=name, **place, **knobs)

    inp = image_input(input_shape)
    x = residual_stem(inp, n_filters, stem)
    x = stages(x, repeats, n_filters, ordered, stochastic_depth)
    x = bn_relu(x, order.before, name="last")
    return Model(inp, classifier(x, classes, activation), name=name)


for depth in (164, 1001):
    row = dict(block="bottleneck", repeats=((depth - 2) // 9,) * 3, n_filters=16, stride_on="1x1", stem="cifar")
    register(f"resnet{depth}_v2_cifar", **row)(resnet_v2)


def timm(layer: str) -> str:
    """timm's layer names to ours: `stages.0.blocks.1.norm2` to `stage1_block2_1_bn`."""
    ends = {
        "stem.conv": "conv1_conv", "stages.0.blocks.0.norm1": "conv1_bn", "norm": "last_bn", "head.fc": "predictions",
    }  # fmt: skip
    if layer in ends:
        return ends[layer]
    _, stage, _, block, part, *_ = layer.split(".")
    n = int(part[-1]) if part[-1].isdigit() else 0
    inner = {"conv": f"{n}_conv", "norm": f"{n - 1}_bn" if n > 1 else "preact_bn"}.get(part[:-1], "shortcut_conv")
    return f"stage{int(stage) + 1}_block{int(block) + 1}_{inner}"


def pytorchcv(layer: str) -> str:
    """The names of pytorchcv's CIFAR nets to ours: `features.stage1.unit2.body.conv2.bn` to `stage1_block2_1_bn`."""
    ends = {
        "features.init_block": "conv1_conv", "features.stage1.unit1.body.conv1.bn": "conv1_bn",
        "features.post_activ.bn": "last_bn", "output": "predictions",
    }  # fmt: skip
    if layer in ends:
        return ends[layer]
    stage, block, n, kind = re.fullmatch(
        r"features\.stage(\d)\.unit(\d+)\.(?:body\.conv(\d)\.(conv|bn)|identity_conv)", layer
    ).groups()
    inner = {"1bn": "preact_bn", "2bn": "1_bn", "3bn": "2_bn", "": "shortcut_conv"}
    part = (n or "") + (kind or "")
    return f"stage{stage}_block{block}_{inner.get(part, f'{n}_conv')}"


PEERS = {"timm": timm, "pytorchcv": pytorchcv}
