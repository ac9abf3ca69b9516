"""Weights by the names of their layers. Keras itself takes them by the layers' kinds and places, and so puts those of a
network with other heads into the wrong layers, or nowhere."""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from ..errors import InputError, listed, shown

MOST_NAMED = 6


@contextmanager
def in_order(model, path: Path, heads: Callable[[], set[str]]) -> Iterator[tuple[Path, list[str]]]:
    """A file of weights in the order in which Keras wants those of a model; and the names of the layers in excess.

    Args:
        model: a Keras model, built.
        path: of a `.weights.h5` file without links. Where its layers have no names, it is given back as it is.
        heads: gives the names of layers that the file may hold in excess.

    Raises:
        InputError: the file lacks weights of the model, or holds others in excess than those of heads.
    """
    with h5py.File(path, "r") as file, tempfile.TemporaryDirectory() as folder:
        saved, keys = _named(file), _keys(model)
        if not saved:
            yield path, []
            return
        for name in set(saved) - set(keys):  # a model within the file's may be this one
            if inner := _named(saved[name]):
                del saved[name]
                saved = inner | saved
        excess = sorted(name for name in saved if name not in keys and _holds_weights(saved[name]))
        if strange := [shown(name) for name in sorted(set(excess) - heads())] if excess else []:
            raise InputError(
                f"{path}: does not fit {model.name}: has weights of {listed(strange, MOST_NAMED)}, which it lacks"
            )
        if missing := [shown(layer.name) for layer in model.layers if layer.weights and layer.name not in saved]:
            raise InputError(f"{path}: does not fit {model.name}: has no weights of {listed(missing, MOST_NAMED)}")
        for layer in model.layers:
            if layer.weights and not hasattr(layer, "layers"):
                found, ours = _shapes(saved[layer.name]), [tuple(weight.shape) for weight in layer.weights]
                if found != ours:
                    raise InputError(
                        f"{path}: does not fit {model.name}: the weights of {layer.name} have the shapes "
                        f"{shown(found)}, not {shown(ours)}"
                    )
        ordered = Path(folder, "ordered.weights.h5")
        with h5py.File(ordered, "w") as new:
            for name in set(keys) & set(saved):
                file.copy(saved[name], new.require_group("layers"), keys[name])
        yield ordered, excess


def _named(group: h5py.Group) -> dict[str, h5py.Group]:
    """What is stored of the layers of a model, by name; empty where they have none, or two have the same."""
    layers = group.get("layers", {})
    named = {layers[key]["vars"].attrs.get("name"): layers[key] for key in layers}
    return named if len(named) == len(layers) and all(isinstance(name, str) for name in named) else {}


def _keys(model) -> dict[str, str]:
    """What Keras calls the layers of a model in a file, by name: their kind, and how many of it were before."""
    keys, kinds = {}, Counter()
    for layer in model.layers:
        kind = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", type(layer).__name__))
        kind = re.sub("([a-z])([A-Z])", r"\1_\2", kind).lower()
        keys[layer.name] = f"{kind}_{kinds[kind]}" if kinds[kind] else kind
        kinds[kind] += 1
    return keys


def _holds_weights(group: h5py.Group) -> bool:
    return len(group["vars"]) > 0 or "layers" in group


def _shapes(group: h5py.Group) -> list[tuple]:
    arrays = group["vars"]
    return [tuple(arrays[key].shape) for key in sorted(arrays, key=int)]
