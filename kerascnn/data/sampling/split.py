"""Which examples are held out for validation where a set has no split of its own."""

from hashlib import blake2b

import numpy as np

SHARE = 0.2


def position(key: str) -> float:
    """A hash of the key, in [0, 1)."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogateescape"), digest_size=7).digest()) / 2**56


def held_out(keys, labels, share: float = SHARE) -> np.ndarray:
    """True for the examples that validate: of the n with the same label the round(share * n) whose keys have the
    smallest `position`, but at least one where there are two or more, and never all. So adding or removing an example
    moves at most one other, of the same label.

    Where examples may have several labels, (n, classes) of 0 and 1, the rarest of each counts. One example more may
    change which that is.
    """
    places, labels = np.array([position(key) for key in keys]), strata(labels)
    held = np.zeros(len(places), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        most = len(members) - 1
        count = min(max(round(share * len(members)), 1), most)
        held[members[np.argsort(places[members], kind="stable")[:count]]] = True
    return held


def strata(labels) -> np.ndarray:
    """A number for each example (n,): its label; of several, (n, classes) of 0 and 1, the rarest, or -1 for none."""
    labels = np.asarray(labels)
    if labels.ndim < 2:
        return labels
    counts = np.count_nonzero(labels, axis=0)
    return np.where(labels.any(axis=1), np.where(labels > 0, counts, len(labels) + 1).argmin(axis=1), -1)


def limited(keys, labels, most: int) -> np.ndarray:
    """The numbers of `most` examples, in their order: of each label its share, those with the smallest `position`. Of
    more, these are a part."""
    places, labels = np.array([position(key) for key in keys]), strata(labels)
    turns = np.zeros(len(places))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        turns[members[np.argsort(places[members], kind="stable")]] = (np.arange(len(members)) + 0.5) / len(members)
    return np.sort(np.lexsort((places, turns))[:most])
