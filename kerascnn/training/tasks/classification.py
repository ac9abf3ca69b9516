"""Judges a classifier on held-out images, and reports its run."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from ... import data
from ...escaping import markdown, python, shell
from .. import files
from ..reporting import page, plots, trend
from ..run import Run, chief_only
from . import scores


class Sample(NamedTuple):
    """A scaled image (height, width, channels), the number of its class, and the network's probabilities (classes,)."""

    image: np.ndarray
    label: int
    probabilities: np.ndarray


class Predictions(NamedTuple):
    """The classes (n,), the network's probabilities (n, classes), and samples: wrong answers first."""

    truth: np.ndarray
    probabilities: np.ndarray
    samples: list[Sample]


def collect(model: keras.Model, batches: Iterable, most_samples: int) -> Predictions:
    """Predict all batches.

    Args:
        model: its output are probabilities.
        batches: pairs of scaled images and the numbers of their classes.
        most_samples: keep so many images, half of them wrong answers where there are so many: the worst, those of the
            largest loss, worst first; of the right ones the first.
    """
    truth, probabilities, wrong, right = [], [], [], []
    for images, labels in batches:
        images, labels, answers = np.asarray(images), np.asarray(labels), model.predict_on_batch(images)
        truth.append(labels)
        probabilities.append(answers)
        is_right, own = answers.argmax(-1) == labels, answers[np.arange(len(labels)), labels]
        worst = np.flatnonzero(~is_right)[np.argsort(own[~is_right], kind="stable")]
        chosen = worst[:most_samples], np.flatnonzero(is_right)[: most_samples - len(right)]
        for samples, numbers in zip((wrong, right), chosen, strict=True):
            samples += [Sample(images[i].copy(), int(labels[i]), answers[i]) for i in numbers]
        wrong = sorted(wrong, key=lambda sample: sample.probabilities[sample.label])[:most_samples]
    wrong = wrong[: max(most_samples // 2, most_samples - len(right))]
    samples = wrong + right[: most_samples - len(wrong)]
    return Predictions(np.concatenate(truth), np.concatenate(probabilities), samples)


def accuracy_over_crops(model: keras.Model, batches: Iterable) -> float:
    """How many answers are right that are given to several crops of an image, whose probabilities are averaged.

    Args:
        model: its output are probabilities.
        batches: pairs of crops (b, n, height, width, channels) and the numbers of their classes (b,).
    """
    right, asked = 0, 0
    for crops, labels in batches:
        flat = np.reshape(crops, (-1, *crops.shape[2:]))
        probabilities = model.predict_on_batch(flat).reshape(len(labels), crops.shape[1], -1).mean(1)
        right += int((probabilities.argmax(-1) == np.asarray(labels)).sum())
        asked += len(labels)
    return right / asked


SHEET = 32  # images on the sheet of samples


@chief_only
def report_classifier(run: Run, images: data.Data) -> None:
    """Judge `model.keras` on the held-out images; write `metrics.json`, the pictures, `report.html` and `README.md`.

    Args:
        run: a run whose training is over.
        images: the data that it was trained on.
    """
    model, history = run.best_model(), run.history()
    given = collect(model, images.validation, SHEET)
    counts = scores.confusion(given.truth, given.probabilities)
    trained = run.measure(model, history)
    result = {
        "loss": history["val_loss"][trained["best_epoch"] - 1],
        **scores.measure(given.truth, given.probabilities, images.classes),
        **({"ten_crop_accuracy": accuracy_over_crops(model, images.crops)} if images.crops is not None else {}),
        "last_epoch_accuracy": history["val_accuracy"][-1],
        **trained,
    }
    result["warnings"] = scores.warnings(result)
    if result["accuracy"] < 1 and trend.still_improving(history, trained["best_epoch"]):
        result["warnings"].append(trend.STILL_IMPROVING)
    files.write_json(run.folder / "metrics.json", result)
    plots.curves(run.folder / "curves.png", history, ("loss", "accuracy"), result["best_epoch"])
    plots.confusion(run.folder / "confusion.png", counts, images.classes)
    draw_samples(run.folder / "samples.png", given.samples, counts, images)
    page.publish(run.folder, compose(run, images, result, counts))


def draw_samples(path: Path, samples: list[Sample], counts: np.ndarray, images: data.Data) -> None:
    """Write the sheet of samples. Its title says how many answers were wrong and right in all."""
    cells = [
        cell_of(unscaled(sample.image, images), sample.label, sample.probabilities, images.classes)
        for sample in samples
    ]
    shown, right = sum(cell.right for cell in cells), np.trace(counts)
    title = f"{worst_of(len(cells) - shown, counts.sum() - right)}, {shown} of {right:,} right ones"
    plots.samples(path, title, cells)


def unscaled(image: np.ndarray, images: data.Data) -> np.ndarray:
    """A scaled image (height, width, channels) as it is to be seen, between 0 and 1."""
    ends = np.array([0, 255], np.uint8)[:, None, None].repeat(images.image_shape[2], axis=-1)
    black, white = data.scale(ends, images.scaling, images.mean, images.std)
    return ((image - black) / (white - black)).clip(0, 1)


def cell_of(image: np.ndarray, label: int, probabilities: np.ndarray, classes: Sequence[str]) -> plots.Cell:
    """An image between 0 and 1 with the answer to it, how sure the network is and, where it is wrong, the truth."""
    answer = int(probabilities.argmax())
    is_right, sure = answer == label, f"{probabilities[answer]:.0%}"
    note = sure if is_right else f"{sure}\nis {plots.shortened(classes[label])}"
    return plots.Cell(image, plots.shortened(classes[answer]), note, is_right)


def worst_of(shown: int, wrong: int) -> str:
    """Which wrong answers a sheet shows."""
    which = f"all {wrong:,}" if shown == wrong else f"the {shown} worst of {wrong:,}"
    return f"{which} wrong answers" if wrong else "no wrong answers"


def compose(run: Run, images: data.Data, result: dict, counts: np.ndarray) -> page.Report:
    """The text of the report."""
    also = {"ten_crop_accuracy": "averaged over ten crops", "top5_accuracy": "right among the first five"}
    return page.compose(
        run.config,
        result,
        facts=[
            (f"accuracy on {counts.sum():,} held-out images", f"{result['accuracy']:.2%}"),
            ("its 95 % interval", "{:.2%} to {:.2%}".format(*result["accuracy_interval"])),
            (f"always saying {result['majority_class']}", f"{result['majority_accuracy']:.2%}"),
            *((words, f"{result[name]:.2%}") for name, words in also.items() if name in result),
            ("held-out loss", f"{result['loss']:.4f}"),
            ("accuracy after the last epoch", f"{result['last_epoch_accuracy']:.2%}"),
        ],
        pictures=[
            ("Loss and accuracy by epoch", "curves.png"),
            ("What the network says of held-out images: the worst mistakes first", "samples.png"),
            ("What each class was taken for", "confusion.png"),
        ],
        tables=[
            classes_table(result["classes"]),
            page.Table("Most frequent mistakes", ("it is", "taken for", "times"), mistakes(counts, images.classes)),
        ],
        usage=usage(run, images)
        + f"""
The classes, in the order of the probabilities: {markdown(", ".join(images.classes))}.
""",
    )


def usage(run: Run, images: data.Data) -> str:
    """How to use a classifier, for its card."""
    bits = f", bits={images.bits}" if images.bits else ""
    return f"""    kerascnn predict {shell(run.folder)} IMAGE

or in Python:

```python
import kerascnn

model = kerascnn.load({python(run.folder / "model.keras")})
# or keras.models.load_model, after `import kerascnn.layers`
images = kerascnn.data.read_images(["IMAGE"], {tuple(run.metadata["input_shape"])}{bits})
probabilities = model.predict(kerascnn.data.scale(images, {images.scaling!r}, {list(images.mean)}, {list(images.std)}))
```
"""


def mistakes(counts: np.ndarray, classes: list[str], most: int = 10) -> list[tuple[str, str, str]]:
    """The most frequent pairs of a class and what it was taken for."""
    wrong = counts * (1 - np.eye(len(counts), dtype=counts.dtype))
    first = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(i), len(counts)) for i in first]
    return [(classes[is_], classes[said], str(wrong[is_, said])) for is_, said in pairs if wrong[is_, said]]


def classes_table(rows: list[dict]) -> page.Table:
    """The measures of every class, from the `classes` of `scores.measure`."""
    shares = ("precision", "recall", "f1")
    return page.Table(
        "Classes",
        ("class", "precision", "recall", "F1", "images"),
        [(row["class"], *(f"{row[name]:.1%}" for name in shares), f"{row['images']:,}") for row in rows],
    )
