"""From files to pixels: decoding, cutting and resizing, the same for training and for prediction.

* JPEG is decoded by TensorFlow's op, and only the part that is kept. All other formats are decoded by Pillow:
  TensorFlow takes the palette of a BMP for grey values and has no colour for what is transparent.
* The orientation in the EXIF data is honoured. Transparent pixels are put on white. 16 bits become the upper 8. Of an
  animation the first frame counts.
* An image is cut centrally to the target's aspect ratio, then resized bilinearly, with antialiasing where it shrinks.
* Grey becomes colour by repeating, colour becomes grey by luminance.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from ..errors import InputError
from .formats import UNREADABLE, examine

LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601


def read_images(paths, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Read image files as they are read for training.

    Args:
        paths: files, str or Path.
        image_shape: (height, width, channels) of the result; channels 1 or 3.

    Returns:
        uint8 of shape (files, height, width, channels); `scale` brings it to the range that a network wants.

    Raises:
        InputError: names a file that is missing, empty, truncated, damaged or not what its extension says.
    """
    paths = [Path(path) for path in paths]
    return decode_files(paths, examine(paths), image_shape)


def decode_files(paths: list[Path], turns: list[int], image_shape) -> np.ndarray:
    """The files' images, uint8; `turns` are their EXIF orientations. Names a file that cannot be decoded."""
    images = np.empty((len(paths), *image_shape), np.uint8)
    decode_one = _decoder(tuple(image_shape))

    def fill(i):
        try:
            images[i] = decode_one(os.fsencode(paths[i]), turns[i])
        except tf.errors.InvalidArgumentError as error:
            raise InputError(f"{paths[i]}: is damaged and cannot be decoded") from error

    with ThreadPoolExecutor() as pool:
        list(pool.map(fill, range(len(paths))))
    return images


@cache
def _decoder(image_shape):
    """`decode` to one shape, traced once."""
    signature = [tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int32)]
    return tf.function(lambda path, turn: decode(path, turn, image_shape), input_signature=signature)


def decode(path, turn, image_shape) -> tf.Tensor:
    """One file's image, uint8 of `image_shape`; `path` and `turn`, its EXIF orientation, are scalar tensors."""
    contents = tf.io.read_file(path)
    image = tf.cond(
        tf.io.is_jpeg(contents),
        lambda: _decode_jpeg(contents, turn, image_shape),
        lambda: tf.ensure_shape(tf.numpy_function(_decode_other, [path], tf.uint8, stateful=False), [None, None, 3]),
    )
    return fit(image, image_shape)


def fit(images, image_shape) -> tf.Tensor:
    """Cut and resize one image or a batch of them, uint8 of shape (..., height, width, 1 or 3), to `image_shape`."""
    height, width, channels = image_shape
    if images.shape[-3:] == image_shape:
        return images
    top, left, rows, columns = cut_window(tf.shape(images)[-3], tf.shape(images)[-2], height, width)
    images = tf.cast(images[..., top : top + rows, left : left + columns, :], tf.float32)
    images = tf.cond(
        rows > height,
        lambda: tf.image.resize(images, (height, width), antialias=True),
        lambda: tf.image.resize(images, (height, width)),  # the same there, and several times as fast
    )
    if channels < images.shape[-1]:
        images = tf.reduce_sum(images * LUMINANCE, axis=-1, keepdims=True)
    elif channels > images.shape[-1]:
        images = tf.repeat(images, channels, axis=-1)
    return tf.cast(tf.round(images), tf.uint8)


def cut_window(rows, columns, height, width) -> tuple:
    """(top, left, height, width) of the largest central part that has the aspect ratio height : width."""
    kept_rows = tf.clip_by_value(columns * height // width, 1, rows)
    kept_columns = tf.clip_by_value(rows * width // height, 1, columns)
    return (rows - kept_rows) // 2, (columns - kept_columns) // 2, kept_rows, kept_columns


def _decode_jpeg(contents, turn, image_shape):
    height, width, _ = image_shape
    lies = turn >= 5
    shape = tf.io.extract_jpeg_shape(contents)
    window = cut_window(shape[0], shape[1], tf.where(lies, width, height), tf.where(lies, height, width))
    image = tf.io.decode_and_crop_jpeg(contents, tf.stack(window), channels=3)
    return tf.cond(turn == 1, lambda: image, lambda: _turned(image, turn))


def _turned(image, turn):
    """Upright, for an EXIF orientation: 5 to 8 are transposed; 2, 3, 6, 7 are mirrored; 3, 4, 7, 8 upside down."""
    image = tf.cond(turn >= 5, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    image = tf.cond(tf.reduce_any(turn == (2, 3, 6, 7)), lambda: image[:, ::-1], lambda: image)
    return tf.cond(tf.reduce_any(turn == (3, 4, 7, 8)), lambda: image[::-1], lambda: image)


def _decode_other(path: bytes) -> np.ndarray:
    path = os.fsdecode(path)
    try:
        with Image.open(path) as image:
            ImageOps.exif_transpose(image, in_place=True)
            if image.mode.startswith("I"):  # 16 bits of grey
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            if image.has_transparency_data:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            return np.asarray(image.convert("RGB"))
    except UNREADABLE as error:
        raise InputError(f"{path}: is damaged and cannot be decoded") from error
