"""Augmentation policies of the papers and distortions, by name, with a line on what each does; without TensorFlow."""

from ast import literal_eval
from math import inf
from typing import NamedTuple

from ...errors import InputError, between, unknown

Range = tuple[float, float]
GREY = 128  # the value of what is cut out
SIDE = 224  # of the images to which the pixels of AUGMENTS belong


# What numbers make sense, for `check`.
MOST = {"randaugment": 8, "magnitude": 10, "hue": 0.5, "lighting": 10, "mixup": 100, "cutmix": 100}
RANGES = ("rotation", "scale", "stretch", "shear", "translation", "lens")
LIMITS = {"warp.scale": (0.01, 100), "warp.stretch": (0.01, 100)}
LIMITS |= {"crop.area": (1e-4, 1), "crop.aspect": (0.01, 100), "crop.side": (1, 100)}


class Crop(NamedTuple):
    """How a crop is drawn and resized: either by its area, or after resizing the image by its shorter side.

    Attributes:
        area: the crop's share of the image's area, evenly distributed; None to use `side`.
        aspect: the aspect ratio of the crop, divided by that of the result; evenly distributed on a logarithmic scale.
        side: without `area`: the shorter side to which the image is resized before it is cropped, divided by the side
            of the result: 256 / 224.
        central: without `area`: whether the crop lies in the central part that has the aspect ratio of the result.
    """

    area: Range | None = None
    aspect: Range = (1, 1)
    side: Range = (1, 1)
    central: bool = False


class Warp(NamedTuple):
    """How images are distorted. From a range (low, high) a number is drawn uniformly for each image. The defaults do
    nothing.

    Attributes:
        rotation: degrees, counter-clockwise.
        scale: factor of both axes.
        stretch: factor of each axis, drawn for each.
        shear: pixels sideways for a pixel along the other axis, drawn for each axis.
        translation: pixels along each axis, drawn for each.
        lens: radial distortion: how much further from the centre the value of a corner is read, as a share of its
            distance. The share grows with the square of the distance. Above 0 it is a barrel, below a pincushion.
        probability: of applying each of the nine components above, and the elastic one.
        flip_horizontal, flip_vertical: probability of mirroring left and right, top and bottom.
        quarter_turns: whether to rotate by 0, 90, 180 or 270 degrees first, each equally likely.
        elastic: standard deviation, in pixels, of the Gaussian displacements at the nodes of a coarse grid that spans
            the window; in between they are interpolated bicubically. 0 costs nothing.
        elastic_nodes: nodes of that grid along each axis, two or more.
        shift: the largest shift in either direction, as a share of each side; in whole pixels.
        crop: see `Crop`. None cuts out a window of the result's size.
        fill: the value outside of an image, or None to mirror the image at its edge pixels.
        mask_fill: the value outside of a mask where `fill` is a value; -1 stands for void.
    """

    rotation: Range = (0, 0)
    scale: Range = (1, 1)
    stretch: Range = (1, 1)
    shear: Range = (0, 0)
    translation: Range = (0, 0)
    lens: Range = (0, 0)
    probability: float = 1
    flip_horizontal: float = 0
    flip_vertical: float = 0
    quarter_turns: bool = False
    elastic: float = 0
    elastic_nodes: int = 3
    shift: float = 0
    crop: Crop | None = None
    fill: float | None = None
    mask_fill: int = 0


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


_WARPS = {
    "none": ("nothing", Warp()),
    "slight": (
        "turns by up to 10 degrees, scales by up to 10 %, shifts by up to 4 pixels: suits what has an up and a down",
        Warp(rotation=(-10, 10), scale=(0.9, 1.1), translation=(-4, 4)),
    ),
    # What lies under a microscope has no up and down. Half of each, because looking up between pixels takes away
    # noise, which is in the images on which the network will be used.
    "microscopy": (
        "half of each: any turn or mirroring, scales by up to 15 %, elastic by 6 pixels: for what has no up and down",
        Warp(
            rotation=(-45, 45), scale=(0.85, 1.15), elastic=6, probability=0.5, flip_horizontal=0.5, quarter_turns=True
        ),
    ),
    # Ronneberger et al. 2015, Section 3.1: displacements on a 3 by 3 grid with a standard deviation of 10 pixels;
    # shifts and rotations, for which the paper has no numbers: here they are 20 pixels and any angle.
    "unet": (
        "any turn, shifts by up to 20 pixels, elastic by 10 pixels (Ronneberger et al. 2015)",
        Warp(rotation=(-180, 180), translation=(-20, 20), elastic=10),
    ),
    # Koch et al. 2015, Section 3.2: each of the seven components with probability 0.5.
    "koch": (
        "half of each: turns by up to 10 degrees, shears, stretches, shifts by up to 2 pixels (Koch et al. 2015)",
        Warp(rotation=(-10, 10), shear=(-0.3, 0.3), stretch=(0.8, 1.2), translation=(-2, 2), probability=0.5),
    ),
}
INCEPTION = dict(area=(0.08, 1), aspect=(3 / 4, 4 / 3))
_AUGMENTS = {
    "none": ("nothing", Augment()),
    "flip": ("mirrors half of the images, left to right", Augment(Warp(flip_horizontal=0.5))),
    # Lee et al. 2014, arXiv:1409.5185; He et al. 2015, arXiv:1512.03385, Section 4.2: 4 of 32 pixels on each side
    "cifar": (
        "shifts by up to 4 of 32 pixels and mirrors half (He et al. 2015)",
        Augment(Warp(shift=4 / 32, flip_horizontal=0.5, fill=0)),
    ),
    # Krizhevsky et al. 2012, Section 4.1
    "alexnet": (
        "crops 224 of 256 pixels, mirrors half, shifts the colors of the light (Krizhevsky et al. 2012)",
        Augment(_cropped(side=(256 / 224, 256 / 224), central=True), lighting=0.1),
    ),
    # Simonyan and Zisserman 2014, arXiv:1409.1556, Section 3.1; the colors are AlexNet's
    "vgg": (
        "crops 224 of 256 to 512 pixels, mirrors half, light as alexnet (Simonyan & Zisserman 2014)",
        Augment(_cropped(side=(256 / 224, 512 / 224)), lighting=0.1),
    ),
    # Szegedy et al. 2014, arXiv:1409.4842, Section 6; the colors are those of Howard 2013, arXiv:1312.5402, Section 2
    "inception": (
        "crops 8 to 100 % of the area, mirrors half, colors by up to a half (Szegedy et al. 2014)",
        Augment(_cropped(**INCEPTION), brightness=0.5, contrast=0.5, saturation=0.5),
    ),
    # He et al. 2015, arXiv:1512.03385, Section 3.4; the colors are AlexNet's
    "resnet": (
        "crops 224 of 256 to 480 pixels, mirrors half, light as alexnet (He et al. 2015)",
        Augment(_cropped(side=(256 / 224, 480 / 224)), lighting=0.1),
    ),
    # Howard et al. 2017, arXiv:1704.04861, Section 3.2: less of it, no very small crops; the amounts are ours
    "mobilenet": (
        "as inception, but less: 35 to 100 % of the area, colors by up to a fifth (Howard et al. 2017)",
        Augment(_cropped(area=(0.35, 1), aspect=INCEPTION["aspect"]), brightness=0.2, contrast=0.2, saturation=0.2),
    ),
    # Cubuk et al. 2019, arXiv:1909.13719, Section 4.4: ResNet-50 on ImageNet
    "randaugment": (
        "crops as inception, mirrors half, two of thirteen operations at 9 of 10 (Cubuk et al. 2019)",
        Augment(_cropped(**INCEPTION)._replace(fill=GREY), randaugment=2, magnitude=9),
    ),
    # Wightman et al. 2021, arXiv:2110.00476, Table 2, procedure A2
    "modern": (
        "as randaugment at 7 of 10, and mixes images and labels: mixup, cutmix (Wightman et al. 2021)",
        Augment(_cropped(**INCEPTION)._replace(fill=GREY), randaugment=2, magnitude=7, mixup=0.1, cutmix=1),
    ),
    # The amounts are ours
    "lectures": (
        "shifts, mirrors half, turns by up to 15 degrees, stretches, shears, bends like a lens: all a little",
        Augment(
            Warp(
                translation=(-22, 22),
                flip_horizontal=0.5,
                rotation=(-15, 15),
                stretch=(0.85, 1.15),
                shear=(-0.15, 0.15),
                lens=(-0.15, 0.15),
            )
        ),
    ),
}
WARPS, AUGMENTS = ({name: how for name, (_, how) in table.items()} for table in (_WARPS, _AUGMENTS))
WARPS_DO, AUGMENTS_DO = ({name: does for name, (does, _) in table.items()} for table in (_WARPS, _AUGMENTS))


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
