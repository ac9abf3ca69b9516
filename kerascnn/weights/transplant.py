"""Pour the weights of a peer (torchvision, timm, Caffe, ...) into one of our networks, by name and by shape.

The names come from `PEERS` in the network's own file: {peer: function from the peer's layer name to ours}.
"""

from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module

import numpy as np
from keras import Model, layers

from ..errors import InputError, between, listed, shown
from ..registry import info

SLOTS = {  # last part of a Torch name -> our variable, whichever of them the layer has
    "weight": ("kernel", "gamma"),
    "bias": ("bias", "beta"),
    "layer_scale": ("gamma",),
    "running_mean": ("moving_mean",),
    "running_var": ("moving_variance",),
}
IGNORED = "num_batches_tracked"
MOST_NAMED = 6


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
        InputError: lists the tensors that found no place and the weights that got none; or the network has no peer; or
            what is given is no network, no tensors or no epsilon.
    """
    if not isinstance(model, Model):
        raise InputError(f"model={shown(model)}: must be a network made by kerascnn.build; the tensors come second")
    if not isinstance(tensors, Mapping):
        raise InputError(f"tensors={shown(tensors)}: must be a dictionary of names and arrays, like a `state_dict()`")
    tensors = {name: _array(name, value) for name, value in tensors.items() if not str(name).endswith(IGNORED)}
    if epsilon is not None:
        between("epsilon", epsilon, 0, 1)
    peers = getattr(import_module(f"kerascnn.models.{info(model).module}"), "PEERS", {})
    if not peers:
        raise InputError(f"{model.name}: no peer is known whose tensors could be poured into it")
    homes = {peer: _homes(model, tensors, rename) for peer, rename in peers.items()}
    peer = max(homes, key=lambda peer: len(homes[peer]))
    placed, biases, scales, homeless = _place(model, tensors, homes[peer])
    missing = [v.path for v in model.weights if v.path not in placed]
    if homeless or missing:
        strays, gaps = (listed(names, MOST_NAMED) or "none" for names in (homeless, missing))
        raise InputError(
            f"{model.name} is not the network of these tensors: {strays} found no place, {gaps} got no value"
        )
    _fold(placed, biases, scales)
    for layer in model.layers:
        for variable in layer.weights:
            value = placed[variable.path]
            if epsilon is not None and variable.path.endswith("moving_variance"):
                value = value + (epsilon - layer.epsilon)
            variable.assign(value)
    return peer


def _array(name, value) -> np.ndarray:
    """A tensor as an array of finite numbers."""
    try:
        array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    except Exception as error:  # whatever a framework raises of a tensor that is no array
        raise InputError(f"tensors[{shown(name)}]: must be an array: {shown(str(error))}") from error
    if not isinstance(name, str) or array.dtype.kind not in "fiu":
        raise InputError(f"tensors[{shown(name)}]={shown(value)}: must be an array of numbers, under its name")
    if not np.isfinite(array).all():
        raise InputError(f"tensors[{shown(name)}]: has numbers that are not finite (NaN, infinity)")
    return array


def _homes(model, tensors, rename):
    """Names of a peer's tensors to our layers, without those that the peer does not know."""
    ours, homes = {layer.name: layer for layer in model.layers}, {}
    for name in tensors:
        with suppress(ValueError, KeyError, IndexError, AttributeError):  # of a map that was made for other names
            homes[name] = ours[rename(name.rpartition(".")[0])]
    return homes


def _place(model, tensors, homes):
    """Our variables' paths to their values; the biases and scales to fold, by batch normalization; and the rest."""
    placed, biases, scales, homeless = {}, {}, {}, []
    for name, tensor in tensors.items():
        layer, slot = homes.get(name), name.rpartition(".")[2]
        variables = (getattr(layer, ours, None) for ours in SLOTS.get(slot, ()))
        variable = next((variable for variable in variables if variable is not None), None)
        value = tensor
        if variable is not None and slot in ("weight", "layer_scale"):
            with suppress(ValueError):  # of other dimensions than a kernel of ours; it will fit nowhere
                value = _our_layout(layer, tensor)
        if variable is not None and value.shape == tuple(variable.shape) and variable.path not in placed:
            placed[variable.path] = value
        elif slot == "bias" and variable is None and _fits(norm := _normalization_after(layer), tensor):
            biases[norm] = tensor
        elif slot == "weight" and _fits(layer, tensor) and not layer.scale and _convolution_before(layer):
            scales[layer] = tensor
        else:
            homeless.append(f"{name} {tensor.shape}")
    if not any(path.endswith("/gamma") for path in placed):
        norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization) and layer.scale]
        placed |= {norm.gamma.path: np.ones(norm.gamma.shape) for norm in norms}
    return placed, biases, scales, homeless


def _fold(placed, biases, scales) -> None:
    """Take up the peer's biases and scales, by batch normalization, in the values that come before or in it."""
    for norm, bias in biases.items():
        placed[norm.moving_mean.path] = placed[norm.moving_mean.path] - bias
    for norm, scale in scales.items():
        conv = _convolution_before(norm)
        for variable in (norm.moving_mean, *conv.weights):
            depthwise = variable is conv.kernel and isinstance(conv, layers.DepthwiseConv2D)
            each = scale.reshape(variable.shape[2:]) if depthwise else scale
            placed[variable.path] = placed[variable.path] * each


def _fits(norm, tensor) -> bool:
    return isinstance(norm, layers.BatchNormalization) and tensor.shape == tuple(norm.moving_mean.shape)


def _normalization_after(layer):
    """The batch normalization that is the only consumer of a layer, or None."""
    consumers = [node.operation for node in layer._outbound_nodes] if layer else []
    return consumers[0] if len(consumers) == 1 and isinstance(consumers[0], layers.BatchNormalization) else None


def _convolution_before(norm):
    """The convolution that only a batch normalization consumes, or None."""
    conv = norm.input._keras_history.operation
    convolves = isinstance(conv, (layers.Conv2D, layers.DepthwiseConv2D))
    return conv if convolves and _normalization_after(conv) is norm else None


def _our_layout(layer, kernel):
    """A Torch kernel in the layout of a Keras layer; a ValueError where it has other dimensions."""
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
    return kernel.ravel()  # a number for each channel, of a scale in the shape (channels, 1, 1)


def _flattened_map(dense) -> tuple[int, int]:
    """Height and width of the map that was flattened before a dense layer, 1 x 1 where there was none."""
    layer = dense
    while (layer := layer.input._keras_history.operation) and not isinstance(layer, layers.Flatten):
        if not isinstance(layer, (layers.Dropout, layers.Identity)):
            return 1, 1
    return layer.input.shape[1:3]
