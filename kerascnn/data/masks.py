"""From a name or a folder to images and their masks: pipelines for training, whole images for judging."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ..errors import InputError, one_of, unknown
from .augmentation.warp import Warp, warp
from .labels import EACH_WORKER_ITS_SHARE
from .pixels import cut_window, fit
from .sampling.shuffling import check_batch, check_order, endless, epoch_length, shuffled, validation_batch
from .sampling.stateless_random import keys
from .scaling import SCALINGS, scale, statistics
from .sources import mask_folder, tfds
from .sources.decoding import read_images
from .sources.open import is_folder, target_shape
from .sources.synthetic_scenes import scenes

AUTOTUNE = tf.data.AUTOTUNE
STILL = Warp()
MEMORY = 2**33  # bytes: larger sets are refused
SCENES = (2000, 400)  # of embedded digits, to train and to validate
SCENE_SHAPE = (64, 64, 1)
BINARY = ("background", "foreground")


class Labels(NamedTuple):
    """The masks of a set of TensorFlow Datasets: the feature, the names of the classes, and each value's class."""

    feature: str
    classes: tuple[str, ...]
    values: dict[int, int]


KNOWN = {"oxford_iiit_pet": Labels("segmentation_mask", ("background", "pet", "outline"), {2: 0, 1: 1, 3: 2})}


class Picture(NamedTuple):
    """An image, uint8 (height, width, channels), its mask, uint8 (height, width), and their name."""

    name: str
    image: np.ndarray
    mask: np.ndarray


class Masks(NamedTuple):
    """Pipelines of images and their masks, and what is in them.

    Both give batches (images, masks), or (images, masks, weights): float32 of shape (b, *image_shape), int32 and
    float32 of shape (b, height, width). `train` is endless, `steps` of its batches are one epoch; `validation` is
    finite, in a fixed order, and covers the held-out images. `held_out` are these images whole. `classes` are the
    names, in the order of the masks' numbers; `image_shape` is (height, width, channels); `mean` and `std` are by
    channel, white being 1.
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
    held_out: tuple[Picture, ...]


def load_masks(
    name: str | Path,
    image_shape: tuple[int, int, int] | None = None,
    *,
    batch: int = 8,
    scaling: str = "standard",
    seed: int = 0,
    replicas: int = 1,
    start_step: int = 0,
    limit: int | None = None,
    how: Warp = STILL,
    weights: Callable[[np.ndarray], np.ndarray] | None = None,
    held_out: str = "",
    classes: Sequence[str] = (),
    binary: bool = False,
    tiles: bool | None = None,
) -> Masks:
    """Open a set of images with masks for `model.fit(masks.train, steps_per_epoch=masks.steps)`.

    Args:
        name: a folder, see `mask_folder`; "digits", see `synthetic_scenes`; or
            "oxford_iiit_pet" of TensorFlow Datasets. An existing folder comes first.
        image_shape: (height, width, channels) of what comes out, channels 1 or 3; by default the set's own.
        batch, scaling, seed, replicas, start_step: as for `load`.
        limit: use at most so many images to train and to validate, the same ones each time.
        how: how training images are distorted, each anew in every epoch: a function of seed, epoch and image.
        weights: mask -> weights of its pixels (height, width), like `weight_map`; worked out once for each mask.
        held_out: which images of a folder validate: shell patterns of names without extension, like "2?,30". By default
            the last fifth in the order of names.
        classes: their names, in the order of the masks' numbers. Without them every class must occur in a mask.
        binary: make one foreground of all classes but the first.
        tiles: whether images stay at their size, and tiles of `image_shape` are cut out of them: to train at random
            places, after the distortion, and so many that they have the pixels of all images; to validate side by side.
            Otherwise every image is cut and resized to `image_shape`, as for `load`, and its mask with it. By default
            tiles are cut where all images have the same size and it is large enough.

    Raises:
        InputError: one line that says what was wrong; of a broken image or a wrong mask, it names the file.
    """
    check_order(batch, replicas, limit, seed, start_step)
    check_batch(batch, replicas)
    one_of("scaling", scaling, SCALINGS)
    native = native_mask_shape(name)
    if image_shape is None and None in native:
        raise InputError(f"{name}: its images differ in size: pass image_shape=(height, width, channels)")
    image_shape = target_shape(name, image_shape or native)
    if tiles is None:
        tiles = None not in native and native[0] >= image_shape[0] and native[1] >= image_shape[1]

    name, classes, train, validation = _pictures(name, image_shape, tiles, held_out, limit, tuple(classes))
    if binary:
        train, validation = ([_binary(picture) for picture in side] for side in (train, validation))
        classes = classes if len(classes) == 2 else BINARY
    mean, std = statistics(None, image_shape[2])
    window = image_shape[:2]
    stored = Stored(train, weights)
    tiles_of = [-(-picture.mask.size // (window[0] * window[1])) for picture in train]
    numbers = tf.repeat(tf.range(len(train)), tiles_of)
    steps, used = epoch_length(len(numbers), batch, replicas)

    def tile(epoch, number):
        image, mask, *weight = stored[numbers[number]]
        key = keys(seed, epoch, number)[None]
        image, mask = warp(image[None], how, key, mask[None], window)
        return image[0], mask[0], *(warp(part[None, ..., None], how, key, None, window)[0, ..., 0] for part in weight)

    def one_epoch(epoch, left_out):
        order = tf.data.Dataset.from_tensor_slices(shuffled(len(numbers), [seed, epoch]))
        return order.take(used).skip(left_out * batch).map(partial(tile, epoch), AUTOTUNE).batch(batch)

    def ready(batches):
        def scaled(images, masks, *weight):
            return scale(images, scaling, mean, std), tf.cast(masks, tf.int32), *weight

        return batches.map(scaled, AUTOTUNE).prefetch(AUTOTUNE).with_options(EACH_WORKER_ITS_SHARE)

    side_by_side = [part for picture in validation for part in _side_by_side(picture, window, weights)]
    held = tf.data.Dataset.from_tensor_slices(tuple(map(np.stack, zip(*side_by_side, strict=True))))
    return Masks(
        name=name,
        train=ready(endless(one_epoch, steps, start_step)),
        validation=ready(held.batch(validation_batch(len(side_by_side), batch, replicas))),
        steps=steps,
        classes=classes,
        train_size=len(train),
        validation_size=len(validation),
        image_shape=image_shape,
        mean=mean,
        std=std,
        scaling=scaling,
        held_out=tuple(validation),
    )


def native_mask_shape(name: str | Path) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of the images of a set that has masks, None where they differ."""
    if is_folder(name):
        shapes = [pair.shape for side in mask_folder.open_folder(Path(name).expanduser()) for pair in side]
        sizes = {shape[:2] for shape in shapes}
        return (*(sizes.pop() if len(sizes) == 1 else (None, None)), max(shape[2] for shape in shapes))
    return SCENE_SHAPE if name == "digits" else tfds.native_shape(_known(name))


def origins(length: int, tile: int, overlap: int = 0) -> list[int]:
    """Where tiles begin that cover a length: as few as there can be, evenly spread, `overlap` or more in common."""
    tiles = 1 + max(0, -(-(length - tile) // (tile - overlap)))
    return np.linspace(0, max(0, length - tile), tiles).round().astype(int).tolist()


class Stored:
    """Pictures of any size, one after the other in the same tensors; with the weights of their pixels, if wanted."""

    def __init__(self, pictures: Sequence[Picture], weights: Callable | None = None):
        parts = [[picture.image.reshape(-1, picture.image.shape[-1]) for picture in pictures]]
        parts += [[picture.mask.ravel() for picture in pictures]]
        parts += [[weights(picture.mask).ravel() for picture in pictures]] if weights else []
        sizes = np.array([picture.mask.shape for picture in pictures])
        with tf.device("CPU:0"):
            self.parts = [tf.convert_to_tensor(np.concatenate(part)) for part in parts]
            self.sizes = tf.constant(sizes)
            self.ends = tf.constant(sizes.prod(axis=1).cumsum())

    def __getitem__(self, i):
        height, width = self.sizes[i][0], self.sizes[i][1]
        end = self.ends[i]
        return [tf.reshape(part[end - height * width : end], (height, width, *part.shape[1:])) for part in self.parts]


def fit_mask(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cut and resize a mask (height, width) as `fit` does its image, to the nearest pixels."""
    if mask.shape == shape:
        return mask
    top, left, rows, columns = cut_window(*mask.shape, *shape)
    cut = mask[top : top + rows, left : left + columns, None]
    return tf.image.resize(cut, shape, "nearest").numpy()[..., 0]


def _pictures(name, image_shape, tiles, held_out, limit, classes):
    """(name, class names, pictures that train, pictures that validate)"""
    if is_folder(name):
        return _of_folder(Path(name).expanduser(), image_shape, tiles, held_out, limit, classes)
    if held_out:
        raise InputError(f"held_out={held_out!r}: {name} knows by itself what validates")
    if name == "digits":
        known = ("background", *"0123456789")
        sides = [_scenes(side, limit, image_shape) for side in (False, True)]
    else:
        known = KNOWN[_known(name)].classes
        sides = [_records(part, KNOWN[name], image_shape, tiles) for part in tfds.open_named(name, limit)[2:]]
    if classes and len(classes) != len(known):
        raise InputError(f"classes={classes}: {name} has {len(known)}, {', '.join(known)}")
    return name, classes or known, *map(_in_memory, sides)


def _of_folder(folder, image_shape, tiles, held_out, limit, classes):
    found = {}

    def read(pair):
        mask = mask_folder.read_mask(pair.mask)
        if mask.shape != pair.shape[:2]:
            (rows, columns), (height, width, _) = mask.shape, pair.shape
            raise InputError(f"{pair.mask}: is {rows} high and {columns} wide, its image {height} and {width}")
        for value in np.unique(mask).tolist():
            found.setdefault(value, pair.mask)
        shape = _target(mask.shape, image_shape, tiles)
        return Picture(pair.image.stem, read_images([pair.image], shape)[0], fit_mask(mask, shape[:2]))

    sides = [_in_memory(map(read, pairs)) for pairs in mask_folder.open_folder(folder, held_out, limit)]
    size, numbers = mask_folder.numbered(found, classes)
    table = np.zeros(max(numbers) + 1, np.uint8)
    table[list(numbers)] = list(numbers.values())
    train, validation = ([picture._replace(mask=table[picture.mask]) for picture in side] for side in sides)
    known = BINARY if size == 2 else (BINARY[0], *map(str, range(1, size)))
    return folder.resolve().name, classes or known, train, validation


def _scenes(side, limit, image_shape):
    size = min(SCENES[side], limit or SCENES[side])
    for i, (image, mask) in enumerate(scenes(side, size, image_shape[:2])):
        yield Picture(str(i), np.asarray(fit(image, image_shape)), mask)


def _records(records, labels, image_shape, tiles):
    table = np.zeros(256, np.uint8)
    table[list(labels.values)] = list(labels.values.values())
    for i, example in enumerate(records.builder.as_dataset(split=records.split).as_numpy_iterator()):
        mask = example[labels.feature][..., 0]
        shape = _target(mask.shape, image_shape, tiles)
        yield Picture(str(i), np.asarray(fit(example[records.image_name], shape)), fit_mask(table[mask], shape[:2]))


def _target(size, image_shape, tiles):
    """The shape in which a picture of this (height, width) is kept."""
    if not tiles:
        return image_shape
    factor = max(1, *(least / length for least, length in zip(image_shape, size, strict=False)))
    return (*(round(factor * length) for length in size), image_shape[2])


def _in_memory(pictures: Iterable[Picture]) -> list[Picture]:
    kept, taken = [], 0
    for picture in pictures:
        kept.append(picture)
        taken += picture.image.nbytes + picture.mask.nbytes
        if taken > MEMORY:
            raise InputError(
                f"more than {MEMORY / 2**30:g} GiB of images and masks: use a limit, or a smaller image_shape"
            )
    return kept


def _binary(picture):
    return picture._replace(mask=(picture.mask > 0).astype(np.uint8))


def _side_by_side(picture: Picture, window, weights) -> Iterator[tuple]:
    """Tiles (image, mask) or (image, mask, weights) that cover a picture."""
    parts = [picture.image, picture.mask] + ([weights(picture.mask)] if weights else [])
    places = [origins(length, tile) for length, tile in zip(picture.mask.shape, window, strict=True)]
    for top in places[0]:
        for left in places[1]:
            yield tuple(part[top : top + window[0], left : left + window[1]] for part in parts)


def _known(name):
    if name not in KNOWN:
        raise unknown("data set with masks", name, ["digits", *KNOWN, "the path of a folder"])
    return name
