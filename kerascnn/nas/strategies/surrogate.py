"""Proposes the next network: evolution, led by a surrogate model and by cheap predictors as long as they are right.

Evidence are functions of a network's values that say more for a better network, like its size. Together with the
results so far they teach a Gaussian process, which chooses among children of the best networks and strangers. Whatever
does not agree with the results of this search, evidence or the process itself, is left out: Spearman's rank correlation
decides. Everything is a function of the arguments, so a search that goes on draws what it would have drawn.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import inf, isfinite
from random import Random
from typing import NamedTuple

import numpy as np

from ..spaces.space import Dimension, Space, is_active, is_ordered

INITIAL = 4  # networks that are judged before the process is asked
DRAWS = 24  # of which the evidence picks one in the beginning
ASKED, MORE = 48, 8  # where asking takes time: of these, and so many more for each network that was tried
PARENTS = 5  # the best, which have children
POOL = 256  # children and strangers that are compared
GENERATIONS = 4  # of which the first are strangers
DARING = 2.0  # deviations for which a network is preferred, on average
AGREES = 0.2  # rank correlation with the results from which evidence counts
ENOUGH = 8  # results from which the correlation is looked at; evidence and process are trusted before
SIMILAR = 0.01  # by which evidence may differ that says about the same
TRIES = 200  # attempts to find another network that fits


class Tried(NamedTuple):
    """A network that was tried; the score is None until it is judged, higher is better."""

    values: dict
    score: float | None = None


Predictor = Callable[[dict], float]


def propose(
    space: Space,
    draw: Callable[[Random], dict],
    fits: Callable[[dict], bool],
    tried: Sequence[Tried],
    random: Random,
    *,
    evidence: Sequence[Predictor] = (),
    pool: int = POOL,
    first: Random | None = None,
) -> dict | None:
    """Values of the network to try next, which is none of those tried; None if there seems to be no other.

    Args:
        space: what to choose from.
        draw: gives values of a network that fits.
        fits: whether values make a network that fits.
        tried: what was tried or is being tried, in the order in which it began.
        random: of this proposal.
        evidence: see above.
        pool: networks that are compared; fewer where asking takes long.
        first: of the first networks, where asking takes long: the same for each proposal, so that those that evidence
            was asked about for one are compared for the next as well.
    """
    known = {_key(one.values) for one in tried}
    scored = [one for one in tried if one.score is not None]
    evidence = [one for one in map(cache_by_values, evidence) if agrees(one, scored)]

    def others(find, count):
        """Up to so many different values that are not known."""
        found = {}
        for _ in range(max(TRIES, 2 * count)):
            values = find()
            if (key := _key(values)) not in known and key not in found and fits(values):
                found[key] = values
                if len(found) == count:
                    break
        return list(found.values())

    if len(scored) < INITIAL:
        if first:
            strangers = others(lambda: draw(first), ASKED + MORE * len(tried))
        else:
            strangers = others(lambda: draw(random), DRAWS if evidence else 1)
        return strangers[np.argmax(_ranks(strangers, evidence))] if strangers else None

    parents = [one.values for one in sorted(scored, key=lambda one: one.score, reverse=True) if fits(one.values)]
    parents = parents[:PARENTS]
    process = fit_surrogate(space, scored, evidence)
    if process is None:
        found = others(lambda: mutate(space, random.choice(parents), random), 1) if parents else []
        found = found or others(lambda: draw(random), 1)
        return found[0] if found else None
    daring = random.expovariate(1 / DARING)  # another for each proposal, so that those made at the same time differ
    candidates = others(lambda: draw(random), pool // GENERATIONS)
    for _ in range(1, GENERATIONS):
        children = others(lambda best=parents: mutate(space, random.choice(best), random), pool // GENERATIONS)
        candidates += [child for child in children if child not in candidates]
        if not candidates:
            return None
        mean, deviation = process(candidates)
        best = np.argsort(-(mean + daring * deviation), kind="stable")
        parents = [candidates[i] for i in best[:PARENTS]]
    return parents[0]


def _ranks(networks, evidence):
    """The sum of their ranks by each evidence, 1 for the worst."""
    from scipy.stats import rankdata

    return sum((rankdata([one(values) for values in networks]) for one in evidence), np.zeros(len(networks)))


def agrees(evidence: Predictor, scored: Sequence[Tried]) -> bool:
    """Whether a predictor agrees with the results so far; it counts as agreeing while they are few."""
    if len(scored) < ENOUGH:
        return True
    return correlation([evidence(one.values) for one in scored], [one.score for one in scored]) >= AGREES


def correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rank correlation; 0 where one of them is constant."""
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic) if len(set(x)) > 1 and len(set(y)) > 1 else 0.0


def mutate(space: Space, values: dict, random: Random) -> dict:
    """The values with one or two of them drawn anew; ordered ones go to a neighbour as often as anywhere else."""
    names = random.sample(sorted(values), min(len(values), random.choice((1, 1, 2))))

    def choose(dimension: Dimension):
        if dimension.name not in values:
            return random.choice(dimension.choices)
        now = values[dimension.name]
        if dimension.name not in names or len(dimension.choices) == 1:
            return now
        at = dimension.choices.index(now)
        if is_ordered(dimension) and random.random() < 0.5:
            near = [i for i in (at - 1, at + 1) if 0 <= i < len(dimension.choices)]
            return dimension.choices[random.choice(near)]
        return random.choice([choice for choice in dimension.choices if choice != now])

    return space.chosen(choose)


def fit_surrogate(space: Space, scored: Sequence[Tried], evidence: Sequence[Predictor]) -> Callable | None:
    """A Gaussian process as a function from values of networks to means and standard deviations of their scores.

    Scores count by rank, as normal deviates. None where cross-validation finds no agreement with the results.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    def features(networks):
        own = np.array([_features(space, values) for values in networks])
        also = np.array([[one(values) for one in evidence] for values in networks])
        return np.hstack([own, (np.where(np.isfinite(also), also, lowest) - middle) / spread])

    networks, scores = [one.values for one in scored], normal_scores([one.score for one in scored])
    known = np.ma.masked_invalid([[one(values) for one in evidence] for values in networks])
    lowest, middle = known.min(axis=0).filled(0), known.mean(axis=0).filled(0)
    spread = known.std(axis=0).filled(0) + SIMILAR * abs(middle) + 1e-9
    x = features(networks)
    processes = [GaussianProcessRegressor(kernel, optimizer=None).fit(x, scores) for kernel in _kernels()]
    best = max(processes, key=lambda process: process.log_marginal_likelihood_value_)
    if len(scored) >= ENOUGH:
        foreseen = cross_val_predict(best, x, scores, cv=KFold(5))
        if correlation(foreseen, scores) < AGREES:
            return None
    return lambda networks: best.predict(features(networks), return_std=True)


def normal_scores(scores: Sequence[float]) -> np.ndarray:
    """Normal deviates in the order of the scores: how much worse a bad one is does not matter."""
    from scipy.stats import norm, rankdata

    return norm.ppf((rankdata(scores) - 0.5) / len(scores))


@cache
def _kernels():
    from sklearn.gaussian_process.kernels import RBF, DotProduct, WhiteKernel

    return [
        RBF(length) + WhiteKernel(noise) + slope * DotProduct(1.0)
        for length in (0.7, 1.5, 3.0)
        for noise in (0.05, 0.3)
        for slope in (0.01, 0.3)
    ]


def _features(space, values):
    """Ordered dimensions as their place among the choices, 0 to 1; others as one feature a choice. Inactive ones are in
    the middle, or nowhere."""
    found = []
    for dimension in space.dimensions:
        takes_part = is_active(dimension, values)
        at = dimension.choices.index(values[dimension.name]) if takes_part else None
        if is_ordered(dimension):
            found.append(at / max(1, len(dimension.choices) - 1) if takes_part else 0.5)
        else:
            found += [float(i == at) for i in range(len(dimension.choices))]
    return found


def _key(values):
    return tuple(sorted((name, repr(value)) for name, value in values.items()))


def cache_by_values(function: Predictor) -> Predictor:
    """The function, asked once for each network; what is no finite number is minus infinity, the worst."""
    found = {}

    def asked(values):
        key = _key(values)
        if key not in found:
            found[key] = score if isfinite(score := function(values)) else -inf
        return found[key]

    return asked
