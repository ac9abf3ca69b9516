"""Embedded scenes: reproducible, their masks true, and too hard for a threshold."""

import numpy as np
import pytest

from kerascnn.data.sources.synthetic_scenes import CONTRAST, scene, scenes, texture
from kerascnn.data.sources.tfds import open_named
from kerascnn.training.tasks.segmentation import otsu


@pytest.fixture(scope="module")
def some():
    return list(scenes(False, 60, (64, 64)))


def test_each_is_a_function_of_seed_and_number(some):
    image, mask = list(scenes(False, 4, (64, 64)))[3]
    np.testing.assert_array_equal(image, some[3][0])
    np.testing.assert_array_equal(mask, some[3][1])
    others = [list(scenes(False, 4, (64, 64), seed=1))[3], list(scenes(True, 4, (64, 64)))[3], some[2]]
    assert all((image != other).mean() > 0.9 for other, _ in others)


def test_what_they_hold(some):
    images, masks = map(np.stack, zip(*some, strict=True))
    assert (images.shape, images.dtype, masks.shape, masks.dtype) == ((60, 64, 64, 1), np.uint8, (60, 64, 64), np.uint8)
    assert set(np.unique(masks)) == set(range(11))
    kinds = [len(np.unique(mask)) - 1 for mask in masks]
    assert min(kinds) == 1
    assert max(kinds) in (4, 5)


def test_the_mask_is_where_the_ink_is():
    digits = open_named("digits")[2]
    images, targets = digits.images.numpy()[..., 0] / 255, digits.labels.numpy()
    for seed in range(20):
        image, mask = scene(np.random.default_rng(seed), images, targets, (64, 64))
        plain = texture(np.random.default_rng(seed), (64, 64))
        ink = image[..., 0] / 255 - plain
        unclipped = (image[..., 0] > 0) & (image[..., 0] < 255) & (plain > 0) & (plain < 1)
        assert ink[unclipped & (mask > 0)].min() > CONTRAST[0] / 2 - 0.01
        assert np.abs(ink[unclipped & (mask == 0)]).max() < CONTRAST[1] / 2 + 0.01


def test_a_threshold_does_not_find_digits(some):
    """Otsu's, even where somebody tells it for every scene whether to look for bright or for dark."""
    dice = []
    for image, mask in some:
        bright, truth = image[..., 0] > otsu(image), mask > 0
        dice.append(max(2 * (said & truth).sum() / (said.sum() + truth.sum()) for said in (bright, ~bright)))
    assert np.mean(dice) < 0.5


@pytest.mark.parametrize("shape", [(12, 20), (16, 16), (128, 96)])
def test_other_sizes(shape):
    for image, mask in scenes(True, 3, shape):
        assert (image.shape, mask.shape) == ((*shape, 1), shape)
        assert mask.any()
