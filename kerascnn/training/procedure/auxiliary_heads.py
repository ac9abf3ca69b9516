"""Auxiliary heads: outputs in the middle of a network that help its training and are left out afterwards."""

import keras

from ...errors import InputError
from ...registry import knobs as knobs_of
from .network_wrapper import NetworkWrapper


def heads(name: str, knobs: dict, weights: tuple[float, ...]) -> dict:
    """The knobs of a network, together with the one that builds its auxiliary heads.

    Args:
        name: of the network.
        knobs: as given.
        weights: of the losses of the heads; () means no heads.

    Raises:
        InputError: the network has no heads, or the knob is given.
    """
    if "aux" in knobs:
        raise InputError("--knob aux: give --auxiliary, the weights of the losses of the auxiliary heads")
    if weights and "aux" not in knobs_of(name):
        given = ", ".join(map(str, weights))
        raise InputError(f"--auxiliary {given}: {name} has no auxiliary heads; --auxiliary '()' trains without")
    return {**knobs, "aux": True} if weights else knobs


def with_heads(network: keras.Model, weights: tuple[float, ...]) -> keras.Model:
    """The model to train: a network together with its auxiliary heads, or the network itself if it has none.

    Args:
        network: made by `build(..., aux=True)`, or without heads.
        weights: the weight of each head's loss.

    Raises:
        InputError: there are more or fewer weights than heads.
    """
    found = len(network.outputs) - 1
    if found != len(weights):
        raise InputError(f"--auxiliary {weights}: {network.name} has {found} auxiliary heads, each needs a weight")
    return WithHeads(network, weights) if weights else network


class WithHeads(NetworkWrapper):
    """A network that is trained with the weighted losses of its auxiliary heads.

    All weights are the network's. Validation, prediction and `save` use the network without the heads.
    """

    def __init__(self, network: keras.Model, weights: tuple[float, ...]):
        super().__init__(network, saved=keras.Model(network.input, network.outputs[0], name=network.name))
        self.loss_weights = weights

    def call(self, images, training=None):
        return self.network(images, training=True) if training else self.saved(images)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        main, *others = y_pred if isinstance(y_pred, list) else [y_pred]
        loss = super().compute_loss(x, y, main, sample_weight, training)
        for weight, output in zip(self.loss_weights, others, strict=False):  # none where the network is only judged
            loss += weight * self.loss(y, output, sample_weight)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        main = y_pred[0] if isinstance(y_pred, list) else y_pred
        return super().compute_metrics(x, y, main, sample_weight)
