"""Pixel weights that make a network separate touching cells. Ronneberger et al. 2015, Section 3, Equation 2."""

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects, label

REACH = 6  # standard deviations: a border further away than that weighs less than 2e-8 of one


def weight_map(mask, border: float = 10, sigma: float = 5) -> np.ndarray:
    """The weight of every pixel of a mask in the loss:

        balance of the classes + border * exp(-(d1 + d2)^2 / (2 sigma^2))

    with d1 and d2 the distances to the nearest and the second nearest cell. A cell is a connected region of one class;
    class 0 is what lies between cells, and only there is the border's term added. What is void is neither.

    Args:
        mask: whole numbers (height, width), -1 where a pixel is void.
        border: w0 of the paper.
        sigma: of the paper, in pixels.

    Returns:
        float32 (height, width), 0 where a pixel is void. Elsewhere the balance alone gives each class that occurs the
        same sum, and has a mean of 1.
    """
    mask = np.asarray(mask)
    known, balance = mask >= 0, np.zeros(mask.shape)
    values, numbers, counts = np.unique(mask[known], return_inverse=True, return_counts=True)
    balance[known] = (counts.sum() / (len(values) * counts))[numbers]
    nearest, second = _two_nearest_cells(mask, round(REACH * sigma))
    touching = border * np.exp(-((nearest + second) ** 2) / (2 * sigma**2))
    return (balance + np.where(mask == 0, touching, 0)).astype(np.float32)


def _two_nearest_cells(mask, reach):
    """Each pixel's distances to the nearest and the second nearest cell, infinite where there is none within reach."""
    nearest, second = np.full((2, *mask.shape), np.inf)
    for value in np.unique(mask[mask > 0]):
        cells, _ = label(mask == value)
        for number, place in enumerate(find_objects(cells), start=1):
            near = tuple(slice(max(0, side.start - reach), side.stop + reach) for side in place)
            distance = distance_transform_edt(cells[near] != number)
            second[near] = np.minimum(second[near], np.maximum(nearest[near], distance))
            nearest[near] = np.minimum(nearest[near], distance)
    return nearest, second
