"""Budgets against enumeration of whole spaces."""

import json
import math
from functools import partial
from itertools import islice, product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.errors import InputError
from kerascnn.nas import SPACES, Budget, Dimension, Space, budget, count, space
from kerascnn.nas.spaces.constraints import Share, nearest, networks
from kerascnn.nas.spaces.latency import Calibration
from kerascnn.nas.spaces.space import is_ordered

MACHINE = Calibration(1e-4, 1e-5, 1e-9, 1e-8, 0.1, 0.2, 14)


def small(family):
    """A family with two choices of each number at most, and all its specs."""
    asked = space(family, input_shape=(8, 8, 1))
    dimensions = tuple(
        Dimension(n.name, n.choices[:3] if "block" in n.name else n.choices[:2], n.when) for n in asked.dimensions
    )
    asked = asked._replace(dimensions=dimensions)
    specs = {}
    for values in product(*(dimension.choices for dimension in dimensions)):
        given_ = dict(zip((dimension.name for dimension in dimensions), values, strict=True))
        chosen = asked.chosen(lambda dimension, given_=given_: given_[dimension.name])
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
        ("12,345,678", 12_345_678),
        ("1_000.5k", 1_000_500),
        (".5M", 500_000),
        ("0.3M", 300_000),
        (1000.9, 1000),  # 1001 would be above it
        (np.int64(7), 7),
        (np.float32(8), 8),
        (np.array(9), 9),
        (10**18, 10**18),
    ],
)
def test_amounts_are_read(text, amount):
    assert budget(max_macs=text) == Budget(max_macs=amount)


def test_memory_and_latency_have_units_of_their_own():
    assert budget(max_memory="64MB", max_latency="5ms") == Budget(max_memory=64_000_000, max_latency=0.005)
    assert budget(max_params="", max_macs=None) == Budget()


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            "x",
            "-3",
            "0",
            "0.3",
            "20 X",
            "5ms",
            "nan",
            "inf",
            "1e400",
            "20MB",
            "1,5M",
            "1,00",
            "--",
            ".",
            "e5",
            "M",
            "9" * 999,
        ),
        *(-1, 0, 0.3, 0.999, True, False, math.nan, math.inf, -math.inf, 10**400, 1j, b"20M"),
        *([3], {}, {3}, np.float64("nan"), np.bool_(True), np.array([3, 4]), object()),
    ],
)
@pytest.mark.parametrize("name", ["max_params", "max_macs", "max_memory"])
def test_a_wrong_amount_is_one_line(name, wrong):
    if name == "max_memory" and isinstance(wrong, str) and wrong == "20MB":
        return  # bytes
    with pytest.raises(InputError, match=rf"^{name}=.*must be a number, 1 or more, like 1000 or '20M'$"):
        budget(**{name: wrong})


@pytest.mark.parametrize("wrong", ["0", 0, -1, "-5ms", "5 minutes", "5M", math.nan, math.inf, True, [3], 1e-300])
def test_a_wrong_latency_is_one_line(wrong):
    with pytest.raises(InputError, match=r"^max_latency=.*must be a number above zero, like 0.005 or '5ms'$"):
        budget(max_latency=wrong)


@pytest.mark.parametrize("wrong", [3, "fast", [], [1, 2], [1] * 8, ["1"] * 7, [math.nan] * 7, {}, [-1] * 7])
def test_a_wrong_calibration_is_one_line(wrong):
    with pytest.raises(InputError, match=r"^calibration=.*must be the numbers fixed, per_layer, .*networks$"):
        budget(calibration=wrong)


def test_what_is_no_network_fits_no_budget():
    spec = {"name": "staged", "repeats": [1, -2, 3]}
    for limits in (Budget(), budget(max_params=10**9)):
        with pytest.raises(InputError, match=r"repeats=\[1, -2, 3\]: must be whole numbers of 1 or more"):
            limits.fits(spec)


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
    assert nearest(asked, limit) == (nearest(asked, limit)[0], True)
    assert getattr(count(asked.spec(nearest(asked, limit)[0])), name) == least
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


@pytest.mark.parametrize("family", ["vgg", "mixed"])
def test_all_networks_of_a_space(family):
    asked, specs = small(family)
    found = [asked.spec(values) for values in networks(asked)]
    assert len(found) == len(specs)
    assert sorted(map(str, found)) == sorted(map(str, specs))


@given(st.sampled_from(sorted(SPACES)), st.integers(0, 2**32), st.data())
def test_more_is_never_less(family, seed, data):
    """So that the smallest network of a family too large to be looked through has its numbers as low as they can be."""
    asked = space(family)
    values = asked.draw(Random(seed))
    name = data.draw(st.sampled_from([dimension.name for dimension in asked.dimensions if is_ordered(dimension)]))
    dimension = next(dimension for dimension in asked.dimensions if dimension.name == name)
    lower = values | {name: data.draw(st.sampled_from([c for c in dimension.choices if c <= values.get(name, c)]))}
    lower = asked.chosen(lambda other: lower.get(other.name, min(other.choices)))
    assert all(less <= more for less, more in zip(count(asked.spec(lower)), count(asked.spec(values)), strict=True))


AMOUNTS = st.none() | st.floats(0.8, 3)
WIDTHS = st.lists(st.integers(8, 40), min_size=1, max_size=2)
KINDS = st.sampled_from(["plain", "residual", "bottleneck", "se", "separable", "inception"])


@settings(deadline=None)
@given(
    st.lists(st.tuples(KINDS, WIDTHS, st.sampled_from([3, 5, 7])), min_size=2, max_size=12),
    st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS),
    st.integers(0, 2**32),
)
def test_a_budget_that_can_be_met_is_never_refused(rows, amounts, seed):
    """Of networks in no order whatever, where a search that goes downhill is lost."""
    table = [
        {
            "name": "staged",
            "blocks": [kind] * len(widths),
            "repeats": [1] * len(widths),
            "n_filters": widths,
            "kernel_size": size,
        }
        for kind, widths, size in rows
    ]
    asked = Space(
        "any", (Dimension("row", tuple(range(len(table)))),), lambda values: table[values["row"]], (8, 8, 1), 2
    )
    counts = [count(asked.spec({"row": row})) for row in range(len(table))]
    least = [min(c.params for c in counts), min(c.macs for c in counts), min(c.memory for c in counts)]
    least.append(min(MACHINE.seconds(c) for c in counts))
    limits = [amount and amount * n for amount, n in zip(amounts, least, strict=True)]
    limit = Budget(*limits, calibration=MACHINE)
    if any(limit.allows(counted) for counted in counts):
        limit.check(asked)
        assert limit.fits(asked.spec(limit.draw(asked, Random(seed))))
    else:
        with pytest.raises(InputError, match=r"no network of the space any (fits|meets)") as told:
            limit.check(asked)
        assert "\n" not in str(told.value)


def test_what_does_not_fit_is_not_drawn():
    with pytest.raises(InputError, match="no network of the space vgg fits max_params=100"):
        Budget(max_params=100).draw(space("vgg"), Random(0))


def test_a_space_of_the_catalog_is_counted_too():
    asked = space({"name": "resnet20_cifar", "n_filters": [4, 8], "repeats": [(1, 1, 1), (2, 1, 1)]})
    counts = [count(asked.spec(values)) for values in networks(asked)]
    least = min(counted.macs for counted in counts)
    found = Budget(max_macs=least).share(asked)
    assert found.draws == 200
    assert found.interval[0] < 1 / 4 < found.interval[1]
    assert nearest(asked, Budget(max_params=1)) == ({"n_filters": 4, "repeats": (1, 1, 1)}, True)
    limit = Budget(max_latency=MACHINE.seconds(counts[0]), calibration=MACHINE)
    assert limit.fits(asked.spec(limit.draw(asked, Random(0))))


def test_one_network_in_a_hundred_thousand_is_found():
    asked = space("resnet")
    least = min(count(asked.spec(values)).macs for values in networks(asked))
    limit = Budget(max_macs=least)
    assert limit.share(asked, seed=3).fitting == 0
    assert count(asked.spec(limit.draw(asked, Random(1)))).macs == least


def test_a_space_too_large_to_look_through_is_said_so():
    asked = space("mixed")
    values, is_proven = nearest(asked, Budget(max_params=100))
    assert not is_proven
    smallest = count(asked.spec(values)).params
    low = (n._replace(choices=n.choices if "block" in n.name else n.choices[:1]) for n in asked.dimensions)
    assert smallest == min(
        count(asked.spec(values)).params for values in networks(asked._replace(dimensions=tuple(low)))
    )
    with pytest.raises(InputError, match=f"was found that fits max_params=100: the smallest has {smallest}"):
        Budget(max_params=100).check(asked)


def test_latency_is_foretold_by_what_was_measured():
    asked, measured = space("vgg"), []

    def machine(specs):
        measured.extend(specs)
        return [2e-4 + 3e-6 * count(spec).layers + 2e-11 * count(spec).macs for spec in specs]

    limit = budget(max_latency="1ms").calibrated(asked, measured=machine)
    assert limit.calibrated(asked, measured=None) is limit
    assert len(measured) == 14
    macs = [count(spec).macs for spec in measured]
    every = [count(asked.spec(values)).macs for values in islice(networks(asked), 0, None, 7)]
    assert macs == sorted(macs)
    assert macs[0] <= min(every)
    assert macs[-1] >= 0.9 * max(every)
    assert limit.calibration.error < 1e-6
    for spec in list(measured):
        [seconds] = machine([spec])
        assert limit.fits(spec) == (seconds <= 1e-3)
    drawn = [asked.spec(limit.draw(asked, Random(i))) for i in range(50)]
    assert max(machine(drawn)) <= 1e-3
    assert 0 < limit.share(asked).fitting < 2000
    assert budget(**json.loads(json.dumps(limit._asdict()))) == limit
    with pytest.raises(InputError, match=r"fits max_latency=0.0001: the smallest .* takes about 0.000\d+ s: "):
        limit._replace(max_latency=1e-4).check(asked)


def test_a_limit_of_latency_asks_for_a_calibration():
    asked, limit = space("vgg"), budget(max_latency="5ms")
    spec = asked.spec(asked.draw(Random(0)))
    for asks in (partial(limit.fits, spec), partial(limit.check, asked), partial(limit.share, asked)):
        with pytest.raises(InputError, match=r"max_latency=0.005: .*calibrated"):
            asks()
    assert budget(max_macs="1M").calibrated(asked, measured=None) == budget(max_macs="1M")
