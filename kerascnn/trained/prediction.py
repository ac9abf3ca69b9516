"""Predicts the classes of image files with a trained classifier."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .. import data
from ..data.sources.decoding import decode_files, fill_bits
from ..data.sources.file_checks import EXTENSIONS, read_headers
from ..data.sources.folder_tree import FolderTree
from ..errors import InputError
from ..training import files

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
        InputError: no such model or image, no classifier, a broken image or one of too many pixels (see
            `data.read_images`), an empty folder.
    """
    network, metadata = files.trained(model, "classify")
    if not 1 <= top <= len(metadata["classes"]):
        raise InputError(f"top={top}: must be from 1 to {len(metadata['classes'])}, the number of classes")
    paths = [path for image in images for path in _files(Path(image))]
    headers = fill_bits(paths, read_headers(paths), metadata.get("bits"))
    answers = []
    for i in range(0, len(paths), BATCH):
        part = slice(i, i + BATCH)
        pixels = decode_files(paths[part], headers[part], tuple(metadata["input_shape"]))
        scaled = data.scale(pixels, metadata["scaling"], metadata["mean"], metadata["std"])
        answers.extend(network.predict_on_batch(scaled))
        if not np.isfinite(answers[-1]).all():
            raise InputError(f"{model}: its network answers with NaN, so it is not used")
    return [
        {"image": str(path), "classes": {metadata["classes"][i]: float(answer[i]) for i in np.argsort(-answer)[:top]}}
        for path, answer in zip(paths, answers, strict=True)
    ]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = FolderTree(path).images("")
    if not found:
        raise InputError(f"{path}: has no images; allowed are {', '.join(EXTENSIONS)}")
    return [path / name for name in found]
