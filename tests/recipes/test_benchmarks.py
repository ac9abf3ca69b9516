"""The benchmarks run and print what they measured."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from kerascnn.analysis import macs

from . import RECIPES, run

MNIST = Path(os.environ.get("TFDS_DATA_DIR", "none"), "mnist")
CELLS = Path(os.environ.get("KERASCNN_SHARED", ""), "data/nasbench201/nb201.npz")


@pytest.mark.slow
def test_fit(tmp_path):
    done = run("benchmarks/fit.py", "--smoke", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    ratio = float(re.search(r"│ recipe .* (\d\.\d+) │", done.stdout)[1])
    assert 0 < ratio < 10
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_augment(tmp_path):
    done = run("benchmarks/augment.py", "--size", 32, "--batch", 4, "--rounds", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"^ratio +(\d+\.\d+)$", done.stdout, re.MULTILINE)[1]) > 0
    assert re.search(r"^modern +\d+ ms$", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_input(tmp_path):
    words = ["--sizes", "80x60", "--size", "32", "--photos", "16", "--batch", "4", "--rounds", "1"]
    done = run("benchmarks/input.py", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^  kerascnn .* ratio \d+\.\d+, of CPU \d+\.\d+$", done.stdout, re.MULTILINE)) == 3
    assert len(re.findall(r"^  Keras\b.*\d$", done.stdout, re.MULTILINE)) == 3
    assert "torchvision" in done.stdout, "measured, or left out with the reason"
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("proxy", ["naswot", "early_loss"])
def test_nas_replay(tmp_path, proxy):
    words = ["--seeds", "2", "--trials", "10", "--caps", "25 %", "--strategies", "plain random,evolution"]
    words += ["--proxy", proxy, "--asking", "0.2", "--processes", "1"]
    done = run("benchmarks/nas_replay.py", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "MNIST, at most 179,600 MACs" in done.stdout
    for strategy in ("plain random", "evolution", f"evolution + {proxy}"):
        assert re.search(rf"│ {re.escape(strategy)} +│ 9\d\.\d\d%", done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not MNIST.is_dir(), reason="needs MNIST in the folder that TFDS_DATA_DIR names")
def test_the_table_has_what_proxies_say(monkeypatch):
    monkeypatch.syspath_prepend(RECIPES / "benchmarks")
    from nas_table import CHOICES, TABLE, knobs, load, read, told

    rows = {tuple(row[name] for name in CHOICES): row for row in read(TABLE)}
    choices = {"block": "se", "repeats": 2, "n_filters": 12, "growth": 2, "kernel_size": 3}
    spec = knobs(**choices) | {"input_shape": [14, 14, 1], "classes": 10}
    row = rows[tuple(map(str, choices.values()))]
    said = told(spec, *load()[0])
    assert said["naswot"] == pytest.approx(float(row["naswot"]), rel=1e-3)
    assert said["early_loss"] == pytest.approx(float(row["early_loss"]), rel=1e-2)


@pytest.mark.skipif(not CELLS.is_file(), reason="needs NAS-Bench-201 below KERASCNN_SHARED")
@pytest.mark.parametrize("kinds", [(3, 3, 4, 1, 3, 1), (4, 2, 1, 2, 1, 1), (0, 0, 0, 2, 0, 0), (2, 0, 3, 0, 0, 2)])
def test_cells_cost_what_nas_bench_201_says(monkeypatch, kinds):
    monkeypatch.syspath_prepend(RECIPES / "benchmarks")
    from nas_cells import NONE, SKIP, network

    table = np.load(CELLS)
    row = (table["ops"] == kinds).all(axis=1).argmax()
    model, bare = network(kinds), network((NONE, NONE, NONE, SKIP, NONE, NONE))
    weights = [sum(weight.shape.num_elements() for weight in one.trainable_weights) for one in (model, bare)]
    assert weights[0] - weights[1] == table["cell_params"][row]
    assert macs(model) - macs(bare) == table["cell_macs"][row]
    assert network((SKIP, SKIP, SKIP, NONE, NONE, NONE)) is None


def test_cells_that_compute_the_same_are_asked_once(monkeypatch):
    monkeypatch.syspath_prepend(RECIPES / "benchmarks")
    from nas_cells import CONV1, CONV3, NONE, SKIP, computed

    once = computed((NONE, NONE, NONE, CONV1, NONE, NONE))
    assert computed((CONV1, NONE, NONE, NONE, SKIP, NONE)) == once, "by another node"
    assert computed((CONV3, NONE, NONE, CONV1, NONE, CONV3)) == once, "others lead nowhere, or come from nowhere"
    twice = computed((CONV1, CONV1, NONE, NONE, SKIP, SKIP))
    assert computed((CONV1, NONE, NONE, CONV1, SKIP, NONE)) == twice
    assert computed((CONV1, NONE, SKIP, NONE, SKIP, SKIP)) != twice, "the same one, twice"


@pytest.mark.skipif(not CELLS.is_file(), reason="needs NAS-Bench-201 below KERASCNN_SHARED")
def test_cells_that_compute_the_same_are_as_good(monkeypatch):
    """They differ in their accuracy after 200 epochs, a mean of three trainings, as one cell does from seed to seed."""
    monkeypatch.syspath_prepend(RECIPES / "benchmarks")
    from nas_cells import computed

    table, alike = np.load(CELLS), {}
    for kinds, accuracy in zip(table["ops"].tolist(), table["test_cifar10"], strict=True):
        alike.setdefault(computed(kinds), []).append(accuracy)
    deviations = [np.std(found) for found in alike.values() if len(found) > 5]
    assert len(deviations) > 100
    assert np.median(deviations) < 0.25
    assert max(deviations) < 1.5


@pytest.mark.slow
def test_startup(tmp_path):
    """Nothing heavy is imported by the help of any verb and recipe."""
    done = run("benchmarks/startup.py", "--rounds", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\S.*?) +\d+ +\d+ +\d+\.\d+$", done.stdout, re.MULTILINE)
    flagged = {path.name for path in RECIPES.glob("*.py")} - {"lenet.py"}
    assert {f"{name} --help" for name in flagged} | {"kerascnn predict --help", "classify.py --preset"} <= set(rows)
