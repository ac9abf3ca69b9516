"""A folder of images with a mask for each: its files, which of them validate, and the values of the masks.

`folder/images/` beside `folder/masks/` (`image`, `mask`, `labels` and `label` will do), an image and its mask having
the same name but for the extension, and lying in sub-folders of the same names where there are any. There may be
splits, see `split_folders`: `train` beside `val` with images and masks below each of the two, or both below images and
masks.
"""

import os
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import InputError
from ..sampling.split import SHARE
from .decoding import decode_files, fill_bits, upright
from .file_checks import EXTENSIONS, Header, Refuse, open_file, read_header, read_headers, refuse
from .folder_tree import FolderTree
from .split_folders import find_splits

IMAGES = ("images", "image")
MASKS = ("masks", "mask", "labels", "label")
NUMBERS = ("1", "L", "I", "I;16", "I;16B")  # Pillow's modes with one whole number a pixel
MOST = 256  # classes


class Pair(NamedTuple):
    """An image and its mask.

    Attributes:
        name: the path below the folder of images, without extension.
        image, mask: their files.
        header: the image's.
    """

    name: str
    image: Path
    mask: Path
    header: Header


class Sides(NamedTuple):
    """The pairs of a folder.

    Attributes:
        train, validation: to train with and to validate with; from `list_pairs`, each (name, image, mask).
        own: the name of the folder that holds those that validate; empty where a share of all is held out.
        note: what is left out, in one line, or nothing.
    """

    train: list[Pair]
    validation: list[Pair]
    own: str = ""
    note: str = ""


class Mask(NamedTuple):
    """An upright mask.

    Attributes:
        values: whole numbers (height, width).
        colors: those of the values that occur, like "#ff0000", where they are indices of a palette.
    """

    values: np.ndarray
    colors: dict[int, str]


def open_folder(folder: Path) -> Sides:
    """The pairs of a folder. All image files are examined.

    Without a folder for validation, the last fifth in the order of names validates: neighbouring slices of one volume
    must not lie on both sides.

    Raises:
        InputError: a folder is missing or empty, an image has no mask or a mask no image, a file is broken, or there is
            a single image.
    """
    sides, _ = list_pairs(folder)
    return sides._replace(train=_examined(sides.train), validation=_examined(sides.validation))


def list_pairs(folder: Path, refuse: Refuse = refuse) -> tuple[Sides, list[FolderTree]]:
    """`open_folder` without a look into the files, which goes on after a fault if `refuse` does; and what was seen."""
    if not folder.is_dir():
        raise InputError(f"{folder}: {'is a file, not a folder' if folder.exists() else 'no such folder'}")
    splits = find_splits(folder, FolderTree(folder, refuse).entries().folders, refuse)
    if splits:
        (train, tree), (validation, other) = (_listed(folder / name, refuse) for name in splits[:2])
        notes = tree.left_out() + other.left_out()
        notes += [f"{splits.test} is left alone, {splits.validation} validates"] if splits.test else []
        return Sides(train, validation, splits.validation, "; ".join(notes)), [tree, other]
    pairs, tree = _listed(folder, refuse)
    notes, place = tree.left_out(), pairs and _place(tree, IMAGES)
    splits = find_splits(folder / place, FolderTree(folder, refuse).entries(place).folders, refuse) if place else None
    if splits:
        train, validation = ([pair for pair in pairs if pair[0].startswith(f"{name}/")] for name in splits[:2])
        if left := len(pairs) - len(train) - len(validation):
            notes.append(f"{left:,} images are left out that are neither in {splits.train} nor in {splits.validation}")
        return Sides(train, validation, splits.validation, "; ".join(notes)), [tree]
    if len(pairs) == 1:
        refuse(folder, "has a single image; two are needed, to train and to validate")
    cut = len(pairs) - max(1, round(len(pairs) * SHARE))
    return Sides(pairs[:cut], pairs[cut:], note="; ".join(notes)), [tree]


def hold_out(folder: Path, sides: Sides, held_out: str) -> Sides:
    """The pairs of a folder, but those validate whose names fit.

    Args:
        sides: the answer of `open_folder`.
        held_out: shell patterns of names, see `Pair`, with commas in between.

    Raises:
        InputError: the folder has a folder for validation, a pattern fits no name, or nothing is left to train with.
    """
    if sides.own:
        raise InputError(f"held_out={held_out!r}: {folder} has a folder {sides.own}, which validates")
    pairs, patterns = [*sides.train, *sides.validation], held_out.split(",")
    for pattern in patterns:
        if not any(fnmatchcase(pair.name, pattern) for pair in pairs):
            raise InputError(f"held_out={held_out!r}: {folder} has no image of the name {pattern}")
    train, validation = [], []
    for pair in pairs:
        held = any(fnmatchcase(pair.name, pattern) for pattern in patterns)
        (validation if held else train).append(pair)
    if not train:
        raise InputError(f"held_out={held_out!r}: no image of {folder} is left to train")
    return sides._replace(train=train, validation=validation)


def native_shape(sides: Sides) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of the images, None where they differ."""
    shapes = [pair.header.shape for pair in [*sides.train, *sides.validation]]
    sizes = {shape[:2] for shape in shapes}
    return (*(sizes.pop() if len(sizes) == 1 else (None, None)), max(shape[2] for shape in shapes))


def read_whole(path: str | Path, channels: int, bits: int | None = None) -> np.ndarray:
    """An image file at its own size: uint8 (height, width, channels); channels 1 or 3. `bits`: as for `read_images`."""
    path = Path(path)
    (header,) = fill_bits([path], [read_header(path)], bits)
    return decode_files([path], [header], (*header.shape[:2], channels))[0]


def read_mask(path: Path) -> Mask:
    """A mask, upright. Of a palette the indices count, or the grey values where all its colors are grey.

    Raises:
        InputError: the file is broken, in color, transparent, of several pages, or compressed in a way that changes
            values.
    """
    header = read_header(path)
    image = upright(path, header)
    mode, pixels, palette = image.mode, np.asarray(image), image.getpalette("RGB")
    exact = header.format != "JPEG" and image.info.get("compression") != "jpeg"
    lossy = "" if exact and (header.format != "WebP" or _is_lossless(path)) else header.format
    if lossy and not np.isin(pixels, (0, 255)).all():
        strange = pixels[(pixels > 0) & (pixels < 255)][0]
        raise InputError(
            f"{path}: is a {lossy} that holds values like {strange}; its compression changes values, so that only "
            "0 and 255 are sure: save masks as PNG"
        )
    if header.bits > 8 and pixels.ndim == 3:
        raise InputError(f"{path}: is a mask of mode {mode} with {header.bits} bits; with 16, a mask has one channel")
    if mode in ("LA", "RGBA"):
        if (pixels[..., -1] < 255).any():
            raise InputError(f"{path}: is a mask with transparent pixels; a mask has one whole number a pixel")
        pixels, mode = (pixels[..., 0], "L") if mode == "LA" else (pixels[..., :3], "RGB")
    if mode == "RGB" and (pixels == pixels[..., :1]).all():
        pixels, mode = pixels[..., 0], "L"
    if mode == "P":
        return _of_palette(pixels, np.array(palette, np.uint8).reshape(-1, 3))
    if mode not in NUMBERS:
        raise InputError(
            f"{path}: is a mask of mode {mode}{_some_colors(pixels)}; a mask has one whole number a pixel, as modes L "
            "and P have"
        )
    return Mask(pixels.astype(np.uint8) if mode == "1" else pixels, {})


def class_values(
    found: dict[int, Path], names: Sequence[str] = (), ignore: int | None = None, colors: Sequence[int] = ()
) -> list[int]:
    """The value that each class has in the masks, in the order of classes: 0, 1, 2, ..., or else 0 and 255.

    Args:
        found: every value that occurs, with a file that holds it.
        names: of the classes, where they are known. Without them every class must occur.
        ignore: the value of pixels that are of no class. Where it is small, the classes leave it out: 1, 2, ...
        colors: the values that are indices of colors. With 0, a color 255 makes two classes only if they are named: it
            is the usual index of void.

    Raises:
        InputError: names the file that holds a value which stands for no class.
    """
    values = sorted(set(found) - {ignore})
    if values == [0, 255] and (len(names) == 2 or not (names or 255 in colors)):
        return values
    legal = [value for value in range(MOST + 2) if value != ignore]
    count = len(names) or next((n for n, value in enumerate(legal) if value not in found), len(legal))
    strays = [value for value in values if value not in legal[:count]]
    if count > MOST:
        too_many = f"{found[legal[MOST]]}: holds the value {legal[MOST]}" if not names else f"classes: {count} names"
        raise InputError(f"{too_many}; masks have at most {MOST} classes")
    if strays:
        value = strays[0]
        other = f", and {found[1]} the value 1" if values == [0, 1, 255] and not names else ""
        two = "0 and 255 where two classes are named" if 255 in colors else "0 and 255"
        known = f"{legal[0]} to {legal[count - 1]}, for the {count} classes that are named"
        if not names:
            last = "classes" if ignore in range(count + 1) else "classes - 1"
            known = f"{legal[0]} to {last} without a gap, and no mask holds {legal[count]}"
        hint = f"; if {value} is void: --ignore {value}" if len(strays) == 1 and value > 0 else ""
        raise InputError(f"{found[value]}: holds the value {value}{other}; masks hold {known}, or else {two}{hint}")
    if count < 2:
        only = " and ".join(str(value) for value in sorted(found))
        void = f" ({ignore} is ignored)" if ignore in found else ""
        raise InputError(f"{next(iter(found.values()))}: like all masks, holds nothing but {only}{void}")
    return legal[:count]


def _is_lossless(path: Path) -> bool:
    """Whether the first picture of a WebP is in a chunk "VP8L", not "VP8 ". RFC 9649, Section 2."""
    with open_file(path) as file:
        file.seek(12)
        while len(chunk := file.read(8)) == 8 and chunk[:4] not in (b"VP8 ", b"VP8L"):
            # the chunks of an animation's frame come after its place, size and duration
            size = 16 if chunk[:4] == b"ANMF" else int.from_bytes(chunk[4:], "little")
            file.seek(size + size % 2, 1)
    return chunk[:4] == b"VP8L"


def _of_palette(indices: np.ndarray, palette: np.ndarray) -> Mask:
    """By grey value where the palette is grey and tells all indices apart, else by index."""
    used = np.unique(indices)
    grey = (palette == palette[:, :1]).all() and used[-1] < len(palette)
    if grey and len(np.unique(palette[used, 0])) == len(used):
        return Mask(palette[indices, 0], {})
    return Mask(indices, {index: _hex(palette[index]) for index in used.tolist() if index < len(palette)})


def _hex(color):
    return "#" + bytes(color.tolist()).hex()


def _some_colors(pixels):
    """ " with 17 colors, like #ff0000", for pixels of three numbers."""
    if pixels.shape[2:] != (3,):
        return ""
    colors = np.unique(pixels.reshape(-1, 3), axis=0)
    return f" with {len(colors):,} colors, like {_hex(colors[-1])}"


def _listed(folder, refuse) -> tuple[list[tuple[str, Path, Path]], FolderTree]:
    """(names, images and masks in the order of names, what was seen); numbers in names count as numbers."""
    tree = FolderTree(folder, refuse)
    images, masks = (_files(tree, names) for names in (IMAGES, MASKS))
    if not (images and masks):
        return [], tree
    for these, others, names, what in ((images, masks, MASKS, "mask"), (masks, images, IMAGES, "image")):
        alone = [name for name in these if name not in others]
        more = "; ".join([f" (and {len(alone) - 1} more have none)" * (len(alone) > 1), *tree.left_out()])
        for name in alone:
            place = folder / _place(tree, names) / f"{name}.*"
            refuse(these[name], f"has no {what}; it would be {place}", more)
    both = [name for name in images if name in masks]
    in_order = sorted(both, key=lambda name: [int(part) if part.isdigit() else part for part in _parts(name)])
    return [(name, images[name], masks[name]) for name in in_order], tree


def _parts(name):
    """Text and digits in turn, beginning with text."""
    return re.split(r"([0-9]+)", name)


def _place(tree, names) -> str:
    """The sub-folder that has one of these names, in any case; empty where there is none."""
    folders = tree.entries().folders
    for name in names:
        for found in folders:
            if found.lower() == name:
                return found
    tree.refuse(tree.folder, f"has no folder {names[0]}; needed are {IMAGES[0]} and {MASKS[0]}, side by side")
    return ""


def _files(tree, names) -> dict[str, Path]:
    """The files of images, or of masks, by their path below that folder, without extension."""
    place, files = _place(tree, names), {}
    for path in tree.images(place, owner=names[0]) if place else ():
        name, file = os.path.splitext(path.removeprefix(f"{place}/"))[0], tree.folder / path
        if name in files:
            tree.refuse(file, f"has the same name as {files[name].name}")
            continue
        files[name] = file
    if place and not files:
        found = [f"has no images; allowed are {', '.join(EXTENSIONS)}", *tree.left_out()]
        tree.refuse(tree.folder / place, "; ".join(found))
    return files


def _examined(pairs):
    headers = read_headers([image for _, image, _ in pairs])
    return [Pair(name, image, mask, header) for (name, image, mask), header in zip(pairs, headers, strict=True)]
