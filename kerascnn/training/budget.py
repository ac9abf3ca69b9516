"""How long to train: so many epochs, or as many as fit into a time."""

import os
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import keras

from ..data import Data
from ..errors import InputError
from . import files, state
from .config import duration
from .losses import CrossEntropy, accuracy

WARM, TIMED, SECONDS = 3, 20, 10.0  # steps before the clock counts; steps that it counts, or so much time


def epochs(cfg: SimpleNamespace, model: keras.Model, images: Data, resumed: bool) -> int:
    """The number of epochs to train for.

    Args:
        cfg: `budget`, a time like "20m", within which training shall end, as measured in a few steps; or `epochs`; with
            neither, 10 epochs but at least 1,000 steps.
        model: to be trained; it is left as it was, but for how it is compiled.
        images: to train it on.
        resumed: the number in `cfg.epochs` is that of the run that goes on, and holds.

    Raises:
        InputError: the budget is less than an epoch takes.
    """
    if cfg.budget and not resumed:
        return within(duration("--budget", cfg.budget), model, images)
    return cfg.epochs or max(10, -(-1000 // images.steps))


def within(seconds: float, model: keras.Model, images: Data) -> int:
    """The number of epochs that end within a time."""
    if os.environ.get("TF_CONFIG"):
        raise InputError("--budget: machines that train together would each measure another time; give --epochs")
    model.compile(keras.optimizers.SGD(0.0, momentum=0.9), CrossEntropy(), metrics=[accuracy])
    before = state.capture(model)
    clock = Clock()
    model.fit(images.train, steps_per_epoch=WARM + TIMED, epochs=1, shuffle=False, verbose=0, callbacks=[clock])
    model.evaluate(images.validation, verbose=0, callbacks=[clock])
    state.restore(model, before, ("model",))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        files.save(model, Path(folder) / "model.keras", {})
        saving = time.perf_counter() - began
    epoch = images.steps * clock.step("train") + len(images.validation) * clock.step("test") + saving
    found = int((seconds - clock.first) / epoch)
    if found < 1:
        raise InputError(
            f"--budget {seconds:g}s: an epoch takes about {clock.first + epoch:.0f}s; give more, or --limit"
        )
    print(f"{found} epochs of about {epoch:.1f} s fit into {seconds:g} s", flush=True)
    return found


class Clock(keras.callbacks.Callback):
    """Takes the time of steps, and ends training and validation when it has enough."""

    def __init__(self):
        super().__init__()
        self.times = {"train": [], "test": []}

    def on_train_begin(self, logs=None):
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self._enough("train", logs)

    def on_test_batch_end(self, batch, logs=None):
        self.model.stop_evaluating = self._enough("test", logs)

    def _enough(self, part, logs):
        float(logs["loss"])  # waits for the step
        times = self.times[part]
        times.append(time.perf_counter())
        return len(times) > WARM and (len(times) >= WARM + TIMED or times[-1] - times[WARM - 1] > SECONDS)

    @property
    def first(self):
        """Seconds of the first step, with its compilation."""
        return self.times["train"][0] - self.began

    def step(self, part):
        """Seconds of one step of "train" or "test"."""
        times = self.times[part]
        times = times[WARM - 1 :] if len(times) > WARM else times
        gaps = [after - before for before, after in pairwise(times)]
        return statistics.median(gaps) if gaps else 0.0
