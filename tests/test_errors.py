"""Wrong inputs are one line that says what was found and what is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.errors import LARGEST, InputError, between, count, counts, first_line, listed, one_of, unknown


def line(check, *args):
    with pytest.raises(InputError) as caught:
        check(*args)
    return str(caught.value)


def test_a_misspelt_name_gets_the_near_ones():
    assert str(unknown("model", "resnet5", ["resnet50", "vgg16"])) == "unknown model 'resnet5': did you mean resnet50?"


def test_a_strange_name_gets_all():
    assert str(unknown("model", "zzz", ["resnet50", "vgg16"])) == "unknown model 'zzz': choose from resnet50, vgg16"
    assert str(unknown("knob", "zzz", [])) == "unknown knob 'zzz': choose from none at all"


def test_one_of_tells_types_apart():
    one_of("order", 1, (1, 2))
    one_of("order", 1, (1.0,))
    assert line(one_of, "order", True, (1, 2)) == "order=True: must be one of 1, 2"
    assert line(one_of, "order", 1.0, (1, 2)) == "order=1.0: must be one of 1, 2"


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), float("inf"), True, "0.5", None, [0.5]])
def test_between(wrong):
    between("share", 0, 0, 1)
    between("share", 1, 0, 1)
    assert line(between, "share", wrong, 0, 1) == f"share={wrong!r}: must be a number from 0 to 1"


@pytest.mark.parametrize("wrong", [0, -1, 1.0, True, "2", None, LARGEST + 1])
def test_count(wrong):
    count("filters", 1)
    count("filters", LARGEST)
    said = "or less" if wrong == LARGEST + 1 else "1 or more"
    assert line(count, "filters", wrong).startswith(f"filters={wrong!r}: must be a whole number, ")
    assert line(count, "filters", wrong).endswith(said)


@pytest.mark.parametrize("wrong", [(), (1, 0), (1, True), (1.0,), 3, "12", None, {1: 2}])
def test_counts(wrong):
    counts("repeats", (1, 2))
    counts("repeats", [3, 4, 6, 3], 4)
    assert line(counts, "repeats", wrong) == (
        f"repeats={wrong!r}: must be whole numbers of 1 or more, like (2, 2, 2, 2)"
    )
    assert line(counts, "repeats", (1, 2), 3) == "repeats=(1, 2): must be 3 whole numbers of 1 or more, like (2, 2, 2)"


@given(st.text(max_size=20), st.lists(st.text(max_size=10), max_size=5))
def test_whatever_was_found_is_shown(found, allowed):
    assert repr(found) in str(unknown("model", found, allowed))


def test_of_many_names_the_first_are_listed():
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef"), 4) == "a, b, c, d and 2 more"
    assert listed([]) == ""


def test_an_error_without_words_has_its_name():
    assert [first_line(error) for error in (ValueError("one\ntwo"), KeyError())] == ["one", "KeyError"]
