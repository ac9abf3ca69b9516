"""A folder's classes, its stable split, and one line for each thing that can be wrong with it."""

import os
import shutil

import pytest
from PIL import Image

from kerascnn import InputError, data
from kerascnn.data.sampling.split import SHARE
from kerascnn.data.sources.class_folder import open_folder


def names(files, folder):
    return {path.relative_to(folder).as_posix() for path in files.paths}


def split(folder):
    _, _, train, validation = open_folder(folder)
    return names(train, folder), names(validation, folder)


def test_classes_labels_and_nested_folders(photos):
    folder = photos({"dogs": 4, "cats": 3, "cats/kittens/small": 2, ".hidden": 2, "dogs/.cache": 2})
    (folder / "cats" / ".thumb.png").write_bytes(b"")
    (folder / "cats" / "notes.txt").write_text("ignored")
    _, classes, train, validation = open_folder(folder)
    assert classes == ("cats", "dogs")
    assert len(names(train, folder) | names(validation, folder)) == train.size + validation.size == 9
    for part in (train, validation):
        assert [classes[label] for label in part.labels.numpy()] == [
            path.relative_to(folder).parts[0] for path in part.paths
        ]


def test_split_does_not_depend_on_where_the_folder_lies(photos, tmp_path):
    folder = photos({"a": 40, "b": 40})
    before = split(folder)
    shutil.move(folder, tmp_path / "elsewhere")
    assert split(tmp_path / "elsewhere") == before
    assert len(before[1]) == pytest.approx(80 * SHARE, abs=12)


def test_adding_files_moves_none(photos):
    train, validation = split(photos({"a": 30, "b": 30}))
    more_train, more_validation = split(photos({"a": 60, "b": 30, "c": 5}))
    assert train < more_train
    assert validation <= more_validation


def test_split_by_train_and_val_folders(photos):
    folder = photos({"train/a": 3, "train/b": 2, "val/a": 1, "val/b": 2})
    _, classes, train, validation = open_folder(folder)
    assert classes == ("a", "b")
    assert {name.split("/")[0] for name in names(train, folder)} == {"train"}
    assert {name.split("/")[0] for name in names(validation, folder)} == {"val"}
    assert (train.size, validation.size) == (5, 3)


def test_a_class_may_be_called_train(photos):
    assert open_folder(photos({"train": 2, "bus": 2}))[1] == ("bus", "train")


def test_limit_takes_the_same_mixture_each_time(photos):
    folder = photos({"a": 30, "b": 30})
    _, _, train, validation = open_folder(folder, limit=8)
    assert (train.size, validation.size) == (8, 8)
    assert set(train.labels.numpy()) == {0, 1}
    assert names(train, folder) == names(open_folder(folder, limit=8)[2], folder)


@pytest.mark.parametrize("memory", [2**30, 0], ids=["small", "large"])
def test_names_of_any_bytes(photos, monkeypatch, memory):
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", memory)
    folder = photos({"a": 3, "b": 3})
    os.rename(os.fsencode(folder / "b"), os.fsencode(folder) + b"/b\xff \xc3\xa9")
    loaded = data.load(folder, (8, 8, 3), batch=2)
    assert sum(len(labels) for _, labels in loaded.validation) == loaded.validation_size


def test_native_shape(photos, tmp_path):
    folder = photos({"a": 2, "b": 2})
    assert data.native_shape(folder) == (8, 8, 3)
    for path in folder.rglob("*.png"):
        Image.new("L", (12, 9)).save(path)
    assert data.native_shape(str(folder)) == (9, 12, 1)
    Image.new("L", (9, 12)).save(path)
    assert data.native_shape(folder) == (None, None, 1)
    with pytest.raises(InputError, match=r"photos: its images differ in size: pass image_shape=\(height, width, cha"):
        data.load(folder)


def test_native_shape_is_of_the_upright_image(photos):
    folder = photos({"a": 2, "b": 2}, extension=".jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    for path in folder.rglob("*.jpg"):
        Image.new("RGB", (12, 9)).save(path, exif=exif)
    assert data.native_shape(folder) == (12, 9, 3)


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"": 0}, r"photos: is empty; a sub-folder for each class is needed, with that class's images in it"),
        ({"": 3}, r"photos: has no sub-folders; a sub-folder for each class is needed, with that class's images in it"),
        ({"cats": 3}, r"photos: has a single class, cats; a classifier needs two or more"),
        ({"cats": 3, "dogs": 0}, r"photos/dogs: the class has no images; allowed are \.jpg, \.jpeg, \.png, .*"),
        ({"cats": 3, "dogs": 1}, r"photos/dogs: has a single image; a class needs two, to train and to validate"),
        ({"train/a": 2, "train/b": 2}, r"photos: has train but no val beside it"),
        ({"train/a": 1, "train/b": 1, "val/a": 1, "val/b": 0}, r"photos/val/b: the class has no images; .*"),
        (
            {"train/a": 1, "train/b": 1, "train/c": 1, "val/a": 1, "val/b": 1},
            r"photos: train and val must have the same classes; only one of them has c",
        ),
    ],
)
def test_unusable_folders(photos, counts, line, capfd):
    with pytest.raises(InputError, match=rf"^/.*{line}$"):
        data.load(photos(counts), (8, 8, 3))
    assert capfd.readouterr() == ("", "")


def test_missing_folder(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: no such folder$"):
        data.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"nowhere: no such folder$"):
        data.load("./nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file: is a file, not a folder$"):
        data.load(tmp_path / "file")


@pytest.mark.parametrize("memory", [2**30, 0], ids=["small", "large"])
@pytest.mark.parametrize(
    ("contents", "line"),
    [
        (b"", r"photos/b/0003.png: is empty \(0 bytes\)"),
        (b"hello", r"photos/b/0003.png: is no image but of unknown content; .*"),
        (b"\xff\xd8\xff\xe0", r"photos/b/0003.png: is named as PNG but its content is JPEG: rename it"),
        (None, r"photos/b/0003.png: is a truncated PNG: its end is missing"),
    ],
)
def test_a_broken_file_is_named_before_training(photos, monkeypatch, memory, contents, line, capfd):
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", memory)
    folder = photos({"a": 4, "b": 8})
    broken = folder / "b" / "0003.png"
    broken.write_bytes(broken.read_bytes()[:50] if contents is None else contents)
    with pytest.raises(InputError, match=rf"^/.*{line}$"):
        data.load(folder, (8, 8, 3))
    assert capfd.readouterr() == ("", "")
