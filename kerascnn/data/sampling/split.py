"""Which examples are held out for validation where a set has no split of its own."""

from hashlib import blake2b

import numpy as np

SHARE = 0.2


def position(key: str) -> float:
    """A hash of the key, in [0, 1)."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogateescape"), digest_size=7).digest()) / 2**56


def held_out(keys, labels, share: float = SHARE) -> np.ndarray:
    """True for the examples that validate: those whose key has a `position` below `share`. So adding or removing
    examples moves no other one. But every label has an example that trains and, if it has two or more, one that
    validates.
    """
    places, labels = np.array([position(key) for key in keys]), np.asarray(labels)
    held = places < share
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if held[members].all():
            held[members[places[members].argmax()]] = False
        elif len(members) > 1 and not held[members].any():
            held[members[places[members].argmin()]] = True
    return held
