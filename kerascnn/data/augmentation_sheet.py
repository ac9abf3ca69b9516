"""A picture of an augmentation: images, each beside augmented versions of it."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..errors import InputError
from ..escaping import drawing, picture
from .augmentation.augment import augment
from .augmentation.policies import chosen
from .labels import load, native_shape
from .sampling.stateless_random import keys
from .sources.mask_folder import read_whole

ROWS, COLUMNS = 4, 7
PHOTO = 224  # side of augmented images, where no size is known
TITLE = 40  # letters above an image
SAMPLES = ("china", "flower")  # the photos that scikit-learn brings


def draw_sheet(path: Path, source: str = "", how: str = "lectures", size: int = 0, seed: int = 0) -> None:
    """Write a sheet of images and their augmented versions.

    Args:
        path: the PNG file to write.
        source: an image file, or what `load` takes; by default two photos that scikit-learn brings.
        how: a name of `AUGMENTS`.
        size: side of the augmented images, in pixels; by default that of the set, or 224.
        seed: of the augmentation.
    """
    images, labels, classes, shape = _opened(source, size)
    how_much = chosen(how, shape[:2])
    count = len(images)
    versions = [
        augment(images, labels, how_much, keys(seed, version, range(count)), len(classes), shape)
        for version in range(COLUMNS)
    ]
    figure = Figure(figsize=(1.5 * (COLUMNS + 1), 1.62 * count + 0.5), layout="constrained")
    figure.suptitle(picture(how), fontsize=14)
    grid = figure.subplots(count, COLUMNS + 1, squeeze=False)
    for row, (line, image, label) in enumerate(zip(grid, images, labels, strict=True)):
        _show(line[0], image, classes[label], color="#1f5fbf")
        for axes, (changed, found) in zip(line[1:], versions, strict=True):
            _show(axes, np.rint(changed[row]).astype(np.uint8), _mixed(found[row], classes) if how_much.is_soft else "")
    try:
        with drawing(figure):
            figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be written: {error}") from error


def _opened(source, size):
    """(images (n, height, width, channels) before augmentation, labels, class names, shape of augmented images)"""
    if not source:
        from sklearn.datasets import load_sample_image

        images = np.stack([load_sample_image(f"{name}.jpg") for name in SAMPLES])
        return images, np.arange(2), SAMPLES, (size or PHOTO, size or PHOTO, 3)
    if Path(source).is_file():
        image = read_whole(source, 3)
        return image[None], np.zeros(1, int), (Path(source).stem,), (size or PHOTO, size or PHOTO, 3)
    *sides, channels = native_shape(source, labelled=False)
    height, width = (size or side or PHOTO for side in sides)
    larger = [side or 2 * out for side, out in zip(sides, (height, width), strict=True)]
    found = load(source, (*larger, channels), batch=ROWS, limit=8 * ROWS, scaling="unit", labelled=False)
    images, labels = next(found.train.as_numpy_iterator())
    return np.rint(255 * images).astype(np.uint8), labels, found.classes, (height, width, channels)


def _show(axes, image, title, color="black"):
    axes.imshow(image if image.shape[-1] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    axes.set_title(picture(title, TITLE), fontsize=8, color=color, pad=2)


def _mixed(shares, classes):
    """ "china 70 %, flower 30 %"."""
    best = np.argsort(shares)[::-1][:2]
    return ", ".join(f"{classes[i]} {shares[i]:.0%}" for i in best if shares[i] >= 0.005)
