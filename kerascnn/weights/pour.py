"""Pour the weights of a peer (torchvision, timm, Caffe, ...) into one of our networks, by name and by shape.

The names come from `PEERS` in the network's own file: {peer: function from the peer's layer name to ours}.
"""

from contextlib import suppress
from importlib import import_module

import numpy as np
from keras import Model, layers

from ..errors import InputError
from ..registry import info

SLOTS = {  # last part of a Torch name -> our variable, whichever of them the layer has
    "weight": ("kernel", "gamma"),
    "bias": ("bias", "beta"),
    "running_mean": ("moving_mean",),
    "running_var": ("moving_variance",),
}
IGNORED = "num_batches_tracked"


def pour(model: Model, tensors: dict[str, np.ndarray], *, epsilon: float | None = None) -> str:
    """Fill `model` with `tensors` and return the name of the peer whose names they are.

    Args:
        model: a network made by `kerascnn.build`.
        tensors: the peer's name (`layer1.0.conv1.weight`) to an array in Torch layout, for a convolution (out,
            in / groups, height, width).
        epsilon: the peer's batch normalization epsilon where it differs from the network's; the variances take up the
            difference.

    A bias before a batch normalization is folded into its mean; where only one of both networks scales in its batch
    normalizations (gamma), ours gets scales of one or folds the peer's into the kernels. Every other tensor must find
    its place, and every weight its tensor; nothing is changed otherwise.

    Raises:
        InputError: lists the tensors that found no place and the weights that got none.
    """
    tensors = {name: np.asarray(value) for name, value in tensors.items() if not name.endswith(IGNORED)}
    peers = import_module(f"kerascnn.models.{info(model).module}").PEERS
    homes = {peer: _homes(model, tensors, rename) for peer, rename in peers.items()}
    peer = max(homes, key=lambda peer: len(homes[peer]))
    placed, homeless = _place(model, tensors, homes[peer])
    missing = [v.path for v in model.weights if v.path not in placed]
    if homeless or missing:
        raise InputError(
            f"{model.name} is not the network of these tensors: {_some(homeless) or 'none'} found no place, "
            f"{_some(missing) or 'none'} got no value"
        )
    for variable in model.weights:
        value = placed[variable.path]
        if epsilon is not None and variable.path.endswith("moving_variance"):
            value = value + (epsilon - model.get_layer(variable.path.split("/")[0]).epsilon)
        variable.assign(value)
    return peer


def _homes(model, tensors, rename):
    """Names of a peer's tensors to our layers, without those that the peer does not know."""
    ours, homes = {layer.name: layer for layer in model.layers}, {}
    for name in tensors:
        with suppress(ValueError, KeyError, IndexError, AttributeError):  # of a map that was made for other names
            homes[name] = ours[rename(name.rpartition(".")[0])]
    return homes


def _place(model, tensors, homes):
    """Our variable's path to its value, and the names of the tensors that fit nowhere."""
    placed, homeless, folded, scales = {}, [], {}, {}
    for name, value in tensors.items():
        layer, slot = homes.get(name), name.rpartition(".")[2]
        if layer is None:
            homeless.append(f"{name} {value.shape}")
            continue
        variables = (getattr(layer, name, None) for name in SLOTS.get(slot, ()))
        variable = next((variable for variable in variables if variable is not None), None)
        if variable is None and slot == "bias" and (norm := _normalization_after(layer)):
            folded[norm.moving_mean.path] = value
            continue
        unscaled = isinstance(layer, layers.BatchNormalization) and not layer.scale
        if slot == "weight" and unscaled and value.shape == layer.moving_mean.shape:
            scales[layer.moving_mean.path] = scales[layer.input._keras_history.operation.kernel.path] = value
            continue
        value = _our_layout(layer, value) if slot == "weight" else value
        if variable is None or value.shape != tuple(variable.shape):
            homeless.append(f"{name} {tensors[name].shape}")
        else:
            placed[variable.path] = value
    for path, bias in folded.items():
        if path in placed:
            placed[path] = placed[path] - bias
    for path, scale in scales.items():
        if path in placed:
            placed[path] = placed[path] * scale
    if not any(path.endswith("/gamma") for path in placed):
        norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization) and layer.scale]
        placed |= {norm.gamma.path: np.ones(norm.gamma.shape) for norm in norms}
    return placed, homeless


def _normalization_after(layer):
    """The batch normalization that is the only consumer of a layer, or None."""
    consumers = [node.operation for node in layer._outbound_nodes]
    return consumers[0] if len(consumers) == 1 and isinstance(consumers[0], layers.BatchNormalization) else None


def _our_layout(layer, kernel):
    """A Torch kernel in the layout of a Keras layer."""
    if isinstance(layer, layers.DepthwiseConv2D):  # (channels x multiplier, 1, h, w)
        _, _, *window = kernel.shape
        return kernel.reshape(-1, layer.depth_multiplier, *window).transpose(2, 3, 0, 1)
    if isinstance(layer, layers.Conv2DTranspose):  # (in, out, h, w)
        return kernel.transpose(2, 3, 1, 0)
    if isinstance(layer, layers.Conv2D):  # (out, in, h, w); a dense layer may stand in for a 1x1 convolution
        return kernel.reshape(*kernel.shape, *(1,) * (4 - kernel.ndim)).transpose(2, 3, 1, 0)
    if isinstance(layer, layers.Dense):  # (out, in); after a flattened map in is (channels, height, width)
        height, width = _flattened_map(layer)
        kernel = kernel.reshape(kernel.shape[0], -1, height, width).transpose(2, 3, 1, 0)
        return kernel.reshape(-1, kernel.shape[-1])
    return kernel


def _flattened_map(dense) -> tuple[int, int]:
    """Height and width of the map that was flattened before a dense layer, 1 x 1 where there was none."""
    layer = dense
    while (layer := layer.input._keras_history.operation) and not isinstance(layer, layers.Flatten):
        if not isinstance(layer, (layers.Dropout, layers.Identity)):
            return 1, 1
    return layer.input.shape[1:3]


def _some(names, most=6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
