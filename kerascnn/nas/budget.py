"""Budgets: what a network may cost, asked before anything is built."""

import re
from collections.abc import Callable
from functools import cache
from math import isfinite, sqrt
from random import Random
from typing import NamedTuple

from ..errors import InputError, unknown
from .count import Count, count
from .space import Space

LIMITS = ("max_params", "max_macs", "max_memory", "max_latency")
TRIES = 100_000  # draws of networks that do not fit before a search gives up
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1}


class Share(NamedTuple):
    """How many of the draws from a space fit."""

    space: str
    fitting: int
    draws: int

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, with 95 % confidence. Wilson 1927."""
        z, n, p = 1.96, self.draws, self.fitting / self.draws
        middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, min(p, (middle - half) / (1 + z * z / n))), min(1.0, max(p, (middle + half) / (1 + z * z / n)))

    def __str__(self):
        low, high = self.interval
        return (
            f"{self.fitting / self.draws:.1%} of the space {self.space} fits the budget "
            f"({low:.1%} to {high:.1%}, from {self.draws:,} draws)"
        )


class Budget(NamedTuple):
    """What a network may cost at most; None is no limit. `budget` makes it from text.

    Parameters are all that Keras counts; MACs and the bytes of activations in float32 are those of one image, see
    `Count`; latency is the seconds that one image takes on this machine, see `latency`.
    """

    max_params: int | None = None
    max_macs: int | None = None
    max_memory: int | None = None
    max_latency: float | None = None

    def fits(self, spec: dict) -> bool:
        """Whether a network keeps to the budget. Only one that fits all else is built, to measure its latency."""
        counted = self.max_params, self.max_macs, self.max_memory
        if counted != (None, None, None) and not _within(count(spec), self):
            return False
        return self.max_latency is None or latency(spec) <= self.max_latency

    def draw(self, space: Space, random: Random) -> dict:
        """Values of a network that fits: what does not is drawn again.

        Raises:
            InputError: none of `TRIES` draws fits.
        """
        return self.redraw(space, lambda: space.draw(random))

    def redraw(self, space: Space, propose: Callable[[], dict]) -> dict:
        """The first of the values proposed that fits; so may a strategy of its own keep to the budget."""
        for _ in range(TRIES):
            values = propose()
            if self.fits(space.spec(values)):
                return values
        raise InputError(f"none of {TRIES:,} draws from the space {space.name} fits {self}: allow more")

    def share(self, space: Space, *, draws: int = 2000, seed: int = 0) -> Share:
        """The share of a space that fits, estimated; latency is left out, as it has to be measured.

        A space that has no closed count is built to be counted, so ask for few draws there.
        """
        random, counted = Random(seed), self._replace(max_latency=None)
        return Share(space.name, sum(counted.fits(space.spec(space.draw(random))) for _ in range(draws)), draws)

    def check(self, space: Space) -> None:
        """Raise an `InputError` that names the smallest network, where not even that one fits."""
        limits = {name: limit for name, limit in self._asdict().items() if limit and name != "max_latency"}
        smallest = smallest_network(space, self)
        if _within(count(smallest), self):
            if self.max_latency is not None and (took := latency(smallest)) > self.max_latency:
                raise InputError(
                    f"no network of the space {space.name} fits max_latency={self.max_latency:g}: the smallest, "
                    f"{smallest}, takes {took:.3g} seconds"
                )
            return
        for name in limits:
            alone = Budget(**{name: limits[name]})
            least = smallest_network(space, alone)
            if not _within(count(least), alone):
                raise InputError(
                    f"no network of the space {space.name} fits {alone}: the smallest has {told(count(least))}: {least}"
                )
        raise InputError(
            f"the limits {self} contradict each other: each can be met, but no network of the space {space.name} meets "
            f"them together; the nearest has {told(count(smallest))}: {smallest}"
        )

    def __str__(self):
        given = [f"{name}={limit:,}" for name, limit in self._asdict().items() if limit is not None]
        return ", ".join(given) or "no limit"


def budget(**limits: int | float | str | None) -> Budget:
    """A budget from numbers or text: "20M", "300k", "64MB" of memory, "5ms" of latency; None and "" are no limit.

    Raises:
        InputError: a limit is unknown, not a number, or not above zero.
    """
    for name in limits:
        if name not in LIMITS:
            raise unknown("limit", name, LIMITS)
    return Budget(**{name: _amount(name, limit) for name, limit in limits.items()})


def _amount(name: str, limit):
    if limit is None or limit == "":
        return None
    units, example = (_SECONDS | {"": 1}, "5ms") if name == "max_latency" else (_UNITS, "20M")
    amount = limit
    if isinstance(limit, str):
        found = re.fullmatch(r"(\d*\.?\d+(?:e\d+)?)\s*([a-z]*)", re.sub("[,_]", "", limit).strip().lower())
        unit = found and (found[2].removesuffix("b") if name == "max_memory" else found[2])
        if unit not in units:
            raise InputError(f"{name}={limit!r}: must be a number above zero, like 1000 or {example!r}")
        amount = float(found[1]) * units[unit]
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not isfinite(amount) or amount <= 0:
        raise InputError(f"{name}={limit!r}: must be a number above zero, like 1000 or {example!r}")
    return amount if name == "max_latency" else round(amount)


def smallest_network(space: Space, budget: Budget) -> dict:
    """The network that comes nearest to what a budget limits, as a spec: its largest share of a limit is the smallest.

    Found by changing one number after the other until no change makes it smaller.
    """

    def size(values):
        counted = count(space.spec(values))
        shares = [n / limit for n, limit in _limited(counted, budget)] or list(counted)
        return max(shares), sum(shares)

    best = space.chosen(lambda number: number.choices[0])
    least, smaller = size(best), True
    while smaller:
        smaller = False
        for number in space.numbers:
            for choice in number.choices:
                tried = best | {number.name: choice}
                tried = space.chosen(lambda other, tried=tried: tried.get(other.name, other.choices[0]))
                if tried != best and (found := size(tried)) < least:
                    best, least, smaller = tried, found, True
    return space.spec(best)


def told(counted: Count) -> str:
    """A count in words."""
    return f"{counted.params:,} parameters, {counted.macs:,} MACs and {counted.memory:,} bytes of activations"


def _limited(counted: Count, budget: Budget) -> list[tuple]:
    """What was counted beside its limit, where there is one."""
    pairs = [
        (counted.params, budget.max_params),
        (counted.macs, budget.max_macs),
        (counted.memory, budget.max_memory),
    ]
    return [(n, limit) for n, limit in pairs if limit is not None]


def _within(counted: Count, budget: Budget) -> bool:
    return all(n <= limit for n, limit in _limited(counted, budget))


def latency(spec: dict, *, runs: int = 15) -> float:
    """Seconds that a network takes for one image on this machine: the median of some runs, measured once and kept.

    The network is built and compiled for it, which takes a second or more.
    """
    from json import dumps

    return _measured(dumps(spec, sort_keys=True), runs)


@cache
def _measured(spec: str, runs: int) -> float:
    from json import loads
    from statistics import median
    from time import perf_counter

    import numpy as np

    from ..registry import build

    model = build(**loads(spec))
    model.compile()
    image, times = np.zeros((1, *model.input_shape[1:]), "float32"), []
    for _ in range(runs + 2):  # the first two compile and warm up
        start = perf_counter()
        model.predict_on_batch(image)
        times.append(perf_counter() - start)
    return median(times[2:])
