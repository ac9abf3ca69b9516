"""Labels from a CSV file: one an image, or several; and what is wrong with such a file, in one line."""

import os
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kerascnn import InputError, data
from kerascnn.data import label_file
from kerascnn.data.label_file import list_labelled, open_labelled, read_rows
from kerascnn.data.sources.file_checks import refuse
from kerascnn.data.sources.folder_tree import FolderTree

SHAPE = (8, 8, 3)
NAMES = [f"{i}.png" for i in range(12)] + [f"more/{i}.png" for i in range(12, 20)]
ONE = [(name, "cat" if i % 4 else "dog") for i, name in enumerate(NAMES)]  # 15 cats, 5 dogs
SEVERAL = [(name, ";".join(["cat"] * (i % 2) + ["dog"] * (i % 4 == 0))) for i, name in enumerate(NAMES)]


@pytest.fixture
def folder(tmp_path):
    """20 images, some in a folder below. Its image `9.png` has 9 in its first pixel."""
    place = tmp_path / "set"
    for i, name in enumerate(NAMES):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full(SHAPE, i, np.uint8)).save(place / name)
    return place


def text(rows, header="file,label", separator=","):
    return "".join(separator.join(row) + "\n" for row in (header.split(","), *rows))


def write(folder, content, name="labels.csv"):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def load(folder, content, **options):
    write(folder, content)
    return data.load(folder, SHAPE, labels="labels.csv", scaling="unit", **options)


def seen(loaded):
    """Number of an image, which is in its pixels -> its label."""
    found = {}
    for batches in (loaded.train.take(loaded.steps), loaded.validation):
        for images, labels in batches.as_numpy_iterator():
            pixels = np.rint(images[:, 0, 0, 0] * 255).astype(int).tolist()
            found |= dict(zip(pixels, labels.tolist(), strict=True))
    return found


@pytest.mark.parametrize(
    "content",
    [
        text(ONE),
        text(ONE, separator=";"),
        text(ONE, separator="\t").replace("\n", "\r\n"),
        text(ONE).replace("\n", "\r"),
        b"\xef\xbb\xbf" + text(ONE, "Filename,Class").encode(),
        text([(label, "7", name) for name, label in ONE], "label,width,file"),
        text([(name.replace("/", "\\"), f" {label} ") for name, label in ONE]) + "\n,\n",
        text([(f"./{name}", f'"{label}"') for name, label in ONE[::-1]], "image,label"),
    ],
    ids=["commas", "semicolons", "tabs", "old Mac", "byte order mark", "more columns", "from Windows", "quotes"],
)
def test_one_label_an_image(folder, content, capsys):
    loaded = load(folder, content)
    assert (loaded.classes, loaded.multi_label) == (("cat", "dog"), False)
    assert seen(loaded) == {i: int(label == "dog") for i, (_, label) in enumerate(ONE)}
    assert (loaded.train_size, loaded.validation_size) == (16, 4), "3 of 15 cats, 1 of 5 dogs"
    assert loaded.class_counts().tolist() == [12, 4]
    assert data.native_shape(folder, labels="labels.csv") == SHAPE
    assert not capsys.readouterr().err


@pytest.mark.parametrize("separator", [";", "|", " ; "])
def test_several_labels_an_image(folder, separator, capsys):
    loaded = load(folder, text([(n, labels.replace(";", separator)) for n, labels in SEVERAL], "file,labels"))
    assert (loaded.classes, loaded.multi_label) == (("cat", "dog"), True)
    assert seen(loaded) == {i: [float(i % 2), float(i % 4 == 0)] for i in range(20)}
    assert loaded.train.element_spec[1].dtype == np.float32
    assert (loaded.train_size, loaded.validation_size) == (16, 4), "2 of 10 cats, 1 of 5 dogs, 1 of 5 with neither"
    assert loaded.class_counts().tolist() == [8, 4]
    assert "5 images have none of the labels" in capsys.readouterr().err


def test_a_limit_and_a_share_of_ones_own(folder):
    for rows, header in ((ONE, "file,label"), (SEVERAL, "file,labels")):
        loaded = load(folder, text(rows, header), limit=3)
        assert (loaded.train_size, loaded.validation_size) == (3, 3)
        loaded = load(folder, text(rows, header), held_out=0.5)
        assert loaded.train_size == loaded.validation_size == 8, "of the 16 that train"


def test_mixed_images_have_shares_of_several_labels(folder):
    loaded = load(folder, text(SEVERAL, "file,labels"), augment="none,mixup=0.5", batch=16)
    _, labels = next(iter(loaded.train))
    assert labels.shape == (16, 2)
    assert 0 <= labels.numpy().min() < labels.numpy().max() <= 1
    np.testing.assert_allclose(labels.numpy().sum(0), [8, 4], atol=4)
    assert not np.isin(labels, (0, 1)).all()


def test_what_is_not_listed_is_left_out_and_counted(folder, capsys):
    loaded = load(folder, text(ONE[:15]))
    assert loaded.train_size + loaded.validation_size == 15
    said = "5 images are left out that labels.csv does not list (more/15.png, more/16.png, more/17.png and 2 more)"
    assert said in capsys.readouterr().err


def test_folders_for_training_and_validation_stay_what_they_are(folder, capsys):
    shutil.move(folder / "more", folder / "val")
    (folder / "train").mkdir()
    for name in NAMES[:12]:
        shutil.move(folder / name, folder / "train" / name)
    rows = [(f"train/{name}" if i < 12 else name.replace("more", "val"), of) for i, (name, of) in enumerate(ONE)]
    loaded = load(folder, text(rows))
    assert (loaded.train_size, loaded.validation_size) == (12, 8)
    with pytest.raises(InputError, match=r"labels.csv: no image that validates has the label fox$"):
        load(folder, text([(name, "fox") if i in (1, 2) else (name, of) for i, (name, of) in enumerate(rows)]))


def test_the_file_may_lie_anywhere(folder, tmp_path, monkeypatch):
    write(tmp_path, text(ONE), "mine.csv")
    assert data.load(folder, SHAPE, labels=tmp_path / "mine.csv").train_size == 16
    monkeypatch.chdir(tmp_path)
    assert data.load(folder, SHAPE, labels="mine.csv").train_size == 16


WRONG = [
    ("", r"is empty; it begins with the header file,label where .* or file,labels where .*"),
    ("file,label\n", "lists no image with a label; a classifier needs two or more"),
    (text(ONE)[11:], r"row 1: must be the header file,label .*; found is '0.png,dog'"),
    (text(ONE, "file,kind"), r"row 1: must be the header .*; found is 'file,kind'"),
    (text([(a, b, b) for a, b in ONE], "file,label,class"), "row 1: the columns label and class say the same; .*"),
    (text([*ONE, ("nix.png", "cat")]), r"row 22: 'nix.png' is no image in \S+set"),
    (text([*ONE[:12], ("13.png", "cat")]), r"row 14: '13.png' is no image in .*; did you mean more/13.png\?"),
    (text([*ONE[:11], ("11", "cat")]), r"row 13: '11' is no image in .*; did you mean 11.png\?"),
    (text([*ONE, ("notes.txt", "cat")]), r"row 22: 'notes.txt' is no image; allowed are .jpg, .*"),
    (text([*ONE, ("more", "cat")]), r"row 22: 'more' is no image; allowed are .jpg, .*"),
    (text([*ONE, ("3.png", "dog")]), "row 22: '3.png' is listed twice, first in row 5"),
    (text([*ONE, ("same.png", "dog")]), "row 22: 'same.png' is listed twice, first in row 2"),
    (text([*ONE, ("../outside.png", "cat")]), "row 22: '../outside.png' leads out of .*"),
    (text([*ONE, ("more/../../outside.png", "cat")]), "row 22: 'more/../../outside.png' leads out of .*"),
    (text([*ONE, ("/etc/x.png", "cat")]), "row 22: '/etc/x.png' leads out of .*"),
    (text([*ONE, ("C:\\x.png", "cat")]), "row 22: 'C:/x.png' leads out of .*"),
    (text([*ONE, ("link.png", "cat")]), "row 22: 'link.png' leads out of .* by a link"),
    (text([*ONE[1:], ("0.png", "")]), "row 21: has no label"),
    (text([*ONE, ("", "cat")]), "row 22: names no file"),
    (text([("0.png", "fox"), *ONE[1:]]), "row 2: no other image has the label fox; one must train and one validate"),
    (
        text([("0.png", "cat;dog"), *ONE[1:]]),
        "row 2: has several labels, 'cat;dog'; the header .* is labels, not label",
    ),
    (text([("0.png", "cat;;dog"), *ONE[1:]], "file,labels"), "row 2: has an empty label in 'cat;;dog'"),
    (text([("0.png", "fox"), *SEVERAL[1:]], "file,labels"), "row 2: no other image has the label fox; .*"),
    (text([(name, "") for name in NAMES], "file,labels"), "lists no image with a label"),
    (text([(name, "cat") for name in NAMES]), "has a single label, cat; a classifier needs two or more"),
    (text([*ONE[1:], ("0.png", "a", "b")]), "row 21: has 3 cells, the header 2; .* needs quotes"),
    (text([*ONE[1:], ("0.png",)]), "row 21: has 1 cells, the header 2; .*"),
    (text([("0.png", "x" * 201), *ONE[1:]]), "row 2: has a label of 201 letters; allowed are 200"),
    (text([("x" * 200_000, "cat")]), "row 2: field larger than field limit .*"),
    (text(ONE) + '"0.png,cat\n', "row 22: unexpected end of data"),
    (text(ONE).encode("utf-16"), "is text in UTF-16; save it as UTF-8"),
    (text([("0.png", "café"), *ONE[1:]]).encode("latin-1"), "row 2: has the byte 0xe9, which is no UTF-8; .*"),
    (text(ONE[:3]) + "3.png,c\0t\n", "row 5: has a zero byte: this is no text"),
    (b"x" * 1001, "has 1,001 bytes; more than 1,000 are not read"),
]


@pytest.mark.parametrize(("content", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_wrong_files(folder, content, message, monkeypatch):
    if content == WRONG[-1][0]:
        monkeypatch.setattr(label_file, "MOST", 1000)
    shutil.copy(folder / "0.png", folder.parent / "outside.png")
    (folder / "link.png").symlink_to("../outside.png")
    (folder / "same.png").symlink_to("0.png")
    (folder / "notes.txt").write_text("no image")
    with pytest.raises(InputError, match=rf"^\S+labels.csv: {message}$"):
        load(folder, content)


def test_no_file_and_no_folder(folder, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for labels, message in (("none.csv", "no such file"), (tmp_path / "pipe", "is a pipe"), (folder, "is a folder")):
        with pytest.raises(InputError, match=rf"^\S+: {message}"):
            data.load(folder, SHAPE, labels=labels)
    with pytest.raises(InputError, match=r"^labels='a.csv': is for a folder of images; digits is a set .*"):
        data.load("digits", labels="a.csv")


def test_too_many_answers_are_refused_before_they_take_memory(folder, monkeypatch):
    monkeypatch.setattr(label_file, "MOST_ANSWERS", 39)
    with pytest.raises(InputError, match=r"labels.csv: has 2 labels for 20 images; that is too many"):
        load(folder, text(SEVERAL, "file,labels"))


def test_all_faults_at_once(folder):
    """As `check_folder` wants them."""
    write(folder, text([("nix.png", "cat"), ("1.png", ""), ("../2.png", "cat"), *ONE[3:], ("3.png", "cat")]))
    found = []
    listing = list_labelled(FolderTree(folder, lambda path, what: found.append(what)), folder / "labels.csv")
    assert [what.split(":")[0] for what in found] == ["row 3", "row 2", "row 4", "row 22"]
    assert len(listing.train) + len(listing.validation) == 17


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(rows=st.lists(st.lists(cells, max_size=3), max_size=5), tail=st.binary(max_size=20), several=st.booleans())
def test_any_file_is_read_or_refused(tmp_path_factory, rows, tail, several):
    path = tmp_path_factory.mktemp("any") / "labels.csv"
    header = "file,label" + "s" * several
    path.write_bytes("\n".join([header, *map(",".join, rows)]).encode() + tail)
    try:
        found, of_several = read_rows(path, lambda what: refuse(path, what))
    except InputError as error:
        message = str(error)
    else:
        assert of_several == several
        assert all(row.file and (row.labels or several) and all(row.labels) for row in found)
        return
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1


def test_all_images_may_validate(photos):
    """Then a label may have a single image, and it need not be one of several."""
    folder = photos({"": 3})
    names = sorted(path.name for path in folder.iterdir())
    for labels in (["a", "b", "b"], ["a", "a", "a"]):
        rows = "".join(f"{name},{label}\n" for name, label in zip(names, labels, strict=True))
        (folder / "a.csv").write_text("file,label\n" + rows)
        source = open_labelled(folder, "a.csv", whole=True)
        assert (source.train.size, source.validation.size) == (0, 3)
        assert [source.classes[label] for label in source.validation.labels] == labels
        with pytest.raises(InputError):
            open_labelled(folder, "a.csv").classes  # noqa: B018
