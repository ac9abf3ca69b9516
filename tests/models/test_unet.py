"""The U-Nets: what they compute, the sizes that they take, and their backbones."""

import keras
import numpy as np
import pytest
from keras.layers import BatchNormalization, Dropout

import kerascnn
from kerascnn import InputError

from .by_hand import Weights, centre, dead_weights, pool, randomize, relu, sigmoid

TINY = dict(n_filters=2, dropout=0.0)


def images(*shape, count=2):
    return np.random.default_rng(0).random((count, *shape))


def masks(x, weights):
    """The lecture's slide."""

    def block(x, name):
        x = relu(weights.batchnorm(weights.conv(x, f"{name}_1_conv"), f"{name}_1_bn"))
        return relu(weights.batchnorm(weights.conv(x, f"{name}_conv"), f"{name}_bn"))

    def up(x, skip, name):
        return np.concatenate([weights.transposed(x, name), skip], axis=-1)

    c1 = block(x, "c1")
    c2 = block(pool(c1), "c2")
    c3 = block(pool(c2), "c3")
    c4 = block(pool(c3), "c4")
    c5 = block(pool(c4), "c5")
    c6 = block(up(c5, c4, "u6"), "c6")
    c7 = block(up(c6, c3, "u7"), "c7")
    c8 = block(up(c7, c2, "u8"), "c8")
    c9 = block(up(c8, c1, "u9"), "c9")
    return sigmoid(weights.conv(c9, "predictions"))


def original_logits(x, weights):
    """Ronneberger et al. 2015, Figure 1."""

    def block(x, name):
        x = relu(weights.conv(x, f"{name}_1", padding="valid"))
        return relu(weights.conv(x, name, padding="valid"))

    def up(x, skip, name):
        x = relu(weights.transposed(x, f"{name}_conv"))
        return np.concatenate([x, centre(skip, x)], axis=-1)

    d1 = block(x, "down1")
    d2 = block(pool(d1), "down2")
    d3 = block(pool(d2), "down3")
    d4 = block(pool(d3), "down4")
    d5 = block(pool(d4), "down5")
    u1 = block(up(d5, d4, "up1"), "up1")
    u2 = block(up(u1, d3, "up2"), "up2")
    u3 = block(up(u2, d2, "up3"), "up3")
    u4 = block(up(u3, d1, "up4"), "up4")
    return weights.conv(u4, "predictions")


def test_computes_what_the_slide_draws(float64):
    model = randomize(kerascnn.build("unet", input_shape=(32, 48, 3), **TINY))
    x = images(32, 48, 3)
    np.testing.assert_allclose(model(x), masks(x, Weights(model)), rtol=1e-9)


def test_original_computes_what_its_figure_draws(float64):
    shape = dict(input_shape=(188, 204, 1), classifier_activation=None)
    model = randomize(kerascnn.build("unet_original", **shape, **TINY))
    x = images(188, 204, 1, count=1)
    np.testing.assert_allclose(model(x), original_logits(x, Weights(model)), rtol=1e-9, atol=1e-12)


def test_crops_of_the_original_are_the_centre():
    model = kerascnn.build("unet_original", **TINY)
    crops = [model.get_layer(f"up{i}_crop").cropping for i in (1, 2, 3, 4)]
    assert crops == [((n, n), (n, n)) for n in (4, 16, 40, 88)]  # 64 to 56, 136 to 104, 280 to 200, 568 to 392
    assert model.output.shape[1:] == (388, 388, 2)


@pytest.mark.parametrize(
    ("name", "size", "knobs"),
    [("unet", 32, {}), ("unet", 32, {"backbone": "resnet20_cifar"}), ("unet_original", 188, {})],
)
def test_every_weight_learns(name, size, knobs):
    """The first convolution of a block is dead where the second reads the block's input: a well-known mistake."""
    model = kerascnn.build(name, input_shape=(size, size, 3), n_filters=4, **knobs)
    assert not dead_weights(model, images(size, size, 3, count=4).astype("float32"))


def test_a_dead_convolution_would_be_seen():
    inp = keras.Input((8, 8, 1))
    dead = keras.layers.Conv2D(2, 3, padding="same", name="dead")(inp)
    out = keras.layers.Conv2D(1, 3, padding="same", name="alive")(inp)
    model = keras.Model(inp, keras.layers.Add()([out, 0.0 * keras.ops.sum(dead, axis=-1, keepdims=True)]))
    assert dead_weights(model, images(8, 8, 1).astype("float32")) == ["dead/kernel", "dead/bias"]


def test_one_class_is_a_sigmoid_more_are_a_softmax():
    for arguments, activation in [
        ({}, "sigmoid"), ({"classes": 3}, "softmax"), ({"classes": 3, "classifier_activation": None}, "linear"),
        ({"classifier_activation": "tanh"}, "tanh"),
    ]:  # fmt: skip
        model = kerascnn.build("unet", input_shape=(16, 16, 1), **TINY, **arguments)
        assert model.get_layer("predictions").activation.__name__ == activation
        assert model.output.shape == (None, 16, 16, arguments.get("classes", 1))


def test_knobs():
    plain = kerascnn.build("unet", batchnorm=False, dropout=0)
    assert not any(isinstance(layer, (BatchNormalization, Dropout)) for layer in plain.layers)
    assert {layer.rate for layer in kerascnn.build("unet", dropout=0.3).layers if isinstance(layer, Dropout)} == {0.3}
    original = kerascnn.build("unet_original", input_shape=(188, 188, 1), **TINY)
    assert original.get_layer("down5").output.shape[-1] == 32


def test_without_top_ends_at_the_last_block():
    model = kerascnn.build("unet", input_shape=(32, 32, 1), include_top=False)
    assert model.get_layer("features").input is model.get_layer("c9").output
    assert model.output.shape == (None, 32, 32, 16)


@pytest.mark.parametrize(
    ("knobs", "shape"), [({}, (32, 48, 3)), ({"backbone": "squeezenet_v1_1"}, (37, 52, 3))], ids=["", "backbone"]
)
def test_unknown_sizes_give_what_known_ones_give(knobs, shape):
    free = kerascnn.build("unet", input_shape=(None, None, 3), n_filters=4, **knobs)
    fixed = kerascnn.build("unet", input_shape=shape, n_filters=4, **knobs)
    fixed.set_weights(free.get_weights())
    x = images(*shape).astype("float32")
    assert free(x).shape == (2, *shape[:2], 1)
    np.testing.assert_allclose(free(x), fixed(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("unet", dict(input_shape=(100, 130, 1)), "cannot take images of 100x130: height and width are 16, 32, 48 and "
                                                  "so on; 96x128 and 112x144 would fit"),
        ("unet", dict(input_shape=(None, 40, 1)), "anyx40: .*; anyx32 and anyx48 would fit"),
        ("unet", dict(input_shape=(8, 32, 1)), "8x32: .*; 16x32 would fit"),
        ("unet", dict(n_filters=0), "n_filters=0: must be a whole number"),
        ("unet", dict(dropout=2), "dropout=2: must be a number from 0 to 1"),
        ("unet", dict(backbone="resnt34"), "unknown model 'resnt34': did you mean resnet34"),
        ("unet", dict(backbone="siamese"), "backbone='siamese': must be a classifier"),
        ("unet", dict(backbone=34), "backbone=34: must be the name of a classifier, a dict of its name and knobs, or a "
                                    "keras.Model with one input"),
        ("unet", dict(backbone="lenet5", input_shape=(20, 20, 1)), "lenet5 cannot take images of 20x20"),
        ("unet_original", dict(input_shape=(512, 572, 1)), "512x572: height and width are 188, 204, 220 and so on; "
                                                           "508x572 and 524x572 would fit"),
        ("unet_original", dict(input_shape=(None, None, 1)), "anyxany: it needs a fixed size, like 188x188"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_told_in_one_line(name, arguments, message):
    with pytest.raises(InputError, match=message):
        kerascnn.build(name, **arguments)


BACKBONES = {  # height and width that it takes, knobs of the classifier
    "lenet5": (36, 33, {}),
    "alexnet": (71, 67, {"dense": 4}),
    "vgg11": (33, 40, {"n_filters": (8, 8, 8, 8, 8), "dense": 4}),
    "squeezenet_v1_0": (45, 53, {}),
    "inception_v3": (79, 75, {"alpha": 0.1}),
    "resnet18": (37, 64, {"n_filters": 8}),
    "resnet20_cifar": (18, 21, {}),
    "densenet121": (33, 32, {"growth_rate": 4, "repeats": (2, 2, 2, 2)}),
    "mobilenet_v2": (35, 32, {"alpha": 0.35}),
    "convnext_tiny": (37, 32, {"n_filters": 8, "repeats": (1, 1, 1, 1)}),
}


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_gives_its_maps_as_they_are(name):
    """Odd sizes, and nets whose convolutions or pools are unpadded or round up."""
    height, width, knobs = BACKBONES[name]
    classifier = kerascnn.build(name, input_shape=(height, width, 3), classes=4, **knobs)
    randomize(classifier)
    before = classifier.get_weights()
    model = kerascnn.build("unet", backbone=classifier, n_filters=2, classes=3)
    x = images(height, width, 3).astype("float32")
    assert model(x).shape == (2, height, width, 3)
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    encoder = keras.Model(classifier.input, classifier.get_layer("features").output)
    assert {layer for layer in encoder.layers if layer.weights} <= set(model.layers)
    for ours, value in zip(classifier.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, value)

    *_, bottleneck = kerascnn.part(model, "encoder")(x)
    np.testing.assert_allclose(bottleneck, encoder(x), rtol=1e-4, atol=1e-5)


def test_backbone_by_name_takes_its_own_image_and_saves(tmp_path):
    assert kerascnn.build("unet", backbone="resnet20_cifar").input.shape == (None, 32, 32, 3)
    model = kerascnn.build("unet", backbone="resnet20_cifar", input_shape=(None, None, 1), n_filters=4)
    model.save(tmp_path / "model.keras")
    again = kerascnn.load(tmp_path / "model.keras")
    x = images(29, 34, 1).astype("float32")
    np.testing.assert_array_equal(model(x), again(x))
    shapes = [map_.shape[1:] for map_ in kerascnn.part(again, "encoder")(x)]
    assert shapes == [(29, 34, 16), (15, 17, 32), (8, 9, 64)]


def test_width_of_the_decoder_doubles_towards_the_bottleneck():
    model = kerascnn.build("unet", backbone="resnet18", n_filters=8)
    assert [model.get_layer(f"up{i}").output.shape[1:] for i in range(1, 6)] == [
        (14, 14, 128), (28, 28, 64), (56, 56, 32), (112, 112, 16), (224, 224, 8),
    ]  # fmt: skip


def test_encoder_of_a_unet_is_its_left_side():
    x = images(32, 32, 1).astype("float32")
    model = kerascnn.build("unet", input_shape=(32, 32, 1), n_filters=2)
    inner = keras.Model(model.input, [model.get_layer(f"c{i}").output for i in range(1, 6)])
    for ours, expected in zip(kerascnn.part(model, "encoder")(x), inner(x), strict=True):
        np.testing.assert_array_equal(ours, expected)
    original = kerascnn.build("unet_original", input_shape=(188, 188, 1), **TINY)
    assert [tuple(t.shape[1:3]) for t in kerascnn.part(original, "encoder").outputs] == [
        (184, 184), (88, 88), (40, 40), (16, 16), (4, 4),
    ]  # fmt: skip
