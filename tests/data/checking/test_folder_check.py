"""Everything that is wrong is found, once, in the words of training; nothing else is."""

import os
import re
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn import InputError
from kerascnn.data import check_folder, load, load_masks

from ..sources import troublesome
from .damage import DAMAGE, EACH, MASK_DAMAGE, SPLIT_DAMAGE, classes, mask, noise, pairs, skipped

SHAPE = (16, 16, 3)
PHOTOS = Path(os.environ.get("KERASCNN_SHARED", ""), "data/imagenet1000")


def refusal(read, folder):
    """The line in which training refuses a folder, or nothing."""
    try:
        read(folder, SHAPE)
    except InputError as error:
        return str(error)
    return ""


def alone(folder, table, name, **options):
    """Make one kind of damage; it must be found, and training must refuse it if it is an error, in the same words."""
    if why := skipped(name):
        pytest.skip(why)
    severity, file, words, damage = table[name]
    damage(folder)
    check = check_folder(folder, **options)
    found = [finding for finding in check.findings if (finding.severity, finding.file) == (severity, file)]
    (finding,) = [finding for finding in found if re.search(words, finding.what)]
    line = refusal(load_masks if options else load, folder)
    assert check.refused == (severity == "error") == bool(line), line
    if severity == "error":
        assert line.startswith(f"{folder / file}: {finding.what}")
        assert finding.to_do
        assert finding.kind != "other", "there is advice"
        assert [finding for finding in check.findings if finding.severity == "error"] == [finding]


@pytest.mark.parametrize("name", DAMAGE)
def test_classes(tmp_path, name):
    alone(classes(tmp_path), DAMAGE, name)


@pytest.mark.parametrize("name", SPLIT_DAMAGE)
def test_splits(tmp_path, name):
    alone(classes(tmp_path, "train", "val"), SPLIT_DAMAGE, name)


@pytest.mark.parametrize("name", MASK_DAMAGE)
def test_masks(tmp_path, name):
    alone(pairs(tmp_path), MASK_DAMAGE, name, masks=True)


def all_at_once(folder, table, **options):
    """Make all damage of a table in one folder. (what was found, what should be)."""
    rows = {name: row for name, row in table.items() if not skipped(name)}
    for *_, damage in rows.values():
        damage(folder)
    found = [(finding.severity, finding.file, finding.what) for finding in check_folder(folder, **options).findings]
    return found, [row[:3] for row in rows.values()]


@pytest.mark.parametrize(
    ("make", "table", "options"),
    [
        (classes, DAMAGE, {}),
        (lambda folder: classes(folder, "train", "val"), SPLIT_DAMAGE, {}),
        (pairs, MASK_DAMAGE, {"masks": True}),
    ],
    ids=["classes", "splits", "masks"],
)
def test_all_at_once_each_once(tmp_path, make, table, options):
    found, expected = all_at_once(make(tmp_path), table, **options)
    for severity, file, words in expected:
        (match,) = [one for one in found if one[:2] == (severity, file) and re.search(words, one[2])]
        found.remove(match)
    follow = r"times as many|has only 2 images|is left out: .heic|test is left alone"
    assert not [one for one in found if not re.search(follow, one[2])]


def test_twenty_kinds():
    assert len(DAMAGE) >= 20
    assert len(DAMAGE) + len(SPLIT_DAMAGE) + len(MASK_DAMAGE) >= 50


@pytest.mark.parametrize(
    ("make", "masks"), [(classes, False), (lambda folder: classes(folder, "train", "val"), False), (pairs, True)]
)
def test_nothing_is_invented(tmp_path, make, masks):
    check = check_folder(make(tmp_path), masks)
    assert check.findings == ()
    assert not check.refused


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("name", troublesome.ROWS)
def test_files_are_refused_as_in_training(tmp_path, name):
    """Each of the troublesome files, in a class."""
    troublesome.make(name, classes(tmp_path) / "cat")
    errors = [finding for finding in check_folder(tmp_path).findings if finding.severity == "error"]
    line = refusal(load, tmp_path)
    if line:
        (finding,) = errors
        assert line == f"{tmp_path / finding.file}: {finding.what}"
    else:
        assert not errors


PLACES = (
    "",
    "cat",
    "dog",
    "train",
    "test/dog",
    *(f"{split}/{name}" for split in ("train", "val") for name in ("cat", "dog")),
)
PAIRS = tuple(f"{split}{part}" for split in ("", "train/", "val/") for part in ("images", "masks"))
CONTENTS = ("good", "good", "good", "good", "empty", "cut", "nowhere", "loop")


@pytest.mark.parametrize(("places", "options"), [(PLACES, {}), (PLACES, {"labelled": False}), (PAIRS, {"masks": True})])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_agrees_with_training_on_any_folder(places, options, data):
    """It finds an error where training refuses, the same one among others, and none elsewhere."""
    files = st.tuples(st.sampled_from(places), st.sampled_from(["0.png", "1.png", "2.png", "3.jpg", "x.heic"]))
    drawn = data.draw(st.dictionaries(files, st.sampled_from(CONTENTS), max_size=12))
    with TemporaryDirectory() as place:
        for number, ((below, name), content) in enumerate(drawn.items()):
            path = Path(place, below, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            image = mask(number) if "masks" in below and name.endswith(".png") else noise(number)
            whole = troublesome.saved(image, "JPEG" if name.endswith(".jpg") else "PNG")
            if content in ("nowhere", "loop"):
                path.symlink_to("nothing" if content == "nowhere" else ".")
            else:
                path.write_bytes({"good": whole, "empty": b"", "cut": whole[:-40]}[content])
        check = check_folder(place, **options)
        labelled = {name: value for name, value in options.items() if name == "labelled"}
        line = refusal(partial(load_masks if "masks" in options else load, **labelled), Path(place))
        errors = [finding for finding in check.findings if finding.severity == "error"]
        lines = [f"{Path(place, finding.file)}: {finding.what}" for finding in errors]
        assert check.refused == bool(line)
        assert not line or any(map(line.startswith, lines))
        assert len(set(lines)) == len(lines)
        assert "other" not in [finding.kind for finding in errors]


def test_counts_sizes_formats(tmp_path):
    classes(tmp_path, "train", "val")
    noise(1, size=(40, 30)).save(tmp_path / "train/cat/large.webp", lossless=True)
    noise(2, size=(8, 9)).save(tmp_path / "train/cat/small.jpg")
    check = check_folder(tmp_path)
    assert check.counts == {"train": {"cat": EACH + 2, "dog": EACH}, "val": {"cat": EACH, "dog": EACH}}
    assert not check.held_out
    assert check.formats == {"PNG": 4 * EACH, "WebP": 1, "JPEG": 1}
    assert check.sizes["smallest"] == (8, 9, "train/cat/small.jpg")
    assert check.sizes["median"][:2] == (16, 16)
    assert check.sizes["largest"] == (40, 30, "train/cat/large.webp")
    assert check.images == 4 * EACH + 2


def test_held_out_images_are_those_of_training(tmp_path):
    data, check = load(classes(tmp_path), SHAPE), check_folder(tmp_path)
    assert check.held_out
    assert sum(check.counts["train"].values()) == data.train_size
    assert sum(check.counts["val"].values()) == data.validation_size


def test_duplicates_on_both_sides_of_the_held_out_share(tmp_path):
    classes(tmp_path)
    for number in range(30):
        noise(7).save(tmp_path / f"cat/copy{number}.png")
    (finding,) = check_folder(tmp_path).findings
    trains, validates = map(int, re.search(r"(\d+) trains? and (\d+) validates?", finding.what).groups())
    assert finding.kind == "leak"
    assert trains + validates == 30
    assert validates >= 1


def test_a_flat_folder_fits_an_autoencoder(tmp_path):
    for number in range(EACH):
        noise(number).save(tmp_path / f"{number}.png")
    (tmp_path / "x.png").touch()
    first, second = check_folder(tmp_path).findings
    assert (first.kind, second.file) == ("no classes", "x.png"), "files are checked all the same"
    assert "--no-classes" in first.to_do
    (tmp_path / "x.png").unlink()
    assert check_folder(tmp_path, labelled=False).findings == ()


def test_empty_folder(tmp_path):
    (finding,) = check_folder(tmp_path).findings
    assert finding.what == refusal(load, tmp_path).removeprefix(f"{tmp_path}: ")
    (finding,) = check_folder(tmp_path, labelled=False).findings
    assert finding.what.startswith("has no images")


def test_void(tmp_path):
    pairs(tmp_path)
    MASK_DAMAGE["void"][3](tmp_path)
    check = check_folder(tmp_path, masks=True, ignore=255)
    assert check.findings == ()
    assert [value.value for value in check.values] == [0, 1, 2, 255]
    assert sum(value.share for value in check.values) == pytest.approx(1)
    assert [value.masks for value in check.values] == [EACH, EACH, EACH, 1]


def test_names_of_classes_in_masks(tmp_path):
    pairs(tmp_path)
    assert not check_folder(tmp_path, masks=True, classes=("a", "b", "c", "d")).refused
    check = check_folder(tmp_path, masks=True, classes=("a", "b"))
    assert check.refused
    assert check.findings[0].what.startswith("holds the value 2")


def test_a_folder_whose_name_has_a_colon(tmp_path):
    folder = classes(tmp_path / "a: b")
    (folder / "cat/x.png").touch()
    (finding,) = check_folder(folder).findings
    assert (finding.file, finding.what) == ("cat/x.png", "is empty (0 bytes)")


@pytest.mark.parametrize(("name", "words"), [("nowhere", "no such folder"), ("file", "is a file, not a folder")])
def test_no_folder(tmp_path, name, words):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=f"{name}: {words}$"):
        check_folder(tmp_path / name)


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="needs imagenet1000 below KERASCNN_SHARED")
def test_thousand_photos(tmp_path):
    """One of them is as small as a thumbnail; the list of labels is no image."""
    check = check_folder(PHOTOS, labelled=False)
    assert [(found.severity, found.file) for found in check.findings] == [
        ("warning", "n01871265_tusker.jpg"),
        ("note", "labels.json"),
    ]
    assert check.images == 1000
    for number, photo in enumerate(sorted(PHOTOS.glob("*.jpg"))):
        (tmp_path / f"{number % 10}").mkdir(exist_ok=True)
        (tmp_path / f"{number % 10}" / photo.name).symlink_to(photo)
    check = check_folder(tmp_path)
    assert [found.kind for found in check.findings] == ["small"]
    assert [check.counts["train"][name] + check.counts["val"][name] for name in map(str, range(10))] == [100] * 10


def labels_of(folder, several=False):
    """Write `labels.csv` for a folder of classes: its name, and all its rows."""
    rows = [(path.relative_to(folder).as_posix(), path.parent.name) for path in sorted(folder.rglob("*.png"))]
    rows = [("file", "labels" if several else "label"), *rows]
    (folder / "labels.csv").write_text("".join(f"{name},{label}\n" for name, label in rows))
    return "labels.csv", rows


@pytest.mark.parametrize("several", [False, True])
def test_labels_of_a_file(tmp_path, several):
    labels, _ = labels_of(classes(tmp_path), several)
    check, data = check_folder(tmp_path, labels=labels), load(tmp_path, SHAPE, labels=labels)
    assert not check.refused
    assert sum(check.counts["val"].values()) == data.validation_size
    if not several:
        assert check.counts == check_folder(tmp_path).counts
    assert {finding.file for finding in check.findings} <= {"labels.csv"}


def test_all_wrong_rows_of_a_file_of_labels_are_found(tmp_path):
    labels, rows = labels_of(classes(tmp_path))
    (tmp_path / rows[1][0]).write_bytes(b"")
    with open(tmp_path / labels, "a") as file:
        file.write("nix.png,cat\n../x.png,dog\n" + ",".join(rows[2]) + "\n")
    check = check_folder(tmp_path, labels=labels)
    errors = [finding for finding in check.findings if finding.severity == "error"]
    assert [finding.what.split(" in ")[0] for finding in errors[:3]] == sorted(
        [
            f"labels.csv: row {len(rows) + 1}: 'nix.png' is no image",
            f"labels.csv: row {len(rows) + 2}: '../x.png' leads out of {tmp_path}; files are named by their path "
            "below it",
            f"labels.csv: row {len(rows) + 3}: {rows[2][0]!r} is listed twice, first",
        ]
    )
    assert errors[3].file == rows[1][0], "and the images are looked at"
    (tmp_path / labels).write_text("")
    check = check_folder(tmp_path, labels=labels)
    assert check.refused
    assert check.images == 2 * EACH - 1, "also where the file says nothing"


def test_labels_where_there_are_none(tmp_path):
    for options in ({"masks": True}, {"labelled": False}):
        with pytest.raises(InputError, match=r"labels='a.csv': is for images that have classes, and no masks"):
            check_folder(tmp_path, labels="a.csv", **options)
