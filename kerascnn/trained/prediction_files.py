"""What prediction writes: masks, overlays, reconstructions, a sheet and a table; all of it or nothing."""

import os
import re
import shutil
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from ..errors import InputError, listed
from ..training.reporting import plots
from ..training.tasks.segmentation import colors

KINDS = {"classify": (), "segment": ("mask", "overlay"), "reconstruct": ("reconstruction",), "verify": ()}
LONGEST = 150  # bytes of a name
SHEET = "sheet.png"
SHOWN, COLUMNS = 24, {"classify": 8, "segment": 3, "reconstruct": 4, "verify": 6}  # on the sheet
SIDE = 480  # pixels of an image on the sheet, at most
TITLES = {
    "classify": "what {} says",
    "segment": "images, and what {} says of each pixel",
    "reconstruct": "images, what {} makes of them, and the mean squared error",
    "verify": "what shows the same, by {}",
}
TINT = 0.55  # of an overlay
ROWS = 256  # of it that are drawn at once
LEGEND = 40  # names below the sheet, at most
NAMED = 5  # classes of an image on the terminal
INK, SOFT = "#1c2430", "#5b6573"


def file_names(paths: Sequence[Path]) -> list[str]:
    """A name for the files of each image: its own, of letters, digits, dots and dashes, with a number where another
    image has it, too."""
    names, numbers = {}, defaultdict(lambda: count(2))
    for path in paths:
        own = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", path.stem)).strip("-.")
        name = own = own.encode()[:LONGEST].decode(errors="ignore") or "image"
        while name.casefold() in names:
            name = f"{own}-{next(numbers[own.casefold()])}"
        names[name.casefold()] = name
    return list(names.values())


@contextmanager
def written(places: Sequence[Path], overwrite: bool = False) -> Iterator[Callable[[Path], Path]]:
    """Gives a function from a place to where its file is to be written meanwhile. If the block succeeds, all files move
    to their places; if it doesn't, all is as it was before.

    Args:
        places: of the files. Folders that they need are made.
        overwrite: whether files that are there may be replaced.

    Raises:
        InputError: a file is there, or cannot be written.
    """
    homes = dict.fromkeys(place.parent for place in places)
    if len(set(places)) < len(places):
        raise InputError(f"{places[-1]}: is to be a picture and the table")
    new, drafts, at = [], {}, None
    try:
        for at in places:
            if at.is_dir() and not at.is_symlink():
                raise InputError(f"{at}: is a folder, where a file shall be written")
            if os.path.lexists(at) and not overwrite:
                raise InputError(f"{at}: is there already; overwrite (--overwrite) replaces it")
        for at in homes:
            if at.exists() and not at.is_dir():
                raise InputError(f"{at}: is a file, where a folder is needed")
            new += [folder for folder in (at, *at.parents) if not folder.exists()]
            at.mkdir(parents=True, exist_ok=True)
            drafts[at] = Path(tempfile.mkdtemp(prefix=".predict-", dir=at))
        yield lambda place: drafts[place.parent] / place.name
        for at in places:
            os.replace(drafts[at.parent] / at.name, at)
    except OSError as error:
        raise InputError(f"{at}: cannot be written: {error.strerror}") from error
    finally:
        for draft in drafts.values():
            shutil.rmtree(draft, ignore_errors=True)
        for folder in new:  # of those that were made only empty ones vanish
            with suppress(OSError):
                folder.rmdir()


def pictures_of(about: dict, shown: dict[str, np.ndarray]) -> dict[str, Image.Image]:
    """The pictures to write of an answer, by kind."""
    if about["task"] == "segment":
        palette = palette_of(len(about["classes"]))
        mask = Image.fromarray(shown["mask"])
        mask.putpalette(palette.tobytes())
        return {"mask": mask, "overlay": Image.fromarray(overlay(shown["image"], shown["mask"], palette))}
    return {kind: Image.fromarray(squeezed(shown[kind])) for kind in KINDS[about["task"]]}


def palette_of(classes: int) -> np.ndarray:
    """Colors uint8 (classes, 3): black for the first class, those of the reports for the others."""
    return np.rint(255 * np.array([(0, 0, 0), *map(to_rgb, colors(classes - 1))])).astype(np.uint8)


def overlay(image: np.ndarray, mask: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The image in grey, uint8 (height, width, 3), with all classes but the first in color, brightest at their edges.

    Args:
        image: uint8 (height, width, 1 or 3).
        mask: uint8 (height, width).
        palette: uint8 (classes, 3).
    """
    grey = np.asarray(Image.fromarray(squeezed(image)).convert("L"))
    edge = np.zeros(mask.shape, bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        edge[one] |= mask[one] != mask[other]
        edge[other] |= mask[one] != mask[other]
    drawn = np.empty((*mask.shape, 3), np.uint8)
    for i in range(0, len(mask), ROWS):
        rows = slice(i, i + ROWS)
        tint = np.array([0, TINT, 1])[np.where(mask[rows] > 0, 1 + edge[rows], 0)][..., None]
        drawn[rows] = np.rint((1 - tint) * grey[rows, :, None] + tint * palette[mask[rows]])
    return drawn


def squeezed(image: np.ndarray) -> np.ndarray:
    """(height, width, 1 or 3) as Pillow takes it."""
    return image[..., 0] if image.shape[-1] == 1 else image


class Cell(NamedTuple):
    """An image or a pair of them, each uint8 (height, width, 1 or 3), a title and a note."""

    images: Sequence[np.ndarray]
    title: str
    note: str


def cells_of(about: dict, answer: dict, shown: dict[str, np.ndarray], first: bool) -> list[Cell]:
    """What the sheet shows of an answer, the `first` or a later one."""
    name = short(Path(answer.get("image") or answer["right"]).name)
    if about["task"] == "verify":
        left = [Cell([reduced(shown["left"])], "query", short(Path(answer["left"]).name))] if first else []
        verdict = "same" if answer["same"] else "different"
        return [*left, Cell([reduced(shown["right"])], verdict, f"the same: {answer['probability']:.1%}\n{name}")]
    if about["task"] == "classify":
        best = [(plots.shortened(label), f"{share:.1%}") for label, share in answer["classes"].items()] or [
            ("none", "")
        ]
        also = [" ".join(pair) for pair in best[1:3]]
        return [Cell([reduced(shown["image"])], best[0][0], "\n".join(filter(None, [best[0][1], *also, name])))]
    if about["task"] == "segment":
        image, mask = (reduced(shown[kind]) for kind in ("image", "mask"))
        return [Cell([image, overlay(image, mask, palette_of(len(about["classes"])))], name, "")]
    return [Cell([reduced(shown[kind]) for kind in ("image", "reconstruction")], f"{answer['mse']:.5f}", name)]


def reduced(image: np.ndarray) -> np.ndarray:
    """An image, or a mask (height, width), with sides of no more than `SIDE` pixels."""
    is_mask, longest = image.ndim == 2, max(image.shape[:2])
    if longest <= SIDE:
        return image
    size = [max(1, round(side * SIDE / longest)) for side in image.shape[1::-1]]
    how = Image.Resampling.NEAREST if is_mask else Image.Resampling.BOX
    small = np.asarray(Image.fromarray(image if is_mask else squeezed(image)).resize(size, how))
    return small if is_mask else small.reshape(*small.shape[:2], -1)


def short(name: str) -> str:
    return plots.shortened(name, 22)


def draw_sheet(path: Path, about: dict, cells: Sequence[Cell], answers: int) -> None:
    """Write a picture of the first of so many answers of a network that says this about itself."""
    task, several = about["task"], len(cells[0].images)
    columns = min(COLUMNS[task], len(cells))
    rows = -(-len(cells) // columns)
    height, width = np.max([cell.images[0].shape[:2] for cell in cells], axis=0)
    ratio = np.clip(height / width, 0.3, 3)  # of what is longer or wider, a part of its place stays white
    side = 1.5 if several == 1 else 2.0
    figure = Figure(figsize=(side * several * columns, (side * ratio + 0.6) * rows + 0.6), layout="constrained")
    more = f", the first {SHOWN} of {answers:,} images" if answers > SHOWN else ""
    figure.suptitle(f"{TITLES[task].format(about['name'])}{more}", fontsize=12, color=INK)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, cell in zip(grid, cells, strict=False):
        plots.show(axes, beside(cell.images) / 255)
        axes.set_title(cell.title, fontsize=10, color=INK, pad=3)
        axes.text(0.5, -0.04, cell.note, transform=axes.transAxes, ha="center", va="top", fontsize=8, color=SOFT)
    if task == "segment":
        shades = palette_of(len(about["classes"]))[1:] / 255
        keys = [
            Patch(color=shade, label=plots.shortened(name))
            for shade, name in zip(shades, about["classes"][1:], strict=True)
        ]
        figure.legend(
            handles=keys[:LEGEND], loc="outside lower center", ncols=min(len(keys), 8), frameon=False, fontsize=9
        )
    plots.write(figure, path)


def beside(images: Sequence[np.ndarray]) -> np.ndarray:
    """Images of the same height in one, with white in between."""
    height, width = images[0].shape[:2]
    gap = np.full((height, 1 + width // 32, 3), 255, np.uint8)
    colored = [image if image.shape[-1] == 3 else image.repeat(3, axis=-1) for image in images]
    return np.concatenate([part for image in colored for part in (gap, image)][1:], axis=1)


def in_words(answer: dict) -> tuple:
    """An answer as the cells of a row on the terminal."""
    if "same" in answer:
        verdict = "same" if answer["same"] else "different"
        return answer["left"], answer["right"], f"{verdict}, probability of the same {answer['probability']:.1%}"
    if "mse" in answer:
        return answer["image"], f"mean squared error {answer['mse']:.5f}"
    if "shares" in answer:
        largest = sorted(answer["shares"].items(), key=lambda share: -share[1])
        return answer["image"], listed([f"{name} {share:.1%}" for name, share in largest if share >= 0.0005], NAMED)
    return answer["image"], *([f"{name} {share:.1%}" for name, share in answer["classes"].items()] or ["none"])


def as_table(answers: list[dict]) -> tuple[list, list[tuple]]:
    """The answers as the columns and the rows of a CSV file; those of a classifier have a row for each class named."""
    first = answers[0]
    if "classes" in first:
        rows = [(a["image"], *best) for a in answers for best in list(a["classes"].items()) or [("", None)]]
        return ["image", "class", "probability"], rows
    told = [name for name, value in first.items() if isinstance(value, (str, int, float))]
    shares = first.get("shares", {})
    columns = [told[0], *(f"share of {name}" for name in shares), *told[1:]]
    return columns, [(a[told[0]], *a.get("shares", {}).values(), *(a[name] for name in told[1:])) for a in answers]
