"""A loss that Keras lacks: its own `Dice` doesn't take class numbers, and counts classes that aren't there."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class CrossEntropyDice(keras.losses.Loss):
    """Cross-entropy of every pixel, plus the Dice loss of the batch.

    The Dice loss is 1 - 2 sum(t p) / (sum(t) + sum(p)) with t the truth (0 or 1) and p the probability of a class,
    averaged over the classes that occur in the batch. (Milletari et al. 2016, arXiv:1606.04797, Section 3, squares t
    and p in the denominator.)

    Args:
        dice: factor of the Dice loss.

    Call with whole numbers (b, height, width) and probabilities (b, height, width, classes), or (b, height, width, 1)
    of class 1 against class 0. Weights of pixels, (b, height, width), count for the cross-entropy, and by their mean
    for the Dice loss.
    """

    def __init__(self, dice: float = 1.0, name: str = "cross_entropy_dice", **kwargs):
        super().__init__(name=name, **kwargs)
        self.dice = dice

    def call(self, y_true, y_pred):
        if y_pred.shape[-1] == 1:
            entropy = keras.losses.binary_crossentropy(y_true[..., None], y_pred)
            y_pred = ops.concatenate([1 - y_pred, y_pred], axis=-1)
        else:
            entropy = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        return entropy + self.dice * dice_loss(y_true, y_pred)

    def get_config(self):
        return {**super().get_config(), "dice": self.dice}


def dice_loss(y_true, y_pred):
    """The Dice loss of class numbers (b, height, width) and probabilities (b, height, width, classes): a scalar."""
    truth = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)
    both, true, said = (ops.sum(part, axis=(0, 1, 2)) for part in (truth * y_pred, truth, y_pred))
    occurs = ops.cast(true > 0, y_pred.dtype)
    dice = 2 * both / ops.maximum(true + said, keras.config.epsilon())
    return 1 - ops.sum(dice * occurs) / ops.sum(occurs)
