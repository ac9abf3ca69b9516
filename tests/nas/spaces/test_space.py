"""A space makes a network of values, the same for the same seed."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.errors import InputError
from kerascnn.nas import SPACES, space

families = st.sampled_from(sorted(SPACES))
seeds = st.integers(0, 2**32)


@given(families, seeds)
def test_a_spec_is_pure_data_and_the_same_for_the_same_seed(family, seed):
    values = space(family).draw(Random(seed))
    spec = space(family).spec(values)
    assert json.loads(json.dumps(spec)) == spec
    assert space(family).draw(Random(seed)) == values
    stages = values.get("stages", 3)
    assert len(spec["repeats"]) == len(spec["n_filters"]) == len(spec["blocks"]) == stages
    assert spec["repeats"] == [values[f"repeats{i}"] for i in range(1, stages + 1)]
    assert spec["n_filters"] == sorted(spec["n_filters"])
    assert ("repeats3" in values) == ("growth3" in values or family == "mixed") == (stages == 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"depth": 3}, "unknown number"), ({"n_filters": 7}, "must be one of"), ({"stages": 3}, "repeats3 is missing")],
)
def test_wrong_values_are_one_line(change, words):
    right = {"stages": 2, "repeats1": 1, "repeats2": 1, "growth2": 1.0, "n_filters": 8, "kernel_size": 3}
    assert space("vgg").spec(right)["n_filters"] == [8, 8]
    with pytest.raises(InputError, match=words):
        space("vgg").spec(right | change)
