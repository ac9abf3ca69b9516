"""What an accuracy promises where the winner has a given time to train: a slow network would have but a few epochs.

Without it, `recipes/nas_search.py` on CIFAR-10 with `--seed 1` found a network that was trained for 9 epochs in its 20
minutes, and had 79.8 % in the end; those that had 16 and 36 had 82.3 and 81.9 %, after as good a search. All were
trained by Adam, as were those that `LEARNS` is from.
"""

from collections.abc import Sequence
from statistics import median

from .count import Count
from .latency import learned

LEARNS = 0.2  # error falls with this power of the first epochs: on CIFAR-10 with 0.20 and 0.27 for two networks
TIMED = 4  # networks that were timed, from which the times of others are foretold


def paces(counts: Sequence[Count], seconds: Sequence[Sequence[float]], enough: float | None) -> list[float]:
    """How much longer than `enough` an epoch of each network takes, as a factor, foretold from the times of all; 1 for
    those that are fast enough, and for all where too few were timed or time plays no part.

    Args:
        counts: what the networks cost.
        seconds: of the epochs that were timed, for each network; some may have none.
        enough: seconds an epoch may take so that the winner's training has enough of them; None where it has them
            anyway.
    """
    timed = [(count, median(its_own)) for count, its_own in zip(counts, seconds, strict=True) if its_own]
    if enough is None or len(timed) < TIMED:
        return [1.0] * len(counts)
    foretold = learned(*zip(*timed, strict=True))
    return [max(1.0, foretold(count) / enough) for count in counts]


def promise(accuracy: float, pace: float) -> float:
    """The error to expect of a network that has fewer epochs by the factor `pace`, below zero: higher is better."""
    return -(1 - accuracy) * pace**LEARNS
