"""Random crops for training, and the ten crops for evaluation."""

import tensorflow as tf

from ..pixels import cut_window
from ..sampling.stateless_random import below, uniform
from .policies import Crop

TRIES = 10


def draw_windows(crop: Crop, key, rows, columns, height, width) -> tuple:
    """Draw a crop for each key.

    Args:
        key: of the images, uint64 (b,); see `stateless_random`.
        rows, columns: of the images.
        height, width: of the result.

    Returns:
        (top, left, rows, columns) in whole pixels of an image: int32 (b,).
    """
    draws = uniform(key, 2 * TRIES + 2)
    place, draws = tf.unstack(draws[:2]), draws[2:]
    tallest, widest = cut_window(rows, columns, height, width)[2:]
    at, room = (0, 0), (rows, columns)
    if crop.area is None:
        low, high = crop.side
        sides = [tf.cast(length, tf.float32) / (low + (high - low) * draws[0]) for length in (tallest, widest)]
        size = [tf.maximum(tf.cast(tf.round(side), tf.int32), 1) for side in sides]
        if crop.central:
            at, room = ((rows - tallest) // 2, (columns - widest) // 2), (tallest, widest)
    else:
        size = _by_area(crop, draws, rows, columns, height, width, (tallest, widest))
    return (
        *(
            first + below(share, length - part + 1)
            for first, share, length, part in zip(at, place, room, size, strict=True)
        ),
        *size,
    )


def ten_crops(images, height: int, width: int) -> tf.Tensor:
    """Ten crops of images (b, h, w, channels): corners, centre, and their mirror images: (b, 10, height, width, ...).

    Krizhevsky et al. 2012, Section 4.1.
    """
    bottom, right = images.shape[1] - height, images.shape[2] - width
    places = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    five = tf.stack([images[:, top : top + height, left : left + width] for top, left in places], axis=1)
    return tf.concat([five, five[:, :, :, ::-1]], axis=1)


def _by_area(crop, draws, rows, columns, height, width, largest):
    """The first of ten attempts that lies within the image; the largest part of the right shape where none does."""
    low, high = crop.area
    narrow, wide = crop.aspect
    area = tf.cast(rows * columns, tf.float32) * (low + (high - low) * draws[:TRIES])
    ratio = tf.cast(width / height, tf.float32) * narrow * (wide / narrow) ** draws[TRIES:]
    tries = [tf.cast(tf.round(tf.sqrt(part)), tf.int32) for part in (area / ratio, area * ratio)]
    inside = (tries[0] >= 1) & (tries[1] >= 1) & (tries[0] <= rows) & (tries[1] <= columns)
    first = tf.argmax(inside, axis=0, output_type=tf.int32)
    at = tf.stack([first, tf.range(tf.size(first))], axis=1)
    none = ~tf.reduce_any(inside, axis=0)
    return [tf.where(none, most, tf.gather_nd(part, at)) for part, most in zip(tries, largest, strict=True)]
