"""Saved models."""

import sys
from pathlib import Path

import keras

from .. import layers as layers  # registers them
from ..errors import InputError, first_line
from ..escaping import plain
from ..untrusted.keras_file import keras_file


def load(path: str | Path, *, trust: bool = False, like: keras.Model | None = None) -> keras.Model:
    """Load a model that was saved as a `.keras` file, to be asked; to train it on, compile it.

    The file may come from anyone: it is checked against a list of layers that only compute before Keras sees it, and no
    more memory is taken than its weights need.

    Args:
        path: of the file.
        trust: load it by Keras alone, with layers and functions of its maker's own. Such a file can run any code.
        like: a model of this program; the classes of its layers are on the list, too.

    Raises:
        InputError: there is no such file, it holds no Keras model, or something that is not on the list.
    """
    if not trust:
        with keras_file(path) as file:
            names = (keras.saving.get_registered_name(type(layer)) for layer in like._flatten_layers()) if like else ()
            return file.model({name for name in names if ">" in name})  # Keras's own have none
    print(plain(f"warning: {path} is trusted: what it names is run"), file=sys.stderr, flush=True)
    try:
        return keras.models.load_model(path, compile=False, safe_mode=False)
    except Exception as error:
        raise InputError(f"{path}: holds no Keras model: {first_line(error)}") from error
