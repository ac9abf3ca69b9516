"""What an evaluation finds, and the checks that all tasks share."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .. import data
from ..errors import InputError
from ..training.reporting.page import Table

Progress = Callable[[int, int], None]


class Verdict(NamedTuple):
    """What networks are worth on some images.

    Attributes:
        measures: of each of the `runs`, and of the `ensemble` of several; in values of JSON.
        facts, tables, warnings: for people to read, as for `page.Report`.
        columns, rows: a row for each image or pair, for a CSV file.
        pictures: (caption, name of the PNG file, what draws it to a path).
    """

    measures: dict
    facts: list[tuple[str, str]]
    tables: list[Table]
    warnings: list[str]
    columns: list[str]
    rows: Iterator[tuple]
    pictures: list[tuple[str, str, Callable[[Path], None]]]


def sound(run: str | Path, answers, probabilities: bool = True) -> np.ndarray:
    """A network's answers, which must be numbers, or probabilities."""
    answers = np.asarray(answers, np.float32)
    if not np.isfinite(answers).all():
        raise InputError(f"{run}: its network answers with NaN, so it is not used")
    if probabilities and (wrong := answers[(answers < -1e-3) | (answers > 1.001)]).size:
        raise InputError(f"{run}: its network answers with {wrong[0]:g}, which is no probability")
    return answers


def scaled(about: dict, images: np.ndarray) -> np.ndarray:
    """Images in the range that a network expects, by what it says about itself."""
    return data.scale(images, about["scaling"], about["mean"], about["std"])


def same_classes(runs: Sequence[str | Path], abouts: Sequence[dict]) -> tuple[str, ...]:
    """The classes of all networks. Raises an `InputError` unless they are the same, in the same order."""
    for run, about in zip(runs[1:], abouts[1:], strict=True):
        ours, theirs = list(abouts[0]["classes"]), list(about["classes"])
        if ours != theirs:
            i = next((i for i, pair in enumerate(zip(ours, theirs, strict=False)) if len(set(pair)) > 1), None)
            found = f"{len(ours)} and {len(theirs)}" if i is None else f"number {i} is {ours[i]!r} and {theirs[i]!r}"
            raise InputError(f"{runs[0]} and {run} do not have the same classes, in the same order: {found}")
    return tuple(abouts[0]["classes"])


def short_names(runs: Sequence[str | Path]) -> list[str]:
    """What runs are called, without the folder that all have in common: member_1, member_2."""
    places = [Path(os.path.abspath(run)) for run in runs]
    places = [place.parent if place.name == "model.keras" else place for place in places]
    above = os.path.commonpath([place.parent for place in places])
    return [os.path.relpath(place, above) for place in places]
