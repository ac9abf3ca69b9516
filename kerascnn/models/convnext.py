"""ConvNeXt. Liu et al. 2022, arXiv:2201.03545, Section 3 and Table 9.

    4x4/4 conv, LN -> four stages of blocks, with LN and a 2x2/2 conv before the last three -> GAP -> LN -> Dense

A block is a 7x7 depthwise convolution, LN, a 1x1 convolution to four times the width, GELU and one back (Figure 4).
"""

import re

import numpy as np
from keras import Model
from keras.initializers import TruncatedNormal
from keras.layers import Activation, Add, LayerNormalization

from ..blocks import name_tensor, predictions, stochastic_drop
from ..errors import between, count, depths
from ..layers import Conv2D, DepthwiseConv2D, GlobalAveragePooling2D, LayerScale
from ..registry import image_input, register


def initial():
    return TruncatedNormal(stddev=0.02)


def conv(x, filters, kernel_size, *, name):
    """Convolution of patches that don't overlap."""
    return Conv2D(filters, kernel_size, kernel_size, kernel_initializer=initial(), name=name)(x)


def norm(x, *, name):
    return LayerNormalization(epsilon=1e-6, name=name)(x)


def block(x, *, layer_scale, drop, name):
    filters = x.shape[-1]
    y = DepthwiseConv2D(7, padding="same", depthwise_initializer=initial(), name=f"{name}_depthwise")(x)
    y = norm(y, name=f"{name}_norm")
    y = conv(y, 4 * filters, 1, name=f"{name}_expand")
    y = Activation("gelu", name=f"{name}_gelu")(y)
    y = conv(y, filters, 1, name=f"{name}_reduce")
    if layer_scale:
        y = LayerScale(layer_scale, name=f"{name}_scale")(y)
    return Add(name=name)([x, stochastic_drop(y, drop, name=name)])


@register("convnext_tiny", repeats=(3, 3, 9, 3), n_filters=96, stochastic_depth=0.1)
@register("convnext_small", repeats=(3, 3, 27, 3), n_filters=96, stochastic_depth=0.4)
@register("convnext_base", repeats=(3, 3, 27, 3), n_filters=128, stochastic_depth=0.5)
def convnext(
    input_shape, classes, *, repeats, n_filters, layer_scale=1e-6, stochastic_depth=0.0, activation="softmax", name=None
):
    """`repeats`: blocks in each stage; `n_filters`: width of the first stage, which doubles from stage to stage;
    `layer_scale`: what the scales of the blocks' channels start at, 0 for no scales; `stochastic_depth`: rate at which
    training leaves the last block out for an image, which grows from 0 at the first block."""
    depths("repeats", repeats)
    count("n_filters", n_filters)
    between("layer_scale", layer_scale, 0, 1)
    between("stochastic_depth", stochastic_depth, 0, 1)
    inp = x = image_input(input_shape)
    rates = iter(np.linspace(0, stochastic_depth, sum(repeats)).tolist())
    for i, depth in enumerate(repeats, start=1):
        if i == 1:
            x = norm(conv(x, n_filters, 4, name="stem_conv"), name="stem")
        else:
            x = norm(x, name=f"downsample{i}_norm")
            x = conv(x, n_filters * 2 ** (i - 1), 2, name=f"downsample{i}")
        for j in range(1, depth + 1):
            x = block(x, layer_scale=layer_scale, drop=next(rates), name=f"stage{i}_block{j}")
        x = name_tensor(x, f"stage{i}")
    x = name_tensor(x, "features")
    if classes is not None:
        x = GlobalAveragePooling2D(name="gap")(x)
        x = norm(x, name="norm")
        x = predictions(x, classes, activation)
    return Model(inp, x, name=name)


PARTS = {
    "depthwise_conv": "depthwise", "layernorm": "norm", "pointwise_conv_1": "expand", "pointwise_conv_2": "reduce",
    "layer_scale": "scale",
}  # fmt: skip
ENDS = {"stem_conv": "stem_conv", "stem_layernorm": "stem", "head_layernorm": "norm", "head_dense": "predictions"}


def keras_applications(layer: str) -> str:
    """The layer names of keras.applications to ours: `convnext_tiny_stage_0_block_2_layernorm` to
    `stage1_block3_norm`."""
    layer = re.sub(r"^convnext_[a-z]+_", "", layer)
    if found := re.fullmatch(r"stage_(\d)_block_(\d+)_(\w+)", layer):
        return f"stage{int(found[1]) + 1}_block{int(found[2]) + 1}_{PARTS[found[3]]}"
    if found := re.fullmatch(r"downsampling_(conv|layernorm)_(\d)", layer):
        return f"downsample{int(found[2]) + 2}" + ("_norm" if found[1] == "layernorm" else "")
    return ENDS[layer]


def torchvision(layer: str) -> str:
    """torchvision's layer names to ours: `features.3.2.block.5` to `stage2_block3_reduce`."""
    ends = {"features.0.0": "stem_conv", "features.0.1": "stem", "classifier.0": "norm", "classifier.2": "predictions"}
    if layer in ends:
        return ends[layer]
    _, i, j, *part = layer.split(".")
    stage = int(i) // 2 + 1
    if int(i) % 2 == 0:
        return f"downsample{stage}" + ("_norm" if j == "0" else "")
    inner = {"0": "depthwise", "2": "norm", "3": "expand", "5": "reduce"}[part[1]] if part else "scale"
    return f"stage{stage}_block{int(j) + 1}_{inner}"


PEERS = {"torchvision": torchvision, "keras.applications": keras_applications}
