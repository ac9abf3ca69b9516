"""Embedded scenes: reproducible, their masks true, and too hard for a threshold."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from kerascnn.data import load_masks
from kerascnn.data.sources.synthetic_scenes import (
    CELLS,
    CONTRAST,
    SETS,
    blood_smears,
    digit_scene,
    digit_scenes,
    texture,
)
from kerascnn.data.sources.tfds import open_named
from kerascnn.training.tasks.segmentation import otsu


@pytest.fixture(scope="module")
def some():
    return list(digit_scenes(False, 60, (64, 64)))


@pytest.fixture(scope="module")
def smears():
    return list(blood_smears(False, 40, (128, 128)))


@pytest.mark.parametrize("draw", [blood_smears, digit_scenes])
def test_each_is_a_function_of_seed_and_number(draw):
    some = list(draw(False, 5, (64, 64)))
    image, mask = list(draw(False, 4, (64, 64)))[3]
    np.testing.assert_array_equal(image, some[3][0])
    np.testing.assert_array_equal(mask, some[3][1])
    others = [list(draw(False, 4, (64, 64), seed=1))[3], list(draw(True, 4, (64, 64)))[3], some[2]]
    assert all((image != other).mean() > 0.9 for other, _ in others)


@pytest.mark.parametrize("name", SETS)
def test_as_a_set_with_masks(name):
    loaded, (image, mask) = load_masks(name, limit=3, batch=3), next(SETS[name].draw(True, 1, SETS[name].shape[:2]))
    assert (loaded.name, loaded.classes, loaded.image_shape) == (name, *SETS[name][1:3])
    assert (loaded.train_size, loaded.validation_size, loaded.steps) == (3, 3, 1)
    np.testing.assert_array_equal(loaded.held_out[0].image, image)
    np.testing.assert_array_equal(loaded.held_out[0].mask, mask)
    assert load_masks(name, limit=3, batch=3, binary=True).classes == ("background", "foreground")


def test_what_smears_hold(smears):
    images, masks = map(np.stack, zip(*smears, strict=True))
    assert (images.shape, images.dtype) == ((40, 128, 128, 3), np.uint8)
    assert (masks.shape, masks.dtype) == ((40, 128, 128), np.uint8)
    shares = np.bincount(masks.ravel(), minlength=len(CELLS)) / masks.size
    assert len(shares) == len(CELLS)
    assert 0.5 < shares[0] < 0.7
    assert (shares > [0.5, 0.2, 0.05, 0.02, 0.004]).all()


def test_colors_of_cells(smears):
    """Red cells let less green through than the background does, white cells and platelets less red than red cells."""
    images, masks = map(np.stack, zip(*smears, strict=True))
    red, green, _ = np.array([images[masks == label].mean(axis=0) for label in range(len(CELLS))]).T
    assert (green[1:] < green[0] - 30).all()
    assert (red[3:] < red[1] - 40).all()
    assert abs(red[2] - red[1]) < 20, "only the parasite tells them apart"


def test_the_color_of_a_pixel_does_not_tell_what_it_is(smears):
    """A classifier of pixels by their color alone finds cells, but doesn't know which are infected."""
    images, masks = (np.stack(part)[:, ::4, ::4] for part in zip(*smears, strict=True))
    pixels, labels = images.reshape(-1, 3) / 255, masks.ravel()
    said = LogisticRegression(C=100, max_iter=1000, class_weight="balanced").fit(pixels, labels).predict(pixels)
    dice = f1_score(labels, said, average=None)
    assert dice[0] > 0.9
    assert dice[CELLS.index("infected cell")] < 0.4
    assert dice.mean() < 0.7


def test_what_digit_scenes_hold(some):
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
        image, mask = digit_scene(np.random.default_rng(seed), images, targets, (64, 64))
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
    assert np.mean(dice) < 0.55


@pytest.mark.parametrize("shape", [(12, 20), (16, 16), (128, 96)])
@pytest.mark.parametrize(("draw", "channels"), [(blood_smears, 3), (digit_scenes, 1)])
def test_other_sizes(draw, channels, shape):
    for image, mask in draw(True, 3, shape):
        assert (image.shape, mask.shape) == ((*shape, channels), shape)
        assert mask.any()
