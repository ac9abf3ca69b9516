"""Color changes: linear ones are composed to one matrix for each image, others to one lookup table.

`matrix` composes brightness, contrast, saturation, hue and lighting. `table` composes contrast stretching,
equalization, posterization and solarization.
"""

from math import gcd

import numpy as np
import tensorflow as tf

from ..pixels import LUMINANCE

# The principal components of the RGB values of ImageNet, white being 1: eigenvalues, which Krizhevsky et al. 2012,
# Section 4.1, multiply by random numbers, and eigenvectors, in columns. From facebookarchive/fb.resnet.torch,
# datasets/imagenet.lua.
EIGENVALUES = np.array([0.2175, 0.0188, 0.0045], np.float32)
EIGENVECTORS = np.array(
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]], np.float32
)
# To luminance and two axes of color (NTSC's I and Q), in which a change of hue is a rotation.
YIQ = np.array([LUMINANCE, [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]], np.float32)
TOGETHER = 8  # pixels in one block of a block diagonal matrix: one of three rows takes twice as long


def matrix(means, brightness=1.0, contrast=1.0, saturation=1.0, hue=0.0, light=0.0) -> tuple[tf.Tensor, tf.Tensor]:
    """The color matrix of each image. Changes act in the order of the arguments.

    All but the hue are those of Pillow's `ImageEnhance`.

    Args:
        means: (b, channels), the mean colors; 1 or 3 channels. With 1, saturation, hue and light have no effect.
        brightness: factors (b,) of all values.
        contrast: factors (b,) of the distance from the image's mean luminance.
        saturation: factors (b,) of the distance from each pixel's luminance.
        hue: turns (b,) of the circle of colors.
        light: (b, 3), added.

    Returns:
        (b, channels, channels) and (b, channels): a color c, a row, becomes c @ matrix + offset.
    """
    count, channels = tf.shape(means)[0], means.shape[-1]
    brightness, contrast, saturation, hue = (
        tf.broadcast_to(tf.cast(value, tf.float32), [count])[:, None, None]
        for value in (brightness, contrast, saturation, hue)
    )
    luminance = np.float32(LUMINANCE if channels == 3 else (1,))[:, None]
    one = tf.eye(channels)
    change = one * brightness * contrast
    offset = brightness * (1 - contrast) * (means[:, None] @ tf.broadcast_to(luminance, (count, channels, 1)))
    if channels == 3:
        change @= saturation * one + (1 - saturation) * np.repeat(luminance, 3, axis=1)
        cos, sin = tf.cos(2 * np.pi * hue), tf.sin(2 * np.pi * hue)
        turn = np.diag([1, 0, 0]) + cos * np.diag([0, 1, 1]) + sin * np.array([[0, 0, 0], [0, 0, 1], [0, -1, 0]])
        change @= YIQ.T @ turn @ np.linalg.inv(YIQ.T)
    offset = tf.broadcast_to(offset[:, 0], (count, channels))
    return change, offset + light if channels == 3 else offset


def recolor_by(images, change, offset) -> tf.Tensor:
    """Apply what `matrix` returns to images (b, height, width, channels): float32, clipped to 0 and 255."""
    images = tf.convert_to_tensor(images)
    together = gcd(images.shape[1:3].num_elements() or 1, TOGETHER)
    channels = together * images.shape[-1]
    blocks = np.eye(together, dtype=np.float32)[:, None, :, None] * change[:, None, :, None]
    change, offset = tf.reshape(blocks, (-1, channels, channels)), tf.tile(offset, (1, together))[:, None]
    colors = tf.reshape(tf.cast(images, tf.float32), (tf.shape(images)[0], -1, channels))
    return tf.reshape(tf.clip_by_value(colors @ change + offset, 0, 255), tf.shape(images))


def table(images, stretch=False, equalize=False, bits=8, threshold=256) -> tf.Tensor:
    """The lookup tables of each image. Changes act in the order of the arguments, as in Pillow's `ImageOps`.

    Args:
        images: uint8 (b, height, width, channels).
        stretch: bool (b,): the lowest value becomes 0, the highest 255.
        equalize: bool (b,): all values become equally frequent.
        bits: whole (b,): so many upper bits remain.
        threshold: whole (b,): values from this one on are inverted.

    Returns:
        uint8 (b, channels, 256).
    """
    count, pixels = tf.shape(images)[0], tf.shape(images)[1] * tf.shape(images)[2]
    stretch, equalize, bits, threshold = (
        tf.broadcast_to(value, [count])[:, None, None] for value in (stretch, equalize, bits, threshold)
    )
    value = tf.range(256)
    frequency = tf.math.bincount(tf.reshape(_places(images), [-1]), minlength=count * images.shape[-1] * 256)
    frequency = tf.reshape(frequency, (count, images.shape[-1], 256))
    lowest = tf.reduce_min(tf.where(frequency > 0, value, 255), axis=-1, keepdims=True)
    highest = tf.reduce_max(tf.where(frequency > 0, value, 0), axis=-1, keepdims=True)
    values = tf.broadcast_to(value, tf.shape(frequency))
    stretched = (values - lowest) * 255 // tf.maximum(highest - lowest, 1)
    values = tf.where(stretch & (highest > lowest), tf.clip_by_value(stretched, 0, 255), values)
    step = (pixels - tf.gather(frequency, highest, batch_dims=2)) // 255
    evened = (step // 2 + tf.cumsum(frequency, axis=-1, exclusive=True)) // tf.maximum(step, 1)
    values = tf.where(equalize & (step > 0), tf.minimum(evened, 255), values)
    values = tf.bitwise.left_shift(tf.bitwise.right_shift(values, 8 - bits), 8 - bits)
    return tf.cast(tf.where(values >= threshold, 255 - values, values), tf.uint8)


def mean_colors(images) -> tf.Tensor:
    """The means (b, channels) of images (b, height, width, channels), float32."""
    return tf.reduce_mean(tf.reduce_mean(images, axis=1), axis=1)  # both at once take three times as long


def looked_up(images, table) -> tf.Tensor:
    """Apply what `table` returns to images, uint8."""
    return tf.gather(tf.reshape(table, [-1]), _places(images))


def _places(images):
    """The index of each value in all tables, one after the other."""
    count, channels = tf.shape(images)[0], images.shape[-1]
    lists = tf.reshape(tf.range(count * channels), (count, 1, 1, channels))
    return lists * 256 + tf.cast(images, tf.int32)
