"""Runs under one folder: those that are complete are not trained again."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from kerascnn import InputError
from kerascnn.errors import TrainingStopped
from kerascnn.trained.ensemble import Ensemble
from kerascnn.training import run_folder

from .made_runs import make_run

DIGITS = {"loader": "load", "name": "digits"}


def flags_of(folder, **other):
    words = dict(model="lenet5", data="digits", members=3, seed=2, out=str(folder), overwrite=False, resume=False)
    return SimpleNamespace(**{**words, **other})


def complete(place, seed):
    make_run(place, seed=seed, loading=DIGITS)
    about = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**about, "ended": "now"}))


def test_only_what_is_missing_is_trained_and_all_are_judged(tmp_path):
    folder, seeds = tmp_path / "all", []
    first = Ensemble(flags_of(folder)).members()
    complete(folder / "member_1", next(first).seed)
    run_folder.release_all()  # the process is killed
    again = Ensemble(flags_of(folder, resume=True))
    for member in again.members():
        assert member.resume
        seeds.append(member.seed)
        complete(again.places[len(seeds)], member.seed)
    assert seeds == [21, 22]
    again.report()
    found = json.loads((folder / "metrics.json").read_text())
    each = [row["accuracy"] for row in found["runs"]]
    assert found["mean"] == pytest.approx(np.mean(each))
    assert found["by_number"][0] == pytest.approx(np.mean(each))
    assert found["by_number"][-1] == pytest.approx(found["ensemble"]["accuracy"])
    assert len(found["by_number"]) == 3
    assert {"report.html", "README.md", "numbers.png"} <= {path.name for path in folder.iterdir()}
    run_folder.release_all()
    with pytest.raises(TrainingStopped, match="is complete, there is nothing to resume"):
        Ensemble(flags_of(folder, resume=True))
    with pytest.raises(InputError, match="exists and isn't empty"):
        Ensemble(flags_of(folder))


@pytest.mark.parametrize("members", [0, 11])
def test_number_of_members(members, tmp_path):
    with pytest.raises(InputError, match="members"):
        Ensemble(flags_of(tmp_path / "all", members=members))
    assert not (tmp_path / "all").exists()
