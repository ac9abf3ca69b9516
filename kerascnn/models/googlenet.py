"""GoogLeNet (Inception v1). Szegedy et al. 2014, arXiv:1409.4842, Table 1.

    7x7/2 conv -> pool -> 1x1 and 3x3 conv -> pool -> nine Inception modules with two pools between -> GAP -> Dense

The branches of a module are 1x1; 3x3 reduce, 3x3; 5x5 reduce, 5x5; pool, projection. Two auxiliary heads, on 4a and 4d,
help the training; the paper adds their losses at a weight of 0.3. Table 1's first row (2.7 K parameters, 34 M
operations) is not that of the 7x7 convolution it names (9.4 K, 118 M).
"""

from functools import partial

from keras import Model
from keras.layers import Dense, Dropout

from ..blocks import average_pool, check_auxiliary, classifier, conv, inception, max_pool, predictions
from ..errors import between, one_of
from ..layers import Flatten, LocalResponseNormalization
from ..registry import image_input, register

TABLE_1 = {  # #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool projection
    "inception_3a": (64, 96, 128, 16, 32, 32),
    "inception_3b": (128, 128, 192, 32, 96, 64),
    "pool3": None,
    "inception_4a": (192, 96, 208, 16, 48, 64),
    "inception_4b": (160, 112, 224, 24, 64, 64),
    "inception_4c": (128, 128, 256, 24, 64, 64),
    "inception_4d": (112, 144, 288, 32, 64, 64),
    "inception_4e": (256, 160, 320, 32, 128, 128),
    "pool4": None,
    "inception_5a": (256, 160, 320, 32, 128, 128),
    "inception_5b": (384, 192, 384, 48, 128, 128),
}
AUX = {"inception_4a": "aux1", "inception_4d": "aux2"}
POOL = partial(max_pool, pool_size=3, stride=1, padding="same")


def naive(n1, _reduce3, n3, _reduce5, n5, _projection):
    """Figure 2a."""
    return [[(n1, 1)], [(n3, 3)], [(n5, 5)], [POOL]]


def reducing(n1, reduce3, n3, reduce5, n5, projection):
    """Figure 2b."""
    return [[(n1, 1)], [(reduce3, 1), (n3, 3)], [(reduce5, 1), (n5, 5)], [POOL, (projection, 1)]]


MODULES = {"naive": naive, "reducing": reducing}


def auxiliary(x, classes, activation, *, alpha, name):
    x = average_pool(x, 5, 3, padding="valid", name=f"{name}_pool")
    x = conv(x, int(128 * alpha), 1, act="relu", name=f"{name}_conv")
    x = Flatten(name=f"{name}_flatten")(x)
    x = Dense(int(1024 * alpha), activation="relu", kernel_initializer="he_uniform", name=f"{name}_fc")(x)
    x = Dropout(0.7, name=f"{name}_dropout")(x)
    return predictions(x, classes, activation, name=name)


@register("googlenet")
def googlenet(
    input_shape, classes, *, module="reducing", lrn=True, aux=False, dropout=0.4, alpha=1.0, activation="softmax",
    name=None,
):  # fmt: skip
    """`module`: "reducing" (Figure 2b) or "naive" (Figure 2a: no 1x1 convolutions before the others or after the
    pool); `lrn`: local response normalization after the first two stages; `aux`: True adds the outputs "aux1" and
    "aux2" after "predictions"; `dropout`: rate before the classifier; `alpha`: width multiplier."""
    one_of("module", module, MODULES)
    between("alpha", alpha, 1 / 16, 16)
    if aux:
        check_auxiliary(input_shape, classes, smallest=79)
    style = dict(unit=conv, act="relu", alpha=alpha)
    heads = []
    inp = image_input(input_shape)
    x = conv(inp, int(64 * alpha), 7, stride=2, act="relu", name="conv1")
    x = max_pool(x, 3, 2, padding="ceil", name="pool1")
    if lrn:
        x = LocalResponseNormalization(name="norm1")(x)
    x = conv(x, int(64 * alpha), 1, act="relu", name="conv2_reduce")
    x = conv(x, int(192 * alpha), 3, act="relu", name="conv2")
    if lrn:
        x = LocalResponseNormalization(name="norm2")(x)
    x = max_pool(x, 3, 2, padding="ceil", name="pool2")
    for stage, widths in TABLE_1.items():
        if widths is None:
            x = max_pool(x, 3, 2, padding="ceil", name=stage)
        else:
            x = inception(x, MODULES[module](*widths), name=stage, **style)
        if aux and stage in AUX:
            heads.append(auxiliary(x, classes, activation, alpha=alpha, name=AUX[stage]))
    out = classifier(x, classes, activation, dropout=dropout)
    return Model(inp, [out, *heads] if aux else out, name=name)


def caffe(layer: str) -> str:
    """The names of Caffe's model zoo to ours: `inception_3a/3x3_reduce` to `inception_3a_branch2_1`."""
    block, part = layer.split("/")
    if block.startswith("conv"):  # conv1/7x7_s2, conv2/3x3_reduce, conv2/3x3
        return f"{block}_reduce" if part.endswith("reduce") else block
    if block == "loss3":
        return "predictions"
    if block.startswith("loss"):  # loss1/conv, loss1/fc, loss1/classifier
        return block.replace("loss", "aux") + ("" if part == "classifier" else f"_{part}")
    branches = {"1x1": "1_1", "3x3_reduce": "2_1", "3x3": "2_2", "5x5_reduce": "3_1", "5x5": "3_2", "pool_proj": "4_2"}
    return f"{block}_branch{branches[part]}"


PEERS = {"caffe": caffe}
