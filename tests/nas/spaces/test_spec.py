"""A spec is one that `build` makes, or is refused in one line; nothing else happens."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kerascnn
from kerascnn import InputError
from kerascnn.nas import budget, count, register
from kerascnn.nas.outcome.selection import describe
from kerascnn.nas.spaces.count import undrawn
from kerascnn.nas.spaces.spec import STAGED, checked

from .test_count import counted_by_keras

STAGED_SPEC = dict(name="staged", input_shape=[9, 7, 3], classes=4, blocks=["plain"], repeats=[1], n_filters=[8])
WRONG = [
    (None, "must be a dictionary"),
    ([("name", "staged")], "must be a dictionary"),
    ({}, 'must have the "name" of a network'),
    ({"name": None}, "name=None: must be the name of a network"),
    ({"name": ["staged"]}, "must be the name of a network"),
    ({"name": "resnet19"}, "unknown model 'resnet19': did you mean"),
    ({"name": "staged", "repeat": [1]}, "unknown knob of staged 'repeat': did you mean repeats"),
    ({"name": "staged", 3: 4}, "unknown knob of staged 3"),
    ({"name": "lenet5", "weights": "/etc/passwd"}, "unknown knob of lenet5 'weights'"),
    ({"name": "staged", "blocks": ["plain", "magic", "se"]}, "block='magic': must be one of 'plain'"),
    ({"name": "staged", "blocks": ["plain"]}, "must be as many as repeats"),
    ({"name": "staged", "blocks": "abc"}, "must be as many as repeats"),
    ({"name": "staged", "repeats": [1, 2]}, "n_filters=.*must be 2 whole numbers"),
    ({"name": "staged", "repeats": [1, -2, 3]}, "repeats=.*must be whole numbers of 1 or more"),
    ({"name": "staged", "repeats": [1, 2.0, 3]}, "repeats=.*must be whole numbers of 1 or more"),
    ({"name": "staged", "repeats": [1, True, 3]}, "repeats=.*must be whole numbers of 1 or more"),
    ({"name": "staged", "repeats": 3}, "repeats=.*must be whole numbers of 1 or more"),
    ({"name": "staged", "repeats": [10**9, 1, 1]}, "repeats=.*must be a whole number, 65536 or less"),
    ({"name": "staged", "repeats": [999, 1, 1]}, "repeats=.*must be 1,000 or less together"),
    ({"name": "staged", "n_filters": [8, 8, 10**9]}, "n_filters=.*must be a whole number, 65536 or less"),
    ({"name": "staged", "n_filters": [8, 4, 8]}, "must be 8 or more each"),
    ({"name": "staged", "kernel_size": 4}, "kernel_size=4: must be one of 3, 5, 7"),
    ({"name": "staged", "stem": []}, "stem=.*must be one of"),
    ({"name": "staged", "dropout": "much"}, "dropout='much': must be a number from 0 to 1"),
    ({"name": "staged", "classes": 2.5}, "classes=2.5: must be a whole number"),
    ({"name": "staged", "input_shape": [32, 32]}, r"must be \(height, width, channels\)"),
    ({"name": "staged", "input_shape": [10**9, 32, 3]}, r"must be \(height, width, channels\)"),
    ({"name": "staged", "input_shape": {"height": 3}}, r"must be \(height, width, channels\)"),
    ({"name": "lenet5", "include_top": "no"}, "include_top='no': (must be one of True, False|is said to `build`)"),
    ({"name": "resnet18", "input_shape": [32, 32, 3], "repeats": [[2], 2]}, "repeats=.*must be whole numbers"),
    ({"name": "resnet18", "input_shape": [32, 32, 3], "repeats": [400, 601]}, "must be 1,000 or less together"),
    ({"name": "vgg11", "input_shape": [32, 32, 3], "n_filters": [8]}, "n_filters=.*must be as many as repeats"),
    ({"name": "unet", "backbone": {"name": "resnet18", "layers": 3}}, "unknown knob of resnet18 'layers'"),
    ({"name": "unet", "backbone": object()}, "must be plain data"),
]


@pytest.mark.parametrize(("spec", "message"), WRONG)
def test_what_is_no_network_is_told_in_one_line(spec, message):
    for use in (count, budget(max_params="1G").fits, undrawn, lambda spec: register("mine", spec), describe):
        if use is describe and isinstance(spec, dict) and spec.get("name") not in ("staged", None):
            continue  # what another network's knobs may be is known when it is built
        if use is undrawn and "plain data" in message:
            message = "backbone=.*must be the name of a classifier"
        with pytest.raises(InputError, match=message) as error:
            use(spec)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 1000


def test_deep_and_endless_junk_is_told_in_one_line():
    deep, endless = [], {"name": "unet"}
    for _ in range(100_000):
        deep = [deep]
    endless["backbone"] = endless
    for spec in ({"name": "lenet5", "act": deep}, {"name": "staged", "blocks": deep}, endless, deep, {"name": deep}):
        with pytest.raises(InputError) as error:
            count(spec)
        assert len(str(error.value)) < 1000


def test_a_checked_spec_is_plain_and_whole():
    spec = {
        "name": "inception_v1",
        "classes": np.int64(3),
        "alpha": np.float32(0.5),
        "input_shape": np.array([64, 64, 3]),
    }
    expected = {"name": "googlenet", "classes": 3, "alpha": 0.5, "input_shape": [64, 64, 3]}
    assert json.loads(json.dumps(checked(spec))) == expected
    assert checked({"name": "staged"}) == {"name": "staged", "input_shape": [32, 32, 3], "classes": 10}


def test_a_spec_without_its_standard_entries_is_counted_as_it_is_built():
    for spec in ({"name": "staged"}, {"name": "staged", "include_top": False}, {"name": "lenet5"}):
        assert count(spec).params == kerascnn.build(**spec).count_params()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats() | st.text(max_size=3) | st.just(10**30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
GOOD = {
    "name": st.just("staged"),
    "input_shape": st.lists(st.integers(1, 20), min_size=3, max_size=3),
    "classes": st.integers(1, 5),
    "blocks": st.lists(
        st.sampled_from(["plain", "residual", "bottleneck", "se", "separable", "inception"]), max_size=3
    ),
    "repeats": st.lists(st.integers(0, 2), max_size=3),
    "n_filters": st.lists(st.integers(7, 20), max_size=3),
    "kernel_size": st.sampled_from([3, 5, 7]),
    "stem": st.sampled_from(["cifar", "imagenet"]),
    "dropout": st.floats(0, 1),
}


@st.composite
def nearly_specs(draw):
    """Specs of "staged", some with an entry that is missing, in excess or junk."""
    spec = {"name": "staged"} | {name: draw(values) for name, values in GOOD.items() if draw(st.booleans())}
    stages = draw(st.integers(1, 3))
    for name in {"blocks", "repeats", "n_filters"} & set(spec) if draw(st.booleans()) else ():
        spec[name] = (spec[name] * stages)[:stages]
    if draw(st.integers(0, 3)) == 0:
        spec[draw(st.sampled_from([*GOOD, "x"]))] = draw(JUNK)
    return spec


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nearly_specs())
def test_a_spec_is_refused_or_counted_as_it_is_built(spec):
    assert set(STAGED) < set(GOOD)
    try:
        counted = count(spec)
    except InputError:
        shape = spec.get("input_shape")
        if not isinstance(shape, list) or None not in shape[:2]:  # its cost is unknown, but it can be built
            with pytest.raises(InputError):
                undrawn(spec)
    else:
        assert counted == counted_by_keras(spec)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*GOOD, "act", "pool", "x"]) | st.text(max_size=3), JUNK, max_size=4),
    st.sampled_from(["lenet5", "staged", None]),
)
def test_junk_is_refused(spec, name):
    if name:
        spec["name"] = name
    try:
        counted = count(spec)
    except InputError:
        pass
    else:
        assert counted == counted_by_keras(spec)
