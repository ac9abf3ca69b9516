"""Reads images and their masks into memory: from a folder, from made scenes, or from TensorFlow Datasets."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ...errors import InputError, unknown
from ..pixels import cut_window, fit
from . import mask_folder, tfds
from .decoding import read_images
from .synthetic_scenes import scenes

MEMORY = 2**33  # bytes: larger sets are refused
SCENES = (2000, 400)  # made of digits, to train with and to validate with
SCENE_SHAPE = (64, 64, 1)
BINARY = ("background", "foreground")


class Labels(NamedTuple):
    """The masks of a set of TensorFlow Datasets: the feature, the class names, and the class of each value."""

    feature: str
    classes: tuple[str, ...]
    values: dict[int, int]


KNOWN = {"oxford_iiit_pet": Labels("segmentation_mask", ("background", "pet", "outline"), {2: 0, 1: 1, 3: 2})}


class Picture(NamedTuple):
    """An image, uint8 (height, width, channels), its mask, uint8 (height, width), and their name."""

    name: str
    image: np.ndarray
    mask: np.ndarray


def native_shape(name: str) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of the images of a named set with masks, None where they differ."""
    return SCENE_SHAPE if name == "digits" else tfds.native_shape(_known(name))


def read_set(name: str, image_shape, tiles: bool, held_out: str, limit: int | None, classes: tuple[str, ...]) -> tuple:
    """The pictures of a named set; see `open.MaskSource`."""
    if held_out:
        raise InputError(f"held_out={held_out!r}: {name} knows by itself what validates")
    if name == "digits":
        known = ("background", *"0123456789")
        sides = [_scenes(side, limit, image_shape) for side in (False, True)]
    else:
        known = KNOWN[_known(name)].classes
        sides = [_records(part, KNOWN[name], image_shape, tiles) for part in tfds.open_named(name, limit)[2:]]
    if classes and len(classes) != len(known):
        raise InputError(f"classes={classes}: {name} has {len(known)}, {', '.join(known)}")
    return name, classes or known, *map(_in_memory, sides)


def read_folder(folder: Path, pairs, image_shape, tiles: bool, held_out: str, limit: int | None, classes) -> tuple:
    """The pictures of a folder; `pairs` are those of `mask_folder.open_folder`. See `open.MaskSource`."""
    found = {}

    def read(pair):
        mask = mask_folder.read_mask(pair.mask)
        if mask.shape != pair.shape[:2]:
            (rows, columns), (height, width, _) = mask.shape, pair.shape
            raise InputError(f"{pair.mask}: is {rows} high and {columns} wide, its image {height} and {width}")
        for value in np.unique(mask).tolist():
            found.setdefault(value, pair.mask)
        shape = _stored_shape(mask.shape, image_shape, tiles)
        return Picture(pair.image.stem, read_images([pair.image], shape)[0], fit_mask(mask, shape[:2]))

    if held_out:
        pairs = mask_folder.hold_out(folder, pairs, held_out)
    sides = [_in_memory(map(read, side[:limit])) for side in pairs]
    size, numbers = mask_folder.numbered(found, classes)
    table = np.zeros(max(numbers) + 1, np.uint8)
    table[list(numbers)] = list(numbers.values())
    train, validation = ([picture._replace(mask=table[picture.mask]) for picture in side] for side in sides)
    known = BINARY if size == 2 else (BINARY[0], *map(str, range(1, size)))
    return folder.resolve().name, classes or known, train, validation


def fit_mask(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cut and resize a mask (height, width) as `fit` does with its image. Each pixel takes its nearest one's value."""
    if mask.shape == shape:
        return mask
    top, left, rows, columns = cut_window(*mask.shape, *shape)
    cut = mask[top : top + rows, left : left + columns, None]
    return tf.image.resize(cut, shape, "nearest").numpy()[..., 0]


def _scenes(side, limit, image_shape):
    size = min(SCENES[side], limit or SCENES[side])
    for i, (image, mask) in enumerate(scenes(side, size, image_shape[:2])):
        yield Picture(str(i), np.asarray(fit(image, image_shape)), mask)


def _records(records, labels, image_shape, tiles):
    table = np.zeros(256, np.uint8)
    table[list(labels.values)] = list(labels.values.values())
    for i, example in enumerate(records.builder.as_dataset(split=records.split).as_numpy_iterator()):
        mask = example[labels.feature][..., 0]
        shape = _stored_shape(mask.shape, image_shape, tiles)
        yield Picture(str(i), np.asarray(fit(example[records.image_name], shape)), fit_mask(table[mask], shape[:2]))


def _stored_shape(size, image_shape, tiles):
    """The shape in which a picture of this (height, width) is kept in memory."""
    if not tiles:
        return image_shape
    factor = max(1, *(least / length for least, length in zip(image_shape, size, strict=False)))
    return (*(round(factor * length) for length in size), image_shape[2])


def _in_memory(pictures: Iterable[Picture]) -> list[Picture]:
    kept, taken = [], 0
    for picture in pictures:
        kept.append(picture)
        taken += picture.image.nbytes + picture.mask.nbytes
        if taken > MEMORY:
            raise InputError(
                f"more than {MEMORY / 2**30:g} GiB of images and masks: use a limit, or a smaller image_shape"
            )
    return kept


def _known(name):
    if name not in KNOWN:
        raise unknown("data set with masks", name, ["digits", *KNOWN, "the path of a folder"])
    return name
