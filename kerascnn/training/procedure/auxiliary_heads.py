"""Auxiliary heads: outputs in the middle of a network that help its training and are left out afterwards."""

from types import SimpleNamespace

import keras

from ...errors import InputError
from ...registry import knobs
from .network_wrapper import NetworkWrapper


def heads(cfg: SimpleNamespace) -> dict:
    """The knob that builds the heads which `cfg.auxiliary` weighs.

    Raises:
        InputError: the network has none.
    """
    if "aux" in cfg.knobs:
        raise InputError("--knob aux: give --auxiliary, the weights of the losses of the auxiliary heads")
    if cfg.auxiliary and "aux" not in knobs(cfg.model):
        raise InputError(
            f"--auxiliary {', '.join(map(str, cfg.auxiliary))}: {cfg.model} has no auxiliary heads; "
            "--auxiliary '()' trains without"
        )
    return {"aux": True} if cfg.auxiliary else {}


def with_heads(network: keras.Model, weights: tuple[float, ...]) -> keras.Model:
    """What `model.fit` shall train: a network, together with its auxiliary heads where it has some.

    Args:
        network: made by `build(..., aux=True)`, or without heads.
        weights: of the losses of the heads.

    Raises:
        InputError: there are more or fewer weights than heads.
    """
    found = len(network.outputs) - 1
    if found != len(weights):
        raise InputError(f"--auxiliary {weights}: {network.name} has {found} auxiliary heads, each needs a weight")
    return WithHeads(network, weights) if weights else network


class WithHeads(NetworkWrapper):
    """A network with auxiliary heads, whose losses count by their weights while it is trained.

    All weights are the network's. Validation, prediction and `save` are those of the network without the heads.
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
