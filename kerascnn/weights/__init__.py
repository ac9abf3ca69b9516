"""Saved models, and other people's weights in our graphs."""

from .saved import load
from .transplant import pour

__all__ = ["load", "pour"]
