"""What a trained network says of image files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .. import data, weights
from ..data.formats import EXTENSIONS
from ..errors import InputError, count
from . import files

BATCH = 64


def predict(model: str | Path, images: Sequence[str | Path], top: int = 1) -> list[dict]:
    """Classify image files, read and scaled as the network's training images were.

    Args:
        model: a run folder, or its `model.keras`.
        images: image files, and folders whose image files are taken in alphabetical order.
        top: the number of classes to name.

    Returns:
        For each image `{"image": path, "classes": {name: probability}}`, the likeliest class first.

    Raises:
        InputError: there is no such model, no image, or a broken one.
    """
    count("top", top)
    file, about = files.about(model)
    paths = [path for name in images for path in _images(Path(name))]
    network = weights.load(file)
    answers = []
    for i in range(0, len(paths), BATCH):
        pixels = data.read_images(paths[i : i + BATCH], tuple(about["input_shape"]))
        scaled = data.scale(pixels, about["scaling"], about["mean"], about["std"])
        answers += [_likeliest(row, about["classes"], top) for row in network.predict_on_batch(scaled)]
    return [{"image": str(path), "classes": classes} for path, classes in zip(paths, answers, strict=True)]


def _images(path):
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in EXTENSIONS)
    if not found:
        raise InputError(f"{path}: holds no images; allowed are {', '.join(EXTENSIONS)}")
    return found


def _likeliest(probabilities, classes, top):
    return {classes[i]: float(probabilities[i]) for i in np.argsort(-probabilities, kind="stable")[:top]}
