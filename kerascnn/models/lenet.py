"""LeNet-5. LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition, Figure 2.

    C1 -> S2 -> C3 -> S4 -> C5 -> F6 -> output

Departs from the paper in what lectures leave out too: C3 sees all six maps of S2 (the paper's Table I connects some),
S2 and S4 average without trainable coefficients, the output is a softmax over the classes.
"""

from keras import Model
from keras.layers import Dense

from ..blocks import name_tensor, predictions
from ..errors import one_of
from ..layers import AveragePooling2D, Conv2D, Flatten, MaxPooling2D
from ..registry import image_input, register

POOLS = {"average": AveragePooling2D, "max": MaxPooling2D}


@register("lenet5")
def lenet5(input_shape, classes, *, act="tanh", pool="average", activation="softmax", name=None):
    """`act`: activation of the hidden layers ("tanh", "sigmoid", "relu"); `pool`: "average" or "max"."""
    one_of("act", act, ("tanh", "sigmoid", "relu"))
    one_of("pool", pool, POOLS)
    inp = image_input(input_shape)
    c1 = Conv2D(6, 5, activation=act, name="c1")(inp)  # 28x28x6
    s2 = POOLS[pool](2, name="s2")(c1)  # 14x14x6
    c3 = Conv2D(16, 5, activation=act, name="c3")(s2)  # 10x10x16
    s4 = POOLS[pool](2, name="s4")(c3)  # 5x5x16
    c5 = Conv2D(120, 5, activation=act, name="c5")(s4)  # 1x1x120
    out = name_tensor(c5, "features")
    if classes is not None:
        out = Flatten(name="flatten")(out)
        out = Dense(84, activation=act, name="f6")(out)
        out = predictions(out, classes, activation)
    return Model(inp, out, name=name)
