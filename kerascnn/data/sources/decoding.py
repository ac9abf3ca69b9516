"""Decoding, cropping and resizing of image files, the same for training and for prediction.

* JPEG is decoded by TensorFlow's op, and only the crop. The decoder shrinks it by 2, 4 or 8 (in the frequency domain)
  if it stays larger than wanted. Pillow decodes all other formats: TensorFlow takes the palette of a BMP for grey
  values and has no color for what is transparent.
* The orientation in the EXIF data is honoured. Transparent pixels are put on white. 16 bits become the upper 8. Of an
  animation the first frame counts.
* An image is cropped centrally to the target's aspect ratio, then resized bilinearly, with antialiasing if it shrinks
  to half its size or less: a smaller change leaves out no pixel anyway.
* Grey becomes color by repeating, color becomes grey by luminance.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from ...errors import InputError
from ..pixels import cut_window, fit, recolor
from .file_checks import Header, examine, one_line, open_file, open_image, read_header

UPRIGHT = 1  # the usual EXIF orientation
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF orientation
RATIOS = (1, 2, 4, 8)  # by which the decoder of JPEG can shrink


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
    """`decode` for one shape, traced once."""
    signature = [tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int32)]
    return tf.function(lambda path, turn: decode(path, turn, image_shape), input_signature=signature)


def decode(path, turn, image_shape) -> tf.Tensor:
    """One file's image, uint8 of `image_shape`; `path` and `turn`, its EXIF orientation, are scalar tensors."""
    contents = tf.io.read_file(path)

    def jpeg():
        shape = tf.io.extract_jpeg_shape(contents)[None]
        part, ratio = jpeg_parts(shape[:, 0], shape[:, 1], image_shape, turns=turn)
        return decode_jpeg(contents, part[0], ratio[0], turn, image_shape)

    return tf.cond(tf.io.is_jpeg(contents), jpeg, lambda: fit(decode_other(path), image_shape))


def jpeg_parts(rows, columns, image_shape, window: Callable | None = None, turns=1) -> tuple[tf.Tensor, tf.Tensor]:
    """The parts of JPEGs to decode.

    Args:
        rows, columns: (n,), as they are stored.
        window: as for `fit`.
        turns: their EXIF orientations.

    Returns:
        (n, 4) parts, (top, left, rows, columns) of the shrunk image, and (n,) indices into `RATIOS`.
    """
    height, width = (tf.where(turns >= 5, *sides) for sides in (image_shape[1::-1], image_shape[:2]))
    part = tf.stack((window or cut_window)(rows, columns, height, width), axis=-1)
    spare = tf.minimum(part[:, 2] // height, part[:, 3] // width)  # how many times as large as what comes out
    ratio = tf.reduce_sum(tf.cast(spare[:, None] >= RATIOS[1:], tf.int32), axis=-1)
    return part // tf.gather(RATIOS, ratio)[:, None], ratio


def decode_jpeg(contents, part, ratio, turn, image_shape) -> tf.Tensor:
    """A JPEG's image, uint8 of `image_shape`.

    Args:
        contents: of the file.
        part, ratio: of this image, from `jpeg_parts`.
        turn: its EXIF orientation; `UPRIGHT` itself, where that is sure, costs least.
    """
    height, width, channels = image_shape
    upright = isinstance(turn, int)
    size = (height, width) if upright else tf.where(turn >= 5, (width, height), (height, width))

    def shrunk_by(ratio):
        # The smoother colors of "fancy upscaling" don't show in what shrinks, as most photos do, and take time.
        image = tf.io.decode_and_crop_jpeg(contents, part, 3, ratio, fancy_upscaling=False)
        return tf.image.resize(image, size, antialias=ratio == RATIOS[-1])

    image = tf.switch_case(ratio, [partial(shrunk_by, ratio) for ratio in RATIOS])
    if not upright:
        image = tf.cond(turn == UPRIGHT, lambda: image, lambda: _turned(image, turn))
    image = tf.ensure_shape(image, (height, width, 3))
    return tf.cast(tf.round(recolor(image, channels)), tf.uint8)


def _turned(image, turn):
    """Upright, for an EXIF orientation: 5 to 8 are transposed; 2, 3, 6, 7 are mirrored; 3, 4, 7, 8 upside down."""
    image = tf.cond(turn >= 5, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    image = tf.cond(tf.reduce_any(turn == (2, 3, 6, 7)), lambda: image[:, ::-1], lambda: image)
    return tf.cond(tf.reduce_any(turn == (3, 4, 7, 8)), lambda: image[::-1], lambda: image)


def decode_other(path) -> tf.Tensor:
    """The image of a file that is no JPEG, uint8 of its own size."""
    return tf.ensure_shape(tf.numpy_function(_decode_other, [path], tf.uint8, stateful=False), [None, None, 3])


def _decode_other(path: bytes) -> np.ndarray:
    image = upright(Path(os.fsdecode(path)))
    if image.mode.startswith("I"):  # 16 bits of grey
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB"))


def upright(path: Path, header: Header | None = None) -> Image.Image:
    """A file's image, decoded, in Pillow's mode of the file (a palette stays one), turned by its orientation.

    Raises:
        InputError: names the file, which is no image that can be read, or is damaged.
    """
    header = header or read_header(path)
    with open_file(path) as file:
        try:
            image = open_image(file, header.format)
            image.load()
        except Exception as error:  # a damaged file can raise anything
            raise InputError(f"{path}: is damaged and cannot be decoded: {one_line(error)}") from error
    return image.transpose(TURNS[header.turn]) if header.turn in TURNS else image
