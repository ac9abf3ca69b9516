"""The autoencoder: what it computes, its code, its parts and the sizes that it takes."""

import keras
import numpy as np
import pytest
from keras.layers import Conv2DTranspose

import kerascnn
from kerascnn import InputError

from .by_hand import Weights, dead_weights, pool, randomize, relu, sigmoid


def images(count=2, shape=(28, 28, 1)):
    return np.random.default_rng(0).random((count, *shape))


def reconstructed(x, weights):
    """The lecture's slide."""
    x = relu(weights.conv(x, "conv1", padding="valid"))
    x = relu(weights.conv(pool(x), "conv2", padding="valid"))
    x = relu(weights.conv(pool(x), "conv3", padding="valid"))
    code = weights.dense(x.reshape(len(x), -1), "code")
    x = code.reshape(-1, 7, 7, 1)
    x = relu(weights.batchnorm(weights.transposed(x, "up1_conv"), "up1_bn"))
    x = relu(weights.batchnorm(weights.transposed(x, "up2_conv"), "up2_bn"))
    x = relu(weights.conv(x, "up3_conv"))
    return sigmoid(weights.conv(x, "predictions"))


def test_computes_what_the_slide_draws(float64):
    model = randomize(kerascnn.build("autoencoder"))
    weights = Weights(model)  # a transposed convolution of stride 1 is a convolution with the kernel turned round
    weights.values["up3_conv/kernel"] = weights("up3_conv", "kernel")[::-1, ::-1].swapaxes(2, 3)
    x = images()
    np.testing.assert_allclose(model(x), reconstructed(x, weights), rtol=1e-9)


def test_parts_make_the_whole_and_share_its_weights(tmp_path):
    kerascnn.build("autoencoder").save(tmp_path / "model.keras")
    model = kerascnn.load(tmp_path / "model.keras")
    encoder, decoder = kerascnn.part(model, "encoder"), kerascnn.part(model, "decoder")
    x = images().astype("float32")
    assert encoder(x).shape == (2, 49)
    np.testing.assert_array_equal(decoder(encoder(x)), model(x))
    for weight in model.weights:
        weight.assign(weight + 0.01)
    np.testing.assert_array_equal(decoder(encoder(x)), model(x))
    assert len(encoder.weights) + len(decoder.weights) == len(model.weights)
    decoder.save(tmp_path / "decoder.keras")
    np.testing.assert_array_equal(kerascnn.load(tmp_path / "decoder.keras")(encoder(x)), model(x))


def test_without_top_is_the_encoder():
    encoder = kerascnn.build("autoencoder", include_top=False)
    assert encoder.output is encoder.get_layer("code").output
    with pytest.raises(InputError, match="this autoencoder has no decoder: it was built without its top"):
        kerascnn.part(encoder, "decoder")


@pytest.mark.parametrize(
    ("shape", "latent", "small", "expands"),
    [
        ((28, 28, 1), 98, (7, 7, 2), False),
        ((28, 28, 1), 2, (7, 7, 1), True),
        ((32, 32, 3), 49, (8, 8, 1), True),
        ((32, 32, 3), 64, (8, 8, 1), False),
        ((20, 36, 2), 45, (5, 9, 1), False),
    ],
)
@pytest.mark.parametrize("upsample", ["transpose", "resize"])
def test_restores_the_size_from_any_code(shape, latent, small, expands, upsample):
    model = kerascnn.build("autoencoder", input_shape=shape, latent=latent, upsample=upsample)
    assert model.output.shape == model.input.shape
    assert model.get_layer("code").output.shape[1:] == (latent,)
    assert model.get_layer("reshape").output.shape[1:] == small
    assert ("expand" in {layer.name for layer in model.layers}) == expands


def test_resize_and_convolution_has_as_many_weights_and_no_transposed_convolution():
    model = kerascnn.build("autoencoder", upsample="resize")
    assert model.count_params() == kerascnn.build("autoencoder").count_params()
    assert not any(isinstance(layer, Conv2DTranspose) for layer in model.layers)


@pytest.mark.parametrize("upsample", ["transpose", "resize"])
def test_every_weight_learns(upsample):
    model = kerascnn.build("autoencoder", upsample=upsample, latent=10)
    assert not dead_weights(model, images(4).astype("float32"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(input_shape=(30, 28, 1)), "cannot take images of 30x28: height and width are 20, 24, 28 and so on; "
                                        "28x28 and 32x28 would fit"),
        (dict(input_shape=(12, 28, 1)), "12x28.*; 20x28 would fit"),
        (dict(input_shape=(None, None, 1)), "anyxany: it needs a fixed size, like 20x20"),
        (dict(classes=10), "classes=10: autoencoder has no classes, it is there to reconstruct"),
        (dict(latent=0), "latent=0: must be a whole number, 1 or more"),
        (dict(upsample="bilinear"), "upsample='bilinear': must be one of 'transpose', 'resize'"),
        (dict(include_top=False, pooling="avg"), "pooling='avg': autoencoder without its top gives a vector"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_told_in_one_line(arguments, message):
    with pytest.raises(InputError, match=message):
        kerascnn.build("autoencoder", **arguments)


def test_in_mixed_precision_the_answer_is_in_full():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = kerascnn.build("autoencoder")
    finally:
        keras.config.set_dtype_policy("float32")
    assert (model.get_layer("up3").output.dtype, model.output.dtype) == ("float16", "float32")
