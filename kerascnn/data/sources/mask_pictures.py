"""Reads images and their masks into memory: from a folder, from made scenes, or from TensorFlow Datasets."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ...errors import InputError, unknown
from ...escaping import plain
from ..pixels import cut_window, fit
from . import mask_folder, tfds
from .class_folder import shown
from .decoding import decode_files, fill_bits
from .synthetic_scenes import SETS

MEMORY = 2**33  # bytes: larger sets are refused
BINARY = ("background", "foreground")
VOID = -1  # the class number of pixels that are of no class
SIDES = ("that train", "held out")
ONLY_VOID = "the masks {} hold nothing but void, {}"


class Labels(NamedTuple):
    """The masks of a set of TensorFlow Datasets: the feature, and the name of the class of each value, in the order of
    classes."""

    feature: str
    classes: dict[int, str]


KNOWN = {"oxford_iiit_pet": Labels("segmentation_mask", {2: "background", 1: "pet", 3: "outline"})}


class Picture(NamedTuple):
    """An image, uint8 (height, width, channels), its mask (height, width), and their name.

    The mask is uint8, or int16 where a value of the files is ignored: then it may hold `VOID`.
    """

    name: str
    image: np.ndarray
    mask: np.ndarray


def native_shape(name: str) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of the images of a named set with masks, None where they differ."""
    return SETS[name].shape if name in SETS else tfds.native_shape(_known(name))


def read_set(
    name: str,
    image_shape,
    tiles: bool,
    held_out: str,
    limit: int | None,
    classes: tuple[str, ...],
    ignore: int | None,
) -> tuple:
    """The pictures of a named set; see `open.MaskSource`."""
    if held_out:
        raise InputError(f"held_out={held_out!r}: {name} knows by itself what validates")
    values = dict(enumerate(SETS[name].classes)) if name in SETS else KNOWN[_known(name)].classes
    table = _table([value for value in values if value != ignore], 255, ignore)
    known = tuple(label for value, label in values.items() if value != ignore)
    if name in SETS:
        sides = [_scenes(SETS[name], side, limit, image_shape, table) for side in (False, True)]
    else:
        parts = tfds.open_named(name, limit)[2:]
        sides = [_records(part, KNOWN[name].feature, image_shape, tiles, table) for part in parts]
    if classes and len(classes) != len(known):
        raise InputError(f"classes={classes}: {name} has {len(known)}, {', '.join(known)}")
    return name, classes or known, *map(_in_memory, sides), None


def read_folder(
    folder: Path,
    pairs: mask_folder.Sides,
    image_shape,
    tiles: bool,
    held_out: str,
    limit: int | None,
    classes: tuple[str, ...],
    ignore: int | None,
) -> tuple:
    """The pictures of a folder; `pairs` are those of `mask_folder.open_folder`. See `open.MaskSource`."""
    found, colors = {}, {}

    def read(pair):
        mask, its_colors = mask_folder.read_mask(pair.mask)
        check_size(pair.mask, mask.shape, pair.header.shape)
        check_colors(pair.mask, its_colors, colors, ignore)
        for value in np.unique(mask).tolist():
            found.setdefault(value, pair.mask)
        shape = _stored_shape(mask.shape, image_shape, tiles)
        image = decode_files([pair.image], [filled[pair.image]], shape)[0]
        return Picture(shown(pair.name), image, fit_mask(mask, shape[:2]))

    if held_out:
        pairs = mask_folder.hold_out(folder, pairs, held_out)
    both = [pair for side in (pairs.train, pairs.validation) for pair in side]
    headers = fill_bits([pair.image for pair in both], [pair.header for pair in both])
    filled = dict(zip((pair.image for pair in both), headers, strict=True))
    sides = [_in_memory(map(read, side[:limit])) for side in (pairs.train, pairs.validation)]
    values = mask_folder.class_values(found, classes, ignore, colors)
    table = _table(values, max(found), ignore)
    train, validation = ([picture._replace(mask=table[picture.mask]) for picture in side] for side in sides)
    known = tuple(str(value) if value else BINARY[0] for value in values)
    if len(known) == 2 and values[0] == 0:
        known = BINARY
    if pairs.note:
        print(plain(f"{folder}: {pairs.note}"), file=sys.stderr, flush=True)
    bits = next((header.filled for header in headers if header.bits == 16), None)
    return shown(folder.resolve().name), classes or known, train, validation, bits


def check_size(path: Path, size: tuple[int, int], image_shape: tuple[int, int, int]) -> None:
    """Raise an `InputError` if an upright mask has not the (height, width) of its image."""
    if size != image_shape[:2]:
        (rows, columns), (height, width, _) = size, image_shape
        raise InputError(f"{path}: is {rows} high and {columns} wide, its image {height} and {width}")


def check_colors(path: Path, its_colors: dict[int, str], colors: dict[int, tuple], ignore: int | None) -> None:
    """Raise an `InputError` if an index has another color than in masks before; `colors` notes color and file."""
    for index, color in its_colors.items():
        other, before = colors.setdefault(index, (color, path))
        if other != color and index != ignore:
            raise InputError(
                f"{path}: its palette has the color {color} at index {index}, that of {before} {other}; an index must "
                "have the same color in all masks"
            )


def fit_mask(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cut and resize a mask (height, width) as `fit` does with its image. Each pixel takes its nearest one's value."""
    if mask.shape == shape:
        return mask
    top, left, rows, columns = cut_window(*mask.shape, *shape)
    cut = mask[top : top + rows, left : left + columns, None]
    return tf.image.resize(cut, shape, "nearest").numpy()[..., 0]


def _table(values: Sequence[int], largest: int, ignore: int | None) -> np.ndarray:
    """The class of every value up to the largest one, from the value of each class; `VOID` for the ignored value."""
    table = np.full(1 + max(largest, *values), VOID, np.int16)
    table[list(values)] = range(len(values))
    return table if ignore is not None else table.astype(np.uint8)


def _scenes(scenes, side, limit, image_shape, table):
    size = min(scenes.counts[side], limit or scenes.counts[side])
    for i, (image, mask) in enumerate(scenes.draw(side, size, image_shape[:2])):
        yield Picture(f"scene {i}", np.asarray(fit(image, image_shape)), table[mask])


def _records(records, feature, image_shape, tiles, table):
    for i, example in enumerate(records.builder.as_dataset(split=records.split).as_numpy_iterator()):
        mask = example[feature][..., 0]
        shape = _stored_shape(mask.shape, image_shape, tiles)
        image = np.asarray(fit(example[records.image_name], shape))
        yield Picture(f"image {i}", image, fit_mask(table[mask], shape[:2]))


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
        raise unknown("data set with masks", name, [*SETS, *KNOWN, "the path of a folder"])
    return name
