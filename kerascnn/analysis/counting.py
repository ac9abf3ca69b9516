"""Parameters and multiply-accumulates, counted by walking the built graph."""

from math import prod
from typing import NamedTuple

from keras import Model, layers

COUNTED = (layers.Conv2D, layers.DepthwiseConv2D, layers.Conv2DTranspose, layers.Dense)


class Cost(NamedTuple):
    """Parameters that training changes, all parameters, and multiply-accumulates for one image."""

    trainable: int
    params: int
    macs: int


def cost(model: Model) -> Cost:
    """Count the parameters and the MACs of a built functional model."""
    trainable = sum(prod(weight.shape) for weight in model.trainable_weights)
    return Cost(trainable, model.count_params(), macs(model))


def macs(model: Model) -> int:
    """Multiply-accumulates of convolutions, transposed convolutions and dense layers, for one image.

    Nothing else is counted; a layer that is used twice counts twice. One MAC is two FLOPs.

    Raises:
        ValueError: the model's input size is not fixed.
    """
    total = 0
    for operations in model._nodes_by_depth.values():
        for node in operations:
            layer = node.operation
            if isinstance(layer, Model):
                total += macs(layer)
            elif isinstance(layer, COUNTED):
                total += _uses_of_each_weight(layer, node) * prod(layer.kernel.shape)
    return total


def _uses_of_each_weight(layer, node) -> int:
    """Once for each output pixel, or for each input pixel where the kernel spreads it out."""
    tensor = node.input_tensors[0] if isinstance(layer, layers.Conv2DTranspose) else node.output_tensors[0]
    pixels = tensor.shape[1:-1]
    if None in pixels:
        raise ValueError(
            f"the cost of {layer.name} depends on the input size: build the network with a fixed input_shape"
        )
    return prod(pixels)
