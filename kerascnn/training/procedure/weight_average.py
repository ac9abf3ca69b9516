"""The moving average of the weights that an optimizer keeps."""

import keras
from keras import ops


def keep_average(model: keras.Model, momentum: float) -> None:
    """Let the optimizer keep a moving average of the weights, unless it does already. The model has not trained yet."""
    optimizer = _unscaled(model)
    if not optimizer.use_ema:
        optimizer.use_ema, optimizer.ema_momentum = True, momentum


def swap_average(model: keras.Model) -> None:
    """Exchange the weights and their moving average, if the optimizer keeps one. A second call undoes it exactly.

    (Keras's `SwapEMAWeights` adds and subtracts, which rounds, and leaves them exchanged between epochs.)
    """
    optimizer = _unscaled(model)
    if optimizer.use_ema:
        pairs = zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)
        for weight, average in pairs:
            value = ops.convert_to_numpy(weight)
            weight.assign(ops.convert_to_numpy(average))
            average.assign(value)


def _unscaled(model):
    """The optimizer itself, without the loss scaling of 16-bit training."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)
