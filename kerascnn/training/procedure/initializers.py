"""Initial weights as in papers, where they are not the networks' own (He's uniform ones)."""

from keras import Model, initializers, layers

from ...errors import one_of

ONES = {"conv2", "conv4", "conv5", "fc6", "fc7"}  # of AlexNet: biases that start at 1
INITIALIZERS = {
    "": None,
    "alexnet": lambda: initializers.RandomNormal(stddev=0.01),  # Krizhevsky et al. 2012, Section 5
    "glorot_uniform": initializers.GlorotUniform,
    "he_normal": initializers.HeNormal,  # He et al. 2015, arXiv:1502.01852, equation 10
}


def initialize(network: Model, name: str) -> None:
    """Draw the kernels of dense layers and of convolutions, but for depthwise ones, anew.

    Args:
        network: to be trained.
        name: one of `INITIALIZERS`; "" leaves the network as it was built. With "alexnet" the biases of the layers
            that AlexNet's paper names start at 1; all others are 0.
    """
    one_of("initializer", name, INITIALIZERS)
    for layer in network.layers:
        if name and isinstance(layer, (layers.Conv2D, layers.Dense)):
            draw = INITIALIZERS[name]()  # another seed for each layer
            layer.kernel.assign(draw(layer.kernel.shape))
            if name == "alexnet" and layer.name in ONES:
                layer.bias.assign([1.0] * layer.bias.shape[0])
