"""Weights come from the file itself, fit the network and are numbers."""

import h5py
import keras
import numpy as np
import pytest

from kerascnn.errors import InputError
from kerascnn.untrusted.weight_file import load_weights

KERNEL = "layers/dense/vars/0"


def network(units=3):
    image = keras.Input((4,))
    return keras.Model(image, keras.layers.Dense(units, name="dense")(image), name="small")


@pytest.fixture
def path(tmp_path):
    model = network()
    model.save_weights(tmp_path / "a.weights.h5")
    return tmp_path / "a.weights.h5"


def test_weights_are_loaded(path):
    model = network()
    with h5py.File(path) as file:
        wanted = file[KERNEL][:]
    load_weights(model, path, path)
    np.testing.assert_array_equal(model.weights[0], wanted)


def replaced(file, dataset):
    """Put something else in place of the kernel."""
    del file[KERNEL]
    dataset(file)


def virtual(file):
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4, 3))
    file.create_virtual_dataset(KERNEL, layout)


def deep(file):
    group = file
    for _ in range(100):
        group = group.create_group("g")


WRONG = {
    "external link": (lambda f: f.__setitem__(KERNEL, h5py.ExternalLink("/etc/hosts", "/x")), "has a link '0'"),
    "soft link": (lambda f: f.__setitem__(KERNEL, h5py.SoftLink("/layers/dense/vars/1")), "has a link '0'"),
    "external data": (
        lambda f: f.create_dataset(KERNEL, (4, 3), "f4", external=[("/etc/hosts", 0, 48)]),
        "lies in another file",
    ),
    "virtual data": (virtual, "lies in another file"),
    "text": (lambda f: f.create_dataset(KERNEL, data="text"), "no numbers"),
    "complex": (lambda f: f.create_dataset(KERNEL, (4, 3), "c16"), "no numbers"),
    "records": (lambda f: f.create_dataset(KERNEL, (4, 3), [("a", "f4")]), "no numbers"),
    "huge": (lambda f: f.create_dataset(KERNEL, (10**6, 10**6), "f4", chunks=(1, 100)), "larger than any weight"),
    "huge pieces": (
        lambda f: f.create_dataset(KERNEL, (4, 3), "f4", chunks=(2**14, 2**14), maxshape=(None, None)),
        "stored in pieces",
    ),
    "packed": (lambda f: f.create_dataset(KERNEL, (4, 3), "f4", compression="lzf"), "compressed by lzf"),
    "other shape": (lambda f: f.create_dataset(KERNEL, (3, 4), "f4"), "does not fit small"),
    "missing": (lambda f: None, "does not fit small"),
    "a group": (lambda f: f.create_group(KERNEL), "does not fit small"),
    "nan": (lambda f: f.create_dataset(KERNEL, data=np.full((4, 3), np.nan)), "not finite .* in dense/kernel"),
    "infinity": (lambda f: f.create_dataset(KERNEL, data=np.full((4, 3), 1e300)), "not finite .* in dense/kernel"),
    "many": (lambda f: [f.create_group(f"g{i}") for i in range(2000)], "more entries than a file of these weights"),
    "deep": (deep, "more entries than a file of these weights"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_anything_else_is_one_line(path, kind):
    change, told = WRONG[kind]
    with h5py.File(path, "r+") as file:
        replaced(file, change)
    with pytest.raises(InputError, match=told) as error:
        load_weights(network(), path, "mine.h5")
    assert str(error.value).startswith("mine.h5: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_a_damaged_file_is_one_line(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError, match="does not fit small") as error:
        load_weights(network(), path, path)
    assert "\n" not in str(error.value)


def test_a_circle_of_groups_ends(path):
    with h5py.File(path, "r+") as file:
        file["layers/dense/again"] = file["layers"]
    with pytest.raises(InputError, match="more entries"):
        load_weights(network(), path, path)
