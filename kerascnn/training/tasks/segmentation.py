"""Segmenters: the size of their tiles, their measures, and the report of a run."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ... import data
from ...data.sources.mask_pictures import VOID
from ...escaping import markdown, python, shell
from .. import files
from ..reporting import page, plots, trend
from ..run import Run, chief_only
from .sliding_window import probabilities

TILE = 192  # pixels; more only costs where images are larger
WORST = 20  # images that have a row of a table
SHOWN = 8  # pictures on the sheet of overlays, where they are small
MISSED, WRONG, VOID_SHADES = "#d55e00", "#0a58ff", ("#404040", "#d0d0d0")
TINTS = ["#ffe600", "#0080b3", "#00ff99", "#99331a", "#66ffff", "#1a4db3", "#00b366", "#4dccff", "#00e6b3", "#1a99ff"]
ROWS = ("image", "truth", "answer", "mistakes")
SHEETS = {
    "overlays.png": "Held-out images, from the best to the worst answer",
    "worst.png": "The worst answers, the worst one first",
}


def by_iou(logs: dict) -> tuple[float, float]:
    """How good an epoch was: its mean intersection over union on held-out tiles, then its loss."""
    return logs["val_iou"], -logs["val_loss"]


def tile_shape(native: tuple, size: int = 0) -> tuple[int, int, int]:
    """(height, width, channels) of what a segmenter gets to see of images of (height, width, channels).

    Args:
        size: height and width. 0 stands for the images' own, but for multiples of 16, and for no more than `TILE`.
    """
    height, width = (min(TILE, length or TILE) // 16 * 16 or 16 for length in native[:2])
    return (size or height, size or width, native[2])


def mean_iou(classes: int) -> keras.metrics.Metric:
    """Keras's mean intersection over union, for a network of one output or of one a class."""
    if classes == 1:
        return keras.metrics.BinaryIoU(target_class_ids=(0, 1), name="iou")
    return keras.metrics.MeanIoU(classes, sparse_y_pred=False, name="iou")


def measure(counts: np.ndarray) -> dict:
    """The measures of pixels counted by what they are (row) and what the network says (column).

    Returns:
        pixel_error: the share of the pixels with a wrong answer; dice and iou: by class, 2 |A and B| / (|A| + |B|) and
        |A and B| / |A or B| with A the pixels that are of it and B those of which it is said. NaN where there are none.
    """
    right, are, said = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(invalid="ignore"):
        dice, iou, share = 2 * right / (are + said), right / (are + said - right), right.sum() / counts.sum()
    return {"pixel_error": 1 - share, "dice": dice, "iou": iou}


def count(mask: np.ndarray, answer: np.ndarray, classes: int) -> np.ndarray:
    """The pixels of a mask (height, width) by what they are (row) and what the network says (column); without void."""
    known = mask != VOID
    cells = classes * mask[known].astype(int) + answer[known]
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def otsu(image: np.ndarray) -> int:
    """The threshold of a uint8 image that splits its grey values best. Otsu 1979: it maximizes the variance between."""
    counts = np.bincount(image.ravel(), minlength=256) / image.size
    share, mean = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (mean[-1] * share - mean) ** 2 / (share * (1 - share))
    between[(share == 0) | (share > 1 - 1e-9)] = 0  # all pixels on one side
    return int(between.argmax())


@chief_only
def report_segmenter(run: Run, masks: data.Masks, tta: bool = False) -> None:
    """Judge `model.keras` on the whole held-out images; write `metrics.json`, the pictures, `report.html`, `README.md`.

    Args:
        run: a run whose training is over.
        masks: the data that it was trained on.
        tta: test-time augmentation, see `sliding_window.probabilities`.
    """
    model, history, classes = run.best_model(), run.history(), len(masks.classes)
    found = []
    for picture in masks.held_out:
        image = data.scale(picture.image, masks.scaling, masks.mean, masks.std)
        found.append(probabilities(model, image, tta=tta).argmax(-1).astype(np.uint8))
    counts = np.array(
        [count(picture.mask, answer, classes) for picture, answer in zip(masks.held_out, found, strict=True)]
    )
    result = {**summary(counts, masks.classes), **run.measure(model, history)}
    result["warnings"] = warnings(counts, masks.classes)
    if trend.still_improving(history, result["best_epoch"], "val_iou"):
        result["warnings"].append(trend.STILL_IMPROVING)
    if masks.ignore is not None:
        result["void_pixels"] = int(sum((picture.mask == VOID).sum() for picture in masks.held_out))
    rows = [
        {"image": picture.name, **as_row(one, masks.classes)}
        for picture, one in zip(masks.held_out, counts, strict=True)
    ]
    if classes == 2 and masks.image_shape[2] == 1:
        by_threshold = np.array([count(p.mask, p.image[..., 0] > otsu(p.image), classes) for p in masks.held_out])
        if measure(by_threshold.sum(axis=0))["pixel_error"] > 0.5:  # class 1 is the darker one
            by_threshold = by_threshold[:, :, ::-1]
        result["otsu"] = as_row(by_threshold.sum(axis=0), masks.classes)
        for row, one in zip(rows, by_threshold, strict=True):
            row["otsu_pixel_error"] = known(measure(one)["pixel_error"])
    files.write_json(run.folder / "metrics.json", result)
    write_rows(run.folder / "images.csv", rows, masks.classes)
    plots.curves(run.folder / "curves.png", history, ["loss", "iou"], result["best_epoch"])
    errors = [row["pixel_error"] for row in rows]
    sheets = {name: chosen for name, chosen in sheets_of(masks.held_out, errors).items() if chosen}
    for name, chosen in sheets.items():
        draw_overlays(run.folder / name, masks.held_out, found, errors, masks.classes, chosen)
    if len(rows) <= WORST:
        page.print_table(images_table(rows))
    page.publish(run.folder, compose(run, masks, result, rows, [(SHEETS[name], name) for name in sheets]))


def write_rows(path: Path, rows: Sequence[dict], classes: Sequence[str]) -> None:
    """Write `images.csv`: a row for each held-out image, with its pixel error and its Dice by class."""
    others = [name for name in rows[0] if name not in ("image", "dice")]
    columns = ("image", *others, *(f"dice of {name}" for name in classes))
    table = [(row["image"], *(row[name] for name in others), *row["dice"].values()) for row in rows]
    files.write_csv(path, columns, table)


def sheets_of(held_out, errors: Sequence[float | None]) -> dict[str, list[int]]:
    """The numbers of the pictures on each of the `SHEETS`; where one sheet has room for all of them the other has none.

    Args:
        errors: the pictures' pixel errors, None where all is void.
    """
    room = SHOWN if max(max(picture.mask.shape) for picture in held_out) <= 128 else SHOWN // 2
    best_first = np.argsort(np.array(errors, float), kind="stable").tolist()  # void ones are the last
    judged = [i for i in best_first if errors[i] is not None] or best_first
    spread = np.linspace(0, len(judged) - 1, min(len(judged), room)).round().astype(int)
    worst = judged[: -room - 1 : -1] if len(judged) > room else []
    return {"overlays.png": [judged[i] for i in spread], "worst.png": worst}


def summary(counts: np.ndarray, classes: Sequence[str]) -> dict:
    """What `metrics.json` says of all images, from the counts (images, classes, classes)."""
    whole = measure(counts.sum(axis=0))
    return {
        "dice": float(np.nanmean(whole["dice"])),
        "iou": float(np.nanmean(whole["iou"])),
        "pixel_error": float(whole["pixel_error"]),
        "classes": [
            {"class": name, "dice": known(dice), "iou": known(iou), "pixels": int(pixels)}
            for name, dice, iou, pixels in zip(
                classes, whole["dice"], whole["iou"], counts.sum(axis=(0, 2)), strict=True
            )
        ],
    }


def warnings(counts: np.ndarray, classes: Sequence[str]) -> list[str]:
    """What a reader of the measures must know, from the counts (images, classes, classes)."""
    said = np.flatnonzero(counts.sum(axis=(0, 1)))
    return [f"gives the same answer for every pixel: {classes[said[0]]}"] if len(said) == 1 else []


def as_row(counts: np.ndarray, classes: Sequence[str]) -> dict:
    """Pixel error and Dice by class, None for a class that is neither there nor said to be, and where all is void."""
    found = measure(counts)
    dice = {name: known(value) for name, value in zip(classes, found["dice"], strict=True)}
    return {"pixel_error": known(found["pixel_error"]), "dice": dice}


def known(value) -> float | None:
    return None if np.isnan(value) else float(value)


def in_words(value: float | None, style: str = ".4f") -> str:
    return "none" if value is None else format(value, style)


def draw_overlays(
    path: Path, held_out, found: Sequence[np.ndarray], errors: Sequence[float | None], classes, chosen: Sequence[int]
) -> None:
    """A sheet of held-out pictures: image, truth, answer, mistakes.

    Of two classes the rarer one is colored. What is void is hatched.

    Args:
        found: the answers (height, width).
        errors: the pictures' pixel errors, None where all is void.
        chosen: the numbers of the pictures to show.
    """
    marked = range(1, len(classes))
    if len(classes) == 2:
        ones, zeros = (sum((picture.mask == label).sum() for picture in held_out) for label in (1, 0))
        marked = [int(ones < zeros)]
    shades = dict(zip(marked, colors(len(marked)), strict=True))
    void = any((picture.mask == VOID).any() for picture in held_out)
    columns = len(chosen)
    side = min(4.0, 13 / columns)
    figure = Figure(figsize=(side * columns, side * len(ROWS)), layout="constrained")
    grid = figure.subplots(len(ROWS), columns, squeeze=False)
    for axes in grid.ravel():
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for line, name in zip(grid, ROWS, strict=True):
        line[0].set_ylabel(name, fontsize=12)
    for column, i in zip(grid.T, chosen, strict=True):
        image, mask, answer = held_out[i].image / 255, held_out[i].mask, found[i]
        grey = image.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
        missed = np.isin(mask, marked) & (mask != answer)
        wrong = np.isin(answer, marked) & (mask != answer) & (mask != VOID) & ~missed
        plots.show(column[0], image)
        plots.show(column[1], hatched(tinted(grey, {shades[label]: mask == label for label in marked}), mask == VOID))
        plots.show(column[2], tinted(grey, {shades[label]: answer == label for label in marked}))
        plots.show(column[3], hatched(tinted(grey, {MISSED: missed, WRONG: wrong}, 0.9), mask == VOID))
        error = "all is void" if errors[i] is None else f"{errors[i]:.1%} wrong"
        column[0].set_title(f"{plots.shortened(held_out[i].name)}\n{error}", fontsize=11)
    keys = [Patch(color=shades[label], label=plots.shortened(classes[label])) for label in marked]
    keys += [
        Patch(color=MISSED, label="missed" if len(marked) == 1 else "missed or taken for another"),
        Patch(color=WRONG, label="not there"),
        *([Patch(facecolor=VOID_SHADES[1], edgecolor=VOID_SHADES[0], hatch="////", label="void")] if void else []),
    ]
    figure.legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 13), frameon=False, fontsize=10)
    plots.write(figure, path)


def colors(count: int) -> list:
    """Colors that differ from each other, from grey, and from those of mistakes."""
    if count <= len(TINTS):
        return TINTS[:count]
    return [tuple(rgb) for rgb in colormaps["hsv"](np.linspace(0, 0.95, count))[:, :3]]


def tinted(grey: np.ndarray, regions: dict, strength: float = 0.55) -> np.ndarray:
    """A picture (height, width, 3) between 0 and 1 whose regions, color to (height, width), are tinted."""
    picture = grey.copy()
    for color, region in regions.items():
        picture[region] = (1 - strength) * picture[region] + strength * np.array(to_rgb(color))
    return picture


def hatched(picture: np.ndarray, void: np.ndarray) -> np.ndarray:
    """A picture (height, width, 3) between 0 and 1 with stripes where it is void."""
    period = max(4, max(void.shape) // 24)
    stripe = np.add.outer(*map(np.arange, void.shape)) % period < period / 2
    return tinted(picture, dict(zip(VOID_SHADES, (void & stripe, void & ~stripe), strict=True)), 0.9)


def compose(run: Run, masks: data.Masks, result: dict, rows: list[dict], sheets: list[tuple]) -> page.Report:
    """The text of the report: of what `metrics.json` and `images.csv` say, and of the sheets, (caption, file)."""
    numbers = ", ".join(f"{i} {name}" for i, name in enumerate(masks.classes))
    of_class = [(f"Dice of {row['class']}", in_words(row["dice"])) for row in result["classes"]]
    by_threshold = result.get("otsu")
    return page.compose(
        run.config,
        result,
        facts=[
            (
                f"mean Dice of {len(masks.classes)} classes on {masks.validation_size:,} held-out images",
                f"{result['dice']:.4f}",
            ),
            *(of_class if len(of_class) == 2 else []),
            ("mean IoU", f"{result['iou']:.4f}"),
            ("pixel error", f"{result['pixel_error']:.2%}"),
            *([("void pixels, which count nowhere", f"{void:,}")] if (void := result.get("void_pixels")) else []),
            *([("pixel error of Otsu's threshold", f"{by_threshold['pixel_error']:.2%}")] if by_threshold else []),
        ],
        pictures=[
            *sheets,
            (f"Loss and mean IoU{' on tiles' if 'tiles_per_second' in result else ''} by epoch", "curves.png"),
        ],
        tables=[
            classes_table(result["classes"]),
            images_table(rows),
        ],
        usage=f"""    kerascnn predict {shell(run.folder)} IMAGES --out FOLDER

writes masks, overlays and a sheet to look at, of images of any size. Or in Python:

```python
import kerascnn

(answer,) = kerascnn.trained.predict({python(run.folder)}, ["IMAGE"])
answer["mask"]  # (height, width), whole numbers
```

What the numbers mean: {markdown(numbers)}.

Dice is 2 |A and B| / (|A| + |B|), A being the pixels that are of a class and B those of which the network says so,
counted over all held-out images together; the pixel error is the share of wrong pixels. The likeliest class of a pixel
counts.
""",
    )


def classes_table(rows: list[dict]) -> page.Table:
    """The measures of every class, from the `classes` of `summary`."""
    return page.Table(
        "Classes",
        ("class", "Dice", "IoU", "pixels"),
        [(row["class"], in_words(row["dice"]), in_words(row["iou"]), f"{row['pixels']:,}") for row in rows],
    )


def images_table(rows: list[dict], most: int = WORST) -> page.Table:
    """Every image's measures, or those of the worst ones."""
    classes = list(rows[0]["dice"]) if len(rows[0]["dice"]) <= 4 else []
    threshold = "otsu_pixel_error" in rows[0]
    worst = sorted(rows, key=lambda row: -(row["pixel_error"] or 0))[:most] if len(rows) > most else rows
    return page.Table(
        "Images" if len(rows) <= most else f"The {most} worst images",
        (
            "image",
            *(f"Dice of {name}" for name in classes),
            "pixel error",
            *(["Otsu's pixel error"] if threshold else []),
        ),
        [
            (
                row["image"],
                *(in_words(row["dice"][name]) for name in classes),
                in_words(row["pixel_error"], ".2%"),
                *([in_words(row["otsu_pixel_error"], ".2%")] if threshold else []),
            )
            for row in worst
        ],
    )
