"""Cropping, resizing and channels of decoded images."""

from collections.abc import Callable

import tensorflow as tf

LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601


def fit(images, image_shape, window: Callable | None = None) -> tf.Tensor:
    """Crop and resize one image or a batch of them, uint8 of shape (..., height, width, 1 or 3), to `image_shape`.

    Args:
        window: (rows, columns, height, width) -> (top, left, rows, columns) of the crop; by default `cut_window`.
    """
    if images.shape[-3:] == image_shape and window is None:
        return images
    sizes = *tf.unstack(tf.shape(images)[-3:-1]), *image_shape[:2]
    top, left, rows, columns = (window or cut_window)(*sizes)
    return _resized(images[..., top : top + rows, left : left + columns, :], image_shape)


def _resized(images, image_shape):
    height, width, channels = image_shape
    rows, columns = tf.unstack(tf.shape(images)[-3:-1])
    images = tf.cond(
        (rows >= 2 * height) | (columns >= 2 * width),
        lambda: tf.image.resize(images, (height, width), antialias=True),
        lambda: tf.image.resize(images, (height, width)),  # several times as fast
    )
    return tf.cast(tf.round(recolor(images, channels)), tf.uint8)


def recolor(images, channels: int) -> tf.Tensor:
    """Convert images of 1 or 3 channels to this number of channels."""
    if channels < images.shape[-1]:
        images = tf.reduce_sum(tf.cast(images, tf.float32) * LUMINANCE, axis=-1, keepdims=True)
    elif channels > images.shape[-1]:
        images = tf.repeat(images, channels, axis=-1)
    return images


def mirrored_if(flip, image, axis: int = 1) -> tf.Tensor:
    """An image (height, width, ...), mirrored along an axis if the scalar `flip` is true."""
    return tf.cond(flip, lambda: tf.reverse(image, [axis]), lambda: image)


def cut_window(rows, columns, height, width) -> tuple:
    """(top, left, height, width) of the largest central part that has the aspect ratio height : width."""
    kept_rows = tf.clip_by_value(columns * height // width, 1, rows)
    kept_columns = tf.clip_by_value(rows * width // height, 1, columns)
    return (rows - kept_rows) // 2, (columns - kept_columns) // 2, kept_rows, kept_columns
