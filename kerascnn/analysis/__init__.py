"""What a network costs, counted on its graph. Works on any `keras.Model` and knows no architecture."""

from .cost import Cost, cost, macs

__all__ = ["Cost", "cost", "macs"]
