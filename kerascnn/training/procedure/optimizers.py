"""Optimizers with weight decay in the papers' meaning, and the moving average of the weights.

Keras's `weight_decay` takes `learning rate * weight_decay * w` off the weights themselves, as AdamW does. Before it,
weight decay was `weight_decay * w` in the gradient, and went through momentum and scaling with it.
"""

import keras
import tensorflow as tf
from keras import layers, ops

from ...errors import between, one_of
from .procedure import Procedure


class GlobalClipNorm:
    """Clips the gradient of the whole batch where several replicas share it; Keras clips the part of each replica."""

    def _clip_gradients(self, gradients):
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if replicas == 1 or not self.global_clipnorm:
            return super()._clip_gradients(gradients)
        whole = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
        return [gradient / replicas for gradient in super()._clip_gradients(whole)]  # Keras sums them up again


class CoupledWeightDecay(GlobalClipNorm):
    """Adds `weight_decay * w` to the gradient of each weight `w` that decays, after the gradients of all replicas are
    summed up and clipped. The loss does not change."""

    def update_step(self, gradient, variable, learning_rate):
        if self.weight_decay and self._use_weight_decay(variable):
            gradient = gradient + ops.cast(self.weight_decay, gradient.dtype) * ops.cast(variable, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def _apply_weight_decay(self, variables):
        """Does nothing; Keras would subtract from the weights here."""


@keras.saving.register_keras_serializable(package="kerascnn")
class SGD(CoupledWeightDecay, keras.optimizers.SGD):
    """SGD with weight decay in the gradient."""


@keras.saving.register_keras_serializable(package="kerascnn")
class RMSprop(CoupledWeightDecay, keras.optimizers.RMSprop):
    """RMSprop with weight decay in the gradient.

    `epsilon` is under the root, as in TensorFlow 1, for which the papers give their numbers. There the mean square
    starts at 1, here at 0.
    """


@keras.saving.register_keras_serializable(package="kerascnn")
class Adam(CoupledWeightDecay, keras.optimizers.Adam):
    """Adam with weight decay in the gradient."""


@keras.saving.register_keras_serializable(package="kerascnn")
class AdamW(GlobalClipNorm, keras.optimizers.AdamW):
    """Keras's AdamW, which clips the gradient of all replicas."""


OPTIMIZERS = {  # name -> class, and the fields of a procedure that it takes
    "adam": (Adam, ("epsilon",)),
    "adamw": (AdamW, ("epsilon",)),
    "sgd": (SGD, ("momentum",)),
    "rmsprop": (RMSprop, ("momentum", "rho", "epsilon")),
}
DECAYS = ("kernels", "not-depthwise", "all")


def optimizer(
    procedure: Procedure,
    rate: float | keras.optimizers.schedules.LearningRateSchedule,
    network: keras.Model,
    steps: int,
) -> keras.Optimizer:
    """The optimizer of a procedure.

    Args:
        procedure: how to train. Its average of the weights (`ema`) reaches back over at most a tenth of the training.
        rate: the learning rate, a number or a Keras schedule.
        network: the network to train.
        steps: the number of steps of the whole training.

    Raises:
        InputError: an unknown name, or a number out of its range.
    """
    one_of("optimizer", procedure.optimizer, OPTIMIZERS)
    one_of("decays", procedure.decays, DECAYS)
    for field in ("momentum", "rho", "ema"):
        between(field, getattr(procedure, field), 0, 1)
    kind, its_own = OPTIMIZERS[procedure.optimizer]
    made = kind(
        rate,
        weight_decay=procedure.weight_decay or None,
        global_clipnorm=procedure.clip_norm or None,
        use_ema=procedure.ema > 0,
        ema_momentum=min(procedure.ema, max(0, 1 - 10 / steps)),
        **{field: getattr(procedure, field) for field in its_own},
    )
    kept = {id(weight) for weight in decaying(network, procedure.decays)}
    made.exclude_from_weight_decay([weight for weight in network.trainable_weights if id(weight) not in kept])
    return made


def decaying(network: keras.Model, which: str) -> list:
    """The weights that decay.

    "kernels" are those of convolutions and dense layers; "not-depthwise" are the kernels except those of depthwise
    convolutions; "all" are all weights, also biases and the scales and shifts of batch normalization.
    """
    if which == "all":
        return network.trainable_weights
    return [
        weight
        for layer in network.layers
        if which == "kernels" or not isinstance(layer, layers.DepthwiseConv2D)
        for weight in layer.trainable_weights
        if weight.name.endswith("kernel") and (which == "kernels" or weight.name != "depthwise_kernel")
    ]
