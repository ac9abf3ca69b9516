"""Trains many networks for few epochs and the best ones longer, within the budget."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import exp, log1p
from random import Random
from statistics import median
from typing import NamedTuple

import keras_tuner

from ..engine.trials import chains, curve
from ..spaces.keras_tuner import decoded, encoded
from ..spaces.space import Space
from .budgeted import WithinBudget
from .extrapolation import NOTHING, extrapolated_error, handicaps
from .surrogate import AGREES, POOL, Tried, cache_by_values, correlation, propose

FULL = (
    4  # networks that are trained to the end whatever their first epochs say, to see whether few epochs tell anything
)
PAIRS = 6  # networks trained to the end from which it can be seen
FEW = 24  # networks that are compared where a proxy is asked about each


class Lineage(NamedTuple):
    """A network and the trials that train it, each going on from the one before."""

    values: dict
    trials: list
    curve: dict[int, float]  # epochs -> validation accuracy
    handicap: float  # see `extrapolation.handicaps`

    @property
    def is_running(self) -> bool:
        return self.trials[-1].status == "RUNNING"

    @property
    def is_good(self) -> bool:
        return self.trials[-1].status == "COMPLETED"


class EvolutionOracle(WithinBudget, keras_tuner.Oracle):
    """Many networks train for few epochs, the best of them for more, and results so far say what to try next.

    Whenever a worker is free, the best network that waits at a rung goes on to the next one if it is among the best
    1/`factor` that came so far (asynchronous successive halving, Li et al. 2020, arXiv:1810.05934), with its optimizer
    as it was; else a new network begins, see `surrogate.propose`. The first ones are those that the space knows to be
    good. A few are trained to the end whatever their first epochs say, and all are where few epochs tell nothing
    about many. When the time that is left is too short to train another network to the end, none begins any more; the
    best that wait go on.

    Args:
        max_epochs: the last rung.
        min_epochs: the first one, about.
        factor: between two rungs.
        goal: "accuracy"; or "pareto-macs" or "pareto-params", the best accuracy for each cost.
        proxies: functions of a spec that say more for a better network, like those of `proxies`; the size of a network
            is always one. See `surrogate` for when they count.
        ahead: the full training of the winner: for the same accuracy it may favor fast networks and large ones, see
            `extrapolation`.
        pool: networks that are compared for a proposal; fewer by default where proxies are asked about each.
    """

    def __init__(
        self,
        space,
        budget,
        *,
        max_epochs=9,
        min_epochs=1,
        factor=3,
        goal="accuracy",
        proxies=(),
        ahead=NOTHING,
        pool=None,
        **kept,
    ):
        super().__init__(space, budget, **kept)
        self.ahead = ahead
        self.rungs, self.factor, self.goal = rungs(max_epochs, min_epochs, factor), factor, goal
        self.pool = pool or (FEW if proxies else POOL)
        asked = [cache_by_values(lambda values, proxy=proxy: proxy(space.spec(values))) for proxy in proxies]
        self.evidence = (self._size, *asked)

    def populate_space(self, trial_id):
        lines, random = self.lines(), Random(f"{self.seed} {trial_id}")
        may_begin = self._may_begin() and not self._ends_soon()
        if promoted := self._promoted(lines, at_least=0 if may_begin else 1):
            return {"status": "RUNNING", "values": promoted}
        values = self._next(lines, random) if may_begin else None
        if values is None:
            return {"status": "IDLE" if self.ongoing_trials else "STOPPED"}
        epochs = self.rungs[0] if len(lines) >= FULL and self._early_tells(lines) else self.rungs[-1]
        values = encoded(self.space_searched, values)
        return {"status": "RUNNING", "values": values | {"tuner/epochs": epochs, "tuner/initial_epoch": 0}}

    def lines(self) -> list[Lineage]:
        """The lineages so far, in the order in which they began."""
        begun = [self.trials[trial_id] for trial_id in self.start_order]
        found = chains((trial.trial_id, trial.hyperparameters.values.get("tuner/trial_id"), trial) for trial in begun)
        values = [decoded(self.space_searched, line[0].hyperparameters.values) for line in found]
        costs, seconds = [self._count(one) for one in values], [_steady(line) for line in found]
        weighed = handicaps(costs, seconds, self.ahead)
        return [Lineage(*line) for line in zip(values, found, map(_curve, found), weighed, strict=True)]

    def best(self):
        """The trial with the smallest extrapolated error, of equals that of the cheaper network."""

        def rank(pair):
            trial, line = pair
            return -extrapolated_error(trial.score, line.handicap), -self._count(line.values).macs

        ended = ((trial, line) for line in self.lines() for trial in line.trials if trial.status == "COMPLETED")
        return max(ended, key=rank, default=(None,))[0]

    def _ends_soon(self):
        """Whether another network could not be trained to the end, as far as can be told."""
        if self.seconds is None:
            return False
        taken = [seconds for trial in self.trials.values() for seconds in curve(trial, "seconds").values()]
        return bool(taken) and self.spent() + self.rungs[-1] * median(taken) > self.seconds

    def _next(self, lines, random):
        """Values of a network to begin with."""
        known = [line.values for line in lines]
        for values in warm_starts(self.space_searched, self.fits):
            if values not in known:
                return values
        budget = self._capped(known, random) if self.goal != "accuracy" else self.budget
        return propose(
            self.space_searched,
            lambda random: budget.draw(self.space_searched, random),
            lambda values: budget.fits(self.space_searched.spec(values)),
            self._tried(lines),
            random,
            evidence=self.evidence,
            pool=self.pool,
            first=Random(self.seed) if len(self.evidence) > 1 else None,
        )

    def _capped(self, known, random):
        """The budget with another cap for each proposal, so that the whole front is looked for."""
        costs = sorted(self._cost(values) for values in known)
        if not costs:
            return self.budget
        low, high = log1p(costs[len(costs) // 10]), log1p(costs[-1])
        return self.budget._replace(**{f"max_{self._what}": round(exp(random.uniform(low, high)))})

    def _tried(self, lines):
        """Each network with the score to expect at the last rung: what it has, plus what others gained from there."""
        last = self.rungs[-1]
        complete = [line.curve for line in lines if line.is_good and last in line.curve]

        def expected(line):
            if not line.is_good or not line.curve:
                return None
            reached = max(line.curve)
            gains = [curve[last] - curve[reached] for curve in complete if reached in curve]
            return -extrapolated_error(line.curve[reached] + (median(gains) if gains else 0.0), line.handicap)

        return [Tried(line.values, expected(line)) for line in lines]

    def _early_tells(self, lines):
        first, last = self.rungs[0], self.rungs[-1]
        pairs = [(line.curve[first], line.curve[last]) for line in lines if {first, last} <= line.curve.keys()]
        return len(pairs) < PAIRS or correlation(*zip(*pairs, strict=True)) >= AGREES

    def _promoted(self, lines, at_least):
        """Values of the trial in which a network goes on, if one may: the best of the highest rung with places left."""
        for rung, following in reversed(list(pairwise(self.rungs))):
            here = [line for line in lines if rung in line.curve and (line.is_good or line.is_running)]
            for line in self._ranked(here, rung)[: max(at_least, len(here) // self.factor)]:
                if line.is_good and max(line.curve) == rung:
                    return line.trials[-1].hyperparameters.values | {
                        "tuner/trial_id": line.trials[-1].trial_id,
                        "tuner/initial_epoch": rung,
                        "tuner/epochs": following,
                    }
        return None

    def _ranked(self, lines, rung):
        """The best first; for a front, those first that the fewest are better and cheaper than."""
        if self.goal == "accuracy":
            return sorted(lines, key=lambda line: extrapolated_error(line.curve[rung], line.handicap))
        points = {
            id(line): (-extrapolated_error(line.curve[rung], line.handicap), self._cost(line.values)) for line in lines
        }

        def beaten(line):
            merit, cost = points[id(line)]
            return sum(m >= merit and c <= cost and (m, c) != (merit, cost) for m, c in points.values())

        return sorted(lines, key=lambda line: (beaten(line), -points[id(line)][0]))

    @property
    def _what(self):
        return "params" if self.goal == "pareto-params" else "macs"

    def _cost(self, values):
        return getattr(self._count(values), self._what)

    def _count(self, values):
        return self.counted(self.space_searched.spec(values))

    def _size(self, values):
        return log1p(self._cost(values))


def rungs(max_epochs: int, min_epochs: int, factor: int) -> list[int]:
    """Epochs after which it is decided who goes on: `max_epochs`, divided by the factor as often as it goes."""
    found = [max_epochs]
    while found[-1] // factor >= min_epochs:
        found.append(found[-1] // factor)
    return found[::-1]


def _steady(line):
    """Seconds of its epochs, without those in which a trial begins and compiles."""
    return [seconds for trial in line for seconds in list(curve(trial, "seconds").values())[1:]]


def _curve(line):
    return {epochs: accuracy for trial in line for epochs, accuracy in curve(trial).items()}


def warm_starts(space: Space, fits: Callable[[dict], bool]) -> Iterator[dict]:
    """The space's starts that fit, each as wide as may be."""
    return filter(None, (widest(space, start, fits) for start in space.starts))


def widest(space: Space, start: dict, fits: Callable[[dict], bool]) -> dict | None:
    """Values of a start; what it leaves open is raised, one dimension after the other, as far as it fits. None if
    nothing fits."""
    values = space.chosen(lambda dimension: start.get(dimension.name, dimension.choices[0]))
    if not fits(values):
        return None
    for dimension in space.dimensions:
        if dimension.name in values and dimension.name not in start:
            larger = [values | {dimension.name: choice} for choice in dimension.choices]
            values = next((one for one in reversed(larger) if fits(one)), values)
    return values
