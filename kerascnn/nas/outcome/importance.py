"""The importance of hyperparameters: how much of the variance of the accuracies each dimension of a space explains."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .selection import Network

COMMON = 0.75  # of the networks are compared at the last epoch that so many of them have reached
SHUFFLES = 1000  # of the accuracies, to see what chance explains


class Choice(NamedTuple):
    """What one dimension of the space did.

    Attributes:
        name: of the number.
        share: how much of the variance of the accuracies the choice explains, less what it would by chance (the
            adjusted R² of their means); at least 0.
        chance: what 1 in 20 numbers that do nothing would reach.
        accuracies: choice -> accuracies of the networks that have it.
    """

    name: str
    share: float
    chance: float
    accuracies: dict[object, list[float]]


def hyperparameter_importance(tried: Sequence[Network], epoch: int) -> list[Choice]:
    """The importance of each dimension for the accuracy after an epoch, the most important first.

    Each is looked at alone. A number with a single choice among the networks, or hardly more networks than choices, has
    nothing to tell and is left out.
    """
    found, random = [], np.random.default_rng(0)
    seen = [one for one in tried if epoch in one.curve]
    for name in dict.fromkeys(name for one in seen for name in one.values):
        own = [one for one in seen if name in one.values]
        accuracies = {}
        for one in sorted(own, key=lambda one: _in_order(one.values[name])):
            accuracies.setdefault(one.values[name], []).append(one.curve[epoch])
        if 1 < len(accuracies) < len(own) - 1:
            groups = np.repeat(np.arange(len(accuracies)), [len(group) for group in accuracies.values()])
            values = np.concatenate(list(accuracies.values()))
            by_chance = [explained(groups, random.permutation(values)) for _ in range(SHUFFLES)]
            share, chance = explained(groups, values), float(np.quantile(by_chance, 0.95))
            found.append(Choice(name, max(0.0, share), max(0.0, chance), accuracies))
    return sorted(found, key=lambda choice: -choice.share)


def explained(groups: np.ndarray, values: np.ndarray) -> float:
    """The share of the variance of values (n,) that the means of their groups (n,), 0 to k - 1, explain: adjusted R²,
    which is 0 on average for groups drawn by lot (Ezekiel 1930)."""
    sizes = np.bincount(groups)
    means = np.bincount(groups, values) / sizes
    total = ((values - values.mean()) ** 2).sum()
    if total == 0:
        return 0.0
    rest = ((values - means[groups]) ** 2).sum()
    return float(1 - rest / (len(values) - len(sizes)) / (total / (len(values) - 1)))


def common_epoch(tried: Sequence[Network]) -> int:
    """The last epoch that most networks have reached, at which they can be compared."""
    reached = sorted((one.epochs for one in tried if one.curve), reverse=True)
    return reached[min(len(reached) - 1, int(COMMON * len(reached)))] if reached else 0


def _in_order(choice):
    return (0, choice, "") if isinstance(choice, (int, float)) else (1, 0, str(choice))
