"""Blocks that several papers share: functions from tensor to tensor.

A block's layers are named after the block: `{name}_conv`, `{name}_bn` and so on. Where it ends in an activation, that
last layer is called `name` itself.

In reading order: convolution, residual_blocks, heads.
"""

from .convolution import (
    average_pool,
    bn_act,
    chain,
    conv,
    conv2d_block,
    conv_bn,
    convolution_names,
    depthwise_bn,
    inception,
    make_divisible,
    max_pool,
    name_tensor,
    pad,
    squeeze_excite,
)
from .heads import (
    check_auxiliary,
    check_sizes,
    classifier,
    dense_classifier,
    map_classifier,
    pixel_classifier,
    pixel_predictions,
    predictions,
)
from .residual_blocks import (
    ACTIVATION_ORDERS,
    RESIDUAL_BLOCKS,
    basic,
    bn_relu,
    bottleneck,
    inner_width,
    inverted_residual,
    residual,
    residual_stem,
    stages,
    stochastic_drop,
)

__all__ = [
    "ACTIVATION_ORDERS",
    "RESIDUAL_BLOCKS",
    "average_pool",
    "basic",
    "bn_act",
    "bn_relu",
    "bottleneck",
    "chain",
    "check_auxiliary",
    "check_sizes",
    "classifier",
    "conv",
    "conv2d_block",
    "conv_bn",
    "convolution_names",
    "dense_classifier",
    "depthwise_bn",
    "inception",
    "inner_width",
    "inverted_residual",
    "make_divisible",
    "map_classifier",
    "max_pool",
    "name_tensor",
    "pad",
    "pixel_classifier",
    "pixel_predictions",
    "predictions",
    "residual",
    "residual_stem",
    "squeeze_excite",
    "stages",
    "stochastic_drop",
]
