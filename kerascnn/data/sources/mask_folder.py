"""A folder of images with a mask for each: its files, which of them validate, and the values of the masks.

`folder/images/` beside `folder/masks/` (`image`, `mask`, `labels` and `label` will do), an image and its mask having
the same name but for the extension; or such pairs of folders in `folder/train/` and in `folder/val/` (`valid`,
`validation` and `test` will do).
"""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ...errors import InputError
from ..sampling.split import SHARE
from .class_folder import VALIDATION
from .decoding import decode_files
from .file_checks import EXTENSIONS, UNREADABLE, examine, examine_one

IMAGES = ("images", "image")
MASKS = ("masks", "mask", "labels", "label")
GREY = ("1", "L", "LA", "I", "I;16")
COUNTS = ("1", "L", "P", "I", "I;16")  # Pillow's modes with one whole number a pixel


class Pair(NamedTuple):
    """An image file, the (height, width, channels) of the upright image, and the file of its mask."""

    image: Path
    shape: tuple[int, int, int]
    mask: Path


def open_folder(folder: Path) -> tuple[list[Pair], list[Pair]]:
    """(pairs to train with, pairs to validate with). All image files are examined.

    Without a folder for validation, the last fifth in the order of names validates: neighbouring slices of one volume
    must not lie on both sides.

    Raises:
        InputError: a folder is missing or empty, an image has no mask or a mask no image, a file is broken, or there is
            a single image.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: {'is a file, not a folder' if folder.exists() else 'no such folder'}")
    validation = next((name for name in VALIDATION if (folder / name).is_dir()), None)
    if (folder / "train").is_dir() and validation:
        sides = _listed(folder / "train"), _listed(folder / validation)
    else:
        pairs = _listed(folder)
        if len(pairs) < 2:
            raise InputError(f"{folder}: has a single image; two are needed, to train and to validate")
        cut = len(pairs) - max(1, round(len(pairs) * SHARE))
        sides = pairs[:cut], pairs[cut:]
    return tuple(map(_examined, sides))


def hold_out(folder: Path, sides: tuple[list[Pair], list[Pair]], held_out: str) -> tuple[list[Pair], list[Pair]]:
    """The pairs of a folder, but those validate whose names fit.

    Args:
        sides: the answer of `open_folder`.
        held_out: shell patterns of names without extension, with commas in between.

    Raises:
        InputError: the folder has a folder for validation, a pattern fits no name, or nothing is left to train with.
    """
    own = sides[1][0].image.parent.parent
    if own != folder:
        raise InputError(f"held_out={held_out!r}: {folder} has a folder {own.name}, which validates")
    pairs, patterns = [*sides[0], *sides[1]], held_out.split(",")
    for pattern in patterns:
        if not any(fnmatchcase(pair.image.stem, pattern) for pair in pairs):
            raise InputError(f"held_out={held_out!r}: {folder} has no image of the name {pattern}")
    train, validation = [], []
    for pair in pairs:
        held = any(fnmatchcase(pair.image.stem, pattern) for pattern in patterns)
        (validation if held else train).append(pair)
    if not train:
        raise InputError(f"held_out={held_out!r}: no image of {folder} is left to train")
    return train, validation


def native_shape(sides: tuple[list[Pair], list[Pair]]) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of the images, None where they differ. `sides`: the answer of `open_folder`."""
    shapes = [pair.shape for side in sides for pair in side]
    sizes = {shape[:2] for shape in shapes}
    return (*(sizes.pop() if len(sizes) == 1 else (None, None)), max(shape[2] for shape in shapes))


def read_whole(path: str | Path, channels: int) -> np.ndarray:
    """An image file at its own size: uint8 (height, width, channels); channels 1 or 3."""
    path = Path(path)
    (turn,) = examine([path])
    return decode_files([path], [turn], (*_shape(path, turn)[:2], channels))[0]


def read_mask(path: Path) -> np.ndarray:
    """The values of a mask, whole numbers (height, width); of a palette image the indices."""
    fault, _ = examine_one(path)
    if fault:
        raise InputError(f"{path}: {fault}")
    try:
        with Image.open(path) as image:
            mode, values = image.mode, np.asarray(image)
    except UNREADABLE as error:
        raise InputError(f"{path}: is damaged and cannot be decoded") from error
    if mode not in COUNTS:
        raise InputError(
            f"{path}: is a mask of mode {mode}; a mask has one whole number a pixel, as modes L and P have"
        )
    return values.astype(np.uint8) if mode == "1" else values


def numbered(found: dict[int, Path], names: Sequence[str] = ()) -> tuple[int, dict[int, int]]:
    """The number of classes, and the class of each value of the masks.

    Args:
        found: every value that occurs, with a file that holds it.
        names: of the classes, where they are known. Without them every class must occur.

    Raises:
        InputError: names the file that holds a value which stands for no class.
    """
    if set(found) == {0, 255} and len(names) in (0, 2):
        return 2, {0: 0, 255: 1}
    count = len(names) or next(n for n in range(len(found) + 1) if n not in found)
    for value, path in sorted(found.items()):
        if not 0 <= value < count:
            known = f"0 to {count - 1}, for the {count} classes that are named" if names else "0 to classes - 1"
            gap = "" if names else f" without a gap, and no mask holds {count}"
            raise InputError(f"{path}: holds the value {value}; masks hold {known}{gap}, or else 0 and 255")
    if count > 256:
        raise InputError(f"{found[256]}: holds the value 256; masks have at most 256 classes")
    if count < 2:
        raise InputError(f"{next(iter(found.values()))}: like all masks, holds nothing but {min(found)}")
    return count, {value: value for value in found}


def _listed(folder) -> list[tuple[Path, Path]]:
    """Images and masks by the same name, in the order of names; numbers in names count as numbers."""
    images, masks = (_files(folder, names) for names in (IMAGES, MASKS))
    for these, others, what in ((images, masks, "mask"), (masks, images, "image")):
        alone = [path for name, path in these.items() if name not in others]
        if alone:
            more = f" (and {len(alone) - 1} more have none)" if len(alone) > 1 else ""
            place = next(iter(others.values())).parent
            raise InputError(f"{alone[0]}: has no {what}; it would be {place / alone[0].stem}.*{more}")
    in_order = sorted(images, key=lambda name: [int(part) if part.isdigit() else part for part in _parts(name)])
    return [(images[name], masks[name]) for name in in_order]


def _parts(name):
    """Text and digits in turn, beginning with text."""
    return re.split(r"([0-9]+)", name)


def _files(folder, names):
    place = next((folder / name for name in names if (folder / name).is_dir()), None)
    if place is None:
        raise InputError(f"{folder}: has no folder {names[0]}; needed are {IMAGES[0]} and {MASKS[0]}, side by side")
    files = {}
    for path in sorted(place.iterdir()):
        if path.name[0] != "." and path.suffix.lower() in EXTENSIONS:
            if path.stem in files:
                raise InputError(f"{path}: has the same name as {files[path.stem].name}")
            files[path.stem] = path
    if not files:
        raise InputError(f"{place}: has no images; allowed are {', '.join(EXTENSIONS)}")
    return files


def _examined(pairs):
    turns = examine([image for image, _ in pairs])
    return [Pair(image, _shape(image, turn), mask) for (image, mask), turn in zip(pairs, turns, strict=True)]


def _shape(path, turn):
    with Image.open(path) as image:
        height, width = image.size[::-1] if turn < 5 else image.size
        return height, width, 1 if image.mode in GREY else 3
