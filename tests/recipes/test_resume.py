"""Recipes that were killed go on by `--resume`. The whole sweep is recipes/benchmarks/resume.py."""

import json
import signal
import subprocess
import time

import pytest

from kerascnn.training import files
from kerascnn.training.resume import checkpoint

from . import ENVIRONMENT, command, run

FLAGS = ["--epochs", "3", "--limit", "160", "--batch", "16", "--out", "run"]
TIMING = ("seconds", "images_per_second", "training_seconds")


def outcome(folder):
    """What a run found out, without its times."""
    metrics, history = files.read_json(folder / "metrics.json"), files.read_history(folder / "history.csv")
    kept = {name: value for name, value in metrics.items() if name not in TIMING}
    return kept, {name: column for name, column in history.items() if name not in TIMING}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing has disturbed."""
    cwd = tmp_path_factory.mktemp("whole")
    assert run("classify.py", *FLAGS, cwd=cwd).returncode == 0
    return cwd / "run"


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A run that was killed after its first checkpoint."""
    cwd = tmp_path_factory.mktemp("killed")
    process = subprocess.Popen(
        command("classify.py", *FLAGS, "--checkpoint-every", "3"), cwd=cwd, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not checkpoint.steps(cwd / "run"):
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    return cwd / "run"


def test_another_run_than_the_one_that_began(killed):
    done = run("classify.py", "--out", "run", "--resume", "--lr", "0.5", "--model", "nin_cifar", cwd=killed.parent)
    assert (done.returncode, done.stdout) == (2, "")
    differences = "--lr 0.002, not 0.5, --model 'lenet5', not 'nin_cifar'"
    assert done.stderr == f"error: --resume: the run in run has {differences}; leave such flags out\n"
    done = run("classify.py", *FLAGS, cwd=killed.parent)
    assert done.returncode == 2
    assert "--resume goes on with the run in it" in done.stderr


def test_goes_on_without_its_flags_and_ends_as_if_nothing_had_happened(killed, whole):
    done = run("classify.py", "--out", "run", "--resume", cwd=killed.parent)
    assert done.returncode == 0, done.stderr
    assert "which goes on after step" in done.stdout
    assert outcome(killed) == outcome(whole)
    assert not (killed / checkpoint.HOME).exists()
    done = run("classify.py", "--out", "run", "--resume", cwd=killed.parent)
    assert (done.returncode, done.stderr) == (1, "stopped: the run in run is complete, there is nothing to resume\n")


def test_nothing_to_resume_begins(tmp_path, whole):
    """So that a cluster can always give the same command."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps({"kerascnn": "0", "flags": {}}))  # killed very early
    done = run("classify.py", *FLAGS, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert outcome(tmp_path / "run") == outcome(whole)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume"], "--resume: needs --out DIR"),
        pytest.param(["--resume", "--overwrite", "--out", "run"], "give one of them", marks=pytest.mark.slow),
        (["--resume", "--out", "other"], "holds no run of kerascnn, so --resume leaves it alone"),
        pytest.param(
            ["--checkpoint-every", "soon"],
            "must be epoch, a number of steps, or a time like 30s, 5m or 1h",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_wrong_input(words, message, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    done = run("classify.py", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
