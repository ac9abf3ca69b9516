"""What all loaders check, and how batches are finished."""

import json

import numpy as np
import pytest
import tensorflow as tf

from kerascnn import InputError, data
from kerascnn.data.pipelines import check_options, finished

RIGHT = dict(batch=8, replicas=1, limit=None, seed=0, start_step=0, scaling="unit")


def test_right_options():
    check_options(**RIGHT)
    check_options(**{**RIGHT, "limit": 3, "scaling": "ink"}, scalings=("ink",))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"batch": 0}, "batch=0: must be a whole number, 1 or more"),
        ({"batch": 32.0}, "batch=32.0: must be a whole number, 1 or more"),
        ({"limit": 0}, "limit=0: must be a whole number, 1 or more"),
        ({"seed": -1}, "seed=-1: must be a whole number, 0 or more"),
        ({"start_step": "3"}, "start_step='3': must be a whole number, 0 or more"),
        ({"scaling": "caffe"}, "scaling='caffe': must be one of 'unit', 'symmetric', 'standard'"),
    ],
)
def test_wrong_options(options, line):
    with pytest.raises(InputError, match=f"^{line}$"):
        check_options(**{**RIGHT, **options})


def test_finished_batches_are_shared_by_the_workers():
    batches = finished(tf.data.Dataset.range(6).batch(2), lambda numbers: numbers * 2)
    assert [batch.tolist() for batch in batches.as_numpy_iterator()] == [[0, 2], [4, 6], [8, 10]]
    policy = batches.options().experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA


def test_data_say_how_they_were_loaded(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(5):
            pixels = tf.cast(np.full((4, 6, 3), 40 * i + ord(name)), tf.uint8)
            tf.io.write_file(str(tmp_path / "photos" / name / f"{i}.png"), tf.io.encode_png(pixels))
    monkeypatch.chdir(tmp_path)
    found = data.load("photos", (4, 6, 3), batch=2, start_step=3, augment=data.AUGMENTS["none"])
    assert json.loads(json.dumps(found.loading)) == {
        "loader": "load", "name": str(tmp_path / "photos"), "image_shape": [4, 6, 3], "batch": 2
    }  # fmt: skip
    assert data.load("digits", limit=20).loading == {
        "loader": "load", "name": "digits", "image_shape": [8, 8, 1], "limit": 20
    }  # fmt: skip


def test_distortions_are_noted_and_weights_are_not():
    how = data.Warp(rotation=(-5, 5), crop=data.Crop(area=(0.5, 1)))
    found = data.load_masks("digits", limit=4, how=how, weights=data.weight_map, classes=tuple("abcdefghijk"))
    noted = json.loads(json.dumps(found.loading))
    assert noted["how"]["rotation"] == [-5, 5]
    assert noted["how"]["crop"]["area"] == [0.5, 1]
    assert "weights" not in noted
    assert noted["classes"] == list("abcdefghijk")


def test_what_an_epoch_counts(tmp_path):
    assert data.load("digits", limit=20).each_epoch == {"images": 20}
    assert data.load_masks("digits", limit=4).each_epoch == {"images": 4}
    tiles = data.load_masks("digits", (32, 32, 1), limit=4, tiles=True)
    assert tiles.each_epoch == {"images": 4}  # scenes are made in the size that is asked for
    for i in range(4):
        for kind, most in (("images", 256), ("masks", 2)):
            pixels = np.random.default_rng(i).integers(0, most, (48, 80, 1), np.uint8)
            tf.io.write_file(str(tmp_path / kind / f"{i}.png"), tf.io.encode_png(pixels))
    large = data.load_masks(tmp_path, (16, 16, 1), held_out="3")
    assert large.each_epoch == {"images": 3, "tiles": 3 * 15}, "as many pixels as there are"
    resized = data.load_masks(tmp_path, (16, 16, 1), held_out="3", tiles=False)
    assert resized.each_epoch == {"images": 3}
    pairs = data.load_pairs("digits", (16, 16, 1), batch=8, limit=8)
    assert pairs.each_epoch == {"images": 16 * pairs.steps, "pairs": 8 * pairs.steps}
    images = data.load_pairs("digits", (16, 16, 1), batch=8, each=4, limit=8)
    assert images.each_epoch == {"images": 8 * images.steps}
