"""Parts of images against their definitions in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from kerascnn.data.augmentation.crop import draw_windows, ten_crops
from kerascnn.data.augmentation.policies import Crop
from kerascnn.data.sampling.stateless_random import keys

INCEPTION = Crop(area=(0.08, 1), aspect=(3 / 4, 4 / 3))
MANY = keys(0, 0, range(4000))


def by_definition(rows, columns, target, count):
    """Shares of the area and aspects, by rejection until one fits: Szegedy et al. 2014, Section 6."""
    random, found = np.random.default_rng(0), []
    while len(found) < count:
        area = rows * columns * random.uniform(0.08, 1)
        aspect = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
        height, width = np.sqrt(area / aspect / target), np.sqrt(area * aspect * target)
        if round(height) <= rows and round(width) <= columns:
            found.append((area / (rows * columns), aspect))
    return np.array(found).T


@pytest.mark.parametrize(("size", "shape"), [((375, 500), (224, 224)), ((400, 400), (100, 200))])
def test_areas_and_aspects(size, shape):
    top, left, height, width = np.array(draw_windows(INCEPTION, MANY, *size, *shape))
    assert min(top.min(), left.min(), height.min(), width.min()) >= 0
    assert ((top + height <= size[0]) & (left + width <= size[1])).all()
    areas, aspects = by_definition(*size, shape[1] / shape[0], 4000)
    assert kstest(height * width / np.prod(size), areas).pvalue > 1e-3
    assert kstest(width / height * shape[0] / shape[1], aspects).pvalue > 1e-3
    for first, part, length in ((top, height, size[0]), (left, width, size[1])):
        room = length - part > 30
        place = (first[room] + 0.5) / (length - part + 1)[room]
        assert kstest(place, "uniform").pvalue > 1e-3


def test_what_fits_nowhere_is_the_largest_part():
    tall = draw_windows(Crop(area=(0.9, 1)), MANY[:50], 1000, 10, 224, 224)
    assert np.array(tall[2:]).tolist() == [[10] * 50] * 2
    assert len(set(tall[0].numpy())) > 10


@pytest.mark.parametrize("central", [False, True])
def test_sides(central):
    """A part of 224 of an image whose shorter side is resized to 256 to 512."""
    crop = Crop(side=(256 / 224, 512 / 224), central=central)
    top, left, height, width = np.array(draw_windows(crop, MANY, 300, 400, 224, 224))
    np.testing.assert_array_equal(height, width)
    side = 300 * 224 / height
    assert np.histogram(side, 8, (256, 512))[0] == pytest.approx(500, abs=90), "evenly, but for whole pixels"
    assert (side.min(), side.max()) == (pytest.approx(256, abs=1), pytest.approx(512, abs=2))
    assert (top.min(), (top + height).max()) == (0, 300)
    assert (left.min(), (left + width).max()) == (pytest.approx(50 * central, abs=1), pytest.approx(400 - 50 * central))


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 700), st.integers(1, 700)),
    shape=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    seed=st.integers(0, 2**62),
    crop=st.sampled_from([INCEPTION, Crop(), Crop(side=(1.1, 3)), Crop(side=(2, 2), central=True)]),
)
def test_parts_lie_within_the_image(size, shape, seed, crop):
    top, left, height, width = np.array(draw_windows(crop, keys(seed, 1, range(20)), *size, *shape))
    assert (np.minimum(top, left) >= 0).all()
    assert (np.minimum(height, width) >= 1).all()
    assert ((top + height <= size[0]) & (left + width <= size[1])).all()


def test_sizes_of_several_images():
    rows, columns = np.int32([300, 500, 40]), np.int32([400, 200, 40])
    together = np.array(draw_windows(INCEPTION, MANY[:3], rows, columns, 32, 32))
    for i in range(3):
        alone = draw_windows(INCEPTION, MANY[i : i + 1], rows[i], columns[i], 32, 32)
        assert together[:, i].tolist() == np.array(alone)[:, 0].tolist()


def test_ten_crops():
    images = np.arange(2 * 5 * 7 * 1).reshape(2, 5, 7, 1)
    crops = ten_crops(images, 3, 3).numpy()
    assert crops.shape == (2, 10, 3, 3, 1)
    corners = [images[1, :3, :3], images[1, :3, 4:], images[1, 2:, :3], images[1, 2:, 4:], images[1, 1:4, 2:5]]
    np.testing.assert_array_equal(crops[1, :5], corners)
    np.testing.assert_array_equal(crops[1, 5:], [np.fliplr(corner) for corner in corners])
