"""Epochs that fit into a time, and a model that isn't changed by finding out."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.training.procedure import epochs as module
from kerascnn.training.procedure.epochs import TIMED, WARM, Stopwatch, epochs
from kerascnn.training.resume import train_state


@pytest.fixture(scope="module")
def images():
    return kerascnn.data.load("digits", (8, 8, 1), batch=4, limit=160)


def network():
    layers = [
        keras.layers.Flatten(),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5, seed=1),
        keras.layers.Dense(10, activation="softmax"),
    ]
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


def test_without_a_budget(images):
    assert images.steps == 40
    assert epochs(0, "", network(), images) == 25  # 1,000 steps
    assert epochs(3, "", network(), images) == 3
    assert epochs(3, "9h", network(), images, resumed=True) == 3


@pytest.mark.slow
def test_a_budget_is_divided_by_the_time_of_an_epoch(images, monkeypatch):
    """The clock is told that a step of training takes 2 s and one of validation 1 s: an epoch takes 120 s."""
    monkeypatch.setattr(Stopwatch, "step", lambda self, part: {"train": 2.0, "test": 1.0}[part])
    model = network()
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = train_state.capture(model)
    assert len(images.validation) == 40
    assert epochs(99, "1h", model, images) in (29, 28)  # of 30, a moment is spent
    assert epochs(0, "1h", model, images, most=7) == 7
    for name, value in train_state.capture(model).items():
        if name.startswith("model/"):
            np.testing.assert_array_equal(value, before[name])
    assert epochs(0, "1h", model, images, resumed=True, after=5) in (33, 34), "another budget counts from now"
    with pytest.raises(kerascnn.InputError, match=r"--budget 60s: one epoch ends after about 12\ds; give more"):
        epochs(0, "60s", model, images)
    with pytest.raises(kerascnn.InputError, match="--budget soon: must be a time"):
        epochs(0, "soon", model, images)


class Clock:
    """Stands for the module `time`: it goes on when it is told to."""

    now = 0.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def time(monkeypatch):
    monkeypatch.setattr(module, "time", Clock())
    return module.time


def test_clock_takes_the_median_of_steps_that_are_warm(time):
    clock = Stopwatch()
    clock.set_model(network())
    for pause in [100, 50, 50, *[10, 11, 12] * 3, 200]:
        time.now += pause / 1024
        clock.on_train_batch_end(0, {"loss": 1.0})
    assert clock.step("train") == 11 / 1024
    assert clock.compiling == 100 / 1024
    assert clock.step("test") == 0


def test_clock_counts_for_a_time_where_steps_are_short(time):
    clock = Stopwatch(least=1.0)
    clock.set_model(network())
    for _ in range(WARM):
        clock.on_train_batch_end(0, {"loss": 1.0})
    while not clock.model.stop_training:
        time.now += 1 / 64
        clock.on_train_batch_end(0, {"loss": 1.0})
    assert time.now == 1.0
    assert len(clock.times["train"]) == WARM + 64 > WARM + TIMED


def test_clock_counts_so_many_steps_where_they_are_long(time):
    clock = Stopwatch(least=1.0)
    clock.set_model(network())
    for step in range(WARM + TIMED):
        assert not getattr(clock.model, "stop_training", False), step
        time.now += 0.25
        clock.on_train_batch_end(0, {"loss": 1.0})
    assert clock.model.stop_training
