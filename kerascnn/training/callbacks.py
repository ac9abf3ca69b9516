"""Callbacks of every run: time, history, best model, a loss that is not finite, TensorBoard."""

import errno
import math
import os
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import keras
import tensorflow as tf

from ..errors import TrainingStopped
from . import files
from .distribution.replicas import batch_norms
from .procedure.weight_average import swap_average

NUMBERS = {  # of TensorFlow's errors in writing, others are errno.EIO
    tf.errors.ResourceExhaustedError: errno.ENOSPC,
    tf.errors.NotFoundError: errno.ENOENT,
    tf.errors.PermissionDeniedError: errno.EACCES,
}


def by_accuracy(logs: dict) -> tuple[float, float]:
    """How good an epoch was: its accuracy on held-out images, or `pr_auc` of several labels, then its loss."""
    return logs["val_pr_auc" if "val_pr_auc" in logs else "val_accuracy"], -logs["val_loss"]


class Clock(keras.callbacks.Callback):
    """Adds to an epoch's logs its seconds, what it trained on per second, without validation, and the learning rate.

    `counts` is what an epoch trains on, like {"images": 20, "tiles": 480}. Where one was interrupted, the seconds
    before count, too.
    """

    def __init__(self, counts: dict[str, int]):
        super().__init__()
        self.counts, self.trained = counts, 0.0

    def get_state(self) -> dict:
        return {"trained": self.trained}

    def set_state(self, state: dict) -> None:
        self.trained = float(state["trained"])

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter() - self.trained

    def on_train_batch_end(self, batch, logs=None):
        self.trained = time.perf_counter() - self.began

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self.began
        for name, count in self.counts.items():
            logs[f"{name}_per_second"] = count / self.trained
        self.trained = 0.0
        logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class History(keras.callbacks.Callback):
    """Writes `history.csv` anew after every epoch, where Keras's `CSVLogger` appends: a kill never leaves half a line.

    Args:
        path: of the file.
        rows: the epochs before.
    """

    def __init__(self, path: Path, rows: list[dict[str, float]]):
        super().__init__()
        self.path, self.rows = path, list(rows)

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({name: float(value) for name, value in logs.items()})
        files.write_history(self.path, self.rows)


class FitStatistics(keras.callbacks.Callback):
    """Lets the averages of batch normalization look back on a tenth of the steps that there were, at most. With Keras's
    momentum of 0.99 they are after 20 steps what they were before, and the answers to all images are alike.

    The momentum in step t, counted from 0, is t / (9 + t), but no more than the layer's own: one of 0.99 is itself from
    step 891 on. (TensorFlow's `ExponentialMovingAverage` is a step ahead.) What is saved is the layer's own.
    """

    def on_train_begin(self, logs=None):
        norms = batch_norms(self.model)
        kinds = [(norm.momentum, keras.backend.result_type(norm.compute_dtype, "float32")) for norm in norms]
        with self.model.distribute_strategy.scope():
            self.fitting = {kind: tf.Variable(kind[0], trainable=False, dtype=kind[1]) for kind in sorted({*kinds})}
        self.norms, self.done = list(zip(norms, kinds, strict=True)), not norms

    def on_epoch_begin(self, epoch, logs=None):
        for norm, kind in self.norms:
            norm.momentum = self.fitting[kind]

    def on_epoch_end(self, epoch, logs=None):
        for norm, (own, _) in self.norms:
            norm.momentum = own

    def on_train_batch_begin(self, batch, logs=None):
        if self.done:
            return
        step = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        momentum = step / (9 + step)
        for (own, _), variable in self.fitting.items():
            variable.assign(min(own, momentum))
        self.done = all(own <= momentum for own, _ in self.fitting)


class JudgeAverage(keras.callbacks.Callback):
    """Lets held-out images judge the moving average of the weights, where the optimizer keeps one (`use_ema`)."""

    def on_test_begin(self, logs=None):
        swap_average(self.model)

    def on_test_end(self, logs=None):
        swap_average(self.model)


class BestModel(JudgeAverage):
    """Saves the model of the best epoch so far, with `metadata` and its `epoch` in the file; the earliest of equals.

    Where `path` is None, another machine does; where `score` is None, the last epoch is kept, and held-out images
    choose nothing.

    Where the optimizer keeps a moving average of the weights (`use_ema`), the average is what is judged and saved.
    """

    def __init__(self, path: Path | None, metadata: dict, score: Callable[[dict], tuple] | None = by_accuracy):
        super().__init__()
        self.path, self.metadata, self.score = path, metadata, score
        self.best = None

    def get_state(self) -> dict:
        return {"best": self.best}

    def set_state(self, state: dict) -> None:
        self.best = None if state["best"] is None else [float(score) for score in state["best"]]

    def on_epoch_end(self, epoch, logs=None):
        if self._is_best(epoch, logs) and self.path:
            swap_average(self.model)
            files.save(self.model, self.path, {**self.metadata, "epoch": epoch + 1})
            swap_average(self.model)

    def _is_best(self, epoch, logs):
        if self.score is None:
            return self.model.stop_training or epoch + 1 == self.params["epochs"]
        score = list(self.score(logs))
        if self.best is not None and score <= self.best:
            return False
        self.best = score
        return True


class StopOnNonFiniteLoss(keras.callbacks.Callback):
    """Raises `TrainingStopped` as soon as the loss is NaN or infinite. `keeps_best`: whether `BestModel` has saved the
    best epoch before."""

    def __init__(self, keeps_best: bool = True):
        super().__init__()
        self.keeps_best = keeps_best

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        self._check(logs["loss"], f"the loss in epoch {self.epoch}, step {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs.get("val_loss", 0), f"the loss on held-out images after epoch {self.epoch}")

    def _check(self, loss, where):
        if not math.isfinite(loss):
            kept = "; model.keras keeps the best epoch before" if self.keeps_best and self.epoch > 1 else ""
            raise TrainingStopped(f"{where} is {loss}, try a smaller --lr{kept}")


class TensorBoard(keras.callbacks.TensorBoard):
    """TensorBoard's curves, by epoch. What TensorFlow says where they cannot be written becomes an `OSError`."""

    def __init__(self, folder: Path):
        super().__init__(folder, write_graph=False)
        self.folder = folder

    def on_train_batch_end(self, batch, logs=None):
        """Nothing, where Keras's own takes 0.3 ms a step to find out that by epoch there is nothing to write."""


def _with_errors_of_the_system(hook):
    @wraps(hook)
    def called(self, *args, **kwargs):
        try:
            return hook(self, *args, **kwargs)
        except tf.errors.OpError as error:
            number = NUMBERS.get(type(error), errno.EIO)
            raise OSError(number, os.strerror(number), str(self.folder)) from error

    return called


for _name in ("on_train_begin", "on_test_begin", "on_test_end", "on_epoch_end", "on_train_end"):
    setattr(TensorBoard, _name, _with_errors_of_the_system(getattr(TensorBoard, _name)))
