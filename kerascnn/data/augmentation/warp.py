"""Geometric distortions of images and their masks, all composed to one sampling grid and one interpolation.

The content of an image moves in this order, about the centre of the window that is cut out:

    stretch and scale -> shear -> rotation -> flips -> resizing of the crop -> translation -> lens

The grid goes the other way: for every pixel of the result, it gives the position in the image; the elastic displacement
is added there. `matrices` and `grid` have the order of the line above; a further distortion is one more line in them.

Where only whole pixels move (flips, `shift`), each result is one pixel; otherwise it is interpolated from four. Four
pixels are no antialiasing: an image may shrink to half its size before pixels are left out.
"""

import numpy as np
import tensorflow as tf

from ..pixels import mirrored_if
from ..sampling.stateless_random import below, fold, keys_of, normal, uniform
from .crop import draw_windows
from .interpolation import bilinear, clipped, mirrored, nearest
from .policies import Warp


def warp(images, how: Warp, key, masks=None, window: tuple[int, int] | None = None, more=None):
    """Distort a batch of images, each in its own way, and their masks in the same way.

    Args:
        images: (b, height, width, channels), uint8 or float, of at least 2x2 pixels.
        how: the distortions.
        key: `keys` of the images, (b,): what is done to each is a function of its key and of `how` alone. Or two
            integers, like [seed, step], from which the images of a batch get theirs.
        masks: whole numbers (b, height, width), of a type that can hold `mask_fill`.
        window: (rows, columns) of the result, by default those of the images. Without a crop it is cut out at a random
            place of each image.
        more: a further (matrices, shifts), (b, 2, 2) and two (b,), for `grid`.

    Returns:
        Images (b, rows, columns, channels), interpolated bilinearly; or these and masks (b, rows, columns) with the
        values of the nearest pixels. Types stay as they are.
    """
    images = tf.convert_to_tensor(images)
    size = [images.shape[axis] or tf.shape(images)[axis] for axis in (1, 2)]
    key, parts = (
        keys_of(key, tf.shape(images)[0]),
        (images,) if masks is None else (images, tf.convert_to_tensor(masks)),
    )
    if more is None and only_flips(how) and (window is None or tuple(window) == images.shape[1:3]):
        found = _flipped(parts, how, drawn_flips(how, key))
        return found[0] if masks is None else found
    y, x = grid(how, key, size, window or size, more)
    inside = mirrored if how.fill is None else clipped
    look_up = nearest if more is None and whole(how) else bilinear

    def warped(y, x, images, *masks):
        at = [inside(place, length) for place, length in zip((y, x), size, strict=True)]
        outside = None
        if how.fill is not None:
            outside = (tf.abs(y - at[0]) > 0.5) | (tf.abs(x - at[1]) > 0.5)
        return look_up(images, *at, outside, how.fill), *(nearest(m, *at, outside, how.mask_fill) for m in masks)

    def one_by_one(parts):
        return tuple(part[0] for part in warped(*(part[None] for part in parts)))

    if images.shape[0] == 1 or (more is None and straight(how)):
        found = warped(y, x, *parts)
    else:
        found = _apart(one_by_one, (y, x, *parts), parts)
    return found[0] if masks is None else found


def _apart(change, arguments, parts):
    """`change` of each image, with results like `parts`: an image fits into the caches, a batch doesn't."""
    kinds, at_once = tuple(part.dtype for part in parts), None if tf.executing_eagerly() else 4
    return tf.map_fn(change, arguments, fn_output_signature=kinds, parallel_iterations=at_once)


def _flipped(parts, how, flips):
    """Images and masks, each mirrored along the axes for which `drawn_flips` says so."""

    def one(arguments):
        *flips, parts = arguments
        for axis, (flip, probability) in enumerate(zip(flips, (how.flip_vertical, how.flip_horizontal), strict=True)):
            if probability:
                parts = tuple(mirrored_if(flip, part, axis) for part in parts)
        return parts

    return _apart(one, (*flips, parts), parts)


def drawn_flips(how: Warp, key) -> tuple[tf.Tensor, tf.Tensor]:
    """Which images are mirrored upside down, and which left and right, bool (b,), by a warp with `only_flips`."""
    forward = matrices(how, iter(tf.unstack(uniform(fold(key, 0), DRAWS))))
    return forward[:, 1, 1] < 0, forward[:, 0, 0] < 0


def straight(how: Warp) -> bool:
    """Whether rows stay rows and columns stay columns."""
    return not (how.elastic or how.quarter_turns or any((*how.rotation, *how.shear, *how.lens)))


def whole(how: Warp) -> bool:
    """Whether all movements are by whole pixels."""
    return only_flips(how._replace(shift=0))


def only_flips(how: Warp) -> bool:
    """Whether images are mirrored, and no more."""
    return how._replace(flip_horizontal=0, flip_vertical=0, fill=None, mask_fill=0, probability=1) == Warp()


def grid(how: Warp, key, size, window, more=None) -> tuple[tf.Tensor, tf.Tensor]:
    """The sampling grid: for every pixel of the result, its position in the image.

    Args:
        key: `keys` of the images, (b,).
        size, window: (height, width) of the images and of the result.
        more: a further (matrices, shifts), (b, 2, 2) and two (b,), of pixels (x, y) from the centre, pointing down; the
            matrices act after those of `how`.

    Returns:
        (y, x), each (b, *window): pixels from the centre of an image's first pixel, outside of the image too. Where
        `straight`, they are (b, rows, 1) and (b, 1, columns).
    """
    draws = iter(tf.unstack(uniform(fold(key, 0), DRAWS)))
    forward, shift = matrices(how, draws), [_drawn(how, draws, how.translation, 0) for _ in "yx"]
    if more is not None:
        forward, shift = more[0] @ forward, [one + other for one, other in zip(shift, more[1][::-1], strict=True)]
    inverse, lens = tf.linalg.inv(forward)[:, :, :, None, None], _drawn(how, draws, how.lens, 0)[:, None, None]
    firsts, parts = _windows(how, key, draws, size, window)
    dy, dx = (tf.reshape(tf.range(n) - (n - 1) / 2, shape) for n, shape in zip(_floats(window), AXES, strict=True))
    if any(how.lens):
        bend = 1 + lens * (dy**2 + dx**2) / tf.maximum(tf.reduce_max(dy) ** 2 + tf.reduce_max(dx) ** 2, 1)
        dy, dx = dy * bend, dx * bend
    dy, dx = (
        (d - moved[:, None, None]) * (part / rows)[:, None, None]
        for d, moved, part, rows in zip((dy, dx), shift, parts, _floats(window), strict=True)
    )
    y, x = ((first + (part - 1) / 2)[:, None, None] for first, part in zip(firsts, parts, strict=True))
    y, x = y + inverse[:, 1, 1] * dy, x + inverse[:, 0, 0] * dx
    if more is not None or not straight(how):
        y, x = y + inverse[:, 1, 0] * dx, x + inverse[:, 0, 1] * dy
    if how.elastic:
        n = how.elastic_nodes
        nodes = tf.reshape(how.elastic * normal(fold(key, 2), 2 * n * n), (2, n * n, -1))
        nodes = tf.reshape(tf.transpose(nodes, (0, 2, 1)), (-1, n * n))
        surface = nodes @ np.kron(*(cubic(n, length) for length in window)).T  # broadcasting @ crashes TensorFlow 2.21
        elastic = tf.reshape(surface, (2, -1, *window)) * _applied(how, next(draws))[:, None, None]
        y, x = y + elastic[0], x + elastic[1]
    return y, x


DRAWS = 26  # for an image: two a component, two flips, the turn, two places, two shifts, the elastic
AXES = (1, -1, 1), (1, 1, -1)  # of rows and of columns


def _windows(how, key, draws, size, window):
    """((first row, first column), (rows, columns)) of the windows or crops of the images, each (b,)."""
    if how.crop is not None:
        drawn = draw_windows(how.crop, fold(key, 1), *size, *window)
        firsts, parts = drawn[:2], drawn[2:]
    else:
        parts = [tf.fill(tf.shape(key), rows) for rows in window]
        firsts = [below(next(draws), tf.maximum(n - rows, 0) + 1) for n, rows in zip(size, parts, strict=True)]
    most = [tf.cast(tf.round(how.shift * rows), tf.int32) for rows in _floats(window)]
    firsts = [first + below(next(draws), 2 * far + 1) - far for first, far in zip(firsts, most, strict=True)]
    return _floats(firsts), _floats(parts)


def matrices(how: Warp, draws) -> tf.Tensor:
    """(b, 2, 2): linear maps of points (x, y), measured from the centre, with y pointing down."""
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
    """(length, nodes): the cubic convolution that interpolates between evenly spaced nodes. The first and the last node
    lie on the first and the last of `length` pixels.

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


def _floats(numbers):
    return [tf.cast(number, tf.float32) for number in numbers]


def _applied(how, chance):
    """1 where a component is applied, else 0."""
    return tf.cast(chance < how.probability, tf.float32)


def _matrix(a, b, c, d):
    return tf.reshape(tf.stack([a, b, c, d], axis=-1), (-1, 2, 2))
