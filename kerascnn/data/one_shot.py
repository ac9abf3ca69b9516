"""One-shot trials: candidates, one image of each class, and queries, each of one of these classes."""

import zipfile
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..errors import InputError
from .class_sets import Group
from .pairs import WAYS
from .pixels import fit

LABELS = "class_labels.txt"
SOURCE = "all_runs.zip of github.com/brendenlake/omniglot"


class Trial(NamedTuple):
    """The numbers of the candidates (n,) and of the queries (m,), and for each query the place of the candidate of its
    class, truth (m,)."""

    candidates: np.ndarray
    queries: np.ndarray
    truth: np.ndarray


def sample_trials(group: Group, trials: int, ways: int = WAYS, seed: int = 0) -> list[Trial]:
    """Draw trials of up to `ways` classes of one family, with a query for every candidate. Trial n is a function of the
    seed and n."""
    numbers = [group.draw_trial(ways, np.random.default_rng([seed, i]))[0] for i in range(trials)]
    return [Trial(*of.T, np.arange(len(of))) for of in numbers]


def read_runs(path: str | Path, image_shape: tuple[int, int, int]) -> tuple[np.ndarray, list[Trial]]:
    """Read the official one-shot runs of Omniglot.

    Args:
        path: `all_runs.zip`. In each of its folders, `class_labels.txt` has lines of a query and its candidate.
        image_shape: (height, width, channels) of the result.

    Returns:
        All images, uint8 (n, *image_shape), and the trials, a run each.

    Raises:
        InputError: there is no such file, or it holds something else.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; give the path of {SOURCE}")
    images, trials = [], []

    def add(archive, files):
        first = len(images)
        for file in files:
            with Image.open(BytesIO(archive.read(file))) as image:
                images.append(fit(np.asarray(image.convert("RGB")), image_shape))
        return np.arange(first, len(images))

    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(name for name in archive.namelist() if PurePosixPath(name).name == LABELS):
                lines = [line.split() for line in archive.read(name).decode().splitlines()]
                queries, answers = zip(*lines, strict=True)
                candidates = sorted(set(answers))
                truth = np.array([candidates.index(answer) for answer in answers])
                trials.append(Trial(add(archive, candidates), add(archive, queries), truth))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path}: is not {SOURCE}: {error}") from error
    if not trials:
        raise InputError(f"{path}: is not {SOURCE}: has no {LABELS} in it")
    return np.stack(images), trials
