"""Saved models."""

from pathlib import Path

import keras

from .. import layers as layers  # registers them
from ..errors import InputError


def load(path: str | Path) -> keras.Model:
    """Load a model that was saved as a `.keras` file, to be asked; to train it on, compile it.

    `keras.models.load_model` does the same once `kerascnn.layers` is imported.

    Raises:
        InputError: there is no such file, or it holds no Keras model.
    """
    if not Path(path).is_file():
        raise InputError(f"{str(path)!r}: no such file; give the path of a saved model, a .keras file")
    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise InputError(f"{str(path)!r} holds no Keras model: {str(error).splitlines()[0]}") from error
