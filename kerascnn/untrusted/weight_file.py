"""Weights in HDF5, checked before Keras reads them: they lie in the file, and none is larger than the network's."""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import h5py
import numpy as np

from ..errors import InputError, first_line
from .layers_by_name import in_order
from .local_files import opened

DEEPEST = 64
FILTERS = (None, "gzip")  # h5py has them; others are plug-ins


def load_weights(model, path: Path, what: str | Path, heads: Callable[[], set[str]] | None = None) -> list[str]:
    """Load a file of weights into a model; all of them must be in it.

    Args:
        model: a Keras model, built. Its weights are undefined where an error is raised.
        path: of a `.weights.h5` file, or of an `.h5` file of Keras 2.
        what: the file as the user knows it; it is named in errors.
        heads: gives the names of layers that the file may hold in excess; layers are then found by name.

    Returns:
        The names of the layers in excess.

    Raises:
        InputError: it is no such file, leads out of itself, holds an array that is larger than any of the network's,
            does not fit it, or holds a number that is not finite.
    """
    try:
        largest = max((math.prod(variable.shape) for variable in model.variables), default=0)
        with opened(path):
            _check_arrays(model, path, math.inf if heads else largest)
        with in_order(model, path, heads) if heads else nullcontext((path, [])) as (ordered, excess):
            _check_arrays(model, ordered, largest)
            with warnings.catch_warnings(action="ignore"):
                warnings.simplefilter("error", UserWarning)  # Keras only warns of weights that it leaves as they were
                model.load_weights(ordered)
    except InputError as error:
        raise InputError(str(error).replace(str(path), str(what))) from error
    except Exception as error:  # h5py and Keras have no kind of their own for a file that is damaged or another's
        raise InputError(f"{what}: does not fit {model.name}: {first_line(error)}") from error
    for variable in model.variables:
        if not np.all(np.isfinite(np.asarray(variable, np.float32))):
            raise InputError(f"{what}: has numbers that are not finite (NaN, infinity) in {variable.path}")
    return excess


def _check_arrays(model, path: Path, largest: float) -> None:
    """Raise an `InputError` unless all arrays of a file lie in it, hold numbers, and are small enough."""
    with h5py.File(path, "r") as file:
        for dataset in _datasets(file, 100 * len(model.layers) + 1000):
            _check(dataset, largest)


def _datasets(file: h5py.File, most: int) -> Iterator[h5py.Dataset]:
    """All arrays in a file of at most so many entries."""
    groups = [(file, 0)]
    entries = 0
    while groups:
        group, depth = groups.pop()
        for name in group:
            entries += 1
            if entries > most or depth > DEEPEST:
                raise InputError(f"{file.filename}: has more entries than a file of these weights")
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise InputError(f"{file.filename}: {group.name} has a link {name!r}; weights lie in the file itself")
            if isinstance(entry := group[name], h5py.Group):
                groups.append((entry, depth + 1))
            elif isinstance(entry, h5py.Dataset):
                yield entry


def _check(dataset: h5py.Dataset, largest: float) -> None:
    """Raise an `InputError` unless an array lies in its file, holds numbers, and is small enough."""
    name = f"{dataset.file.filename}: the array {dataset.name}"
    if dataset.external or dataset.is_virtual:
        raise InputError(f"{name} lies in another file")
    if dataset.dtype.kind not in "fiub" or dataset.dtype.itemsize > 8:
        raise InputError(f"{name} holds {dataset.dtype}, no numbers")
    if dataset.compression not in FILTERS:
        raise InputError(f"{name} is compressed by {dataset.compression}; allowed is gzip")
    if math.prod(dataset.shape) > largest:
        raise InputError(f"{name} of shape {dataset.shape} is larger than any weight of the network")
    if math.prod(dataset.chunks or ()) > max(largest, 2**20):
        raise InputError(f"{name} is stored in pieces of {dataset.chunks}, larger than any weight of the network")
