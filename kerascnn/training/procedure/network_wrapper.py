"""The base of models that train a network in a way of their own."""

import keras


class NetworkWrapper(keras.Model):
    """Trains a network by a `call` or a loss of its own. All its weights are the network's.

    Args:
        network: what is trained.
        saved: what `save` saves; the network itself unless given.
    """

    def __init__(self, network: keras.Model, saved: keras.Model | None = None):
        super().__init__(name=network.name)
        self.network, self.saved = network, saved or network
        self.built = True

    @property
    def inputs(self):
        return self.network.inputs

    def save(self, *args, **kwargs):
        self.saved.save(*args, **kwargs)
