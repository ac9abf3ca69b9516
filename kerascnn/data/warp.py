"""Geometric distortions of images and their masks: however many, they are one sampling grid and one look-up.

What is in an image moves, in this order, about the centre of the window that is cut out of it:

    stretch and scale -> shear -> rotation -> flips -> translation

The grid is made the other way round: it says, for every pixel of the answer, where in the image it comes from; the
elastic displacement is added there. So the order of the table above is that of `matrices` and `grid`, and a further
distortion is one more line in one of them.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

Range = tuple[float, float]


class Warp(NamedTuple):
    """How images are distorted. A range (low, high) is drawn from uniformly, for every image anew; the defaults do
    nothing.

    Attributes:
        rotation: degrees, counter-clockwise.
        scale: factor of both axes.
        stretch: factor of each axis, drawn for each.
        shear: pixels sideways for a pixel along the other axis, drawn for each axis.
        translation: pixels along each axis, drawn for each.
        probability: that a component of the above, of which there are eight, or the elastic one is applied at all.
        flip_horizontal, flip_vertical: probability of mirroring left and right, top and bottom.
        quarter_turns: whether to rotate by 0, 90, 180 or 270 degrees first, each equally likely.
        elastic: standard deviation, in pixels, of the Gaussian displacements at the nodes of a coarse grid that spans
            the window; in between they are interpolated bicubically. 0 costs nothing.
        elastic_nodes: nodes of that grid along each axis, two or more.
        fill: what is outside of an image: a value, or None to mirror the image at its edge pixels.
        mask_fill: what is outside of a mask where `fill` is a value.
    """

    rotation: Range = (0, 0)
    scale: Range = (1, 1)
    stretch: Range = (1, 1)
    shear: Range = (0, 0)
    translation: Range = (0, 0)
    probability: float = 1
    flip_horizontal: float = 0
    flip_vertical: float = 0
    quarter_turns: bool = False
    elastic: float = 0
    elastic_nodes: int = 3
    fill: float | None = None
    mask_fill: int = 0


# Ronneberger et al. 2015, Section 3.1: displacements on a 3 by 3 grid with a standard deviation of 10 pixels; shifts
# and rotations, for which the paper has no numbers: here they are 20 pixels and any angle.
UNET = Warp(rotation=(-180, 180), translation=(-20, 20), elastic=10)
# Koch et al. 2015, Section 3.2: each of the seven components with probability 0.5.
KOCH = Warp(rotation=(-10, 10), shear=(-0.3, 0.3), stretch=(0.8, 1.2), translation=(-2, 2), probability=0.5)

# Small distortions that suit what has an up and a down.
SLIGHT = Warp(rotation=(-10, 10), scale=(0.9, 1.1), translation=(-4, 4))
# What lies under a microscope has neither. Half of each, because looking up between pixels takes away noise, which is
# in the images on which the network will be used.
MICROSCOPY = Warp(
    rotation=(-45, 45), scale=(0.85, 1.15), elastic=6, probability=0.5, flip_horizontal=0.5, quarter_turns=True
)
WARPS = {"none": Warp(), "slight": SLIGHT, "microscopy": MICROSCOPY, "unet": UNET, "koch": KOCH}


def warp(images, how: Warp, key, masks=None, window: tuple[int, int] | None = None):
    """Distort a batch of images, each in a way of its own, and their masks with them.

    Args:
        images: (b, height, width, channels), uint8 or float, of at least 2x2 pixels.
        how: what is drawn.
        key: two integers, like [seed, step]. What is done is a function of them, of `how` and of b alone.
        masks: whole numbers (b, height, width).
        window: (rows, columns) of a part to cut out, at a place of its own in each image; by default all of it.

    Returns:
        Images (b, rows, columns, channels), looked up bilinearly, or images and masks (b, rows, columns), looked up at
        the nearest pixel, so that they hold no other values than before. Types stay as they are.
    """
    images, key = tf.convert_to_tensor(images), tf.cast(key, tf.int64)
    size = [images.shape[axis] or tf.shape(images)[axis] for axis in (1, 2)]
    y, x = grid(how, key, tf.shape(images)[0], size, window or size)
    fold = _mirrored if how.fill is None else _clipped
    at = [fold(place, length) for place, length in zip((y, x), size, strict=True)]
    answers = [_bilinear(images, *at)] if masks is None else [_bilinear(images, *at), _nearest(masks, *at)]
    if how.fill is not None:
        outside = (tf.abs(y - at[0]) > 0.5) | (tf.abs(x - at[1]) > 0.5)
        for i, value in enumerate((how.fill, how.mask_fill)[: len(answers)]):
            covered = outside if i else outside[..., None]
            answers[i] = tf.where(covered, tf.cast(value, answers[i].dtype), answers[i])
    return answers[0] if masks is None else tuple(answers)


def grid(how: Warp, key, count, size, window) -> tuple[tf.Tensor, tf.Tensor]:
    """Where the pixels of `count` distorted images come from.

    Args:
        size, window: (height, width) of the images and of the part that is cut out.

    Returns:
        (y, x), each (count, *window): pixels from the centre of an image's first pixel, outside of the image too.
    """
    draws = iter(tf.unstack(tf.random.stateless_uniform([DRAWS, count], key)))
    inverse = tf.linalg.inv(matrices(how, draws))
    offsets, centres = [], []
    for n, rows in zip(size, window, strict=True):
        n, rows = tf.cast(n, tf.float32), tf.cast(rows, tf.float32)
        shift = _drawn(how, draws, how.translation, 0)
        offsets.append(tf.range(rows) - (rows - 1) / 2 - shift[:, None])
        centres.append(tf.floor(next(draws) * (tf.maximum(n - rows, 0) + 1)) + (rows - 1) / 2)
    dy, dx = offsets[0][:, :, None], offsets[1][:, None, :]
    x, y = (
        inverse[:, i, 0, None, None] * dx + inverse[:, i, 1, None, None] * dy + centre[:, None, None]
        for i, centre in enumerate(reversed(centres))
    )
    if how.elastic:
        n = how.elastic_nodes
        nodes = tf.random.stateless_normal([2 * count, n * n], tf.random.fold_in(key, 1), stddev=how.elastic)
        surface = nodes @ np.kron(*(cubic(n, length) for length in window)).T  # broadcasting @ crashes TensorFlow 2.21
        elastic = tf.reshape(surface, (2, count, *window)) * _applied(how, next(draws))[:, None, None]
        y, x = y + elastic[0], x + elastic[1]
    return y, x


DRAWS = 22  # numbers drawn for an image: two a component, one for each flip, the quarter turn, the elastic, two places


def matrices(how: Warp, draws) -> tf.Tensor:
    """(count, 2, 2): what is done to a point (x, y), measured from the centre, with y pointing down."""
    angle = _drawn(how, draws, how.rotation, 0) * (np.pi / 180)
    scale = _drawn(how, draws, how.scale, 1)
    stretch_x, stretch_y = (scale * _drawn(how, draws, how.stretch, 1) for _ in "xy")
    shear_x, shear_y = (_drawn(how, draws, how.shear, 0) for _ in "xy")
    flip_x, flip_y = (
        1 - 2 * tf.cast(next(draws) < probability, tf.float32)
        for probability in (how.flip_horizontal, how.flip_vertical)
    )
    turn = tf.floor(next(draws) * 4)
    if how.quarter_turns:
        angle += turn * (np.pi / 2)
    none, one = tf.zeros_like(angle), tf.ones_like(angle)
    cos, sin = tf.cos(angle), tf.sin(angle)
    return (
        _matrix(flip_x, none, none, flip_y)
        @ _matrix(cos, sin, -sin, cos)
        @ _matrix(one, shear_x, shear_y, one)
        @ _matrix(stretch_x, none, none, stretch_y)
    )


def cubic(nodes: int, length: int) -> np.ndarray:
    """(length, nodes): the cubic convolution that interpolates values at evenly spaced nodes, of which the first and
    the last lie on the first and the last of `length` pixels.

    Keys 1981, "Cubic convolution interpolation for digital image processing", with its values beyond the ends; of two
    nodes these are on their line.
    """
    place = np.linspace(0, nodes - 1, length)[:, None] - np.arange(-1, nodes + 1)
    s = np.abs(place)
    near, far = 1.5 * s**3 - 2.5 * s**2 + 1, -0.5 * s**3 + 2.5 * s**2 - 4 * s + 2
    weights = np.where(s < 1, near, np.where(s < 2, far, 0))
    beyond = [3, -3, 1] if nodes > 2 else [2, -1]
    extended = np.eye(nodes + 2, nodes, -1)
    extended[0, : len(beyond)] = beyond
    extended[-1, ::-1][: len(beyond)] = beyond
    return (weights @ extended).astype(np.float32)


def _drawn(how, draws, bounds, neutral):
    value, chance = next(draws), next(draws)
    low, high = bounds
    return neutral + _applied(how, chance) * (low - neutral + (high - low) * value)


def _applied(how, chance):
    """1 where a component is applied, else 0."""
    return tf.cast(chance < how.probability, tf.float32)


def _matrix(a, b, c, d):
    return tf.reshape(tf.stack([a, b, c, d], axis=-1), (-1, 2, 2))


def _mirrored(place, length):
    last = tf.cast(length, tf.float32) - 1
    turns = tf.floor(place / (2 * last))
    return last - tf.abs(place - turns * 2 * last - last)


def _clipped(place, length):
    return tf.clip_by_value(place, 0.0, tf.cast(length, tf.float32) - 1)


def _bilinear(images, y, x):
    shape = tf.shape(images)
    top, left = tf.floor(y), tf.floor(x)
    down, right = (y - top)[..., None], (x - left)[..., None]
    pixels = tf.reshape(images, (-1, images.shape[-1]))
    at = _numbers(shape, top, left)
    last = tf.shape(pixels)[0] - 1  # beyond the last row and column the share is 0, whatever is there

    def between(at):
        one, other = (tf.cast(tf.gather(pixels, i), tf.float32) for i in (at, tf.minimum(at + 1, last)))
        return one + right * (other - one)

    upper = between(at)
    warped = upper + down * (between(tf.minimum(at + shape[2], last)) - upper)
    return tf.cast(warped if images.dtype.is_floating else tf.round(warped), images.dtype)


def _nearest(masks, y, x):
    masks = tf.convert_to_tensor(masks)
    return tf.gather(tf.reshape(masks, [-1]), _numbers(tf.shape(masks), tf.round(y), tf.round(x)))


def _numbers(shape, rows, columns):
    """Of pixels, in a batch that is one long list of them."""
    first = tf.range(shape[0])[:, None, None] * shape[1]
    return (first + tf.cast(rows, tf.int32)) * shape[2] + tf.cast(columns, tf.int32)
