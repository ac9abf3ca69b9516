"""How quickly the package, its verbs and the recipes start, beside `python -c pass`.

    python recipes/benchmarks/startup.py
    python recipes/benchmarks/startup.py --rounds 5

Every line alternates with `python -c pass` and prints the median of both and their ratio; at most 5 is the aim.
Bytecode is compiled before, as `pip install` does. It fails where Keras, TensorFlow or NumPy was imported on the way.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

COMMAND = str(Path(sys.executable).with_name("kerascnn"))
RECIPES = sorted(file for file in Path(__file__).parents[1].glob("*.py") if file.stem != "lenet")  # which has no flags
HEAVY = ("keras", "tensorflow", "jax", "torch", "numpy")


def lines() -> dict[str, list[str]]:
    """What to start, by name: the words behind `python`."""
    told = subprocess.run([sys.executable, COMMAND, "--help"], check=True, capture_output=True, text=True).stdout
    verbs = re.findall(r"^    ([a-z][a-z-]*)(?: |$)", told, re.MULTILINE)
    classify = str(Path(__file__).parents[1] / "classify.py")
    return {
        "import kerascnn": ["-c", "import kerascnn"],
        "kerascnn --help": [COMMAND, "--help"],
        "kerascnn list": [COMMAND, "list"],
        "kerascnn info resnet50": [COMMAND, "info", "resnet50"],
        "kerascnn augment --how": [COMMAND, "augment", "--how"],
        "-m kerascnn.nas.sweep --help": ["-m", "kerascnn.nas.sweep", "--help"],
        **{f"kerascnn {verb} --help": [COMMAND, verb, "--help"] for verb in verbs},
        **{f"{file.name} --help": [str(file), "--help"] for file in RECIPES},
        **{f"classify.py --{flag}": [classify, f"--{flag}"] for flag in ("preset", "augment", "model", "schedule")},
    }


def seconds(line: list[str]) -> float:
    begin = perf_counter()
    subprocess.run([sys.executable, *line], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - begin


def heavy_imports(line: list[str]) -> set[str]:
    done = subprocess.run([sys.executable, "-X", "importtime", *line], check=True, capture_output=True, text=True)
    return {row.split("|")[-1].strip() for row in done.stderr.splitlines()} & set(HEAVY)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rounds", type=int, default=15)
rounds = parser.parse_args().rounds
with tempfile.TemporaryDirectory() as compiled:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = compiled
    print(f"{'':28}{'ms':>8}{'pass, ms':>10}{'ratio':>8}")
    for name, line in lines().items():
        if found := heavy_imports(line):
            sys.exit(f"{name} imports {', '.join(sorted(found))}")
        pairs = [(seconds(line), seconds(["-c", "pass"])) for _ in range(rounds)]
        ours, bare = (1000 * median(times) for times in zip(*pairs, strict=True))
        print(f"{name:28}{ours:8.0f}{bare:10.0f}{ours / bare:8.1f}", flush=True)
