"""Recipes that were killed go on by `--resume`. All recipes, and more accidents: recipes/benchmarks/resume.py."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import kerascnn
from kerascnn.training import files
from kerascnn.training.resume import checkpoint

from . import ENVIRONMENT, RECIPES, command, run

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
    assert len(checkpoint.steps(killed)) == 1
    done = run("classify.py", "--out", "run", "--resume", cwd=killed.parent)
    assert (done.returncode, done.stderr) == (1, "stopped: the run in run is complete, there is nothing to resume\n")


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_it_trains_leaves_a_checkpoint_and_a_second_process_is_sent_away(tmp_path, whole):
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    words = [*FLAGS, "--epochs", "3000", "--checkpoint-every", "3"]
    process = subprocess.Popen(command("classify.py", *words), cwd=tmp_path, env=ENVIRONMENT, **pipes)
    while process.poll() is None and not checkpoint.steps(tmp_path / "run"):
        time.sleep(0.005)
    for other in (["--resume", "--out", "run"], ["--overwrite", *FLAGS]):
        second = run("classify.py", *other, cwd=tmp_path)
        assert (second.returncode, second.stdout) == (2, "")
        assert second.stderr.startswith(f"error: run: process {process.pid} on ")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    step = int(checkpoint.steps(tmp_path / "run")[0].name.removeprefix("step-"))
    assert (process.returncode, said) == (130, f"stopped by Ctrl-C; --resume --out run goes on after step {step:,}\n")
    assert not (tmp_path / "run" / ".lock").exists()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_signal_while_the_data_are_opened_is_one_line(tmp_path, number):
    script = (
        "import runpy, sys, time, kerascnn.data; kerascnn.data.load = lambda *_, **__: (print(flush=True), time.sleep"
    )
    script += "(60)); sys.argv[:] = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    words = [sys.executable, "-c", script, str(RECIPES / "classify.py"), "--out", "run"]
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process = subprocess.Popen(words, cwd=tmp_path, env=ENVIRONMENT, **pipes)
    process.stdout.readline()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    name = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
    assert said.splitlines()[-1] == f"stopped by {name}; nothing was written"
    assert "Traceback" not in said
    assert process.returncode == (130 if number == signal.SIGINT else 1)
    assert not (tmp_path / "run").exists()


ON_DEVICES = """
import os, runpy, signal, sys
devices, fatal, *sys.argv = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
from kerascnn.training.resume import checkpoint
write = checkpoint.write
def write_and_die(run, step, *rest):
    write(run, step, *rest)
    if step == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
checkpoint.write = write_and_die
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def on_devices(devices, cwd, *words, fatal=0):
    start = [sys.executable, "-c", ON_DEVICES, devices, fatal, RECIPES / "classify.py", *words]
    return subprocess.run([*map(str, start)], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1), (2, 4)])
@pytest.mark.parametrize("fatal", [10, 13])
def test_a_run_goes_on_on_another_number_of_devices(tmp_path, whole, before, after, fatal):
    """LeNet-5 has neither dropout nor batch normalization: it is the same but for rounding, at the end of an epoch and
    in the middle of one."""
    done = on_devices(before, tmp_path, *FLAGS, "--checkpoint-every", "1", fatal=fatal)
    assert done.returncode == -signal.SIGKILL, done.stderr
    done = on_devices(after, tmp_path, "--resume", "--out", "run")
    assert done.returncode == 0, done.stderr
    names = {n: f"{n} device{'s' * (n > 1)}" for n in (before, after)}
    assert f"\non {names[after]} instead of {names[before]}: the same but for rounding\n" in done.stdout
    one, other = (kerascnn.load(folder / "model.keras").get_weights() for folder in (tmp_path / "run", whole))
    for found, wanted in zip(one, other, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-5)
    found, wanted = (files.read_history(folder / "history.csv") for folder in (tmp_path / "run", whole))
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-4, err_msg=name)


@pytest.mark.slow
def test_what_is_not_the_same_on_other_devices_is_said(tmp_path):
    words = ["--model", "mobilenet_v1", "--knob", "alpha=0.25", "--knob", "dropout=0.2", *FLAGS, "--epochs", "1"]
    on_devices(2, tmp_path, *words, "--checkpoint-every", "3", fatal=6)
    done = on_devices(1, tmp_path, "--resume", "--out", "run", "--accumulate", "2")
    assert done.returncode == 0, done.stderr
    said = (
        "on 1 device, 2 parts instead of 2 devices, 1 part: the same but for rounding, and for other random numbers in"
    )
    assert f"\n{said} dropout and other shares for batch normalization\n" in done.stdout


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
