"""Judges a classifier of images that may have several labels, or none, and reports its run.

Throughout, `truth` is (n, classes) of 0 and 1, and `probabilities` is (n, classes), each for itself. A label is said
from a probability of `SAID` on.
"""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from ... import data
from ...escaping import markdown
from .. import files
from ..reporting import page, plots, trend
from ..run import Run, chief_only
from .classification import unscaled, usage

SAID = 0.5
SHEET = 32  # images on the sheet of samples


def pr_auc(classes: int) -> keras.metrics.Metric:
    """The area under the curve of precision and recall, averaged over the labels, while training; from 200 thresholds.
    `measure` has the exact average precision."""
    return keras.metrics.AUC(curve="PR", multi_label=True, num_labels=classes, name="pr_auc")


@chief_only
def report_multi_label(run: Run, images: data.Data) -> None:
    """Judge `model.keras` on the held-out images; write `metrics.json`, the pictures, `report.html` and `README.md`.

    Args:
        run: a run whose training is over.
        images: the data that it was trained on, with several labels an image.
    """
    model, history = run.best_model(), run.history()
    truth = np.concatenate([labels for _, labels in images.validation])
    probabilities = np.concatenate([model.predict_on_batch(batch) for batch, _ in images.validation])
    trained = run.measure(model, history)
    result = {
        "loss": history["val_loss"][trained["best_epoch"] - 1],
        **measure(truth, probabilities, images.classes),
        **trained,
    }
    result["warnings"] = warnings(result)
    if trend.still_improving(history, trained["best_epoch"]):
        result["warnings"].append(trend.STILL_IMPROVING)
    files.write_json(run.folder / "metrics.json", result)
    plots.curves(run.folder / "curves.png", history, ("loss", "pr_auc"), result["best_epoch"])
    draw_samples(run.folder / "samples.png", truth, probabilities, images)
    page.publish(run.folder, compose(run, images, result))


def measure(truth: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> dict:
    """What is to be said of the answers; the numbers are Python's own.

    Returns:
        mean_average_precision: over the labels that some image has. Everingham et al. 2010, Section 4.2, but exact.
        chance: what it is for answers by chance: the mean share of the images that have a label.
        label_accuracy: the share of right answers, over all labels of all images.
        majority_accuracy: the same, if of each label the more frequent answer were given for every image.
        exact: the share of the images of which all labels are right.
        micro_f1, macro_f1: F1 over all answers, and the mean of the labels' own.
        images: how many there are.
        constant_answer: the labels that are said of every image alike, or None.
        classes: for each label `class`, `precision`, `recall`, `f1`, `average_precision` (None where no image has it)
            and the number of `images` that have it.
    """
    truth, said = truth > 0.5, probabilities >= SAID
    counts = truth.sum(axis=0)
    columns = precision_recall_fscore_support(truth, said, average=None, zero_division=0)
    precisions = [
        float(average_precision_score(truth[:, i], probabilities[:, i])) if count else None
        for i, count in enumerate(counts)
    ]
    shares, known = counts / len(truth), [one for one in precisions if one is not None]
    both = 2 * (truth & said).sum() / max(truth.sum() + said.sum(), 1)
    is_constant = len(truth) > 1 and (said == said[0]).all()
    rows = zip(classes, *(column.tolist() for column in columns[:3]), precisions, counts.tolist(), strict=True)
    names = ("class", "precision", "recall", "f1", "average_precision", "images")
    return {
        "mean_average_precision": float(np.mean(known)) if known else 0.0,
        "chance": float(shares[counts > 0].mean()) if known else 0.0,
        "label_accuracy": float((truth == said).mean()),
        "majority_accuracy": float(np.maximum(shares, 1 - shares).mean()),
        "exact": float((truth == said).all(axis=1).mean()),
        "micro_f1": float(both),
        "macro_f1": float(columns[2].mean()),
        "images": len(truth),
        "constant_answer": [name for name, is_said in zip(classes, said[0], strict=True) if is_said]
        if is_constant
        else None,
        "classes": [dict(zip(names, row, strict=True)) for row in rows],
    }


def warnings(measures: dict) -> list[str]:
    """What a reader of the result must know, each in a line; `measures` are those of `measure`."""
    found = []
    if (same := measures["constant_answer"]) is not None:
        found.append(f"gives the same answer for every image: {', '.join(same) or 'no label'}")
    if measures["mean_average_precision"] <= measures["chance"]:
        found.append("no better than answers by chance")
    return found


def draw_samples(path: Path, truth: np.ndarray, probabilities: np.ndarray, images: data.Data) -> None:
    """Write the sheet of samples: half of it the images with the most wrong labels, half of it right ones. A note
    says what a wrong answer is not, and what it also is."""
    wrong = (truth > 0.5) != (probabilities >= SAID)
    order = np.lexsort((-np.abs(truth - probabilities).sum(axis=1), -wrong.sum(axis=1)))
    bad = int(wrong.any(axis=1).sum())
    first = min(bad, max(SHEET // 2, SHEET - (len(order) - bad)))
    chosen = [*order[:first], *order[bad : bad + SHEET - first]]
    pixels, number = {}, 0
    for batch, _ in images.validation:
        pixels |= {i: np.asarray(batch[i - number]) for i in chosen if 0 <= i - number < len(batch)}
        number += len(batch)
    cells = []
    for i in chosen:
        is_, said = truth[i] > 0.5, probabilities[i] >= SAID
        faults = [("not", said & ~is_), ("also", is_ & ~said)]
        note = "\n".join(f"{word} {_named(images.classes, of)}" for word, of in faults if of.any())
        answer = f"{wrong[i].sum()} wrong" if note else "all right"
        cells.append(plots.Cell(unscaled(pixels[i], images), answer, note or _named(images.classes, is_), not note))
    shown = f"{first} of {bad:,} images with a wrong label, {len(cells) - first} of {len(order) - bad:,} right ones"
    plots.samples(path, shown, cells)


def _named(classes, answers):
    return plots.shortened(", ".join(name for name, said in zip(classes, answers, strict=True) if said) or "none", 13)


def compose(run: Run, images: data.Data, result: dict) -> page.Report:
    """The text of the report."""
    shares = ("precision", "recall", "f1", "average_precision")
    return page.compose(
        run.config,
        result,
        facts=[
            (
                f"mean average precision on {result['images']:,} held-out images",
                f"{result['mean_average_precision']:.2%}",
            ),
            ("by chance", f"{result['chance']:.2%}"),
            ("right answers, over all labels", f"{result['label_accuracy']:.2%}"),
            ("always the more frequent answer", f"{result['majority_accuracy']:.2%}"),
            ("images with all labels right", f"{result['exact']:.2%}"),
            ("F1 over all answers", f"{result['micro_f1']:.2%}"),
            ("held-out loss", f"{result['loss']:.4f}"),
        ],
        pictures=[
            ("Loss and area under the curve of precision and recall, by epoch", "curves.png"),
            ("What the network says of held-out images: the most wrong labels first", "samples.png"),
        ],
        tables=[
            page.Table(
                f"Labels, said from a probability of {SAID:.0%} on",
                ("label", "precision", "recall", "F1", "average precision", "images"),
                [
                    (
                        row["class"],
                        *("-" if row[name] is None else f"{row[name]:.1%}" for name in shares),
                        f"{row['images']:,}",
                    )
                    for row in result["classes"]
                ],
            ),
        ],
        usage=usage(run, images)
        + f"""
Each probability is that of one label; they don't sum to 1. The labels, in their order:
{markdown(", ".join(images.classes))}.
""",
    )
