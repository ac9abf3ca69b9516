"""Synthetic scenes: digits of random sizes and places on textures, and their masks. They need no download.

A digit is brighter than the texture below it, like chalk, but its contrast is no larger than that of the texture: a
threshold does not find it.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from .tfds import open_named

SIZES = (16, 32)  # pixels, height and width of a digit
ROOM = 900  # pixels of a scene for each digit in it, at most: five in a scene of 64x64
TRIES = 20  # to find a place where nothing lies yet
CONTRAST = (0.25, 0.45)


def scenes(validation: bool, count: int, shape: tuple[int, int], seed: int = 0):
    """Yield `count` scenes: images uint8 (*shape, 1) and masks uint8 (*shape), which hold 0 for the background and 1
    more than the digit elsewhere.

    Args:
        validation: whether to use the digits that are held out. No scene for training has any of them.
        seed: scene i is a function of validation, seed and i.
    """
    digits = open_named("digits")[3 if validation else 2]
    images, targets = digits.images.numpy()[..., 0] / 255, digits.labels.numpy()
    for i in range(count):
        yield scene(np.random.default_rng([seed, validation, i]), images, targets, shape)


def scene(rng: np.random.Generator, images, targets, shape) -> tuple[np.ndarray, np.ndarray]:
    """One scene of some of the digits `images` (n, 8, 8), 0 to 1, whose classes are `targets`."""
    canvas, mask = texture(rng, shape), np.zeros(shape, np.uint8)
    taken = np.zeros(shape, bool)
    for _ in range(rng.integers(1, max(1, round(shape[0] * shape[1] / ROOM)) + 1)):
        size = rng.integers(min(SIZES[0], *shape), min(SIZES[1], *shape) + 1)
        chosen = rng.integers(len(images))
        place = _free_place(rng, taken, size)
        if place is None:
            continue
        taken[place] = True
        smooth = zoom(images[chosen], size / 8, order=3, grid_mode=True, mode="nearest")
        ink = np.clip((smooth - 0.5) * size / 8 + 0.5, 0, 1)  # strokes whose edge is a pixel or two wide
        canvas[place] += rng.uniform(*CONTRAST) * ink
        mask[place][ink > 0.5] = targets[chosen] + 1
    return np.rint(255 * np.clip(canvas, 0, 1)).astype(np.uint8)[..., None], mask


def texture(rng: np.random.Generator, shape) -> np.ndarray:
    """Smoothed noise, waves and a slope, of random strengths, around a middle grey."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    blotches = gaussian_filter(rng.standard_normal(shape), rng.uniform(1, 6), mode="wrap")
    blotches /= blotches.std()
    across, along = (np.cos(a) * x + np.sin(a) * y for a in rng.uniform(0, 2 * np.pi, 2))
    waves = 1.4 * np.sin(across * 2 * np.pi / rng.uniform(5, 24) + rng.uniform(0, 2 * np.pi))
    slope = (along - along.mean()) / along.std()
    strengths = rng.dirichlet((1, 1, 1)) * rng.uniform(0.1, 0.2)
    grain = rng.normal(0, 0.03, shape)
    return rng.uniform(0.35, 0.65) + np.tensordot(strengths, [blotches, waves, slope], 1) + grain


def _free_place(rng, taken, size):
    for _ in range(TRIES):
        top, left = (rng.integers(length - size + 1) for length in taken.shape)
        place = np.s_[top : top + size, left : left + size]
        if not taken[place].any():
            return place
    return None
