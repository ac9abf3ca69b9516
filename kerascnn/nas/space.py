"""Spaces: which numbers a search may choose, and the network that they make."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from .. import catalog
from ..errors import InputError, unknown


class Number(NamedTuple):
    """A number, or word, with its choices in order; `when` are the values of others that it takes part in."""

    name: str
    choices: tuple
    when: dict = {}


class Space(NamedTuple):
    """Numbers and what they make: `knobs` turns their values, name -> value, into `{"name": ..., **knobs}`.

    `starts` are networks that are known to be good, to begin a search with; a number that they leave open is as large
    as the budget allows.
    """

    name: str
    numbers: tuple[Number, ...]
    knobs: Callable[[dict], dict]
    input_shape: tuple = (32, 32, 3)
    classes: int = 10
    starts: tuple[dict, ...] = ()

    def spec(self, values: dict) -> dict:
        """The network of these values as pure data: `kerascnn.build(**spec)` makes it.

        Raises:
            InputError: a number is unknown, missing or not one of its choices.
        """
        active = {number.name: number for number in self.numbers if is_active(number, values)}
        if stray := set(values) - {number.name for number in self.numbers}:
            raise unknown(f"number of the space {self.name}", min(stray), [number.name for number in self.numbers])
        for name, number in active.items():
            if name not in values:
                raise InputError(f"{name} is missing: the space {self.name} needs it here, one of {number.choices}")
            if values[name] not in number.choices:
                raise InputError(f"{name}={values[name]!r}: must be one of {number.choices}")
        knobs = self.knobs({name: values[name] for name in active})
        return {**knobs, "input_shape": list(self.input_shape), "classes": self.classes}

    def draw(self, random: Random) -> dict:
        """Values drawn evenly, each number from its choices."""
        return self.chosen(lambda number: random.choice(number.choices))

    def chosen(self, choose: Callable[[Number], object]) -> dict:
        """Values that `choose` gives to each number that takes part."""
        values = {}
        for number in self.numbers:
            if is_active(number, values):
                values[number.name] = choose(number)
        return values


def is_ordered(number: Number) -> bool:
    """Whether its choices are numbers, so that some are nearer than others."""
    return all(isinstance(choice, (int, float)) for choice in number.choices)


def is_active(number: Number, values: dict) -> bool:
    """Whether a number takes part, given the values of those before it."""
    return all(values.get(other) in allowed for other, allowed in number.when.items())


# --------------------------------------------------------------------------------------------------------- the families

GROWTHS = (1.0, 1.5, 2.0, 2.5, 3.0)
_THREE = {"stages": (3,)}


def _stages(deepest: int) -> tuple[Number, ...]:
    """Two or three stages, how many blocks each has and how much wider than the one before it is."""
    repeats = tuple(range(1, deepest + 1))
    return (
        Number("stages", (2, 3)),
        Number("repeats1", repeats),
        Number("repeats2", repeats),
        Number("repeats3", repeats, _THREE),
        Number("growth2", GROWTHS),
        Number("growth3", GROWTHS, _THREE),
    )


def _staged(values: dict, first: int, blocks: list) -> dict:
    """The knobs of "staged" from the numbers of `_stages`; widths are multiples of eight."""
    stages = range(1, values["stages"] + 1)
    widths, width = [], float(first)
    for i in stages:
        width *= values[f"growth{i}"] if i > 1 else 1
        widths.append(max(8, round(width / 8) * 8))
    return {
        "name": "staged",
        "blocks": blocks,
        "repeats": [values[f"repeats{i}"] for i in stages],
        "n_filters": widths,
        "kernel_size": values["kernel_size"],
    }


def _one_kind(values: dict) -> dict:
    return _staged(values, values["n_filters"], [values.get("block", "plain")] * values["stages"])


def _mobile(values: dict) -> dict:
    return _staged(values, 32 * values["alpha"], ["separable"] * values["stages"])


def _mixed(values: dict) -> dict:
    growth = values["growth"]
    same = {"stages": 3, "growth2": growth, "growth3": growth}
    return _staged(values | same, values["n_filters"], [values[f"block{i}"] for i in (1, 2, 3)])


_WIDTHS = Number("n_filters", (8, 16, 24, 32, 48, 64))
_KERNEL = Number("kernel_size", (3, 5))
_KINDS = ("plain", "residual", "bottleneck", "se", "separable", "inception")

_DOUBLED = {
    "stages": 3,
    "growth2": 2.0,
    "growth3": 2.0,
    "kernel_size": 3,
}  # from stage to stage, as in all three papers
_VGG16 = {"repeats1": 1, "repeats2": 2, "repeats3": 3}  # its first three stages; their first convolution is the stem
_RESNET20 = {"repeats1": 3, "repeats2": 3, "repeats3": 3}
_MOBILENET = {"repeats1": 2, "repeats2": 2, "repeats3": 6}  # its stages from 128 to 512 filters

SPACES = {
    "vgg": Space("vgg", (*_stages(4), _WIDTHS, _KERNEL), _one_kind, starts=(_VGG16 | _DOUBLED,)),
    "resnet": Space(
        "resnet",
        (Number("block", ("residual", "bottleneck", "se")), *_stages(5), _WIDTHS, _KERNEL),
        _one_kind,
        starts=({"block": "residual"} | _RESNET20 | _DOUBLED,),
    ),
    "mobilenet": Space(
        "mobilenet",
        (*_stages(6), Number("alpha", (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)), _KERNEL),
        _mobile,
        starts=(_MOBILENET | _DOUBLED,),
    ),
    "mixed": Space(
        "mixed",
        (
            *(Number(f"block{i}", _KINDS) for i in (1, 2, 3)),
            *(Number(f"repeats{i}", (1, 2, 3, 4)) for i in (1, 2, 3)),
            _WIDTHS,
            Number("growth", GROWTHS),
            _KERNEL,
        ),
        _mixed,
        starts=tuple(
            {f"block{i}": kind for i in (1, 2, 3)} | repeats | {"growth": 2.0, "kernel_size": 3}
            for kind, repeats in [("residual", _RESNET20), ("plain", _VGG16)]
        ),
    ),
}


def space(family: str | dict, *, input_shape: tuple = (32, 32, 3), classes: int = 10) -> Space:
    """A space for images and classes of this kind.

    Args:
        family: a key of `SPACES`; or one's own space over any network of the catalog, as a dictionary: its "name", and
            for each knob a list of choices, a `range` of whole numbers, or a single value that stays. Choices may be
            tuples: `{"name": "resnet20_cifar", "repeats": [(1, 1, 1), (2, 2, 2)], "n_filters": range(8, 33, 8)}`.
        input_shape: (height, width, channels).
        classes: number of classes.

    Raises:
        InputError: the family, the network or a knob is unknown, or there is nothing to choose.
    """
    if isinstance(family, dict):
        family = _own(family)
    elif family in SPACES:
        family = SPACES[family]
    elif family in catalog.names():
        family = _own({"name": family})
    else:
        raise unknown("family", family, SPACES)
    return family._replace(input_shape=tuple(input_shape), classes=classes)


def _own(knobs: dict) -> Space:
    from .. import registry  # imports the network's file, and with it Keras, to know its knobs

    if "name" not in knobs:
        raise InputError('a space needs the "name" of a network of the catalog beside its knobs')
    name, fixed, numbers = knobs["name"], {}, []
    known = registry.knobs(name)
    for knob, choices in knobs.items():
        if knob == "name":
            continue
        if knob not in known:
            raise unknown(f"knob of {name}", knob, known)
        if not isinstance(choices, (list, range)):
            fixed[knob] = choices
        elif len(choices) == 0:
            raise InputError(f"{knob}={choices!r}: there is nothing to choose from")
        else:
            numbers.append(Number(knob, tuple(choices)))
    if not numbers:
        raise InputError(
            f"the space over {name} is empty: give a knob a list of choices, like {next(iter(known))}=[...]"
        )
    usual = {number.name: known[number.name] for number in numbers if known[number.name] in number.choices}
    return Space(name, tuple(numbers), lambda values: {"name": name, **fixed, **values}, starts=(usual,))


# ----------------------------------------------------------------------------------------------------- for keras-tuner


def sample(space: Space, hp) -> dict:
    """Values of a space from a `keras_tuner.HyperParameters`, under the numbers' own names."""
    values = {}
    for number in space.numbers:
        if is_active(number, values):
            values[number.name] = _choose(hp, number)
    return values


def declare(space: Space):
    """All numbers of a space as `keras_tuner.HyperParameters`, for an oracle."""
    from keras_tuner import HyperParameters

    hp = HyperParameters()
    for number in space.numbers:
        _register(hp, number)
    return hp


def encoded(space: Space, values: dict) -> dict:
    """Values as keras-tuner knows them, which has numbers and words of one kind: other choices go by their text."""
    return {number.name: _name(number, values[number.name]) for number in space.numbers if number.name in values}


def decoded(space: Space, hp_values: dict) -> dict:
    """The values of a space among those of a trial; the other way round of `encoded`."""
    found = {}
    for number in space.numbers:
        if is_active(number, found):
            found[number.name] = _named(number)[hp_values[number.name]]
    return found


def _choose(hp, number: Number):
    return _named(number)[_register(hp, number)]


def _register(hp, number):
    from contextlib import ExitStack

    names = list(_named(number))
    with ExitStack() as scopes:
        for other, allowed in number.when.items():
            scopes.enter_context(hp.conditional_scope(other, list(allowed)))
        return hp.Choice(number.name, names, ordered=not isinstance(names[0], (str, bool)))


def _named(number):
    return {_name(number, choice): choice for choice in number.choices}


def _name(number, choice):
    kinds = {type(choice) for choice in number.choices}
    return choice if len(kinds) == 1 and kinds <= {int, float, str, bool} else repr(choice)


def hypermodel(space: Space, *, compile: Callable | None = None, fits: Callable[[dict], bool] | None = None):
    """A `keras_tuner.HyperModel` whose `build(hp)` is the network of `space.spec`.

    Args:
        space: what to choose from.
        compile: compiles the network: called with (model, hp), so that a sweep of learning rates goes on the same hp.
        fits: a budget's `fits`; a network outside of it raises, where a tuner doesn't draw by the budget itself.
    """
    import keras_tuner

    from ..registry import build

    class SpaceHyperModel(keras_tuner.HyperModel):
        def build(self, hp):
            spec = space.spec(sample(space, hp))
            if fits is not None and not fits(spec):
                raise keras_tuner.errors.FailedTrialError(f"{spec} does not fit the budget")
            model = build(**spec)
            if compile is not None:
                compile(model, hp)
            return model

    return SpaceHyperModel(name=space.name)
