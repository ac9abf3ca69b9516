"""U-Net as lectures draw it, slim and padded, and on any classifier. After Ronneberger et al. 2015, arXiv:1505.04597.

    four times two 3x3 convs and a pool -> two 3x3 convs -> four times a 3x3 transposed conv that doubles, the map of
        the same size beside it, and two 3x3 convs -> 1x1 conv

`unet_original` is the paper's own. With a `backbone`, the left side of the U is that classifier, and the right side has
a step for each halving that the classifier makes, up to the size of the image.
"""

import re

from keras import Model, layers
from keras.layers import Concatenate, Dropout

from ..backbones import backbone_model, pyramid
from ..blocks import check_sizes, conv2d_block, pixel_classifier
from ..errors import between, count
from ..layers import Conv2DTranspose, MatchSize, MaxPooling2D
from ..registry import image_input, register


@register("unet")
def unet(
    input_shape, classes, *, n_filters=16, batchnorm=True, dropout=0.1, backbone=None, activation="sigmoid", name=None
):
    """`n_filters`: width of the first and the last convolutions, which doubles towards the bottleneck; `batchnorm`:
    batch normalization after each 3x3 convolution; `dropout`: rate after each pool and concatenation; `backbone`: the
    encoder, by the name of a classifier, a dict of its name and knobs, or a keras.Model whose layers and weights are
    used as they are (`n_filters`, `batchnorm` and `dropout` are then the decoder's)."""
    count("n_filters", n_filters)
    between("dropout", dropout, 0, 1)
    if backbone is not None:
        left = backbone_model(backbone, input_shape)
        c9 = decode(left, n_filters, batchnorm, dropout)
        return Model(left.inputs[0], pixel_classifier(c9, classes, activation), name=name)
    check_sizes("unet", input_shape, smallest=16, step=16)
    inp = image_input(input_shape)
    c1 = conv2d_block(inp, n_filters * 1, batchnorm=batchnorm, name="c1")  # 128x128x16
    p1 = drop(MaxPooling2D((2, 2), name="p1")(c1), dropout, name="p1")
    c2 = conv2d_block(p1, n_filters * 2, batchnorm=batchnorm, name="c2")  # 64x64x32
    p2 = drop(MaxPooling2D((2, 2), name="p2")(c2), dropout, name="p2")
    c3 = conv2d_block(p2, n_filters * 4, batchnorm=batchnorm, name="c3")  # 32x32x64
    p3 = drop(MaxPooling2D((2, 2), name="p3")(c3), dropout, name="p3")
    c4 = conv2d_block(p3, n_filters * 8, batchnorm=batchnorm, name="c4")  # 16x16x128
    p4 = drop(MaxPooling2D((2, 2), name="p4")(c4), dropout, name="p4")
    c5 = conv2d_block(p4, n_filters * 16, batchnorm=batchnorm, name="c5")  # 8x8x256

    u6 = Conv2DTranspose(n_filters * 8, (3, 3), (2, 2), "same", name="u6")(c5)
    u6 = drop(Concatenate(name="u6_concat")([u6, c4]), dropout, name="u6")  # 16x16x256
    c6 = conv2d_block(u6, n_filters * 8, batchnorm=batchnorm, name="c6")  # 16x16x128
    u7 = Conv2DTranspose(n_filters * 4, (3, 3), (2, 2), "same", name="u7")(c6)
    u7 = drop(Concatenate(name="u7_concat")([u7, c3]), dropout, name="u7")  # 32x32x128
    c7 = conv2d_block(u7, n_filters * 4, batchnorm=batchnorm, name="c7")  # 32x32x64
    u8 = Conv2DTranspose(n_filters * 2, (3, 3), (2, 2), "same", name="u8")(c7)
    u8 = drop(Concatenate(name="u8_concat")([u8, c2]), dropout, name="u8")  # 64x64x64
    c8 = conv2d_block(u8, n_filters * 2, batchnorm=batchnorm, name="c8")  # 64x64x32
    u9 = Conv2DTranspose(n_filters * 1, (3, 3), (2, 2), "same", name="u9")(c8)
    u9 = drop(Concatenate(name="u9_concat")([u9, c1]), dropout, name="u9")  # 128x128x32
    c9 = conv2d_block(u9, n_filters * 1, batchnorm=batchnorm, name="c9")  # 128x128x16
    return Model(inp, pixel_classifier(c9, classes, activation), name=name)


def drop(x, rate, *, name):
    return Dropout(rate, name=f"{name}_dropout")(x) if rate else x


def decode(left, n_filters, batchnorm, dropout):
    """From the last map of a classifier back to the size of its images, doubling, beside its map where it has one."""
    maps, image = pyramid(left), left.inputs[0]
    deepest, x = maps.popitem()
    for i in range(1, deepest.bit_length()):
        stride = deepest >> i
        x = Conv2DTranspose(n_filters * stride, (3, 3), (2, 2), "same", name=f"up{i}_transpose")(x)
        skip = maps.get(stride)
        if stride == 1:
            x = match(x, image, name=f"up{i}_match")
            skip = match(skip, image, name=f"up{i}_skip") if skip is not None else None
        elif skip is not None:
            x = match(x, skip, name=f"up{i}_match")
        if skip is not None:
            x = Concatenate(name=f"up{i}_concat")([x, skip])
        x = conv2d_block(drop(x, dropout, name=f"up{i}"), n_filters * stride, batchnorm=batchnorm, name=f"up{i}")
    return x


def match(x, like, *, name):
    """A map in the size of another, from which unpadded convolutions and odd sizes can make it differ."""
    same = None not in like.shape[1:3] and x.shape[1:3] == like.shape[1:3]
    return x if same else MatchSize(name=name)([x, like])


def encoder(model):
    """Image to the maps that the decoder reads, from the finest to the bottleneck."""
    skips = [layer.input[1] for layer in model.layers if re.fullmatch(r"up?\d_concat", layer.name)]
    first = next(layer for layer in model.layers if isinstance(layer, layers.Conv2DTranspose))
    return Model(model.input, [*reversed(skips), first.input], name="encoder")


SUBMODELS = {"encoder": encoder}
