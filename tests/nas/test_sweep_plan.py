"""What a sweep varies, from words of the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.errors import InputError
from kerascnn.nas.sweep_plan import STEPS, varied

# ------------------------------------------------------------------------------------------------------ what is varied


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        ("batch=32,64", (32, 64)),
        ("lr=1e-3, 2e-3", (1e-3, 2e-3)),
        ("lr=1,0.5", (1.0, 0.5)),
        ("augment=none,cifar", ("none", "cifar")),
        ("augment=none|cifar,mixup=0.2", ("none", "cifar,mixup=0.2")),
        ("--weight-decay=0", (0,)),
        ("epochs=1..4", (1, 2, 3, 4)),
        ("data=../a,../b", ("../a", "../b")),
    ],
)
def test_choices_are_read(words, choices):
    (dimension,) = varied([words]).dimensions
    assert dimension.choices == choices
    assert [type(choice) for choice in dimension.choices] == [type(choice) for choice in choices]
    assert dimension.name in ("batch", "lr", "augment", "weight_decay", "epochs", "data")


@given(st.floats(1e-9, 1e9), st.floats(1.001, 1e6))
def test_a_range_is_even(low, factor):
    (dimension,) = varied([f"lr={low!r}..{low * factor!r}"]).dimensions
    points = dimension.choices
    assert (points[0], points[-1], len(points)) == (low, low * factor, STEPS + 1)
    for share, point in zip(range(STEPS + 1), points, strict=True):
        even = low * factor ** (share / STEPS) if low * factor >= 10 * low else low * (1 + (factor - 1) * share / STEPS)
        assert point == pytest.approx(even, rel=0.0051)


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_a_range_of_whole_numbers_is_whole(low, more):
    (dimension,) = varied([f"batch={low}..{low + more}"]).dimensions
    assert all(type(point) is int for point in dimension.choices)
    assert (dimension.choices[0], dimension.choices[-1]) == (low, low + more)
    assert list(dimension.choices) == sorted(set(dimension.choices))
    assert len(dimension.choices) <= STEPS + 1


def test_values_become_words_of_a_command_line():
    space = varied(["weight_decay=1e-4,0.1", "knob.alpha=0.25,0.5", "scale-lr=on,off", "augment=none,cifar"])
    values = {"weight_decay": 1e-4, "knob.alpha": 0.5, "scale_lr": "on", "augment": "cifar"}
    words = "--weight-decay 0.0001 --knob alpha=0.5 --scale-lr --augment cifar"
    assert space.knobs(values)["flags"] == words.split()
    assert "--scale-lr" not in space.knobs(values | {"scale_lr": "off"})["flags"]


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ([], "nothing varies"),
        (["lr"], "must be NAME="),
        (["lr="], "must be NAME="),
        (["=3"], "must be NAME="),
        (["l r=1,2"], "must be NAME="),
        (["lr=1,1"], "must differ"),
        (["lr=1,,2"], "none be empty"),
        (["lr=2..1"], "must be a range"),
        (["lr=a..b"], "must be a range"),
        (["lr=1..inf"], "must be a range"),
        (["lr=1..nan"], "must be a range"),
        (["lr=1,2", "lr=3,4"], "varies already"),
        (["out=a,b"], "the sweep gives every run its --out"),
    ],
)
def test_what_cannot_vary_is_one_line(vary, words):
    with pytest.raises(InputError, match=words) as told:
        varied(vary)
    assert "\n" not in str(told.value)
