"""Other people's weights in our graphs."""

from .pour import pour

__all__ = ["pour"]
