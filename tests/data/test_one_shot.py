"""One-shot trials, drawn and read."""

import os
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerascnn import InputError, data
from kerascnn.data.class_sets import read_group
from kerascnn.data.sources.open import open_source

RUNS = Path(os.environ.get("KERASCNN_SHARED", ""), "data/omniglot_oneshot/all_runs.zip")


def png(value):
    file = BytesIO()
    Image.fromarray(np.full((6, 6), value, np.uint8)).save(file, "png")
    return file.getvalue()


@pytest.fixture
def runs(tmp_path):
    """Two runs of three candidates, of the colors 10, 20, 30; the queries are by 1 brighter and in another order."""
    path = tmp_path / "all_runs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for run, order in (("run01", (2, 1, 3)), ("run02", (3, 2, 1))):
            for i in (1, 2, 3):
                archive.writestr(f"{run}/training/class{i:02d}.png", png(10 * i))
            for i, of in enumerate(order, start=1):
                archive.writestr(f"{run}/test/item{i:02d}.png", png(10 * of + 1))
            lines = [
                f"{run}/test/item{i:02d}.png {run}/training/class{of:02d}.png" for i, of in enumerate(order, start=1)
            ]
            archive.writestr(f"{run}/class_labels.txt", "\n".join(lines) + "\n")
    return path


def test_runs(runs):
    images, trials = data.read_runs(runs, (5, 5, 1))
    assert (images.shape, images.dtype, len(trials)) == ((12, 5, 5, 1), np.uint8, 2)
    values = images[:, 2, 2, 0].astype(int)
    assert [values[trial.candidates].tolist() for trial in trials] == [[10, 20, 30]] * 2
    assert [values[trial.queries].tolist() for trial in trials] == [[21, 11, 31], [31, 21, 11]]
    for trial in trials:
        assert (values[trial.candidates][trial.truth] + 1 == values[trial.queries]).all()


def test_color(runs):
    images, _ = data.read_runs(runs, (6, 6, 3))
    assert (images.shape, images.ptp() if hasattr(images, "ptp") else np.ptp(images)) == ((12, 6, 6, 3), 21)


def broken(path, kind):
    if kind == "missing":
        return path.with_name("other.zip")
    if kind == "no zip":
        path.write_bytes(b"nothing")
    elif kind == "no runs":
        zipfile.ZipFile(path, "w").close()
    else:
        with zipfile.ZipFile(path, "a") as archive:
            line = {"no image": "a.png b.png", "no pair": "a.png", "broken image": "text.png text.png"}[kind]
            archive.writestr("text.png", b"text")
            archive.writestr("run03/class_labels.txt", line)
    return path


@pytest.mark.parametrize("kind", ["missing", "no zip", "no runs", "no image", "no pair", "broken image"])
def test_wrong_file(runs, kind):
    with pytest.raises(InputError, match=r"^[^\n]*all_runs.zip of github.com/brendenlake/omniglot[^\n]*$"):
        data.read_runs(broken(runs, kind), (5, 5, 1))


def test_drawn_trials():
    group = read_group(open_source("digits"), (8, 8, 1))
    trials = data.sample_trials(group, 30, ways=4)
    for trial in trials:
        asked, offered = group.labels[trial.queries], group.labels[trial.candidates]
        assert len(set(offered)) == 4
        assert (offered[trial.truth] == asked).all()
        assert not set(trial.queries) & set(trial.candidates)
    assert {int(label) for trial in trials for label in group.labels[trial.queries]} == set(range(10))
    again, other = data.sample_trials(group, 3, ways=4), data.sample_trials(group, 3, ways=4, seed=1)
    assert all((a.queries == b.queries).all() for a, b in zip(trials[:3], again, strict=True))
    assert not all((a.queries == b.queries).all() for a, b in zip(again, other, strict=True))


@pytest.mark.skipif(not RUNS.is_file(), reason="needs the official runs below KERASCNN_SHARED")
def test_official_runs():
    images, trials = data.read_runs(RUNS, (105, 105, 1))
    assert (len(images), len(trials)) == (800, 20)
    assert set(np.unique(images)) == {0, 255}
    assert all(sorted(trial.truth) == list(range(20)) for trial in trials)
    assert sorted(np.concatenate([np.concatenate(trial[:2]) for trial in trials])) == list(range(800))
