"""What an accuracy promises where the winner has a given time to train: the faster network trains for more epochs."""

from collections.abc import Sequence
from statistics import median

from .count import Count
from .latency import learned

LEARNS = 0.2  # error falls with this power of the length of training: on CIFAR-10 with 0.20 and 0.27 for two networks
TIMED = 4  # networks that were timed, from which the times of others are foretold


def paces(counts: Sequence[Count], seconds: Sequence[Sequence[float]], enough: float | None) -> list[float]:
    """How much longer than `enough` an epoch of each network takes, as a factor, foretold from the times of all; 1 for
    those that are fast enough, and for all where too few were timed or time plays no part.

    Args:
        counts: what the networks cost.
        seconds: of the epochs that were timed, for each network; some may have none.
        enough: seconds an epoch may take so that the winner's training has all its epochs; None where it has them
            anyway.
    """
    timed = [(count, median(its_own)) for count, its_own in zip(counts, seconds, strict=True) if its_own]
    if enough is None or len(timed) < TIMED:
        return [1.0] * len(counts)
    foretold = learned(*zip(*timed, strict=True))
    return [max(1.0, foretold(count) / enough) for count in counts]


def promise(accuracy: float, pace: float) -> float:
    """The error to expect when all have trained for as long, up to a factor, below zero: higher is better."""
    return -(1 - accuracy) * pace**LEARNS
