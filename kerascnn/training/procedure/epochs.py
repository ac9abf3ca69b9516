"""The number of epochs: as given, or as many as fit into a time."""

import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import keras

from ...data import Data
from ...errors import InputError
from .. import files
from ..distribution import devices
from ..flags import duration
from ..resume import train_state
from .losses import CrossEntropy

WARM, TIMED, SECONDS = 3, 20, 10.0  # steps before the clock counts; steps that it counts, or the seconds
SHARE = 0.01  # of a budget: the clock counts at least for so long, but not longer than SECONDS


def epochs(
    given: int,
    budget: str,
    model: keras.Model,
    images: Data,
    resumed: bool = False,
    most: int | None = None,
    after: int = 0,
) -> int:
    """The number of epochs to train for.

    Args:
        given: the number itself; 0 means 10 epochs, but at least 1,000 steps.
        budget: a time like "20m" within which training ends, as measured in a few steps; it wins over `given`.
        model: the model to train. Only how it is compiled changes.
        images: the images to train it on.
        resumed: whether a run continues; then `given` is its number of epochs, and wins unless it is 0.
        most: a limit, however long the budget.
        after: the epochs that a run which continues has behind it; they don't count in the budget.

    Raises:
        InputError: the budget is shorter than an epoch.
    """
    if budget and not (resumed and given):
        return after + within(duration("--budget", budget), model, images, most)
    return given or max(10, -(-1000 // images.steps))


def within(seconds: float, model: keras.Model, images: Data, most: int | None = None) -> int:
    """The number of epochs that end within a time, which includes measuring; at most `most`."""
    if devices.workers() > 1:
        raise InputError("--budget: machines that train together would each measure another time; give --epochs")
    began = time.perf_counter()
    model.compile(keras.optimizers.SGD(0.0, momentum=0.9), CrossEntropy())
    before = train_state.capture(model)
    clock = timed(model, images, min(SECONDS, SHARE * seconds))
    model.evaluate(images.validation, callbacks=[clock], verbose=0)
    train_state.restore(model, before, ("model",))
    with tempfile.TemporaryDirectory() as folder:
        files.save(model, Path(folder) / "model.keras", {})
        saving = time.perf_counter() - clock.last
    epoch = images.steps * clock.step("train") + len(images.validation) * clock.step("test") + saving
    spent = time.perf_counter() - began + clock.compiling
    found = int((seconds - spent) / epoch)
    if found < 1:
        raise InputError(
            f"--budget {seconds:g}s: one epoch ends after about {spent + epoch:.0f}s; give more, or --limit"
        )
    chosen = min(found, most or found)
    told = f", {chosen} are enough" if chosen < found else ""
    print(f"{found} epoch{'s' * (found > 1)} of about {epoch:.1f} s fit into {seconds:g} s{told}", flush=True)
    return chosen


class Stopwatch(keras.callbacks.Callback):
    """Measures the time of steps, and ends training and validation after enough of them.

    Args:
        least: the shortest time to measure for, in seconds, if there are so many steps.

    Attributes:
        compiling: the seconds of the first steps.
        last: the time at the end of the last step.
    """

    def __init__(self, least: float = 0.0):
        super().__init__()
        self.least = least
        self.times, self.compiling = {"train": [], "test": []}, 0.0
        self.last = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self._enough("train", logs)

    def on_test_batch_end(self, batch, logs=None):
        self.model.stop_evaluating = self._enough("test", logs)

    def _enough(self, part, logs):
        float(logs["loss"])  # waits for the step
        times, now = self.times[part], time.perf_counter()
        if not times:
            self.compiling += now - self.last
        times.append(now)
        self.last = now
        if len(times) <= WARM:
            return False
        counted = now - times[WARM - 1]
        return counted > SECONDS or (len(times) >= WARM + TIMED and counted >= self.least)

    def step(self, part: str) -> float:
        """The median seconds of a step of "train" or "test"."""
        times = self.times[part]
        times = times[WARM - 1 :] if len(times) > WARM else times
        return statistics.median([after - before for before, after in pairwise(times)] or [0.0])


def timed(model: keras.Model, images: Data, least: float = 0.0) -> Stopwatch:
    """The times of some training steps of a compiled model; see `Stopwatch` for `least`."""
    clock = Stopwatch(least)
    model.fit(images.train, steps_per_epoch=10**9, epochs=1, shuffle=False, verbose=0, callbacks=[clock])
    return clock
