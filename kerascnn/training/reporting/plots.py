"""The pictures of a run. Drawn without pyplot, so that the user's matplotlib backend stays what it is.

Colors that stand for different things in one picture differ also for eyes that lack the cones for red or green.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import PowerNorm, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from ...escaping import drawing, picture
from ..files import atomic_write

TRAIN, HELD_OUT = "#7a8699", "#1f5fbf"
RIGHT, WRONG = "#00694f", "#c44500"
COLORS = ("#e08a1e", "#1f5fbf", "#00694f", "#a63a00", "#000000", "#cc79a7")  # of lines
SHADES = (  # of classes, on white
    *("#b36633", "#0000ff", "#00ccff", "#1a1a33", "#e6cc00", "#000080", "#33e6b3", "#0080ff", "#1a8080", "#4d1a00"),
)


class Line(NamedTuple):
    """Values by epoch, what they are, and how they are drawn."""

    label: str
    values: Sequence[float]
    color: str
    dashed: bool = False


class Cell(NamedTuple):
    """An image (height, width, 1 or 3) between 0 and 1, the answer, a note of up to two lines, whether it is right."""

    image: np.ndarray
    answer: str
    note: str
    right: bool


def curves(path: Path, history: dict[str, Sequence[float]], metrics: Sequence[str], best: int) -> None:
    """One panel a metric, by epoch: while training, and on held-out images.

    Args:
        path: the PNG file to write.
        history: column of `history.csv` to its values; the columns of held-out images begin with `val_`.
        metrics: the columns to draw.
        best: the epoch whose model was kept, counted from 1.
    """
    figure = Figure(figsize=(5.2 * len(metrics), 3.6), layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(metrics), squeeze=False)[0], metrics, strict=True):
        epochs = range(1, len(history[metric]) + 1)
        marker = "o" if len(epochs) < 30 else ""
        axes.plot(epochs, history[metric], marker=marker, ms=3, color=TRAIN, label="while training")
        axes.plot(epochs, history[f"val_{metric}"], marker=marker, ms=3, color=HELD_OUT, label="held-out images")
        kept = history[f"val_{metric}"][best - 1]
        axes.plot(best, kept, "o", ms=9, mfc="none", mew=1.5, color=HELD_OUT, label=f"kept, epoch {best}: {kept:.4g}")
        axes.set(title=metric, xlabel="epoch")
        dress(axes)
    write(figure, path)


def lines(path: Path, panels: dict[str, Sequence[Line]]) -> None:
    """Panels of lines by epoch, each with a title, written to a PNG file."""
    figure = Figure(figsize=(5.4 * len(panels), 4.2), layout="constrained")
    for axes, (title, drawn) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for line in drawn:
            epochs = range(1, len(line.values) + 1)
            marker = "o" if len(epochs) < 3 else ""
            axes.plot(
                epochs, line.values, marker=marker, ms=3, color=line.color, ls="--" if line.dashed else "-",
                label=line.label,
            )  # fmt: skip
        axes.set(title=title, xlabel="epoch", ylim=(0, None))
        dress(axes)
    write(figure, path)


def confusion(path: Path, counts: np.ndarray, classes: Sequence[str]) -> None:
    """What each class was taken for.

    Args:
        path: the PNG file to write.
        counts: (classes, classes) whole numbers; row: what it is, column: what the network says.
        classes: their names.
    """
    n = len(classes)
    side = 3.2 + min(0.28 * n, 11)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(share, cmap="Blues", norm=PowerNorm(0.5, 0, 1))  # so that few mistakes show, too
    size = max(min(10, 45 * side / n), 5)
    if n <= 120:  # more names than that cannot be read
        names = [shortened(name) for name in classes]
        axes.set_xticks(range(n), names, fontsize=size, rotation=90 if max(map(len, names)) > 2 else 0)
        axes.set_yticks(range(n), names, fontsize=size)
    axes.set(xlabel="the network says", ylabel="it is")
    axes.tick_params(length=0)
    if n <= 20:
        for row, column in zip(*np.nonzero(counts), strict=True):
            color = "white" if share[row, column] > 0.4 else "black"
            axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=color, fontsize=9)
    bar = figure.colorbar(image, shrink=0.5, format="{x:.0%}", label="share of the row")
    bar.outline.set_visible(False)
    axes.spines[:].set_color("#c9ced6")
    write(figure, path)


def samples(path: Path, title: str, cells: Sequence[Cell]) -> None:
    """A sheet of images with what a network says of them, written to a PNG file."""
    columns = min(8, len(cells))
    rows = -(-len(cells) // columns)
    figure = Figure(figsize=(1.2 * columns, 1.8 * rows + 0.5), layout="constrained")
    figure.suptitle(title, fontsize=11)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, cell in zip(grid, cells, strict=False):
        show(axes, cell.image)
        color, mark = (RIGHT, "✓") if cell.right else (WRONG, "✗")
        axes.set_title(f"{mark} {cell.answer}", fontsize=10, color=color, pad=3)
        axes.text(0.5, -0.04, cell.note, transform=axes.transAxes, ha="center", va="top", fontsize=9, color="#555c66")
    write(figure, path)


def strips(path: Path, rows: dict[str, np.ndarray], titles: Sequence[str] = ()) -> None:
    """Rows of images, one above the other, written to a PNG file.

    Args:
        path: the PNG file to write.
        rows: what a row shows, to its images (n, height, width, 1 or 3) between 0 and 1.
        titles: of the columns.
    """
    columns = max(map(len, rows.values()))
    figure = Figure(figsize=(columns, len(rows)))
    grid = figure.subplots(len(rows), columns, squeeze=False, gridspec_kw={"wspace": 0.06, "hspace": 0.06})
    for line, images in zip(grid, rows.values(), strict=True):
        for axes in line:
            axes.set_axis_off()
        for axes, image in zip(line, images, strict=False):
            show(axes, image)
    for axes, title in zip(grid[0], titles, strict=False):
        axes.set_title(title, fontsize=9, pad=3)
    for line, name in zip(grid, rows, strict=True):
        line[0].text(-0.15, 0.5, name, transform=line[0].transAxes, ha="right", va="center", fontsize=11)
    write(figure, path)


def scatter(path: Path, points: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> None:
    """Points (n, 2) colored by class, each class named where its points lie."""
    figure = Figure(figsize=(7, 7))
    axes = figure.add_axes((0, 0, 1, 1))
    shades = (
        to_rgba_array(SHADES) if len(classes) <= len(SHADES) else colormaps["turbo"](np.linspace(0, 1, len(classes)))
    )
    axes.scatter(*points.T, s=9, c=shades[labels], alpha=0.75, lw=0)
    if len(classes) <= 40:  # more names than that cannot be read
        for label in np.unique(labels):
            place = np.median(points[labels == label], axis=0)
            name = axes.text(*place, shortened(classes[label]), ha="center", va="center", fontsize=13, weight="bold")
            name.set_path_effects([withStroke(linewidth=3, foreground="white")])
    axes.set_axis_off()
    write(figure, path)


def show(axes, image: np.ndarray) -> None:
    """Draw an image (height, width, 1 or 3) between 0 and 1."""
    axes.imshow(image if image.shape[-1] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=1)


def shortened(name: str, most: int = 14) -> str:
    """A name, which may hold anything, as matplotlib shall take it."""
    return picture(name, most)


def dress(axes):
    """Axes on which lines by epoch stand."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    frame(axes)
    axes.legend(frameon=False, fontsize=9)


def frame(axes):
    """Axes with two spines, and lines at the height of what stands on the y axis."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e8eb", lw=0.8)


def write(figure: Figure, path: Path) -> None:
    """A figure to a PNG file."""
    with atomic_write(path) as draft, drawing(figure):
        figure.savefig(draft, dpi=150, bbox_inches="tight", pad_inches=0.1)
