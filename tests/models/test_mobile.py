"""MobileNet, ShuffleNet and EfficientNet beyond their default build: scaling, knobs, weights trained on ImageNet."""

import os
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kerascnn
from kerascnn.analysis import cost
from kerascnn.blocks import make_divisible
from kerascnn.layers import ChannelShuffle
from kerascnn.weights import pour

from ..golden.applications import SLOTS, leaves, torch_layout
from . import outline

FAMILIES = {
    "mobilenet_v1": {"alpha": 0.25},
    "mobilenet_v2": {"alpha": 0.35},
    "mobilenet_v3_small": {"alpha": 0.75},
    "shufflenet_v1": {"scale": 0.25, "repeats": (1, 1, 1)},
    "shufflenet_v2": {"scale": 0.5, "repeats": (1, 1, 1)},
    "efficientnet_b0": {"width": 0.25, "depth": 0.1},
}


@given(st.floats(0.1, 1e4), st.integers(1, 64))
def test_rounded_channels_are_divisible_and_lose_no_tenth(channels, divisor):
    rounded = make_divisible(channels, divisor)
    assert rounded % divisor == 0
    assert rounded >= divisor
    assert 0.9 * channels <= rounded <= max(channels, 0) + divisor


@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_of_any_size_is_the_network_of_that_size(name):
    knobs = {"classes": 3, **FAMILIES[name]}
    free = kerascnn.build(name, input_shape=(None, None, 1), **knobs)
    for size in [(33, 33), (64, 41)]:
        fixed = kerascnn.build(name, input_shape=(*size, 1), **knobs)
        fixed.set_weights(free.get_weights())
        image = np.random.default_rng(0).random((2, *size, 1), dtype="float32")
        np.testing.assert_allclose(free(image), fixed(image), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "knobs", "message"),
    [
        ("mobilenet_v1", {"alpha": 0}, "alpha=0: must be a number from 0.03125 to 16"),
        ("mobilenet_v2", {"alpha": "wide"}, "alpha='wide': must be a number from 0.03125 to 16"),
        ("mobilenet_v2", {"expansion": 0.5}, "expansion=0.5: must be a number from 1 to 16"),
        ("mobilenet_v2", {"padding": "both"}, "padding='both': must be one of 'same', 'symmetric'"),
        ("mobilenet_v3_small", {"body": "tiny"}, "body='tiny': must be one of 'large', 'small'"),
        ("mobilenet_v3_small", {"alpha": -1}, "alpha=-1: must be a number from 0.03125 to 16"),
        ("mobilenet_v3_small", {"dropout": 2}, "dropout=2: must be a number from 0 to 1"),
        ("shufflenet_v1", {"groups": 5}, "groups=5: must be one of 1, 2, 3, 4, 8"),
        ("shufflenet_v1", {"scale": 0}, "scale=0: must be a number from 0.25 to 16"),
        ("shufflenet_v1", {"repeats": (4, 0, 4)}, "repeats=(4, 0, 4): must be whole numbers of 1 or more"),
        ("shufflenet_v2", {"scale": 0.75}, "scale=0.75: must be one of 0.5, 1.0, 1.5, 2.0"),
        ("shufflenet_v2", {"repeats": 4}, "repeats=4: must be whole numbers of 1 or more"),
        ("efficientnet_b0", {"width": 0}, "width=0: must be a number from 0.03125 to 16"),
        ("efficientnet_b0", {"depth": None}, "depth=None: must be a number from 0.03125 to 16"),
        ("efficientnet_b0", {"drop_connect": 1.5}, "drop_connect=1.5: must be a number from 0 to 1"),
    ],
)
def test_wrong_knobs_are_told_in_one_line(name, knobs, message):
    with pytest.raises(kerascnn.InputError) as error:
        kerascnn.build(name, **knobs)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_mobilenet_v2_without_what_its_paper_claims():
    plain = outline("mobilenet_v2", input_shape=(32, 32, 3), linear=False, shortcut=False)
    paper = outline("mobilenet_v2", input_shape=(32, 32, 3))

    def layers(model, kind):
        return [layer for layer in model.layers if isinstance(layer, kind)]

    assert len(layers(paper, keras.layers.Add)) == 10
    assert not layers(plain, keras.layers.Add)
    assert len(layers(plain, keras.layers.Activation)) == len(layers(paper, keras.layers.Activation)) + 17
    assert cost(plain) == cost(paper)
    narrow = outline("mobilenet_v2", input_shape=(32, 32, 3), expansion=3)
    assert narrow.get_layer("bottleneck2_block1_expand").output.shape[-1] == 3 * 16


@pytest.mark.parametrize(
    ("groups", "scale", "parameters", "macs"),
    [  # https://github.com/megvii-model/ShuffleNet-Series/tree/master/ShuffleNetV1, in millions
        (3, 0.5, 0.7, 38), (8, 0.5, 1.0, 40), (3, 1.0, 1.9, 138), (8, 1.0, 2.4, 138), (3, 2.0, 5.4, 524),
        (8, 2.0, 6.5, 522),
    ],
)  # fmt: skip
def test_scaled_shufflenet_v1_has_the_numbers_of_its_authors(groups, scale, parameters, macs):
    found = cost(outline("shufflenet_v1", groups=groups, scale=scale))
    assert found.trainable == pytest.approx(1e6 * parameters, abs=0.051e6)
    assert found.macs == pytest.approx(1e6 * macs, rel=0.012)


@pytest.mark.parametrize("groups", [1, 2, 3, 4, 8])
@pytest.mark.parametrize(("scale", "macs", "tolerance"), [(0.5, 38, 0.08), (0.25, 13, 0.2)])
def test_every_shufflenet_v1_of_table_2_can_be_built(groups, scale, macs, tolerance):
    model = outline("shufflenet_v1", groups=groups, scale=scale)
    assert cost(model).macs == pytest.approx(1e6 * macs, rel=tolerance)


def test_shuffle_can_be_left_out():
    model = outline("shufflenet_v1", input_shape=(32, 32, 3), repeats=(1, 1, 1), shuffle=False)
    assert not [layer for layer in model.layers if isinstance(layer, ChannelShuffle)]


def test_stochastic_depth_grows_as_in_keras_applications():
    def rates(model):
        return [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]

    theirs = keras.applications.EfficientNetB1(weights=None, input_shape=(32, 32, 3))
    ours = outline("efficientnet_b1", input_shape=(32, 32, 3))
    np.testing.assert_allclose(rates(ours), rates(theirs))


def test_stochastic_depth_drops_whole_images():
    model = kerascnn.build("efficientnet_b0", input_shape=(32, 32, 3), drop_connect=0.9)
    last = model.get_layer("stage7_block4_drop")
    kept = keras.ops.convert_to_numpy(last(np.ones((64, 2, 2, 3), "float32"), training=True)).reshape(64, -1)
    assert (kept == kept[:, :1]).all()
    assert 0 < (kept[:, 0] == 0).sum() < 64


def photos(size, every=100):
    """One photo of every hundredth ImageNet class, from -1 to 1, and the classes."""
    if "KERASCNN_SHARED" not in os.environ:
        pytest.skip("KERASCNN_SHARED does not name a folder that holds data/imagenet1000")
    files = sorted(Path(os.environ["KERASCNN_SHARED"], "data", "imagenet1000").glob("n*.jpg"))[::every]
    images = [keras.utils.load_img(file, target_size=(size, size), keep_aspect_ratio=True) for file in files]
    return np.array(images, dtype="float32") / 127.5 - 1, np.arange(0, 1000, every)


def tensors_of(model):
    """A Keras model's weights under the names of its layers, in Torch layout."""
    return {
        f"{layer.name}.{SLOTS[variable.name][0]}": torch_layout(variable.numpy(), variable.name, layer, before)
        for before, layer in pairwise(leaves(model))
        for variable in layer.weights
    }


@pytest.mark.parametrize(
    ("name", "alpha", "size", "function", "file"),
    [
        ("mobilenet_v1", 0.75, 192, keras.applications.MobileNet, "mobilenet_7_5_192_tf.h5"),
        ("mobilenet_v2", 1.0, 224, keras.applications.MobileNetV2,
         "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"),
    ],
)  # fmt: skip
def test_imagenet_weights_of_keras_applications(name, alpha, size, function, file):
    weights = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"), "models", file)
    if not weights.is_file():
        pytest.skip(f"{weights} is not there")
    theirs = function(input_shape=(size, size, 3), alpha=alpha, weights=weights)
    ours = kerascnn.build(name, input_shape=(size, size, 3), alpha=alpha)
    assert pour(ours, tensors_of(theirs)) == "keras.applications"
    images, classes = photos(size)
    answers = ours.predict(images, verbose=0)
    np.testing.assert_allclose(answers, theirs.predict(images, verbose=0), rtol=1e-4, atol=1e-6)
    best = np.argsort(answers, axis=-1)[:, -5:]
    assert np.mean(best == classes[:, None]) * 5 >= 0.8  # top-5 accuracy
