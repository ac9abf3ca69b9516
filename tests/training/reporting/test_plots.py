"""Pictures: nothing is missing from them, whatever the numbers."""

import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from scipy import ndimage

from kerascnn.analysis import figures
from kerascnn.nas.outcome import plots as of_searches
from kerascnn.training.reporting import plots
from kerascnn.training.tasks import segmentation


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


def test_strips_have_titles(tmp_path):
    rows = {name: np.ones((3, 8, 8, 1)) for name in ("original", "autoencoder")}
    for i, titles in enumerate([(), ("0.1", "0.2", "$")]):
        plots.strips(tmp_path / f"{i}.png", rows, titles)
    heights = [matplotlib.image.imread(tmp_path / f"{i}.png").shape[0] for i in range(2)]
    assert heights[0] < heights[1]


# Machado, Oliveira, Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency", severity
# 1.0, https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html: of linear RGB.
EYES = {
    "all cones": np.eye(3),
    "no red ones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green ones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
# IEC 61966-2-1 (sRGB, white D65) and CIE 15 (L*a*b*)
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def lab(colors, eye):
    encoded = np.array([to_rgb(color) for color in colors])
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    share = np.clip(linear @ np.transpose(EYES[eye]), 0, 1) @ TO_XYZ.T / WHITE
    x, y, z = np.where(share > (6 / 29) ** 3, np.cbrt(share), share * (29 / 6) ** 2 / 3 + 4 / 29).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def test_the_scale_of_these_tests():
    """CIELAB of red and blue, as every table has them; red and green are alike without the cones for green."""
    np.testing.assert_allclose(lab(["#ff0000", "#0000ff"], "all cones"), [[53, 80, 67], [32, 79, -108]], atol=1)
    red, green = lab(["#c62828", "#1a7f37"], "no green ones")
    assert np.linalg.norm(red - green) < 20, "which was in use before"


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(
    "colors",
    [
        [plots.TRAIN, plots.HELD_OUT],
        [plots.RIGHT, plots.WRONG, plots.HELD_OUT],
        plots.COLORS,
        plots.SHADES,
        [*segmentation.TINTS, segmentation.MISSED, segmentation.WRONG, "#808080"],
        [of_searches.OTHER, of_searches.KEPT, of_searches.BEST, of_searches.LIMIT],
        [of_searches.OTHER, *plots.COLORS[:4]],
        list(figures.COLORS.values()),
    ],
    ids=["curves", "answers", "lines", "classes", "overlays", "costs", "searches", "networks"],
)
def test_colors_can_be_told_apart(colors, eye):
    """Two of them are 20 apart in CIELAB, where 2.3 is just seen."""
    seen = lab(colors, eye)
    apart = np.linalg.norm(seen[:, None] - seen, axis=-1)[np.triu_indices(len(colors), 1)]
    assert apart.min() > 20


@pytest.mark.parametrize("color", [plots.RIGHT, plots.WRONG])
def test_text_can_be_read_on_white(color):
    """A contrast of 4.5, WCAG 2.1, 1.4.3."""
    luminance = ((lab([color], "all cones")[0, 0] + 16) / 116) ** 3
    assert 1.05 / (luminance + 0.05) > 4.5


@pytest.mark.parametrize("epochs", [1, 3, 100])
def test_curves(epochs, tmp_path):
    history = {name: np.linspace(0, 1, epochs) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    plots.curves(tmp_path / "a.png", history, ("loss", "accuracy"), epochs)
    assert not is_blank(tmp_path / "a.png")


def test_pictures_leave_the_matplotlib_backend_alone():
    code = "import kerascnn.training.reporting.plots, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
