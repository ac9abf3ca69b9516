"""`recipes/nas_search.py`: what a search leaves, in one process and in several, and that it goes on."""

import csv
import json
import signal
import subprocess
import time

import numpy as np
import pytest

import kerascnn
from kerascnn import nas

from . import ENVIRONMENT, command, run

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
    assert second.startswith("digits, 5")
    assert f"{read(folder / 'winner' / 'metrics.json')['accuracy']:.2%}" in done.stdout


def test_leaves_a_whole_folder(smoke):
    folder, _ = smoke
    names = {path.name for path in folder.iterdir()}
    pictures = {"costs.png", "networks.png", "curves.png"}
    assert names - pictures == {
        "search.json", "trial_0000", "trial_0001", "trials.csv", "report.html", "README.md", "winner.json", "winner",
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
def test_killed_in_the_search_and_in_the_winners_training_it_goes_on(smoke, tmp_path):
    folder, _ = smoke
    words = [*FLAGS, "--winner-epochs", "6"]
    for file in ("trial_0001/trial.json", "winner/checkpoints/step-000000002/SHA256SUMS"):
        process = subprocess.Popen(
            command("nas_search.py", *words, "--resume", "--checkpoint-every", "2"),
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
        )
        while process.poll() is None and not (tmp_path / "run" / file).exists():
            time.sleep(0.01)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    done = run("nas_search.py", "--out", "run", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "which goes on" in done.stdout
    assert trials(tmp_path / "run") == trials(folder)
    assert read(tmp_path / "run" / "winner" / "metrics.json")["epochs"] == 6


@pytest.mark.slow
def test_two_workers(tmp_path):
    done = run("nas_search.py", *FLAGS, "--workers", "2", "--trials", "3", "--objective", "pareto-macs", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "run"
    assert [trial.status for trial in nas.results(folder)] == ["COMPLETED"] * 3
    assert read(folder / "front.json")["cost"] == "macs"
    assert (folder / "winner" / "model.keras").exists()
    before = read(folder / "search.json")
    assert run("nas_search.py", "--smoke", "--out", "run", "--overwrite", "--trials", "1", cwd=tmp_path).returncode == 0
    assert len(nas.results(folder)) == 1
    assert read(folder / "search.json")["flags"] != before["flags"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--familly vgg", "unknown flag '--familly': did you mean --family"),
        ("--family vggg", "unknown family 'vggg': did you mean vgg"),
        ("--max-params 1", "no network of the space vgg fits max_params=1: the smallest has"),
        ("--max-params 20M --max-macs ten", "max_macs='ten': must be a number above zero"),
        ("--strategy hyperband --objective pareto-macs", "goal='pareto-macs': the strategy hyperband only looks"),
        ("--family resnet20_cifar --knob n_filter=8,16", "unknown knob of resnet20_cifar 'n_filter': did you mean"),
        ("--data digit", "unknown data set 'digit': did you mean digits"),
    ],
)
def test_wrong_input_is_one_line_and_leaves_nothing(words, message, tmp_path):
    done = run("nas_search.py", "--smoke", *words.split(), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
