"""kerascnn: every classic convolutional network in Keras, built by name and proven to be its paper's.

    build(name, ...)      a keras.Model
    list_models(pattern)  the names that `build` knows
    info(name)            a network's card: paper, numbers, departures from the paper

Importing this package imports neither Keras nor its backend; `build` does.
"""

from importlib import import_module

from .catalog import Card
from .errors import InputError
from .registry import build, info, list_models

__version__ = "0.1.0"
__all__ = ["Card", "InputError", "analysis", "build", "data", "info", "list_models", "training", "weights"]


def __getattr__(name):
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
