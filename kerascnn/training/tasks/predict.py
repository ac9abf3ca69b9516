"""Predicts the classes of image files with a trained classifier."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ... import catalog, data, weights
from ...data.sources.file_checks import EXTENSIONS
from ...errors import InputError
from .. import files

BATCH = 64


def predict(model: str | Path, images: Iterable[str | Path], top: int = 1) -> list[dict]:
    """The likeliest classes of images.

    Args:
        model: a run folder, or its `model.keras`.
        images: image files, or folders of them.
        top: how many classes to name.

    Returns:
        For each image `{"image": path, "classes": {name: probability}}`, the likeliest class first.

    Raises:
        InputError: no such model or image, no classifier, a broken image, an empty folder.
    """
    file, metadata = files.metadata(model)
    if (task := catalog.card(metadata["name"]).task) != "classify":
        raise InputError(f"{file}: holds no classifier but a network to {task}, {metadata['name']}")
    if not 1 <= top <= len(metadata["classes"]):
        raise InputError(f"top={top}: must be from 1 to {len(metadata['classes'])}, the number of classes")
    paths = [path for image in images for path in _files(Path(image))]
    network = weights.load(file)
    answers = []
    for i in range(0, len(paths), BATCH):
        pixels = data.read_images(paths[i : i + BATCH], tuple(metadata["input_shape"]))
        answers.extend(
            network.predict_on_batch(data.scale(pixels, metadata["scaling"], metadata["mean"], metadata["std"]))
        )
    return [
        {"image": str(path), "classes": {metadata["classes"][i]: float(answer[i]) for i in np.argsort(-answer)[:top]}}
        for path, answer in zip(paths, answers, strict=True)
    ]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in EXTENSIONS and file.name[0] != ".")
    if not found:
        raise InputError(f"{path}: has no images; allowed are {', '.join(EXTENSIONS)}")
    return found
