"""Scaling of pixels to the range that a network expects, and the statistics of known sets for it."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ..errors import one_of

SCALINGS = ("unit", "symmetric", "standard")


class Statistics(NamedTuple):
    """Mean and standard deviation of all training pixels by channel, white being 1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


IMAGENET = Statistics((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # torchvision, "Models and pre-trained weights"
STATISTICS = {  # by the name of the set
    "digits": Statistics((0.3053,), (0.3759,)),  # worked out from all 1,797 images
    "letters": Statistics((0.8769,), (0.3030,)),  # worked out from all 10,820 images
    "mnist": Statistics((0.1307,), (0.3081,)),  # pytorch/examples, mnist/main.py
    "fashion_mnist": Statistics((0.2860,), (0.3530,)),  # chatflip/CalculationMeanStd, README.md
    "cifar10": Statistics((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),  # kuangliu/pytorch-cifar, issue 8
    "cifar100": Statistics((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),  # sharc-lab/Rapid-INR, mean_std.py
    "svhn_cropped": Statistics((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)),  # helloxjb/ViPER, viper/stats.py
    "imagenet2012": IMAGENET,
}


def statistics(name: str | None, channels: int) -> Statistics:
    """The statistics of a set, or ImageNet's if they are unknown. For grey images those of the colors are averaged."""
    known = STATISTICS.get(name, IMAGENET)
    if len(known.mean) == channels:
        return known
    return Statistics(*((sum(values) / len(values),) * channels for values in known))


def scale(images, scaling: str, mean=(), std=()):
    """Scale pixels of 0..255, uint8 or float, to the range that a network expects.

    Args:
        images: array or tensor of shape (..., channels).
        scaling: "unit", [0, 1]; "symmetric", [-1, 1]; "standard", (x / 255 - mean) / std by channel.
        mean, std: one number a channel, or one for all; only "standard" reads them.

    Returns:
        float32 of the same shape: a tensor for a tensor, an array for anything else.
    """
    one_of("scaling", scaling, SCALINGS)
    if scaling == "standard":
        factor, shift = 1 / (255 * np.asarray(std)), -np.asarray(mean) / np.asarray(std)
    else:
        factor, shift = {"unit": (1 / 255, 0), "symmetric": (1 / 127.5, -1)}[scaling]
    factor, shift = np.float32(factor), np.float32(shift)
    if not tf.is_tensor(images):
        return np.asarray(images, np.float32) * factor + shift
    row = images.shape[-2:]
    if not row.is_fully_defined():
        return tf.cast(images, tf.float32) * factor + shift
    # One number for each value of a row of pixels: broadcasting over three channels takes four times as long.
    factor, shift = (np.broadcast_to(part, row).ravel() for part in (factor, shift))
    rows = tf.cast(tf.reshape(images, (-1, row.num_elements())), tf.float32)
    return tf.reshape(rows * factor + shift, tf.shape(images))
