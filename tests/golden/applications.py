"""The networks that keras.applications has too: a table of twins, and how to fill one with weights made by rule."""

from itertools import pairwise
from math import prod
from typing import NamedTuple

import keras
import numpy as np

from . import DRAW

ANY = [(96, 75), (45, 64)]  # an even and an odd size in one image that isn't square, halved to odd and even maps
SMALL = [(64, 45)]
ODD = [(45, 45)]  # where a smaller network of the family shows the even sizes
LARGER = [(96, 75)]  # the Inceptions start at 75
FLAT = [(64, 96)]  # a flattened map of 2 x 3, which shows the order of its pixels
HALVED = [(96, 64)]  # halved five times without a remainder


class Twin(NamedTuple):
    """Our name and knobs, the function of keras.applications and its arguments, the sizes at which both are compared.

    `behind` is the layer where the network of keras.applications starts, if that has preprocessing in it.
    """

    name: str
    knobs: dict
    function: str
    arguments: dict = {}
    sizes: list = ANY
    behind: str = ""

    def build(self, size: tuple, classes: int) -> keras.Model:
        """The network of keras.applications, which gives logits."""
        keras.utils.clear_session()  # so that the layers that it leaves nameless are counted from the first
        function = getattr(keras.applications, self.function)
        shape = {"input_shape": (*size, 3), "classes": classes}
        model = function(weights=None, classifier_activation=None, **shape, **self.arguments)
        return keras.Model(model.get_layer(self.behind).output, model.output) if self.behind else model


RAW = {"include_preprocessing": False}
TWINS = [
    Twin("vgg16", {}, "VGG16", sizes=FLAT),
    Twin("vgg19", {}, "VGG19", sizes=FLAT),
    Twin("resnet50", {}, "ResNet50"),
    Twin("resnet101", {}, "ResNet101", sizes=ODD),
    Twin("resnet152", {}, "ResNet152", sizes=ODD),
    Twin("inception_v3", {}, "InceptionV3", sizes=LARGER),
    Twin("inception_resnet_v2", {}, "InceptionResNetV2", sizes=LARGER),
    Twin("xception", {}, "Xception", sizes=LARGER),
    Twin("densenet121", {}, "DenseNet121"),
    Twin("densenet169", {}, "DenseNet169", sizes=ODD),
    Twin("densenet201", {}, "DenseNet201", sizes=ODD),
    # pads by one pixel at the bottom and right, which is "same" only where a map of even size is halved
    Twin("mobilenet_v1", {}, "MobileNet", sizes=HALVED),
    Twin("mobilenet_v1", {"alpha": 0.5}, "MobileNet", {"alpha": 0.5}, sizes=HALVED),
    Twin("mobilenet_v2", {}, "MobileNetV2"),
    Twin("mobilenet_v2", {"alpha": 0.35}, "MobileNetV2", {"alpha": 0.35}),
    Twin("mobilenet_v2", {"alpha": 1.4}, "MobileNetV2", {"alpha": 1.4}),
    Twin("mobilenet_v3_large", {}, "MobileNetV3Large", RAW),
    Twin("mobilenet_v3_small", {}, "MobileNetV3Small", RAW),
    Twin("mobilenet_v3_small", {"alpha": 0.75}, "MobileNetV3Small", {"alpha": 0.75, **RAW}),
    Twin("mobilenet_v3_large", {"alpha": 1.25}, "MobileNetV3Large", {"alpha": 1.25, **RAW}, sizes=ODD),
    Twin("mobilenet_v3_small", {"minimalistic": True}, "MobileNetV3Small", {"minimalistic": True, **RAW}, sizes=ODD),
    Twin("efficientnet_b0", {}, "EfficientNetB0", behind="normalization"),
    *[Twin(f"efficientnet_b{i}", {}, f"EfficientNetB{i}", sizes=ODD, behind="normalization") for i in range(1, 8)],
    Twin("convnext_tiny", {}, "ConvNeXtTiny", RAW, sizes=SMALL),
    Twin("convnext_small", {}, "ConvNeXtSmall", RAW, sizes=ODD),
    Twin("convnext_base", {}, "ConvNeXtBase", RAW, sizes=ODD),
]

LEFT_OUT = {  # why -> functions
    "strides in the last block of a stage and pools the shortcut there; the paper strides in the first and projects": [
        "ResNet50V2", "ResNet101V2", "ResNet152V2",
    ],
    "not in the catalog": [
        "ConvNeXtLarge", "ConvNeXtXLarge", "NASNetLarge", "NASNetMobile", "EfficientNetV2B0", "EfficientNetV2B1",
        "EfficientNetV2B2", "EfficientNetV2B3", "EfficientNetV2S", "EfficientNetV2M", "EfficientNetV2L",
    ],
}  # fmt: skip

SLOTS = {  # Keras's variable -> slot in Torch's words, and the rule that it is drawn by
    "kernel": ("weight", "kernel"),
    "depthwise_kernel": ("depthwise.weight", "kernel"),
    "pointwise_kernel": ("pointwise.weight", "kernel"),
    "bias": ("bias", "bias"),
    "gamma": ("weight", "gamma"),
    "beta": ("bias", "beta"),
    "moving_mean": ("running_mean", "mean"),
    "moving_variance": ("running_var", "variance"),
}


def fill(model: keras.Model, seed: int) -> dict[str, np.ndarray]:
    """Draw every weight of a twin, and return them under the names of its layers, in Torch layout.

    Tensor number `i` is drawn from `default_rng([seed, i])`, by the rules of the transplants.
    """
    tensors = {}
    for before, layer in pairwise(leaves(model)):
        for variable in layer.weights:
            slot, kind = ("weight", "gamma") if type(layer).__name__ == "LayerScale" else SLOTS[variable.name]
            places = np.arange(prod(variable.shape)).reshape(variable.shape)
            places = torch_layout(places, variable.name, layer, before)
            tensor = DRAW[kind](np.random.default_rng([seed, len(tensors)]), places.shape)
            tensors[f"{layer.name}.{slot}"] = tensor
            value = np.empty(tensor.size)
            value[places] = tensor
            variable.assign(value.reshape(variable.shape))
    return tensors


def leaves(model):
    """The layers of a model and of the models in it, in the order of the signal."""
    for layer in model.layers:
        yield from leaves(layer) if isinstance(layer, keras.Model) else (layer,)


def torch_layout(value, name, layer, before):
    """A variable of a Keras layer in Torch layout; `before` is the layer before it."""
    if name == "depthwise_kernel" or (name == "kernel" and isinstance(layer, keras.layers.DepthwiseConv2D)):
        return value.transpose(2, 3, 0, 1).reshape(-1, 1, *value.shape[:2])  # from (h, w, channels, multiplier)
    if value.ndim == 4:  # (h, w, in, out)
        return value.transpose(3, 2, 0, 1)
    if value.ndim == 2 and isinstance(before, keras.layers.Flatten):  # (h * w * channels, out)
        height, width, channels = before.input.shape[1:]
        return value.reshape(height, width, channels, -1).transpose(3, 2, 0, 1).reshape(value.shape[::-1])
    return value.T
