"""SqueezeNet. Iandola et al. 2016, arXiv:1602.07360, Table 1, and the authors' smaller version 1.1.

    conv -> pool -> eight fire modules with two pools between them -> one map for each class -> GAP

The sizes in the paper's Table 1 come out of images of 227x227; at 224x224 version 1.0 starts with 109x109.
"""

from keras import Model
from keras.layers import Add, Concatenate

from ..blocks import conv, map_classifier, max_pool
from ..errors import between, one_of
from ..registry import image_input, register

FIRES = {2: 128, 3: 128, 4: 256, 5: 256, 6: 384, 7: 384, 8: 512, 9: 512}  # maps that each fire module expands to
VERSIONS = {  # width and kernel size of conv1, fire modules with a pool after them
    "1.0": (96, 7, (4, 8)),
    "1.1": (64, 3, (3, 5)),
}


def fire(x, filters, *, squeeze_ratio, pct_3x3, bypass, name):
    """Squeeze to few maps, expand them by 1x1 and 3x3 convolutions side by side (Figure 1)."""
    n_wide = round(filters * pct_3x3)
    y = conv(x, round(filters * squeeze_ratio), 1, act="relu", name=f"{name}_squeeze")
    y = [
        conv(y, filters - n_wide, 1, act="relu", name=f"{name}_expand1x1"),
        conv(y, n_wide, 3, act="relu", name=f"{name}_expand3x3"),
    ]
    if not bypass or filters != x.shape[-1]:
        return Concatenate(name=name)(y)
    return Add(name=name)([x, Concatenate(name=f"{name}_concat")(y)])


@register("squeezenet_v1_0", version="1.0")
@register("squeezenet_v1_1", version="1.1")
def squeezenet(
    input_shape, classes, *, version, squeeze_ratio=0.125, pct_3x3=0.5, bypass=False, dropout=0.5,
    activation="softmax", name=None,
):  # fmt: skip
    """`version`: "1.0" or "1.1"; `squeeze_ratio`: maps that a module squeezes to, as a part of those that it expands to
    (SR); `pct_3x3`: part of these that sees 3x3 pixels; `bypass`: the simple bypass of Figure 2, around the modules
    that keep the width; `dropout`: rate before conv10."""
    one_of("version", version, VERSIONS)
    between("squeeze_ratio", squeeze_ratio, 0.01, 1)
    between("pct_3x3", pct_3x3, 0.01, 0.99)
    inp = image_input(input_shape)
    filters, kernel_size, pools = VERSIONS[version]
    x = conv(inp, filters, kernel_size, stride=2, padding="valid", act="relu", name="conv1")
    x = max_pool(x, 3, 2, padding="ceil", name="pool1")
    for i, filters in FIRES.items():
        x = fire(x, filters, squeeze_ratio=squeeze_ratio, pct_3x3=pct_3x3, bypass=bypass, name=f"fire{i}")
        if i in pools:
            x = max_pool(x, 3, 2, padding="ceil", name=f"pool{i}")
    return Model(inp, map_classifier(x, classes, activation, dropout=dropout, name="conv10"), name=name)


def caffe(layer: str) -> str:
    """The authors' names to ours: `fire2/squeeze1x1` to `fire2_squeeze`."""
    return layer.replace("/", "_").replace("squeeze1x1", "squeeze")


def torchvision(version: str) -> dict:
    """torchvision's names to ours: it counts convolutions, ReLUs, fire modules and pools in one row, `features`."""
    names = {"features.0": "conv1", "classifier.1": "conv10"}
    position = 3
    for i in FIRES:
        for part in ("squeeze", "expand1x1", "expand3x3"):
            names[f"features.{position}.{part}"] = f"fire{i}_{part}"
        position += 2 if i in VERSIONS[version][2] else 1
    return names


PEERS = {"caffe": caffe} | {f"torchvision {version}": torchvision(version).get for version in VERSIONS}
