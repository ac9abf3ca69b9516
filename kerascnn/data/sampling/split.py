"""Which examples are held out for validation where a set has no split of its own."""

from hashlib import blake2b

import numpy as np

SHARE = 0.2


def position(key: str) -> float:
    """A place in [0, 1) that depends on nothing but the key."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogateescape"), digest_size=7).digest()) / 2**56


def held_out(keys, labels, share: float = SHARE) -> np.ndarray:
    """True for the examples that validate: those whose key's `position` is below `share`, so that other examples, added
    or taken away, move none from side to side; but a label has an example that trains, and with two one that validates.
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
