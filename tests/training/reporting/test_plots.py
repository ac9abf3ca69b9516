"""Pictures: nothing is missing from them, whatever the numbers."""

import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
from scipy import ndimage

from kerascnn.training.reporting import plots


def is_blank(path):
    return np.ptp(matplotlib.image.imread(path)[..., :3]) == 0


@pytest.mark.parametrize("n", [2, 10, 50])
def test_confusion(n, tmp_path):
    counts = np.random.default_rng(0).integers(0, 3, (n, n)) + 50 * np.eye(n, dtype=int)
    plots.confusion(tmp_path / "a.png", counts, [f"a class by the name of {i}" for i in range(n)])
    assert not is_blank(tmp_path / "a.png")


@pytest.mark.parametrize("color", [(1, 0, 0), (0,)])
@pytest.mark.parametrize("count", [1, 9, 32])
def test_samples_are_all_there(count, color, tmp_path):
    image = np.broadcast_to(np.float32(color), (8, 8, len(color)))
    plots.samples(tmp_path / "a.png", "", [plots.Cell(image, "", "", True)] * count)
    drawn = matplotlib.image.imread(tmp_path / "a.png")[..., :3]
    areas, _ = ndimage.label((drawn == color).all(-1))
    assert (np.bincount(areas.ravel())[1:] > 1000).sum() == count


NAMES = [
    "$_$",
    "$5_$10",
    "_hidden",
    "\\input{x}",
    "\x1b[31m",
    "a\nb",
    "\udcff",
    "😀",
    "日本語",
    "عربى",
    "x" * 5000,
    "",
    " ",
    "\u202ea",
]


def test_names_can_hold_anything(tmp_path):
    """None is taken for mathematics or markup, and none warns."""
    n = len(NAMES)
    plots.confusion(tmp_path / "a.png", np.eye(n, dtype=int), NAMES)
    plots.scatter(tmp_path / "b.png", np.arange(2.0 * n).reshape(n, 2), np.arange(n), NAMES)
    cells = [plots.Cell(np.zeros((4, 4, 1)), *[plots.shortened(name)] * 2, True) for name in NAMES]
    plots.samples(tmp_path / "c.png", "", cells)
    assert not any(is_blank(tmp_path / f"{name}.png") for name in "abc")


@pytest.mark.parametrize("epochs", [1, 3, 100])
def test_curves(epochs, tmp_path):
    history = {name: np.linspace(0, 1, epochs) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    plots.curves(tmp_path / "a.png", history, ("loss", "accuracy"), epochs)
    assert not is_blank(tmp_path / "a.png")


def test_pictures_leave_the_matplotlib_backend_alone():
    code = "import kerascnn.training.reporting.plots, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
