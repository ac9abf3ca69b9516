"""Architecture search on keras-tuner.

    SPACES, space(...)      what is searched: a family of this package, or one's own space over a network of the catalog
    hypermodel(space)       the same as a `keras_tuner.HyperModel`
    count(spec)             parameters, MACs and memory of a network before it is built
    budget(max_params="300k", ...)    what a network may cost; its `draw` gives only networks that fit
    STRATEGIES, oracle(...)           what to try next: ours, and keras-tuner's, within the budget
    Tuner(oracle, space, data, ...)   searches, also in several processes, and loses nothing when it is killed
    Search(cfg)             what surrounds a search on the command line: folder, time, processes, winner
    results(folder)         what a search has found so far; write_report(folder) shows it
    register(name, spec)    lets `kerascnn.build(name)` make a network that was found
    largest(budget, input_shape, classes)    the network of the catalog that makes the most of a budget

A spec is pure data, `{"name": ..., "input_shape": ..., "classes": ..., **knobs}`, and `kerascnn.build(**spec)` is its
network. Importing this package imports neither Keras nor keras-tuner.
"""

from typing import TYPE_CHECKING

from ..late_imports import late
from .engine.trials import Result, results
from .spaces.constraints import LIMITS, Budget, budget
from .spaces.count import Count, count
from .spaces.families import SPACES, space
from .spaces.keras_tuner import hypermodel
from .spaces.space import Dimension, Space

if TYPE_CHECKING:  # what editors and type checkers see; at run time `__getattr__` imports it
    from .engine.tuner import Tuner
    from .outcome.report import write_report
    from .outcome.selection import largest, register
    from .search import BATCH, Search
    from .strategies.oracles import STRATEGIES, oracle

_HOMES = {
    "BATCH": "search",
    "STRATEGIES": "strategies.oracles",
    "Search": "search",
    "Tuner": "engine.tuner",
    "largest": "outcome.selection",
    "oracle": "strategies.oracles",
    "register": "outcome.selection",
    "write_report": "outcome.report",
}
__all__ = [
    "BATCH",
    "LIMITS",
    "SPACES",
    "STRATEGIES",
    "Budget",
    "Count",
    "Dimension",
    "Result",
    "Search",
    "Space",
    "Tuner",
    "budget",
    "count",
    "hypermodel",
    "largest",
    "oracle",
    "register",
    "results",
    "space",
    "write_report",
]
__getattr__, __dir__ = late(__name__, _HOMES)
