"""Cutout, mixup and CutMix: rectangles in images, and mixtures of two images and their labels."""

import numpy as np
import tensorflow as tf
from scipy.special import betaincinv

from ..sampling.stateless_random import below, fold, uniform

STEPS = 4096  # of a Beta distribution's quantiles


def rectangle(key, height, width, share) -> tf.Tensor:
    """A random rectangle in each image. Its centre lies in the image; a part of it may lie outside.

    Args:
        key: of the images, uint64 (b,); see `stateless_random`.
        height, width: of the images.
        share: of each side, one for all images or (b,).

    Returns:
        bool (b, height, width, 1).
    """
    inside = []
    for at, length in zip(tf.unstack(uniform(key, 2)), (height, width), strict=True):
        long = tf.cast(length, tf.float32) * share
        first = tf.round(at * tf.cast(length, tf.float32) - long / 2)
        place = tf.range(tf.cast(length, tf.float32))
        inside.append((place >= first[:, None]) & (place < tf.reshape(first + tf.round(long), (-1, 1))))
    return (inside[0][:, :, None] & inside[1][:, None])[..., None]


def mix(images, labels, key, mixup: float = 0, cutmix: float = 0) -> tuple[tf.Tensor, tf.Tensor]:
    """Mix each image with its neighbour in the batch, the last with the first.

    Args:
        images: float32 (b, height, width, channels).
        labels: float32 (b, classes).
        key: of the images, uint64 (b,); see `stateless_random`.
        mixup: alpha of the Beta(alpha, alpha) from which an image's share is drawn; 0 for none. Zhang et al. 2017,
            arXiv:1710.09412.
        cutmix: the same for the share of its area that an image keeps when a rectangle of its neighbour is pasted into
            it. The part of the rectangle inside the image counts. Yun et al. 2019, arXiv:1905.04899. If both are given,
            each is done to about half of the images.
    """
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    kind, draw = tf.unstack(uniform(fold(key, 0), 2))
    share = 1.0
    if mixup:
        share = beta(mixup, draw)[:, None, None, None]
    if cutmix:
        part = rectangle(fold(key, 1), height, width, tf.sqrt(1 - beta(cutmix, draw)))
        cut = tf.where(part, 0.0, 1.0)
        share = tf.where((kind < 0.5)[:, None, None, None], share, cut) if mixup else cut
    kept = tf.reduce_mean(share, axis=(1, 2, 3))[:, None]
    images, labels = (
        other + weight * (mine - other)
        for mine, other, weight in ((x, tf.roll(x, -1, axis=0), w) for x, w in ((images, share), (labels, kept)))
    )
    return images, labels


def beta(alpha: float, draw) -> tf.Tensor:
    """Numbers of the distribution Beta(alpha, alpha), made from `uniform` numbers."""
    quantiles = betaincinv(alpha, alpha, (np.arange(STEPS) + 0.5) / STEPS).astype(np.float32)
    return tf.gather(quantiles, below(draw, STEPS))
