"""A folder of images with one sub-folder for each class: its files, and which of them validate.

Either `folder/<class>/...`, of which a share is held out, or `folder/train/<class>/...` beside `folder/val/<class>/...`
(`valid`, `validation` and `test` will do). Images may lie in folders below their class. Hidden files and files of other
extensions are left out.
"""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from ...errors import InputError
from ..sampling.split import held_out, position
from .examples import Files
from .file_checks import EXTENSIONS, examine, examine_one

VALIDATION = ("val", "valid", "validation", "test")


def open_folder(folder: Path, limit: int | None = None) -> tuple[str, tuple[str, ...], Files, Files]:
    """(name, class names in label order, training files, validation files); every file was examined.

    Raises:
        InputError: the folder is missing or empty, has a single class, a class has no image or only one, or a file is
            broken; it names the folder, the class or the file.
    """
    classes, train, validation = _listed(folder)
    return folder.resolve().name, classes, _files(folder, train, limit), _files(folder, validation, limit)


def native_shape(folder: Path) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of a folder's images, None where they differ. Reads no more headers than needed."""
    _, train, validation = _listed(folder)
    sizes, channels = set(), 1
    for name, _ in train + validation:
        fault, turn = examine_one(folder / name)
        if fault:
            raise InputError(f"{folder / name}: {fault}")
        with Image.open(folder / name) as image:
            sizes.add(image.size[::-1] if turn < 5 else image.size)
            if image.mode not in ("1", "L", "LA", "I", "I;16"):
                channels = 3
        if len(sizes) > 1 and channels == 3:
            break
    return (*(sizes.pop() if len(sizes) == 1 else (None, None)), channels)


def _listed(folder: Path) -> tuple[tuple[str, ...], list, list]:
    """(classes, training files, validation files), a file being its path below `folder` and its label."""
    if not folder.is_dir():
        raise InputError(f"{folder}: {'is a file, not a folder' if folder.exists() else 'no such folder'}")
    parts = _folders(folder)
    if "train" in parts and set(parts) <= {"train", *VALIDATION}:
        for name in VALIDATION:
            if name in parts:
                return _listed_parts(folder, name)
        raise InputError(f"{folder}: has train but no val beside it")
    classes, files = _classes(folder, folder)
    names, labels = zip(*files, strict=True)
    for name, count in zip(classes, np.bincount(labels), strict=True):
        if count < 2:
            raise InputError(f"{folder / name}: has a single image; a class needs two, to train and to validate")
    held = held_out(names, labels)
    train, validation = ([files[i] for i in np.flatnonzero(side)] for side in (~held, held))
    return classes, train, validation


def _listed_parts(folder, validation):
    classes, train = _classes(folder, folder / "train")
    others, held = _classes(folder, folder / validation)
    if classes != others:
        single = ", ".join(sorted(set(classes) ^ set(others)))
        raise InputError(f"{folder}: train and {validation} must have the same classes; only one of them has {single}")
    return classes, train, held


def _classes(folder, below):
    """(classes, files) of a folder that has one sub-folder a class."""
    classes = _folders(below)
    if not classes:
        found = "has no sub-folders" if any(below.iterdir()) else "is empty"
        raise InputError(f"{below}: {found}; a sub-folder for each class is needed, with that class's images in it")
    if len(classes) == 1:
        raise InputError(f"{below}: has a single class, {classes[0]}; a classifier needs two or more")
    files = []
    for label, name in enumerate(classes):
        images = _images(below / name)
        if not images:
            raise InputError(f"{below / name}: the class has no images; allowed are {', '.join(EXTENSIONS)}")
        files += [(path.relative_to(folder).as_posix(), label) for path in images]
    return tuple(classes), files


def _folders(folder):
    return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))


def _images(folder):
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, n) for n in names if not n.startswith(".") and Path(n).suffix.lower() in EXTENSIONS]
    return sorted(found)


def _files(folder, files, limit):
    if limit is not None and limit < len(files):
        files = sorted(sorted(files, key=lambda file: position(file[0]))[:limit])
    paths = [folder / name for name, _ in files]
    return Files(paths, examine(paths), np.array([label for _, label in files]))
