"""MobileNet v3. Howard et al. 2019, arXiv:1905.02244, Table 1 (large) and Table 2 (small).

    3x3/2 conv -> 15 or 11 inverted residuals, many with squeeze-and-excite and h-swish -> 1x1 conv -> GAP -> Dense x 2

`alpha` is the width multiplier; it can widen the last hidden layer but not narrow it.
Departs from the paper, as the authors' code and keras.applications do, in a dropout before the classifier and, in the
small network, in the last convolution, which Table 2 draws with squeeze-and-excite. `alpha` leaves the first
convolution at 16 filters, as in keras.applications.
"""

import re

from keras import Model, layers

from ..blocks import conv_bn, inverted_residual, make_divisible, name_tensor, predictions
from ..errors import between, one_of
from ..layers import GlobalAveragePooling2D
from ..registry import image_input, register

BODIES = {  # kernel size, expanded channels, filters, squeeze-and-excite, nonlinearity, stride
    "large": [
        (3, 16, 16, False, "relu", 1),
        (3, 64, 24, False, "relu", 2),
        (3, 72, 24, False, "relu", 1),
        (5, 72, 40, True, "relu", 2),
        (5, 120, 40, True, "relu", 1),
        (5, 120, 40, True, "relu", 1),
        (3, 240, 80, False, "hard_swish", 2),
        (3, 200, 80, False, "hard_swish", 1),
        (3, 184, 80, False, "hard_swish", 1),
        (3, 184, 80, False, "hard_swish", 1),
        (3, 480, 112, True, "hard_swish", 1),
        (3, 672, 112, True, "hard_swish", 1),
        (5, 672, 160, True, "hard_swish", 2),
        (5, 960, 160, True, "hard_swish", 1),
        (5, 960, 160, True, "hard_swish", 1),
    ],
    "small": [
        (3, 16, 16, True, "relu", 2),
        (3, 72, 24, False, "relu", 2),
        (3, 88, 24, False, "relu", 1),
        (5, 96, 40, True, "hard_swish", 2),
        (5, 240, 40, True, "hard_swish", 1),
        (5, 240, 40, True, "hard_swish", 1),
        (5, 120, 48, True, "hard_swish", 1),
        (5, 144, 48, True, "hard_swish", 1),
        (5, 288, 96, True, "hard_swish", 2),
        (5, 576, 96, True, "hard_swish", 1),
        (5, 576, 96, True, "hard_swish", 1),
    ],
}
HIDDEN = {"large": 1280, "small": 1024}


@register("mobilenet_v3_large", body="large")
@register("mobilenet_v3_small", body="small")
def mobilenet_v3(
    input_shape, classes, *, body, alpha=1.0, minimalistic=False, dropout=0.2, padding="same", activation="softmax",
    name=None,
):  # fmt: skip
    """`body`: "large" or "small"; `alpha`: width multiplier; `minimalistic`: True leaves out squeeze-and-excite,
    h-swish and 5x5 kernels, the variant of the authors' code for hardware that is slow at them; `dropout`: rate before
    the classifier; `padding`: "same", as TensorFlow pads, or "symmetric", as Torch does."""
    one_of("body", body, BODIES)
    one_of("padding", padding, ("same", "symmetric"))
    between("alpha", alpha, 1 / 32, 16)
    between("dropout", dropout, 0, 1)
    style = dict(padding=padding, epsilon=1e-3)
    last_act = "relu" if minimalistic else "hard_swish"
    inp = image_input(input_shape)
    x = conv_bn(inp, 16, 3, stride=2, act=last_act, name="conv1", **style)
    full_width = 16  # of the block's input where alpha is 1
    for i, (kernel_size, expanded, filters, squeeze, act, stride) in enumerate(BODIES[body], start=1):
        if minimalistic:
            kernel_size, squeeze, act = 3, False, "relu"
        expanded = make_divisible(expanded * x.shape[-1] / full_width)
        x = inverted_residual(
            x,
            make_divisible(filters * alpha),
            expanded=expanded,
            kernel_size=kernel_size,
            stride=stride,
            squeeze=dict(filters=make_divisible(expanded / 4), gate="hard_sigmoid") if squeeze else None,
            act=act,
            name=f"bneck{i}",
            **style,
        )
        full_width = filters
    x = conv_bn(x, make_divisible(6 * x.shape[-1]), 1, act=last_act, name="conv_last", **style)
    x = name_tensor(x, "features")
    if classes is not None:
        x = GlobalAveragePooling2D(name="gap")(x)
        x = layers.Dense(make_divisible(HIDDEN[body] * max(1, alpha)), activation=last_act, name="hidden")(x)
        if dropout:
            x = layers.Dropout(dropout, name="dropout")(x)
        x = predictions(x, classes, activation)
    return Model(inp, x, name=name)


def keras_applications(layer: str) -> str:
    """The layer names of keras.applications to ours: `expanded_conv_3_depthwise_bn` to `bneck4_depthwise_bn`."""
    head = {"conv": "conv1_conv", "conv_bn": "conv1_bn", "conv_1": "conv_last_conv", "conv_1_bn": "conv_last_bn",
            "conv_2": "hidden", "logits": "predictions"}  # fmt: skip
    if layer in head:
        return head[layer]
    i, part = re.fullmatch(r"expanded_conv_(?:(\d+)_)?(\w+)", layer).groups()
    part = {"squeeze_excite_conv": "se_reduce", "squeeze_excite_conv_1": "se_expand"}.get(part, part)
    suffix = "" if part.startswith("se_") or part.endswith("_bn") else "_conv"
    return f"bneck{int(i or 0) + 1}_{part}{suffix}"


def torchvision(layer: str) -> str:
    """torchvision's layer names to ours: `features.4.block.2.fc1` to `bneck4_se_reduce`."""
    group, i, *inner = layer.split(".")
    if group == "classifier":
        return {"0": "hidden", "3": "predictions"}[i]
    ends = {"0": "_conv", "1": "_bn"}
    if len(inner) == 1:
        return ("conv1" if i == "0" else "conv_last") + ends[inner[0]]
    _, place, part = inner
    if part.startswith("fc"):
        return f"bneck{i}_se_" + {"fc1": "reduce", "fc2": "expand"}[part]
    place = int(place) + (i == "1")  # the first block does not expand
    return f"bneck{i}_" + ("expand", "depthwise", "project", "project")[place] + ends[part]


PEERS = {"torchvision": torchvision, "keras.applications": keras_applications}
