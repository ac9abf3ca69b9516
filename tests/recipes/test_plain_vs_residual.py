"""`recipes/plain_vs_residual.py`: what a run leaves, and that its networks learn as if each were alone."""

import csv
import json

import keras
import matplotlib.image
import numpy as np
import pytest

import kerascnn
from kerascnn.training import CrossEntropy, SideBySide
from kerascnn.training.procedure.epochs import epochs

from . import run

NAMES = ["plain20_cifar", "plain32_cifar", "resnet20_cifar", "resnet32_cifar"]


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


def networks(classes=3):
    keras.utils.set_random_seed(0)
    small = dict(input_shape=(8, 8, 1), classes=classes, n_filters=2, repeats=(1, 1))
    return [kerascnn.build(name, **small) for name in ("plain20_cifar", "resnet20_cifar")]


def test_each_learns_as_if_it_were_alone():
    rng = np.random.default_rng(0)
    batches = [(rng.standard_normal((6, 8, 8, 1)).astype("float32"), rng.integers(0, 3, 6)) for _ in range(3)]
    together, alone = networks(), networks()
    model = SideBySide(together)
    for trained in (model, *alone):
        trained.compile(keras.optimizers.SGD(0.1, momentum=0.9), CrossEntropy())
    logs = [model.train_on_batch(*batch, return_dict=True) for batch in batches][-1]
    for one, other in zip(alone, together, strict=True):
        loss = [one.train_on_batch(*batch) for batch in batches][-1]
        assert logs[f"{one.name}_loss"] == pytest.approx(float(loss), rel=1e-4)
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.slow
def test_a_budget_is_divided_among_their_epochs():
    images = kerascnn.data.load("digits", (8, 8, 1), batch=4, limit=16)
    model = SideBySide(networks(classes=10))
    assert epochs(0, "1h", model, images) > 10
