"""The latency of a network on this machine, predicted from its counts."""

from collections.abc import Callable, Sequence
from math import inf
from statistics import median
from typing import NamedTuple

from .count import Count, count

ROUNDS, RUNS = 5, 10  # a network runs so often in each round over all networks,
SECONDS = 0.3  # or for so long
TOGETHER = 250_000_000  # parameters of networks that take turns: a gigabyte


class Calibration(NamedTuple):
    """Seconds for one image, for each thing that is counted; none of them is below zero.

    `error` is by which part of the measured seconds the prediction is off, in the middle and at `worst`, for networks
    that were each left out when the others taught it; `networks` is how many there were.
    """

    fixed: float
    per_layer: float
    per_mac: float
    per_byte: float
    error: float
    worst: float
    networks: int

    def seconds(self, counted: Count) -> float:
        """That a network is expected to take for one image."""
        return _predicted(self[:4], counted)

    def __str__(self):
        return (
            f"latency is predicted within {self.error:.0%} (median, {self.worst:.0%} at worst), from {self.networks} "
            f"networks measured on this machine"
        )


def calibrate(specs: Sequence[dict], *, measured: Callable[[Sequence[dict]], Sequence[float]]) -> Calibration:
    """Measure some networks once, so that the latency of others of their kind can be predicted.

    Args:
        specs: networks, five or more, small and large ones.
        measured: gives the seconds that each takes, like the function `measured`.
    """
    counts, seconds = [count(spec) for spec in specs], list(measured(specs))

    def error(i):
        """Of the network i, where the others teach it."""
        others = learned(counts[:i] + counts[i + 1 :], seconds[:i] + seconds[i + 1 :])
        return abs(others(counts[i]) / seconds[i] - 1)

    errors = [error(i) for i in range(len(specs))] if len(specs) > 1 else [1.0]
    return Calibration(*_rates(counts, seconds), median(errors), max(errors), len(specs))


def learned(counts: Sequence[Count], seconds: Sequence[float]) -> Callable[[Count], float]:
    """A function that predicts the seconds of a network from those that others took."""
    rates = _rates(counts, seconds)
    return lambda count: _predicted(rates, count)


def _rates(counts, seconds):
    """Seconds for each thing that is counted, none of them below zero, with the least squares of relative errors."""
    import numpy as np
    from scipy.optimize import nnls

    shares = np.array([_features(count) for count in counts]) / np.array(seconds)[:, None]
    scale = shares.max(axis=0)
    return [float(rate) for rate in nnls(shares / scale, np.ones(len(shares)))[0] / scale]


def _predicted(rates, count):
    return sum(n * seconds for n, seconds in zip(_features(count), rates, strict=True))


def measured(specs: Sequence[dict]) -> list[float]:
    """Seconds that each of some networks takes for one image on this machine, its fastest run.

    They take turns, so that what the machine does besides for a while slows down none of them alone. Each is built and
    compiled for it, which takes a second or more.
    """
    from ...registry import build

    seconds, together = [], []
    for i, spec in enumerate(specs, start=1):
        together.append(build(**spec))
        if i == len(specs) or sum(network.count_params() for network in together) > TOGETHER:
            seconds += _in_turns(together)
            together = []
    return seconds


def _in_turns(networks):
    from time import perf_counter

    import numpy as np

    fastest = [inf] * len(networks)
    for _ in range(ROUNDS):
        for i, network in enumerate(networks):
            image, end = np.zeros((1, *network.input_shape[1:]), "float32"), perf_counter() + SECONDS
            for _ in range(RUNS):
                began = perf_counter()
                network.predict_on_batch(image)
                now = perf_counter()
                fastest[i] = min(fastest[i], now - began)
                if now > end:
                    break
    return fastest


def _features(counted):
    return 1, counted.layers, counted.macs, counted.memory
