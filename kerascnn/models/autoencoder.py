"""The convolutional autoencoder of lectures: an image through 49 numbers and back. After Masci et al. 2011.

    three 3x3 convs with 2x2 pools between them -> Dense (the code) -> small map -> two 3x3 transposed convs that double
        -> 3x3 transposed conv -> 3x3 conv

The small map is a quarter of the image high and wide: 7x7 for 28x28. A code that fills such maps is reshaped to them,
one of 49 to 7x7x1, one of 98 to 7x7x2; any other first goes through a dense layer, `expand`, that fills one.
"""

from keras import Model
from keras.layers import Activation, Dense, Reshape

from ..blocks import bn_act, check_sizes, conv, pixel_predictions
from ..errors import count, one_of
from ..layers import Conv2DTranspose, Flatten, MaxPooling2D, UpSampling2D
from ..registry import image_input, register


def transpose(x, filters, *, stride, name):
    return Conv2DTranspose(filters, 3, stride, "same", name=f"{name}_conv")(x)


def resize(x, filters, *, stride, name):
    x = UpSampling2D(stride, name=f"{name}_resize")(x) if stride > 1 else x
    return conv(x, filters, 3, name=f"{name}_conv")


UPSAMPLE = {"transpose": transpose, "resize": resize}


@register("autoencoder")
def autoencoder(input_shape, classes, *, latent=49, upsample="transpose", activation="sigmoid", name=None):
    """`latent`: numbers in the code; `upsample`: "transpose", or "resize" for nearest neighbours and a convolution,
    which leaves no checkerboard."""
    count("latent", latent)
    one_of("upsample", upsample, UPSAMPLE)
    check_sizes("autoencoder", input_shape, smallest=20, step=4, fixed=True)
    up = UPSAMPLE[upsample]
    inp = image_input(input_shape)
    conv1 = conv(inp, 32, 3, padding="valid", act="relu", name="conv1")  # 26x26x32
    pool1 = MaxPooling2D(2, name="pool1")(conv1)  # 13x13x32
    conv2 = conv(pool1, 64, 3, padding="valid", act="relu", name="conv2")  # 11x11x64
    pool2 = MaxPooling2D(2, name="pool2")(conv2)  # 5x5x64
    conv3 = conv(pool2, 64, 3, padding="valid", act="relu", name="conv3")  # 3x3x64
    code = Dense(latent, name="code")(Flatten(name="flatten")(conv3))  # 49
    if classes is None:
        return Model(inp, code, name=name)
    height, width, channels = input_shape[0] // 4, input_shape[1] // 4, input_shape[2]
    filled = code if latent % (height * width) == 0 else Dense(height * width, name="expand")(code)
    small = Reshape((height, width, -1), name="reshape")(filled)  # 7x7x1
    up1 = bn_act(up(small, 64, stride=2, name="up1"), epsilon=1e-3, name="up1")  # 14x14x64
    up2 = bn_act(up(up1, 64, stride=2, name="up2"), epsilon=1e-3, name="up2")  # 28x28x64
    up3 = Activation("relu", name="up3")(up(up2, 32, stride=1, name="up3"))  # 28x28x32
    return Model(inp, pixel_predictions(up3, channels, activation, kernel_size=3), name=name)


def encoder(model):
    """Image to code."""
    return Model(model.input, model.get_layer("code").output, name="encoder")


def decoder(model):
    """Code to image."""
    return Model(model.get_layer("code").output, model.get_layer("predictions").output, name="decoder")


SUBMODELS = {"encoder": encoder, "decoder": decoder}
