"""Labelled images: from a name or a folder to pipelines."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..errors import InputError, one_of
from .augmentation.augment import after_reading, draw_flips, draw_parts
from .augmentation.augment import augment as augment_batch
from .augmentation.crop import ten_crops
from .augmentation.policies import Augment, chosen
from .label_file import open_labelled
from .pipelines import AUTOTUNE, Pipelines, check_options, finished, noted
from .pixels import fit
from .sampling.shuffling import check_batch, endless, epoch_length, validation_batch
from .sampling.stateless_random import keys
from .scaling import scale, statistics
from .sources.open import Shape, open_source, target_shape

MEMORY = 2**30  # bytes: training and validation images up to this size are kept in memory
LARGER = 256 / 224  # images of which ten crops are made


@dataclass(frozen=True)
class Data(Pipelines):
    """Pipelines of labelled images.

    A batch is (images, labels): float32 (b, *image_shape) and int32 (b,). Where images are mixed, the labels of `train`
    are float32 (b, classes); where images may have several labels, all are, 0 or 1.

    Attributes:
        augment: the name of the augmentation.
        crops: batches like those of `validation`, with ten crops of each image, (b, 10, *image_shape); or None.
        train_from: gives the batches of `train` from any step on.
        bits: how many bits are filled in image files of 16 bits, as for `read_images`; None where there are none.
        multi_label: whether an image may have several of the classes, or none.
        class_counts: gives the number of training images of each class, (classes,); all records of a set of TensorFlow
            Datasets are read for it.
    """

    augment: str = "none"
    crops: tf.data.Dataset | None = None
    train_from: Callable[[int], tf.data.Dataset] | None = None
    bits: int | None = None
    multi_label: bool = False
    class_counts: Callable[[], np.ndarray] | None = None


@noted
def load(
    name: str | Path,
    image_shape: tuple[int, int, int] | None = None,
    *,
    batch: int = 32,
    scaling: str = "standard",
    seed: int = 0,
    replicas: int = 1,
    start_step: int = 0,
    limit: int | None = None,
    augment: str | Augment = "none",
    crops: int = 1,
    held_out: float = 0.0,
    labelled: bool = True,
    labels: str | Path | None = None,
) -> Data:
    """Open a set of labelled images for `model.fit(data.train, steps_per_epoch=data.steps)`.

    Args:
        name: a folder with one sub-folder a class, or with `train` and `val` (or `test`, in all usual spellings) that
            have such; "digits", the 1,797 handwritten digits of scikit-learn; "letters", 10,820 letters of sixteen
            alphabets, drawn from the fonts of matplotlib; or a name of TensorFlow Datasets, whose data is looked for in
            the folder that the environment variable TFDS_DATA_DIR names. An existing folder comes first. Files of a
            folder that are left out are counted on stderr.
        image_shape: (height, width, channels) of the images in a batch, channels 1 or 3; by default the set's own.
        batch: images in a training batch, over all replicas. The last of an epoch takes what is left.
        scaling: the range of the pixels, a name of `SCALINGS`; see `scale`.
        seed: of the order of training. Every epoch has another order; every example comes once in it.
        replicas: devices that share a batch. With more than one, an epoch leaves out a few random images, so that the
            replicas share the last batch equally.
        start_step: batches that were taken before. Training goes on exactly there.
        limit: use at most so many images to train and to validate, the same ones each time.
        augment: the augmentation policy: a name of `AUGMENTS`, whose translations are scaled to the size of the images,
            also with other amounts, like "cifar,mixup=0.2"; or an `Augment`. The change of an image is a function of
            seed, epoch and image alone.
        crops: 10 for ten test-time crops, too: corners and centre of images that are larger by 256 / 224, and mirrored.
        held_out: this share of the training images validates in place of the set's own validation images: images that
            choose between networks must not judge them. They are always the same ones.
        labelled: whether classes matter. Without, images may lie anywhere in a folder; where they lie in sub-folders,
            those count as classes, be it one or many.
        labels: a CSV file of the folder's images and their labels, one each or several; see `label_file`. Images may
            then lie anywhere in the folder. The path of a file, or else its name in the folder.

    Returns:
        `Data`. The set's own validation or test split validates, or else a fixed fifth of the images of each
        class; of a set of TensorFlow Datasets the last fifth, as its classes are not known without reading all of it.

    Raises:
        InputError: one line that says what was wrong; of a broken image, it names the file.
    """
    check_options(batch, replicas, limit, seed, start_step, scaling)
    check_batch(batch, replicas)
    one_of("crops", crops, (1, 10))
    if not 0 <= held_out < 1:
        raise InputError(f"held_out={held_out!r}: must be a share, at least 0 and below 1")
    source = _source(name, limit, labelled, labels)
    if crops == 10 and source.multi_label:
        raise InputError("crops=10: the answers to ten crops are for images of one label each")
    image_shape = target_shape(source, image_shape)
    how = chosen(augment, image_shape[:2])

    classes, (mean, std) = source.classes, statistics(source.statistics, image_shape[2])
    train, validation = source.train.parted(held_out) if held_out else (source.train, source.validation)
    train_size, validation_size = train.size, validation.size
    steps, used = epoch_length(train_size, batch, replicas)
    held_batch = validation_batch(validation_size, batch, replicas)
    views = None
    if crops == 10:
        views = _ten_views(validation, image_shape, validation_batch(validation_size, max(batch // 10, 1), 1))
    validation = _in_memory(validation, image_shape, validation.native)
    train = _in_memory(train, *([_canvas(train.native, image_shape)] if how.warp.crop else [image_shape, train.native]))
    rest, crop_read, flip_read = how, how.warp.crop and None in train.native, False
    if crop_read:  # what is shown of a photo is all that is read of it
        rest, flip_read = after_reading(how)

    def one_epoch(epoch, left_out):
        def key(numbers):
            return keys(seed, epoch, numbers)

        def augmented(images, labels, numbers):
            return augment_batch(images, labels, rest, key(numbers), len(classes), image_shape)

        examples = train.shuffled(seed, epoch).take(used).skip(left_out * batch)
        part = crop_read and (lambda numbers, *sizes: draw_parts(how, key(numbers), *sizes))
        flips = flip_read and (lambda numbers: draw_flips(how, key(numbers)))
        return train.batches(examples, batch, image_shape, part, flips).map(augmented, AUTOTUNE)

    def ready(batches):
        return finished(batches, lambda images, labels: (scale(images, scaling, mean, std), labels))

    def train_from(step):
        return ready(endless(one_epoch, steps, step))

    held = validation.batches(validation.in_order(), held_batch, image_shape)
    held = held.map(lambda images, labels, _: (fit(images, image_shape), labels), AUTOTUNE)
    return Data(
        name=source.name,
        train=train_from(start_step),
        validation=ready(held),
        steps=steps,
        classes=classes,
        train_size=train_size,
        validation_size=validation_size,
        image_shape=image_shape,
        mean=mean,
        std=std,
        scaling=scaling,
        augment="its own" if isinstance(augment, Augment) else augment,
        crops=views and ready(views),
        train_from=train_from,
        bits=source.train.bits,
        multi_label=source.multi_label,
        class_counts=partial(train.counts, len(classes)),
    )


def native_shape(name: str | Path, labelled: bool = True, labels: str | Path | None = None) -> Shape:
    """(height, width, channels) of the images of a set or a folder, None where they differ. The arguments of `load`."""
    return _source(name, None, labelled, labels).native


def _source(name, limit, labelled, labels):
    return open_labelled(name, labels, limit) if labels else open_source(name, limit, labelled)


def _in_memory(examples, *shapes):
    """The examples in memory, in the first of these shapes that `MEMORY` allows; else as they are."""
    for shape in shapes:
        if None not in shape and examples.size * prod(shape) <= MEMORY:
            return examples.in_memory(shape)
    return examples


def _canvas(native, image_shape):
    """The shape in memory of images that are cropped: their own, but at most twice the size of the result, because a
    sampling grid has no antialiasing."""
    if None in native:
        return native
    shrunk = max(1, min(length / (2 * side) for length, side in zip(native[:2], image_shape[:2], strict=True)))
    return (*(round(length / shrunk) for length in native[:2]), native[2])


def _ten_views(examples, image_shape, batch):
    height, width, channels = image_shape
    larger = (*(round(side * LARGER) for side in (height, width)), channels)

    def cut(images, labels, _):
        return ten_crops(fit(images, larger), height, width), labels

    return examples.batches(examples.in_order(), batch, larger).map(cut, AUTOTUNE)
