"""Values between pixels against scipy, and what is beyond the edges."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import map_coordinates

from kerascnn.data.augmentation.interpolation import bilinear, clipped, mirrored, nearest

IMAGES = tf.constant(np.random.default_rng(0).random((2, 7, 9, 3), np.float32))
Y, X = np.random.default_rng(1).uniform(-1, 1, (2, 2, 4, 5)).astype(np.float32) * 20


def by_scipy(order, mode):
    return np.stack(
        [
            np.stack([map_coordinates(image[..., c], [y, x], order=order, mode=mode) for c in range(3)], -1)
            for image, y, x in zip(IMAGES, Y, X, strict=True)
        ]
    )


@pytest.mark.parametrize(("inside", "mode"), [(mirrored, "mirror"), (clipped, "nearest")])
def test_places_beyond_the_edges_are_scipys(inside, mode):
    y, x = inside(Y, 7), inside(X, 9)
    np.testing.assert_allclose(bilinear(IMAGES, y, x), by_scipy(1, mode), atol=1e-4)
    np.testing.assert_allclose(nearest(IMAGES, y, x), by_scipy(0, mode), atol=1e-6)


def test_outside_is_filled():
    y, x, outside = clipped(Y, 7), clipped(X, 9), np.abs(Y) > 7
    for look_up in (bilinear, nearest):
        filled, plain = look_up(IMAGES, y, x, outside, 0.5).numpy(), look_up(IMAGES, y, x).numpy()
        assert (filled[outside] == 0.5).all()
        np.testing.assert_array_equal(filled[~outside], plain[~outside])


def test_whole_places_and_types():
    rows, columns = np.mgrid[:7, :9].astype(np.float32)
    whole = tf.cast(IMAGES * 255, tf.uint8)
    for look_up in (bilinear, nearest):
        found = look_up(whole, rows[None].repeat(2, 0), columns[None].repeat(2, 0))
        assert found.dtype == tf.uint8
        np.testing.assert_array_equal(found, whole)
    masks = nearest(whole[..., 0], rows[None].repeat(2, 0), columns[None].repeat(2, 0))
    np.testing.assert_array_equal(masks, whole[..., 0])
