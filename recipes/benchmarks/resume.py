"""Let accidents happen to trainings, let them go on, and compare with those that were never disturbed, bit by bit.

    python recipes/benchmarks/resume.py [--recipes classify,unet_seg] [--accidents "killed,Ctrl-C"] [--rounds 2]

Of each recipe one run is undisturbed. Others are killed (SIGKILL) at a random moment, or while they write a checkpoint,
or lose half of their last checkpoint besides; are asked to end by SIGTERM, Ctrl-C or SIGHUP; have a disk that becomes
full, or a folder that cannot be written; lose their folder, which comes back; or a second process takes the same
folder. Then they go on by `--resume`. A run is equal where the weights, the optimizer, the seeds, the history, the best
model and metrics.json are those of the undisturbed run; of a search all trials and the winner. A process that ends by
itself must have said so in one line.

Measured on two CPU cores, 2026-11-30: of 76 disturbed runs of seven recipes, seed 0, 65 were equal. The other 11 did
not go on, or ended with more than one line; no weight was another. Their faults are mended, all 11 cells were repeated
(8 with seed 0, 3 with seed 1) and are equal. Of 9 runs with seed 1, 8 were equal; one was asked to end while it ended,
and did so without a line, which is mended, too.
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

RECIPES = {  # name -> flags; some have dropout, batch normalization, augmentation, averages, plateaus or noise
    "classify": "--model mobilenet_v1 --knob alpha=0.25 --knob dropout=0.2 --limit 96 --batch 16 --epochs 3 "
    "--augment lectures --optimizer sgd --lr 0.02 --ema 0.9 --schedule plateau --patience 4",
    "autoencoder": "--limit 64 --batch 8 --epochs 3 --noise 0.2",
    "unet_seg": "--limit 16 --batch 4 --size 32 --epochs 3 --knob n_filters=4 --knob dropout=0.1",
    "siamese_oneshot": "--data digits --limit 8 --batch 8 --epochs 2 --copies 1",
    "siamese_koch": "--data digits --limit 8 --batch 8 --epochs 2",
    "plain_vs_residual": "--limit 32 --batch 8 --epochs 2 --depths 20",
    "nas_search": "--limit 64 --batch 8 --trials 2 --epochs 2 --winner-epochs 2",
}
EVERY = ["--checkpoint-every", "3"]
ACCIDENTS = (
    "killed",
    "killed while it wrote a checkpoint",
    "killed, last checkpoint torn",
    "SIGTERM",
    "Ctrl-C",
    "SIGHUP",
    "two at once",
    "folder away",
    "read-only",
    "disk full",
)
SIGNALS = {"killed": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "Ctrl-C": signal.SIGINT, "SIGHUP": signal.SIGHUP}
RECIPE_WITH_FAULTS = """
import os, runpy, signal, sys
replicas, fatal, *sys.argv = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
if replicas > 1:
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
sync, left = os.fsync, iter(range(fatal))
def fsync(handle):  # of each file that is written aside
    if fatal and next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)
os.fsync = fsync
runpy.run_path(sys.argv[0], run_name="__main__")
"""
TIMING = ("seconds", "images_per_second", "training_seconds", "device")
DISK = 128  # megabytes


class Recipe:
    """A recipe that trains in a folder, on so many virtual devices."""

    def __init__(self, name: str, replicas: int = 1):
        self.name, self.replicas = name, replicas
        self.script = Path(__file__).parents[1] / f"{name}.py"

    def start(self, out: Path, *words: str, fatal: int = 0) -> subprocess.Popen:
        """Start it; after so many files it kills itself."""
        command = [sys.executable, "-c", RECIPE_WITH_FAULTS, str(self.replicas), str(fatal), str(self.script)]
        words = ["--out", str(out), *EVERY, *(words or RECIPES[self.name].split())]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return subprocess.Popen([*command, *words], env=environment, **pipes)


def end(process: subprocess.Popen) -> tuple[int, str, str]:
    """Its status, what it printed, and what it said of its end."""
    out, said = process.communicate()
    return process.returncode, out, said


def result(folder: Path) -> dict[str, bytes]:
    """All that has to be equal, by name; where there is a folder `winner`, of a search."""
    found = {}
    for trial in sorted(folder.glob("trial_*/trial.json")):
        state = json.loads(trial.read_text())
        curves = {name: value for name, value in state["metrics"]["metrics"].items() if name not in TIMING}
        found[trial.parent.name] = json.dumps([state["status"], state["spec"], curves, state["score"]]).encode()
    run = folder / "winner" if found else folder
    last = sorted(run.glob("checkpoints/step-*"))[-1]
    with np.load(last / "state.npz") as arrays:
        found |= {name: array.tobytes() for name, array in arrays.items() if not name.startswith("metrics/")}
    with (run / "history.csv").open(newline="") as file:
        rows = [{name: value for name, value in row.items() if name not in TIMING} for row in csv.DictReader(file)]
    metrics = json.loads((run / "metrics.json").read_text())
    with zipfile.ZipFile(run / "model.keras") as archive:
        best = archive.read("model.weights.h5")
    return {
        **found,
        "step": last.name.removeprefix("step-").encode(),
        "history": json.dumps(rows).encode(),
        "metrics": json.dumps({name: value for name, value in metrics.items() if name not in TIMING}).encode(),
        "best model": best,
    }


def disturb(accident: str, recipe: Recipe, out: Path, seconds: float, chance: random.Random) -> list[str]:
    """Let a run that takes so long meet with an accident.

    Returns:
        What was said that is not one line.
    """
    if accident == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", str(out.parent)], check=True)
        status, _, said = end(recipe.start(out))
        subprocess.run(["mount", "-o", "remount,rw", str(out.parent)], check=True)
        return wrong(said, status, (2,))
    if accident == "killed while it wrote a checkpoint":
        end(recipe.start(out, fatal=chance.randrange(2, 16)))
        return []
    process = recipe.start(out)
    moment = time.monotonic() + chance.uniform(3, seconds)
    while process.poll() is None and (time.monotonic() < moment or (accident not in SIGNALS and not begun(out))):
        time.sleep(0.01)
    if accident == "two at once":
        status, _, said = end(recipe.start(out, "--resume"))
        first = end(process)
        return wrong(said, status, (2, 1)) + wrong(first[2], first[0], (0,))
    if accident == "disk full":
        with (out.parent / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
        status, _, said = end(process)
        (out.parent / "filler").unlink()
        return wrong(said, status, (0, 1))
    if accident == "folder away":
        away = out.with_name("away")
        if out.exists():
            out.rename(away)
        status, _, said = end(process)
        if away.exists():
            away.rename(out)
        return wrong(said, status, (0, 1, 2))
    process.send_signal(SIGNALS.get(accident, signal.SIGKILL))
    status, _, said = end(process)
    if accident == "killed, last checkpoint torn":
        for home in out.glob("**/checkpoints"):
            if len(kept := sorted(home.glob("step-*[0-9]"))) > 1:
                os.truncate(kept[-1] / "state.npz", (kept[-1] / "state.npz").stat().st_size // 2)
    if accident.startswith("killed"):
        return []
    return wrong(said, status, (0, 130 if accident == "Ctrl-C" else 1))


def begun(out: Path) -> bool:
    """Whether there is something to lose."""
    return any(out.glob("checkpoints/step-*[0-9]")) or any(out.glob("trial_*/trial.json"))


def wrong(said: str, status: int, allowed: tuple[int, ...]) -> list[str]:
    """What is wrong with the end of a process: one line and one of these statuses, nothing with status 0."""
    lines = said.splitlines()
    fine = status in allowed and len(lines) == (status != 0)
    return [] if fine else [f"status {status}: {said[-500:]}"]


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


def tried(accident: str, recipe: Recipe, wanted: dict, seconds: float, chance: random.Random) -> list[str]:
    """What is wrong after an accident and a run that goes on."""
    with small_disk(DISK) if accident in ("disk full", "read-only") else temporary_folder() as folder:
        faults = disturb(accident, recipe, folder / "run", seconds, chance)
        status, out, said = end(recipe.start(folder / "run", *RECIPES[recipe.name].split(), "--resume"))
        if status and "is complete, there is nothing to resume" not in said:
            return [*faults, f"--resume: status {status}: {said[-500:]}"]
        lines = [line for line in out.splitlines() if "goes on" in line or "anew" in line or "damaged" in line]
        print(f"    {lines or said.strip()}", flush=True)
        found = result(folder / "run")
        differ = [name for name in wanted | found if wanted.get(name) != found.get(name)]
        return faults + [f"differ: {', '.join(differ[:5])}"] * bool(differ)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", default=",".join(RECIPES))
    parser.add_argument("--accidents", default=",".join(ACCIDENTS).replace(", ", "; "))
    parser.add_argument("--rounds", type=int, default=1, help="of each accident")
    parser.add_argument("--replicas", type=int, default=1, help="the number of virtual devices")
    parser.add_argument("--seed", type=int, default=0)
    cfg = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGHUP):  # what a shell or `nohup` ignores, children would ignore, too
        signal.signal(number, signal.SIG_DFL)
    accidents = [name.replace("; ", ", ") for name in cfg.accidents.split(",")]
    if not may_mount():
        accidents = [name for name in accidents if name not in ("disk full", "read-only")]
    recipes = {name: Recipe(name, cfg.replicas) for name in cfg.recipes.split(",")}
    whole, equal = {}, {}
    for name, recipe in recipes.items():
        with temporary_folder() as folder:
            began = time.monotonic()
            status, _, said = end(recipe.start(folder / "run"))
            if status:
                sys.exit(f"{name}: status {status}: {said[-2000:]}")
            whole[name] = result(folder / "run"), time.monotonic() - began
        print(f"{name}: {whole[name][1]:.0f} s undisturbed", flush=True)
    for i in range(cfg.rounds):
        for accident in accidents:
            for name, recipe in recipes.items():
                chance = random.Random(f"{cfg.seed} {name} {accident} {i}")
                faults = tried(accident, recipe, *whole[name], chance)
                equal.setdefault((name, accident), []).append(not faults)
                print(f"{name}, {accident}: {'; '.join(faults) or 'equal'}", flush=True)
    table = Table("accident", *recipes, "all")
    for accident in [*accidents, "all"]:
        rows = {
            name: [fine for (a, n), found in equal_by(equal) if n == name and accident in (a, "all") for fine in found]
            for name in recipes
        }
        rows["all"] = [fine for found in rows.values() for fine in found]
        table.add_row(accident, *(f"{sum(found)}/{len(found)}" for found in rows.values()))
    Console(width=160).print(table)


def equal_by(equal):
    return [((accident, name), found) for (name, accident), found in equal.items()]


if __name__ == "__main__":
    main()
