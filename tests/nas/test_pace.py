"""Time that training takes, foretold, and what it does to a promise, against machines that are known."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.nas import count, space
from kerascnn.nas.pace import TIMED, paces, promise

MIXED = space("mixed")
COUNTS = [count(MIXED.spec(MIXED.draw(Random(seed)))) for seed in range(12)]


def seconds(counted):
    return 0.1 + counted.layers / 100 + counted.macs / 1e7 + counted.memory / 1e6


def test_networks_that_were_not_timed_are_foretold():
    own = [[seconds(counted) * noise for noise in (1.0, 0.9, 5.0)] for counted in COUNTS]
    timed = own[:8] + [[]] * 4
    found = paces(COUNTS, timed, enough=0.01)
    assert found == pytest.approx([seconds(counted) / 0.01 for counted in COUNTS], rel=1e-3)
    assert paces(COUNTS, timed, enough=max(map(seconds, COUNTS)) * 1.01) == [1.0] * 12, "all are fast enough"


@pytest.mark.parametrize(("timed", "enough"), [(12, None), (TIMED - 1, 0.01)])
def test_time_plays_no_part_unless_it_is_short_and_known(timed, enough):
    its_own = [[seconds(counted)] if i < timed else [] for i, counted in enumerate(COUNTS)]
    assert paces(COUNTS, its_own, enough) == [1.0] * 12


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1, 100), st.floats(1, 100))
def test_more_accurate_and_faster_networks_promise_more(accuracy, other, pace, slower):
    low, high = sorted((accuracy, other))
    assert promise(low, pace) <= promise(high, pace)
    assert promise(accuracy, pace * slower) <= promise(accuracy, pace) <= 0
    assert promise(accuracy, 32.0) == pytest.approx(2 * promise(accuracy, 1.0)), "errors halve in 32 times the training"
