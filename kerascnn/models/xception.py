"""Xception. Chollet 2016, arXiv:1610.02357, Figure 5.

    two 3x3 convs -> three modules /2 (entry flow) -> eight modules (middle flow)
        -> one module /2, two separable convs (exit flow) -> GAP -> Dense

A module is two or three separable convolutions beside a shortcut. Every convolution is followed by batch normalization,
which the figure leaves out.
"""

import re

from keras import Model
from keras.layers import Activation, Add

from ..blocks import classifier, conv_bn, max_pool, name_tensor
from ..errors import count, one_of
from ..layers import DepthwiseConv2D
from ..registry import image_input, register

ENTRY = [(128, 128), (256, 256), (728, 728)]  # filters of each separable convolution of a module
MIDDLE = (728, 728, 728)
EXIT = (728, 1024)
EPSILON = 1e-3


def separable_bn(x, filters, *, intermediate, act=None, name):
    """Depthwise convolution, 1x1 convolution, batch normalization, activation (None: none)."""
    x = DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{name}_depthwise")(x)
    if intermediate:
        x = Activation(intermediate, name=f"{name}_intermediate")(x)
    return conv_bn(x, filters, 1, act=act, epsilon=EPSILON, name=name)


def module(x, widths, *, stride, shortcut, intermediate, starts_with_relu=True, name):
    y = x
    for i, filters in enumerate(widths, start=1):
        if i > 1 or starts_with_relu:
            y = Activation("relu", name=f"{name}_{i}_relu")(y)
        y = separable_bn(y, filters, intermediate=intermediate, name=f"{name}_{i}")
    if stride != 1:
        y = max_pool(y, 3, stride, padding="same", name=f"{name}_pool")
    if not shortcut:
        return name_tensor(y, name)
    if stride != 1:
        x = conv_bn(x, widths[-1], 1, stride=stride, act=None, epsilon=EPSILON, name=f"{name}_shortcut")
    return Add(name=name)([x, y])


@register("xception")
def xception(
    input_shape, classes, *, repeats=8, shortcut=True, intermediate=None, dropout=0.5, activation="softmax", name=None
):
    """`repeats`: modules of the middle flow; `shortcut`: False leaves the shortcuts out (Section 4.6); `intermediate`:
    activation between the depthwise and the 1x1 convolution, "relu", "elu" or None (Section 4.7); `dropout`: before the
    classifier (Section 4.3)."""
    count("repeats", repeats)
    one_of("intermediate", intermediate, (None, "relu", "elu"))
    knobs = dict(shortcut=shortcut, intermediate=intermediate)
    inp = image_input(input_shape)
    x = conv_bn(inp, 32, 3, stride=2, padding="valid", epsilon=EPSILON, name="conv1")
    x = conv_bn(x, 64, 3, padding="valid", epsilon=EPSILON, name="conv2")
    for i, widths in enumerate(ENTRY, start=1):
        x = module(x, widths, stride=2, starts_with_relu=i > 1, name=f"entry{i}", **knobs)
    for i in range(1, repeats + 1):
        x = module(x, MIDDLE, stride=1, name=f"middle{i}", **knobs)
    x = module(x, EXIT, stride=2, name="exit1", **knobs)
    x = separable_bn(x, 1536, act="relu", intermediate=intermediate, name="exit2")
    x = separable_bn(x, 2048, act="relu", intermediate=intermediate, name="exit3")
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


SHORTCUTS = ["entry1", "entry2", "entry3", "exit1"]  # nameless in keras.applications: conv2d, conv2d_1, ...


def keras_applications(layer: str) -> str:
    """The layer names of keras.applications to ours: `block5_sepconv1.depthwise` to `middle1_1_depthwise`."""
    if found := re.fullmatch(r"(conv2d|batch_normalization)_?(\d*)", layer):
        kind, i = found.groups()
        return f"{SHORTCUTS[int(i or 0)]}_shortcut_{'conv' if kind == 'conv2d' else 'bn'}"
    if found := re.fullmatch(r"block1_conv(\d)(_bn)?", layer):
        return f"conv{found[1]}{found[2] or '_conv'}"
    if not (found := re.fullmatch(r"block(\d+)_sepconv(\d)(.*)", layer)):
        return layer
    block, i, part = int(found[1]), found[2], found[3]
    part = {".depthwise": "_depthwise", ".pointwise": "_conv", "_bn": "_bn"}[part]
    if block == 14:
        return f"exit{int(i) + 1}{part}"
    ours = f"entry{block - 1}" if block < 5 else f"middle{block - 4}" if block < 13 else "exit1"
    return f"{ours}_{i}{part}"


def timm(layer: str) -> str:
    """The layer names of timm's `legacy_xception` to ours: `block4.rep.1.pointwise` to `middle1_1_conv`."""
    if found := re.fullmatch(r"(conv|bn)([1-4])(\.conv1|\.pointwise)?", layer):
        kind, i, part = found.groups()
        part = {".conv1": "_depthwise", ".pointwise": "_conv", None: f"_{kind}"}[part]
        return {"1": "conv1", "2": "conv2", "3": "exit2", "4": "exit3"}[i] + part
    if not (found := re.fullmatch(r"block(\d+)\.(?:rep\.(\d)|skip)(.*)", layer)):
        return {"fc": "predictions"}[layer]
    block, step, part = int(found[1]), found[2], found[3]
    ours = f"entry{block}" if block < 4 else f"middle{block - 3}" if block < 12 else "exit1"
    if step is None:
        return f"{ours}_shortcut_{part or 'conv'}"
    return f"{ours}_{int(step) // 3 + 1}" + {".conv1": "_depthwise", ".pointwise": "_conv", "": "_bn"}[part]


PEERS = {"timm": timm, "keras.applications": keras_applications}
