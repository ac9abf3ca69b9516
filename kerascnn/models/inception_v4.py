"""Inception v4. Szegedy et al. 2016, arXiv:1602.07261, Figures 3 to 9.

    stem -> 4 Inception-A at 35x35 -> reduction A -> 7 Inception-B at 17x17 -> reduction B -> 3 Inception-C at 8x8
    -> GAP -> Dense

The order of 1x7 and 7x1 convolutions is that of the authors' code.
"""

import re
from functools import partial

from keras import Model

from ..blocks import average_pool, chain, classifier, inception, max_pool, name_tensor
from ..errors import between, depths
from ..registry import image_input, register

AVERAGE = partial(average_pool, pool_size=3, stride=1, padding="same")
MAX = partial(max_pool, pool_size=3, stride=2, padding="valid")
V = "valid"  # the figures' mark for "not padded"

STEM = [(32, 3, 2, V), (32, 3, 1, V), (64, 3)]  # Figure 3
MIXED = [
    [[MAX], [(96, 3, 2, V)]],
    [[(64, 1), (96, 3, 1, V)], [(64, 1), (64, (1, 7)), (64, (7, 1)), (96, 3, 1, V)]],
    [[(192, 3, 2, V)], [MAX]],
]
INCEPTION_A = [  # Figure 4
    [(96, 1)],
    [(64, 1), (96, 3)],
    [(64, 1), (96, 3), (96, 3)],
    [AVERAGE, (96, 1)],
]
REDUCTION_A = [  # Figure 7 and Table 1
    [(384, 3, 2, V)],
    [(192, 1), (224, 3), (256, 3, 2, V)],
    [MAX],
]
INCEPTION_B = [  # Figure 5
    [(384, 1)],
    [(192, 1), (224, (1, 7)), (256, (7, 1))],
    [(192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7))],
    [AVERAGE, (128, 1)],
]
REDUCTION_B = [  # Figure 8
    [(192, 1), (192, 3, 2, V)],
    [(256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3, 2, V)],
    [MAX],
]
SPLIT = [[(256, (1, 3))], [(256, (3, 1))]]
INCEPTION_C = [  # Figure 6
    [(256, 1)],
    [(384, 1), SPLIT],
    [(384, 1), (448, (3, 1)), (512, (1, 3)), SPLIT],
    [AVERAGE, (256, 1)],
]


@register("inception_v4")
def inception_v4(input_shape, classes, *, repeats=(4, 7, 3), dropout=0.2, alpha=1.0, activation="softmax", name=None):
    """`repeats`: how many modules A, B and C; `dropout`: rate before the classifier; `alpha`: width multiplier."""
    between("alpha", alpha, 1 / 32, 16)
    depths("repeats", repeats, length=3)
    style = dict(padding="same", epsilon=1e-3, alpha=alpha)

    def modules(x, branches, count, *, name):
        for i in range(1, count + 1):
            x = inception(x, branches, name=f"{name}_{i}", **style)
        return name_tensor(x, name)

    a, b, c = repeats
    inp = image_input(input_shape)
    x = chain(inp, STEM, prefix="stem", **style)
    x = chain(x, MIXED, prefix="mixed", **style)
    x = modules(x, INCEPTION_A, a, name="inceptionA")
    x = inception(x, REDUCTION_A, name="reductionA", **style)
    x = modules(x, INCEPTION_B, b, name="inceptionB")
    x = inception(x, REDUCTION_B, name="reductionB", **style)
    x = modules(x, INCEPTION_C, c, name="inceptionC")
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


STAGES = (
    [f"stem{i}" for i in range(1, 4)] + [f"mixed{i}" for i in range(1, 4)]
    + [f"inceptionA_{i}" for i in range(1, 5)] + ["reductionA"]
    + [f"inceptionB_{i}" for i in range(1, 8)] + ["reductionB"]
    + [f"inceptionC_{i}" for i in range(1, 4)]
)  # fmt: skip


def timm(layer: str) -> str:
    """timm's names to ours: `features.19.branch2_3b.bn` to `inceptionC_1_branch3_4_branch2_1_bn`."""
    if layer == "last_linear":
        return "predictions"
    i, unit, part = re.fullmatch(r"features\.(\d+)\.?(.*)\.(conv|bn)", layer).groups()
    stage = STAGES[int(i)]
    if unit in ("", "conv"):  # a convolution of the stem, the one beside a pool in it
        return stage + {"mixed1": "_branch2_1", "mixed3": "_branch1_1"}.get(stage, "") + f"_{part}"
    branch, j, split = re.fullmatch(r"branch(\d)[._]?(\d?)([ab]?)", unit).groups()
    tip = {"": "", "a": "_branch1_1", "b": "_branch2_1"}[split]
    return f"{stage}_branch{int(branch) + 1}_{int(j or 0) + 1}{tip}_{part}"


PEERS = {"timm": timm}
