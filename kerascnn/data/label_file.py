"""Labels of the images of a folder, from a CSV file: one label an image, or several.

    file,label              file,labels
    a.jpg,cat               a.jpg,cat;dog
    more/b.jpg,dog          more/b.jpg,

The header is required, and says which it is: `label` or `labels`; several labels have ; or | in between, none leave the
cell empty. Files are named by their path below the folder. Cells are separated by commas, semicolons or tabs; other
columns don't matter. The text is UTF-8, with or without a byte order mark.

Whoever made the file is a stranger: its size is bounded, and it names no file outside the folder.
"""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple

import numpy as np

from ..errors import InputError, listed, shown
from ..untrusted.local_files import read_bytes
from .sampling.split import held_out
from .sources.class_folder import Listing, open_listing, shape_of
from .sources.file_checks import EXTENSIONS, Refuse
from .sources.folder_tree import FolderTree, extension
from .sources.open import Source, folder_of
from .sources.split_folders import find_splits

MOST = 2**26  # bytes
MOST_ANSWERS = 2**26  # images times labels
LONGEST = 200  # letters of a label
FILE = ("file", "filename", "file_name", "image", "path")
LABEL = ("label", "class")
LABELS = ("labels", "classes", "tags")
WANTED = "file,label where images have one label, or file,labels where they have several"


class Row(NamedTuple):
    """The number of a row, counted from 1 as in a spreadsheet, the file that it names, and its labels."""

    number: int
    file: str
    labels: tuple[str, ...]


def open_labelled(name: str | Path, labels: str | Path, limit: int | None = None, whole: bool = False) -> Source:
    """The images of a folder that a CSV file lists; of training and validation at most `limit` each.

    Args:
        name: of the folder; images lie anywhere in it.
        labels: the CSV file; where there is none of this path, one in the folder.
        limit: at most so many images to train and to validate.
        whole: whether all images validate; a label may then have a single one.

    Raises:
        InputError: one line that names the file and, where it is to blame, its row.
    """
    folder = folder_of(name)
    if folder is None:
        raise InputError(f"labels={str(labels)!r}: is for a folder of images; {name} is a set with labels of its own")

    listing = cache(lambda: list_labelled(FolderTree(folder), path_of(folder, labels), whole))
    return Source(name, True, lambda: shape_of(folder, listing()), lambda: open_listing(folder, listing(), limit))


def path_of(folder: Path, labels: str | Path) -> Path:
    """The CSV file: a path, or else the name of a file in the folder."""
    path = Path(os.path.expanduser(labels))
    return folder / path if not os.path.lexists(path) and os.path.lexists(folder / path) else path


def list_labelled(tree: FolderTree, path: Path, whole: bool = False) -> Listing:
    """The images of a folder that a CSV file lists, without a look into them. Where each has one label, a fifth of each
    class validates; where they may have several, labels are arrays of 0 and 1 (classes,), and a fifth of those with the
    same rarest label does. A folder that has splits, as for `load`, keeps them. `whole`: all images validate.

    After a fault it goes on if the `refuse` of the tree does.
    """
    refuse, images = partial(tree.refuse, path), tree.images("")
    rows, several = read_rows(path, refuse)
    rows = [*_on_disk(tree, rows, images, refuse)]
    _note(tree, path, rows, images, several)
    counts = Counter(label for row in rows for label in row.labels)
    for row in rows:
        for label in row.labels:
            if counts[label] == 1 and not whole:
                refuse(f"row {row.number}: no other image has the label {label}; one must train and one validate")
    classes = sorted(counts)
    if len(classes) < 2 - whole and not several:
        found = f"has a single label, {classes[0]}" if classes else "lists no image with a label"
        refuse(f"{found}; a classifier needs two or more")
    elif not classes:
        refuse("lists no image with a label")
    if several and len(rows) * len(classes) > MOST_ANSWERS:
        raise InputError(f"{path}: has {len(classes):,} labels for {len(rows):,} images; that is too many")
    folders = {name.partition("/")[0] for name in images if "/" in name}
    splits = None if whole else find_splits(tree.folder, sorted(folders), tree.refuse)
    files = [*zip((row.file for row in rows), _numbers(rows, classes, several), strict=True)]
    if splits:
        train, validation = ([one for one in files if one[0].startswith(f"{side}/")] for side in splits[:2])
        if left := len(files) - len(train) - len(validation):
            tree.notes.append(f"{left:,} images are left out that are neither in {splits[0]} nor in {splits[1]}")
    elif whole:
        train, validation = [], files
    else:
        held = held_out([name for name, _ in files], [label for _, label in files])
        train, validation = ([files[i] for i in np.flatnonzero(side)] for side in (~held, held))
    for purpose, part in () if whole else (("trains", train), ("validates", validation)):
        if missing := [name for name, occurs in zip(classes, _occur(part, len(classes)), strict=True) if not occurs]:
            what = f"no image that {purpose} has the label {listed(missing)}"
            refuse(what) if splits else tree.notes.append(what)
    return Listing(tuple(classes), train, validation, splits, "; ".join([*dict.fromkeys(tree.notes), *tree.left_out()]))


def read_rows(path: Path, refuse: Refuse) -> tuple[list[Row], bool]:
    """The rows of a CSV file, and whether images may have several labels. `refuse` is called with what is wrong."""
    text = _text(path)
    if not text.strip():
        raise InputError(f"{path}: is empty; it begins with the header {WANTED}")
    for separator in ",;\t":
        table = _table(path, text, separator)
        first, header = next(table)
        names = [cell.lower() for cell in header]
        files, labels = ([i for i, name in enumerate(names) if name in known] for known in (FILE, LABEL + LABELS))
        if len(files) == len(labels) == 1:
            break
        if files and labels:
            both = " and ".join(header[i] for i in max(files, labels, key=len))
            raise InputError(f"{path}: row {first}: the columns {both} say the same; leave one, or rename the others")
    else:
        raise InputError(
            f"{path}: row {first}: must be the header {WANTED}; found is {shown(text.split(chr(10))[first - 1])}"
        )
    (file,), (label,) = files, labels
    several, rows = names[label] in LABELS, []
    for number, cells in table:
        tell = partial(_tell, refuse, number)
        if len(cells) != len(header):
            tell(f"has {len(cells)} cells, the header {len(header)}; a cell with {separator!r} in it needs quotes")
        elif not cells[file]:
            tell("names no file")
        elif found := _labels(cells[label], several, tell):
            rows.append(Row(number, cells[file].replace("\\", "/"), found[0]))
    return rows, several


def _tell(refuse, number, what):
    refuse(f"row {number}: {what}")


def _text(path):
    """The text of a file, in UTF-8."""
    content = read_bytes(path, MOST)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}: is text in UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
        place, what = text.find("\0"), "has a zero byte: this is no text"
    except UnicodeDecodeError as error:
        place, what = (
            error.start,
            f"has the byte 0x{content[error.start]:02x}, which is no UTF-8; save the file as UTF-8",
        )
        text = content.decode("latin-1")
    if place >= 0:
        raise InputError(f"{path}: row {text.count(chr(10), 0, place) + 1}: {what}")
    return text


def _table(path, text, separator) -> Iterator[tuple[int, list[str]]]:
    """The rows that aren't blank, and their numbers."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(cells := [cell.strip() for cell in cells]):
                yield number, cells
    except csv.Error as error:
        raise InputError(f"{path}: row {number + 1}: {error}") from error


def _labels(cell, several, tell):
    """A tuple with the labels in a cell; nothing where something is wrong."""
    found = re.split("[;|]", cell) if cell or not several else []
    found = [label.strip() for label in found]
    if long := next((label for label in found if len(label) > LONGEST), None):
        return tell(f"has a label of {len(long):,} letters; allowed are {LONGEST}")
    if not all(found):
        return tell(f"has an empty label in {shown(cell)}" if cell else "has no label")
    if len(found) > 1 and not several:
        return tell(f"has several labels, {shown(cell)}; the header of files that have several is labels, not label")
    return (tuple(sorted(set(found))),)


def _on_disk(tree, rows, images, tell) -> Iterator[Row]:
    """The rows whose files are images in the folder, each once; their files as they are called there."""
    known, seen, whole = set(images), {}, os.path.realpath(tree.folder)
    alike = {}
    for row in rows:
        at, name = f"row {row.number}: {shown(row.file)}", PurePosixPath(row.file)
        if name.is_absolute() or PureWindowsPath(row.file).drive or ".." in name.parts:
            tell(f"{at} leads out of {tree.folder}; files are named by their path below it")
            continue
        if str(name) not in known:
            if extension(str(name)) not in EXTENSIONS and os.path.lexists(tree.folder / name):
                tell(f"{at} is no image; allowed are {', '.join(EXTENSIONS)}")
                continue
            alike = alike or {PurePosixPath(image).stem.lower(): image for image in reversed(images)}
            near = alike.get(name.stem.lower())
            tell(f"{at} is no image in {tree.folder}" + (f"; did you mean {near}?" if near else ""))
            continue
        place = os.path.realpath(tree.folder / name)
        if not place.startswith(os.path.join(whole, "")):
            tell(f"{at} leads out of {tree.folder} by a link")
        elif place in seen:
            tell(f"{at} is listed twice, first in row {seen[place]}")
        else:
            seen[place] = row.number
            yield row._replace(file=str(name))


def _note(tree, path, rows, images, several):
    """Note what is left out, and what has no label."""
    tree.others = [name for name in tree.others if not os.path.samefile(tree.folder / name, path)]
    names = {row.file for row in rows}
    if left := [name for name in images if name not in names]:
        tree.notes.append(f"{len(left):,} images are left out that {path.name} does not list ({listed(left, 3)})")
    if none := sum(not row.labels for row in rows):
        tree.notes.append(f"{none:,} images have none of the labels")


def _numbers(rows, classes, several):
    """The label of each row as a number; or, of several, an array that has a 1 for each."""
    numbers = {name: number for number, name in enumerate(classes)}
    if not several:
        return [numbers[label] for row in rows for label in row.labels]
    found = np.zeros((len(rows), len(classes)), np.uint8)
    for row, answers in zip(rows, found, strict=True):
        answers[[numbers[label] for label in row.labels]] = 1
    return found


def _occur(files, classes):
    """Whether each class has an image among these."""
    labels = np.array([label for _, label in files])
    return labels.any(axis=0) if labels.ndim == 2 else np.bincount(labels.astype(int), minlength=classes) > 0
