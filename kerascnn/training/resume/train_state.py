"""The state of a compiled model as arrays: a model that gets them back goes on bit for bit.

To the weights belong the optimizer, the seed generators of dropout, which no Keras format saves, and the running
metrics of an epoch. Under a strategy the replicas' own copies of a variable can differ; then all are kept. On another
number of devices each copy becomes their mean, as `replicas.AverageStatistics` makes of batch normalization's; the
running metrics are divided among the copies, as they are sums.
"""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from ...errors import InputError

GROUPS = ("model", "optimizer", "metrics")
EACH = "@each"  # ends the name of a variable of which every replica has another value: (replicas, ...)


def capture(model: keras.Model) -> dict[str, np.ndarray]:
    """The state of a compiled model, by the names of its variables.

    Metrics belong to it once the model has been trained for a step.
    """
    arrays = {}
    for name, copies in _variables(model):
        values = [copy.numpy() for copy in copies]
        if len(values) == 1 or (not _is_sum(name) and all(value.tobytes() == values[0].tobytes() for value in values)):
            arrays[name] = values[0]
        else:
            arrays[name + EACH] = np.stack(values)
    return arrays


def restore(model: keras.Model, arrays: dict[str, np.ndarray], groups: Sequence[str] = GROUPS) -> None:
    """Put a state back.

    Args:
        model: compiled as when the state was captured.
        arrays: what `capture` gave.
        groups: what of it; a new model doesn't have its metrics yet.

    Raises:
        InputError: the state is of another model; what differs is named. The model stays as it was.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    given = {name.removesuffix(EACH): (name.endswith(EACH), array) for name, array in arrays.items()}
    given = {name: value for name, value in given.items() if name.split("/")[0] in groups}
    variables = dict(_variables(model, groups))
    _check(variables, given)
    for name, copies in variables.items():
        for copy, value in zip(copies, _shared(name, *given[name], len(copies)), strict=True):
            copy.assign(value)


def _is_sum(name):
    return name.startswith("metrics/")


def _shared(name, each, array, number):
    """The values of the copies."""
    saved = array if each else array[None]
    if len(saved) == number:
        return saved
    if not _is_sum(name):
        return [saved.mean(0, dtype=np.float64).astype(array.dtype) if each else array] * number
    return [(saved.sum(0) / number).astype(array.dtype)] * number


def _variables(model, groups=GROUPS) -> Iterator:
    """(a name, the copy of each replica) of every variable."""
    of = {"model": model.variables, "optimizer": model.optimizer.variables, "metrics": model.metrics_variables}
    for group in groups:
        for i, variable in enumerate(of[group]):
            copies = getattr(variable.value, "values", None)
            yield f"{group}/{i}/{variable.path}", copies or (variable.value,)


def _check(variables, given):
    wrong = [f"{name} is missing" for name in variables if name not in given]
    wrong += [f"{name} is unknown" for name in given if name not in variables]
    for name, copies in variables.items():
        if name in given:
            each, array = given[name]
            found, wanted = array.shape[each:], tuple(copies[0].shape)
            if found != wanted or 0 in array.shape[:each]:
                wrong.append(f"{name} is {found}, not {wanted}")
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise InputError(f"the state is of another model: {', '.join(wrong[:3])}{more}")
