"""Losses that Keras lacks.

A cross-entropy of Keras takes either class numbers or soft labels, and smooths only soft labels. Keras's `Dice` does
not take class numbers, and counts classes that do not occur.
"""

import keras
from keras import ops

from ...errors import between


@keras.saving.register_keras_serializable(package="kerascnn")
class CrossEntropy(keras.losses.Loss):
    """Cross-entropy of class numbers (b,) or of soft labels (b, classes) with probabilities (b, classes).

    Args:
        label_smoothing: the share of each label that is spread over all classes. Szegedy et al. 2015,
            arXiv:1512.00567, Section 7.
    """

    def __init__(self, label_smoothing: float = 0.0, name: str = "cross_entropy", **kwargs):
        super().__init__(name=name, **kwargs)
        between("label_smoothing", label_smoothing, 0, 1)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        if not _is_soft(y_true, y_pred):
            y_true = ops.one_hot(ops.cast(ops.reshape(y_true, [-1]), "int32"), y_pred.shape[-1])
        return keras.losses.categorical_crossentropy(y_true, y_pred, label_smoothing=self.label_smoothing)

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable(package="kerascnn")
class BinaryCrossEntropy(keras.losses.Loss):
    """Cross-entropy of each label for itself, where an image may have several: the mean over images and labels.

    Labels and probabilities are (b, classes), labels from 0 to 1; so are weights, where there are some.

    Args:
        label_smoothing: the share of each answer that is spread over yes and no.
    """

    def __init__(self, label_smoothing: float = 0.0, name: str = "binary_cross_entropy", **kwargs):
        super().__init__(name=name, **kwargs)
        between("label_smoothing", label_smoothing, 0, 1)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        y_true = ops.cast(y_true, y_pred.dtype) * (1 - self.label_smoothing) + self.label_smoothing / 2
        return ops.binary_crossentropy(y_true, y_pred)

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


def accuracy(y_true, y_pred):
    """Whether the likeliest class is the right one (b,); soft labels (b, classes) mean their heaviest class."""
    label = ops.argmax(y_true, -1) if _is_soft(y_true, y_pred) else ops.reshape(y_true, [-1])
    return ops.cast(ops.equal(ops.cast(label, "int32"), ops.cast(ops.argmax(y_pred, -1), "int32")), "float32")


def _is_soft(y_true, y_pred):
    return len(y_true.shape) == 2 and y_true.shape[-1] == y_pred.shape[-1] != 1


@keras.saving.register_keras_serializable(package="kerascnn")
class CrossEntropyDice(keras.losses.Loss):
    """Cross-entropy of every pixel, plus the Dice loss of the batch.

    The Dice loss is 1 - 2 sum(t p) / (sum(t) + sum(p)) with t the truth (0 or 1) and p the probability of a class,
    averaged over the classes that occur in the batch. (Milletari et al. 2016, arXiv:1606.04797, Section 3, squares t
    and p in the denominator.)

    Args:
        dice: the factor of the Dice loss.

    Call it with class numbers (b, height, width) and probabilities (b, height, width, classes), or (b, height, width,
    1): the probability of class 1 against class 0. Weights of pixels, (b, height, width), count for the cross-entropy,
    and their mean for the Dice loss. Pixels of the class number -1 are void: means and sums are over the others.
    """

    of_whole_batch = True

    def __init__(self, dice: float = 1.0, name: str = "cross_entropy_dice", **kwargs):
        super().__init__(name=name, **kwargs)
        self.dice = dice

    def call(self, y_true, y_pred):
        known = ops.cast(y_true >= 0, y_pred.dtype)
        share = ops.mean(known) + ops.cast(ops.all(y_true < 0), y_pred.dtype)  # of a mean over all pixels; never 0
        label = ops.maximum(y_true, 0)
        if y_pred.shape[-1] == 1:
            entropy = keras.losses.binary_crossentropy(label[..., None], y_pred)
            y_pred = ops.concatenate([1 - y_pred, y_pred], axis=-1)
        else:
            entropy = keras.losses.sparse_categorical_crossentropy(label, y_pred)
        return (entropy + self.dice * dice_loss(y_true, y_pred)) * known / share

    def get_config(self):
        return {**super().get_config(), "dice": self.dice}


def dice_loss(y_true, y_pred):
    """The Dice loss of class numbers (b, height, width), -1 for void, and probabilities (b, height, width, classes).

    A scalar, 1 if all is void.
    """
    known = ops.cast(y_true >= 0, y_pred.dtype)[..., None]
    truth = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)
    y_pred = y_pred * known
    both, true, said = (ops.sum(part, axis=(0, 1, 2)) for part in (truth * y_pred, truth, y_pred))
    occurs = ops.cast(true > 0, y_pred.dtype)
    dice = 2 * both / ops.maximum(true + said, keras.config.epsilon())
    return 1 - ops.sum(dice * occurs) / ops.maximum(ops.sum(occurs), 1)
