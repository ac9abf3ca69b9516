"""Groups of files with the same image, and what that means for training."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import InputError, listed
from ...escaping import plain
from ..sources.file_checks import open_file
from .findings import WARNING, Finding

SIDES = ("train", "val", "test")
DO = {"train": ("trains", "train"), "val": ("validates", "validate"), "test": ("is left to test", "are left to test")}


class Looked(NamedTuple):
    """An image that was decoded.

    Attributes:
        file: its path below the folder.
        side: one of `SIDES`; "test" is left alone.
        owner: the class that it is of, or a fingerprint of its mask; None where there is none.
        fingerprint: of its pixels.
    """

    file: str
    side: str
    owner: str | None
    fingerprint: bytes


def fingerprint(values: np.ndarray) -> bytes:
    """A hash of the shape and the values of an array."""
    found = hashlib.blake2b(str((values.shape, values.dtype.str)).encode(), digest_size=16)
    found.update(np.ascontiguousarray(values))
    return found.digest()


def find_duplicates(images: Sequence[Looked], folder: Path, of_masks: bool = False) -> list[Finding]:
    """One finding for each group of files that are the same image, upright and in 8 bits, in whatever encoding.

    Args:
        images: of which some may be the same.
        folder: that holds them.
        of_masks: whether `owner` is of a mask, not a class.
    """
    groups = defaultdict(list)
    for image in images:
        groups[image.fingerprint].append(image)
    return [_finding(group, folder, of_masks) for group in groups.values() if len(group) > 1]


def _finding(group, folder, of_masks):
    group = sorted(group, key=lambda image: SIDES.index(image.side))
    (first, *others), owners = (image.file for image in group), {image.owner for image in group}
    same = "file" if _are_equal([folder / image.file for image in group]) else "image"
    sides = Counter(image.side for image in group)
    what = f"is the same {same} as {listed(others, 3)}"
    if len(owners) > 1 and of_masks:
        kind, what, to_do = "two masks", f"{what}, but their masks differ", "keep the right mask"
    elif len(owners) > 1:
        classes = listed(sorted(map(plain, owners)))
        kind, what, to_do = (
            "two classes",
            f"{what}, but in other classes ({classes})",
            "keep it in the right class only",
        )
    elif len(sides) > 1:
        kind, to_do = "leak", "keep it on one side: what trained cannot judge"
    else:
        kind, to_do = "duplicate", "keep one of them"
    if len(sides) > 1:
        what += f": {' and '.join(f'{count} {DO[side][count > 1]}' for side, count in sides.items())}"
    return Finding(WARNING, kind, first, what, to_do, tuple(others))


def _are_equal(paths):
    """Whether files have the same bytes."""
    try:
        if len({path.stat().st_size for path in paths}) > 1:
            return False
        return len({_hash(path) for path in paths}) == 1
    except (OSError, InputError):  # one has gone since
        return False


def _hash(path):
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").digest()
