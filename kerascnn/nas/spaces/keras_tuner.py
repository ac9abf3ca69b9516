"""A space as keras-tuner knows it: hyperparameters and a hypermodel."""

from collections.abc import Callable

from .space import Dimension, Space, is_active

# ----------------------------------------------------------------------------------------------------- for keras-tuner


def sample(space: Space, hp) -> dict:
    """Values of a space from a `keras_tuner.HyperParameters`, under the dimensions' own names."""
    values = {}
    for dimension in space.dimensions:
        if is_active(dimension, values):
            values[dimension.name] = _choose(hp, dimension)
    return values


def declare(space: Space):
    """All dimensions of a space as `keras_tuner.HyperParameters`, for an oracle."""
    from keras_tuner import HyperParameters

    hp = HyperParameters()
    for dimension in space.dimensions:
        _register(hp, dimension)
    return hp


def encoded(space: Space, values: dict) -> dict:
    """Values as keras-tuner knows them, which has numbers and words of one kind: other choices go by their text."""
    return {
        dimension.name: _name(dimension, values[dimension.name])
        for dimension in space.dimensions
        if dimension.name in values
    }


def decoded(space: Space, hp_values: dict) -> dict:
    """The values of a space among those of a trial; the other way round of `encoded`."""
    found = {}
    for dimension in space.dimensions:
        if is_active(dimension, found):
            found[dimension.name] = _named(dimension)[hp_values[dimension.name]]
    return found


def _choose(hp, dimension: Dimension):
    return _named(dimension)[_register(hp, dimension)]


def _register(hp, dimension):
    from contextlib import ExitStack

    names = list(_named(dimension))
    with ExitStack() as scopes:
        for other, allowed in dimension.when.items():
            scopes.enter_context(hp.conditional_scope(other, list(allowed)))
        return hp.Choice(dimension.name, names, ordered=not isinstance(names[0], (str, bool)))


def _named(dimension):
    return {_name(dimension, choice): choice for choice in dimension.choices}


def _name(dimension, choice):
    kinds = {type(choice) for choice in dimension.choices}
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
