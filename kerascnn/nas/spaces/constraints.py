"""Budgets: what a network may cost, checked before anything is built."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from json import dumps
from random import Random
from typing import NamedTuple

from ...errors import InputError, as_python, shown, unknown
from .count import Count, count, is_closed
from .latency import Calibration, calibrate, measured
from .space import Space, is_active, is_ordered
from .spec import checked

LIMITS = ("max_params", "max_macs", "max_memory", "max_latency")
COUNTED, BUILT = 50_000, 200  # networks that are counted in seconds: by arithmetic, and where each has to be built
DESCENTS = 20  # draws that are made smaller until they fit, where one in ten thousand fits by itself
CALIBRATING = 14  # networks that are measured
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1}
NUMBER = r"(?:[0-9]{1,3}(?:[,_][0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
AMOUNT = re.compile(rf"((?:{NUMBER})(?:e[+-]?[0-9]+)?)\s*([a-z]*)")
SHORTEST, MOST = 1e-9, 1e18


class Share(NamedTuple):
    """The share of a space that fits a budget, estimated from draws."""

    space: str
    fitting: int
    draws: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the share."""
        from ...training.tasks.scores import interval

        return interval(self.fitting, self.draws)

    def __str__(self):
        low, high = self.interval
        return (
            f"{self.fitting / self.draws:.1%} of the space {self.space} fits the budget "
            f"({low:.1%} to {high:.1%}, from {self.draws:,} draws)"
        )


class Budget(NamedTuple):
    """What a network may cost at most; None is no limit. `budget` makes it from text.

    Parameters are all that Keras counts; MACs and the bytes of activations in float32 are those of one image, see
    `Count`; latency is the seconds that one image takes on this machine, as a calibration predicts it, see
    `calibrated`. A budget is plain data: `budget(**found._asdict())` is the same one, also with JSON in between.
    """

    max_params: int | None = None
    max_macs: int | None = None
    max_memory: int | None = None
    max_latency: float | None = None
    calibration: Calibration | None = None

    def calibrated(self, space: Space, *, seed: int = 0, measured: Callable = measured) -> "Budget":
        """The budget, with this machine's speed measured where latency has a limit.

        Otherwise some networks of the space, from the smallest to the largest, are built and measured, which takes half
        a minute or so.
        """
        if self.max_latency is None or self.calibration is not None:
            return self
        return self._replace(calibration=calibrate(_small_to_large(space, Random(seed)), measured=measured))

    def fits(self, spec: dict) -> bool:
        """Whether a network keeps to the budget.

        Raises:
            InputError: it is no spec, or the network has to be built and can't be.
        """
        return self.allows(count(spec)) if any(self[:4]) else bool(checked(spec))

    def allows(self, counted: Count) -> bool:
        """Whether a network that costs so much keeps to the budget."""
        return all(n <= limit for n, limit in self.limited(counted).values())

    def limited(self, counted: Count) -> dict[str, tuple]:
        """What has a limit, by its name: what a network costs of it, and the limit.

        Raises:
            InputError: latency has a limit and there is no calibration.
        """
        costs = counted.params, counted.macs, counted.memory, self.max_latency and self._foretold(counted)
        return {
            name: (cost, limit) for name, cost, limit in zip(LIMITS, costs, self[:4], strict=True) if limit is not None
        }

    def _foretold(self, counted):
        if self.calibration is None:
            raise InputError(
                f"max_latency={self.max_latency}: how fast this machine is has to be measured first, by "
                f"`budget.calibrated(space)`"
            )
        return self.calibration.seconds(counted)

    def draw(self, space: Space, random: Random) -> dict:
        """Values of a network that fits: what does not is drawn again.

        Raises:
            InputError: nothing fits.
        """
        return self.redraw(space, lambda: space.draw(random))

    def redraw(self, space: Space, propose: Callable[[], dict]) -> dict:
        """The first of the values proposed that fits; so may a strategy of its own keep to the budget.

        Where hardly anything fits, what is proposed is made smaller until it does.
        """
        for _ in range(_countable(space) // 5):
            values = propose()
            if self.fits(space.spec(values)):
                return values
        for _ in range(DESCENTS):
            values = _descend(space, self, propose(), until=1.0)
            if self.fits(space.spec(values)):
                return values
        self.check(space)
        return nearest(space, self)[0]

    def share(self, space: Space, *, draws: int | None = None, seed: int = 0) -> Share:
        """The share of a space that fits, estimated from so many draws: 2,000, or `BUILT` where each is built."""
        random, draws = Random(seed), draws or min(2000, _countable(space))
        return Share(space.name, sum(self.fits(space.spec(space.draw(random))) for _ in range(draws)), draws)

    def check(self, space: Space) -> None:
        """Raise an `InputError` that names the smallest network, where not even that one fits; see `nearest`."""
        if not any(self[:4]) or self.fits(space.spec(_descend(space, self, _lowest(space), until=1.0))):
            return
        values, is_proven = nearest(space, self)
        if self.fits(spec := space.spec(values)):
            return
        found = "" if is_proven else "was found that "
        for name, (_, limit) in self.limited(count(spec)).items():
            alone = Budget(calibration=self.calibration)._replace(**{name: limit})
            least = space.spec(nearest(space, alone)[0])
            if not alone.fits(least):
                raise InputError(
                    f"no network of the space {space.name} {found}fits {alone}: the smallest has "
                    f"{described(count(least), self.calibration)}: {least}"
                )
        raise InputError(
            f"the limits {self} contradict each other: each can be met, but no network of the space {space.name} "
            f"{found}meets them together; the nearest has {described(count(spec), self.calibration)}: {spec}"
        )

    def __str__(self):
        given = [f"{name}={getattr(self, name):,}" for name in LIMITS if getattr(self, name) is not None]
        return ", ".join(given) or "no limit"


def budget(*, calibration: Iterable | None = None, **limits: int | float | str | None) -> Budget:
    """A budget from numbers or text: "20M", "300k", "64MB" of memory, "5ms" of latency; None and "" are no limit.

    Parameters, MACs and bytes are whole: of a limit of 1000.5, 1000 is kept.

    Raises:
        InputError: a limit is unknown, or no number of 1 or more (latency: above zero), or the calibration is none.
    """
    for name in limits:
        if name not in LIMITS:
            raise unknown("limit", name, LIMITS)
    amounts = {name: _amount(name, limit) for name, limit in limits.items()}
    return Budget(**amounts, calibration=_calibration(calibration))


def _amount(name: str, limit):
    limit, is_whole = as_python(limit), name != "max_latency"
    if limit is None or limit == "":
        return None
    amount = _read(limit, _UNITS if is_whole else _SECONDS | {"": 1}, name == "max_memory")
    if type(amount) not in (int, float) or not (1 if is_whole else SHORTEST) <= amount <= MOST:
        allowed = "a number, 1 or more, like 1000 or '20M'" if is_whole else "a number above zero, like 0.005 or '5ms'"
        raise InputError(f"{name}={shown(limit)}: must be {allowed}")
    return int(amount) if is_whole else amount


def _read(limit, units: dict, in_bytes: bool):
    """The number that a text stands for; None if it is none. What is no text is given back."""
    if not isinstance(limit, str):
        return limit
    found = AMOUNT.fullmatch(limit.strip().lower())
    unit = found and (found[2].removesuffix("b") if in_bytes else found[2])
    return float(re.sub("[,_]", "", found[1])) * units[unit] if unit in units else None


def _calibration(found) -> Calibration | None:
    if found is None or isinstance(found, Calibration):
        return found
    numbers = as_python(list(found)) if isinstance(found, Iterable) and not isinstance(found, str) else []
    if len(numbers) != len(Calibration._fields) or not all(type(n) in (int, float) and 0 <= n <= MOST for n in numbers):
        raise InputError(f"calibration={shown(found)}: must be the numbers {', '.join(Calibration._fields)}")
    return Calibration(*numbers)


def described(counted: Count, calibration: Calibration | None = None) -> str:
    """A count in words."""
    words = f"{counted.params:,} parameters, {counted.macs:,} MACs and {counted.memory:,} bytes of activations"
    return words + (f", and takes about {calibration.seconds(counted):.3g} s" if calibration else "")


# ------------------------------------------------------------------------------------ the smallest networks of a space


def networks(space: Space) -> Iterator[dict]:
    """Values of all networks of a space, one after the other."""

    def further(values, dimensions):
        if not dimensions:
            yield values
        elif is_active(dimensions[0], values):
            for choice in dimensions[0].choices:
                yield from further(values | {dimensions[0].name: choice}, dimensions[1:])
        else:
            yield from further(values, dimensions[1:])

    return further({}, space.dimensions)


def nearest(space: Space, budget: Budget) -> tuple[dict, bool]:
    """Values of the network that comes nearest to what a budget limits: its largest share of a limit is the smallest.

    Returns:
        The values, and whether all networks of the space were looked at. Of one that has too many for that, it is
        those whose numbers are as low as they can be, and what comes of changing these one by one.
    """

    def shares(values):
        return _shares(space, budget, values)

    most = _countable(space)
    everything = list(islice(networks(space), most + 1))
    if len(everything) <= most:
        return min(everything, key=shares), True
    dimensions = [dimension._replace(choices=_lowest_of(dimension)) for dimension in space.dimensions]
    low = islice(networks(space._replace(dimensions=tuple(dimensions))), most)
    return _descend(space, budget, min(low, key=shares)), False


def _lowest(space):
    return space.chosen(lambda dimension: _lowest_of(dimension)[0])


def _lowest_of(dimension):
    """The lowest choice, or all choices of what has no order."""
    return (min(dimension.choices),) if is_ordered(dimension) else dimension.choices


def _descend(space, budget, values, until=0.0):
    """Values that come nearer to a budget than these: one number after the other is changed, until no change helps or
    the largest share is small enough."""
    least, nearer = _shares(space, budget, values), True
    while nearer:
        nearer = False
        for dimension in space.dimensions:
            for choice in dimension.choices if dimension.name in values else ():
                if least[0] <= until:
                    return values
                changed = values | {dimension.name: choice}
                changed = space.chosen(lambda other, changed=changed: changed.get(other.name, other.choices[0]))
                if (found := _shares(space, budget, changed)) < least:
                    values, least, nearer = changed, found, True
    return values


def _shares(space, budget, values):
    """Of the limits, the largest first; without a limit, what is counted itself."""
    counted = count(space.spec(values))
    shares = [n / limit for n, limit in budget.limited(counted).values()] or counted
    return max(shares), sum(shares)


def _small_to_large(space, random):
    """Specs of networks of a space, as different in size as they are."""
    drawn = (space.draw(random) for _ in range(_countable(space) // 8))
    values = [_descend(space, Budget(), _lowest(space)), space.chosen(lambda dimension: dimension.choices[-1]), *drawn]
    different = {dumps(spec, sort_keys=True): spec for spec in map(space.spec, values)}
    ordered = sorted(different.values(), key=lambda spec: count(spec).macs)
    n = min(CALIBRATING, len(ordered))
    return [ordered[round(i * (len(ordered) - 1) / max(1, n - 1))] for i in range(n)]


def _countable(space):
    """How many networks of a space can be counted in a few seconds."""
    return COUNTED if is_closed(space.spec(space.chosen(lambda dimension: dimension.choices[0]))) else BUILT
