"""How quickly the package and its command line start, beside `python -c pass`.

    python recipes/benchmarks/startup.py

Every line alternates with `python -c pass` and prints the median of both and their ratio; at most 5 is the aim. It
fails where Keras or TensorFlow was imported on the way.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

ROUNDS = 15
COMMAND = str(Path(sys.executable).with_name("kerascnn"))
LINES = {
    "import kerascnn": ["-c", "import kerascnn"],
    "kerascnn --help": [COMMAND, "--help"],
    "kerascnn list": [COMMAND, "list"],
    "kerascnn info resnet50": [COMMAND, "info", "resnet50"],
}
HEAVY = ("keras", "tensorflow", "jax", "torch", "numpy")


def seconds(line: list[str]) -> float:
    begin = perf_counter()
    subprocess.run([sys.executable, *line], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - begin


def heavy_imports(line: list[str]) -> set[str]:
    done = subprocess.run([sys.executable, "-X", "importtime", *line], check=True, capture_output=True, text=True)
    return {row.split("|")[-1].strip() for row in done.stderr.splitlines()} & set(HEAVY)


print(f"{'':24}{'ms':>8}{'pass, ms':>10}{'ratio':>8}")
for name, line in LINES.items():
    if found := heavy_imports(line):
        sys.exit(f"{name} imports {', '.join(sorted(found))}")
    pairs = [(seconds(line), seconds(["-c", "pass"])) for _ in range(ROUNDS)]
    ours, bare = (1000 * median(times) for times in zip(*pairs, strict=True))
    print(f"{name:24}{ours:8.0f}{bare:10.0f}{ours / bare:8.1f}")
