"""The cost and the picture of a network, from its graph. Works on any `keras.Model` and knows no architecture.

cost(model), macs(model)    parameters and multiply-accumulates
figures.draw(figure, ...)   networks as pictures
"""

from .counting import Cost, cost, macs

__all__ = ["Cost", "cost", "macs"]
