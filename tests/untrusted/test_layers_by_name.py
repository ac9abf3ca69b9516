"""Weights are found by the names of layers, in whatever order a file has them."""

import h5py
import keras
import numpy as np
import pytest

from kerascnn.errors import InputError
from kerascnn.untrusted.weight_file import load_weights


def network(*names):
    image = x = keras.Input((4,))
    for name in names:
        x = keras.layers.Dense(4, name=name)(x)
    return keras.Model(image, x, name="small")


@pytest.fixture
def path(tmp_path):
    network("a", "b", "head").save_weights(tmp_path / "w.weights.h5")
    return tmp_path / "w.weights.h5"


def stored(path):
    with h5py.File(path) as file:
        return {
            group["vars"].attrs["name"]: group["vars/0"][:] for group in file["layers"].values() if "0" in group["vars"]
        }


def test_layers_are_found_by_name(path):
    model = network("head", "b", "a")
    assert load_weights(model, path, path, set) == []
    for layer in model.layers[1:]:
        np.testing.assert_array_equal(layer.kernel, stored(path)[layer.name])


def test_heads_in_excess_are_told(path):
    model = network("b", "a")
    assert load_weights(model, path, path, lambda: {"head"}) == ["head"]
    np.testing.assert_array_equal(model.layers[1].kernel, stored(path)["b"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "b"), "has weights of 'head', which it lacks"),
        (("a", "b", "head", "c"), "has no weights of 'c'"),
    ],
)
def test_what_does_not_fit_is_named(path, names, message):
    with pytest.raises(InputError, match=f"w.weights.h5: does not fit small: {message}"):
        load_weights(network(*names), path, path, set)


def test_a_link_is_not_followed(path):
    with h5py.File(path, "a") as file:
        del file["layers"]
        file["layers"] = h5py.ExternalLink("/etc/hosts", "/x")
    with pytest.raises(InputError, match="has a link 'layers'"):
        load_weights(network("a"), path, path, set)
