"""Which images trained networks are judged by: by default, images that have not trained them."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from math import prod
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..data.label_file import open_labelled
from ..data.labels import MEMORY
from ..data.masks import read_pictures
from ..data.pixels import fit
from ..data.sources.class_folder import shown
from ..data.sources.decoding import fill_bits
from ..data.sources.examples import Files, Records
from ..data.sources.file_checks import EXTENSIONS, read_headers
from ..data.sources.folder_tree import FolderTree
from ..data.sources.mask_folder import list_pairs
from ..data.sources.open import folder_of, open_masks, open_source
from ..data.sources.split_folders import find_splits, splits_of
from ..data.sources.tfds import without_downloads
from ..errors import InputError, one_of
from ..escaping import plain
from . import run_data

SPLITS = ("validation", "test", "train", "all")
BATCH = 64  # images


class Choice:
    """Which images of which data are meant.

    Args:
        runs: run folders, or their `model.keras`.
        given: the name of a set, or a folder; None for the data of the runs.
        split: one of `SPLITS`, or "" for images that have not trained the runs: those that are held out or, of a folder
            without splits that is not the runs' own, all.
        masked: whether the images have masks.
        labels: a CSV file of a folder's images and their labels, as for `data.load`.

    Attributes:
        name: of the set, or the path of the folder.
        folder: the folder, or None.
        loading: how the runs' data were loaded, where no others are given, or else {}.
        like: how the first run's data were loaded; {} where it doesn't say so.
        own: whether these data trained one of the runs.
        known: whether all runs say what trained them.
        may_have_trained: whether these images, all that there are, may have trained one.
        validates: the name of the sub-folder that validates; "" where there is none.
        labels: the CSV file, also that of the runs' own data; or None.

    Raises:
        InputError: no data are given and the runs don't name the same; no such split, no such folder.
    """

    def __init__(
        self,
        runs: Sequence[str | Path],
        given: str | Path | None,
        split: str = "",
        masked: bool = False,
        labels: str | Path | None = None,
    ):
        one_of("split", split, ("", *SPLITS))
        self.split, known = split, [_known_loading(run) for run in runs]
        self.like, self.loading = known[0], {} if given is not None else _common_loading(runs)
        self.name = self.loading.get("name", given)
        self.folder = folder_of(self.name)
        self.known, homes = all(known), [loading["name"] for loading in known if loading]
        self.own = self.name in homes
        self.may_have_trained = not self.known
        if self.folder:
            place, homes = Path(os.path.realpath(self.folder)), [Path(os.path.realpath(home)) for home in homes]
            self.own = place in homes
            self.may_have_trained |= any(_meet(place, _training(home)) for home in homes if home.is_dir())
        self.validates = self._validates(masked) if self.folder else ""
        self.labels = labels or (self.like.get("labels") if self.own else None)

    def _validates(self, masked):
        if masked:
            return list_pairs(self.folder)[0].own
        splits = find_splits(self.folder, FolderTree(self.folder).entries().folders)
        return splits.validation if splits else ""

    @property
    def is_whole(self) -> bool:
        """Whether all images of a folder are meant that has no splits."""
        if self.folder is None or self.validates:
            return False
        return self.split == "all" or (not self.split and not self.own)

    @property
    def warnings(self) -> list[str]:
        """What to know of the images, each in a line."""
        if self.own and self.split in ("train", "all"):
            return ["some of these images have trained the network"]
        if self.is_whole and self.may_have_trained:
            why = (
                "lie where those of its training do"
                if self.known
                else "may be those of its training, of which it says nothing"
            )
            return [f"these images {why}"]
        return []

    def sides(self, train: list, validation: list) -> list:
        """What is meant of the two sides of the data."""
        if self.is_whole:
            return validation
        return {"train": train, "all": train + validation}.get(self.split, validation)

    @property
    def shown_name(self) -> str:
        return shown(self.folder.resolve().name) if self.folder else str(self.name)

    def in_words(self, split: str = "") -> str:
        """Like "held-out images of digits". `split`: that of a named set, where it is known."""
        name = self.shown_name
        if self.split == "all" or self.is_whole:
            return f"images of {name}, all that there are"
        split = split or (self.split if self.split in ("train", "test") else self.validates)
        return f"images of {name}, {shown(split)}" if split else f"held-out images of {name}"

    def downloads(self):
        """A context in which no set is downloaded that only a run's `config.json` names."""
        return without_downloads() if self.loading else nullcontext()


def _known_loading(run):
    try:
        return run_data.loading(home_of(run))
    except InputError:
        return {}


def _training(home: Path) -> Path:
    """The folder of the images that train, of a run's folder of data."""
    splits = find_splits(home, FolderTree(home).entries().folders, lambda *_: None)
    return home / splits.train if splits else home


def _meet(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _common_loading(runs):
    try:
        first, *others = [run_data.loading(home_of(run)) for run in runs]
    except InputError as error:
        raise InputError(f"{error}; say by which images to judge (--data)") from error
    for run, other in zip(runs[1:], others, strict=True):
        for what in ("loader", "name", "limit", "held_out", "unseen", "binary", "ignore"):
            if first.get(what) != other.get(what):
                raise InputError(
                    f"{runs[0]} and {run} were judged by different images ({what} {first.get(what)!r:.60} and "
                    f"{other.get(what)!r:.60}): say by which to judge them (--data)"
                )
    return first


def home_of(run) -> Path:
    """The folder of a run that is given by it, or by its `model.keras`."""
    return Path(run) if Path(run).is_dir() else Path(run).parent


class Judged:
    """Labelled images to judge with.

    Args:
        choice: which they are.
        labelled: whether classes matter. Without, images of a folder may lie anywhere in it.

    Attributes:
        which: what they are, in words.
        classes: names, in label order.
        names: of the images: the path below the folder; or a number, from 0.

    Raises:
        InputError: there is no such data or no such split, or it cannot be read.
    """

    def __init__(self, choice: Choice, labelled: bool = True):
        with choice.downloads():
            self.classes, self.parts = _opened(choice, labelled)
        self.which = choice.in_words(getattr(self.parts[-1], "split", "").partition("[")[0])
        self.size = sum(part.size for part in self.parts)
        self.names = [name for part in self.parts for name in _names(part, choice.folder)]
        if choice.folder is None:
            self.names = [str(i) for i in range(self.size)]
        self._kept = None, []

    def batches(self, image_shape: tuple[int, int, int], bits: int | None = None, batch: int = BATCH) -> Iterator:
        """(images, labels), uint8 (b, *image_shape) and (b,), always in the same order; read as for training.

        `bits`: as for `read_images`.
        """
        for part in self._read(tuple(image_shape), bits):
            batches = part.batches(part.in_order(), batch, image_shape)
            batches = batches.map(lambda images, labels, _: (fit(images, image_shape), labels), tf.data.AUTOTUNE)
            yield from batches.prefetch(1).as_numpy_iterator()

    def chosen(self, numbers: Sequence[int], image_shape: tuple[int, int, int], bits: int | None = None) -> np.ndarray:
        """The images of these numbers, uint8 (n, *image_shape)."""
        wanted, found, first = np.asarray(numbers), {}, 0
        for images, _ in self.batches(image_shape, bits):
            inside = wanted[(wanted >= first) & (wanted < first + len(images))]
            found |= {int(i): images[i - first].copy() for i in inside}
            first += len(images)
            if len(found) == len(set(wanted.tolist())):
                break
        return np.stack([found[int(i)] for i in wanted])

    def _read(self, shape, bits):
        """The parts, in memory where there is room; those of the last shape are kept, for the next network."""
        if self._kept[0] != (shape, bits):
            parts = [_with_bits(part, bits) for part in self.parts]
            parts = [part.in_memory(shape) if part.size * prod(shape) <= MEMORY else part for part in parts]
            self._kept = (shape, bits), parts
        return self._kept[1]


def _opened(choice, labelled):
    """(classes, examples)"""
    if choice.is_whole and not choice.labels:
        return _whole(choice.folder, labelled)
    if choice.folder and choice.split == "test":
        found = splits_of(FolderTree(choice.folder).entries().folders)
        for name in (name for name, split in found.items() if split == "test" and choice.validates):
            return _whole(choice.folder / name, labelled)
        raise InputError(f"{choice.folder}: has no folder test beside one to train with")
    limit = choice.loading.get("limit")
    if choice.labels:
        source = open_labelled(choice.name, choice.labels, limit, choice.is_whole)
    else:
        source = open_source(choice.name, limit, labelled)
    if source.multi_label:
        raise InputError(f"{choice.name}: an image may have several labels; only one label an image can be judged")
    if choice.split == "test":
        return source.classes, [_test(choice.name, source.train)]
    share = choice.loading.get("held_out")
    train, validation = source.train.parted(share) if share else (source.train, source.validation)
    return source.classes, choice.sides([train], [validation])


def _test(name, train):
    splits = train.builder.info.splits if isinstance(train, Records) else {}
    if "test" not in splits:
        raise InputError(f"{name}: has no split named test" + f", only {', '.join(splits)}" * bool(splits))
    size = splits["test"].num_examples
    return Records(train.builder, f"test[0:{size}]", size)


def _whole(folder: Path, labelled: bool):
    """All images of a folder; of each class of it any number."""
    tree = FolderTree(folder)
    places = [""]
    if labelled:
        top = tree.entries()
        tree.pass_over(top)
        places = top.folders
        if not places:
            raise InputError(
                f"{folder}: has no sub-folders; a sub-folder for each class is needed, with its images in it"
            )
    found = [(path, label) for label, place in enumerate(places) for path in tree.images(place, place)]
    if not found:
        raise InputError(f"{folder}: has no images; allowed are {', '.join(EXTENSIONS)}")
    if left := tree.left_out():
        print(plain(f"{folder}: {'; '.join(left)}"), file=sys.stderr, flush=True)
    paths = [folder / path for path, _ in found]
    files = Files(paths, fill_bits(paths, read_headers(paths)), np.array([label for _, label in found]))
    return tuple(map(shown, places)), [files]


def _names(part, folder):
    if not isinstance(part, Files):
        return []
    return [shown(os.path.relpath(path, folder)) for path in part.paths]


def _with_bits(part, bits):
    """Files of 16 bits as a run has filled them."""
    if not isinstance(part, Files) or part.bits in (None, bits) or bits is None:
        return part
    return Files(part.paths, fill_bits(part.paths, part.headers, bits), part.labels.numpy())


class Masked:
    """Whole images with masks to judge with.

    Args:
        choice: which they are.
        about: what the network says about itself. Its classes are those of a folder's masks.

    Attributes:
        which: what they are, in words.
        pictures: images and masks.
        classes: names, in the order of the masks' numbers.

    Raises:
        InputError: as for `load_masks`.
    """

    def __init__(self, choice: Choice, about: dict):
        if choice.split == "test":
            raise InputError("split='test': images with masks have none: give its folder as data, for all its images")
        like, own, shape = choice.like, choice.loading, tuple(about["input_shape"])
        ignore, binary = like.get("ignore"), like.get("binary", False)
        names = () if binary or choice.folder is None else tuple(about["classes"])
        with choice.downloads():
            which = dict(tiles=own.get("tiles"), held_out=own.get("held_out", ""), limit=own.get("limit"))
            which |= dict(classes=names, binary=binary, ignore=ignore)
            _, self.classes, train, validation, _ = read_pictures(open_masks(choice.name), shape, **which)
        self.pictures = train + validation if choice.is_whole else choice.sides(train, validation)
        self.which = choice.in_words()
