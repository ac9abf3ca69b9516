"""A space as keras-tuner knows it: hyperparameters and a hypermodel."""

from collections.abc import Callable

from .space import Number, Space, is_active

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

    from ...registry import build

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
