"""Decoding, cropping and resizing of image files, the same for training and for prediction.

* JPEG is decoded by TensorFlow's op, and only the crop. The decoder shrinks it by 2, 4 or 8 (in the frequency domain)
  if it stays larger than wanted. Pillow decodes all other formats: TensorFlow takes the palette of a BMP for grey
  values and has no color for what is transparent. But TensorFlow decodes a PNG of 16 bits, of whose colors Pillow gives
  only the upper 8.
* The orientation in the EXIF data is honoured. Transparent pixels are put on white. Of an animation the first frame
  counts. A very large image is first shrunk by whole numbers.
* Of a value of 16 bits the upper 8 count. But a camera of 10, 12 or 14 bits leaves the upper ones empty, and the file
  does not say so: the largest value in all files that are used together says how many bits are filled. They must be the
  same for all images of a network, so `bits` is kept with its mean and standard deviation.
* An image is cropped centrally to the target's aspect ratio, then resized bilinearly, with antialiasing if it shrinks
  to half its size or less: a smaller change leaves out no pixel anyway.
* Grey becomes color by repeating, color becomes grey by luminance.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from threading import Lock

import numpy as np
import tensorflow as tf
from PIL import Image

from ...errors import InputError, one_of
from ..pixels import cut_window, fit, recolor
from .file_checks import (
    Header,
    Refuse,
    check_unchanged,
    fault_of,
    one_line,
    open_file,
    open_image,
    read_header,
    read_headers,
    refuse,
)

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
BITS = (8, 10, 12, 14, 16)  # that a value of 16 bits may fill
LARGE = 2**24  # pixels: larger images are shrunk first, and decoded one at a time
TOGETHER = 16  # JPEGs that a thread decodes in one call
ONE_LARGE = Lock()
DAMAGED = "is damaged and cannot be decoded"


def read_images(paths, image_shape: tuple[int, int, int], bits: int | None = None) -> np.ndarray:
    """Read image files as they are read for training.

    Args:
        paths: files, str or Path.
        image_shape: (height, width, channels) of the result; channels 1 or 3.
        bits: how many bits are filled in files of 16 bits, 8, 10, 12, 14 or 16; None for those that the largest value
            in these files needs.

    Returns:
        uint8 of shape (files, height, width, channels); `scale` brings it to the range that a network wants.

    Raises:
        InputError: names a file that is missing, empty, truncated, damaged, too large or not what its extension says.
    """
    paths = [Path(path) for path in paths]
    return decode_files(paths, fill_bits(paths, read_headers(paths), bits), image_shape)


def fill_bits(
    paths: Sequence[Path], headers: Sequence[Header], bits: int | None = None, refuse: Refuse = refuse
) -> list[Header]:
    """The headers of files that are used together, with the number of bits that are `filled` in files of 16 bits.

    Args:
        paths, headers: of all files. Files of 16 bits are decoded if `bits` is None.
        bits: 8, 10, 12, 14 or 16; None for those that the largest value in all files needs.
        refuse: what becomes of a fault; see `file_checks.refuse`.

    Raises:
        InputError: a file has values of more than 16 bits, or is damaged.
    """
    one_of("bits", bits, (None, *BITS))
    for path, header in zip(paths, headers, strict=True):
        if header.bits > 16:
            refuse(path, f"has values of {header.bits} bits; allowed are 16, in whole numbers from 0")
    deep = [i for i, header in enumerate(headers) if header.bits == 16]
    if deep and bits is None:
        with ThreadPoolExecutor() as pool:
            largest = max(pool.map(lambda i: _largest(paths[i], headers[i], refuse), deep))
        bits = next(n for n in BITS if largest < 2**n) if largest else 16
    for i in deep:
        if headers[i].format == "TIFF" and headers[i].channels == 3 and bits < 16:
            refuse(paths[i], f"fills {bits} of 16 bits in colors, of which only the upper 8 are read; use PNG")
    return [header._replace(filled=bits) if header.bits == 16 else header for header in headers]


def decode_files(paths: Sequence[Path], headers: Sequence[Header], image_shape) -> np.ndarray:
    """The files' images, uint8 (files, *image_shape). Names a file that has changed or cannot be decoded."""
    image_shape = tuple(image_shape)
    images = np.empty((len(paths), *image_shape), np.uint8)
    if any(_is_resized_jpeg(header, image_shape) for header in headers):
        _jpeg_decoder(image_shape)  # once, before several threads want it
    runs = []
    for together, run in groupby(range(len(paths)), lambda i: _is_resized_jpeg(headers[i], image_shape)):
        run = list(run)
        most = TOGETHER if together else 1
        runs += [run[first : first + most] for first in range(0, len(run), most)]

    def fill(run):
        images[run] = _decoded([paths[i] for i in run], [headers[i] for i in run], image_shape)

    with ThreadPoolExecutor() as pool:
        list(pool.map(fill, runs))
    for path, header in zip(paths, headers, strict=True):
        check_unchanged(path, header.stamp)  # afterwards, so that no moment is left out
    return images


def decode_whole(path: Path, header: Header) -> np.ndarray:
    """One file's image at its own size, upright: uint8 (height, width, 3). Raises an `InputError` that names it.

    A JPEG is decoded as exactly as others do it, not as fast as for training: saved without loss it is the same.
    """
    if header.format != "JPEG":
        return decode_other(path, header, header.shape)
    with _one_if_large(header):
        with open_file(path, header.stamp) as file:
            contents = file.read()
        try:
            with tf.device("CPU:0"):
                image = tf.io.decode_jpeg(contents, 3, dct_method="INTEGER_ACCURATE").numpy()
        except tf.errors.OpError as error:
            raise _fault(path, header) from error
        return image if header.turn == UPRIGHT else np.asarray(_turned_back(Image.fromarray(image), header))


def decode(path: Path, header: Header, image_shape) -> np.ndarray:
    """One file's image, uint8 of `image_shape`. Raises an `InputError` that names it."""
    if header.format != "JPEG":
        return fit(decode_other(path, header, image_shape), image_shape)
    try:
        if not _is_resized_jpeg(header, image_shape):
            return _jpeg_as_it_is(path, header, image_shape)
        return _resized_jpegs([path], [header], image_shape)[0]
    except tf.errors.OpError as error:
        raise _fault(path, header) from error


def _decoded(paths, headers, image_shape):
    """As `decode`, for several files if they are JPEGs that are resized: a call for each takes a quarter more."""
    if len(paths) > 1:
        try:
            return _resized_jpegs(paths, headers, image_shape)
        except tf.errors.OpError:
            pass  # one of them is at fault
    return [decode(path, header, image_shape) for path, header in zip(paths, headers, strict=True)]


def _is_resized_jpeg(header, image_shape):
    return header.format == "JPEG" and header.shape[:2] != tuple(image_shape[:2])


def _resized_jpegs(paths, headers, image_shape):
    about = np.array([(*header.size, header.turn) for header in headers], np.int32)
    return _jpeg_decoder(image_shape)([os.fsencode(path) for path in paths], about)


def _jpeg_as_it_is(path, header, image_shape):
    """The same at a JPEG's own size. Nothing is traced: each size would cost time, and memory for good."""
    with open_file(path, header.stamp) as file:
        contents = file.read()
    with tf.device("CPU:0"):
        image = tf.io.decode_jpeg(contents, 3, fancy_upscaling=False)
        return fit(image if header.turn == UPRIGHT else _turned(image, tf.constant(header.turn)), image_shape)


def _fault(path, header) -> InputError:
    """What is wrong with a file that TensorFlow does not decode. Pillow says more about it."""
    try:
        upright(path, header)
    except InputError as error:
        return error
    return InputError(f"{path}: {DAMAGED}")


@contextmanager
def _named(path) -> Iterator[None]:
    """Whatever goes wrong with a file is an `InputError` that names it."""
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{path}: there is not enough memory to decode it") from error
    except Exception as error:  # a damaged file can raise anything
        raise InputError(f"{path}: {DAMAGED}: {one_line(error)}") from error


@cache
def _jpeg_decoder(image_shape):
    """`decode_jpeg` of some files for one shape, traced once."""

    def decoded(paths, about):
        rows, columns, turns = tf.unstack(about, axis=1)

        def one(file):
            path, part, ratio, turn = file
            return decode_jpeg(tf.io.read_file(path), part, ratio, turn, image_shape)

        files = (paths, *jpeg_parts(rows, columns, image_shape, turns=turns), turns)
        return tf.map_fn(one, files, fn_output_signature=tf.uint8, parallel_iterations=1)

    function = tf.function(
        decoded, input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None, 3], tf.int32)]
    )
    function.get_concrete_function()
    return function


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


def decode_other(path: Path, header: Header, image_shape) -> np.ndarray:
    """The image of a file that is no JPEG, uint8 (rows, columns, 3): its own size, or less if it is very large.

    Args:
        path, header: of the file.
        image_shape: to which the image is to be cropped and resized.
    """
    height, width, _ = header.shape
    with _one_if_large(header) as large, _named(path):
        if header.bits > 8:
            image = _turned_back(Image.fromarray(_upper_8(_deep(path, header), header.filled)), header)
        else:
            image = upright(path, header)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            white = Image.new("RGB", image.size, "white")
            white.paste(image, mask=image)
            image = white
        if image.mode != "RGB":
            image = image.convert("RGB")
        spare = min(height // image_shape[0], width // image_shape[1]) // RATIOS[-1]
        return np.asarray(image.reduce(spare) if large and spare > 1 else image)


def _one_if_large(header):
    """A context for what decodes an image, whose value says if it is large; no two large ones are decoded at a time."""
    return ONE_LARGE if header.size[0] * header.size[1] > LARGE else nullcontext(False)


def upright(path: Path, header: Header | None = None) -> Image.Image:
    """A file's image, decoded, in Pillow's mode of the file (a palette stays one), turned by its orientation.

    Raises:
        InputError: names the file, which is no image that can be read, is damaged, or has changed since its `header`
            was read.
    """
    header = header or read_header(path)
    with open_file(path, header.stamp) as file, _named(path):
        image = open_image(file, header.format)
        image.load()
        return _turned_back(image, header) if header.format != "TIFF" else image  # Pillow itself has turned that


def _turned_back(image, header):
    return image.transpose(TURNS[header.turn]) if header.turn in TURNS else image


def _deep(path, header):
    """The values of an image of more than 8 bits, (rows, columns) or (rows, columns, channels), as they are stored."""
    if header.format == "PNG":
        with open_file(path, header.stamp) as file:
            contents = file.read()
        try:
            with tf.device("CPU:0"):
                return tf.io.decode_png(contents, dtype=tf.uint16).numpy()
        except tf.errors.OpError as error:
            raise _fault(path, header) from error
    values = np.asarray(upright(path, header))
    return values if header.channels == 1 else values.astype(np.uint16) * 257


def _largest(path, header, refuse):
    try:
        with _one_if_large(header):
            return int(_colors(_deep(path, header)).max())
    except InputError as error:
        refuse(path, fault_of(path, error))
        return 0


def _colors(values):
    """Values without the transparency."""
    return values[..., :-1] if values.ndim == 3 and values.shape[-1] in (2, 4) else values


def _upper_8(values, bits):
    """The upper 8 of the bits that are filled, uint8; of transparency, of 16."""
    upper = (values >> 8).astype(np.uint8)
    _colors(upper)[...] = np.minimum(_colors(values) >> (bits - 8), 255)
    return upper[..., 0] if upper.shape[2:] == (1,) else upper
