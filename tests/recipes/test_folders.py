"""Recipes on folders as people have them: splits, links, names of any bytes, no classes, families of classes."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from . import run

pytestmark = pytest.mark.slow


@pytest.fixture
def photos(tmp_path):
    """Makes a folder of 16x16 images, so many in each of its folders: {b"train/cat": 3} -> its path, as text."""

    def make(counts):
        random = np.random.default_rng(0)
        for name, count in counts.items():
            place = os.path.join(os.fsencode(tmp_path), b"photos", name)
            os.makedirs(place, exist_ok=True)
            for i in range(count):
                image = Image.fromarray(random.integers(0, 256, (16, 16, 3), np.uint8))
                image.save(os.fsdecode(os.path.join(place, b"%d.png" % i)))
        return "photos"

    return make


def smoke(recipe, folder, tmp_path, *words):
    return run(recipe, "--data", folder, "--smoke", "--size", 32, "--out", "run", *words, cwd=tmp_path)


@pytest.mark.parametrize(
    ("counts", "classes"),
    [
        ({b"Training/cat": 6, b"Training/dog": 6, b"Testing/cat": 2, b"Testing/dog": 2}, ["cat", "dog"]),
        ({b"caf\xe9": 5, b"caf\xe8 [*]\n": 5}, ["caf\\xe8 [*]\n", "caf\\xe9"]),
    ],
)
def test_classify(photos, tmp_path, counts, classes):
    done = smoke("classify.py", photos(counts), tmp_path)
    assert done.returncode == 0, done.stderr
    config, metrics = (json.loads((tmp_path / "run" / name).read_bytes()) for name in ("config.json", "metrics.json"))
    assert config["classes"] == [row["class"] for row in metrics["classes"]] == classes
    for page in ("report.html", "README.md"):
        assert (tmp_path / "run" / page).read_bytes().decode()


@pytest.mark.parametrize("counts", [{b"": 12}, {b"": 2}, {b"only": 9}, {b"a/b/c": 4, b"": 3, b"d": 1}])
def test_an_autoencoder_needs_no_classes(photos, tmp_path, counts):
    done = smoke("autoencoder.py", photos(counts), tmp_path)
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "run" / "config.json").read_bytes())
    assert config["train_images"] + config["validation_images"] == sum(counts.values())
    assert (tmp_path / "run" / "codes.png").exists()


def test_pairs_of_a_large_family_and_a_lone_class(photos, tmp_path):
    done = smoke("siamese_oneshot.py", photos({b"unknown": 3} | {b"person_%02d" % i: 3 for i in range(9)}), tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("recipe", "counts", "line"),
    [
        ("classify.py", {b"": 9}, "photos: has no sub-folders; a sub-folder for each class is needed"),
        ("classify.py", {b"train/a": 2, b"val/a": 2, b"more/a": 2}, "photos: has train and val, and beside them more"),
        ("autoencoder.py", {b"train": 2, b"val": 2, b"more": 2}, "photos: has train and val, and beside them more"),
        ("siamese_oneshot.py", {b"a": 2, b"b": 2, b"c": 2}, "3 classes are too few"),
    ],
)
def test_one_line(photos, tmp_path, recipe, counts, line):
    done = smoke(recipe, photos(counts), tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"error: {line}")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("recipe", ["classify.py", "autoencoder.py", "unet_seg.py", "siamese_oneshot.py"])
def test_no_such_folder(tmp_path, recipe):
    done = smoke(recipe, "photos/nowhere", tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "error: photos/nowhere: no such folder")
