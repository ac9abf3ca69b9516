"""Opens a set by its name, or a folder by its path. Only this file decides which of the two a name is."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePath
from typing import NamedTuple

from ...errors import InputError
from . import class_folder, mask_folder, mask_pictures, tfds
from .examples import Arrays, Files, Records

SLASHES = tuple(filter(None, (os.sep, os.altsep)))
Shape = tuple[int | None, int | None, int]


@dataclass(frozen=True)
class Source:
    """A named set or a folder of labelled images.

    `native` reads only the headers of a folder's files, and nothing of a named set. All other attributes open the
    source when one of them is first used. No image is decoded.

    Attributes:
        given: the name or path as the user gave it.
        is_folder: whether it is a folder.
        native: (height, width, channels) of the images, None where they differ.
        name: the name of the set or of the folder.
        classes: names, in label order.
        train, validation: examples; see `examples`.
        multi_label: whether an image may have several of the classes, or none.
        statistics: the key of the set in `STATISTICS`; None for a folder.
    """

    given: str | Path
    is_folder: bool
    read_native: Callable[[], Shape]
    read: Callable[[], tuple]

    @cached_property
    def native(self) -> Shape:
        return self.read_native()

    @cached_property
    def _opened(self):
        return self.read()

    @property
    def name(self) -> str:
        return self._opened[0]

    @property
    def classes(self) -> tuple[str, ...]:
        return self._opened[1]

    @property
    def train(self) -> Arrays | Files | Records:
        return self._opened[2]

    @property
    def validation(self) -> Arrays | Files | Records:
        return self._opened[3]

    @property
    def multi_label(self) -> bool:
        return not isinstance(self.train, Records) and self.train.labels.ndim == 2

    @property
    def statistics(self) -> str | None:
        return None if self.is_folder else self.name


class MaskSource(NamedTuple):
    """A named set or a folder of images with masks.

    Attributes:
        given: the name or path as the user gave it.
        native: (height, width, channels) of the images, None where they differ.
        read: (image_shape, tiles, held_out, limit, classes, ignore), as for `load_masks` -> (name, class names,
            pictures to train with, pictures to validate with, the `bits` of `Data`).
    """

    given: str | Path
    native: Shape
    read: Callable[..., tuple]


def open_source(name: str | Path, limit: int | None = None, labelled: bool = True) -> Source:
    """The images of a set or a folder; of its training and validation examples at most `limit` each.

    `labelled`: whether classes matter. Without, images of a folder may lie anywhere in it.
    """
    folder = folder_of(name)
    if folder is None:
        return Source(name, False, partial(tfds.native_shape, name), partial(tfds.open_named, name, limit))
    reads = class_folder.native_shape, partial(class_folder.open_folder, limit=limit)
    return Source(name, True, *(partial(read, folder, labelled=labelled) for read in reads))


def open_masks(name: str | Path) -> MaskSource:
    """The images with masks of a set or a folder. All files of a folder are examined."""
    folder = folder_of(name)
    if folder is None:
        return MaskSource(name, mask_pictures.native_shape(name), partial(mask_pictures.read_set, name))
    pairs = mask_folder.open_folder(folder)
    return MaskSource(name, mask_folder.native_shape(pairs), partial(mask_pictures.read_folder, folder, pairs))


def native_mask_shape(name: str | Path) -> Shape:
    """(height, width, channels) of the images of a set or a folder that has masks, None where they differ."""
    return open_masks(name).native


def folder_of(name: str | Path) -> Path | None:
    """The folder that a name stands for; None if it is the name of a set. An existing folder comes first.

    What begins like a path or has a slash in it is a folder, unless its first part is a set, as in mnist_corrupted/fog.

    Raises:
        InputError: there is no such folder.
    """
    if not isinstance(name, (str, PurePath)) or not str(name):
        raise InputError(f"data set {name!r}: must be the name of a set or the path of a folder")
    place = os.path.expanduser(name)
    if os.path.isdir(place) and name not in tfds.BUILT_IN:
        return Path(place)
    is_path = isinstance(name, PurePath) or name.startswith((".", "~")) or name.endswith(SLASHES)
    if is_path or (any(slash in name for slash in SLASHES) and not tfds.is_known(name)):
        raise InputError(f"{place}: {'is a file, not a folder' if os.path.lexists(place) else 'no such folder'}")
    return None


def target_shape(source: Source | MaskSource, image_shape: tuple | list | None) -> tuple[int, int, int]:
    """The shape to which images are brought: `image_shape`, or the native shape where that is None."""
    if image_shape is None:
        image_shape = source.native
        if None in image_shape:
            raise InputError(f"{source.given}: its images differ in size: pass image_shape=(height, width, channels)")
    right = isinstance(image_shape, (tuple, list)) and len(image_shape) == 3
    if not right or not all(isinstance(n, int) and n > 0 for n in image_shape) or image_shape[2] not in (1, 3):
        raise InputError(f"image_shape={image_shape!r}: must be (height, width, channels) with 1 or 3 channels")
    return tuple(image_shape)
