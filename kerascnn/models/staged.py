"""Stages of blocks whose kind, number and width are free: what architecture search draws. No paper's network.

    3x3 conv -> stages, each of one kind of block, half as large from stage to stage -> GAP -> Dense

The kinds are those of the papers, narrowed alike: `n_filters` is what goes out of a stage, whatever its blocks are.

    plain        k x k convolution, behind a 2x2 pool where the size halves (VGG)
    residual     two k x k convolutions and a shortcut (ResNet)
    bottleneck   1x1, k x k and 1x1 convolutions, a quarter as wide inside, and a shortcut (ResNet)
    se           the residual block with squeeze and excitation, an eighth as wide inside (SENet)
    separable    k x k depthwise and 1x1 convolutions (MobileNet v1)
    inception    1x1, k x k, twice k x k and a pool, side by side; behind a 2x2 pool where the size halves (GoogLeNet)

The defaults are ResNet-20 of He et al. 2015, Section 4.2, with projections as shortcuts. `nas/spaces/count.py` counts
these blocks by arithmetic: they change together.
"""

from functools import partial

from keras import Model

from ..blocks import (
    classifier,
    conv_bn,
    depthwise_bn,
    inception,
    max_pool,
    name_tensor,
    residual,
    residual_stem,
    squeeze_excite,
)
from ..registry import image_input, register
from .staged_knobs import check_knobs


def plain_block(x, filters, kernel_size, stride, *, name):
    return conv_bn(halved(x, stride, name=name), filters, kernel_size, name=name)


def residual_block(x, filters, kernel_size, stride, *, excite=None, name):
    return residual(x, [(filters, kernel_size, stride, 1), (filters, kernel_size, 1, 1)], excite=excite, name=name)


def bottleneck_block(x, filters, kernel_size, stride, *, name):
    inner = filters // 4
    return residual(x, [(inner, 1, 1, 1), (inner, kernel_size, stride, 1), (filters, 1, 1, 1)], name=name)


def se_block(x, filters, kernel_size, stride, *, name):
    return residual_block(
        x, filters, kernel_size, stride, excite=partial(squeeze_excite, filters=filters // 8), name=name
    )


def separable_block(x, filters, kernel_size, stride, *, name):
    x = depthwise_bn(x, kernel_size, stride=stride, name=f"{name}_depthwise")
    return conv_bn(x, filters, 1, name=name)


def inception_block(x, filters, kernel_size, stride, *, name):
    quarter, eighth = filters // 4, filters // 8
    pool = partial(max_pool, pool_size=3, stride=1, padding="same")
    branches = [
        [(quarter, 1)],
        [(quarter, 1), (filters - 3 * quarter, kernel_size)],
        [(eighth, 1), (quarter, kernel_size), (quarter, kernel_size)],
        [pool, (quarter, 1)],
    ]
    return inception(halved(x, stride, name=name), branches, name=name)


def halved(x, stride, *, name):
    """Half as large by a 2x2 pool, where the stride asks for it."""
    return x if stride == 1 else max_pool(x, 2, 2, padding="same", name=f"{name}_pool")


BLOCKS = {
    "plain": plain_block,
    "residual": residual_block,
    "bottleneck": bottleneck_block,
    "se": se_block,
    "separable": separable_block,
    "inception": inception_block,
}


@register("staged")
def staged(
    input_shape, classes, *, blocks=("residual",) * 3, repeats=(3, 3, 3), n_filters=(16, 32, 64), kernel_size=3,
    stem="cifar", dropout=0.0, activation="softmax", name=None,
):  # fmt: skip
    """`blocks`: the kind of block of each stage; `repeats`: how many; `n_filters`: the width of each stage, of which
    the first is the stem's; `kernel_size`: 3, 5 or 7, in all blocks; `stem`: "cifar" (3x3), or "imagenet" (7x7/2 and
    3x3/2 pool); `dropout`: rate before the classifier."""
    check_knobs(
        blocks=blocks, repeats=repeats, n_filters=n_filters, kernel_size=kernel_size, stem=stem, dropout=dropout
    )
    inp = image_input(input_shape)
    x = residual_stem(inp, n_filters[0], stem)
    for i, (block, n, filters) in enumerate(zip(blocks, repeats, n_filters, strict=True), start=1):
        for j in range(1, n + 1):
            x = BLOCKS[block](x, filters, kernel_size, 2 if i > 1 and j == 1 else 1, name=f"stage{i}_block{j}")
        x = name_tensor(x, f"stage{i}")
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)
