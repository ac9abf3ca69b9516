"""A folder of images with one sub-folder for each class: its files, and which of them validate.

Either `folder/<class>/...`, of which a share is held out, or `folder/train/<class>/...` and `folder/val/<class>/...`,
in all spellings of `split_folders`; of train, val and test, test is left alone. Images may lie in folders below their
class. Where classes don't matter, images may lie anywhere.

A class may be called train, val or test if its images lie directly in it and no other split is beside it. A folder of
such a name that holds only folders is half a split, and refused.
"""

import os
import posixpath
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import listed
from ...escaping import plain
from ..sampling.split import held_out, limited
from .decoding import fill_bits
from .examples import Files
from .file_checks import read_header, read_headers
from .folder_tree import FolderTree
from .split_folders import Splits, find_splits, is_pair, resembles_split, splits_by_rest, splits_of


class Listing(NamedTuple):
    """Class names in label order; the files that train and those that validate, each a path below the folder and its
    label, or an array of 0 and 1 (classes,) where it may have several; the folders of the two; what a user should know
    of what is left out, in one line, or nothing."""

    classes: tuple[str, ...]
    train: list[tuple[str, int | np.ndarray]]
    validation: list[tuple[str, int | np.ndarray]]
    splits: Splits | None
    note: str


def open_folder(
    folder: Path, limit: int | None = None, labelled: bool = True
) -> tuple[str, tuple[str, ...], Files, Files]:
    """(name, class names in label order, training files, validation files); every file was examined.

    What is left out is said in one line on stderr.

    Args:
        folder: it holds the images.
        limit: at most so many images to train and to validate.
        labelled: whether classes matter. Without, images may lie anywhere; the folders in which they lie name them.

    Raises:
        InputError: the folder is missing or empty, has a single class, a class has no image or only one, its splits are
            not clear, or a file is broken; it names the folder, the class or the file.
    """
    return open_listing(folder, list_folder(folder, labelled), limit)


def open_listing(folder: Path, listing: Listing, limit: int | None = None) -> tuple[str, tuple[str, ...], Files, Files]:
    """`open_folder`, once its files are listed."""
    classes, train, validation, _, note = listing
    sides = _files(folder, _limited(train, limit), _limited(validation, limit))
    bits = next((side.bits for side in sides if side.bits), 16)
    note = "; ".join(
        [
            *filter(None, [note]),
            *([f"images of 16 bits fill {bits}, so they are read as of {bits}"] if bits < 16 else []),
        ]
    )
    if note:
        print(plain(f"{folder}: {note}"), file=sys.stderr, flush=True)
    return shown(folder.resolve().name), classes, *sides


def native_shape(folder: Path, labelled: bool = True) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of a folder's images, None where they differ. Reads no more headers than needed."""
    return shape_of(folder, list_folder(folder, labelled))


def shape_of(folder: Path, listing: Listing) -> tuple[int | None, int | None, int]:
    """`native_shape`, once the files are listed."""
    sizes, channels = set(), 1
    for name, _ in listing.train + listing.validation:
        *size, depth = read_header(folder / name).shape
        sizes.add(tuple(size))
        channels = max(channels, depth)
        if len(sizes) > 1 and channels == 3:
            break
    return (*(sizes.pop() if len(sizes) == 1 else (None, None)), channels)


def list_folder(folder: Path, labelled: bool = True) -> Listing:
    """The files of a folder, without a look into them. Arguments and errors as for `open_folder`."""
    return list_tree(FolderTree(folder), labelled)


def list_tree(tree: FolderTree, labelled: bool) -> Listing:
    """`list_folder`, which goes on after a fault if the `refuse` of the tree does."""
    top = tree.entries()
    splits = find_splits(tree.folder, top.folders, tree.refuse)
    if splits:
        tree.pass_over(top)
    classes, train, validation = (_by_class if labelled else _anywhere)(tree, splits)
    if splits and splits.test:
        tree.notes.append(f"{splits.validation} validates, {splits.test} is left alone")
    note = "; ".join([*dict.fromkeys(tree.notes), *tree.left_out()])
    return Listing(_shown(classes), train, validation, splits, note)


def _by_class(tree, splits):
    if not splits:
        classes, files = _classes(tree, "")
        labels = [label for _, label in files]
        for label in np.flatnonzero(np.bincount(labels) == 1) if labels else ():
            place = tree.folder / classes[label]
            tree.refuse(place, "has a single image; a class needs two, to train and to validate")
        return classes, *_divided(files, labels)
    (classes, train), (others, validation) = (_classes(tree, part) for part in splits[:2])
    if classes != others:
        tree.refuse(
            tree.folder,
            f"{splits.train} and {splits.validation} must have the same classes; "
            f"only one of them has {listed(sorted(set(classes) ^ set(others)))}",
        )
        both = {name: label for label, name in enumerate(sorted({*classes, *others}))}
        train = [(path, both[classes[label]]) for path, label in train]
        validation = [(path, both[others[label]]) for path, label in validation]
        classes = [*both]
    return classes, train, validation


def _classes(tree, part):
    """(classes, files) of a folder that has one sub-folder a class."""
    folder, inside = tree.folder / part, tree.entries(part)
    classes = inside.folders
    if part and classes == [folder.name] and not inside.images:  # as archives unpack: train/train/cat
        return _classes(tree, f"{part}/{folder.name}")
    if not classes:
        found = "has no sub-folders" if inside.images or inside.others else "is empty"
        tree.refuse(folder, f"{found}; a sub-folder for each class is needed, with that class's images in it")
        return [], []
    tree.pass_over(inside, part)
    places = [posixpath.join(part, name) for name in classes]
    images = [tree.images(place, place) for place in places]
    for place, found in zip(places, images, strict=True):
        if not found:
            tree.refuse_empty(place, "the class has no images")
    below = [[path[len(place) + 1 :] for path in found] for place, found in zip(places, images, strict=True)]
    _check_classes(tree, folder, dict(zip(classes, below, strict=True)))
    return classes, [(path, label) for label, found in enumerate(images) for path in found]


def _check_classes(tree, folder, images):
    """Refuse a folder where these are splits, or no classes. `images`: by name, the paths below each."""
    folders = {
        name: sorted({path.partition("/")[0] for path in paths if "/" in path}) for name, paths in images.items()
    }
    nested = [name for name, paths in images.items() if paths and all("/" in path for path in paths)]
    for name, split in splits_of(images).items():
        if name in nested:
            missing, others = "val or test" if split == "train" else "train", [one for one in images if one != name]
            return tree.refuse(
                folder,
                f"has {name} but no {missing} beside it{f', only {listed(others)}' if others else ''}; "
                f"a class called {name} has its images directly in it",
            )
    if len(images) == 1:
        (name,) = images
        hint = f", like those in {folder / name}" if nested and len(folders[name]) > 1 else ""
        return tree.refuse(folder, f"has a single class, {name}; a classifier needs two or more{hint}")
    for rest, parts in splits_by_rest(list(images)).items():
        if is_pair(parts):
            found = listed(sorted(parts))
            tree.refuse(folder, f"holds {found}, which are splits of {rest}; splits hold classes, as in train/{rest}")
    for name, inside in folders.items():
        if is_pair(splits_of(inside)):
            tree.refuse(folder / name, f"holds the splits {listed(inside)}; splits hold classes, as in train/{name}")
    alike = sorted(set.intersection(*map(set, folders.values()))) if len(nested) == len(images) else []
    if len(alike) > 1:
        if any(map(resembles_split, images)):
            return tree.refuse(
                folder,
                f"{listed(list(images))} all hold {listed(alike)}; splits are called train, val and test, "
                "and classes have their images directly in them",
            )
        tree.notes.append(f"the classes are {listed(list(images))}, not {listed(alike)} in each of them")
    return None


def _anywhere(tree, splits):
    """Like `_by_class`, wherever images lie. The first folders count as classes, what lies beside them as one more."""
    whole, sides = tree.folder.resolve().name, []
    for part in splits[:2] if splits else ("",):
        found = tree.images(part, part)
        if not found:
            tree.refuse_empty(part)
        first = [path[len(part) :].lstrip("/").partition("/") for path in found]
        sides.append([(path, name if slash else whole) for path, (name, slash, _) in zip(found, first, strict=True)])
    classes = sorted({name for side in sides for _, name in side})
    labels = {name: label for label, name in enumerate(classes)}
    sides = [[(path, labels[name]) for path, name in side] for side in sides]
    if splits:
        return classes, *sides
    if len(sides[0]) == 1:
        tree.refuse(tree.folder, "has a single image; two are needed, to train and to validate")
    return classes, *_divided(sides[0], [0] * len(sides[0]))


def _divided(files, labels):
    held = held_out([path for path, _ in files], labels)
    return ([files[i] for i in np.flatnonzero(side)] for side in (~held, held))


def _shown(classes):
    """The names as text; no two are alike."""
    names = {}
    for name in map(shown, classes):
        while name in names:
            name += "'"
        names[name] = None
    return tuple(names)


def shown(name: str) -> str:
    r"""The name of a file as text: a byte that isn't UTF-8 becomes an escape, like `\xe9`."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _limited(files, limit):
    if limit is None or limit >= len(files):
        return files
    return [files[i] for i in limited(*zip(*files, strict=True), limit)]


def _files(folder, *sides):
    """The files of each side, examined together."""
    paths = [folder / name for side in sides for name, _ in side]
    headers = fill_bits(paths, read_headers(paths))
    found, start = [], 0
    for side in sides:
        part = slice(start, start := start + len(side))
        found.append(Files(paths[part], headers[part], np.array([label for _, label in side])))
    return found
