"""DenseNet. Huang et al. 2016, arXiv:1608.06993, Table 1 (ImageNet) and Section 3 (CIFAR).

    7x7/2 conv -> 3x3/2 max pool -> four dense blocks with transitions between them -> BN, ReLU -> GAP -> Dense
    3x3 conv -> three dense blocks with transitions between them -> BN, ReLU -> GAP -> Dense               (CIFAR)

A layer of a dense block sees the maps of all layers before it, and adds `growth_rate` maps to them.
"""

import re

from keras import Model
from keras.layers import Concatenate, Dropout

from ..blocks import average_pool, bn_act, classifier, conv, conv_bn, max_pool, name_tensor
from ..errors import between, count, depths, one_of
from ..registry import image_input, register


def composite(x, filters, kernel_size, *, dropout, name):
    """The paper's H: batch normalization, ReLU, convolution; and dropout."""
    x = bn_act(x, name=f"{name}_relu")
    x = conv(x, filters, kernel_size, use_bias=False, name=f"{name}_conv")
    return Dropout(dropout, name=f"{name}_dropout")(x) if dropout else x


def dense_layer(x, growth_rate, *, bottleneck, dropout, name):
    y = composite(x, 4 * growth_rate, 1, dropout=dropout, name=f"{name}_1") if bottleneck else x
    y = composite(y, growth_rate, 3, dropout=dropout, name=f"{name}_2")
    return Concatenate(name=name)([x, y])


def transition(x, reduction, *, dropout, name):
    filters = int(reduction * x.shape[-1])
    count(f"maps of {name}", filters)
    x = composite(x, filters, 1, dropout=dropout, name=name)
    return average_pool(x, 2, 2, padding="valid", name=name)


@register("densenet121", repeats=(6, 12, 24, 16))
@register("densenet169", repeats=(6, 12, 32, 32))
@register("densenet201", repeats=(6, 12, 48, 32))
@register("densenet100_cifar", repeats=(16, 16, 16), growth_rate=12, stem="cifar")
def densenet(
    input_shape, classes, *, repeats, growth_rate=32, bottleneck=True, reduction=0.5, dropout=0.0, stem="imagenet",
    activation="softmax", name=None,
):  # fmt: skip
    """`repeats`: layers in each dense block; `growth_rate`: maps that a layer adds (k); `bottleneck`: a 1x1 convolution
    to 4k maps before each 3x3; `reduction`: share of the maps that a transition keeps (theta), 1 for all; `dropout`:
    after each convolution but the first; `stem`: "imagenet", or "cifar" (3x3/1, no pool) for small images. The stem
    has 2k maps, on CIFAR without `bottleneck` or `reduction` 16."""
    depths("repeats", repeats)
    count("growth_rate", growth_rate)
    between("reduction", reduction, 0, 1)
    between("dropout", dropout, 0, 1)
    one_of("stem", stem, ("imagenet", "cifar"))
    inp = image_input(input_shape)
    if stem == "imagenet":
        x = conv_bn(inp, 2 * growth_rate, 7, stride=2, name="conv1")
        x = max_pool(x, 3, 2, name="pool1")
    else:
        filters = 2 * growth_rate if bottleneck and reduction < 1 else 16
        x = conv(inp, filters, 3, use_bias=False, name="conv1_conv")
    for i, depth in enumerate(repeats, start=1):
        if i > 1:
            x = transition(x, reduction, dropout=dropout, name=f"transition{i - 1}")
        for j in range(1, depth + 1):
            x = dense_layer(x, growth_rate, bottleneck=bottleneck, dropout=dropout, name=f"block{i}_layer{j}")
        x = name_tensor(x, f"block{i}")
    x = bn_act(x, name="last")
    return Model(inp, classifier(x, classes, activation), name=name)


def keras_applications(layer: str) -> str:
    """The layer names of keras.applications to ours: `conv3_block2_1_conv` to `block2_layer2_2_conv`."""
    if layer == "bn":
        return "last_bn"
    if found := re.fullmatch(r"pool(\d)_(bn|conv)", layer):
        i, part = found.groups()
        return f"transition{int(i) - 1}" + {"bn": "_relu_bn", "conv": "_conv"}[part]
    if found := re.fullmatch(r"conv(\d)_block(\d+)_(\d_bn|\d_conv)", layer):
        i, j, part = found.groups()
        part = {"0_bn": "1_relu_bn", "1_conv": "1_conv", "1_bn": "2_relu_bn", "2_conv": "2_conv"}[part]
        return f"block{int(i) - 1}_layer{j}_{part}"
    return layer


def torchvision(layer: str) -> str:
    """The layer names of torchvision and timm to ours: `features.denseblock3.denselayer2.conv1` to
    `block3_layer2_1_conv`."""
    layer = layer.removeprefix("features.")
    ends = {"conv0": "conv1_conv", "norm0": "conv1_bn", "norm5": "last_bn", "classifier": "predictions"}
    if layer in ends:
        return ends[layer]
    layer = layer.replace("denseblock", "block").replace("denselayer", "layer")
    layer = re.sub(r"\.(conv|norm)(\d)$", r"_\2.\1", layer)
    return re.sub(r"\.conv$", "_conv", re.sub(r"\.norm$", "_relu_bn", layer)).replace(".", "_")


PEERS = {"torchvision": torchvision, "keras.applications": keras_applications}
