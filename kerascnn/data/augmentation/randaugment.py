"""RandAugment: a few of thirteen operations for every image, all of the same strength. Cubuk et al. 2019,
arXiv:1909.13719, Section 3; the ranges are those of torchvision's `RandAugment`.

Departs from the paper: sharpness, its fourteenth, is left out; what is drawn is not done in the order in which it was
drawn but positions first, then values, then colors, so that it is part of the one sampling grid, of one table and of
one matrix.

(`keras.layers.RandAugment` draws its distortions once for a whole batch, from a state, whatever seed is passed to it,
and works out all of them to keep two: with Keras 3.15.1 neither an image's number nor its place in a batch can decide.)
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ..sampling.stateless_random import below, uniform

OPERATIONS = (
    "nothing", "shear_x", "shear_y", "translate_x", "translate_y", "rotate", "brightness", "saturation", "contrast",
    "posterize", "solarize", "stretch", "equalize",
)  # fmt: skip
SHEAR, TRANSLATION, ROTATION, ENHANCEMENT = 0.3, 150 / 331, np.pi / 6, 0.9  # at full magnitude
POSTERIZED = 4  # bits that remain at full magnitude


class Drawn(NamedTuple):
    """The operations of a batch: arguments of `warp.grid`, `color.matrix` and `color.table`."""

    more: tuple[tf.Tensor, list[tf.Tensor]]
    factors: dict[str, tf.Tensor]
    values: dict[str, tf.Tensor]


def draw(operations: int, magnitude: float, key, window: tuple[int, int]) -> Drawn:
    """Draw the operations of each image.

    Args:
        operations: for each image.
        magnitude: 0 to 10.
        key: of the images, uint64 (b,); see `stateless_random`.
        window: (height, width) of the images.
    """
    draws = uniform(key, 2 * operations)
    chosen = below(draws[:operations], len(OPERATIONS))
    sign = tf.where(draws[operations:] < 0.5, -1.0, 1.0)
    strength = magnitude / 10

    def amount(name):
        return tf.where(chosen == OPERATIONS.index(name), sign, 0.0)

    def is_chosen(name):
        return tf.reduce_any(chosen == OPERATIONS.index(name), axis=0)

    def total(name, most):
        return strength * most * tf.reduce_sum(amount(name), axis=0)

    angle, one = total("rotate", ROTATION), tf.ones(tf.shape(key))
    cos, sin = tf.cos(angle), tf.sin(angle)
    turn = tf.stack([cos, sin, -sin, cos], axis=-1)
    shear = tf.stack([one, total("shear_x", SHEAR), total("shear_y", SHEAR), one], axis=-1)
    matrices = tf.reshape(turn, (-1, 2, 2)) @ tf.reshape(shear, (-1, 2, 2))
    sides = zip(("translate_x", "translate_y"), window[::-1], strict=True)
    shifts = [total(name, TRANSLATION * float(side)) for name, side in sides]
    factors = ("brightness", "saturation", "contrast")
    bits, threshold = 8 - round(strength * (8 - POSTERIZED)), round(255 * (1 - strength))
    return Drawn(
        more=(matrices, shifts),
        factors={name: tf.reduce_prod(1 + strength * ENHANCEMENT * amount(name), axis=0) for name in factors},
        values={
            "stretch": is_chosen("stretch"),
            "equalize": is_chosen("equalize"),
            "bits": tf.where(is_chosen("posterize"), bits, 8),
            "threshold": tf.where(is_chosen("solarize"), threshold, 256),
        },
    )
