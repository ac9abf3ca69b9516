"""A folder's classes, its stable split, and one line for each thing that can be wrong with it."""

import os
import posixpath
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kerascnn import InputError, data
from kerascnn.data.sampling.split import SHARE
from kerascnn.data.sources.class_folder import list_folder, open_folder


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
    assert len(before[1]) == 2 * round(40 * SHARE)


def test_classes_have_the_same_share_held_out(photos):
    folder = photos({"birds": 41, "dogs": 54, "reptiles": 33, "vehicles": 52})
    _, _, train, validation = open_folder(folder)
    assert np.bincount(validation.labels).tolist() == [8, 11, 7, 10], "rounded fifths"
    assert np.bincount(train.labels).tolist() == [33, 43, 26, 42]


def test_adding_a_file_moves_at_most_one_of_its_class(photos):
    before = split(photos({"a": 30, "b": 30}))
    for of_a in range(31, 41):
        after = split(photos({"a": of_a, "b": 30, "c": 5}))
        moved = (before[0] & after[1]) | (before[1] & after[0])
        assert len(moved) <= 1
        assert all("a/" in name for name in moved)
        before = after


@pytest.mark.parametrize(
    ("train", "validation"),
    [("train", "val"), ("Training", "Testing"), ("Train", "Val"), ("TRAIN", "dev"), ("seg_train", "seg_test")],
)
def test_splits_are_no_classes(photos, train, validation, capsys):
    folder = photos({f"{train}/a": 3, f"{train}/b": 2, f"{validation}/a": 1, f"{validation}/b": 2})
    _, classes, *sides = open_folder(folder)
    assert classes == ("a", "b")
    assert [side.size for side in sides] == [5, 3]
    assert [{name.split("/")[0] for name in names(side, folder)} for side in sides] == [{train}, {validation}]
    assert capsys.readouterr() == ("", "")


def test_of_train_val_and_test_test_is_left_alone(photos, capsys):
    folder = photos({f"{split}/{name}": 2 for split in ("train", "val", "Test") for name in "ab"})
    train, validation = split(folder)
    assert {name.split("/")[0] for name in train} == {"train"}
    assert {name.split("/")[0] for name in validation} == {"val"}
    assert capsys.readouterr() == ("", f"{folder}: val validates, Test is left alone\n")


def test_splits_as_archives_unpack(photos):
    folder = photos({f"{split}/{split}/{name}": 2 for split in ("training_set", "test_set") for name in "ab"})
    _, classes, train, validation = open_folder(folder)
    assert (classes, train.size, validation.size) == (("a", "b"), 4, 4)


@pytest.mark.parametrize("name", ["train", "test", "Validation", "dev", "holdout"])
def test_a_class_may_be_called_like_a_split(photos, name):
    assert set(open_folder(photos({name: 2, "control": 2, f"{name}/more": 1}))[1]) == {"control", name}


@pytest.mark.parametrize(
    ("folders", "line"),
    [
        (
            ["train/a", "train/b", "vall/a", "vall/b"],
            "photos: has train but no val or test beside it, only vall; "
            "a class called train has its images directly in it",
        ),
        (
            ["Trainning/a", "Trainning/b", "test/a", "test/b"],
            "photos: has test but no train beside it, only Trainning; "
            "a class called test has its images directly in it",
        ),
        (
            ["Trainning/a", "Trainning/b", "Tesst/a", "Tesst/b"],
            "photos: Tesst, Trainning all hold a, b; splits are called train, val and test, "
            "and classes have their images directly in them",
        ),
        (
            ["train/a", "val/a", "extra/a"],
            "photos: has train and val, and beside them extra, which is no split; "
            "allowed are train, val and test: move all else away",
        ),
        (
            ["train/a", "Train/a", "val/a"],
            "photos: Train and train are both the train split; one of each is allowed",
        ),
        (
            ["cat/train", "cat/test", "dog/train", "dog/test"],
            "photos/cat: holds the splits test, train; splits hold classes, as in train/cat",
        ),
        (
            ["cat_train", "cat_test", "dog_train", "dog_test"],
            "photos: holds cat_test, cat_train, which are splits of cat; splits hold classes, as in train/cat",
        ),
        (
            ["train", "test"],
            "photos/train: has no sub-folders; a sub-folder for each class is needed, with that class's images in it",
        ),
    ],
)
def test_what_is_half_like_a_split(photos, folders, line):
    folder = photos(dict.fromkeys(folders, 2))
    with pytest.raises(InputError) as caught:
        data.load(folder, (8, 8, 3))
    assert str(caught.value) == f"{folder.parent}/{line}"


@pytest.mark.parametrize(
    "names", [["express train", "test tube"], ["valid", "invalid"], ["test1", "test2"], ["Train", "bus"]]
)
def test_words_in_the_names_of_classes(photos, names):
    assert set(open_folder(photos(dict.fromkeys(names, 2)))[1]) == set(names)


def test_a_class_without_images_says_what_is_there(photos):
    folder = photos({"a": 3, "b": 0, "c": 3})
    for name in ("1.heic", "2.HEIC", "3.txt"):
        (folder / "b" / name).touch()
    with pytest.raises(InputError, match=r"photos/b: the class has no images; .*; found are 2 \.heic, 1 \.txt$"):
        open_folder(folder)


def test_a_class_that_is_a_loop(photos):
    folder = photos({"a": 3})
    (folder / "b").symlink_to(".")
    with pytest.raises(InputError, match=r"photos/b: is a link to a folder that holds it$"):
        open_folder(folder)


def test_folders_that_every_class_has(photos, capsys):
    folder = photos(dict.fromkeys(["healthy/left", "healthy/right", "sick/left", "sick/right"], 2))
    assert open_folder(folder)[1] == ("healthy", "sick")
    line = f"{folder}: the classes are healthy, sick, not left, right in each of them\n"
    assert capsys.readouterr() == ("", line)


def test_what_is_left_out_is_said_once(photos, capsys):
    folder = photos({"a": 3, "b": 3, "": 1})
    for name in ("a/notes.txt", "a/raw.HEIC", "b/Thumbs.db", "labels.csv"):
        (folder / name).touch()
    (folder / "a" / "loop").symlink_to(folder)
    loaded = data.load(folder, batch=2)
    for _ in range(2):
        list(loaded.validation)
    data.native_shape(folder)
    line = (
        f"{folder}: left out: 4 files of other kinds (1 .csv, 1 .db, 1 .heic, 1 .txt), 1 image beside the folders, "
        "1 link to folders that are here already (a/loop)\n"
    )
    assert capsys.readouterr().err.splitlines(keepends=True)[-1:] == [line]


def test_classes_and_folders_of_classes_may_be_links(photos, tmp_path):
    folder, elsewhere = photos({"a": 3}), photos({"b": 4, "more": 2}, "elsewhere")
    (folder / "b").symlink_to(elsewhere / "b")
    (folder / "a" / "more").symlink_to("../../elsewhere/more")
    _, classes, train, validation = open_folder(folder)
    assert classes == ("a", "b")
    assert train.size + validation.size == 9


@pytest.mark.parametrize("extension", [".JPG", ".jfif", ".jpe", ".TIFF", ".tif", ".ppm", ".webp"])
def test_all_images_that_can_be_decoded_are_taken(photos, extension, capsys):
    folder = photos({"a": 3, "b": 3}, extension=extension)
    loaded = data.load(folder)
    assert loaded.train_size + loaded.validation_size == 6
    assert next(iter(loaded.validation))[0].shape[1:] == (8, 8, 3)
    assert "left out" not in capsys.readouterr().err


def test_a_folder_named_like_an_image(photos):
    assert open_folder(photos({"a.png": 2, "b": 2, "b/c.jpg": 2}))[1] == ("a.png", "b")


def test_a_pipe_named_like_an_image(photos):
    folder = photos({"a": 3, "b": 3})
    os.mkfifo(folder / "a" / "x.png")
    for look in (data.load, data.native_shape):
        with pytest.raises(InputError, match=r"photos/a/x\.png: is a pipe, not a file$"):
            look(folder)


def test_images_without_classes_may_lie_anywhere(photos):
    _, classes, train, validation = open_folder(photos({"": 20}), labelled=False)
    assert classes == ("photos",)
    assert train.size + validation.size == 20
    assert 1 <= validation.size < train.size
    folder = photos({"a": 3, "b/c/d": 4, "": 5, "single": 1}, "tree")
    _, classes, train, validation = open_folder(folder, labelled=False)
    assert classes == ("a", "b", "single", "tree")
    assert sorted([*train.labels.numpy(), *validation.labels.numpy()]) == [*[0] * 3, *[1] * 4, 2, *[3] * 5]
    assert data.native_shape(folder, labelled=False) == (8, 8, 3)


def test_images_without_classes_may_have_splits(photos):
    for folders in (["train", "val"], ["Training/a", "Testing/b"]):
        folder = photos(dict.fromkeys(folders, 3), folders[0][:5])
        _, _, *sides = open_folder(folder, labelled=False)
        assert [names(side, folder) for side in sides] == [
            {f"{place}/{i:04d}.png" for i in range(3)} for place in folders
        ]


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"": 1}, "photos: has a single image; two are needed, to train and to validate"),
        ({"a": 0}, r"photos: has no images; allowed are \.jpg, .*"),
        ({"train": 2, "val": 0}, r"photos/val: has no images; allowed are \.jpg, .*"),
        ({"train": 2, "val": 1, "extra": 1}, "photos: has train and val, and beside them extra, .*"),
    ],
)
def test_too_few_images_without_classes(photos, counts, line):
    with pytest.raises(InputError, match=rf"^/.*{line}$"):
        data.load(photos(counts), (8, 8, 3), labelled=False)


@given(st.dictionaries(st.sampled_from(["", "a", "b/c", "b/d", "e/f/g"]), st.integers(1, 9), min_size=1))
def test_every_image_is_on_one_side(counts):
    if sum(counts.values()) < 2:
        return
    with TemporaryDirectory() as place:
        expected = {posixpath.join(name, f"{i}.png") for name, count in counts.items() for i in range(count)}
        for name in expected:
            path = Path(place, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        found = list_folder(Path(place), labelled=False)
    assert {name for name, _ in found.train} | {name for name, _ in found.validation} == expected
    assert len(found.train) + len(found.validation) == len(expected)
    assert found.train
    assert found.validation
    assert not found.note


def test_limit_takes_the_same_mixture_each_time(photos):
    folder = photos({"a": 30, "b": 30})
    _, _, train, validation = open_folder(folder, limit=8)
    assert (train.size, validation.size) == (8, 8)
    assert [np.bincount(side.labels).tolist() for side in (train, validation)] == [[4, 4], [4, 4]]
    assert names(train, folder) == names(open_folder(folder, limit=8)[2], folder)


@pytest.mark.parametrize("memory", [2**30, 0], ids=["small", "large"])
def test_names_of_any_bytes(photos, monkeypatch, memory):
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", memory)
    folder = photos({"a": 3, "b": 3, "c": 3, "d": 3})
    for old, new in {"a": b"caf\xe9", "b": b"caf\xe8 [*]\n", "c": b"caf\\xe9", "d": "café".encode()}.items():
        os.rename(os.fsencode(folder / old), os.fsencode(folder) + b"/" + new)
    for i, path in enumerate(sorted(folder.rglob("*.png"))):
        name = (b"%d \xff\n[a-z]*?{}.png" % i, b"-%d" % i + b"x" * 240 + b".png")[i % 2]
        os.rename(os.fsencode(path), os.fsencode(path.parent) + b"/" + name)
    loaded = data.load(folder, (8, 8, 3), batch=2)
    assert sorted(loaded.classes) == sorted(["caf\\xe8 [*]\n", "caf\\xe9", "caf\\xe9'", "café"])
    assert "".join(loaded.classes).encode(), "they are text"
    assert sum(len(labels) for _, labels in loaded.validation) == loaded.validation_size


def test_a_folder_whose_own_name_is_not_utf8(photos, capsys):
    folder = photos({"a": 3, "b": 3, "": 1})
    os.rename(os.fsencode(folder), os.fsencode(folder.parent) + b"/f\xfcnf")
    folder = folder.parent / os.fsdecode(b"f\xfcnf")
    assert data.load(folder).name == "f\\xfcnf"
    assert "f\\xfcnf: left out: 1 image beside the folders" in capsys.readouterr().err


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
        ({"cats": 3, "dogs": 0}, r"photos/dogs: the class has no images; allowed are \.jpg, .*\.png, .*"),
        ({"cats": 3, "dogs": 1}, r"photos/dogs: has a single image; a class needs two, to train and to validate"),
        (
            {"pets/cats": 3, "pets/dogs": 3},
            r"photos: has a single class, pets; .* or more, like those in .*/photos/pets",
        ),
        (
            {"train/a": 2, "train/b": 2},
            r"photos: has train but no val or test beside it; a class called train has its images directly in it",
        ),
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


def test_bits_are_those_of_the_whole_folder(tmp_path, capsys):
    """Of training and validation images together; what was found is said, and kept."""
    for i in range(8):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8), 100 * i, np.uint16)).save(tmp_path / "ab"[i % 2] / f"{i}.png")
    for share in (0, 0.3):
        assert data.load(tmp_path, (8, 8, 1), held_out=share).bits == 10
        assert capsys.readouterr().err == f"{tmp_path}: images of 16 bits fill 10, so they are read as of 10\n"
    (_, _, train, validation) = open_folder(tmp_path)
    images = np.concatenate([side.in_memory((8, 8, 1)).images for side in (train, validation)])
    assert sorted(images[:, 0, 0, 0].tolist()) == [100 * i // 4 for i in range(8)]
