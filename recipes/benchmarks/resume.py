"""Kill a training run in many ways, let it go on, and compare it with the run that was never stopped, bit by bit.

    python recipes/benchmarks/resume.py [--trials 20] [--replicas 1,2] [--seed 0]

The run has dropout, batch norm, augmentation, a moving average of the weights, a schedule that waits for a plateau and
early stopping. It is killed (SIGKILL) at a random moment; in the middle of writing a checkpoint; at a random moment,
whereupon the last checkpoint loses its second half; or its disk becomes full (a small tmpfs, where root may mount one).
Then it goes on by `--resume`. It survives where all its weights, the optimizer, the seeds, the history and the best
model are those of the undisturbed run.

Measured on two busy CPU cores, 2026-11-25: 20 of 20 on one device and 20 of 20 on two replicas, five of each accident.
"""

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

RECIPE = Path(__file__).parents[1] / "classify.py"
FLAGS = """
--model mobilenet_v1 --knob alpha=0.25 --knob dropout=0.2 --limit 192 --batch 32 --epochs 8 --augment lectures
--optimizer sgd --lr 0.02 --ema 0.9 --schedule plateau --patience 4 --checkpoint-every 4 --out
"""
RECIPE_WITH_FAULTS = """
import os, runpy, signal, sys
replicas, fatal, *sys.argv = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
from kerascnn.training import checkpoint
checkpoint.clear = lambda run: None  # the last one is compared
sync, left = os.fsync, iter(range(fatal))
def fsync(handle):  # once for each part of a checkpoint
    if fatal and next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)
os.fsync = fsync
runpy.run_path(sys.argv[0], run_name="__main__")
"""
FAULTS = ("killed", "killed while it wrote a checkpoint", "killed, last checkpoint torn", "disk full")
TIMING = ("seconds", "images_per_second")


def start(folder: Path, replicas: int, *words: str, fatal: int = 0) -> subprocess.Popen:
    """Start the recipe; before its part of a checkpoint number `fatal` + 1 is on the disk, it kills itself."""
    command = [
        sys.executable,
        "-c",
        RECIPE_WITH_FAULTS,
        str(replicas),
        str(fatal),
        str(RECIPE),
        *FLAGS.split(),
        str(folder),
    ]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen([*command, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def end(process: subprocess.Popen) -> str:
    """What it printed."""
    output = process.communicate()[0].decode()
    if process.returncode:
        raise RuntimeError(f"status {process.returncode}: {output[-2000:]}")
    return output


def result(folder: Path) -> dict[str, bytes]:
    """All that has to be equal, by name."""
    last = sorted(folder.glob("checkpoints/step-*"))[-1]
    with np.load(last / "state.npz") as arrays:
        found = {name: array.tobytes() for name, array in arrays.items() if not name.startswith("metrics/")}
    with (folder / "history.csv").open(newline="") as file:
        rows = [{name: value for name, value in row.items() if name not in TIMING} for row in csv.DictReader(file)]
    with zipfile.ZipFile(folder / "model.keras") as archive:
        best = archive.read("model.weights.h5")
    return {
        **found,
        "step": last.name.removeprefix("step-").encode(),
        "history": json.dumps(rows).encode(),
        "best model": best,
    }


def disturb(fault: str, folder: Path, replicas: int, steps: int, chance: random.Random) -> None:
    """Let a run of so many steps meet with an accident, at a random moment after its first checkpoint."""
    if fault == "killed while it wrote a checkpoint":
        start(folder, replicas, fatal=chance.randrange(1, 40)).communicate()
        return
    process = start(folder, replicas)
    moment = folder / "checkpoints" / f"step-{chance.randrange(4, steps, 4):09}"
    while process.poll() is None and not moment.exists():
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 1))
    if fault == "disk full":
        with (folder.parent / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
        process.communicate()
        (folder.parent / "filler").unlink()
        return
    process.send_signal(signal.SIGKILL)
    process.communicate()
    if fault == "killed, last checkpoint torn" and (checkpoints := sorted(folder.glob("checkpoints/step-*[0-9]"))):
        state = checkpoints[-1] / "state.npz"
        os.truncate(state, state.stat().st_size // 2)


@contextmanager
def small_disk(megabytes: int):
    """A folder on a disk of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def may_mount() -> bool:
    try:
        with small_disk(1):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def temporary_folder():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--replicas", default="1,2")
    parser.add_argument("--seed", type=int, default=0)
    cfg = parser.parse_args()
    faults = FAULTS if may_mount() else FAULTS[:-1]
    table = Table("replicas", "accident", "survived", "of")
    for replicas in map(int, cfg.replicas.split(",")):
        with temporary_folder() as folder:
            end(start(folder / "run", replicas))
            wanted = result(folder / "run")
        survived = dict.fromkeys(faults, 0)
        for trial in range(cfg.trials):
            fault = faults[trial % len(faults)]
            with small_disk(32) if fault == "disk full" else temporary_folder() as folder:
                disturb(
                    fault,
                    folder / "run",
                    replicas,
                    int(wanted["step"]),
                    random.Random(f"{cfg.seed} {replicas} {trial}"),
                )
                reached = [path.name for path in sorted(folder.glob("run/checkpoints/step-*"))]
                output = end(start(folder / "run", replicas, "--resume"))
                found = result(folder / "run")
            differ = [name for name in wanted | found if wanted.get(name) != found.get(name)]
            survived[fault] += not differ
            goes_on = [line for line in output.splitlines() if "goes on after" in line or "damaged" in line]
            print(f"{replicas} replicas, {trial + 1}: {fault}; left {reached}; {goes_on}; differ: {differ}", flush=True)
        for i, fault in enumerate(faults):
            table.add_row(str(replicas), fault, str(survived[fault]), str(len(range(i, cfg.trials, len(faults)))))
        table.add_row(str(replicas), "all", str(sum(survived.values())), str(cfg.trials), end_section=True)
    Console().print(table)


if __name__ == "__main__":
    main()
