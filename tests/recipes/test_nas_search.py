"""`recipes/nas_search.py`: what a search leaves, in one process and in several, and that it goes on."""

import csv
import json
import shutil

import numpy as np
import pytest

import kerascnn
from kerascnn import nas

from . import run

FLAGS = ["--smoke", "--out", "run"]


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The folder that `--smoke` leaves, and what it said."""
    cwd = tmp_path_factory.mktemp("smoke")
    done = run("nas_search.py", *FLAGS, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd / "run", done


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def trials(folder):
    """What was tried and what came out, without its times."""
    return [(trial.trial, trial.status, trial.spec, trial.curve) for trial in nas.results(folder)]


def test_says_what_fits_before_it_trains(smoke):
    folder, done = smoke
    assert done.stderr == ""
    first, second = done.stdout.splitlines()[:2]
    assert "of the space vgg fits the budget" in first
    compare = sum(round(count / 3) for count in kerascnn.data.load("digits", limit=64).class_counts())
    assert second.startswith(f"digits, {64 - compare} images to train on in an epoch and {compare} to compare by")
    assert f"{read(folder / 'winner' / 'metrics.json')['accuracy']:.2%}" in done.stdout


def test_leaves_a_whole_folder(smoke):
    folder, _ = smoke
    names = {path.name for path in folder.iterdir()}
    pictures = {"costs.png", "networks.png", "curves.png"}
    assert names - pictures == {
        "search.json", "search.json.before", "trial_0000", "trial_0001", "trials.csv", "report.html", "README.md",
        "winner.json", "winner",
    }  # fmt: skip
    with (folder / "trials.csv").open(newline="", encoding="utf-8") as file:
        assert [row["trial"] for row in csv.DictReader(file)] == ["0000", "0001"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 3
    assert f"{read(folder / 'winner' / 'metrics.json')['accuracy']:.2%}" in page


def test_the_winner_is_the_best_trial_and_a_network_that_build_makes(smoke):
    folder, _ = smoke
    spec = read(folder / "winner.json")
    best = max(nas.results(folder), key=lambda trial: (trial.curve[1], -trial.count.macs))
    assert spec == best.spec
    model = kerascnn.build(**spec)
    trained = kerascnn.load(folder / "winner" / "model.keras")
    assert [w.shape for w in model.weights] == [w.shape for w in trained.weights]
    model.set_weights(trained.get_weights())
    images = np.random.default_rng(0).standard_normal((4, *spec["input_shape"])).astype("float32")
    np.testing.assert_allclose(model(images), trained(images), atol=1e-6)
    assert read(folder / "winner" / "metrics.json")["parameters"] == nas.count(spec).params


def test_the_winner_is_an_ordinary_run_of_its_last_epoch(smoke):
    folder, _ = smoke
    config, metrics = (read(folder / "winner" / name) for name in ("config.json", "metrics.json"))
    about = read(folder / "search.json")
    assert config["train_images"] == about["train_images"] + about["validation_images"]
    assert metrics["best_epoch"] == metrics["epochs"] == 1
    card = (folder / "winner" / "README.md").read_text(encoding="utf-8")
    assert "No paper's network: staged with blocks=" in card
    assert "Departures" not in card


def test_what_is_complete_stays(smoke):
    folder, _ = smoke
    before = trials(folder)
    done = run("nas_search.py", "--out", "run", "--resume", cwd=folder.parent)
    assert (done.returncode, trials(folder)) == (1, before)
    assert done.stderr == "stopped: the run in run/winner is complete, there is nothing to resume\n"


@pytest.mark.slow
def test_one_that_was_killed_in_its_last_trial_ends_as_if_nothing_had_happened(smoke, tmp_path):
    folder, _ = smoke
    run_folder = tmp_path / "run"
    shutil.copytree(folder, run_folder)
    about = read(run_folder / "search.json")
    (run_folder / "search.json").write_text(json.dumps({**about, "ended": False}))
    for name in ("trial_0001", "winner"):
        shutil.rmtree(run_folder / name)
    done = run("nas_search.py", "--out", "run", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "which goes on" in done.stdout
    assert trials(run_folder) == trials(folder)
    again, before = (read(home / "winner" / "metrics.json") for home in (run_folder, folder))
    assert {name: again[name] for name in ("loss", "accuracy", "macs")}.items() <= before.items()


@pytest.mark.slow
def test_two_workers_look_for_a_front(tmp_path):
    words = ["--workers", "2", "--goal", "pareto-macs"]
    done = run("nas_search.py", *FLAGS, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "run"
    assert [trial.status for trial in nas.results(folder)] == ["COMPLETED"] * 2
    assert read(folder / "front.json")["cost"] == "macs"
    assert (folder / "winner" / "model.keras").exists()


def test_wrong_input_is_one_line_and_leaves_nothing(tmp_path):
    done = run("nas_search.py", "--smoke", "--max-params", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no network of the space vgg fits max_params=1: the smallest has")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
