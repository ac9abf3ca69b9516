"""ResNeXt. Xie et al. 2016, arXiv:1611.05431, Table 1.

    7x7/2 conv -> 3x3/2 max pool -> four stages of bottlenecks with grouped 3x3 convolutions -> GAP -> Dense

A network called 32x4d has a cardinality of 32 groups, each 4 wide in the first stage. The 3x3 convolution strides, as
in the authors' code.
"""

from functools import partial

from keras import Model

from ..blocks import bottleneck, classifier, residual_stem, stages
from ..errors import count, depths
from ..registry import image_input, register
from .resnet import torch


@register("resnext50_32x4d", repeats=(3, 4, 6, 3))
@register("resnext101_32x4d", repeats=(3, 4, 23, 3))
@register("resnext101_64x4d", repeats=(3, 4, 23, 3), groups=64)
@register("resnext152_32x4d", repeats=(3, 8, 36, 3))
def resnext(
    input_shape, classes, *, repeats, n_filters=64, groups=32, width=4, stem="imagenet", stochastic_depth=0.0,
    activation="softmax", name=None,
):  # fmt: skip
    """`repeats`: blocks in each stage; `n_filters`: width of the first stage, which doubles from stage to stage;
    `groups`: cardinality (the paper's C); `width`: that of a group in the first stage (d), at 64 filters; `stem`:
    "imagenet", or "cifar" (3x3/1, no pool) for small images; `stochastic_depth`: rate at which training leaves the last
    block out for an image, which grows from block to block."""
    depths("repeats", repeats)
    for knob, value in {"n_filters": n_filters, "groups": groups, "width": width}.items():
        count(knob, value)
    inp = image_input(input_shape)
    x = residual_stem(inp, n_filters, stem)
    block = partial(bottleneck, stride_on="3x3", groups=groups, width=width)
    x = stages(x, repeats, n_filters, block, stochastic_depth)
    return Model(inp, classifier(x, classes, activation), name=name)


PEERS = {"torchvision": torch}
