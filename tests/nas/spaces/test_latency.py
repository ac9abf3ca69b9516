"""Calibration against machines that are known, and against this one."""

from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.nas import budget, count, space
from kerascnn.nas.spaces.latency import calibrate, measured

SECONDS = st.floats(0, 1)


def specs(n, seed=0):
    asked, random = space("mixed"), Random(seed)
    return [asked.spec(asked.draw(random)) for _ in range(n)]


@given(st.tuples(st.floats(1e-3, 1), SECONDS, SECONDS, SECONDS))
def test_a_linear_machine_is_learnt(rates):
    def machine(specs):
        return [
            fixed + layer * count(spec).layers / 50 + mac * count(spec).macs / 1e8 + byte * count(spec).memory / 1e6
            for spec in specs
        ]

    fixed, layer, mac, byte = rates
    found = calibrate(specs(14), measured=machine)
    assert all(seconds >= 0 for seconds in found[:4])
    assert found.error <= found.worst < 1e-3
    others = specs(20, seed=1)
    assert [found.seconds(count(spec)) for spec in others] == pytest.approx(machine(others), rel=1e-3)


def test_the_error_is_that_of_networks_left_out():
    """Every third network takes half as long again: one left out is foretold so much too low, or too high."""
    half = [1.0, 1.0, 1.5] * 5

    def machine(specs):
        return [factor * count(spec).macs * 1e-10 for factor, spec in zip(half, specs, strict=True)]

    found = calibrate(specs(15), measured=machine)
    assert 0.05 < found.error < 0.4
    assert 0.2 < found.worst < 1
    assert str(found).startswith(f"latency is predicted within {found.error:.0%} (median, {found.worst:.0%} at worst)")


@pytest.mark.parametrize("n", [1, 2])
def test_a_tiny_space_is_measured_as_it_is(n):
    few = specs(n)
    seconds = [count(spec).macs * 1e-9 for spec in few]
    found = calibrate(few, measured=lambda specs: seconds)
    assert [found.seconds(count(spec)) for spec in few] == pytest.approx(seconds)


def test_a_network_is_measured():
    small, large = ({"name": "staged", "input_shape": [n, n, 1], "classes": 2, "repeats": [1, 1, 1]} for n in (8, 64))
    fast, slow = measured([small, large])
    assert 0 < fast < slow


@pytest.mark.slow
@pytest.mark.parametrize(
    "family", ["mixed", {"name": "resnet20_cifar", "repeats": [(1, 1, 1), (2, 2, 2)], "n_filters": range(8, 33, 8)}]
)
def test_this_machine_is_foretold(family):
    asked = space(family, input_shape=(16, 16, 3))
    found = budget(max_latency="5ms").calibrated(asked).calibration
    random = Random(3)
    others = [asked.spec(asked.draw(random)) for _ in range(7)]
    errors = [
        abs(found.seconds(count(spec)) / seconds - 1) for spec, seconds in zip(others, measured(others), strict=True)
    ]
    assert median(errors) < 0.6, (found, errors)
