"""By which images a run is judged: those that have not trained it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerascnn import InputError, data
from kerascnn.trained.judged_images import Choice, Judged, Masked

SHAPE = (8, 8, 3)


@pytest.fixture
def photos(tmp_path):
    """Makes a folder of images, each of one color that no other has: {"cats": 3, "train/dogs": 5} -> its path."""

    def make(counts, folder="photos"):
        number = 0
        for name, count in counts.items():
            place = tmp_path / folder / name
            place.mkdir(parents=True, exist_ok=True)
            for i in range(count):
                Image.new("RGB", (9, 8), (number % 256, number // 256, 100)).save(place / f"{i:02d}.png")
                number += 1
        return tmp_path / folder

    return make


@pytest.fixture
def run(tmp_path):
    """Makes a run folder that says how its data were loaded: its path."""

    def make(name, folder="run", loader="load", **loading):
        home = tmp_path / folder
        home.mkdir(exist_ok=True)
        loading = {"loader": loader, "name": str(name), "image_shape": list(SHAPE), **loading}
        (home / "config.json").write_text(json.dumps({"loading": loading}))
        return home

    return make


def numbers(batches):
    """Which of the photos are in batches of them; and their labels."""
    images, labels = zip(*[(np.asarray(images), np.asarray(labels)) for images, labels in batches], strict=True)
    colors = np.concatenate(images)[:, 0, 0].round().astype(int)
    return (colors[:, 0] + 256 * colors[:, 1]).tolist(), np.concatenate(labels).tolist()


def judged(runs, given, split=""):
    choice = Choice(runs, given, split)
    found = Judged(choice)
    return (*numbers(found.batches(SHAPE)), found, choice)


def held_out(folder, **which):
    """What validates in training, as it comes to the network."""
    return numbers(
        (np.asarray(images) * 255, labels)
        for images, labels in data.load(folder, SHAPE, scaling="unit", **which).validation
    )


def test_a_folder_without_splits_is_judged_whole(photos, tmp_path):
    folder = photos({"cats": 3, "dogs": 1, "owls/young": 2})
    found, labels, these, choice = judged([tmp_path / "run"], folder)
    assert (found, labels) == ([*range(6)], [0, 0, 0, 1, 2, 2])
    assert these.classes == ("cats", "dogs", "owls")
    assert these.names == [
        "cats/00.png",
        "cats/01.png",
        "cats/02.png",
        "dogs/00.png",
        "owls/young/00.png",
        "owls/young/01.png",
    ]
    assert these.which == "images of photos, all that there are"
    assert choice.warnings == ["these images may be those of its training, of which it says nothing"]


def test_a_folder_of_one_class_is_judged(photos):
    found, labels, these, _ = judged(["run"], photos({"cats": 3}))
    assert (found, labels, these.classes) == ([0, 1, 2], [0, 0, 0], ("cats",))


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("link", [True, False])
def test_of_the_folder_that_trained_it_only_what_was_held_out(given, link, photos, run, tmp_path):
    folder = photos({"cats": 20, "dogs": 15})
    home = run(folder)
    if link:
        (tmp_path / "link").symlink_to(folder)
    found, labels, these, choice = judged([home], (tmp_path / "link" if link else folder) if given else None)
    assert (found, labels) == held_out(folder)
    assert len(found) == 7
    assert these.which.startswith("held-out images of ")
    assert choice.warnings == []


def test_the_share_and_the_number_that_a_run_held_out(photos, run):
    folder = photos({"cats": 20, "dogs": 20})
    for which in ({"held_out": 0.3}, {"limit": 5}, {"held_out": 0.3, "limit": 10}):
        found, labels, _, _ = judged([run(folder, **which)], None)
        assert (found, labels) == held_out(folder, **which)


def test_splits_of_a_folder(photos, run):
    folder = photos({f"{split}/{name}": 2 for split in ("train", "val", "test") for name in ("cats", "dogs")})
    for runs in ([run(folder)], ["run"]):
        for split, expected in {"": range(4, 8), "validation": range(4, 8), "test": range(8, 12), "train": range(4),
                                "all": range(8)}.items():  # fmt: skip
            found, labels, these, choice = judged(runs, folder, split)
            assert found == [*expected]
            assert labels == [0, 0, 1, 1] * (len(found) // 4)
            has_trained = split in ("train", "all") and runs != ["run"]
            assert choice.warnings == ["some of these images have trained the network"] * has_trained
            words = {"all": "all that there are", "": "val"}
            assert (
                these.which == f"images of photos, {words.get(split, split if split in ('train', 'test') else 'val')}"
            )


def test_images_that_may_have_trained_it(photos, run, tmp_path):
    folder = photos({"some/cats": 20, "some/dogs": 15, "other/cats": 2, "other/dogs": 2})
    choice = Choice([run(folder / "some")], folder / "other")
    assert choice.warnings == []
    assert Choice([run(folder / "some")], folder).warnings == ["these images lie where those of its training do"]
    splits = photos({f"{split}/{name}": 2 for split in ("train", "val") for name in ("cats", "dogs")}, "splits")
    assert Choice([run(splits)], splits / "train").warnings == ["these images lie where those of its training do"]
    assert Choice([run(splits)], splits / "val").warnings == []


def test_digits_are_held_out(run):
    for runs, given in ((["run"], "digits"), ([run("digits")], None), ([run("digits")], "digits")):
        choice = Choice(runs, given)
        found = Judged(choice)
        (images, labels) = (np.concatenate(part) for part in zip(*found.batches((8, 8, 1)), strict=True))
        expected = data.load("digits", (8, 8, 1), scaling="unit").validation
        np.testing.assert_array_equal(labels, np.concatenate([labels for _, labels in expected]))
        np.testing.assert_allclose(images / 255, np.concatenate([images for images, _ in expected]), atol=1e-6)
        assert found.names == [str(i) for i in range(len(labels))]
        assert found.which == "held-out images of digits"
        assert choice.warnings == []


def test_a_part_of_the_images_by_their_numbers(photos):
    judged = Judged(Choice(["run"], photos({"cats": 70, "dogs": 70})))
    images = judged.chosen([100, 3, 3, 139], SHAPE)
    assert images[:, 0, 0, 0].tolist() == [100, 3, 3, 139]


def test_images_without_classes_may_lie_anywhere(photos):
    folder = photos({"": 2, "some/where": 1})
    judged = Judged(Choice(["run"], folder), labelled=False)
    assert judged.names == ["00.png", "01.png", "some/where/00.png"]


def test_mnist_is_judged_by_its_test_split(run):
    pytest.importorskip("tensorflow_datasets")
    choice = Choice(["run"], "mnist")
    try:
        found = Judged(choice)
    except InputError:
        pytest.skip("needs MNIST in the folder that TFDS_DATA_DIR names")
    assert (found.size, found.which) == (10_000, "images of mnist, test")
    assert Judged(Choice(["run"], "mnist", "test")).size == 10_000
    assert Judged(Choice(["run"], "mnist", "train")).size == 60_000


@pytest.mark.parametrize(
    ("folder", "counts", "split", "message"),
    [
        ("photos", {"cats": 2}, "tests", "split='tests': must be one of '', 'validation', 'test', 'train', 'all'"),
        ("nowhere/", {}, "", "nowhere/: no such folder"),
        ("photos", {"": 2}, "", "has no sub-folders; a sub-folder for each class is needed"),
        ("photos", {"cats": 0, "dogs": 0}, "", "photos: has no images; allowed are .jpg"),
        ("photos", {"cats": 2, "dogs": 2}, "test", "photos: has no folder test beside one to train with"),
        ("photos", {"train/cats": 2, "val/cats": 2}, "test", "photos: has no folder test beside"),
        ("photos", {"train/cats": 2, "train/dogs": 2, "val/cats": 2, "val/owls": 2}, "", "must have the same classes"),
    ],
)
def test_wrong_input_is_one_line(folder, counts, split, message, photos, tmp_path):
    if counts:
        photos(counts)
    with pytest.raises(InputError, match=message) as error:
        Judged(Choice(["run"], f"{tmp_path}/{folder}", split))
    assert "\n" not in str(error.value)


def test_runs_without_common_data(photos, run, tmp_path):
    one, other = run("digits"), run("digits", "other", held_out=0.3)
    with pytest.raises(InputError, match=r"were judged by different images \(held_out None and 0.3\): say by which"):
        Choice([one, other], None)
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match=r"config\.json"):
        Choice([tmp_path / "bare"], None)
    with pytest.raises(InputError, match=r"config\.json: no such file; say by which images to judge \(--data\)"):
        Choice([tmp_path / "nowhere"], None)


@pytest.fixture
def slices(tmp_path):
    """A folder of five images with masks of the classes 0 and 1."""
    for i in range(5):
        for kind, pixels in (("images", np.full((40, 40), 40 * i)), ("masks", np.eye(40) * 255)):
            (tmp_path / "slices" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "slices" / kind / f"{i}.png")
    return tmp_path / "slices"


ABOUT = {"input_shape": [32, 32, 1], "classes": ["background", "object"]}


def test_images_with_masks(slices, run):
    whole = Masked(Choice(["run"], slices, masked=True), ABOUT)
    assert [picture.name for picture in whole.pictures] == [*"01234"]
    assert whole.pictures[1].image.shape == (40, 40, 1)
    assert np.unique(whole.pictures[1].mask).tolist() == [0, 1]
    assert whole.classes == ("background", "object")
    own = Masked(Choice([run(slices, loader="load_masks", held_out="2,3")], None, masked=True), ABOUT)
    assert [picture.name for picture in own.pictures] == ["2", "3"]
    assert own.which == "held-out images of slices"
    everything = Masked(Choice([run(slices, loader="load_masks")], None, "all", masked=True), ABOUT)
    assert len(everything.pictures) == 5


def test_masks_as_the_run_read_them(slices, run):
    """Of a run that made one foreground of all classes, and took a value for void."""
    three = np.arange(1600).reshape(40, 40) % 3
    Image.fromarray(three.astype(np.uint8)).save(slices / "masks" / "0.png")
    for i in range(1, 5):
        Image.fromarray((three // 2).astype(np.uint8)).save(slices / "masks" / f"{i}.png")
    binary = Masked(Choice([run(slices, loader="load_masks", binary=True)], slices, "all", masked=True), ABOUT)
    np.testing.assert_array_equal(binary.pictures[0].mask, three > 0)
    void = Masked(Choice([run(slices, loader="load_masks", ignore=2)], slices, "all", masked=True), ABOUT)
    np.testing.assert_array_equal(void.pictures[0].mask, np.where(three == 2, -1, three))


def test_a_split_that_masks_have_not(slices):
    with pytest.raises(InputError, match="split='test': images with masks have none"):
        Masked(Choice(["run"], slices, "test", masked=True), ABOUT)
    assert Path(slices).is_dir()
