"""Everything that is wrong with a folder of images, at once, and how many images of which class it has.

All that training checks is checked here, by the same functions: they go on after a fault, because another `refuse` is
passed to them (see `file_checks`). Each file is decoded as a whole, so a fault shows wherever it is.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median_low
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ...errors import InputError
from ..label_file import list_labelled, path_of
from ..sources.class_folder import list_tree, shown
from ..sources.folder_tree import FolderTree, extension
from ..sources.mask_folder import class_values, list_pairs
from ..sources.mask_pictures import ONLY_VOID, SIDES, check_colors, check_size
from .duplicates import Looked, find_duplicates
from .findings import ERROR, NOTE, SEVERITIES, WARNING, Finding
from .reading import Reader
from .report import FolderCheck, Size, Value

FEW = 10  # images of a class
IMBALANCE = 10  # times as many images as the smallest class has
SMALL = 4  # times smaller than the median, by the shorter side
OTHER_PICTURES = {
    ".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k", ".svg", ".psd", ".pdf", ".eps", ".ico", ".tga", ".exr", ".hdr",
    ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".dcm", ".nii", ".npy", ".mp4", ".mov",
}  # fmt: skip


class File(NamedTuple):
    """An image file: its path below the folder, the side that it is on, and its class; "" where it has none."""

    name: str
    side: str
    owner: str = ""


def check_folder(
    path: str | Path,
    masks: bool = False,
    *,
    labelled: bool = True,
    ignore: int | None = None,
    classes: Sequence[str] = (),
    labels: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FolderCheck:
    """Find all that training would refuse in a folder of images, and what may harm a result. Each file is decoded.

    An image of more pixels than `PIL.Image.MAX_IMAGE_PIXELS` is refused, as in training.

    Args:
        path: a folder, as for `load`; or as for `load_masks`, with `masks`.
        masks: whether the images have masks.
        labelled: whether classes matter; as for `load`.
        ignore, classes: as for `load_masks`.
        labels: a CSV file, as for `load`; all its faulty rows are found.
        progress: is called with the number of files that are decoded so far, and of all.

    Raises:
        InputError: there is no such folder, or `labels` where classes don't matter.
    """
    if labels and (masks or not labelled):
        raise InputError(f"labels={str(labels)!r}: is for images that have classes, and no masks")
    start, folder = perf_counter(), Path(os.path.expanduser(path))
    if not folder.is_dir():
        raise InputError(f"{folder}: {'is a file, not a folder' if os.path.lexists(folder) else 'no such folder'}")
    reader = Reader(folder, progress)
    if masks:
        files, values, held_out = _check_pairs(reader, ignore, tuple(classes))
    else:
        files, held_out = _check_labels(reader, path_of(folder, labels)) if labels else _check_classes(reader, labelled)
        values = []
    sizes = _sizes(reader)
    places = {"smallest": 0, "median": (len(sizes) - 1) // 2, "largest": -1}
    findings = [*reader.findings, *_small(reader, sizes), *_deep(reader)]
    formats = Counter(header.format for header in reader.headers.values())
    return FolderCheck(
        folder=str(path),
        findings=tuple(sorted(findings, key=_place)),
        counts={side: dict(counts) for side in ("train", "val", "test") if (counts := _counts(files, side))},
        held_out=held_out,
        sizes={name: sizes[i] for name, i in places.items() if sizes},
        formats=dict(formats.most_common()),
        values=tuple(values),
        images=reader.decoded,
        seconds=perf_counter() - start,
    )


def _place(finding):
    """Where a finding stands: the worst first, of the whole before that of a file, and each kind together."""
    return SEVERITIES.index(finding.severity), finding.file != "", finding.kind, finding.file, finding.what


def _check_classes(reader, labelled):
    """Check images, with classes or without. (files, whether those that validate are a share of all)."""
    tree, folder = FolderTree(reader.folder, reader.refuse), reader.folder
    listing = list_tree(tree, labelled)
    if labelled and not (listing.train or listing.validation):  # no classes, but images whose faults are to be found
        labelled, tree = False, FolderTree(folder, lambda *_: None)
        listing = list_tree(tree, False)
    splits, names = listing.splits, listing.classes if labelled else [""] * len(listing.classes)
    sides = ("train", listing.train), ("val", listing.validation)
    files = [File(name, side, names[label]) for side, found in sides for name, label in found]
    test = []
    if splits and splits.test:
        tree.refuse = reader.refuse_test
        for name in tree.images(splits.test, splits.test):
            owner = shown(name.removeprefix(f"{splits.test}/").partition("/")[0])
            test.append(File(name, "test", owner if labelled else ""))
    reader.findings += [*_left_out(reader, tree), *_notes(tree.notes)]
    reader.expected = len(files) + len(test)
    prints = reader.read_images([folder / file.name for file in files])
    prints |= reader.read_images([folder / file.name for file in test], reader.refuse_test)
    files += test
    looked = [Looked(*file, prints[folder / file.name]) for file in files if folder / file.name in prints]
    reader.findings += find_duplicates(looked, folder)
    if labelled:
        reader.findings += _unequal(Counter(file.owner for file in files if file.side != "test"))
    return files, not splits


def _check_labels(reader, path):
    """Check images with labels from a file. (files, whether those that validate are a share of all)."""

    def refuse(where, what, more=""):
        if where != path:
            return reader.refuse(where, what)
        return reader.findings.append(Finding(ERROR, "labels", "", f"{path.name}: {what}", f"mend {path.name}"))

    tree, listing = FolderTree(reader.folder, refuse), None
    with reader.going_on(path, refuse=refuse):
        listing = list_labelled(tree, path)
    if listing is None:  # the images themselves may have faults, too
        tree = FolderTree(reader.folder, lambda *_: None)
        listing = list_tree(tree, False)._replace(classes=())
    sides = ("train", listing.train), ("val", listing.validation)
    labelled = [(side, name, _names(listing.classes, label)) for side, found in sides for name, label in found]
    files = [File(name, side, own[0] if isinstance(own, tuple) else "") for side, name, own in labelled]
    reader.findings += [*_left_out(reader, tree), *_notes(tree.notes)]
    reader.expected = len(files)
    prints = reader.read_images([reader.folder / file.name for file in files])
    looked = [Looked(*file, prints[reader.folder / file.name]) for file in files if reader.folder / file.name in prints]
    reader.findings += find_duplicates(looked, reader.folder)
    reader.findings += _unequal(Counter(name for *_, own in labelled for name in own))
    return files, not listing.splits


def _names(classes, label):
    """The names of a label: a tuple of one, a list of several, where images may have several, or nothing without."""
    if not classes:
        return []
    return (classes[label],) if np.ndim(label) == 0 else [classes[i] for i in np.flatnonzero(label)]


def _check_pairs(reader, ignore, classes):
    """Check images with masks. (files, values of the masks, whether those that validate are a share of all)."""
    sides, trees = list_pairs(reader.folder, reader.refuse)
    notes = [note for note in sides.note.split("; ") if note and not note.startswith("left out: ")]
    reader.findings += [*(finding for tree in trees for finding in _left_out(reader, tree)), *_notes(notes)]
    parts = {"train": sides.train, "val": sides.validation}
    pairs = [(side, image, mask) for side, part in parts.items() for _, image, mask in part]
    reader.expected = 2 * len(pairs)
    prints = reader.read_images([image for _, image, _ in pairs])
    read = reader.read_masks([mask for *_, mask in pairs])
    found, colors, pixels, masks = {}, {}, Counter(), Counter()
    for _, image, path in pairs:
        if path not in read:
            continue
        mask = read[path]
        with reader.going_on(path):
            if image in reader.headers:
                check_size(path, mask.size, reader.headers[image].shape)
            check_colors(path, mask.colors, colors, ignore)
        for value in mask.counts:
            found.setdefault(value, path)
        pixels.update(mask.counts)
        masks.update(mask.counts.keys())
        if mask.counts.keys() == {ignore}:
            what, to_do = f"holds nothing but void, {ignore}", "remove it and its image: they teach nothing"
            reader.findings.append(Finding(WARNING, "only void", reader.name(path), what, to_do))
    if found:
        with reader.going_on(*found.values()):
            class_values(found, classes, ignore, colors)
    for side, what in zip(parts, SIDES, strict=True):
        held = [read[mask].counts.keys() for of, _, mask in pairs if of == side and mask in read]
        if held and all(values == {ignore} for values in held):
            reader.refuse(reader.folder, ONLY_VOID.format(what, ignore))
    looked = [
        Looked(reader.name(image), side, read[mask].fingerprint, prints[image])
        for side, image, mask in pairs
        if image in prints and mask in read
    ]
    reader.findings += find_duplicates(looked, reader.folder, of_masks=True)
    values = [
        Value(value, colors[value][0] if value in colors else "", pixels[value] / pixels.total(), masks[value])
        for value in sorted(pixels)
    ]
    return [File(reader.name(image), side) for side, image, _ in pairs], values, not sides.own


def _notes(notes):
    return [Finding(NOTE, "note", "", note) for note in dict.fromkeys(notes)]


def _left_out(reader, tree):
    """What lies in the folder that training passes over."""
    for name in tree.others:
        kind = extension(name)
        if kind in OTHER_PICTURES:
            what, to_do = f"is left out: {kind} is not read", "convert it to JPEG or PNG"
            yield Finding(WARNING, "other format", reader.name(tree.folder / name), what, to_do)
        else:
            what = f"is left out: {kind or 'a name without extension'} is no image"
            yield Finding(NOTE, "no image", reader.name(tree.folder / name), what)
    for name in tree.beside:
        what, to_do = "is left out: it lies beside the folders", "move it into the folder of its class"
        yield Finding(WARNING, "beside", reader.name(tree.folder / name), what, to_do)
    for name in tree.again:
        what, to_do = "is left out: it links to a folder that is here already", "remove the link"
        yield Finding(WARNING, "link", reader.name(tree.folder / name), what, to_do)


def _unequal(counts):
    """Classes with few images, and with many times as many as another one."""
    if not counts:
        return
    for name, count in sorted(counts.items()):
        if 1 < count < FEW:
            what, to_do = f"class {name} has only {count} images", "add images, to teach it and to judge it"
            yield Finding(WARNING, "few images", "", what, to_do)
    (most, many), (least, few) = counts.most_common(1)[0], min(counts.items(), key=lambda item: item[1])
    if many > IMBALANCE * few:
        what = f"{most} has {many:,} images, {least} {few:,}: {many / few:,.0f} times as many"
        yield Finding(WARNING, "imbalance", "", what, f"add images of {least}; look at each class's own accuracy")


def _sizes(reader):
    """The sizes of all images, by their pixels."""
    shapes = ((header.shape, path) for path, header in reader.headers.items())
    sizes = [Size(width, height, reader.name(path)) for (height, width, _), path in shapes]
    return sorted(sizes, key=lambda size: (size.width * size.height, size.file))


def _small(reader, sizes):
    """Images that are much smaller than the others."""
    usual = median_low(min(size[:2]) for size in sizes) if sizes else 0
    for size in sizes:
        if SMALL * min(size[:2]) < usual:
            what = f"has {size.width} x {size.height} pixels; the shorter side of most images has {usual} or more"
            yield Finding(WARNING, "small", size.file, what, "look at it: is it a thumbnail?")


def _deep(reader):
    """What is read of values of 16 bits."""
    for bits in sorted({header.filled for header in reader.headers.values() if header.bits == 16} - {16}):
        yield Finding(NOTE, "16 bits", "", f"images of 16 bits fill {bits}, so they are read as of {bits}")


def _counts(files, side):
    return Counter(file.owner for file in files if file.side == side)
