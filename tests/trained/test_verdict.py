"""What all tasks check."""

import numpy as np
import pytest

from kerascnn import InputError, data
from kerascnn.trained.verdict import same_classes, scaled, short_names, sound


def test_answers_must_be_numbers_and_probabilities():
    np.testing.assert_array_equal(sound("run", [[0.0, 1.0], [0.5, 0.5]]), np.float32([[0, 1], [0.5, 0.5]]))
    np.testing.assert_array_equal(sound("run", [-3.0, 7.0], probabilities=False), np.float32([-3, 7]))
    for wrong in (np.nan, np.inf):
        with pytest.raises(InputError, match=r"^run: its network answers with NaN, so it is not used$"):
            sound("run", [0.5, wrong], probabilities=False)
    for wrong in (-0.1, 1.1):
        with pytest.raises(InputError, match=rf"^run: its network answers with {wrong}, which is no probability$"):
            sound("run", [0.5, wrong])


def test_images_are_scaled_as_the_network_says():
    images = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    about = {"scaling": "standard", "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7]}
    np.testing.assert_array_equal(scaled(about, images), data.scale(images, *about.values()))


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ("abc", None),
        ("acb", "a and b do not have the same classes, in the same order: number 1 is 'b' and 'c'"),
        ("ab", "a and b do not have the same classes, in the same order: 3 and 2"),
        ("abcd", "a and b do not have the same classes, in the same order: 3 and 4"),
    ],
)
def test_classes_of_several_networks(others, message):
    abouts = [{"classes": [*"abc"]}, {"classes": [*others]}]
    if message is None:
        assert same_classes(["a", "b"], abouts) == ("a", "b", "c")
        return
    with pytest.raises(InputError) as error:
        same_classes(["a", "b"], abouts)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        (["a/b/one", "a/b/two"], ["one", "two"]),
        (["a/one/model.keras", "a/two"], ["one", "two"]),
        (["a/x/run", "a/y/run"], ["x/run", "y/run"]),
        (["a/first.keras", "a/second.keras"], ["first.keras", "second.keras"]),
        (["/a/b/one"], ["one"]),
    ],
)
def test_runs_have_short_names(runs, names):
    assert short_names(runs) == names
