"""Estimates a network's error after full training from its accuracy after a short one.

A slow network would have but a few epochs of that time. Without a word on it, `recipes/nas_search.py` on CIFAR-10 with
`--seed 1` found a network that was trained for 9 epochs in its 20 minutes, and had 79.8 % in the end; those that had 16
and 36 had 82.3 and 81.9 %, after as good a search. By SGD, two that begin with Inception blocks, of 259,722 and 210,730
parameters, had 82.8 and 83.1 % after 21 and 18 epochs, and plain ones of 157,146 and 213,722 had 83.7 and 84.3 % after
25.

A large network still gains when a small one has learned what it can, so a short training speaks too well of small ones.
On CIFAR-10, plain networks of 103,418 and 213,722 parameters and about 19M MACs had 56.8 and 56.5 % after a search's
training, and 83.2 and 84.3 % after a winner's, on 40 times as many images.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np

from ..spaces.count import Count
from ..spaces.latency import learned

LEARNS = 0.2  # error falls with this power of the images seen: on CIFAR-10 by Adam with 0.20 and 0.27, two networks,
LARGER = 0.04  # and more steeply by this for e times as many parameters: chosen on the MNIST table of nas_table.py
TIMED = 4  # networks that were timed, from which the times of others are predicted


class FullTraining(NamedTuple):
    """The full training that the winner of a search gets.

    Attributes:
        enough: seconds an epoch of the search may take so that the winner has enough of them in its time; None where
            it has them anyway.
        longer: how many times as many images it trains on if it has enough epochs, counting each of them, as a network
            that the search has trained to the end.
    """

    enough: float | None = None
    longer: float = 1.0


NOTHING = FullTraining()


def handicaps(counts: Sequence[Count], seconds: Sequence[Sequence[float]], ahead: FullTraining) -> list[float]:
    """The factors of the networks' errors that account for their full training.

    Args:
        counts: what the networks cost.
        seconds: of the epochs that were timed, for each network; some may have none. Where too few have any, time plays
            no part.
        ahead: what a winner has ahead of it.
    """
    larger = [counted.params ** (-LARGER * np.log(ahead.longer)) for counted in counts]
    return [slower * one for slower, one in zip(_slower(counts, seconds, ahead.enough), larger, strict=True)]


def _slower(counts, seconds, enough):
    timed = [(count, median(its_own)) for count, its_own in zip(counts, seconds, strict=True) if its_own]
    if enough is None or len(timed) < TIMED:
        return [1.0] * len(counts)
    predicted = learned(*zip(*timed, strict=True))
    return [max(1.0, predicted(count) / enough) ** LEARNS for count in counts]


def extrapolated_error(accuracy: float, handicap: float) -> float:
    """The error to expect after full training, in comparison with others."""
    return (1 - accuracy) * handicap
