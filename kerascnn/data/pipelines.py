"""What `load`, `load_masks` and `load_pairs` have in common: the fields of their results, their checks, and the note of
how they were called."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import wraps
from inspect import signature
from pathlib import PurePath
from typing import Any, ParamSpec, TypeVar

import tensorflow as tf

from ..errors import as_python, one_of
from .sampling.shuffling import check_order
from .scaling import SCALINGS
from .sources.open import folder_of

AUTOTUNE = tf.data.AUTOTUNE
EACH_WORKER_ITS_SHARE = tf.data.Options()  # of every batch, where several machines train
EACH_WORKER_ITS_SHARE.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA


@dataclass(frozen=True)
class Pipelines:
    """A training and a validation pipeline, and what is in them.

    Attributes:
        name: the name of the set or of the folder.
        train: endless batches.
        validation: the batches to validate with: finite, always the same.
        steps: batches of `train` in an epoch.
        classes: names, in the order of their numbers.
        train_size, validation_size: images to train with and to validate with.
        image_shape: (height, width, channels).
        mean, std: by channel, white being 1.
        scaling: the range of the pixels; see `scale`.
        each_epoch: what an epoch of `train` has: "images", and "tiles" or "pairs" where its batches are made of those.
        loading: how to load the same again: `loader`, its name, and its arguments, in values of JSON. See `noted`.
    """

    name: str
    train: tf.data.Dataset
    validation: tf.data.Dataset
    steps: int
    classes: tuple[str, ...]
    train_size: int
    validation_size: int
    image_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    scaling: str
    each_epoch: dict[str, int] = field(default_factory=dict, kw_only=True)
    loading: dict[str, Any] = field(default_factory=dict, kw_only=True)


Arguments, Found = ParamSpec("Arguments"), TypeVar("Found", bound=Pipelines)


def noted(loader: Callable[Arguments, Found]) -> Callable[Arguments, Found]:
    """A loader whose result has its `loading`: without the step to start with, which belongs to one start of a run, and
    without functions and policies, which only training needs. A folder is noted by its whole path, and the shape of
    the images also where none was given."""

    @wraps(loader)
    def called(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Found:
        found = loader(*args, **kwargs)
        note = {"loader": loader.__name__}
        for name, value in signature(loader).bind(*args, **kwargs).arguments.items():
            with suppress(TypeError):
                if name == "augment" and not isinstance(value, str):
                    continue
                note[name] = _as_json(value)
        note.pop("start_step", None)
        folder = folder_of(note["name"])
        if folder is not None:
            note["name"] = os.path.abspath(folder)
        labels = note.get("labels")
        if labels and os.path.lexists(file := os.path.expanduser(labels)):  # else it is one in the folder
            note["labels"] = os.path.abspath(file)
        note["image_shape"] = list(found.image_shape)
        return replace(found, loading=note, each_epoch={"images": found.train_size, **found.each_epoch})

    return called


def _as_json(value):
    """A value as JSON says it; a named tuple is an object. A `TypeError` where JSON cannot."""
    value = as_python(value)
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "_asdict"):
        return {name: _as_json(part) for name, part in value._asdict().items()}
    if isinstance(value, (tuple, list)):
        return [_as_json(part) for part in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{value!r} is no value of JSON")


def check_options(batch, replicas, limit, seed, start_step, scaling, scalings=SCALINGS) -> None:
    """Raise an `InputError` for a value that no loader takes."""
    check_order(batch, replicas, limit, seed, start_step)
    one_of("scaling", scaling, scalings)


def finished(batches: tf.data.Dataset, last: Callable) -> tf.data.Dataset:
    """Batches after their last step, prefetched. Where several machines train, each takes its share of every batch."""
    return batches.map(last, AUTOTUNE).prefetch(AUTOTUNE).with_options(EACH_WORKER_ITS_SHARE)
