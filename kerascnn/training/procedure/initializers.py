"""Initial weights of papers, in place of the networks' own (He et al.'s, uniform)."""

from keras import Model, initializers, layers

from ...errors import one_of

ONES = {"conv2", "conv4", "conv5", "fc6", "fc7"}  # layers of AlexNet whose biases start at 1
INITIALIZERS = {
    "": None,
    "alexnet": lambda: initializers.RandomNormal(stddev=0.01),  # Krizhevsky et al. 2012, Section 5
    "glorot_uniform": initializers.GlorotUniform,
    "he_normal": initializers.HeNormal,  # He et al. 2015, arXiv:1502.01852, equation 10
}


def initialize(network: Model, name: str) -> None:
    """Draw new kernels for dense layers and convolutions, except depthwise convolutions.

    Args:
        network: the network to train.
        name: a name of `INITIALIZERS`; "" changes nothing. With "alexnet" the biases of `ONES` start at 1.

    Raises:
        InputError: an unknown name.
    """
    one_of("initializer", name, INITIALIZERS)
    for layer in network.layers:
        if name and isinstance(layer, (layers.Conv2D, layers.Dense)):
            draw = INITIALIZERS[name]()  # another seed for each layer
            layer.kernel.assign(draw(layer.kernel.shape))
            if name == "alexnet" and layer.name in ONES:
                layer.bias.assign([1.0] * layer.bias.shape[0])
