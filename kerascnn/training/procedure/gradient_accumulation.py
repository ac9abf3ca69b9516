"""Gradient accumulation: only a part of a batch is in memory at a time.

With the `gradient_accumulation_steps` of Keras's optimizers each part counts as a step; they fail under a strategy.
"""

from itertools import pairwise

import keras
import tensorflow as tf

from ...errors import InputError


def accumulate(model: keras.Model, parts: int) -> None:
    """Let `model.fit` compute a batch in parts, one after the other, and apply the sum of their gradients once.

    Loss, metrics and gradient are those of the whole batch, except that batch normalization sees one part at a time.
    Under a strategy every replica divides its share of the batch.

    Args:
        model: a compiled model that has not trained yet.
        parts: the number of parts.

    Raises:
        InputError: the loss compares the examples of a batch with each other.
    """
    if getattr(model.loss, "of_whole_batch", False):
        raise InputError(f"--accumulate {parts}: the loss, {model.loss.name}, needs all examples of a batch at once")

    def train_step(data):
        size = tf.shape(keras.tree.flatten(data)[0])[0]
        bounds = [size * i // parts for i in range(parts + 1)]
        sums = []
        for begin, end in pairwise(bounds):
            with tf.control_dependencies(sums):  # else TensorFlow may work on all parts at once
                part = keras.tree.map_structure(lambda whole: whole[begin:end], data)  # noqa: B023
            gradients, logs = _gradients(model, part, share=(end - begin) / size)
            sums = [before + new for before, new in zip(sums, gradients, strict=True)] if sums else gradients
        model.optimizer.apply_gradients(zip(sums, model.trainable_variables, strict=True))
        return logs

    model.train_step = train_step


def _gradients(model, data, share):
    """The gradients of a part that is this share of a batch, and the logs so far; as in Keras's `train_step`."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    with tf.GradientTape() as tape:
        predicted = model(x, training=True)
        loss = model.compute_loss(x, y, predicted, weight, training=True)
        whole = loss * model.distribute_strategy.num_replicas_in_sync
        model._loss_tracker.update_state(whole, sample_weight=tf.shape(keras.tree.flatten(x)[0])[0])
        scaled = model.optimizer.scale_loss(loss * tf.cast(share, loss.dtype))
    gradients = tape.gradient(scaled, model.trainable_variables)
    return gradients, model.compute_metrics(x, y, predicted, weight)
