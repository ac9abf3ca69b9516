"""Trains a Siamese network on all pairs of a batch: each image is embedded once and compared with every other.

A batch of 32 classes with 4 images each has 8,128 pairs, for the price of 128 images instead of 16,256.
"""

import keras
from keras import ops

from ...registry import part
from ..procedure.network_wrapper import NetworkWrapper

CERTAINTY = 10.0  # of the head at the beginning, where it reads a cosine: its logit is 10 cos - 5


class AllPairs(NetworkWrapper):
    """A Siamese network, to be trained on batches (images, labels) with `PairLoss`.

    It takes images (b, height, width, channels) and gives logits (b, b): how sure the network is that two of them show
    the same. All its weights are the network's, and `save` saves the network.

    Args:
        network: made by `build("siamese")`.
    """

    def __init__(self, network: keras.Model):
        super().__init__(network)
        kernel, bias = head(network).weights
        if kernel.shape == (1, 1):  # one that starts with the wrong sign would have to come through zero
            kernel.assign([[CERTAINTY]])
            bias.assign([-CERTAINTY / 2])

    def call(self, images, training=None):
        embeddings = part(self.network, "twin")(images, training=training)
        return pair_logits(self.network, embeddings[:, None], embeddings[None])


def head(network: keras.Model) -> keras.layers.Layer:
    """The layer that turns a distance into an answer."""
    return network.get_layer("predictions")


def pair_logits(network: keras.Model, left, right):
    """How sure a Siamese network is that embeddings belong together.

    Args:
        network: made by `build("siamese")`.
        left, right: embeddings (..., n), whose leading axes broadcast.

    Returns:
        Logits (...): a sigmoid makes them the network's probabilities.
    """
    distance = ops.cast(network.get_layer("distance")([left, right]), head(network).variable_dtype)
    kernel, bias = head(network).weights
    return ops.squeeze(ops.matmul(distance, kernel) + bias, -1)


@keras.saving.register_keras_serializable(package="kerascnn")
class PairLoss(keras.losses.Loss):
    """Of labels (b,) and the logits (b, b) of all their pairs: two questions, asked of every image.

    * Which of the others are of its class? A softmax over them, and the mean of the log-likelihoods of those that are
      (Khosla et al. 2020, "Supervised Contrastive Learning", arXiv:2004.11362, equation 2). It is a one-shot trial. Its
      loss cannot be less than the logarithm of their number.
    * Of each of the others: is it of its class? Binary cross-entropy, in which those that are weigh as much in all as
      those that are not. It makes probabilities of the logits.

    Where no other is of its class, the second question is the only one.
    """

    of_whole_batch = True

    def call(self, labels, logits):
        same, other = _sides(labels, logits)
        everyone = same + other
        log_shares = logits - _log_sum_exp(logits, everyone)
        which = -_mean(log_shares, same)
        binary = (_mean(ops.softplus(-logits), same) + _mean(ops.softplus(logits), other)) / 2
        return which + binary


def verification(labels, logits):
    """For each image (b,): the share of its pairs that are answered right, where those of the same class weigh as much
    in all as the others."""
    same, other = _sides(labels, logits)
    right = ops.cast(logits > 0, logits.dtype)
    return (_mean(right, same) + _mean(1 - right, other)) / 2


def one_shot(labels, logits):
    """For every second image (b // 2,): whether, of those in between, the nearest is of its class."""
    nearest = ops.argmax(logits[1::2, ::2], axis=1)
    labels = ops.reshape(labels, [-1])
    return ops.cast(ops.equal(ops.take(labels[::2], nearest), labels[1::2]), logits.dtype)


def _sides(labels, logits):
    """Masks (b, b): the pairs of the same class, without those of an image with itself, and the others."""
    labels = ops.reshape(labels, [-1])
    same = ops.cast(ops.equal(labels[:, None], labels[None]), logits.dtype)
    return same - ops.eye(ops.shape(labels)[0], dtype=logits.dtype), 1 - same


def _mean(values, mask):
    return ops.sum(values * mask, axis=1) / ops.maximum(ops.sum(mask, axis=1), 1)


def _log_sum_exp(values, mask):
    return ops.logsumexp(ops.where(mask > 0, values, -1e9), axis=1, keepdims=True)
