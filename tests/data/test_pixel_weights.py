"""The weight map of the U-Net paper, against distances measured pixel by pixel."""

import numpy as np
import pytest

from kerascnn.data import weight_map

MASK = np.zeros((14, 40), np.int32)
MASK[2:8, 3:10] = 1  # three cells of one class, the first two a gap of two pixels apart
MASK[2:8, 12:20] = 1
MASK[9:13, 30:38] = 1
MASK[5:8, 20:25] = 2  # and one of another, which touches


def by_hand(mask, cells, border, sigma):
    """Equation 2, with cells given one by one."""
    pixels = np.argwhere(np.ones(mask.shape, bool)).reshape(*mask.shape, 2)
    distances = []
    for cell in cells:
        of_cell = np.argwhere(cell)
        distances.append(np.sqrt(((pixels[:, :, None] - of_cell) ** 2).sum(-1)).min(-1))
    nearest, second = np.sort(distances, axis=0)[:2]
    values, counts = np.unique(mask, return_counts=True)
    balance = sum((mask == v) * mask.size / (len(values) * n) for v, n in zip(values, counts, strict=True))
    return balance + (mask == 0) * border * np.exp(-((nearest + second) ** 2) / (2 * sigma**2))


@pytest.mark.parametrize(("border", "sigma"), [(10, 5), (3, 1.5)])
def test_against_distances_pixel_by_pixel(border, sigma):
    boxes = [np.s_[2:8, 3:10], np.s_[2:8, 12:20], np.s_[9:13, 30:38], np.s_[5:8, 20:25]]
    cells = np.zeros((4, *MASK.shape), bool)
    for cell, box in zip(cells, boxes, strict=True):
        cell[box] = True
    found = weight_map(MASK, border, sigma)
    assert (found.dtype, found.shape) == (np.float32, MASK.shape)
    np.testing.assert_allclose(found, by_hand(MASK, cells, border, sigma), atol=1e-5)
    assert found[4, 10] > found[12, 5] + border / 10, "the gap weighs most"


def test_balance_alone():
    weights = weight_map(MASK, border=0)
    assert weights.mean() == pytest.approx(1, rel=1e-5)
    sums = [weights[label == MASK].sum() for label in range(3)]
    np.testing.assert_allclose(sums, MASK.size / 3, rtol=1e-5)


def test_void_weighs_nothing_and_counts_nowhere():
    void = np.zeros(MASK.shape, bool)
    void[:, 25:] = True  # the third cell, and what is around it
    found = weight_map(np.where(void, -1, MASK))
    assert (found[void] == 0).all()
    np.testing.assert_allclose(found[~void], weight_map(MASK[:, :25]).ravel(), rtol=1e-6)
    np.testing.assert_array_equal(weight_map(np.full((4, 5), -1)), np.zeros((4, 5)))


def test_cells_that_are_alone_or_absent():
    np.testing.assert_array_equal(weight_map(np.zeros((5, 6))), np.ones((5, 6)))
    alone = np.zeros((9, 9), int)
    alone[4, 4] = 1
    np.testing.assert_allclose(weight_map(alone)[alone == 0], 81 / 160)
