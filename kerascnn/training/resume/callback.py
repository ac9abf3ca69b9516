"""Exact resume: a run that was killed goes on as if nothing had happened."""

import math
import os
import signal
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ...errors import InputError, TrainingStopped
from .. import signals
from ..flags import duration
from . import checkpoint, train_state
from .checkpoint import Checkpoint

KERAS_STATE = {
    keras.callbacks.EarlyStopping: ("best", "best_epoch", "best_weights", "stopped_epoch", "wait"),
    keras.callbacks.ReduceLROnPlateau: ("best", "cooldown_counter", "wait"),
}


def interval(text: str) -> tuple[float, float]:
    """(steps, seconds) of `--checkpoint-every`, of which at least one is infinite: "500" is steps, "5m" is time, and
    "epoch" neither."""
    if text == "epoch":
        return math.inf, math.inf
    if text.isdecimal() and int(text):
        return int(text), math.inf
    return math.inf, duration("--checkpoint-every", text, "epoch, a number of steps, or ")


class Checkpoints(keras.callbacks.Callback):
    """Writes checkpoints of a run, and puts the one back from which it goes on.

    It has to be the last of the callbacks, so that it sees what the others have done. A run that goes on in the middle
    of an epoch walks past the steps of this epoch that were done before, without data and without training.

    While it trains, Ctrl-C, SIGTERM and SIGHUP end the run after the step, or the validation batch, with a checkpoint:
    `AskedToEnd`. A second Ctrl-C ends it at once.

    Several machines go on with the chief's state, from a folder that all of them see. What differs between machines is
    not in it: after a checkpoint in the middle of an epoch, the training loss and metrics of this one epoch, and batch
    normalization's statistics unless they are synchronized, are those of the chief's share before.

    Args:
        folder: the run folder, None where another machine writes.
        every: steps or time between two checkpoints, or "epoch", as for `interval`. There is one more when the training
            ends.
        others: the callbacks whose state belongs to the run: those that have `get_state()`, a dict of numbers, words,
            sequences and arrays, and `set_state(dict)`; and Keras's in `KERAS_STATE`.
        batch: the shapes and types of a batch of training (`element_spec`).
        saved: the checkpoint to go on from.
        config: what `config.json` says, to have a copy in every checkpoint.

    Attributes:
        asked_to_end: the number of the signal, 0 as long as there is none.
    """

    def __init__(
        self,
        folder: Path,
        every: str,
        others: list,
        batch: tuple,
        saved: Checkpoint | None = None,
        config: dict | None = None,
    ):
        super().__init__()
        self.folder, self.others, self.batch, self.saved, self.config = folder, others, batch, saved, config
        self.each_epoch, (self.every_steps, self.every_seconds) = every == "epoch", interval(every)
        self.history = list(saved.record["history"]) if saved else []
        self.asked_to_end = self.last_signal = 0
        self.handlers_before = {}

    def on_train_begin(self, logs=None):
        self.handlers_before = signals.listen(self._on_signal)
        self.written = time.monotonic()
        self.epoch_done = None
        if self.saved:
            train_state.restore(self.model, self.saved.arrays, ("model", "optimizer"))
            self._restore_callbacks()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.passed = epoch, 0
        if self.saved and self.saved.record["steps"]:
            self.passed = self.saved.record["steps"]
            self._restore_metrics()
            self._pass_steps(self.saved.record["logs"])
        self.saved = None

    def on_train_batch_end(self, batch, logs=None):
        steps = batch + 1
        if steps <= self.passed:
            return
        is_due = self.asked_to_end or self._is_due(self.epoch * self.params["steps"] + steps)
        is_last = steps == self.params["steps"]
        captured = self._captured(steps, logs) if is_due or is_last else None
        if is_due:
            self._write(captured)
        if self.asked_to_end:
            self._end()
        if is_last:
            self.epoch_done = captured

    def on_test_batch_end(self, batch, logs=None):
        if self.asked_to_end and self.epoch_done:
            self._write(self.epoch_done)
            self._end()

    def on_epoch_end(self, epoch, logs=None):
        self.epoch_done = None
        self.history.append({name: float(value) for name, value in logs.items()})
        is_last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if is_last or self.asked_to_end or self.each_epoch or self._is_due(0):
            self.epoch = epoch + 1
            self._write(self._captured(0, {}))
        if self.asked_to_end:
            self._end()

    def on_train_end(self, logs=None):
        self.let_signals_go()

    def let_signals_go(self) -> None:
        """Signals are again whose they were before the training. For where `fit` ended by an error."""
        signals.restore(self.handlers_before)
        self.handlers_before = {}

    def _is_due(self, step):
        by_steps = step and self.every_steps < math.inf and step % self.every_steps == 0
        return by_steps or time.monotonic() - self.written >= self.every_seconds

    def _captured(self, steps, logs):
        arrays = train_state.capture(self.model)
        record = {
            "epoch": self.epoch,
            "steps": steps,
            "step": self.epoch * self.params["steps"] + steps,
            "stopped": self.model.stop_training,
            "logs": {name: float(value) for name, value in logs.items()},
            "history": self.history,
            "config": self.config,
            "callbacks": [
                {key: _encoded(value, f"callbacks/{i}/{key}", arrays) for key, value in state_of(callback).items()}
                for i, callback in enumerate(self.others)
            ],
        }
        return Checkpoint(arrays, record)

    def _write(self, captured):
        for name, array in captured.arrays.items():
            if name.startswith("model/") and not np.isfinite(array).all():
                raise TrainingStopped(f"{name.split('/', 2)[2]} is not finite any more, try a smaller --lr")
        if self.folder:
            checkpoint.write(self.folder, captured.record["step"], captured)
        self.written = time.monotonic()

    def _on_signal(self, number, frame):
        signals.received.append(number)
        if number == signal.SIGINT == self.last_signal:
            self.let_signals_go()
            raise signals.AskedToEnd(number)
        self.last_signal = number
        if self.folder:  # on other machines the chief's step needs this process
            self.asked_to_end = number
            if number == signal.SIGINT and sys.stderr.isatty():
                os.write(2, b"\nCtrl-C: ends after this step, with a checkpoint; again: at once\n")

    def _end(self):
        self.let_signals_go()
        raise signals.AskedToEnd(self.asked_to_end)

    def _restore_callbacks(self):
        states = self.saved.record["callbacks"]
        try:
            for callback, state in zip(self.others, states, strict=True):
                known = state.keys() & state_of(callback).keys()
                set_state(callback, {key: _decoded(state[key], self.saved.arrays) for key in known})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"--resume: the checkpoint has no state that these callbacks take: {error}") from error

    def _restore_metrics(self):
        """Keras makes the metrics in the first step, unless there is a strategy."""
        wanted = sum(name.startswith("metrics/") for name in self.saved.arrays)
        if len(self.model.metrics_variables) < wanted:
            batch = tf.nest.map_structure(lambda part: tf.zeros([n or 2 for n in part.shape], part.dtype), self.batch)
            self.model.test_on_batch(*batch)
        train_state.restore(self.model, self.saved.arrays, ("metrics",))

    def _pass_steps(self, logs):
        train, left = self.model.train_function, iter(range(self.passed))

        def passing(iterator):
            if next(left, None) is not None:
                return logs
            self.model.train_function = train
            return train(iterator)

        self.model.train_function = passing


def state_of(callback: keras.callbacks.Callback) -> dict:
    """What a callback needs to go on: what its `get_state` gives, or of Keras's own what `KERAS_STATE` names."""
    if hasattr(callback, "get_state"):
        return callback.get_state()
    return {name: getattr(callback, name) for name in _names(callback)}


def set_state(callback: keras.callbacks.Callback, state: dict) -> None:
    """The other way round; what the callback does not know is left out."""
    if hasattr(callback, "set_state"):
        callback.set_state(state)
        return
    for name in _names(callback):
        if not _is_plain(state[name]):
            raise TypeError(f"{name} is {state[name]!r}")
        setattr(callback, name, state[name])


def _is_plain(value):
    """A number, nothing, or weights."""
    if isinstance(value, list):
        return all(isinstance(part, np.ndarray) for part in value)
    return value is None or type(value) in (int, float)


def _names(callback):
    return next((names for kind, names in KERAS_STATE.items() if isinstance(callback, kind)), ())


def _encoded(value, name, arrays):
    """Numbers, words and sequences of them as JSON has them; arrays go into `arrays`."""
    if tf.is_tensor(value):  # what Keras has logged
        value = value.numpy()
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_encoded(part, f"{name}/{i}", arrays) for i, part in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{name} is a {type(value).__name__}: a checkpoint holds numbers, words, sequences and arrays")


def _decoded(value, arrays):
    if isinstance(value, list):
        return [_decoded(part, arrays) for part in value]
    return arrays[value["array"]] if isinstance(value, dict) else value
