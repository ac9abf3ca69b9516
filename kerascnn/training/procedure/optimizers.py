"""Optimizers with weight decay in the papers' meaning, and the moving average of the weights.

Keras's `weight_decay` takes `learning rate * weight_decay * w` off the weights themselves, as AdamW does. Before it,
weight decay was `weight_decay * w` in the gradient, and went through momentum and scaling with it.
"""

from types import SimpleNamespace

import keras
import tensorflow as tf
from keras import layers, ops

from ...errors import between, one_of


class GlobalClipNorm:
    """Clips the gradient of the whole batch where several replicas share one: Keras clips each one's part."""

    def _clip_gradients(self, gradients):
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if replicas == 1 or not self.global_clipnorm:
            return super()._clip_gradients(gradients)
        whole = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
        return [gradient / replicas for gradient in super()._clip_gradients(whole)]  # Keras sums them up again


class CoupledWeightDecay(GlobalClipNorm):
    """Adds `weight_decay * w` to the gradient of each weight that decays, after clipping and after replicas and
    accumulated steps are summed up. The loss stays what it is."""

    def update_step(self, gradient, variable, learning_rate):
        if self.weight_decay and self._use_weight_decay(variable):
            gradient = gradient + ops.cast(self.weight_decay, gradient.dtype) * ops.cast(variable, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def _apply_weight_decay(self, variables):
        """Nothing, where Keras takes it off the weights."""


@keras.saving.register_keras_serializable(package="kerascnn")
class SGD(CoupledWeightDecay, keras.optimizers.SGD):
    """SGD with L2 in the gradient."""


@keras.saving.register_keras_serializable(package="kerascnn")
class RMSprop(CoupledWeightDecay, keras.optimizers.RMSprop):
    """RMSprop with L2 in the gradient. As in TensorFlow 1, for which papers give their numbers, `epsilon` stands under
    the root; there the mean square starts at 1, here at 0."""


@keras.saving.register_keras_serializable(package="kerascnn")
class Adam(CoupledWeightDecay, keras.optimizers.Adam):
    """Adam with L2 in the gradient."""


@keras.saving.register_keras_serializable(package="kerascnn")
class AdamW(GlobalClipNorm, keras.optimizers.AdamW):
    """Keras's, with the gradient of all replicas clipped."""


OPTIMIZERS = {  # and those of the flags that they take
    "adam": (Adam, ("epsilon",)),
    "adamw": (AdamW, ("epsilon",)),
    "sgd": (SGD, ("momentum",)),
    "rmsprop": (RMSprop, ("momentum", "rho", "epsilon")),
}
DECAYS = ("kernels", "not-depthwise", "all")


def optimizer(cfg: SimpleNamespace, rate, network: keras.Model, steps: int) -> keras.Optimizer:
    """The optimizer that the flags of a classifier ask for.

    Args:
        cfg: `optimizer` (a name of `OPTIMIZERS`), `momentum`, `rho` and `epsilon` for those that have them,
            `weight_decay` of the weights that `decays` names (see `decaying`), `clip` (the longest that the gradient
            of all weights may be; 0: any length), `ema` (momentum of the average of the weights, which is what is
            judged and saved; 0: none). The average reaches back over no more than a tenth of the training.
        rate: the learning rate, a number or a Keras schedule.
        network: what shall be trained.
        steps: of the whole training.

    Raises:
        InputError: an unknown name, or a number out of its range.
    """
    one_of("optimizer", cfg.optimizer, OPTIMIZERS)
    one_of("decays", cfg.decays, DECAYS)
    for flag in ("momentum", "rho", "ema"):
        between(flag, vars(cfg)[flag], 0, 1)
    kind, flags = OPTIMIZERS[cfg.optimizer]
    made = kind(
        rate,
        weight_decay=cfg.weight_decay or None,
        global_clipnorm=cfg.clip or None,
        use_ema=cfg.ema > 0,
        ema_momentum=min(cfg.ema, max(0, 1 - 10 / steps)),
        **{flag: vars(cfg)[flag] for flag in flags},
    )
    kept = {id(weight) for weight in decaying(network, cfg.decays)}
    made.exclude_from_weight_decay([weight for weight in network.trainable_weights if id(weight) not in kept])
    return made


def decaying(network: keras.Model, which: str) -> list:
    """The weights that decay: "kernels" of convolutions and dense layers, those that are "not-depthwise", or "all"
    weights, with biases and the scales and shifts of batch normalization."""
    if which == "all":
        return network.trainable_weights
    return [
        weight
        for layer in network.layers
        if which == "kernels" or not isinstance(layer, layers.DepthwiseConv2D)
        for weight in layer.trainable_weights
        if weight.name.endswith("kernel") and (which == "kernels" or weight.name != "depthwise_kernel")
    ]
