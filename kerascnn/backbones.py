"""Classifiers as the backbones of other networks: their feature maps, found by the names of the stages."""

from keras import Model
from keras.layers import Cropping2D, InputLayer, ZeroPadding2D

from . import catalog
from .errors import InputError
from .registry import build

NEVER_ENDS = (InputLayer, ZeroPadding2D, Cropping2D)


def backbone_model(backbone, input_shape: tuple) -> Model:
    """The network behind the knob `backbone`.

    Args:
        backbone: the name of a classifier; its name and knobs, like {"name": "resnet18", "n_filters": 32}; or a model,
            which is returned as it is.

    Raises:
        InputError: it is none of these, or the model takes other images than those of `input_shape`.
    """
    named = {"name": backbone} if isinstance(backbone, str) else backbone
    if isinstance(named, dict) and "name" in named:
        if catalog.card(named["name"]).task != "classify":
            raise InputError(f"backbone={named['name']!r}: must be a classifier, see list_models(task='classify')")
        return build(**{**named, "input_shape": input_shape, "include_top": False})
    if not isinstance(backbone, Model) or len(getattr(backbone, "inputs", ())) != 1:
        raise InputError(
            f"backbone={backbone!r}: must be the name of a classifier, a dict of its name and knobs, or a keras.Model "
            "with one input"
        )
    takes = tuple(backbone.inputs[0].shape[1:])
    if takes != tuple(input_shape):
        raise InputError(f"input_shape={input_shape}: the backbone {backbone.name} takes {takes}")
    return backbone


def last_map(model: Model):
    """The last feature map: what the layer `features` reads or, in a model without it, the output.

    Raises:
        InputError: there is no such map.
    """
    tensors = [layer.input for layer in model.layers if layer.name == "features"] or model.outputs
    if len(tensors) != 1 or len(tensors[0].shape) != 4:
        raise InputError(f"backbone {model.name}: must have a layer `features` or end in one map")
    return tensors[0]


def pyramid(model: Model) -> dict:
    """The feature maps of a network, one for each resolution: {stride: tensor}, from the finest to the last map.

    Each is the last of its resolution to end a stage, with all paths through it. The end of a stage is a layer whose
    name doesn't go on from a later one's: `stage1_block1_conv` is within what `stage1` ends. Sizes needn't halve
    exactly: unpadded convolutions and pools make 147, 71, 35, 17 and 8 of 299.
    """
    layers = Model(model.inputs[0], last_map(model)).layers
    place = {layer.name: i for i, layer in enumerate(layers)}
    last_reader = {id(tensor): i for i, layer in enumerate(layers) for tensor in _list(layer.input)}
    strides, maps, bypassed_until = {}, {}, 0
    for i, layer in enumerate(layers):
        stride = max((strides[id(tensor)] for tensor in _list(layer.input)), default=1)
        stride *= getattr(layer, "strides", (1,))[0]
        strides |= {id(tensor): stride for tensor in _list(layer.output)}
        wholes = (layer.name[:j] for j, letter in enumerate(layer.name) if letter == "_")
        ends_stage = all(place.get(whole, 0) <= i for whole in wholes) and not isinstance(layer, NEVER_ENDS)
        if ends_stage and bypassed_until <= i:
            maps[stride] = layer.output
        bypassed_until = max(bypassed_until, *(last_reader.get(id(tensor), i) for tensor in _list(layer.output)))
    return maps


def _list(tensors) -> list:
    return tensors if isinstance(tensors, list) else [tensors]
