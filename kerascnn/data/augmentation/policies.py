"""Augmentation policies of the papers, by name."""

from ast import literal_eval
from math import inf
from typing import NamedTuple

import tensorflow as tf

from ...errors import InputError, between, unknown
from ..pixels import fit, recolor
from ..sampling.stateless_random import fold, keys_of, normal, uniform
from .color import EIGENVALUES, EIGENVECTORS, looked_up, matrix, recolor_by, table
from .crop import Crop, draw_windows
from .mixup import mix, rectangle
from .randaugment import draw
from .warp import Warp, warp

GREY = 128  # the value of what is cut out
SIDE = 224  # of the images to which the pixels of AUGMENTS belong


# What numbers make sense, for `check`.
MOST = {"randaugment": 8, "magnitude": 10, "hue": 0.5, "lighting": 10, "mixup": 100, "cutmix": 100}
RANGES = ("rotation", "scale", "stretch", "shear", "translation", "lens")
LIMITS = {"warp.scale": (0.01, 100), "warp.stretch": (0.01, 100)}
LIMITS |= {"crop.area": (1e-4, 1), "crop.aspect": (0.01, 100), "crop.side": (1, 100)}


class Augment(NamedTuple):
    """An augmentation policy. Changes act in this order and are drawn for each image and epoch. Defaults do nothing.

    Attributes:
        warp: geometric distortions, in one sampling grid.
        randaugment: the number of operations of RandAugment. They are part of the sampling grid and the color changes.
        magnitude: of RandAugment, 0 to 10.
        brightness, contrast, saturation: the factors lie between 1 minus and 1 plus this; see `color.matrix`.
        hue: up to this share of the circle of colors, in either direction.
        lighting: standard deviation of the multiples of ImageNet's principal components that are added to all pixels.
        cutout: sides of a grey rectangle, as a share of the image's sides.
        mixup, cutmix: alpha; see `mixup.mix`. These two make labels soft.

    Grey images have no saturation, hue or lighting: these do nothing to them.
    """

    warp: Warp = Warp()
    randaugment: int = 0
    magnitude: float = 0
    brightness: float = 0
    contrast: float = 0
    saturation: float = 0
    hue: float = 0
    lighting: float = 0
    cutout: float = 0
    mixup: float = 0
    cutmix: float = 0

    @property
    def is_soft(self) -> bool:
        """Whether labels become shares of classes."""
        return bool(self.mixup or self.cutmix)


def _cropped(**crop) -> Warp:
    return Warp(crop=Crop(**crop), flip_horizontal=0.5)


INCEPTION = dict(area=(0.08, 1), aspect=(3 / 4, 4 / 3))
AUGMENTS = {
    "none": Augment(),
    "flip": Augment(Warp(flip_horizontal=0.5)),
    # Lee et al. 2014, arXiv:1409.5185; He et al. 2015, arXiv:1512.03385, Section 4.2: 4 of 32 pixels on each side
    "cifar": Augment(Warp(shift=4 / 32, flip_horizontal=0.5, fill=0)),
    # Krizhevsky et al. 2012, Section 4.1
    "alexnet": Augment(_cropped(side=(256 / 224, 256 / 224), central=True), lighting=0.1),
    # Simonyan and Zisserman 2014, arXiv:1409.1556, Section 3.1; the colors are AlexNet's
    "vgg": Augment(_cropped(side=(256 / 224, 512 / 224)), lighting=0.1),
    # Szegedy et al. 2014, arXiv:1409.4842, Section 6; the colors are those of Howard 2013, arXiv:1312.5402, Section 2
    "inception": Augment(_cropped(**INCEPTION), brightness=0.5, contrast=0.5, saturation=0.5),
    # He et al. 2015, arXiv:1512.03385, Section 3.4; the colors are AlexNet's
    "resnet": Augment(_cropped(side=(256 / 224, 480 / 224)), lighting=0.1),
    # Howard et al. 2017, arXiv:1704.04861, Section 3.2: less of it, no very small crops; the amounts are ours
    "mobilenet": Augment(
        _cropped(area=(0.35, 1), aspect=INCEPTION["aspect"]), brightness=0.2, contrast=0.2, saturation=0.2
    ),
    # Cubuk et al. 2019, arXiv:1909.13719, Section 4.4: ResNet-50 on ImageNet
    "randaugment": Augment(_cropped(**INCEPTION)._replace(fill=GREY), randaugment=2, magnitude=9),
    # Wightman et al. 2021, arXiv:2110.00476, Table 2, procedure A2
    "modern": Augment(_cropped(**INCEPTION)._replace(fill=GREY), randaugment=2, magnitude=7, mixup=0.1, cutmix=1),
    # Translation, flips, rotation, stretching, shearing and lens distortion; the amounts are ours
    "lectures": Augment(
        Warp(
            translation=(-22, 22),
            flip_horizontal=0.5,
            rotation=(-15, 15),
            stretch=(0.85, 1.15),
            shear=(-0.15, 0.15),
            lens=(-0.15, 0.15),
        )
    ),
}


def chosen(augment: str | Augment, window: tuple[int, int]) -> Augment:
    """The policy of a name, its translations scaled to images of this (height, width). An `Augment` is only checked.

    A name may be followed by changes of single amounts, like "cifar,mixup=0.2,cutout=0.5".
    """
    if isinstance(augment, Augment):
        check(augment)
        return augment
    name, *changes = augment.split(",")
    if name not in AUGMENTS:
        raise unknown("augmentation", name, AUGMENTS)
    how = AUGMENTS[name]
    pixels = tuple(bound * min(window) / SIDE for bound in how.warp.translation)
    how = how._replace(warp=how.warp._replace(translation=pixels), **dict(map(_amount, changes)))
    check(how)
    return how


def _amount(change):
    """("mixup", 0.2) of "mixup=0.2"."""
    name, _, value = change.strip().partition("=")
    if name not in Augment._fields[1:]:
        raise unknown("amount of an augmentation", name, Augment._fields[1:])
    try:
        return name, literal_eval(value)
    except (ValueError, SyntaxError):
        raise InputError(f"augment: {change.strip()}: must be an amount and its value, like mixup=0.2") from None


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
    return recolor_by(images, *matrix(tf.reduce_mean(images, axis=(1, 2)), **changes))


def check(how: Augment) -> None:
    """Raise an `InputError` that names the first field whose value makes no sense."""
    if not isinstance(how.warp, Warp):
        raise InputError(f"warp={how.warp!r}: must be a Warp")
    for name in how._fields[1:]:
        between(name, getattr(how, name), 0, MOST.get(name, 1))
    if how.randaugment != int(how.randaugment):
        raise InputError(f"randaugment={how.randaugment!r}: must be a whole number")
    crop = how.warp.crop or Crop()
    ranges = {f"warp.{name}": value for name, value in how.warp._asdict().items() if name in RANGES}
    ranges |= {"crop.area": crop.area or (1, 1), "crop.aspect": crop.aspect, "crop.side": crop.side}
    for name, found in ranges.items():
        least, most = LIMITS.get(name, (-inf, inf))
        if not (isinstance(found, tuple) and len(found) == 2 and least <= found[0] <= found[1] <= most):
            allowed = f", both from {least:g} to {most:g}" if name in LIMITS else ""
            raise InputError(f"{name}={found!r}: must be (low, high){allowed}")
