"""Colors against Pillow and NumPy."""

import colorsys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

from kerascnn.data.augmentation.color import (
    EIGENVALUES,
    EIGENVECTORS,
    looked_up,
    matrix,
    mean_colors,
    recolor_by,
    table,
)

ENHANCERS = {"brightness": ImageEnhance.Brightness, "contrast": ImageEnhance.Contrast, "saturation": ImageEnhance.Color}


@pytest.fixture(params=[1, 3], ids=["grey", "color"])
def images(request):
    """Four images of different ranges, whose extremes no factor below drives out of 0 to 255."""
    random = np.random.default_rng(0)
    low, high = np.array([60, 90, 100, 70]), np.array([160, 110, 150, 130])
    noise = random.random((4, 20, 30, request.param))
    return (low[:, None, None, None] + noise * (high - low)[:, None, None, None]).astype(np.uint8)


def changed(images, **change):
    return recolor_by(images, *matrix(tf.reduce_mean(tf.cast(images, tf.float32), (1, 2)), **change)).numpy()


@pytest.mark.parametrize("name", ENHANCERS)
def test_factors_are_pillows(images, name):
    factors = np.float32([0.5, 1, 1.3, 0.8])
    found = changed(images, **{name: factors})
    for image, factor, ours in zip(images, factors, found, strict=True):
        picture = Image.fromarray(image if image.shape[-1] == 3 else image[..., 0])
        theirs = np.asarray(ENHANCERS[name](picture).enhance(float(factor))).reshape(image.shape)
        if name == "saturation" and image.shape[-1] == 1:
            theirs = image
        np.testing.assert_allclose(ours, theirs, atol=2)  # Pillow rounds and truncates


def test_all_at_once_is_one_after_the_other(images):
    factors = {"brightness": 1.1, "contrast": 0.7, "saturation": 0.5, "hue": 0.1}
    step_by_step = images
    for name, factor in factors.items():
        step_by_step = changed(step_by_step, **{name: factor})
    np.testing.assert_allclose(changed(images, **factors), step_by_step, atol=0.01)


def test_nothing(images):
    np.testing.assert_allclose(changed(images), images, atol=1e-3)
    np.testing.assert_allclose(changed(images, hue=1.0), images, atol=0.02)


@pytest.mark.parametrize("size", [(3, 5), (4, 4), (6, 2)])
def test_pixels_together_are_as_each_alone(size):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2, *size, 3), np.uint8)
    change, offset = (random.normal(size=shape).astype(np.float32) for shape in ((2, 3, 3), (2, 3)))
    expected = np.clip(np.einsum("bhwc,bcd->bhwd", images, change) + offset[:, None, None], 0, 255)
    np.testing.assert_allclose(recolor_by(images, change, offset), expected, atol=1e-3)
    np.testing.assert_allclose(mean_colors(images.astype(np.float32)), images.mean(axis=(1, 2)), rtol=1e-5)


def test_hue_turns_colors_and_leaves_grey():
    color = np.uint8([150, 100, 100]).reshape(1, 1, 1, 3)
    third = changed(color, hue=1 / 3)[0, 0, 0]
    turned = colorsys.rgb_to_hsv(*third / 255)[0]
    assert min(turned % 1, 1 - turned % 1) == pytest.approx(1 / 3, abs=0.06)
    grey = np.full((1, 2, 2, 3), 90, np.uint8)
    np.testing.assert_allclose(changed(grey, hue=0.3), 90, atol=0.05)
    before, after = color[0, 0, 0] @ [0.299, 0.587, 0.114], third @ [0.299, 0.587, 0.114]
    assert before == pytest.approx(after, abs=0.01)


def test_light_is_added_within_bounds():
    found = changed(np.full((2, 3, 3, 3), 100, np.uint8), light=np.float32([[1, -2, 3], [200, -200, 0]]))
    np.testing.assert_allclose(found[:, 0, 0], [[101, 98, 103], [255, 0, 100]])


def test_principal_components_are_perpendicular():
    np.testing.assert_allclose(EIGENVECTORS.T @ EIGENVECTORS, np.eye(3), atol=1e-3)
    assert (np.diff(EIGENVALUES) < 0).all()


OPERATIONS = {
    "stretch": (True, ImageOps.autocontrast),
    "equalize": (True, ImageOps.equalize),
    "bits": (3, lambda image: ImageOps.posterize(image, 3)),
    "threshold": (110, lambda image: ImageOps.solarize(image, 110)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_tables_are_pillows(images, name):
    value, by_pillow = OPERATIONS[name]
    values = tf.constant([value, value, value, {"bits": 8, "threshold": 256}.get(name, False)])
    found = looked_up(images, table(images, **{name: values})).numpy()
    np.testing.assert_array_equal(found[3], images[3])
    for image, ours in zip(images[:3], found, strict=False):
        picture = Image.fromarray(image if image.shape[-1] == 3 else image[..., 0])
        theirs = np.asarray(by_pillow(picture)).reshape(image.shape).astype(int)
        assert np.abs(ours - theirs).max() <= (name == "stretch")  # of which Pillow computes in floating point


def test_tables_of_a_single_value():
    images = np.full((1, 4, 4, 3), 77, np.uint8)
    changed = looked_up(images, table(images, stretch=np.array([True]), equalize=np.array([True])))
    np.testing.assert_array_equal(changed, images)
