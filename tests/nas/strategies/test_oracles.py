"""Strategies by name: wrong ones are one line."""

import pytest

from kerascnn import InputError
from kerascnn.nas import budget
from kerascnn.nas.strategies.oracles import oracle

from .test_evolution import MIXED, QUARTER


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"strategy": "evolutoin"}, "strategy='evolutoin': must be one of 'evolution'"),
        ({"goal": "pareto-mac"}, "goal='pareto-mac': must be one of 'accuracy', 'pareto-macs'"),
        ({"strategy": "random", "goal": "pareto-macs"}, "the strategy random only looks for accuracy"),
        ({"strategy": "random", "proxy": len}, "proxy: the strategy random listens to none; evolution does"),
        ({"limits": budget(max_params=10)}, "no network of the space mixed .*fits max_params=10: the smallest has"),
    ],
)
def test_wrong_arguments(arguments, line):
    strategy, limits = arguments.pop("strategy", "evolution"), arguments.pop("limits", QUARTER)
    with pytest.raises(InputError, match=line):
        oracle(strategy, MIXED, limits, **arguments)
