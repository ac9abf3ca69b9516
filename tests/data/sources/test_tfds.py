"""Named sets: their splits and classes, and what is said of a name that is none."""

from unittest.mock import Mock

import pytest
import requests

from kerascnn import InputError
from kerascnn.data.sources.tfds import is_known, native_shape, open_named


def test_digits():
    name, classes, train, validation = open_named("digits")
    assert (name, classes, native_shape(name)) == ("digits", tuple("0123456789"), (8, 8, 1))
    assert train.size + validation.size == 1797
    assert validation.size == pytest.approx(1797 * 0.2, abs=40)
    assert [part.size for part in open_named("digits", 50)[2:]] == [50, 50]


def test_a_set_validates_with_its_own_split(tfds_mnist):
    name, classes, train, validation = open_named("mnist")
    assert (name, classes, native_shape(name)) == ("mnist", tuple("0123456789"), (28, 28, 1))
    assert (train.split, validation.split) == ("train[0:60000]", "test[0:10000]")
    assert [part.split for part in open_named("mnist", 50)[2:]] == ["train[0:50]", "test[0:50]"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("mnst", "unknown data set 'mnst': did you mean .*mnist.*"),
        ("digit", "unknown data set 'digit': did you mean digits.*"),
        ("leters", "unknown data set 'leters': did you mean letters.*"),
        ("@@@", "data set '@@@': .*"),
        (
            "xqzxqzxqz",
            "unknown data set 'xqzxqzxqz': choose from digits, letters, "
            "any name of TensorFlow Datasets, the path of .*",
        ),
        ("imdb_reviews", "imdb_reviews: is no set of images with one label each; its features are text, label"),
    ],
)
def test_wrong_names(name, line):
    with pytest.raises(InputError, match=f"^{line}$"):
        open_named(name)


def test_a_set_that_is_not_there_and_cannot_be_downloaded(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("requests.head", Mock(side_effect=requests.ConnectionError))
    expected = (
        rf"^kmnist: is not in {tmp_path} and cannot be downloaded \(no network\): "
        "set the environment variable TFDS_DATA_DIR to the folder that holds it$"
    )
    with pytest.raises(InputError, match=expected):
        open_named("kmnist")
    assert native_shape("kmnist") == (28, 28, 1)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr("requests.head", Mock())
    with pytest.raises(
        InputError, match=r"^imagenet2012: is not in .* downloaded \(Manual directory .*\): set the env"
    ):
        open_named("imagenet2012")


def test_known_sets(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    (tmp_path / "my_set").mkdir()
    assert all(map(is_known, ("mnist", "mnist/x", "mnist:3.0.1", "my_set/x")))
    assert not any(map(is_known, ("nowhere/x", "/x", "")))
