"""The networks that a search has tried: the best of them, the front, and names for what was found."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ... import catalog, registry
from ...errors import InputError, shown
from ...untrusted import json_records
from ..engine.trials import Result, chains
from ..spaces.constraints import Budget
from ..spaces.count import Count, count, count_model, undrawn
from ..spaces.spec import ANSWER, STANDARD, checked
from ..strategies.extrapolation import NOTHING, FullTraining, extrapolated_error, handicaps

WIDTHS = ("n_filters", "alpha")  # knobs by which a network of the catalog may be narrowed to fit,
NARROWEST = 0.5  # but no more than to this share
ROUGHLY = 2.0  # the factor by which MACs may be off that are told from a card for another image size
FEATURES = 2048  # at most so many go into a last layer,
DENSE = 6e7  # but in networks with so many parameters, most of which are in dense layers
SPEC = {"name": str, "input_shape": [range(1, 2**15 + 1)], "classes": range(1, 2**20)}
FOUND = "nobody else's: found by a search over"  # begins the `same_as` of cards


class Network(NamedTuple):
    """A network that was tried, in one trial or in several that went on from each other.

    Attributes:
        trials: their numbers.
        values: the numbers of the space by name.
        spec: as `kerascnn.build(**spec)` takes it.
        count: what it costs.
        curve: epochs trained -> accuracy on held-out images; empty if it never came so far.
        seconds: that training took.
        steady: seconds of epochs, without those that compile.
        is_good: whether a trial of it was completed.
        message: why the last trial failed.
    """

    trials: tuple[str, ...]
    values: dict
    spec: dict
    count: Count
    curve: dict[int, float]
    seconds: float
    steady: tuple[float, ...]
    is_good: bool
    message: str | None

    @property
    def epochs(self) -> int:
        return max(self.curve, default=0)

    @property
    def accuracy(self) -> float:
        """After the last epoch; not the best of all, which would favour luck."""
        return self.curve[self.epochs]


def networks(trials: Iterable[Result]) -> list[Network]:
    """The networks of the trials of a search, in the order in which they began."""
    return [_merged(chain) for chain in chains((trial.trial, trial.parent, trial) for trial in trials)]


def _merged(chain):
    good = [trial for trial in chain if trial.status == "COMPLETED" and trial.curve]
    last = chain[-1]
    return Network(
        trials=tuple(trial.trial for trial in chain),
        values=last.values,
        spec=last.spec,
        count=last.count,
        curve=(good or chain)[-1].curve,
        seconds=sum(trial.seconds for trial in chain),
        steady=tuple(seconds for trial in chain for seconds in trial.steady),
        is_good=bool(good),
        message=last.message,
    )


def ranked(tried: Iterable[Network], ahead: FullTraining = NOTHING) -> list[Network]:
    """The networks that were trained, ordered by their error after the full training `ahead`, of equals the cheaper one
    first; with no training ahead by their accuracy."""
    good = [one for one in tried if one.is_good]
    weighed = handicaps([one.count for one in good], [one.steady for one in good], ahead)
    keys = [
        (extrapolated_error(one.accuracy, weight), one.count.macs) for one, weight in zip(good, weighed, strict=True)
    ]
    return [good[i] for i in sorted(range(len(good)), key=keys.__getitem__)]


def front(tried: Iterable[Network], cost: str) -> list[Network]:
    """The Pareto front: networks to which no other is both cheaper and more accurate, the cheapest first. `cost` is a
    field of `Count`."""
    found = []
    for one in sorted(ranked(tried), key=lambda one: getattr(one.count, cost)):
        if not found or one.accuracy > found[-1].accuracy:
            found.append(one)
    return found


# --------------------------------------------------------------------------------------------- names for what was found


def register(name: str, spec: dict | str | Path) -> catalog.Card:
    """Let `kerascnn.build(name)` make a network that was found; as long as this process runs.

    Args:
        name: one that no network of the catalog has. A name that was registered before is given to the new network.
        spec: the network, or the path of a `winner.json`.

    Returns:
        Its card, as `kerascnn.info(name)` gives it.

    Raises:
        InputError: the name is taken, there is no such file, or `kerascnn.build` cannot make the network.
    """
    spec = checked(read(spec) if isinstance(spec, (str, Path)) else spec)
    if partial := [entry for entry in ANSWER if entry in spec]:
        raise InputError(f"{partial[0]}={shown(spec[partial[0]])}: is said to `build`; a network is registered whole")
    is_free = not catalog.has(name) or (name in catalog.UNLISTED and catalog.UNLISTED[name].same_as.startswith(FOUND))
    if not isinstance(name, str) or not name.isidentifier() or not is_free:
        raise InputError(f"name={shown(name)}: must be a word that is no network of the catalog")
    counted = count_model(undrawn(spec))
    base = catalog.card(spec["name"])
    card = base._replace(
        name=name,
        input_shape=tuple(spec["input_shape"]),
        classes=spec["classes"],
        trainable=counted.trainable,
        params=counted.params,
        macs=counted.macs,
        same_as=f"{FOUND} {base.name}",
        published={},
        departs=f"its knobs: {', '.join(f'{knob}={value}' for knob, value in knobs(spec).items())}",
    )
    registry.adopt(card, base.name, knobs(spec))
    return card


def knobs(spec: dict) -> dict:
    """The knobs of a spec: all but name, input shape and classes."""
    return {name: value for name, value in spec.items() if name not in STANDARD}


def describe(spec: dict) -> str:
    """A network in a few words.

    Raises:
        InputError: it is no spec.
    """
    rest = knobs(spec := checked(spec))
    if spec["name"] == "staged":
        usual = registry.knobs("staged")
        repeats, blocks, n_filters, side = (
            rest.pop(knob, usual[knob]) for knob in ("repeats", "blocks", "n_filters", "kernel_size")
        )
        stages = zip(repeats, blocks, n_filters, strict=True)
        name = ", ".join(f"{n} {block} of {filters}" for n, block, filters in stages) + f", {side}x{side}"
    else:
        name = spec["name"]
    return ", ".join([name, *(f"{knob}={value}" for knob, value in rest.items())])


def read(path: str | Path) -> dict:
    """The spec in a file like `winner.json`.

    Raises:
        InputError: there is no such file, or it holds no spec.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; give the winner.json of a search")
    return json_records.read(path, SPEC)


# ------------------------------------------------------------------------------------------ beside it, from the catalog


def largest(budget: Budget, input_shape: Sequence[int], classes: int) -> tuple[dict, Count] | None:
    """The classifier of the catalog that makes the most of a budget: of those that fit, the one with the most MACs.

    One that does not fit as it is may be narrowed by its knob `n_filters` or `alpha`, to the widest that fits and at
    least half of what the paper has: a search shall be compared with the best that could be had without.

    Returns:
        Its spec and what it costs; None if nothing fits, or neither parameters nor MACs have a limit.
    """
    if budget.max_params is None and budget.max_macs is None:
        return None
    best = None
    for card, macs in sorted(_likely(budget, input_shape), key=lambda likely: -likely[1]):
        if best and ROUGHLY * macs < best[1].macs:
            break
        found = _widest(card, budget, {"name": card.name, "input_shape": list(input_shape), "classes": classes})
        if found and (best is None or found[1].macs > best[1].macs):
            best = found
    return best


def _likely(budget, input_shape):
    """(card, MACs about) of classifiers that may fit, as their cards tell; building them would take minutes."""
    for card in map(catalog.card, reversed(catalog.names(task="classify"))):  # of equals the later one is the better
        height, width, _ = card.input_shape
        macs = card.macs * (input_shape[0] * input_shape[1]) / (height * width)
        others = card.params - card.classes * FEATURES if card.params < DENSE else card.params / 10
        asked = (macs / ROUGHLY**0.5, budget.max_macs), (others, budget.max_params)
        is_small = all(limit is None or cost * NARROWEST**2 <= limit for cost, limit in asked)
        if is_small and min(input_shape[:2]) >= card.min_size:
            yield card, macs


def _widest(card, budget, spec):
    """(spec, count) of a network as it is or as wide as it fits; None if it doesn't, or cannot be built."""
    usually = registry.knobs(card.name)
    width = next((knob for knob in WIDTHS if type(usually.get(knob)) in (int, float)), None)
    choices = [{}]
    if width:
        usual = usually[width]
        steps = range(usual - 1, 0, -1) if isinstance(usual, int) else [usual * i / 20 for i in range(19, 0, -1)]
        choices += [{width: step} for step in steps if step >= NARROWEST * usual]
    try:
        first = bisect_left(choices, True, key=lambda knob: budget.allows(count(spec | knob)))
    except InputError:  # images of this size are too small for it
        return None
    found = spec | choices[first] if first < len(choices) else None
    return found and (found, count(found))
