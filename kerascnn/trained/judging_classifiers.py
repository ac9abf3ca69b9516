"""Judges classifiers, and the average of the probabilities of several: an ensemble."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..data.augmentation.crop import ten_crops
from ..data.labels import LARGER
from ..errors import InputError, listed
from ..training import files
from ..training.reporting import plots
from ..training.reporting.page import Table
from ..training.tasks import scores
from ..training.tasks.classification import cell_of, classes_table, mistakes, worst_of
from .judged_images import BATCH, Choice, Judged
from .verdict import Progress, Verdict, same_classes, scaled, short_names, sound

TTA = ("flips", "crops")  # the views of an image
SHEET = 32  # images on the sheet of the worst
MOST_CLASSES = 10  # whose confusion is a table
MOST_COUNTED = 100  # classes whose confusion is among the measures


def judge_classifiers(
    runs: Sequence[str | Path], abouts: Sequence[dict], choice: Choice, tta: Sequence[str], progress: Progress
) -> Verdict:
    """Judge classifiers, and the average of the probabilities of several; `tta`: see `views`."""
    classes, judged = same_classes(runs, abouts), Judged(choice)
    if strange := [name for name in judged.classes if name not in classes]:
        raise InputError(
            f"{choice.name}: has classes that {runs[0]} does not know: {listed(strange)}; it knows {listed(classes)}"
        )
    whole = judged.size * len(runs)
    total, found = 0, []
    for i, run in enumerate(runs):
        before = i * judged.size
        answers, truth = answers_of(run, judged, tta, lambda done, before=before: progress(before + done, whole))
        total = total + answers
        found.append(({"run": str(run), **as_json(truth, answers, classes)}, answers.argmax(-1)))
    if len(runs) > 1:
        answers = total / len(runs)
        found.append(({"run": f"ensemble of {len(runs)}", **as_json(truth, answers, classes)}, answers.argmax(-1)))
    best, first, counts = found[-1][0], found[0][1], scores.confusion(truth, answers)
    for row, said in found[1:]:
        row["against_first"] = scores.mcnemar(truth, first, said)._asdict()
    measures = {
        "runs": [row for row, _ in found[: len(runs)]],
        **({"ensemble": best} if len(runs) > 1 else {}),
    }
    columns = ["image", "truth", "answer", *(f"probability of {name}" for name in classes)]
    rows = (
        (name, classes[label], classes[answer.argmax()], *answer.tolist())
        for name, label, answer in zip(judged.names, truth, answers, strict=True)
    )
    return Verdict(
        {"data": str(choice.name), "judged_by": judged.which, **measures},
        facts_of_classifiers(best, judged.which, tta),
        tables_of_classifiers([row for row, _ in found], short_names(runs), counts, classes),
        [*scores.warnings(best), *choice.warnings],
        columns,
        rows,
        [
            ("What each class was taken for", "confusion.png", lambda path: plots.confusion(path, counts, classes)),
            ("Whether answers are right as often as they are sure", "reliability.png", partial(draw_reliability, best)),
            (
                "The worst mistakes, and how sure the network is of them",
                "worst.png",
                partial(draw_worst, judged, abouts[-1], truth, answers, classes),
            ),
        ],
    )


def answers_of(
    run: str | Path, judged: Judged, tta: Sequence[str] = (), progress: Callable[[int], None] = lambda done: None
) -> tuple[np.ndarray, np.ndarray]:
    """A classifier's probabilities (n, classes) for all images, and their classes (n,), by its own numbers.

    `progress` is called with the number of images that are done.
    """
    network, about = files.trained(run, "classify")
    answers, labels = [], []
    for images, these in judged.batches(shape_for(about, tta), about.get("bits"), max(1, BATCH // count(tta))):
        crops = scaled(about, views(images, about["input_shape"], tta))
        flat = network.predict_on_batch(crops.reshape(-1, *crops.shape[2:]))
        answers.append(sound(run, flat).reshape(*crops.shape[:2], -1).mean(axis=1))
        labels.append(these)
        progress(sum(map(len, labels)))
    numbers = np.array([about["classes"].index(name) for name in judged.classes])
    return np.concatenate(answers), numbers[np.concatenate(labels)]


def count(tta: Sequence[str]) -> int:
    """How many views of an image are judged."""
    return (2 if "flips" in tta else 1) * (5 if "crops" in tta else 1)


def shape_for(about: dict, tta: Sequence[str]) -> tuple[int, int, int]:
    """The shape of the images of which the views are made."""
    height, width, channels = about["input_shape"]
    larger = LARGER if "crops" in tta else 1
    return round(larger * height), round(larger * width), channels


def views(images: np.ndarray, shape: Sequence[int], tta: Sequence[str]) -> np.ndarray:
    """What a network gets to see of each image, whose answers are averaged: (b, views, height, width, channels).

    Args:
        images: uint8, of the size of `shape_for`.
        shape: what the network takes.
        tta: "flips" adds mirror images; "crops" are corners and centre of images that are larger by 256 / 224. Both
            together are the ten crops of Krizhevsky et al. 2012.
    """
    if "crops" in tta:
        crops = np.asarray(ten_crops(images, *shape[:2]))
        return crops if "flips" in tta else crops[:, :5]
    return np.stack([images, images[:, :, ::-1]] if "flips" in tta else [images], axis=1)


def as_json(truth: np.ndarray, answers: np.ndarray, classes: Sequence[str]) -> dict:
    """The measures of a classifier, with confusion, unless it is huge, and reliability where there are answers."""
    counts = {"confusion": scores.confusion(truth, answers).tolist()} if len(classes) <= MOST_COUNTED else {}
    return {
        **scores.measure(truth, answers, classes),
        **counts,
        "reliability": [found._asdict() for found in scores.reliability(truth, answers) if found.images],
    }


def facts_of_classifiers(best: dict, which: str, tta: Sequence[str]) -> list[tuple[str, str]]:
    said = {"flips": "mirror images", "crops": "five crops"}
    averaged = [("averaged over", " and ".join(said[name] for name in tta))] if tta else []
    top5 = [("right among the first five", f"{best['top5_accuracy']:.2%}")] if "top5_accuracy" in best else []
    of = "" if "against_first" not in best else f" of the {best['run']}"
    return [
        (f"accuracy{of} on {best['images']:,} {which}", f"{best['accuracy']:.2%}"),
        ("its 95 % interval", "{:.2%} to {:.2%}".format(*best["accuracy_interval"])),
        (f"always saying {best['majority_class']}", f"{best['majority_accuracy']:.2%}"),
        *top5,
        *averaged,
        ("log loss", f"{best['log_loss']:.4f}"),
        ("Brier score", f"{best['brier']:.4f}"),
        ("expected calibration error", f"{best['calibration_error']:.2%}"),
    ]


def tables_of_classifiers(
    found: list[dict], runs: list[str], counts: np.ndarray, classes: Sequence[str]
) -> list[Table]:
    tables, best = [], found[-1]
    if len(found) > 1:
        tables.append(
            Table(
                "Runs, and on how many images only the first or only it is right (McNemar's exact test)",
                ("run", "accuracy", "95 % interval", "log loss", "first right", "it right", "p"),
                [
                    (
                        name,
                        f"{row['accuracy']:.2%}",
                        "{:.1%} to {:.1%}".format(*row["accuracy_interval"]),
                        f"{row['log_loss']:.4f}",
                        *_against(row.get("against_first")),
                    )
                    for name, row in zip([*runs, "together"], found, strict=True)
                ],
            )
        )
    tables.append(classes_table(best["classes"]))
    if len(classes) <= MOST_CLASSES:
        rows = [(name, *map(str, row)) for name, row in zip(classes, counts, strict=True)]
        tables.append(Table("It is (row), and is taken for (column)", ("", *classes), rows))
    elif wrong := mistakes(counts, classes):
        tables.append(Table("Most frequent mistakes", ("it is", "taken for", "times"), wrong))
    tables.append(
        Table(
            "Calibration",
            ("mean confidence", "accuracy", "images"),
            [
                (f"{row['confidence']:.1%}", f"{row['accuracy']:.1%}", f"{row['images']:,}")
                for row in best["reliability"]
            ],
        )
    )
    return tables


def _against(test):
    return (f"{test['only_first']:,}", f"{test['only_second']:,}", f"{test['p']:.2g}") if test else ("", "", "")


def draw_reliability(best: dict, path: Path) -> None:
    """Accuracy over confidence, with a bar for the share of the images below."""
    rows = best["reliability"]
    confidence, accuracy, images = ([row[name] for row in rows] for name in ("confidence", "accuracy", "images"))
    figure = Figure(figsize=(5.2, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True, height_ratios=(4, 1))
    upper.plot((0, 1), (0, 1), color=plots.TRAIN, lw=1, ls="--", label="calibrated")
    upper.plot(confidence, accuracy, "o-", ms=4, color=plots.HELD_OUT, label="answers, by confidence")
    upper.set(ylabel="share of right answers", xlim=(0, 1), ylim=(0, 1.02))
    upper.legend(frameon=False, fontsize=9)
    lower.bar(confidence, np.array(images) / sum(images), width=1 / scores.BINS, color=plots.TRAIN)
    lower.set(xlabel="confidence: probability of the answer", ylabel="images")
    lower.yaxis.set_major_formatter("{x:.0%}")
    for axes in (upper, lower):
        plots.frame(axes)
    plots.write(figure, path)


def draw_worst(judged: Judged, about: dict, truth, answers, classes, path: Path) -> None:
    """The images with the largest loss, worst first; those that are right, too, where fewer are wrong."""
    own = answers[np.arange(len(truth)), truth]
    order = np.lexsort((own, answers.argmax(-1) == truth))[:SHEET]
    images = judged.chosen(order, about["input_shape"], about.get("bits")) / 255
    cells = [cell_of(image, truth[i], answers[i], classes) for image, i in zip(images, order, strict=True)]
    wrong = int((answers.argmax(-1) != truth).sum())
    shown = sum(not cell.right for cell in cells)
    right = f", and {len(cells) - shown} right ones of which it is least sure" if shown < len(cells) else ""
    plots.samples(path, worst_of(shown, wrong) + right, cells)
