"""Segmentation by overlapping tiles: exact where the network looks at single pixels, equivariant with `tta`."""

import tracemalloc

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.training.tasks.sliding_window import bands, hann_window, probabilities, tile_probabilities


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


def test_bands_are_parts_of_the_whole_scaled_tile_by_tile():
    """Of a network that takes any size, too."""
    model, image = pointwise((None, None), 3), noise(30, 21, 2)
    parts = list(bands(model, image, tile=(8, 8), scaled=lambda tiles: tiles / 2))
    assert [part.shape for part in parts] == [(rows, 21, 3) for rows in (4, 3, 4, 4, 3, 4, 8)]
    whole = keras.ops.convert_to_numpy(model.layers[0](image[None] / 2))[0]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)


def test_a_picture_of_a_tile_is_answered_as_it_is():
    model, image = pointwise((8, 8), 3), noise(8, 8, 2)
    np.testing.assert_allclose(probabilities(model, image), model.predict_on_batch(image[None])[0], atol=1e-6)


def test_bands_of_a_large_image_take_little_memory():
    """Its probabilities would be 400 MB."""
    model, image = pointwise((64, 64), 100), np.zeros((1000, 1000, 2), np.uint8)
    tracemalloc.start()
    rows = sum(len(band) for band in bands(model, image, overlap=0, scaled=np.float32))
    assert (rows, tracemalloc.get_traced_memory()[1] < 2e8) == (1000, True)
    tracemalloc.stop()
