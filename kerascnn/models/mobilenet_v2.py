"""MobileNet v2. Sandler et al. 2018, arXiv:1801.04381, Table 2.

    3x3/2 conv -> seven stages of inverted residuals with linear bottlenecks -> 1x1 conv -> GAP -> Dense

`alpha` is the width multiplier; it can widen the last convolution but not narrow it (Section 4).
Departs from the paper in a dropout before the classifier, and in channels rounded to multiples of 8 where `alpha` is
not 1, both from the authors' code.
"""

from keras import Model

from ..blocks import classifier, conv_bn, inverted_residual, make_divisible, name_tensor
from ..errors import between, one_of
from ..registry import image_input, register

BODY = [  # expansion t, filters c, blocks n, stride of the first block s
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]
BLOCKS = [f"bottleneck{i}_block{j}" for i, (_, _, n, _) in enumerate(BODY, start=1) for j in range(1, n + 1)]


@register("mobilenet_v2")
def mobilenet_v2(
    input_shape, classes, *, alpha=1.0, expansion=6, linear=True, shortcut=True, dropout=0.2, padding="same",
    activation="softmax", name=None,
):  # fmt: skip
    """`alpha`: width multiplier; `expansion`: how many times wider than its input a block is inside, from the second
    stage on; `linear`: False ends the bottlenecks in ReLU6 (Figure 6a); `shortcut`: False leaves the shortcuts out
    (Figure 6b); `dropout`: rate before the classifier; `padding`: "same", as TensorFlow pads, or "symmetric", as Torch
    does."""
    one_of("padding", padding, ("same", "symmetric"))
    between("alpha", alpha, 1 / 32, 16)
    between("expansion", expansion, 1, 16)
    style = dict(padding=padding, act="relu6", epsilon=1e-3)
    knobs = dict(shortcut=shortcut, project_act=None if linear else "relu6", **style)
    inp = image_input(input_shape)
    x = conv_bn(inp, make_divisible(32 * alpha), 3, stride=2, name="conv1", **style)
    for i, (t, c, n, s) in enumerate(BODY, start=1):
        for j in range(1, n + 1):
            x = inverted_residual(
                x,
                make_divisible(c * alpha),
                expanded=int(x.shape[-1] * (expansion if t > 1 else 1)),
                stride=s if j == 1 else 1,
                name=f"bottleneck{i}_block{j}",
                **knobs,
            )
        x = name_tensor(x, f"bottleneck{i}")
    x = conv_bn(x, make_divisible(1280 * max(1, alpha)), 1, name="conv_last", **style)
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


def torchvision(layer: str) -> str:
    """torchvision's layer names to ours: `features.2.conv.1.0` to `bottleneck2_block1_depthwise_conv`."""
    ends = {"0.0": "conv1_conv", "0.1": "conv1_bn", "18.0": "conv_last_conv", "18.1": "conv_last_bn"}
    _, layer = layer.split(".", 1)
    if layer == "1":  # of the classifier
        return "predictions"
    if layer in ends:
        return ends[layer]
    i, _, part = layer.split(".", 2)
    if i == "1":  # does not expand
        part = str(int(part[0]) + 1) + part[1:]
    inner = {"0": "expand", "1": "depthwise", "2": "project_conv", "3": "project_bn"}[part[0]]
    return f"{BLOCKS[int(i) - 1]}_{inner}" + {"": "", ".0": "_conv", ".1": "_bn"}[part[1:]]


def keras_applications(layer: str) -> str:
    """The layer names of keras.applications to ours: `block_1_depthwise_BN` to `bottleneck2_block1_depthwise_bn`."""
    ends = {"Conv1": "conv1_conv", "bn_Conv1": "conv1_bn", "Conv_1": "conv_last_conv", "Conv_1_bn": "conv_last_bn"}
    if layer in ends or layer == "predictions":
        return ends.get(layer, layer)
    _, i, part = layer.replace("expanded_conv", "block_0").split("_", 2)
    return f"{BLOCKS[int(i)]}_{part.removesuffix('_BN')}" + ("_bn" if part.endswith("_BN") else "_conv")


PEERS = {"torchvision": torchvision, "keras.applications": keras_applications}
