"""Named sets: scikit-learn's digits and drawn letters, which need no download, and all of TensorFlow Datasets."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np

from ...errors import InputError, first_line, unknown
from ..sampling.split import SHARE, held_out
from .drawn_letters import HANDS, HELD_HANDS, SIDE, letters
from .examples import Arrays, Records

VALIDATION = ("validation", "test")
_may_download = ContextVar("_may_download", default=True)


def open_named(name: str, limit: int | None = None) -> tuple[str, tuple[str, ...], Arrays | Records, Arrays | Records]:
    """(name, class names in label order, training examples, validation examples) of a set.

    Its split named validation validates, else the one named test, else a fifth of the one named train: of the digits
    a fifth of each class, of all others the last one, as labels are not known without reading them.

    Raises:
        InputError: there is no such set, it has no labelled images, or it is not there and cannot be downloaded.
    """
    if name in BUILT_IN:
        return BUILT_IN[name].read(limit)
    builder = find(name)
    _prepare(builder)
    sizes = {split: info.num_examples for split, info in builder.info.splits.items()}
    if "train" not in sizes:
        raise InputError(f"{name}: has no split named train, only {', '.join(sizes)}")
    size = sizes["train"]
    held = next((split for split in VALIDATION if split in sizes), None)
    if held is None:
        cut = size - round(size * SHARE)
        train, validation = ("train", 0, cut), ("train", cut, size)
    else:
        train, validation = ("train", 0, size), (held, 0, sizes[held])
    _, label = builder.info.supervised_keys
    classes = builder.info.features[label].names
    return builder.name, tuple(classes), _records(builder, *train, limit), _records(builder, *validation, limit)


def native_shape(name: str) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of a set's images, None where they differ. Nothing is read or downloaded."""
    if name in BUILT_IN:
        return BUILT_IN[name].native
    info = find(name).info
    return info.features[info.supervised_keys[0]].shape


def find(name: str):
    """The builder of a set of labelled images, without looking whether its data is there."""
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
    except tfds.core.DatasetNotFoundError:
        raise _unknown(name, tfds.list_builders(with_community_datasets=False)) from None
    except ValueError as error:
        raise InputError(f"data set {name!r}: {first_line(error)}") from error
    features, keys = builder.info.features, builder.info.supervised_keys
    found = [features[key] for key in keys or () if isinstance(key, str)]
    kinds = [tfds.features.Image, tfds.features.ClassLabel]
    if len(found) != 2 or not all(map(isinstance, found, kinds)):
        raise InputError(f"{name}: is no set of images with one label each; its features are {', '.join(features)}")
    if found[0].shape[2] not in (1, 3) or found[0].np_dtype != np.uint8:
        raise InputError(f"{name}: has images of {found[0]}; they must be uint8 with 1 or 3 channels")
    return builder


@contextmanager
def without_downloads() -> Iterator[None]:
    """Meanwhile a set that is not there is an `InputError`."""
    before = _may_download.set(False)
    try:
        yield
    finally:
        _may_download.reset(before)


def is_known(name: str) -> bool:
    """Whether the first part of a name, up to a slash, is a set of TensorFlow Datasets or lies in TFDS_DATA_DIR."""
    import tensorflow_datasets as tfds

    first, home = name.split("/")[0].split(":")[0], os.environ.get("TFDS_DATA_DIR")
    return first in tfds.list_builders(with_community_datasets=False) or bool(
        home and first and os.path.isdir(os.path.join(home, first))
    )


def _digits(limit):
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images[..., None] * (255 / 16)).astype(np.uint8)
    held = held_out([str(i) for i in range(len(images))], digits.target)
    train, validation = (Arrays(images[of][:limit], digits.target[of][:limit]) for of in (~held, held))
    return "digits", tuple(str(name) for name in digits.target_names), train, validation


def _letters(limit):
    images, labels, classes = letters()
    held = np.arange(len(images)) >= len(images) // HANDS * (HANDS - HELD_HANDS)
    train, validation = (Arrays(images[of][:limit], labels[of][:limit]) for of in (~held, held))
    return "letters", classes, train, validation


class BuiltIn(NamedTuple):
    """A set that is always there: (height, width, channels) of its images, and what reads it, as `open_named` does."""

    native: tuple[int, int, int]
    read: Callable[[int | None], tuple]


BUILT_IN = {"digits": BuiltIn((8, 8, 1), _digits), "letters": BuiltIn((SIDE, SIDE, 1), _letters)}


def _records(builder, split, start, stop, limit):
    stop = min(stop, start + (limit or stop))
    return Records(builder, f"{split}[{start}:{stop}]", stop - start)


def _prepare(builder):
    """Download a set unless it is there. Without a network, fail at once and not after minutes of trying."""
    if builder.data_path.exists():
        return
    if not _may_download.get():
        raise InputError(f"{builder.name}: is not in {builder.data_dir_root}")
    import requests

    try:
        requests.head("https://www.tensorflow.org/datasets", timeout=10)
        builder.download_and_prepare()
    except Exception as error:  # each set has a way of its own to fail
        reason = "no network" if isinstance(error, requests.ConnectionError) else first_line(error)
        raise InputError(
            f"{builder.name}: is not in {builder.data_dir_root} and cannot be downloaded ({reason}): "
            "set the environment variable TFDS_DATA_DIR to the folder that holds it"
        ) from error


def _unknown(name, builders):
    known = [*BUILT_IN, *builders]
    if not get_close_matches(name, known, cutoff=0.5):
        known = [*BUILT_IN, "any name of TensorFlow Datasets", "the path of a folder"]
    return unknown("data set", name, known)
