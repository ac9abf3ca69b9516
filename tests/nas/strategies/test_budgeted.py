"""Every strategy draws only what fits, and no network twice."""

import itertools
from random import Random

import numpy as np
import pytest

from kerascnn.nas.spaces.keras_tuner import decoded
from kerascnn.nas.strategies.oracles import STRATEGIES, oracle

from .test_evolution import MIXED, QUARTER, run


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_trial_fits_and_none_comes_twice(name):
    share = QUARTER.share(MIXED)
    assert share.fitting / share.draws < 0.3
    search = oracle(name, MIXED, QUARTER, seed=1, networks=24)
    told = [values for values in run(search, 200) if "tuner/trial_id" not in values]
    networks = [decoded(MIXED, values) for values in told]
    assert len(networks) == 24
    assert all(QUARTER.fits(MIXED.spec(values)) for values in networks)
    assert all(a != b for a, b in itertools.combinations(networks, 2))


@pytest.mark.parametrize("name", ["random", "hyperband", "evolution"])
def test_seeds(name):
    """The same gives the same, 0 is one like others, and neighbours have nothing in common but what all start with."""
    drawn = [run(oracle(name, MIXED, QUARTER, seed=seed), 12) for seed in (0, 0, 1, 2)]
    assert drawn[0] == drawn[1]
    for one, other in itertools.combinations(drawn[1:], 2):
        assert sum(values in other for values in one[len(MIXED.starts) :]) <= 1


def test_draws_do_not_depend_on_what_was_drawn_before():
    """So that a search that goes on draws what it would have drawn."""
    whole, again = (oracle("evolution", MIXED, QUARTER, seed=5) for _ in range(2))
    run(whole, 20)
    run(again, 10)
    Random(0).random(), np.random.default_rng().random()
    fresh = oracle("evolution", MIXED, QUARTER, seed=5)
    fresh.trials, fresh.start_order = again.trials, again.start_order
    assert run(fresh, 10) == [trial.hyperparameters.values for trial in list(whole.trials.values())[10:20]]
