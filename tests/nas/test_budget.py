"""Budgets against enumeration of whole spaces."""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.errors import InputError
from kerascnn.nas import Budget, Number, budget, count, space
from kerascnn.nas.budget import Share, latency, smallest_network


def small(family):
    """A family with two choices of each number at most, and all its specs."""
    asked = space(family, input_shape=(8, 8, 1))
    numbers = tuple(
        Number(n.name, n.choices[:3] if "block" in n.name else n.choices[:2], n.when) for n in asked.numbers
    )
    asked = asked._replace(numbers=numbers)
    specs = {}
    for values in product(*(number.choices for number in numbers)):
        given_ = dict(zip((number.name for number in numbers), values, strict=True))
        chosen = asked.chosen(lambda number, given_=given_: given_[number.name])
        specs[str(chosen)] = asked.spec(chosen)
    return asked, list(specs.values())


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("20M", 20_000_000),
        ("300k", 300_000),
        ("1.5G", 1_500_000_000),
        ("1e6", 10**6),
        (" 7 ", 7),
        (8.0, 8),
        ("1,000", 1000),
    ],
)
def test_amounts_are_read(text, amount):
    assert budget(max_macs=text) == Budget(max_macs=amount)


def test_memory_and_latency_have_units_of_their_own():
    assert budget(max_memory="64MB", max_latency="5ms") == Budget(max_memory=64_000_000, max_latency=0.005)
    assert budget(max_params="", max_macs=None) == Budget()


@pytest.mark.parametrize("wrong", ["x", "-3", "0", "20 X", "5ms", "nan", "20MB", -1, 0, True, float("inf"), [3]])
def test_a_wrong_amount_is_one_line(wrong):
    with pytest.raises(InputError, match=r"max_params=.*must be a number above zero"):
        budget(max_params=wrong)


def test_an_unknown_limit_is_one_line():
    with pytest.raises(InputError, match="did you mean max_params"):
        budget(max_param=3)


@pytest.mark.parametrize("family", ["vgg", "mixed"])
def test_draws_fit_and_the_share_is_that_of_the_draws(family):
    asked, specs = small(family)
    middle = sorted(count(spec).macs for spec in specs)[len(specs) // 4]
    limit = Budget(max_macs=middle)
    random = Random(3)
    assert all(count(asked.spec(limit.draw(asked, random))).macs <= middle for _ in range(100))
    found = limit.share(asked, draws=4000)
    low, high = limit.share(asked, draws=4000, seed=1).interval
    assert low - 0.02 < found.fitting / found.draws < high + 0.02
    if family == "mixed":  # no number depends on another: all networks are equally likely
        exact = sum(limit.fits(spec) for spec in specs) / len(specs)
        assert found.interval[0] - 0.01 < exact < found.interval[1] + 0.01


@given(st.integers(1, 500), st.integers(0, 500))
def test_an_interval_holds_the_share(draws, fitting):
    fitting = min(fitting, draws)
    low, high = Share("", fitting, draws).interval
    assert 0 <= low <= fitting / draws <= high <= 1
    assert low < high


def test_an_interval_as_published():
    """Newcombe 1998, Table I, method 3: 81 of 263 gives 0.2553 to 0.3662."""
    assert Share("", 81, 263).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize("family", ["vgg", "resnet", "mobilenet", "mixed"])
@pytest.mark.parametrize("name", ["params", "macs", "memory"])
def test_the_smallest_network_is_the_smallest(family, name):
    asked, specs = small(family)
    least = min(getattr(count(spec), name) for spec in specs)
    limit = Budget(**{f"max_{name}": least})
    assert getattr(count(smallest_network(asked, limit)), name) == least
    limit.check(asked)
    with pytest.raises(InputError, match=rf"smallest has .*{least:,}.*repeats") as told:
        Budget(**{f"max_{name}": least - 1}).check(asked)
    assert "\n" not in str(told.value)


def test_contradictory_limits_are_named():
    asked, specs = small("mixed")
    counts = [count(spec) for spec in specs]
    limit = Budget(max_macs=min(c.macs for c in counts), max_memory=min(c.memory for c in counts))
    assert not any(limit.fits(spec) for spec in specs)
    with pytest.raises(InputError, match="contradict each other"):
        limit.check(asked)


def test_latency_is_measured_once():
    spec = {"name": "staged", "input_shape": [8, 8, 1], "classes": 2, "repeats": [1, 1, 1], "n_filters": [8, 8, 8]}
    took = latency(spec)
    assert took > 0
    assert latency(spec) == took
    assert budget(max_latency=took).fits(spec)
    assert not budget(max_latency=took / 2).fits(spec)
