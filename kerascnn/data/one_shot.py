"""One-shot trials: candidates, one image of each class, and queries, each of one of these classes."""

from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..errors import InputError
from ..untrusted.archives import archive, read_member
from .class_sets import Group
from .pairs import WAYS
from .pixels import fit

LABELS = "class_labels.txt"
MOST = 2**20  # bytes of a file, and pixels of an image; each has 105x105
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
    images, trials = [], []

    def add(runs, files):
        first = len(images)
        for file in files:
            with Image.open(BytesIO(read_member(runs, file, MOST, path)), formats=["PNG"]) as image:
                if image.width * image.height > MOST:
                    raise ValueError(f"{file} has {image.width}x{image.height} pixels")
                images.append(fit(np.asarray(image.convert("RGB")), image_shape))
        return np.arange(first, len(images))

    try:
        with archive(path) as runs:
            for name in sorted(name for name in runs.namelist() if PurePosixPath(name).name == LABELS):
                lines = [line.split() for line in read_member(runs, name, MOST, path).decode().splitlines()]
                queries, answers = zip(*lines, strict=True)
                candidates = sorted(set(answers))
                truth = np.array([candidates.index(answer) for answer in answers])
                trials.append(Trial(add(runs, candidates), add(runs, queries), truth))
    except InputError as error:
        raise InputError(f"{error}; give the path of {SOURCE}") from error
    except (ValueError, OSError, SyntaxError) as error:
        raise InputError(f"{path}: is not {SOURCE}: {error}") from error
    if not trials:
        raise InputError(f"{path}: is not {SOURCE}: has no {LABELS} in it")
    return np.stack(images), trials
