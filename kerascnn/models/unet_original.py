"""U-Net. Ronneberger et al. 2015, arXiv:1505.04597, Figure 1.

    four times two 3x3 convs and a pool -> two 3x3 convs -> four times a 2x2 up-convolution, the map of the same height
        beside it, cropped, and two 3x3 convs -> 1x1 conv

No convolution pads, so each image loses a border of 92 pixels: 572x572 in, 388x388 out.
The ReLU after the up-convolutions and the rate of the dropout, on which the paper is silent, are the authors' code's.
"""

from keras import Model
from keras.layers import Activation, Concatenate, Dropout

from ..blocks import check_sizes, conv2d_block, pixel_classifier
from ..errors import between, count
from ..layers import Conv2DTranspose, Cropping2D, MaxPooling2D
from ..registry import image_input, register


def block(x, filters, name):
    return conv2d_block(x, filters, padding="valid", batchnorm=False, name=name)


def up(x, skip, name):
    """Up-convolution to half the channels, with the centre of the map from the contracting path beside it."""
    x = Conv2DTranspose(x.shape[-1] // 2, 2, 2, name=f"{name}_conv")(x)
    x = Activation("relu", name=f"{name}_relu")(x)
    border = [(wide - narrow) // 2 for wide, narrow in zip(skip.shape[1:3], x.shape[1:3], strict=True)]
    skip = Cropping2D(border, name=f"{name}_crop")(skip)
    return Concatenate(name=f"{name}_concat")([x, skip])


@register("unet_original")
def unet_original(input_shape, classes, *, n_filters=64, dropout=0.5, activation="softmax", name=None):
    """`n_filters`: width of the first convolutions, which doubles from level to level; `dropout`: rate at the end of
    the contracting path."""
    count("n_filters", n_filters)
    between("dropout", dropout, 0, 1)
    check_sizes("unet_original", input_shape, smallest=188, step=16, fixed=True)
    inp = image_input(input_shape)
    down1 = block(inp, n_filters * 1, name="down1")  # 568x568x64
    down2 = block(MaxPooling2D(2, name="pool1")(down1), n_filters * 2, name="down2")  # 280x280x128
    down3 = block(MaxPooling2D(2, name="pool2")(down2), n_filters * 4, name="down3")  # 136x136x256
    down4 = block(MaxPooling2D(2, name="pool3")(down3), n_filters * 8, name="down4")  # 64x64x512
    down4 = Dropout(dropout, name="dropout4")(down4)
    down5 = block(MaxPooling2D(2, name="pool4")(down4), n_filters * 16, name="down5")  # 28x28x1024
    down5 = Dropout(dropout, name="dropout5")(down5)

    up1 = block(up(down5, down4, name="up1"), n_filters * 8, name="up1")  # 52x52x512
    up2 = block(up(up1, down3, name="up2"), n_filters * 4, name="up2")  # 100x100x256
    up3 = block(up(up2, down2, name="up3"), n_filters * 2, name="up3")  # 196x196x128
    up4 = block(up(up3, down1, name="up4"), n_filters * 1, name="up4")  # 388x388x64
    return Model(inp, pixel_classifier(up4, classes, activation), name=name)


def encoder(model):
    """Image to the maps of the contracting path, from the finest to the bottleneck."""
    return Model(model.input, [model.get_layer(f"down{i}").output for i in range(1, 6)], name="encoder")


SUBMODELS = {"encoder": encoder}
