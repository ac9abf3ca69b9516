"""Sweeps over a recipe that computes its score from its flags; over a real one in the end."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from kerascnn.errors import InputError, TrainingStopped
from kerascnn.nas.engine.trials import results
from kerascnn.nas.sweep import found, run, sweep
from kerascnn.nas.sweep_plan import Plan
from kerascnn.nas.sweep_report import publish, ranked

from ..recipes import RECIPES

RECIPE = """
import argparse, json, math, pathlib, time
parser = argparse.ArgumentParser()
for name in ("lr", "momentum", "wait"):
    parser.add_argument("--" + name, type=float, default=0.1)
for name in ("out", "augment"):
    parser.add_argument("--" + name, default="")
for name in ("resume", "nesterov"):
    parser.add_argument("--" + name, action="store_true")
cfg = parser.parse_args()
home = pathlib.Path(cfg.out)
home.mkdir(exist_ok=cfg.resume)
if cfg.augment == "wrong":
    raise SystemExit("a line\\nerror: no such augment")
with (home / "starts").open("a") as starts:
    starts.write("x")
waited = pathlib.Path(__file__).with_name("waited")
if cfg.wait > 1 and not waited.exists():
    waited.touch()
    time.sleep(600)
accuracy = 1 - 0.1 * abs(math.log10(cfg.lr) + 2) - 0.2 * abs(cfg.momentum - 0.9) + 0.1 * cfg.nesterov
result = {"accuracy": accuracy, "error": 1 - accuracy, "epochs": 3, "training_seconds": 0.5, "device": "none"}
(home / "metrics.json").write_text(json.dumps(result))
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.py"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "no recipe"),
        (["--vary", "lr=1,2", "nowhere.py"], "nowhere.py: no such file"),
        (["RECIPE"], "nothing varies"),
        (["--vary", "lr=1,2", "RECIPE", "--out", "x"], "--out: the sweep gives it to every run"),
        (["--vary", "lr=1,2", "RECIPE", "--resume"], "--resume: the sweep gives it"),
        (["--vary", "lr=1,2", "RECIPE", "--config", "x"], "--config: not in a sweep"),
        (["--vary", "lr=1,2", "RECIPE", "--lr", "3"], "--vary lr: is among the recipe's flags, too"),
        (["--vary", "lr=1,2", "RECIPE", "--lr=3"], "--vary lr: is among the recipe's flags, too"),
        (["--vary", "knob.alpha=1,2", "RECIPE", "--knob", "alpha=3"], "--vary knob.alpha: is among the recipe's"),
        (["--vary", "lr=1,2", "--strategy", "evolve", "RECIPE"], "strategy='evolve'"),
        (["--vary", "lr=1,2", "--trials", "0", "RECIPE"], "trials=0"),
        (["--vary", "lr=1,2", "--trials", "x", "RECIPE"], "--trials"),
        (["--vary", "lr=1,2", "--budget", "soon", "RECIPE"], "--budget soon"),
        (["--vary", "lr=1,2", "--out", "FOLDER", "RECIPE"], "exists and isn't empty"),
        (["--resume", "--out", "FOLDER", "RECIPE"], "holds no sweep"),
        (["--resume", "--out", "MOVED", "RECIPE"], "recipe.py: the sweep in .* is of gone.py"),
        (["--resume", "--out", "MOVED"], "no recipe: give a script"),
        (["--resume", "--out", "MOVED", "RECIPE", "--lr", "1"], "leave --vary and the recipe's flags out"),
        (["--resume", "--out", "FOLDER", "--vary", "lr=1,2"], "leave --vary and the recipe's flags out"),
        (["--highest", "accuracy", "--lowest", "loss", "RECIPE"], "not allowed with"),
        (["--vray", "lr=1,2", "RECIPE"], "--vray|no such file"),
    ],
)
def test_a_wrong_command_line_is_one_line(recipe, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thing").touch()
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "search.json").write_text(json.dumps(Plan(["gone.py"], ["lr=1,2"])._asdict()))
    known = {"RECIPE": str(recipe), "FOLDER": "taken", "MOVED": "moved"}
    with pytest.raises(InputError, match=told) as error:
        run([known.get(word, word) for word in words])
    assert "\n" not in str(error.value)
    assert not (tmp_path / "saved_models").exists()


@pytest.mark.parametrize("link", ["trial_0000", "trial_0000/run", "trial_0000/log.txt"])
def test_no_link_in_a_sweep_is_followed(recipe, tmp_path, link):
    home, mine = tmp_path / "sweep", tmp_path / "mine"
    (home / link).parent.mkdir(parents=True)
    (home / "search.json").write_text(json.dumps(Plan([str(recipe)], ["lr=1e-3..1e-2"], trials=1)._asdict()))
    mine.write_text("x") if "log" in link else mine.mkdir()
    (home / link).symlink_to(mine)
    with pytest.raises(InputError, match="leads out of it by a link"):
        run(["--resume", "--out", str(home), str(recipe)])
    assert mine.read_text() == "x" if "log" in link else not list(mine.iterdir())


# ----------------------------------------------------------------------------------------------------------- the search


@pytest.mark.parametrize("lowest", [False, True])
def test_the_best_flags_are_found(recipe, tmp_path, capsys, lowest):
    vary = ["lr=1e-4..1", "momentum=0.5,0.9,0.99", "nesterov=on,off", "augment=none,wrong"]
    plan = Plan([str(recipe)], vary, "error" if lowest else "accuracy", lowest, seed=3, trials=18)
    trials = sweep(plan, tmp_path / "sweep")
    said = capsys.readouterr().out
    assert [trial.trial for trial in trials] == [f"{i:04}" for i in range(18)]
    assert len({str(trial.values) for trial in trials}) == 18
    for trial in trials:
        if trial.values["augment"] == "wrong":
            assert (trial.status, trial.score, trial.message) == ("FAILED", None, "error: no such augment")
        else:
            home = tmp_path / "sweep" / f"trial_{trial.trial}" / "run"
            assert trial.score == json.loads((home / "metrics.json").read_text())[plan.score]
            assert (trial.status, trial.seconds) == ("COMPLETED", 0.5)
    failed = [trial for trial in trials if trial.status == "FAILED"]
    assert sum(trial.trial >= "0009" for trial in failed) < len(failed) / 2  # it has learnt what fails
    best, *others = ranked(plan, trials)
    good = 1 - best.score if lowest else best.score
    assert good > 1.0  # 1.1 is the most
    assert all(good >= (1 - other.score if lowest else other.score) for other in others)
    assert f"trial {best.trial}: {plan.score} {best.score:.4f} after 3 epochs" in said

    publish(plan, tmp_path / "sweep", trials)
    with (tmp_path / "sweep" / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == [trial.trial for trial in trials]
    assert [row[plan.score] for row in rows] == ["" if t.score is None else str(t.score) for t in trials]
    page = (tmp_path / "sweep" / "report.html").read_text()
    assert page.count("no such augment") == len(failed)
    again = shlex.split(json.loads((tmp_path / "sweep" / "winner.json").read_text())["command"])
    subprocess.run([sys.executable, *again[1:], "--out", str(tmp_path / "again")], check=True)
    assert json.loads((tmp_path / "again" / "metrics.json").read_text())[plan.score] == best.score


@pytest.mark.parametrize("strategy", ["evolution", "random"])
def test_a_sweep_goes_on_as_if_it_had_not_ended(recipe, tmp_path, strategy):
    plan = Plan([str(recipe)], ["lr=1e-4..1"], strategy=strategy, seed=1)
    whole = sweep(plan._replace(trials=6), tmp_path / "whole")
    first = sweep(plan._replace(trials=2), tmp_path / "parts")
    assert first == whole[:2]
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").rglob("run/*")}
    assert sweep(plan._replace(trials=6), tmp_path / "parts") == whole
    assert {path: path.stat().st_mtime_ns for path in times} == times
    other = sweep(plan._replace(seed=2, trials=2), tmp_path / "other")
    assert [trial.values for trial in other] != [trial.values for trial in first]


def test_a_sweep_ends_with_its_choices(recipe, tmp_path):
    trials = sweep(Plan([str(recipe)], ["lr=0.1,0.2", "nesterov=on,off"]), tmp_path / "sweep")
    assert sorted((trial.values["lr"], trial.values["nesterov"]) for trial in trials) == [
        (0.1, "off"), (0.1, "on"), (0.2, "off"), (0.2, "on"),
    ]  # fmt: skip
    assert [result.spec for result in results(tmp_path / "sweep")] == [None] * 4


def test_that_all_runs_fail_is_one_line(recipe, tmp_path):
    with pytest.raises(TrainingStopped, match=r"none of 3 .*error: no such augment") as told:
        sweep(Plan([str(recipe), "--augment", "wrong"], ["lr=1e-4..1"], trials=3), tmp_path / "sweep")
    assert "\n" not in str(told.value)


def test_a_run_that_is_killed_is_said_so(tmp_path):
    recipe = tmp_path / "recipe.py"
    recipe.write_text("import os, sys\nif '--lr 1' in ' '.join(sys.argv): os.kill(os.getpid(), 9)")
    with pytest.raises(TrainingStopped, match="none of 2"):
        sweep(Plan([str(recipe)], ["lr=1,2"]), tmp_path / "sweep")
    messages = {t.values["lr"]: t.message for t in found(Plan([str(recipe)], ["lr=1,2"]), tmp_path / "sweep")}
    assert messages == {1: "killed by signal 9", 2: "left no metrics.json"}


def test_a_score_that_there_is_not_is_one_line(recipe, tmp_path):
    with pytest.raises(
        TrainingStopped, match="no number 'accuracies'; it has accuracy, error, epochs, training_seconds"
    ):
        sweep(Plan([str(recipe)], ["lr=1e-4..1"], "accuracies"), tmp_path / "sweep")


def test_what_runs_when_the_time_is_over_is_put_off(recipe, tmp_path):
    plan = Plan([str(recipe)], ["wait=0,9"], strategy="random", seed=1, trials=2)
    began = time.monotonic()
    trials = sweep(plan._replace(budget="3s"), tmp_path / "sweep")
    assert time.monotonic() - began < 30
    assert {trial.values["wait"]: trial.status for trial in trials}[9] == "RUNNING"
    assert {trial.status for trial in sweep(plan, tmp_path / "sweep")} == {"COMPLETED"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status", "told"),
    [
        (signal.SIGKILL, -9, ""),
        pytest.param(
            signal.SIGTERM, 1, "stopped by SIGTERM; --resume --out {} RECIPE goes on with it\n", marks=pytest.mark.slow
        ),
        pytest.param(
            signal.SIGINT, 130, "stopped by Ctrl-C; --resume --out {} RECIPE goes on with it\n", marks=pytest.mark.slow
        ),
    ],
)
@pytest.mark.usefixtures("ctrl_c")
def test_a_sweep_that_is_killed_goes_on(recipe, tmp_path, number, status, told):
    home = tmp_path / "sweep"
    module = [sys.executable, "-m", "kerascnn.nas.sweep", "--out", str(home)]
    words = ["--trials", "3", "--vary", "lr=1e-4..1", str(recipe), "--wait", "2"]
    process = subprocess.Popen([*module, *words], stderr=subprocess.PIPE, text=True)
    starts = home / "trial_0000" / "run" / "starts"
    until = time.monotonic() + 120
    while not starts.exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(number)
    try:
        assert process.communicate(timeout=60)[1] == told.format(home)
    finally:
        process.kill()
    assert process.returncode == status
    assert runs_of(home) == []
    done = subprocess.run([*module, "--resume", str(recipe)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "3 runs" in done.stdout
    assert [trial.status for trial in found(Plan([str(recipe)], ["lr=1e-4..1"]), home)] == ["COMPLETED"] * 3
    assert starts.read_text() == "xx"


def runs_of(folder):
    """Processes that work in a folder."""
    lines = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if f"--out {folder}/trial" in line]


@pytest.mark.slow
def test_two_runs_at_the_same_time(recipe, tmp_path):
    words = ["--workers", "2", "--trials", "4", "--out", tmp_path / "sweep", "--vary", "lr=1e-4..1", recipe]
    done = subprocess.run(
        [sys.executable, "-m", "kerascnn.nas.sweep", *map(str, words)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    trials = found(Plan([str(recipe)], ["lr=1e-4..1"]), tmp_path / "sweep")
    assert [trial.status for trial in trials] == ["COMPLETED"] * 4
    assert (tmp_path / "sweep" / "report.html").exists()


@pytest.mark.slow
def test_a_real_recipe(tmp_path):
    words = ["--trials", "2", "--vary", "lr=1e-4..1e-2", "--vary", "batch=8,16", RECIPES / "classify.py", "--smoke"]
    done = subprocess.run(
        [sys.executable, "-m", "kerascnn.nas.sweep", *map(str, words)],
        capture_output=True, text=True, timeout=600, cwd=tmp_path, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    home = tmp_path / "saved_models" / "sweep-classify"
    winner = json.loads((home / "winner.json").read_text())
    assert f"{winner['accuracy']:.4f}" in done.stdout
    assert winner["command"].startswith(f"python {RECIPES / 'classify.py'} --smoke --lr ")
    for trial in range(2):
        run_folder = home / f"trial_{trial:04}" / "run"
        assert {"model.keras", "metrics.json", "report.html"} <= {path.name for path in run_folder.iterdir()}
