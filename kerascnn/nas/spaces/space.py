"""A space: the dimensions in which a search chooses, and the network that the choices make."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from ...errors import InputError, unknown


class Dimension(NamedTuple):
    """One choice of a search: its name, what there is to choose from, in order, and `when` it is active, by the values
    of other dimensions."""

    name: str
    choices: tuple
    when: dict = {}


class Space(NamedTuple):
    """Dimensions and what they make: `knobs` turns their values, name -> value, into `{"name": ..., **knobs}`.

    `starts` are networks that are known to be good, to begin a search with; a dimension that they leave open is as
    large as the budget allows.
    """

    name: str
    dimensions: tuple[Dimension, ...]
    knobs: Callable[[dict], dict]
    input_shape: tuple = (32, 32, 3)
    classes: int = 10
    starts: tuple[dict, ...] = ()

    def spec(self, values: dict) -> dict:
        """The network of these values as pure data: `kerascnn.build(**spec)` makes it.

        Raises:
            InputError: a dimension is unknown, missing, or its value is none of its choices.
        """
        active = {dimension.name: dimension for dimension in self.dimensions if is_active(dimension, values)}
        if stray := set(values) - {dimension.name for dimension in self.dimensions}:
            raise unknown(
                f"number of the space {self.name}", min(stray), [dimension.name for dimension in self.dimensions]
            )
        for name, dimension in active.items():
            if name not in values:
                raise InputError(f"{name} is missing: the space {self.name} needs it here, one of {dimension.choices}")
            if values[name] not in dimension.choices:
                raise InputError(f"{name}={values[name]!r}: must be one of {dimension.choices}")
        knobs = self.knobs({name: values[name] for name in active})
        return {**knobs, "input_shape": list(self.input_shape), "classes": self.classes}

    def draw(self, random: Random) -> dict:
        """Values drawn evenly from the choices of each dimension."""
        return self.chosen(lambda dimension: random.choice(dimension.choices))

    def chosen(self, choose: Callable[[Dimension], object]) -> dict:
        """Values that `choose` gives to each active dimension."""
        values = {}
        for dimension in self.dimensions:
            if is_active(dimension, values):
                values[dimension.name] = choose(dimension)
        return values


def is_ordered(dimension: Dimension) -> bool:
    """Whether its choices are numbers, so that some are nearer than others."""
    return all(isinstance(choice, (int, float)) for choice in dimension.choices)


def is_active(dimension: Dimension, values: dict) -> bool:
    """Whether a dimension is active, given the values of those before it."""
    return all(values.get(other) in allowed for other, allowed in dimension.when.items())
