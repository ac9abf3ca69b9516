"""The `.keras` file of Keras 3, a zip archive: a configuration, weights, and what a run says about its model."""

import math
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError, first_line
from . import json_records
from .archives import MOST_AT_ONCE, archive, damage_in_one_line, read_member
from .network_config import checked

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MOST_IN_CONFIG = 2**25
EXPANSION = 10  # times as many bytes as are stored; weights hardly shrink
MOST_NUMBERS = 2**27  # in a layer's output for one image


@contextmanager
def keras_file(path: str | Path, within: Path | None = None) -> Iterator["KerasFile"]:
    """A `.keras` file, open to be read.

    Args:
        path: of the file.
        within: the folder out of which no link may lead.

    Raises:
        InputError: it cannot be read, or is no such file.
    """
    with archive(path, within) as found:
        names = found.namelist()
        if CONFIG not in names or len(names) != len(set(names)):
            raise InputError(f"{path}: holds no Keras model: its {CONFIG} is missing or there twice")
        yield KerasFile(path, found)


class KerasFile:
    """What is in a `.keras` file. Each method raises an `InputError` that says in one line what is wrong with it."""

    def __init__(self, path: str | Path, found: zipfile.ZipFile):
        self.path, self.archive = path, found

    def __contains__(self, member: str) -> bool:
        return member in self.archive.namelist()

    def json(self, member: str, schema=object, most: int = MOST_IN_CONFIG) -> Any:
        """The value of a JSON member of at most so many bytes; see `json_records`."""
        content = read_member(self.archive, member, most, self.path)
        return json_records.parse(content, f"{self.path}: its {member}", schema)

    def model(self, known: Collection[str] = ()):
        """The model, with its weights, not compiled. Layers registered under the names `known` are allowed, too."""
        network = self._network(checked(self.json(CONFIG), self.path, known))
        self.load_weights(network)
        return network

    def load_weights(self, model, heads: Callable[[], set[str]] | None = None) -> list[str]:
        """Load the weights into a model; see `weight_file.load_weights`."""
        from .weight_file import load_weights

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, WEIGHTS)
            with damage_in_one_line(self.path), self.archive.open(self._weights()) as member, path.open("wb") as file:
                shutil.copyfileobj(member, file, MOST_AT_ONCE)
            return load_weights(model, path, self.path, heads)

    def _weights(self) -> zipfile.ZipInfo:
        if WEIGHTS not in self:
            raise InputError(f"{self.path}: its {WEIGHTS} is missing")
        member = self.archive.getinfo(WEIGHTS)
        if member.file_size > EXPANSION * member.compress_size:
            raise InputError(f"{self.path}: its {WEIGHTS} becomes more than {EXPANSION} times as large as it is stored")
        return member

    def _network(self, config: dict):
        """The model of a configuration that was checked. No weight is made before all of them are known to be no larger
        than what the file holds."""
        import keras
        from keras.src.saving.serialization_lib import ObjectSharingScope

        try:
            with deferred_weights() as wanted, ObjectSharingScope(), warnings.catch_warnings(action="ignore"):
                network = keras.saving.deserialize_keras_object(config)
            self._check_sizes(network)
        except InputError:
            raise
        except Exception as error:  # whatever a layer raises of a value that it does not take
            raise InputError(f"{self.path}: Keras cannot make its model: {first_line(error)[:200]}") from error
        for weight in wanted:
            weight._deferred_initialize()
        return network

    def _check_sizes(self, network):
        for name, shape in _outputs(network):
            if math.prod(n for n in shape[1:] if n) > MOST_NUMBERS:
                raise InputError(f"{self.path}: {name} gives {shape[1:]}: more than {MOST_NUMBERS:,} numbers an image")
        needed = 4 * sum(math.prod(variable.shape) for variable in network.variables)
        if needed > 2 * (held := self._weights().file_size):
            raise InputError(f"{self.path}: its network has {needed:,} bytes of weights, its {WEIGHTS} only {held:,}")


@contextmanager
def deferred_weights() -> Iterator[list]:
    """Layers that are built within it have no weights, only their shapes. Gives the list of those that they want."""
    import keras
    from keras.src.backend.common import global_state

    key, wanted = "uninitialized_variables", []
    before = global_state.get_global_attribute(key)
    global_state.set_global_attribute(key, wanted)
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield wanted
    finally:
        global_state.set_global_attribute(key, before)


def _outputs(network) -> Iterator[tuple[str, tuple]]:
    """Name and shape of every layer's outputs."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from _outputs(layer)
        for node in layer._inbound_nodes:
            yield from ((layer.name, tensor.shape) for tensor in node.output_tensors)
