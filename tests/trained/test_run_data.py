"""The data of a run, from what its `config.json` says: equal to those that it had; a stranger's say so in one line."""

import json
from inspect import signature

import numpy as np
import pytest

from kerascnn import InputError, data
from kerascnn.trained import run_data

LOADED = {
    "load": dict(name="digits", image_shape=(16, 16, 1), batch=16, limit=40, held_out=0.25, crops=10, scaling="unit"),
    "load_masks": dict(name="digits", limit=6, binary=True, weights=None, how=data.WARPS["microscopy"], batch=2),
    "load_pairs": dict(name="digits", image_shape=(16, 16, 1), limit=6, batch=8, each=4, unseen=0.3, turned=True,
                       how=data.Warp(rotation=(-15, 15), fill=0), strokes=1.0),
}  # fmt: skip


def leave(folder, found, **other):
    """What a run notes of its data."""
    config = {
        "kerascnn": "0", "name": "lenet5", "knobs": {}, "classes": found.classes, "flags": {}, "data": found.name,
        "train_images": found.train_size, "validation_images": found.validation_size, "device": "CPU",
        "loading": found.loading, **other,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("loader", LOADED)
def test_the_same_data_again(loader, tmp_path):
    before = getattr(data, loader)(**LOADED[loader])
    again = run_data.own_data(leave(tmp_path, before))
    assert type(again) is type(before)
    assert again.loading == before.loading
    for name in ("validation", "train"):
        pairs = zip(getattr(before, name).take(2), getattr(again, name).take(2), strict=True)
        for one, other in pairs:
            for left, right in zip(one, other, strict=True):
                np.testing.assert_array_equal(left, right)


def test_all_that_loaders_take_is_known():
    left_out = {"start_step"}  # of one start
    known = {name.removesuffix("?") for name in run_data.LOADING} | left_out
    assert {name for loader in run_data.LOADERS.values() for name in signature(loader).parameters} <= known
    fields = {name.removesuffix("?") for name in run_data.WARP}
    assert fields == set(data.Warp._fields)
    assert {name.removesuffix("?") for name in run_data.CROP} == set(data.Crop._fields)


@pytest.mark.parametrize(
    ("other", "line"),
    [
        ({"loading": None}, "does not say how the run's data were loaded; runs of this version do"),
        ({"loading": ["load"]}, "its loading: it is .*: must be an object"),
        ({"loading": {"loader": "eval"}}, "its loading: loader is \"eval\": must be one of load, load_masks"),
        ({"loading": {"name": 3}}, "its loading: name is 3: must be text"),
        ({"loading": {"image_shape": [0, 8, 1]}}, r"its loading: image_shape\[0\] is 0: must be a whole number"),
        ({"loading": {"image_shape": [8, 8]}}, r"its data cannot be loaded: image_shape=\(8, 8\): must be"),
        ({"loading": {"batch": "8"}}, "its loading: batch is \"8\": must be a whole number"),
        ({"loading": {"batch": 2**40}}, "its loading has batches of more than 2,147,483,648 numbers"),
        ({"loading": {"batch": 2**17}}, "its data cannot be loaded: batch=131072: must be"),
        ({"loading": {"each": 4}}, "its loading has 'each', which load does not take"),
        ({"loading": {"start_step": 4}}, "its loading has 'start_step', which is not known"),
        ({"loading": {"held_out": [0.2]}}, "its loading: held_out is"),
        ({"loading": {"held_out": "0.2"}}, "its data cannot be loaded: held_out must be a number"),
        ({"loading": {"name": "no/such/folder/"}}, "its data cannot be loaded: no/such/folder/: no such folder"),
        ({"loading": {"name": "mnost"}}, "its data cannot be loaded: unknown data set 'mnost'"),
        ({"loading": {"name": "food101", "limit": 3}}, "its data cannot be loaded: food101: is not in "),
        ({"classes": ["a", "b"]}, r"its data are no longer the same: they have classes \['0', '1'"),
        ({"train_images": 7}, "its data are no longer the same: they have train_images 40, not 7"),
        ({"classes": "ab"}, "classes is \"ab\": must be a list"),
    ],
)  # fmt: skip
def test_what_a_stranger_says_is_checked(other, line, tmp_path):
    found = data.load("digits", limit=40)
    if other.get("loading") and isinstance(other["loading"], dict):
        other = {"loading": {**found.loading, **other["loading"]}}
    with pytest.raises(InputError, match=line) as error:
        run_data.own_data(leave(tmp_path, found, **other))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "how", [{"rotation": [1]}, {"rotation": [5, -5]}, {"crop": {"area": [0.1, 0.2, 0.3]}}, {"spin": 1}, {"fill": "x"}]
)
def test_a_distortion_that_cannot_be(how, tmp_path):
    found = data.load_pairs("digits", (16, 16, 1), limit=6, batch=8)
    with pytest.raises(InputError, match="its loading"):
        run_data.own_data(leave(tmp_path, found, loading={**found.loading, "how": how}))


def test_no_run_folder(tmp_path):
    (tmp_path / "file").touch()
    for name, line in {"no": "no such run folder", "file": "is a file", ".": "is no run folder"}.items():
        with pytest.raises(InputError, match=line):
            run_data.own_data(tmp_path / name)
    (tmp_path / "config.json").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="leads out of"):
        run_data.own_data(tmp_path)
