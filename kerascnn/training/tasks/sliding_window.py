"""Segments images of any size by overlapping tiles, blended smoothly."""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from ...data.masks import origins

BATCH = 16  # tiles


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
    return np.concatenate(list(bands(model, image, overlap, tta)))


def bands(
    model: keras.Model,
    image: np.ndarray,
    overlap: float = 0.5,
    tta: bool = False,
    tile: tuple[int, int] | None = None,
    scaled: Callable[[np.ndarray], np.ndarray] = lambda tiles: tiles,
) -> Iterator[np.ndarray]:
    """The same from top to bottom, in bands (rows, width, classes): of a large image only one is in memory.

    Args:
        model, image, overlap, tta: as for `probabilities`.
        tile: (height, width), for a model that takes any.
        scaled: is applied to tiles (b, height, width, channels) of the image.
    """
    height, width, _ = image.shape
    tile = tile or model.input_shape[1:3]
    missing = [max(0, side - length) for side, length in zip(tile, (height, width), strict=True)]
    if any(missing):
        image = np.pad(image, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="reflect")
    tops, lefts = (
        origins(length, side, int(overlap * side)) for length, side in zip(image.shape[:2], tile, strict=True)
    )
    window = np.outer(*map(hann_window, tile))[..., None]
    total = np.zeros((tile[0], image.shape[1], max(2, model.output_shape[-1])), np.float32)
    weight = np.zeros((*total.shape[:2], 1), np.float32)
    for top, following in zip(tops, [*tops[1:], len(image)], strict=True):
        for i in range(0, len(lefts), BATCH):
            some = [np.s_[:, left : left + tile[1]] for left in lefts[i : i + BATCH]]
            tiles = np.stack([image[top : top + tile[0]][place] for place in some])
            for place, answer in zip(some, tile_probabilities(model, scaled(tiles), tta), strict=True):
                total[place] += window * answer
                weight[place] += window
        done = following - top
        yield (total[:done] / weight[:done])[: height - top, :width]
        for sums in (total, weight):
            sums[: len(sums) - done] = sums[done:].copy()
            sums[len(sums) - done :] = 0


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
