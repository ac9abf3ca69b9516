import pytest

import kerascnn
from kerascnn.analysis import cost

from . import outline


@pytest.mark.parametrize(
    ("knobs", "megabytes"),
    [({}, 4.8), ({"bypass": True}, 4.8), ({"squeeze_ratio": 0.75}, 19), ({"squeeze_ratio": 0.5, "pct_3x3": 0.99}, 21)],
)  # Section 5 with Figure 3, and Table 3
def test_sizes_that_the_paper_prints(knobs, megabytes):
    size = 4 * cost(outline("squeezenet_v1_0", **knobs)).params
    assert size / 2**20 <= megabytes <= size / 10**6  # rounded, in megabytes of either kind


def test_bypass_goes_around_the_modules_that_keep_the_width():
    model = outline("squeezenet_v1_0", input_shape=(64, 64, 3), bypass=True)
    assert [layer.name for layer in model.layers if type(layer).__name__ == "Add"] == [
        "fire3",
        "fire5",
        "fire7",
        "fire9",
    ]


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"version": "2"}, "version='2': must be one of '1.0', '1.1'"),
        ({"squeeze_ratio": 0}, "squeeze_ratio=0: must be a number from 0.01 to 1"),
        ({"pct_3x3": 1}, "pct_3x3=1: must be a number from 0.01 to 0.99"),
        ({"dropout": -1}, "dropout=-1: must be a number from 0 to 1"),
    ],
)
def test_wrong_knobs_are_told_in_one_line(knobs, message):
    with pytest.raises(kerascnn.InputError) as error:
        kerascnn.build("squeezenet_v1_1", **knobs)
    assert str(error.value) == message
