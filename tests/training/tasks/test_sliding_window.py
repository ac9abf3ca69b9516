"""Segmentation by overlapping tiles: exact where the network looks at single pixels, equivariant with `tta`."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kerascnn
from kerascnn import InputError, data
from kerascnn.training import files, segment
from kerascnn.training.tasks.sliding_window import hann_window, probabilities, tile_probabilities


def pointwise(tile, classes, seed=0):
    """A network that looks at single pixels, so that tiles cannot matter."""
    keras.utils.set_random_seed(seed)
    activation = "sigmoid" if classes == 1 else "softmax"
    layer = keras.layers.Conv2D(classes, 1, activation=activation)
    return keras.Sequential([keras.Input((*tile, 2)), layer])


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@settings(max_examples=10, deadline=None)
@given(height=st.integers(2, 40), width=st.integers(2, 40), overlap=st.floats(0, 0.9), tta=st.booleans())
def test_tiles_do_not_show(height, width, overlap, tta):
    model, image = pointwise((8, 8), 3), noise(height, width, 2)
    whole = keras.ops.convert_to_numpy(model.layers[0](image[None]))[0]
    found = probabilities(model, image, overlap, tta)
    assert (found.shape, found.dtype) == ((height, width, 3), np.float32)
    np.testing.assert_allclose(found, whole, atol=1e-5)


def test_one_output_is_two_probabilities():
    model, image = pointwise((8, 8), 1), noise(12, 9, 2)
    whole = keras.ops.convert_to_numpy(model.layers[0](image[None]))[0]
    np.testing.assert_allclose(probabilities(model, image), np.concatenate([1 - whole, whole], -1), atol=1e-5)


@pytest.mark.parametrize(("tile", "group"), [((8, 8), range(4)), ((8, 12), (0, 2))])
def test_tta_makes_predictions_equivariant(tile, group):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(4, 5, padding="same", activation="relu"), keras.layers.Conv2D(2, 3, padding="same")]
    model = keras.Sequential([keras.Input((*tile, 1)), *layers, keras.layers.Softmax()])
    tiles = noise(3, *tile, 1)
    plain, given = tile_probabilities(model, tiles), tile_probabilities(model, tiles, tta=True)
    np.testing.assert_allclose(given.sum(-1), 1, atol=1e-5)
    for quarters in group:
        for flip in (1, -1):
            turned = np.rot90(tiles, quarters, (1, 2))[:, :, ::flip]
            back = np.rot90(tile_probabilities(model, turned, tta=True)[:, :, ::flip], -quarters, (1, 2))
            np.testing.assert_allclose(back, given, atol=1e-5)
    assert np.abs(plain - given).max() > 0.01


def test_blending_is_smooth():
    weights = hann_window(64)
    assert weights.min() > 0
    np.testing.assert_array_equal(weights, weights[::-1])
    assert weights[0] < 0.01 * weights[32]
    halves = weights[:32] + weights[32:]
    np.testing.assert_allclose(halves, halves.mean(), rtol=1e-4)  # half overlapping, they add up to a constant


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder with a small U-Net of one output, as a run leaves it."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("run")
    about = {"name": "unet", "input_shape": (16, 16, 1), "classes": ("gap", "cell"), "scaling": "unit"}
    model = kerascnn.build("unet", input_shape=(16, 16, 1), classes=1, n_filters=4)
    files.save(model, folder / "model.keras", {**about, "knobs": {}, "mean": (0.5,), "std": (1.0,)})
    return folder, model


def test_segment(run, tmp_path):
    folder, model = run
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    answer = segment(folder, tmp_path / "a.png")
    image = data.scale(data.read_whole(tmp_path / "a.png", 1), "unit")
    cell = probabilities(model, image)[..., 1]
    sure = np.abs(cell - 0.5) > 1e-5
    assert sure.mean() > 0.8
    np.testing.assert_array_equal(answer[sure], cell[sure] > 0.5)
    assert (answer.shape, answer.dtype) == ((48, 64), np.uint8)
    with pytest.raises(InputError, match=r"b.png: cannot be read: No such file"):
        segment(folder, tmp_path / "b.png")


def test_a_network_of_nan_answers_nothing(tmp_path):
    model = kerascnn.build("unet", input_shape=(16, 16, 1), classes=1, n_filters=4)
    model.weights[0].assign(np.full(model.weights[0].shape, np.nan))
    about = {"name": "unet", "input_shape": (16, 16, 1), "classes": ("gap", "cell"), "scaling": "unit"}
    files.save(model, tmp_path / "model.keras", {**about, "knobs": {"n_filters": 4}, "mean": (0.5,), "std": (1.0,)})
    Image.new("L", (20, 20)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"NaN"):
        segment(tmp_path, tmp_path / "a.png")


def test_only_segmenters_segment(tmp_path):
    about = {"name": "lenet5", "knobs": {}, "input_shape": (32, 32, 1), "classes": (), "scaling": "unit"}
    about |= {"mean": [0.5], "std": [0.5]}
    files.save(kerascnn.build("lenet5"), tmp_path / "model.keras", about)
    with pytest.raises(InputError, match=r"model.keras: holds a network to classify, lenet5, not one to segment$"):
        segment(tmp_path, tmp_path / "a.png")
