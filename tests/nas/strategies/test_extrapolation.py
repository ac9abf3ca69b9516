"""What an accuracy promises: on machines whose speed is known, and on networks that were trained on."""

import csv
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.nas import count, space
from kerascnn.nas.spaces.count import Count
from kerascnn.nas.strategies.extrapolation import LARGER, LEARNS, TIMED, FullTraining, extrapolated_error, handicaps
from kerascnn.nas.strategies.surrogate import correlation

MIXED = space("mixed")
COUNTS = [count(MIXED.spec(MIXED.draw(Random(seed)))) for seed in range(12)]
TABLE = Path(__file__).parents[3] / "recipes/benchmarks/nas_mnist.csv"


def seconds(counted):
    return 0.1 + counted.layers / 100 + counted.macs / 1e7 + counted.memory / 1e6


def test_networks_that_were_not_timed_are_foretold():
    own = [[seconds(counted) * noise for noise in (1.0, 0.9, 5.0)] for counted in COUNTS]
    timed = own[:8] + [[]] * 4
    found = handicaps(COUNTS, timed, FullTraining(enough=0.01))
    assert found == pytest.approx([(seconds(counted) / 0.01) ** LEARNS for counted in COUNTS], rel=1e-3)
    with_less_time = handicaps(COUNTS, timed, FullTraining(enough=0.01 / 32))
    assert with_less_time == pytest.approx([2 * one for one in found]), "errors halve in 32 times the training"
    enough = max(map(seconds, COUNTS)) * 1.01
    assert handicaps(COUNTS, timed, FullTraining(enough)) == [1.0] * 12, "all are fast enough"


@pytest.mark.parametrize(("timed", "enough"), [(12, None), (TIMED - 1, 0.01)])
def test_time_plays_no_part_unless_it_is_short_and_known(timed, enough):
    its_own = [[seconds(counted)] if i < timed else [] for i, counted in enumerate(COUNTS)]
    assert handicaps(COUNTS, its_own, FullTraining(enough)) == [1.0] * 12


def test_the_longer_the_training_ahead_the_more_a_large_network_promises():
    counts, untimed = [Count(0, params, 0, 0, 0) for params in (1000, 8000)], [[], []]
    small, large = handicaps(counts, untimed, FullTraining(longer=16.0))
    assert large / small == pytest.approx(8 ** (-LARGER * np.log(16)))
    assert handicaps(counts, untimed, FullTraining()) == [1.0, 1.0], "none ahead"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 100), st.floats(1, 100))
def test_more_accurate_networks_and_smaller_handicaps_promise_more(accuracy, other, handicap, more):
    low, high = sorted((accuracy, other))
    assert extrapolated_error(low, handicap) >= extrapolated_error(high, handicap)
    assert extrapolated_error(accuracy, handicap * more) >= extrapolated_error(accuracy, handicap) >= 0


@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_on_mnist_the_first_epoch_says_more_about_the_last_with_a_word_on_size(share):
    """216 networks, nine epochs; all, and those with the fewest MACs."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["macs"]))
    rows = rows[: int(share * len(rows))]
    counts = [Count(0, int(row["params"]), int(row["macs"]), 0, 0) for row in rows]
    weighed = handicaps(counts, [[]] * len(rows), FullTraining(longer=9.0))
    test = [float(row["test_accuracy"]) for row in rows]
    first = [float(row["accuracy1"]) for row in rows]
    expected = [-error for error in map(extrapolated_error, first, weighed)]
    assert correlation(expected, test) > correlation(first, test) + 0.005
