"""`recipes/ensemble.py`: networks that differ by their seeds, judged alone and together."""

import json

import pytest

from kerascnn.training import files

from . import run


@pytest.mark.slow
def test_smoke_leaves_members_and_their_report(tmp_path):
    done = run("ensemble.py", "--smoke", "--out", "all", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "all"
    metrics = json.loads((folder / "metrics.json").read_text())
    each = [row["accuracy"] for row in metrics["runs"]]
    assert len(each) == 2
    assert metrics["mean"] == pytest.approx(sum(each) / 2)
    for i, accuracy in enumerate(each, 1):
        last = files.read_history(folder / f"member_{i}" / "history.csv")["val_accuracy"][-1]
        assert accuracy == pytest.approx(last), "held-out images choose no epoch"
    losses = [(folder / f"member_{i}" / "history.csv").read_text() for i in (1, 2)]
    assert losses[0] != losses[1]
    assert f"{metrics['ensemble']['accuracy']:.2%}" in done.stdout.replace("\n", "")
    again = run("ensemble.py", "--resume", "--out", "all", cwd=tmp_path)
    assert again.returncode == 1
    assert "is complete, there is nothing to resume" in again.stderr
