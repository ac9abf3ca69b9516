"""Strategies by name, each as an oracle of keras-tuner that keeps to a budget and loses nothing.

    evolution    ours, see `evolution` and `surrogate`: trains many networks for few epochs and the best ones longer
    random, bayesian, hyperband    keras-tuner's own

What does not fit the budget is drawn again; it is no trial.
"""

from collections.abc import Callable

from ...errors import InputError, one_of
from ..spaces.constraints import Budget
from ..spaces.space import Space
from .budgeted import BayesianOracle, HyperbandSearchOracle, RandomOracle
from .evolution import EvolutionOracle
from .extrapolation import NOTHING, FullTraining

GOALS = ("accuracy", "pareto-macs", "pareto-params")


STRATEGIES = {
    "evolution": EvolutionOracle,
    "random": RandomOracle,
    "bayesian": BayesianOracle,
    "hyperband": HyperbandSearchOracle,
}


def check(strategy: str, goal: str, proxy: object = None) -> None:
    """Raise an `InputError` where a strategy or goal is unknown, or they, or strategy and proxy, do not go together."""
    one_of("strategy", strategy, STRATEGIES)
    one_of("goal", goal, GOALS)
    if goal != "accuracy" and strategy != "evolution":
        raise InputError(f"goal={goal!r}: the strategy {strategy} only looks for accuracy; evolution looks for a front")
    if proxy and strategy != "evolution":
        raise InputError(f"proxy: the strategy {strategy} listens to none; evolution does")


def oracle(
    strategy: str,
    space: Space,
    budget: Budget,
    *,
    max_epochs: int = 9,
    goal: str = "accuracy",
    proxy: Callable[[dict], float] | None = None,
    ahead: FullTraining = NOTHING,
    **search,
):
    """The oracle of a strategy.

    Args:
        strategy: a key of `STRATEGIES`.
        space: what to choose from.
        budget: what a network may cost.
        max_epochs: for how long the best networks are trained; "random" and "bayesian" train all so long.
        goal: one of `GOALS`; only "evolution" looks for a front.
        proxy: a function of a spec that says more for a better network, see `proxies`; only "evolution" listens to one.
        ahead: what training the winner has ahead of it; only "evolution" asks.
        search: `seed`, `networks`, `seconds` and others, see `WithinBudget` and `Kept`.

    Raises:
        InputError: strategy or goal are unknown or don't go together, or nothing fits the budget.
    """
    check(strategy, goal, proxy)
    if strategy in ("evolution", "hyperband"):
        search["max_epochs"] = max_epochs
    if strategy == "hyperband" and {"networks", "seconds"} & search.keys():
        search.setdefault("hyperband_iterations", 10**6)  # until then
    if strategy == "evolution":
        search |= {"goal": goal, "ahead": ahead, "proxies": [proxy] if proxy else []}
    budget.check(space)
    return STRATEGIES[strategy](space, budget, **search)
