"""What `load`, `load_masks` and `load_pairs` have in common: the fields of their results, and their checks."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from ..errors import one_of
from .sampling.shuffling import check_order
from .scaling import SCALINGS

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


def check_options(batch, replicas, limit, seed, start_step, scaling, scalings=SCALINGS) -> None:
    """Raise an `InputError` for a value that no loader takes."""
    check_order(batch, replicas, limit, seed, start_step)
    one_of("scaling", scaling, scalings)


def finished(batches: tf.data.Dataset, last: Callable) -> tf.data.Dataset:
    """Batches after their last step, prefetched. Where several machines train, each takes its share of every batch."""
    return batches.map(last, AUTOTUNE).prefetch(AUTOTUNE).with_options(EACH_WORKER_ITS_SHARE)
