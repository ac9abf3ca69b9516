"""All that a compiled model is at some moment, as arrays: a model that gets them back goes on bit for bit.

To the weights belong the optimizer, the seed generators of dropout, which no Keras format saves, and the running metrics
of an epoch. Under a strategy the replicas' own copies of a variable can differ; then all are kept.
"""

from collections.abc import Iterator

import keras
import numpy as np

from ..errors import InputError

EACH = "@each"  # ends the name of a variable of which every replica has another value: (replicas, ...)


def capture(model: keras.Model) -> dict[str, np.ndarray]:
    """The state of a compiled model, by the names of its variables.

    Metrics belong to it once the model has been trained for a step.
    """
    arrays = {}
    for name, copies in _variables(model):
        values = [copy.numpy() for copy in copies]
        if all(value.tobytes() == values[0].tobytes() for value in values):
            arrays[name] = values[0]
        else:
            arrays[name + EACH] = np.stack(values)
    return arrays


def restore(model: keras.Model, arrays: dict[str, np.ndarray], *, metrics: bool = True) -> None:
    """Put a state back.

    Args:
        model: compiled as when the state was captured.
        arrays: what `capture` gave.
        metrics: without them, which a new model doesn't have yet, everything else is put back.

    Raises:
        InputError: the state is of another model; what differs is named. The model stays as it was.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    given = {name.removesuffix(EACH): (name.endswith(EACH), array) for name, array in arrays.items()}
    if not metrics:
        given = {name: value for name, value in given.items() if not name.startswith("metrics/")}
    variables = {name: copies for name, copies in _variables(model) if metrics or not name.startswith("metrics/")}
    _check(variables, given)
    for name, copies in variables.items():
        each, array = given[name]
        for i, copy in enumerate(copies):
            copy.assign(array[i] if each else array)


def _variables(model) -> Iterator:
    """(a name, the copy of each replica) of every variable."""
    groups = {"model": model.variables, "optimizer": model.optimizer.variables, "metrics": model.metrics_variables}
    for group, variables in groups.items():
        for i, variable in enumerate(variables):
            copies = getattr(variable.value, "values", None)
            yield f"{group}/{i}/{variable.path}", copies or (variable.value,)


def _check(variables, given):
    wrong = [f"{name} is missing" for name in variables if name not in given]
    wrong += [f"{name} is unknown" for name in given if name not in variables]
    for name, copies in variables.items():
        if name in given:
            each, array = given[name]
            wanted = (len(copies),) * each + tuple(copies[0].shape)
            if array.shape != wanted:
                wrong.append(f"{name} is {array.shape}, not {wanted}")
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise InputError(f"the state is of another model: {', '.join(wrong[:3])}{more}")
