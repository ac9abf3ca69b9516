"""Siamese network for one-shot recognition. Koch et al. 2015, Figure 4.

    10x10 conv -> pool -> 7x7 conv -> pool -> 4x4 conv -> pool -> 4x4 conv -> Dense (the embedding), for both images
        -> distance of the embeddings -> Dense: the probability that both show the same

`twin` is the half that both images go through, a model within the model. The layers `distance` and `predictions` work
on embeddings of any leading shape: (b, 1, n) against (1, b, n) compares each image of a batch with each.
Weights start as in Section 3.2, but for those of `predictions`.
"""

from keras import Input, Model
from keras.initializers import RandomNormal
from keras.layers import Dense

from ..backbones import backbone_model, last_map
from ..blocks import name_tensor, predictions
from ..errors import count, one_of
from ..layers import AbsoluteDifference, Conv2D, CosineSimilarity, Flatten, GlobalAveragePooling2D, MaxPooling2D
from ..registry import image_input, register

DISTANCES = {"l1": AbsoluteDifference, "cosine": CosineSimilarity}


@register("siamese")
def siamese(
    input_shape, classes, *, n_filters=64, embedding=None, act="sigmoid", distance="l1", backbone=None,
    activation="sigmoid", name=None,
):  # fmt: skip
    """`n_filters`: width of `conv1`, twice as wide are `conv2` and `conv3`, four times `conv4`; `embedding`: numbers in
    the embedding, 4096 unless there is a `backbone`; `act`: its activation, "sigmoid", "relu", "tanh" or None;
    `distance`: "l1" for the difference of each number, or "cosine"; `backbone`: the twin, by the name of a classifier,
    a dict of its name and knobs, or a keras.Model whose layers and weights are used as they are (its map is averaged;
    only where `embedding` is given, a dense layer follows)."""
    one_of("act", act, ("sigmoid", "relu", "tanh", None))
    one_of("distance", distance, DISTANCES)
    count("n_filters", n_filters)
    if embedding is not None:
        count("embedding", embedding)
    if backbone is None:
        inp, vector = koch(input_shape, n_filters, embedding or 4096, act)
    else:
        inp, vector = embed(backbone_model(backbone, input_shape), embedding, act)
    if classes is None:
        return Model(inp, vector, name=name)
    twin = Model(inp, vector, name="twin")
    left, right = Input(input_shape, name="left"), Input(input_shape, name="right")
    x = DISTANCES[distance](name="distance")([twin(left), twin(right)])
    return Model([left, right], predictions(x, 1, activation), name=name)


def koch(input_shape, n_filters, embedding, act):
    inp = image_input(input_shape)
    conv1 = conv(inp, n_filters, 10, name="conv1")  # 96x96x64
    pool1 = MaxPooling2D(2, name="pool1")(conv1)  # 48x48x64
    conv2 = conv(pool1, n_filters * 2, 7, name="conv2")  # 42x42x128
    pool2 = MaxPooling2D(2, name="pool2")(conv2)  # 21x21x128
    conv3 = conv(pool2, n_filters * 2, 4, name="conv3")  # 18x18x128
    pool3 = MaxPooling2D(2, name="pool3")(conv3)  # 9x9x128
    conv4 = conv(pool3, n_filters * 4, 4, name="conv4")  # 6x6x256
    flat = Flatten(name="flatten")(name_tensor(conv4, "features"))  # 9216
    return inp, dense(flat, embedding, act)


def conv(x, filters, kernel_size, *, name):
    kernel, bias = RandomNormal(0, 0.01), RandomNormal(0.5, 0.01)
    return Conv2D(filters, kernel_size, activation="relu", kernel_initializer=kernel, bias_initializer=bias, name=name)(
        x
    )


def dense(x, units, act):
    kernel, bias = RandomNormal(0, 0.2), RandomNormal(0.5, 0.01)
    return Dense(units, activation=act, kernel_initializer=kernel, bias_initializer=bias, name="embedding")(x)


def embed(backbone, embedding, act):
    """Input and embedding of a backbone: its vector, or its map's average; of a whole classifier, its last map's."""
    x = last_map(backbone) if backbone.layers[-1].name == "predictions" else backbone.outputs[0]
    if len(x.shape) == 4:
        x = GlobalAveragePooling2D(name="gap")(x)
    if embedding is not None:
        x = Dense(embedding, activation=act, name="embedding")(x)
    return backbone.inputs[0], x


def twin(model):
    """Image to embedding."""
    return model.get_layer("twin")


SUBMODELS = {"twin": twin}
