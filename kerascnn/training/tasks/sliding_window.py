"""Segments images of any size by overlapping tiles, blended smoothly."""

from pathlib import Path

import keras
import numpy as np

from ... import data
from ...data.masks import origins
from ...errors import InputError
from .. import files

BATCH = 16  # tiles


def segment(model: str | Path, image: str | Path, tta: bool = False) -> np.ndarray:
    """The likeliest class of every pixel of an image file.

    Args:
        model: the folder of a segmenter's run, or its `model.keras`.
        image: is not resized: its scale should be that of the images on which the network was trained.
        tta: see `probabilities`.

    Returns:
        uint8 (height, width), the numbers of the classes.

    Raises:
        InputError: no such model or image, a broken image, or a network that doesn't segment or answers with NaN.
    """
    network, metadata = files.trained(model, "segment")
    pixels = data.read_whole(image, metadata["input_shape"][2], metadata.get("bits"))
    scaled = data.scale(pixels, metadata["scaling"], metadata["mean"], metadata["std"])
    found = probabilities(network, scaled, tta=tta)
    if not np.isfinite(found).all():
        raise InputError(f"{model}: its network answers with NaN, so it is not used")
    return found.argmax(-1).astype(np.uint8)


def probabilities(model: keras.Model, image: np.ndarray, overlap: float = 0.5, tta: bool = False) -> np.ndarray:
    """The classes' probabilities at every pixel.

    Args:
        model: answers tiles of its input's size, which are as large as what it sees, with a probability for each class,
            or one for class 1 of two.
        image: (height, width, channels), scaled. What is smaller than a tile is mirrored at its edges to fill it.
        overlap: the least share of a tile's side that it has in common with the next one; below 1.
        tta: test-time augmentation: average over the tiles as they are, rotated by right angles, and mirrored: eight
            predictions; four where tiles are not square.

    Returns:
        float32 (height, width, classes).
    """
    height, width, _ = image.shape
    tile = model.input_shape[1:3]
    missing = [max(0, side - length) for side, length in zip(tile, (height, width), strict=True)]
    image = np.pad(image, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="reflect")
    tops, lefts = (
        origins(length, side, int(overlap * side)) for length, side in zip(image.shape[:2], tile, strict=True)
    )
    places = [np.s_[top : top + tile[0], left : left + tile[1]] for top in tops for left in lefts]
    window = np.outer(*map(hann_window, tile))[..., None]
    total = np.zeros((*image.shape[:2], max(2, model.output_shape[-1])), np.float32)
    weight = np.zeros((*image.shape[:2], 1), np.float32)
    for i in range(0, len(places), BATCH):
        some = places[i : i + BATCH]
        for place, answer in zip(
            some, tile_probabilities(model, np.stack([image[place] for place in some]), tta), strict=True
        ):
            total[place] += window * answer
            weight[place] += window
    return (total / weight)[:height, :width]


def hann_window(length: int) -> np.ndarray:
    """Weights (length,) of a tile's pixels: a cosine that is 1 in the middle and nearly 0 at the ends."""
    return np.sin(np.pi * (np.arange(length) + 0.5) / length).astype(np.float32) ** 2 + 1e-3


def tile_probabilities(model: keras.Model, tiles: np.ndarray, tta: bool = False) -> np.ndarray:
    """Probabilities (b, height, width, classes) on tiles (b, height, width, channels); see `probabilities`."""
    square = tiles.shape[1] == tiles.shape[2]
    given = []
    for quarters in range(0, 4, 1 if square else 2) if tta else (0,):
        for flip in (1, -1) if tta else (1,):
            answer = model.predict_on_batch(np.rot90(tiles, quarters, axes=(1, 2))[:, :, ::flip])
            given.append(np.rot90(answer[:, :, ::flip], -quarters, axes=(1, 2)))
    answer = np.mean(given, axis=0)
    return answer if answer.shape[-1] > 1 else np.concatenate([1 - answer, answer], axis=-1)
