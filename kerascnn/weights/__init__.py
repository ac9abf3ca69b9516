"""Saved models, and other people's weights in our graphs."""

from .load import load
from .pour import pour

__all__ = ["load", "pour"]
