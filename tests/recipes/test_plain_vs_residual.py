"""`recipes/plain_vs_residual.py`: what a run leaves, and that its networks learn as if each were alone."""

import csv
import json

import matplotlib.image
import numpy as np
import pytest

import kerascnn

from . import run

NAMES = ["plain20_cifar", "plain32_cifar", "resnet20_cifar", "resnet32_cifar"]


@pytest.mark.slow
def test_smoke_leaves_a_whole_run_folder(tmp_path):
    words = ["--knob", "repeats=1,1,1", "--knob", "n_filters=2"]
    done = run("plain_vs_residual.py", "--smoke", *words, "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "run"
    metrics = json.loads((folder / "metrics.json").read_text())
    with (folder / "history.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert list(metrics["networks"]) == NAMES
    for name, found in metrics["networks"].items():
        assert found["loss"] == float(row[f"{name}_loss"])
        assert found["held_out_error"] == 1 - float(row[f"val_{name}_accuracy"])
    assert float(row["loss"]) == pytest.approx(sum(found["loss"] for found in metrics["networks"].values()), rel=1e-4)
    assert np.ptp(matplotlib.image.imread(folder / "curves.png")[..., :3]) > 0.5
    assert all("ResNet-32" in (folder / name).read_text(encoding="utf-8") for name in ("report.html", "README.md"))
    whole = kerascnn.load(folder / "model.keras")
    assert [network.name for network in whole.layers[1:]] == NAMES


@pytest.mark.slow
def test_wrong_input_is_one_line(tmp_path):
    wrong = run("plain_vs_residual.py", "--depths", "21", cwd=tmp_path)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: unknown model 'plain21_cifar'")
