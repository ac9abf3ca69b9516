"""Inception-ResNet v1 and v2. Szegedy et al. 2016, arXiv:1602.07261, Figures 10 to 18, Table 1.

    stem -> blocks at 35x35 -> reduction -> blocks at 17x17 -> reduction -> blocks at 8x8 -> GAP -> Dense

A block adds a scaled Inception module, widened back by a linear 1x1 convolution, to its input. v1 is the figures'
network. The paper gives no scales for it, so it has those of v2.
v2 departs from the paper as the authors' published network does: the stem of Inception v3 and one more module
(`mixed_5b`), 10, 20 and 10 blocks instead of 5, 10 and 5, the last one neither scaled nor rectified, maps of 320, 1088
and 2080 channels (the figures print 384, 1154 and 2048, which do not add up), and a 1x1 convolution to 1536 at the end.
"""

import re
from functools import partial

from keras import Model
from keras.layers import Activation, Add

from ..blocks import average_pool, chain, classifier, conv, conv_bn, convolution_names, inception, max_pool, name_tensor
from ..errors import InputError, between, depths
from ..layers import ScaledAdd
from ..registry import image_input, register

AVERAGE = partial(average_pool, pool_size=3, stride=1, padding="same")
MAX = partial(max_pool, pool_size=3, stride=2, padding="valid")
V = "valid"  # the figures' mark for "not padded"

STEM = [(32, 3, 2, V), (32, 3, 1, V), (64, 3), MAX, (80, 1), (192, 3, 1, V)]  # Figure 14, but for its last layer
V1 = {  # Figures 10, 7, 11, 12, 13
    "inceptionA": [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (32, 3), (32, 3)]],
    "reductionA": [[(384, 3, 2, V)], [(192, 1), (192, 3), (256, 3, 2, V)], [MAX]],
    "inceptionB": [[(128, 1)], [(128, 1), (128, (1, 7)), (128, (7, 1))]],
    "reductionB": [[(256, 1), (384, 3, 2, V)], [(256, 1), (256, 3, 2, V)], [(256, 1), (256, 3), (256, 3, 2, V)], [MAX]],
    "inceptionC": [[(192, 1)], [(192, 1), (192, (1, 3)), (192, (3, 1))]],
}
V2 = {  # Figures 16, 7, 17, 18, 19, after a module of Inception v3
    "mixed_5b": [[(96, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)], [AVERAGE, (64, 1)]],
    "block35": [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]],
    "mixed_6a": [[(384, 3, 2, V)], [(256, 1), (256, 3), (384, 3, 2, V)], [MAX]],
    "block17": [[(192, 1)], [(128, 1), (160, (1, 7)), (192, (7, 1))]],
    "mixed_7a": [[(256, 1), (384, 3, 2, V)], [(256, 1), (288, 3, 2, V)], [(256, 1), (288, 3), (320, 3, 2, V)], [MAX]],
    "block8": [[(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]],
}
SCALES = (0.17, 0.10, 0.20)  # Section 3.3: "between 0.1 and 0.3"; these are the authors' code's


def residual(x, branches, *, scale, name, **style):
    """Figure 20: ReLU(x + scale * linear 1x1 convolution of an Inception module); without scale and ReLU where None."""
    y = inception(x, branches, name=f"{name}_mixed", **style)
    y = conv(y, x.shape[-1], 1, name=f"{name}_conv")
    if scale is None:
        return Add(name=name)([x, y])
    y = ScaledAdd(scale, name=f"{name}_add")([x, y])
    return Activation("relu", name=name)(y)


def body(x, stages, scales, **style):
    """The stages of a table; `scales` holds those of the blocks of every residual stage."""
    for stage, branches in stages.items():
        if stage not in scales:
            x = inception(x, branches, name=stage, **style)
            continue
        for i, scale in enumerate(scales[stage], start=1):
            x = residual(x, branches, scale=scale, name=f"{stage}_{i}", **style)
        x = name_tensor(x, stage)
    return x


def each_block(repeats, scales):
    """The scales of all blocks, for each of the three residual stages."""
    depths("repeats", repeats, length=3)
    if not isinstance(scales, (tuple, list)) or len(scales) != 3:
        raise InputError(f"scales={scales!r}: must be three numbers, like {SCALES}")
    for scale in scales:
        between("scales", scale, 0, 1)
    return ([scale] * count for count, scale in zip(repeats, scales, strict=True))


@register("inception_resnet_v1")
def inception_resnet_v1(
    input_shape, classes, *, repeats=(5, 10, 5), scales=SCALES, dropout=0.2, alpha=1.0, activation="softmax", name=None
):
    """`repeats`: how many blocks at 35x35, 17x17 and 8x8; `scales`: what their residuals are multiplied by; `dropout`:
    rate before the classifier; `alpha`: width multiplier."""
    between("alpha", alpha, 1 / 32, 16)
    a, b, c = each_block(repeats, scales)
    style = dict(padding="same", epsilon=1e-3, alpha=alpha)
    inp = image_input(input_shape)
    x = name_tensor(chain(inp, [*STEM, (256, 3, 2, V)], prefix="stem", **style), "stem")
    x = body(x, V1, {"inceptionA": a, "inceptionB": b, "inceptionC": c}, **style)
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


@register("inception_resnet_v2")
def inception_resnet_v2(
    input_shape, classes, *, repeats=(10, 20, 10), scales=SCALES, dropout=0.2, alpha=1.0, activation="softmax",
    name=None,
):  # fmt: skip
    """`repeats`: how many blocks at 35x35, 17x17 and 8x8; `scales`: what their residuals are multiplied by, but for the
    last; `dropout`: rate before the classifier; `alpha`: width multiplier."""
    between("alpha", alpha, 1 / 32, 16)
    a, b, c = each_block(repeats, scales)
    style = dict(padding="same", epsilon=1e-3, alpha=alpha)
    inp = image_input(input_shape)
    x = name_tensor(chain(inp, [*STEM, MAX], prefix="stem", **style), "stem")
    x = body(x, V2, {"block35": a, "block17": b, "block8": [*c[1:], None]}, **style)
    x = conv_bn(x, int(1536 * alpha), 1, epsilon=1e-3, name="conv_7b")
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


TIMM = {
    "conv2d_1a": "stem1", "conv2d_2a": "stem2", "conv2d_2b": "stem3", "conv2d_3b": "stem5", "conv2d_4a": "stem6",
    "conv2d_7b": "conv_7b", "repeat": "block35", "repeat_1": "block17", "repeat_2": "block8",
}  # fmt: skip


def timm(layer: str) -> str:
    """timm's names to ours: `repeat_1.0.branch1.2.bn` to `block17_1_mixed_branch2_3_bn`."""
    if layer == "classif":
        return "predictions"
    stage, block, branch, step, part = re.fullmatch(
        r"(\w+?)(?:\.(\d+))?(?:\.branch(\d)(?:\.(\d))?)?\.(conv|bn|conv2d)", layer
    ).groups()
    name = TIMM.get(stage, stage)
    if name.startswith("block"):
        name += f"_{int(block) + 1}" if block else "_10"
        if part == "conv2d":
            return f"{name}_conv"
        name += "_mixed"
    return name + (f"_branch{int(branch) + 1}_{int(step or 0) + 1}" if branch else "") + f"_{part}"


BLOCKS = {"block35": 10, "block17": 20, "block8": 10}
STEPS = {f"stem{i}": step for i, step in enumerate(STEM, start=1)} | {
    name: branches
    for stage, branches in V2.items()
    for name in ([f"{stage}_{i}_mixed" for i in range(1, BLOCKS[stage] + 1)] if stage in BLOCKS else [stage])
}
CONVOLUTIONS = [convolution for name, step in STEPS.items() for convolution in convolution_names(step, name)]


def keras_applications(layer: str) -> str:
    """Names of keras.applications to ours: it numbers the convolutions of the tables in their order, from `conv2d`."""
    if not (found := re.fullmatch(r"(conv2d|batch_normalization)_?(\d*)", layer)):
        return {"conv_7b": "conv_7b_conv"}.get(layer, layer)  # block35_1_conv, conv_7b_bn, predictions
    return CONVOLUTIONS[int(found[2] or 0)] + {"conv2d": "_conv", "batch_normalization": "_bn"}[found[1]]


PEERS = {"timm": timm, "keras.applications": keras_applications}
