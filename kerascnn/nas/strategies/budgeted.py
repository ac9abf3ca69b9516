"""Strategies of keras-tuner that draw only what fits the budget, and no network twice."""

import warnings
from collections.abc import Callable
from random import Random

import keras_tuner
from keras_tuner.oracles import BayesianOptimizationOracle, HyperbandOracle, RandomSearchOracle
from sklearn.exceptions import ConvergenceWarning

from ..engine.durable_oracle import DurableOracle, well_spaced
from ..spaces.constraints import Budget
from ..spaces.count import Count, count
from ..spaces.keras_tuner import declare, decoded, encoded
from ..spaces.space import Space

ATTEMPTS = 50  # at a network that was not tried before


class WithinBudget(DurableOracle):
    """A strategy of keras-tuner that draws only what fits, and no network twice.

    Args:
        space: what to choose from.
        budget: what a network may cost.
        seed: any whole number; neighbouring ones have nothing in common.
        networks: how many to try; None for as many as there is time for.
        counted: what a network costs.
    """

    def __init__(
        self,
        space: Space,
        budget: Budget,
        *,
        seed: int = 0,
        networks: int | None = None,
        counted: Callable[[dict], Count] = count,
        **kept,
    ):
        super().__init__(
            objective=keras_tuner.Objective("val_accuracy", "max"),
            hyperparameters=declare(space),
            allow_new_entries=False,
            seed=well_spaced(seed),
            **kept,
        )
        self.max_trials = None  # keras-tuner's ten
        self.space_searched, self.budget, self.networks, self.counted = space, budget, networks, counted

    def fits(self, values: dict) -> bool:
        return self.budget.fits(self.space_searched.spec(values))

    def draw(self, random: Random) -> dict:
        return self.budget.draw(self.space_searched, random)

    def _may_begin(self):
        begun = sum("tuner/trial_id" not in trial.hyperparameters.values for trial in self.trials.values())
        return self.networks is None or begun < self.networks

    def _random_values(self):
        if not self._may_begin():
            return None
        random = Random(f"{self.seed} {len(self.trials)}")
        for _ in range(ATTEMPTS):
            values = encoded(self.space_searched, self.draw(random))
            if not self._duplicate(values):
                return values
        return None


class RandomOracle(WithinBudget, RandomSearchOracle):
    pass


class HyperbandSearchOracle(WithinBudget, HyperbandOracle):
    pass


class BayesianOracle(WithinBudget, BayesianOptimizationOracle):
    def populate_space(self, trial_id):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # of its own process, a few results in
            response = super().populate_space(trial_id)
        if response["status"] != "RUNNING" or self.fits(decoded(self.space_searched, response["values"])):
            return response
        values = self._random_values()  # what it wants is too large
        return {"status": "RUNNING", "values": values} if values else {"status": "STOPPED"}
