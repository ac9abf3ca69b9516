"""Classifiers as the backbones of other networks: their feature maps, found by the names of the stages."""

from keras import Model
from keras.layers import Cropping2D, ZeroPadding2D

from . import catalog
from .errors import InputError
from .registry import build


def backbone_model(backbone, input_shape: tuple) -> Model:
    """The network behind the knob `backbone`: the name of a classifier, or a model, which is returned as it is.

    Raises:
        InputError: it is neither, or the model takes other images than those of `input_shape`.
    """
    if isinstance(backbone, str):
        if catalog.card(backbone).task != "classify":
            raise InputError(f"backbone={backbone!r}: must be a classifier, see list_models(task='classify')")
        return build(backbone, input_shape=input_shape, include_top=False)
    if not isinstance(backbone, Model) or len(backbone.inputs) != 1:
        raise InputError(f"backbone={backbone!r}: must be the name of a classifier or a keras.Model with one input")
    if tuple(backbone.inputs[0].shape[1:]) != tuple(input_shape):
        raise InputError(
            f"input_shape={input_shape}: the backbone {backbone.name} takes {tuple(backbone.inputs[0].shape[1:])}"
        )
    return backbone


def last_map(model: Model):
    """The last feature map: what the layer `features` reads or, in a model without it, the output.

    Raises:
        InputError: there is no such map.
    """
    tensor = next((layer.input for layer in model.layers if layer.name == "features"), model.output)
    if isinstance(tensor, (list, tuple)) or len(tensor.shape) != 4:
        raise InputError(f"backbone {model.name}: must have a layer `features` or end in one map")
    return tensor


def pyramid(model: Model) -> dict:
    """The feature maps of a network, one for each resolution: {stride: tensor}, from the finest to the last map.

    Each is the last of its resolution to end a stage, with all paths through it. The end of a stage is a layer whose
    name doesn't go on from another layer's: `stage1_block1_conv` is within what `stage1` ends. Sizes needn't halve
    exactly: unpadded convolutions and pools make 147, 71, 35, 17 and 8 of 299.
    """
    last = last_map(model)
    layers = [layer for layer in Model(model.input, last).layers if layer.name != "features"]
    names = {layer.name for layer in layers}
    read_last_by = {id(tensor): i for i, layer in enumerate(layers) for tensor in _list(layer.input)}
    strides, maps, open_until = {}, {}, 0
    for i, layer in enumerate(layers):
        read = max((strides[id(tensor)] for tensor in _list(layer.input)), default=1)
        stride = read * getattr(layer, "strides", (1,))[0]
        strides |= {id(tensor): stride for tensor in _list(layer.output)}
        ends_stage = not any(layer.name[:j] in names for j, letter in enumerate(layer.name) if letter == "_")
        if i and i >= open_until and ends_stage and not isinstance(layer, (ZeroPadding2D, Cropping2D)):
            maps[stride] = layer.output
        open_until = max(open_until, *(read_last_by.get(id(tensor), i) for tensor in _list(layer.output)))
    return maps


def _list(tensors) -> list:
    return tensors if isinstance(tensors, list) else [tensors]
