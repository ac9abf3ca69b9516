"""Which names are folders, what is read of them and when, and which shapes images can get."""

from pathlib import Path

import pytest

from kerascnn import InputError, data
from kerascnn.data.sources import class_folder, tfds
from kerascnn.data.sources.open import folder_of, open_masks, open_source, target_shape


def test_which_names_are_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mnist", "digits", "letters"):
        assert folder_of(name) is None
        (tmp_path / name).mkdir()
    assert folder_of("mnist") == Path("mnist"), "an existing folder comes first"
    assert folder_of("digits") is folder_of("letters") is None, "but these are always there"
    assert folder_of("./letters") == Path("letters")
    assert folder_of("./digits") == folder_of(Path("digits")) == Path("digits")
    assert folder_of(str(tmp_path / "mnist")) == tmp_path / "mnist"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of("~/mnist") == tmp_path / "mnist"


@pytest.mark.parametrize(
    "name", ["nowhere/", "photos/train", "mnist/", "C/D/e", "/nowhere", "./x", "~nobody/x", "x" * 300 + "/", Path("x")]
)
def test_a_path_that_does_not_exist_is_no_set(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for look in (data.load, data.load_pairs, data.load_masks, data.native_shape, data.native_mask_shape):
        with pytest.raises(InputError, match=r": no such folder$"):
            look(name)


def test_sets_with_a_slash_in_their_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home" / "my_set").mkdir(parents=True)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "home"))
    for name in ("imagenet_resized/8x8", "mnist_corrupted/fog", "my_set/small", "mnist:3.0.1/x"):
        assert folder_of(name) is None


@pytest.mark.parametrize("name", ["", 5, None, b"mnist"])
def test_what_is_neither_a_name_nor_a_path(name):
    with pytest.raises(InputError, match=r"^data set .*: must be the name of a set or the path of a folder$"):
        data.load(name)


def test_folder(photos):
    folder = photos({"a": 6, "b": 6})
    source = open_source(str(folder))
    assert (source.given, source.is_folder, source.native) == (str(folder), True, (8, 8, 3))
    assert (source.name, source.classes, source.statistics) == ("photos", ("a", "b"), None)
    assert source.train.size + source.validation.size == 12
    assert [part.size for part in (open_source(folder, 2).train, open_source(folder, 2).validation)] == [2, 2]


def test_named_set():
    source = open_source("digits", 40)
    assert (source.given, source.is_folder, source.native) == ("digits", False, (8, 8, 1))
    assert (source.name, source.classes, source.statistics) == ("digits", tuple("0123456789"), "digits")
    assert (source.train.size, source.validation.size) == (40, 40)


@pytest.mark.parametrize("place", ["folder", "digits"])
def test_nothing_is_read_before_it_is_asked_for_and_nothing_twice(photos, monkeypatch, place):
    folder, done = photos({"a": 6, "b": 6}), []

    def told(module, what):
        function = getattr(module, what)
        monkeypatch.setattr(module, what, lambda *args, **more: (done.append(what), function(*args, **more))[1])

    for module, what in ((class_folder, "open_folder"), (tfds, "open_named")):
        told(module, "native_shape")
        told(module, what)
    source = open_source(folder if place == "folder" else place)
    assert not done
    target_shape(source, (8, 8, 1))
    assert not done, "a shape that is given needs no other"
    assert target_shape(source, None) == source.native
    assert done == ["native_shape"]
    for what in ("name", "classes", "train", "validation", "statistics"):
        getattr(source, what)
    assert done == ["native_shape", "open_folder" if place == "folder" else "open_named"]


def test_masks(tmp_path):
    assert open_masks("digits")[:2] == ("digits", (64, 64, 1))
    assert data.native_mask_shape("digits") == (64, 64, 1)
    with pytest.raises(
        InputError, match=r"^unknown data set with masks .mnist.: choose from digits, blood_smears, oxford_iiit"
    ):
        open_masks("mnist")
    with pytest.raises(InputError, match=r"nowhere: no such folder$"):
        open_masks(tmp_path / "nowhere")


@pytest.mark.parametrize("shape", [(8, 8, 2), (8, 8), (8, 0, 1), (8, 8.0, 1), 8, (None, None, 3)])
def test_wrong_shapes(shape):
    with pytest.raises(InputError, match=r"^image_shape=.*: must be \(height, width, channels\) with 1 or 3 channels$"):
        target_shape(open_source("digits"), shape)


def test_shapes():
    assert target_shape(open_source("digits"), [4, 5, 3]) == (4, 5, 3)
    with pytest.raises(
        InputError, match=r"^imagenet2012: its images differ in size: pass image_shape=\(height, width, c"
    ):
        target_shape(open_source("imagenet2012"), None)
