"""Inception v2 (BN-Inception). Ioffe, Szegedy 2015, arXiv:1502.03167, Figure 5.

    7x7/2 conv -> pool -> 1x1 and 3x3 conv -> pool -> ten Inception modules, two of which halve the map -> GAP -> Dense

GoogLeNet with batch normalization and two 3x3 convolutions for each 5x5. The branches of a module are 1x1; 3x3 reduce,
3x3; double 3x3 reduce, 3x3, 3x3; pool, projection.
Departs from the paper in a plain 7x7 convolution and in 4c and 4d of 608 channels, both as in the network that the
public weights belong to. Figure 5 contradicts itself there: the columns of 4c and 4d, with projections of 128, add up
to 608, while its output column says 576. `stem="separable"` gives the paper's first convolution and output column.
"""

from functools import partial

from keras import Model

from ..blocks import average_pool, classifier, conv_bn, inception, max_pool, pad
from ..errors import between, one_of
from ..layers import DepthwiseConv2D
from ..registry import image_input, register

AVERAGE = partial(average_pool, pool_size=3, stride=1)
MAX = partial(max_pool, pool_size=3, stride=1, padding="same")
HALVE = partial(max_pool, pool_size=3, stride=2, padding="same")  # at even sizes as Caffe, at odd ones as the 3x3/2


def module(n1, reduce3, n3, reduce_double, double, pool, projection):
    return [
        [(n1, 1)],
        [(reduce3, 1), (n3, 3)],
        [(reduce_double, 1), (double, 3), (double, 3)],
        [pool, (projection, 1)],
    ]


def halving(reduce3, n3, reduce_double, double):
    return [[(reduce3, 1), (n3, 3, 2)], [(reduce_double, 1), (double, 3), (double, 3, 2)], [HALVE]]


def figure_5(projection):
    """The modules; `projection` is that of 4c and 4d."""
    return {  # #1x1, #3x3 reduce, #3x3, double #3x3 reduce, double #3x3, pool, projection
        "inception_3a": module(64, 64, 64, 64, 96, AVERAGE, 32),
        "inception_3b": module(64, 64, 96, 64, 96, AVERAGE, 64),
        "inception_3c": halving(128, 160, 64, 96),
        "inception_4a": module(224, 64, 96, 96, 128, AVERAGE, 128),
        "inception_4b": module(192, 96, 128, 96, 128, AVERAGE, 128),
        "inception_4c": module(160, 128, 160, 128, 160, AVERAGE, projection),
        "inception_4d": module(96, 128, 192, 160, 192, AVERAGE, projection),
        "inception_4e": halving(128, 192, 192, 256),
        "inception_5a": module(352, 192, 320, 160, 224, AVERAGE, 128),
        "inception_5b": module(352, 192, 320, 192, 224, MAX, 128),
    }


@register("inception_v2")
def inception_v2(input_shape, classes, *, stem="plain", dropout=0.0, alpha=1.0, activation="softmax", name=None):
    """`stem`: "plain", or "separable" (a separable 7x7 convolution with depth multiplier 8, and projections of 96 in 4c
    and 4d); `dropout`: rate before the classifier; `alpha`: width multiplier."""
    one_of("stem", stem, ("plain", "separable"))
    between("alpha", alpha, 1 / 16, 16)
    inp = image_input(input_shape)
    if stem == "separable":
        x, padding = pad(inp, 7, 2, "symmetric", "conv1_depthwise")
        x = DepthwiseConv2D(7, 2, padding, depth_multiplier=8, use_bias=False, name="conv1_depthwise")(x)
        x = conv_bn(x, int(64 * alpha), 1, name="conv1")
    else:
        x = conv_bn(inp, int(64 * alpha), 7, stride=2, name="conv1")
    x = max_pool(x, 3, 2, padding="ceil", name="pool1")
    x = conv_bn(x, int(64 * alpha), 1, name="conv2_reduce")
    x = conv_bn(x, int(192 * alpha), 3, name="conv2")
    x = max_pool(x, 3, 2, padding="ceil", name="pool2")
    for stage, branches in figure_5(projection=96 if stem == "separable" else 128).items():
        x = inception(x, branches, alpha=alpha, name=stage)
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


MODULES = {"1": "3a 3b", "2": "3c 4a 4b 4c 4d", "3": "4e 5a 5b"}


def pytorchcv(layer: str) -> str:
    """pytorchcv's names to ours: `features.stage1.unit1.branches.branch2.conv1.bn` to `inception_3a_branch2_1_bn`."""
    if layer == "output":
        return "predictions"
    *block, part = layer.removeprefix("features.").replace("branches.", "").split(".")
    if block[0] == "init_block":  # conv1; conv2.conv1, conv2.conv2
        return {"conv1": "conv1", "conv2conv1": "conv2_reduce", "conv2conv2": "conv2"}["".join(block[1:])] + f"_{part}"
    stage, unit, branch, *step = block
    i = MODULES[stage[-1]].split()[int(unit[-1]) - 1]
    j = {"": "1", "conv": "2"}.get("".join(step), step and step[0][-1])
    return f"inception_{i}_{branch}_{j}_{part}"


PEERS = {"pytorchcv": pytorchcv}
