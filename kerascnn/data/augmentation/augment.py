"""Augmentation of a batch by a policy."""

import tensorflow as tf

from ..pixels import fit, recolor
from ..sampling.stateless_random import fold, keys_of, normal, uniform
from .color import EIGENVALUES, EIGENVECTORS, looked_up, matrix, mean_colors, recolor_by, table
from .crop import draw_windows
from .mixup import mix, rectangle
from .policies import GREY, Augment, Warp
from .randaugment import draw
from .warp import drawn_flips, only_flips, warp


def augment(images, labels, how: Augment, key, classes: int = 0, image_shape: tuple[int, int, int] | None = None):
    """Apply a policy to a batch of images and their labels. Each image is changed in its own way.

    Args:
        images: (b, height, width, channels), uint8 or float from 0 to 255, with 1 or 3 channels.
        labels: whole numbers (b,), or shares of classes (b, classes).
        key: `keys` of the images, (b,): what is done to an image is a function of its key and of `how` alone,
            and with mixup and cutmix of its neighbour in the batch. Or two integers, like [seed, step].
        classes: how many there are; only for soft labels.
        image_shape: of the result, by default that of the images. Unless the warp has a crop, uint8 images are first
            cropped and resized to it, as `load` does without an augmentation.

    Returns:
        float32 images from 0 to 255 and labels: as they were, or float32 (b, classes) where `how.is_soft`.
    """
    images = tf.convert_to_tensor(images)
    key = keys_of(key, tf.shape(images)[0])
    *window, channels = image_shape or [n or tf.shape(images)[i] for i, n in enumerate(images.shape)][1:]
    drawn = draw(how.randaugment, how.magnitude, fold(key, 1), window) if how.randaugment else None
    if image_shape and not how.warp.crop:
        images = fit(images, image_shape)
    if drawn or how.warp != Warp():
        images = warp(images, how.warp, fold(key, 0), None, window, drawn and drawn.more)
    images = recolor(images, channels)
    if drawn:
        images = images if images.dtype == tf.uint8 else tf.cast(tf.round(images), tf.uint8)
        images = looked_up(images, table(images, **drawn.values))
    images = _recolor(tf.cast(images, tf.float32), how, fold(key, 2), drawn.factors if drawn else {})
    if how.cutout:
        images = tf.where(rectangle(fold(key, 3), *tf.unstack(tf.shape(images)[1:3]), how.cutout), GREY, images)
    if how.is_soft:
        labels = tf.convert_to_tensor(labels)
        labels = tf.one_hot(labels, classes) if labels.dtype.is_integer else tf.cast(labels, tf.float32)
        images, labels = mix(images, labels, fold(key, 4), how.mixup, how.cutmix)
    return images, labels


def draw_parts(how: Augment, key, *sizes) -> tuple:
    """The crops that `augment` draws, for a reader that decodes only these parts; see `draw_windows`."""
    return draw_windows(how.warp.crop, fold(fold(key, 0), 1), *sizes)


def draw_flips(how: Augment, key) -> tf.Tensor:
    """Which images `augment` mirrors left and right, bool (b,), for a reader that does it to each as it is decoded."""
    return drawn_flips(how.warp, fold(key, 0))[1]


def after_reading(how: Augment) -> tuple[Augment, bool]:
    """What remains of a policy where a reader crops, and whether the reader mirrors, too, where it costs least."""
    rest = how._replace(warp=how.warp._replace(crop=None))
    if only_flips(rest.warp) and rest.warp.flip_horizontal and not (rest.warp.flip_vertical or how.randaugment):
        return rest._replace(warp=Warp()), True
    return rest, False


def _recolor(images, how, key, factors):
    spread = {"brightness": how.brightness, "contrast": how.contrast, "saturation": how.saturation, "hue": how.hue}
    if not factors and not any(spread.values()) and not how.lighting:
        return images
    draws = dict(
        zip(
            spread,
            tf.unstack(2 * uniform(fold(key, 0), len(spread)) - 1),
            strict=True,
        )
    )
    changes = {name: (name != "hue") + spread[name] * draws[name] for name in spread}
    changes |= {name: factor * changes[name] for name, factor in factors.items()}
    if how.lighting:
        shares = how.lighting * normal(fold(key, 1), 3)
        changes["light"] = 255 * tf.transpose(EIGENVECTORS @ (EIGENVALUES[:, None] * shares))
    return recolor_by(images, *matrix(mean_colors(images), **changes))
