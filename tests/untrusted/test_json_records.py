"""JSON is bounded in size and depth, and looks like its schema."""

import json
from numbers import Real

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.errors import InputError
from kerascnn.untrusted.json_records import DEEPEST, check, parse, read

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
SCHEMA = {"name": str, "sizes": [range(1, 4)], "mean?": [float], "kind?": {"a", "b"}, "more?": {str: (int, None)}}


@given(ANY)
def test_any_value_comes_back_or_is_refused_in_one_line(value):
    text = json.dumps(value)
    assert json.dumps(parse(text, "x")) == text
    try:
        check(value, SCHEMA, "x")
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert isinstance(value["name"], str)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "x: it is []: must be an object"),
        ({"sizes": []}, "x: name is missing"),
        ({"name": 1, "sizes": []}, "x: name is 1: must be text"),
        ({"name": "", "sizes": 3}, "x: sizes is 3: must be a list, each of it a whole number from 1 to 3"),
        ({"name": "", "sizes": [1, 4]}, "x: sizes[1] is 4: must be a whole number from 1 to 3"),
        ({"name": "", "sizes": [True]}, "x: sizes[0] is true: must be a whole number from 1 to 3"),
        ({"name": "", "sizes": [1.0]}, "x: sizes[0] is 1.0: must be a whole number from 1 to 3"),
        ({"name": "", "sizes": [], "mean": [float("nan")]}, "x: mean[0] is NaN: must be a finite number"),
        ({"name": "", "sizes": [], "mean": [10**400]}, "must be a finite number"),
        ({"name": "", "sizes": [], "kind": "c"}, 'x: kind is "c": must be one of a, b'),
        ({"name": "", "sizes": [], "more": {"a": 1, "b": ""}}, 'x: more.b is "": must be a whole number or null'),
    ],
)
def test_what_does_not_fit_is_named(value, told):
    with pytest.raises(InputError) as error:
        check(value, SCHEMA, "x")
    assert told in str(error.value)


def test_what_fits_passes():
    check({"name": "a", "sizes": [1, 3], "mean": [0, 0.5], "kind": "b", "more": {"n": None}, "new": 1}, SCHEMA, "x")
    check([float("inf"), 1], [Real], "x")


@pytest.mark.parametrize("text", ["", "{", "[1,", "nul", "{'a': 1}", "[" + "1" * 5000 + "]", b'"\xff"'], ids=repr)
def test_what_is_no_json_is_one_line(text):
    with pytest.raises(InputError, match="x: is no JSON") as error:
        parse(text, "x")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded(opening, closing):
    def nested(depth):
        return opening * depth + "1" + closing * depth

    parse(nested(DEEPEST), "x")
    for depth in (DEEPEST + 1, 100_000):
        with pytest.raises(InputError, match=f"nests more than {DEEPEST} levels deep"):
            parse(nested(depth), "x")
    parse(json.dumps(["[" * 1000, '"' + "{" * 1000, "\\"]), "x")  # brackets in text do not nest


def test_size_is_bounded(tmp_path):
    (tmp_path / "a.json").write_text("[1, 2]")
    assert read(tmp_path / "a.json", [int], most=6) == [1, 2]
    with pytest.raises(InputError, match="has 6 bytes; more than 5 are not read"):
        read(tmp_path / "a.json", most=5)
