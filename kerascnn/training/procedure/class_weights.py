"""Class weights: images of some classes count more in the loss.

Training batches get weights, as by the `class_weight` of Keras's `fit`, which refuses soft labels: the loss of a batch
is the sum of weight times loss, divided by the number of images. What validates has no weights.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from ...data.labels import Data
from ...data.pipelines import finished
from ...errors import InputError, shown, unknown

LARGEST = 1e6


def with_class_weights(images: Data, class_weight: str) -> Data:
    """The same data; a batch of `train` is (images, labels, weights), unless `class_weight` is empty.

    A weight is that of an image's class, (b,). Of mixed images, each share of a class weighs as the class does: the
    weight is the sum, and labels become shares of it. Where images may have several labels, each is a question of its
    own, with a weight for yes and one for no: weights are (b, classes).

    Args:
        images: of any kind.
        class_weight: "balanced", which is n / (classes * n of the class) as in scikit-learn, among the images that
            train, and for several labels n / (2 * n of the answer); or weights of some classes, like "cat=2,dog=0.5",
            all others being 1. For several labels that is the weight of a yes.

    Raises:
        InputError: `class_weight` is neither.
    """
    if not class_weight:
        return images
    if class_weight == "balanced":
        counts, of = images.class_counts(), images.train_size
        yes = balanced(counts, of, 2 if images.multi_label else int(np.count_nonzero(counts)))
        no = balanced(of - counts, of, 2)
    else:
        yes, no = given(class_weight, images.classes), np.ones(len(images.classes))
    yes, no = (tf.constant(weights, tf.float32) for weights in (yes, no))

    def weighed(pixels, labels):
        if labels.dtype.is_integer:
            return pixels, labels, tf.gather(yes, labels)
        shares = labels * yes
        if images.multi_label:
            weights = shares + (1 - labels) * no
            return pixels, shares / weights, weights
        weights = tf.reduce_sum(shares, axis=-1)
        return pixels, shares / weights[:, None], weights

    return replace(
        images,
        train=finished(images.train, weighed),
        train_from=lambda step: finished(images.train_from(step), weighed),
    )


def balanced(counts: np.ndarray, of: int, kinds: int) -> np.ndarray:
    """Weights (classes,) by which each of so many kinds weighs the same, of / (kinds * count); 1 where none is."""
    return np.where(counts > 0, of / (kinds * np.maximum(counts, 1)), 1.0)


def given(text: str, classes: Sequence[str]) -> np.ndarray:
    """The weights (classes,) in a text like "cat=2,dog=0.5"."""
    names, found, rest = "|".join(map(re.escape, sorted(classes, key=len, reverse=True))), {}, text
    while rest:
        pair = re.match(rf"({names})=([^=,]*)(?:,|$)", rest)
        if not pair:
            name, equals, _ = rest.partition("=")
            if equals and name not in classes:
                raise unknown("class", name, classes)
            raise InputError(
                f"--class-weight {shown(text)}: must be balanced, or classes and weights like cat=2,dog=0.5"
            )
        name, number = pair.groups()
        if name in found:
            raise InputError(f"--class-weight {shown(text)}: {name} is given twice")
        try:
            found[name] = float(number)
        except ValueError:
            found[name] = 0.0
        if not 0 < found[name] <= LARGEST:
            raise InputError(f"--class-weight {name}={number}: must be a number above 0, and {LARGEST:,.0f} at most")
        rest = rest[pair.end() :]
    return np.array([found.get(name, 1.0) for name in classes])
