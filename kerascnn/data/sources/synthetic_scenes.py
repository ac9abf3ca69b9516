"""Synthetic scenes and their masks, which need no download: drawn blood smears, and real digits on textures."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from .tfds import open_named

CELLS = ("background", "red cell", "infected cell", "white cell", "platelet")
ROOMS = (600, 12000, 3500)  # pixels of a smear for each red cell, white cell and platelet, on average
INFECTED = 0.35  # of the red cells that are not cut off by the edge
EOSIN, AZURE = np.array((0.08, 0.55, 0.45)), np.array((0.75, 0.95, 0.3))  # optical densities for red, green and blue

SIZES = (16, 32)  # pixels, height and width of a digit
ROOM = 450  # pixels of a scene for each digit that looks for a place in it, at most
CONTRAST = (0.25, 0.45)
TRIES = 20  # to find a place where nothing lies yet


class Scenes(NamedTuple):
    """A set of scenes: (validation, count, (height, width)) -> images and masks; the names of the classes, in the order
    of the masks' numbers; (height, width, channels) of an image; how many there are to train and to validate with."""

    draw: Callable
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    counts: tuple[int, int]


class Blob(NamedTuple):
    """Something round in a window of a picture: the share of each pixel that it covers, and how far each pixel is from
    its centre, 1 at its outline."""

    window: tuple[slice, slice]
    cover: np.ndarray
    far: np.ndarray


def blood_smears(validation: bool, count: int, shape: tuple[int, int], seed: int = 0):
    """Yield `count` smears: images uint8 (*shape, 3) and masks uint8 (*shape), which hold the numbers of `CELLS`.

    Smear i is a function of validation, seed and i.
    """
    for i in range(count):
        yield blood_smear(np.random.default_rng([seed, validation, i]), shape)


def blood_smear(rng: np.random.Generator, shape) -> tuple[np.ndarray, np.ndarray]:
    """Stained cells as a microscope shows them: a stain lets through exp(-density) of the light.

    Red cells are pale in their middle. Those that are infected hold the ring of a parasite, with a dot on it. White
    cells have a nucleus of one to four lobes. Platelets lie on everything; on a red cell they look like parasites.
    """
    density, mask, taken = np.zeros((*shape, 3)), np.zeros(shape, np.uint8), []
    eosin, azure = (stain * rng.uniform(0.8, 1.2) + rng.normal(0, 0.03, 3) for stain in (EOSIN, AZURE))
    red, white, platelets = (rng.poisson(shape[0] * shape[1] / room) for room in ROOMS)

    def dye(blob, strength, stain):
        density[blob.window] += strength[..., None] * stain

    def mark(blob, name):
        mask[blob.window][blob.cover > 0.5] = CELLS.index(name)

    whites = _free_circles(rng, taken, shape, rng.uniform(13, 17, white), 1.05)
    reds = _free_circles(rng, taken, shape, rng.normal(9, 0.8, 1 + red), 0.85)
    infected = [_is_inside(centre, shape, 5) and rng.uniform() < INFECTED for centre, _ in reds]
    for i in np.argsort(infected, kind="stable"):  # they lie on the others
        centre, radius = reds[i]
        cell = _blob(rng, shape, centre, radius, 0.06)
        pallor = rng.uniform(0.3, 0.7) * np.exp(-((cell.far / rng.uniform(0.4, 0.6)) ** 2))
        dye(cell, rng.uniform(0.85, 1.15) * (1 - pallor) * cell.cover, eosin)
        mark(cell, "infected cell" if infected[i] else "red cell")
        if infected[i]:
            middle, size = _beside(rng, centre, rng.uniform(0, 0.4) * radius), rng.uniform(2, 3.2)
            ring = _blob(rng, shape, middle, size, 0.1)
            dot = _blob(rng, shape, _beside(rng, middle, size), 1.2)
            dye(ring, 0.6 * np.exp(-(((ring.far - 1) * size / 0.8) ** 2)), azure)
            dye(dot, np.exp(-(dot.far**2)), azure)
    for centre, radius in whites:
        cell, nucleus = _blob(rng, shape, centre, radius, 0.06), np.zeros(shape)
        lobes = rng.integers(1, 5)
        away, size = (0.45, 0.38) if lobes > 1 else (0.15, 0.66)
        for angle in rng.uniform(0, 2 * np.pi) + 1.4 * np.arange(lobes):
            lobe = _blob(rng, shape, _beside(rng, centre, away * radius, angle), size * radius, 0.1)
            nucleus[lobe.window] = np.maximum(nucleus[lobe.window], lobe.cover)
        dye(cell, cell.cover, 0.3 * eosin + 0.25 * azure)
        dye(cell, cell.cover * nucleus[cell.window], azure)
        mark(cell, "white cell")
    for centre in rng.uniform(0, shape, (platelets, 2)):
        platelet = _blob(rng, shape, centre, rng.uniform(2, 4), 0.15)
        dye(platelet, rng.uniform(0.6, 0.9) * (1 - 0.4 * platelet.far) * platelet.cover, azure)
        mark(platelet, "platelet")

    haze = gaussian_filter(rng.standard_normal(shape), 6, mode="wrap")
    density += np.maximum(0, 0.05 + 0.03 * haze / haze.std())[..., None] * eosin
    slopes = (rng.normal(0, 0.1) * np.linspace(-0.5, 0.5, length) for length in shape)
    light = (0.9 + np.add.outer(*slopes))[..., None] * (1 - np.abs(rng.normal(0, 0.03, 3)))
    seen = gaussian_filter(light * np.exp(-density), (0.7, 0.7, 0)) + rng.normal(0, 0.025, density.shape)
    return np.rint(255 * np.clip(seen, 0, 1)).astype(np.uint8), mask


def digit_scenes(validation: bool, count: int, shape: tuple[int, int], seed: int = 0):
    """Yield `count` scenes: images uint8 (*shape, 1) and masks uint8 (*shape), which hold 0 for the background and 1
    more than the digit elsewhere.

    A digit is brighter than the texture below it, like chalk, but its contrast is no larger than that of the texture: a
    threshold does not find it.

    Args:
        validation: whether to use the digits that are held out. No scene for training has any of them.
        seed: scene i is a function of validation, seed and i.
    """
    digits = open_named("digits")[3 if validation else 2]
    images, targets = digits.images.numpy()[..., 0] / 255, digits.labels.numpy()
    for i in range(count):
        yield digit_scene(np.random.default_rng([seed, validation, i]), images, targets, shape)


SETS = {
    "digits": Scenes(digit_scenes, ("background", *"0123456789"), (64, 64, 1), (2000, 400)),
    "blood_smears": Scenes(blood_smears, CELLS, (128, 128, 3), (400, 100)),
}


def digit_scene(rng: np.random.Generator, images, targets, shape) -> tuple[np.ndarray, np.ndarray]:
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


def _free_circles(rng, taken, shape, radii, apart):
    """Circles (centre, radius), added to those that are `taken`. Two centres are at least `apart` times the sum of the
    radii from each other; the edge may cut a circle off."""
    before = len(taken)
    for radius in radii:
        for centre in rng.uniform(-radius / 2, np.add(shape, radius / 2), (TRIES, 2)):
            if all(np.hypot(*(centre - other)) > apart * (radius + size) for other, size in taken):
                taken.append((centre, radius))
                break
    return taken[before:]


def _is_inside(place, shape, margin):
    return all(margin <= at <= length - margin for at, length in zip(place, shape, strict=True))


def _beside(rng, place, distance, angle=None):
    angle = rng.uniform(0, 2 * np.pi) if angle is None else angle
    return place + distance * np.array((np.sin(angle), np.cos(angle)))


def _blob(rng, shape, centre, radius, roughness=0.0) -> Blob:
    reach = 1.5 * radius + 3
    starts = [max(0, int(at - reach)) for at in centre]
    ends = [max(0, min(length, int(at + reach))) for at, length in zip(centre, shape, strict=True)]
    window = tuple(map(slice, starts, ends))
    y, x = (part - at for part, at in zip(np.ogrid[window], centre, strict=True))
    angle, outline = np.arctan2(y, x), 1
    for waves in (2, 3, 4):
        outline = outline + roughness / waves * rng.normal() * np.cos(waves * angle + rng.uniform(0, 2 * np.pi))
    far = np.hypot(y, x) / (radius * outline)
    return Blob(window, np.clip((1 - far) * radius + 0.5, 0, 1), far)
