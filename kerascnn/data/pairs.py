"""Pairs of images of the same class or of different ones, for networks that verify.

No class both trains and validates: such a network has to distinguish classes that it has never seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..errors import InputError
from .augmentation.warp import Warp, warp
from .class_sets import Group, read_group, split_group
from .pipelines import Pipelines, check_options, finished, noted
from .sampling.shuffling import FOREVER, check_batch
from .scaling import SCALINGS, scale, statistics
from .sources.open import open_source, target_shape

HELD_BATCHES, HELD_PAIRS = 100, 40  # at most, to validate with
HELD_SEED = 2**32  # none of training is as large
WAYS = 20  # classes in a trial
TURNS = 8  # of a square


@dataclass(frozen=True)
class Pairs(Pipelines):
    """Pipelines of pairs, or of images of the same classes; see `load_pairs`.

    Attributes:
        seen: the images to train with, whose classes are `classes`.
        unseen: the images of the classes that are held out.
    """

    seen: Group
    unseen: Group


@noted
def load_pairs(
    name: str | Path,
    image_shape: tuple[int, int, int] | None = None,
    *,
    batch: int = 32,
    each: int | None = None,
    unseen: float | tuple[str, ...] = 0.3,
    scaling: str = "ink",
    how: Warp | None = None,
    strokes: float = 0,
    turned: bool = False,
    seed: int = 0,
    replicas: int = 1,
    start_step: int = 0,
    limit: int | None = None,
) -> Pairs:
    """Open a set of labelled images for a network that verifies.

    Args:
        name, image_shape, replicas, start_step: as for `load`. Of a set of TensorFlow Datasets, only the split named
            train is used.
        batch: pairs in a training batch, over all replicas; or images, if `each` is given.
        each: None for batches ((left, right), same): float32 images and int32 labels; every other pair is of the same
            class. A number for batches (images, labels), to train on all pairs of a batch: this many images of each
            class, one class and one family after the other, until the batch is full or all classes are in it.
        unseen: the classes to validate with: their names, or those of their families; or a share of the classes, the
            last ones, in whole families where there are several; a family that is larger than the share is divided.
        scaling: as for `load`, or "ink": the background is 0, what is on it up to 1, be it black or white.
        how: distorts the images to train with.
        strokes: how much thicker or thinner bright strokes become at most; 1 is one pixel on each side.
        turned: whether to add quarter turns and mirror images as further classes, which makes eight classes of one;
            only with `each`.
        seed: of the training batches: batch n is a function of the seed and n.
        limit: use at most so many images of every class.

    Returns:
        `Pairs`. With `each`, a batch of validation is a trial: two images of each of up to 20 classes of a family.

    Raises:
        InputError: one line that says what was wrong, like a class that has a single image.
    """
    check_options(batch, replicas, limit, seed, start_step, scaling, ("ink", *SCALINGS))
    source = open_source(name)
    group = read_group(source, target_shape(source, image_shape), limit)
    seen, unseen = split_group(group, unseen)
    image_shape = group.images.shape[1:]
    if turned and (image_shape[0] != image_shape[1] or not each):
        raise InputError("turned=True: takes square images and each=NUMBER")
    held_size = len(unseen.images)
    mean, std = statistics(source.statistics, image_shape[2])
    if scaling == "ink":
        scaling, mean, std = "standard", *_ink(group.images)
    if each:
        ways = _ways(batch, each, len(seen.classes), replicas)
        batch = ways * each
        draw = partial(seen.draw_batch, ways, each, TURNS if turned else 1)
        draw_held = partial(unseen.draw_trial, WAYS)
    else:
        check_batch(batch, replicas)
        draw, draw_held = partial(seen.draw_pairs, batch), partial(unseen.draw_pairs, min(HELD_PAIRS, held_size))

    def distorted(images, labels, step):
        key = tf.stack([tf.cast(seed, tf.int64), step])
        if turned:
            images = _turn(images, labels // len(seen.classes))
        if how is not None:
            images = warp(images, how, key)
        return restroke(images, strokes, tf.random.fold_in(key, 1)) if strokes else images

    def batches(steps, group, draw, seed, change):
        images = tf.convert_to_tensor(group.images)

        def one_batch(step):
            numbers, labels = _drawn(draw, seed, step)
            found = scale(tf.ensure_shape(tf.gather(images, numbers), [None, *image_shape]), scaling, mean, std)
            found = change(found, labels, step)
            return (found, labels) if each else (tuple(tf.split(found, 2)), labels)

        return finished(steps, one_batch)

    endless = tf.data.Dataset.range(start_step, FOREVER)
    endless = endless.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
    held_steps = tf.data.Dataset.range(min(HELD_BATCHES, held_size))
    steps = -(-len(seen.images) // batch)
    return Pairs(
        name=source.name,
        train=batches(endless, seen, draw, seed, distorted),
        validation=batches(held_steps, unseen, draw_held, HELD_SEED, lambda images, *_: images),
        steps=steps,
        classes=seen.classes,
        train_size=len(seen.images),
        validation_size=held_size,
        image_shape=image_shape,
        mean=mean,
        std=std,
        scaling=scaling,
        each_epoch={"images": steps * batch} if each else {"images": 2 * steps * batch, "pairs": steps * batch},
        seen=seen,
        unseen=unseen,
    )


def restroke(images, most: float, key):
    """Make strokes that are brighter than their background thicker or thinner, by a random amount in each image.

    Args:
        images: float (b, height, width, channels).
        most: the largest amount; 1 is one pixel on each side.
        key: two integers: the amounts are a function of them and of `most`.
    """
    amount = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1, 1], key, -most, most)
    thick = tf.nn.max_pool2d(images, 3, 1, "SAME")
    thin = -tf.nn.max_pool2d(-images, 2, 1, "SAME")  # more would leave nothing of a stroke of two pixels
    return images + tf.nn.relu(amount) * (thick - images) + tf.nn.relu(-amount) * (thin - images)


def _ink(images):
    """(mean, std) for which "standard" scaling maps the background, black or white, to 0 and the other end to 1."""
    is_white = bool(np.median(images[:: 1 + len(images) // 1000]) > 127)
    return ((number,) * images.shape[-1] for number in ((1.0, -1.0) if is_white else (0.0, 1.0)))


def _ways(batch, each, classes, replicas):
    """Classes in a batch."""
    if not isinstance(each, int) or not 2 <= each <= batch // 2:
        raise InputError(f"each={each!r}: must be a whole number from 2 to {batch // 2}, half of the batch")
    ways = min(batch // each, classes)
    ways -= ways % replicas
    if ways < 2 * replicas:
        raise InputError(f"batch={batch}: must be {2 * replicas * each} or more, for two classes on each device")
    return ways


def _drawn(draw: Callable, seed: int, step):
    """The numbers of images (n,) and the labels (m,) of one step."""

    def drawn(step):
        numbers, labels = draw(np.random.default_rng([seed, step]))
        return numbers.ravel(), labels.ravel().astype(np.int32)

    numbers, labels = tf.numpy_function(drawn, [step], (tf.int64, tf.int32), stateful=False)
    return numbers, tf.ensure_shape(labels, [None])


def _turn(images, turns):
    """Square images, each in one of its eight positions."""

    def where(bit, changed, images):
        return tf.where((turns // bit % 2 == 1)[:, None, None, None], changed, images)

    images = where(1, tf.transpose(images, (0, 2, 1, 3)), images)
    images = where(2, images[:, ::-1], images)
    return where(4, images[:, :, ::-1], images)
