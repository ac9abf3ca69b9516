"""Images with masks: from a name or a folder to pipelines, and whole images for evaluation."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..errors import InputError, as_python
from .augmentation.warp import Warp, warp
from .pipelines import AUTOTUNE, Pipelines, check_options, finished, noted
from .sampling.shuffling import check_batch, endless, epoch_length, shuffled, validation_batch
from .sampling.stateless_random import keys
from .scaling import scale, statistics
from .sources.mask_pictures import BINARY, ONLY_VOID, SIDES, VOID, Picture
from .sources.open import MaskSource, open_masks, target_shape

STILL = Warp()


@dataclass(frozen=True)
class Masks(Pipelines):
    """Pipelines of images and their masks.

    A batch is (images, masks), or (images, masks, weights): float32 (b, *image_shape), int32 (b, height, width) and
    float32 (b, height, width). `validation` covers the images that are held out. Masks hold -1 where a pixel is
    void: it counts nowhere. `training.CrossEntropyDice` and Keras's IoU metrics know that; other losses of Keras take
    `ignore_class=-1`.

    Attributes:
        held_out: these images and their masks, whole.
        ignore: the value of void in the masks' files, or None.
        bits: how many bits are filled in image files of 16 bits, as for `read_images`; None where there are none.
    """

    held_out: tuple[Picture, ...]
    ignore: int | None = None
    bits: int | None = None


@noted
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
    ignore: int | None = None,
    tiles: bool | None = None,
) -> Masks:
    """Open a set of images with masks for `model.fit(masks.train, steps_per_epoch=masks.steps)`.

    Args:
        name: a folder, see `mask_folder`; "blood_smears" or "digits", see `synthetic_scenes`; or "oxford_iiit_pet" of
            TensorFlow Datasets. An existing folder comes first.
        image_shape: (height, width, channels) of the images in a batch, channels 1 or 3; by default the set's own.
        batch, scaling, seed, replicas, start_step: as for `load`.
        limit: use at most so many images to train and to validate, the same ones each time.
        how: the distortion of training images: for each one a function of seed, epoch and image. Where it has a `fill`,
            its `mask_fill` is a class, or -1 for void.
        weights: mask -> weights of its pixels (height, width), like `weight_map`; called once for each mask.
        held_out: the images of a folder that validate: shell patterns of names without extension, like "2?,30", with
            the sub-folder where there is one. By default the last fifth in the order of names.
        classes: their names, in the order of the masks' numbers. Without them every class must occur in a mask.
        binary: make one foreground of all classes but the first.
        ignore: the value of void in the masks' files, often 255: pixels that are of no class and count nowhere.
        tiles: True: images keep their size, and tiles of `image_shape` are cut out of them. Training tiles lie at
            random places, and an epoch has about as many pixels as all images. Validation tiles lie side by side.
            False: images and masks are cropped and resized to `image_shape`, as for `load`. By default True if all
            images have the same size and it is large enough.

    Raises:
        InputError: one line that says what was wrong; of a broken image or a wrong mask, it names the file.
    """
    check_options(batch, replicas, limit, seed, start_step, scaling)
    check_batch(batch, replicas)
    ignore = as_python(ignore)
    if ignore is not None and (type(ignore) is not int or ignore < 0):
        raise InputError(f"ignore={ignore!r}: must be the value of void in the masks, a whole number, 0 or more")
    source = open_masks(name)
    image_shape = target_shape(source, image_shape)
    which = dict(tiles=tiles, held_out=held_out, limit=limit, classes=tuple(classes), binary=binary, ignore=ignore)
    name, classes, train, validation, bits = read_pictures(source, image_shape, **which)
    for side, what in zip((train, validation), SIDES, strict=True):
        if all((picture.mask == VOID).all() for picture in side):
            raise InputError(f"{source.given}: {ONLY_VOID.format(what, ignore)}")
    if how.fill is not None and not VOID <= how.mask_fill < len(classes):
        raise InputError(f"mask_fill={how.mask_fill}: must be a class, 0 to {len(classes) - 1}, or {VOID} for void")
    mean, std = statistics(None, image_shape[2])
    window = image_shape[:2]
    stored = Stored(train, weights, np.int16 if how.mask_fill < 0 else None)
    tiles_of = [-(-picture.mask.size // (window[0] * window[1])) for picture in train]
    numbers = tf.repeat(tf.range(len(train)), tiles_of)
    steps, used = epoch_length(len(numbers), batch, replicas)

    how_weights = how if how.fill is None else how._replace(fill=1)

    def tile(epoch, number):
        image, mask, *weight = stored[numbers[number]]
        key = keys(seed, epoch, number)[None]
        image, mask = warp(image[None], how, key, mask[None], window)
        return (
            image[0],
            mask[0],
            *(warp(part[None, ..., None], how_weights, key, None, window)[0, ..., 0] for part in weight),
        )

    def one_epoch(epoch, left_out):
        order = tf.data.Dataset.from_tensor_slices(shuffled(len(numbers), [seed, epoch]))
        return order.take(used).skip(left_out * batch).map(partial(tile, epoch), AUTOTUNE).batch(batch)

    def ready(batches):
        def scaled(images, masks, *weight):
            return scale(images, scaling, mean, std), tf.cast(masks, tf.int32), *weight

        return finished(batches, scaled)

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
        each_epoch={"tiles": len(numbers)} if len(numbers) > len(train) else {},
        held_out=tuple(validation),
        ignore=ignore,
        bits=bits,
    )


def read_pictures(
    source: MaskSource,
    image_shape: tuple[int, int, int],
    *,
    tiles: bool | None,
    held_out: str,
    limit: int | None,
    classes: tuple[str, ...],
    binary: bool,
    ignore: int | None,
) -> tuple[str, tuple[str, ...], list[Picture], list[Picture], int | None]:
    """(name, class names, pictures to train with, pictures to validate with, `bits`); the arguments of `load_masks`."""
    if tiles is None:
        height, width, _ = source.native
        tiles = None not in source.native and height >= image_shape[0] and width >= image_shape[1]
    name, classes, *sides, bits = source.read(image_shape, tiles, held_out, limit, classes, ignore)
    if binary:
        sides = [[picture._replace(mask=np.minimum(picture.mask, 1)) for picture in side] for side in sides]
        classes = classes if len(classes) == 2 else BINARY
    return name, classes, *sides, bits


def origins(length: int, tile: int, overlap: int = 0) -> list[int]:
    """The starts of tiles that cover a length: as few as possible, evenly spread, with at least this overlap."""
    tiles = 1 + max(0, -(-(length - tile) // (tile - overlap)))
    return np.linspace(0, max(0, length - tile), tiles).round().astype(int).tolist()


class Stored:
    """Pictures of any size in a few tensors, with the weights of their pixels if there are any.

    `kind` is the type of the masks, by default their own.
    """

    def __init__(self, pictures: Sequence[Picture], weights: Callable | None = None, kind: type | None = None):
        parts = [[picture.image.reshape(-1, picture.image.shape[-1]) for picture in pictures]]
        parts += [[picture.mask.ravel().astype(kind or picture.mask.dtype) for picture in pictures]]
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


def _side_by_side(picture: Picture, window, weights) -> Iterator[tuple]:
    """Tiles (image, mask) or (image, mask, weights) that cover a picture."""
    parts = [picture.image, picture.mask] + ([weights(picture.mask)] if weights else [])
    places = [origins(length, tile) for length, tile in zip(picture.mask.shape, window, strict=True)]
    for top in places[0]:
        for left in places[1]:
            yield tuple(part[top : top + window[0], left : left + window[1]] for part in parts)
