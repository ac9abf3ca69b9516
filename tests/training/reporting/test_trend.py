"""Made curves that still fall, that are flat, that rise again, with noise and without."""

import numpy as np
import pytest

from kerascnn.training.reporting.trend import RISING, still_improving

DRAWS = 200


def share(curve, noise, epochs, **how):
    """How often it is said of a curve whose values are off by so much."""
    random = np.random.default_rng(0)
    off = np.exp(noise * random.normal(size=(DRAWS, epochs)))
    return np.mean([still_improving({"val_loss": curve(np.arange(epochs) / epochs) * one}, **how) for one in off])


def falling(t):
    return 0.3 + 1.7 * np.exp(-1.5 * t)


def steadily(t):
    return 2 - 1.2 * t


def converged(t):
    return 0.3 + 1.7 * np.exp(-20 * t)


def annealed(t):
    """It follows a cosine to a rate of 0, the last epochs of which change nothing any more."""
    return 0.3 + 1.7 * np.exp(-10 * np.sin(np.pi / 2 * t))


def overfitted(t):
    return 0.3 + (t - 0.5) ** 2


@pytest.mark.parametrize("epochs", [3, 4, 5, 10, 31, 100])
@pytest.mark.parametrize("curve", [falling, steadily])
def test_what_falls(curve, epochs):
    assert share(curve, 0, epochs) == 1
    assert share(curve, 0.02, epochs) > 0.9


@pytest.mark.parametrize("epochs", [6, 10, 31, 100])
@pytest.mark.parametrize("curve", [converged, annealed, overfitted, np.ones_like])
def test_what_does_not(curve, epochs):
    assert share(curve, 0, epochs) == 0
    for noise in (0.01, 0.05, 0.3):
        assert share(curve, noise, epochs) < 0.15


def test_noise_alone_is_no_trend():
    assert share(np.ones_like, 0.1, 30) < 0.03


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], False),
        ([1.0], False),
        ([2.0, 1.0], False),  # two epochs show no trend
        ([3.0, 2.0, 1.0], True),
        ([1.0, 1.0, 1.0], False),
        ([0.0, 0.0, 0.0], False),
        ([1.5, 1.4, 1.0, 0.9], True),
        ([0.5, 1.4, 1.0, 0.9], False),  # the first epoch was the best
        ([1.5, 1.4, 1.0, 0.999], True),  # the median of 1.4 and 1 is what it is compared with
        ([2.0, 1.0, 0.999, 0.998, 0.997], False),
        ([3.0, 2.0, np.nan], False),
        ([np.nan, 3.0, 2.0, 1.0], True),
        ([-1.0, -2.0, -3.0], True),
        ([3.0, 2.0, 1.0, 0.9, 1.3], False),
    ],
)
def test_short_curves(values, expected):
    assert still_improving({"val_loss": values}) is expected


@pytest.mark.parametrize("measure", RISING)
def test_of_measures_that_rise_the_error_counts(measure):
    column = f"val_{measure}"
    rising = [0.1, 0.3, 0.5, 0.6, 0.7, 0.75]
    assert still_improving({column: rising}, column=column)
    assert not still_improving({column: rising[::-1]}, column=column)
    assert not still_improving({column: [0.1, 0.9, 0.99, 0.99, 0.99, 0.99]}, column=column)


def test_an_early_best_epoch_promises_nothing():
    history = {"val_loss": [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]}
    assert still_improving(history, best_epoch=4)
    assert not still_improving(history, best_epoch=3)
