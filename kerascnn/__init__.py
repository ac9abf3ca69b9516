"""kerascnn: every classic convolutional network in Keras, built by name and proven to be its paper's.

    build(name, ...)      a keras.Model
    load(path)            a keras.Model that was saved
    list_models(pattern)  the names that `build` knows
    info(name)            a network's card: paper, numbers, departures from the paper
    part(model, name)     the encoder, decoder or twin of a network, as a keras.Model

Importing this package imports neither Keras nor its backend; `build` and `load` do. Once Keras is imported too, in
whatever order, `keras.models.load_model` knows the layers of this package.
"""

import sys
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from .catalog import Card
from .errors import InputError
from .registry import build, info, list_models, part
from .version import __version__ as __version__

__all__ = [
    "Card", "InputError", "analysis", "build", "data", "info", "layers", "list_models", "load", "nas", "part",
    "trained", "training", "weights",
]  # fmt: skip

if TYPE_CHECKING:  # what editors and type checkers see; at run time `__getattr__` imports it
    from . import analysis, data, layers, nas, trained, training, weights
    from .weights import load


class _BesideKeras:
    """Imports our layers when Keras is imported, now or later, so that `keras.models.load_model` knows them."""

    def find_spec(self, name, path=None, target=None):
        if name != "keras":
            return None
        others = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        if (spec := next(filter(None, others), None)) and spec.loader:
            spec.loader.exec_module = partial(self.execute, spec.loader.exec_module)
        return spec

    def execute(self, execute, module):
        execute(module)
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        import_module(f"{__name__}.layers")


if "keras" in sys.modules:
    import_module(f"{__name__}.layers")
else:
    sys.meta_path.insert(0, _BesideKeras())


def __getattr__(name):
    if name == "load":
        return import_module(f"{__name__}.weights").load
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
