"""EfficientNet. Tan and Le 2019, arXiv:1905.11946, Table 1 and Section 3.3.

    3x3/2 conv -> seven stages of mobile inverted bottlenecks with squeeze-and-excite and swish -> 1x1 conv
    -> GAP -> Dense

Compound scaling: B1 to B7 are B0, wider and deeper and at a higher resolution, which is `input_shape`.
Departs from the paper in the factors, which are near 1.1^phi (width) and 1.2^phi (depth) but, like the rounding, those
of the authors' code.
"""

from math import ceil

from keras import Model

from ..blocks import classifier, conv_bn, inverted_residual, make_divisible, name_tensor
from ..errors import between, one_of
from ..registry import image_input, register

BODY = [  # expansion, kernel size, filters, blocks, stride of the first block; stages 2 to 8
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
]


@register("efficientnet_b0", width=1.0, depth=1.0, dropout=0.2)
@register("efficientnet_b1", width=1.0, depth=1.1, dropout=0.2)
@register("efficientnet_b2", width=1.1, depth=1.2, dropout=0.3)
@register("efficientnet_b3", width=1.2, depth=1.4, dropout=0.3)
@register("efficientnet_b4", width=1.4, depth=1.8, dropout=0.4)
@register("efficientnet_b5", width=1.6, depth=2.2, dropout=0.4)
@register("efficientnet_b6", width=1.8, depth=2.6, dropout=0.5)
@register("efficientnet_b7", width=2.0, depth=3.1, dropout=0.5)
def efficientnet(
    input_shape, classes, *, width, depth, dropout, drop_connect=0.2, padding="same", activation="softmax", name=None
):
    """`width`: factor of all channels; `depth`: factor of the blocks in each stage; `dropout`: rate before the
    classifier; `drop_connect`: rate of stochastic depth, which grows from 0 at the first block towards this; `padding`:
    "same", as TensorFlow pads, or "symmetric", as Torch does."""
    one_of("padding", padding, ("same", "symmetric"))
    between("width", width, 1 / 32, 16)
    between("depth", depth, 1 / 32, 16)
    between("drop_connect", drop_connect, 0, 1)
    style = dict(padding=padding, act="swish", epsilon=1e-3)
    total = sum(ceil(blocks * depth) for *_, blocks, _ in BODY)
    inp = image_input(input_shape)
    x = conv_bn(inp, make_divisible(32 * width), 3, stride=2, name="stage1", **style)
    before = 0
    for i, (expansion, kernel_size, filters, blocks, stride) in enumerate(BODY, start=2):
        for j in range(1, ceil(blocks * depth) + 1):
            x = inverted_residual(
                x,
                make_divisible(filters * width),
                expanded=expansion * x.shape[-1],
                kernel_size=kernel_size,
                stride=stride if j == 1 else 1,
                squeeze=dict(filters=max(1, x.shape[-1] // 4), act="swish"),
                drop=drop_connect * before / total,
                name=f"stage{i}_block{j}",
                **style,
            )
            before += 1
        x = name_tensor(x, f"stage{i}")
    x = conv_bn(x, make_divisible(1280 * width), 1, name="stage9", **style)
    return Model(inp, classifier(x, classes, activation, dropout=dropout), name=name)


def keras_applications(layer: str) -> str:
    """The layer names of keras.applications to ours: `block2b_expand_bn` to `stage3_block2_expand_bn`."""
    if layer == "predictions":
        return layer
    block, part = layer.split("_", 1)
    if block in ("stem", "top"):
        return {"stem": "stage1_", "top": "stage9_"}[block] + part
    part = {"dwconv": "depthwise_conv", "bn": "depthwise_bn"}.get(part, part)
    return f"stage{int(block[5]) + 1}_block{ord(block[6]) - ord('a') + 1}_{part}"


def torchvision(layer: str) -> str:
    """torchvision's layer names to ours: `features.2.1.block.2.fc1` to `stage3_block2_se_reduce`."""
    if layer == "classifier.1":
        return "predictions"
    _, i, *inner = layer.split(".")
    stage, ends = f"stage{int(i) + 1}", {"0": "_conv", "1": "_bn"}
    if len(inner) == 1:
        return stage + ends[inner[0]]
    j, _, place, part = inner
    block = f"{stage}_block{int(j) + 1}_"
    if part.startswith("fc"):
        return block + {"fc1": "se_reduce", "fc2": "se_expand"}[part]
    place = int(place) + (i == "1")  # the first stage of blocks does not expand
    return block + ("expand", "depthwise", "", "project")[place] + ends[part]


PEERS = {"torchvision": torchvision, "keras.applications": keras_applications}
