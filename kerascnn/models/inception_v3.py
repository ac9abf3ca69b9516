"""Inception v3. Szegedy et al. 2015, arXiv:1512.00567, Table 1 and Figures 5 to 7.

    3x3/2, 3x3, 3x3 conv -> pool -> 1x1, 3x3 conv -> pool -> 3 modules at 35x35 -> 5 at 17x17 -> 3 at 8x8
    -> GAP -> Dense

The first module of the last two groups halves the map. An auxiliary head on the last map of 17x17 regularizes.
Departs from the paper as the authors' published network does: 1x1, 3x3, pool instead of 3x3, 3x3/2, 3x3 in the stem, a
5x5 instead of a 3x3 in the second branch of Figure 5; batch normalization has no scale.
"""

import re
from functools import partial

from keras import Model

from ..blocks import (
    average_pool,
    chain,
    check_auxiliary,
    classifier,
    conv,
    conv_bn,
    convolution_names,
    inception,
    max_pool,
    name_tensor,
    predictions,
)
from ..errors import between
from ..layers import GlobalAveragePooling2D
from ..registry import image_input, register

AVERAGE = partial(average_pool, pool_size=3, stride=1, padding="same")
MAX = partial(max_pool, pool_size=3, stride=2, padding="valid")
V = "valid"

STEM = [(32, 3, 2, V), (32, 3, 1, V), (64, 3), MAX, (80, 1), (192, 3, 1, V), MAX]


def figure_5(projection):
    return [
        [(64, 1)],
        [(48, 1), (64, 5)],
        [(64, 1), (96, 3), (96, 3)],
        [AVERAGE, (projection, 1)],
    ]


def figure_6(n):
    return [
        [(192, 1)],
        [(n, 1), (n, (1, 7)), (192, (7, 1))],
        [(n, 1), (n, (7, 1)), (n, (1, 7)), (n, (7, 1)), (192, (1, 7))],
        [AVERAGE, (192, 1)],
    ]


SPLIT = [[(384, (1, 3))], [(384, (3, 1))]]
FIGURE_7 = [
    [(320, 1)],
    [(384, 1), SPLIT],
    [(448, 1), (384, 3), SPLIT],
    [AVERAGE, (192, 1)],
]
BODY = {
    "mixed_5b": figure_5(projection=32),
    "mixed_5c": figure_5(projection=64),
    "mixed_5d": figure_5(projection=64),
    "mixed_6a": [[(384, 3, 2, V)], [(64, 1), (96, 3), (96, 3, 2, V)], [MAX]],
    "mixed_6b": figure_6(128),
    "mixed_6c": figure_6(160),
    "mixed_6d": figure_6(160),
    "mixed_6e": figure_6(192),
    "mixed_7a": [[(192, 1), (320, 3, 2, V)], [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2, V)], [MAX]],
    "mixed_7b": FIGURE_7,
    "mixed_7c": FIGURE_7,
}


def auxiliary(x, classes, activation, *, bn_aux, alpha, **style):
    x = average_pool(x, 5, 3, padding="valid", name="aux1_pool")
    x = conv_bn(x, int(128 * alpha), 1, name="aux1_reduce", **style)
    if bn_aux:
        x = conv_bn(x, int(768 * alpha), 5, name="aux1_fc", **{**style, "padding": "valid"})
    else:
        x = conv(x, int(768 * alpha), 5, padding="valid", act="relu", name="aux1_fc")
    x = GlobalAveragePooling2D(name="aux1_gap")(x)
    return predictions(x, classes, activation, name="aux1")


@register("inception_v3")
def inception_v3(
    input_shape, classes, *, aux=False, bn_aux=True, dropout=0.2, alpha=1.0, activation="softmax", name=None
):
    """`aux`: True adds the output "aux1" after "predictions", for images of 299x299 or more; `bn_aux`: batch
    normalization in the fully connected layer of that head too (the paper's BN-auxiliary); `dropout`: rate before the
    classifier; `alpha`: width multiplier."""
    between("alpha", alpha, 1 / 32, 16)
    if aux:
        check_auxiliary(input_shape, classes, smallest=299)
    style = dict(padding="same", epsilon=1e-3, scale=False, alpha=alpha)
    inp = image_input(input_shape)
    x = name_tensor(chain(inp, STEM, prefix="stem", **style), "stem")
    for stage, branches in BODY.items():
        x = inception(x, branches, name=stage, **style)
        if aux and stage == "mixed_6e":
            head = auxiliary(x, classes, activation, bn_aux=bn_aux, **style)
    out = classifier(x, classes, activation, dropout=dropout)
    return Model(inp, [out, head] if aux else out, name=name)


BRANCHES = {"1x1": 1, "5x5": 2, "7x7": 2, "3x3": 2, "3x3dbl": 3, "7x7dbl": 3, "pool": 4}
HALVING = {"3x3": 1, "3x3dbl": 2, "7x7x3": 2}
HEADS = {
    "Conv2d_1a_3x3": "stem1", "Conv2d_2a_3x3": "stem2", "Conv2d_2b_3x3": "stem3", "Conv2d_3b_1x1": "stem5",
    "Conv2d_4a_3x3": "stem6", "AuxLogits.conv0": "aux1_reduce", "AuxLogits.conv1": "aux1_fc",
}  # fmt: skip


def torchvision(layer: str) -> str:
    """torchvision's names to ours: `Mixed_7b.branch3x3dbl_3a.bn` to `mixed_7b_branch3_3_branch1_1_bn`."""
    if layer in ("fc", "AuxLogits.fc"):
        return "predictions" if layer == "fc" else "aux1"
    block, _, part = layer.rpartition(".")
    if block in HEADS:
        return f"{HEADS[block]}_{part}"
    stage, branch = block.lower().split(".")
    kind, _, step = branch.removeprefix("branch").removeprefix("_").partition("_")
    i = (HALVING if stage in ("mixed_6a", "mixed_7a") else BRANCHES)[kind]
    j = step[:1] or ("2" if kind == "pool" else "1")
    tip = {"": "", "a": "_branch1_1", "b": "_branch2_1"}[step[1:]]
    return f"{stage}_branch{i}_{j}{tip}_{part}"


STEPS = {f"stem{i}": step for i, step in enumerate(STEM, start=1)} | BODY
CONVOLUTIONS = [convolution for name, step in STEPS.items() for convolution in convolution_names(step, name)]


def keras_applications(layer: str) -> str:
    """Names of keras.applications to ours: it numbers the convolutions in the order of the tables, from `conv2d`."""
    if layer == "predictions":
        return layer
    kind, i = re.fullmatch(r"(conv2d|batch_normalization)_?(\d*)", layer).groups()
    return CONVOLUTIONS[int(i or 0)] + {"conv2d": "_conv", "batch_normalization": "_bn"}[kind]


PEERS = {"torchvision": torchvision, "keras.applications": keras_applications}
