"""Architecture search on keras-tuner.

    SPACES, space(...)      what is searched: a family of this package, or one's own space over a network of the catalog
    hypermodel(space)       the same as a `keras_tuner.HyperModel`
    count(spec)             parameters, MACs and memory of a network before it is built
    budget(max_params="300k", ...)    what a network may cost; its `draw` gives only networks that fit

A spec is pure data, `{"name": ..., "input_shape": ..., "classes": ..., **knobs}`, and `kerascnn.build(**spec)` is its
network. Importing this package imports neither Keras nor keras-tuner.
"""

from .budget import Budget, budget
from .count import Count, count
from .space import SPACES, Number, Space, hypermodel, space

__all__ = ["SPACES", "Budget", "Count", "Number", "Space", "budget", "count", "hypermodel", "space"]
