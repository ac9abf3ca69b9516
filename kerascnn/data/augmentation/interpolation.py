"""Interpolation: values of images at positions between their pixels."""

import tensorflow as tf


def mirrored(place, length):
    """Positions, mirrored at the centres of the first and the last pixel where they lie outside."""
    last = tf.cast(length, tf.float32) - 1
    turns = tf.floor(place / (2 * last))
    return last - tf.abs(place - turns * 2 * last - last)


def clipped(place, length):
    """Positions, moved to the first or the last pixel where they lie outside."""
    return tf.clip_by_value(place, 0.0, tf.cast(length, tf.float32) - 1)


def bilinear(images, y, x, outside=None, fill=0):
    """Interpolate images (b, height, width, channels) bilinearly at positions that broadcast to (b, rows, columns).

    Args:
        outside: bool: which positions get `fill` instead.
    """
    top, left = tf.floor(y), tf.floor(x)
    down, right = (y - top)[..., None], (x - left)[..., None]
    pixels, at = _looked_up(images, top, left, outside, fill)
    last = tf.shape(pixels)[0] - 1  # beyond the last row and column the share is 0, whatever is there

    def between(at):
        one, other = (tf.cast(tf.gather(pixels, i), tf.float32) for i in (at, tf.minimum(at + 1, last)))
        return one + right * (other - one)

    upper = between(at)
    warped = upper + down * (between(tf.minimum(at + tf.shape(images)[2], last)) - upper)
    return tf.cast(warped if images.dtype.is_floating else tf.round(warped), images.dtype)


def nearest(images, y, x, outside=None, fill=0):
    """Values of the nearest pixels. `images` may also be masks (b, height, width)."""
    images = tf.convert_to_tensor(images)
    return tf.gather(*_looked_up(images, tf.round(y), tf.round(x), outside, fill))


def _looked_up(images, rows, columns, outside, fill):
    """All pixels of a batch as one list, with `fill` at its end, and the indices of the positions in it."""
    shape = tf.shape(images)
    pixels = tf.reshape(images, tf.concat([[-1], shape[3:]], axis=0))
    first = tf.range(shape[0])[:, None, None] * shape[1]
    at = (first + tf.cast(rows, tf.int32)) * shape[2] + tf.cast(columns, tf.int32)
    if outside is not None:
        at = tf.where(outside, tf.shape(pixels)[0], at)
        pixels = tf.pad(
            pixels, [[0, 1], *[[0, 0]] * (len(images.shape) - 3)], constant_values=tf.cast(fill, pixels.dtype)
        )
    return pixels, at
