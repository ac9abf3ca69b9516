"""Judges segmenters, autoencoders and verifiers."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
from sklearn.metrics import roc_auc_score

from .. import data
from ..data.class_sets import Group, read_group
from ..data.one_shot import sample_trials
from ..data.sources.open import open_source
from ..errors import InputError, listed
from ..training import files
from ..training.reporting import plots
from ..training.reporting.page import Table
from ..training.tasks import segmentation, verification
from ..untrusted import json_records
from . import run_data
from .judged_images import Choice, Judged, Masked, home_of
from .verdict import Progress, Verdict, same_classes, scaled, short_names, sound

COPIES = {"copies?": range(1000)}
SHEET = 16  # images on the sheet of the worst


def judge_segmenters(
    runs: Sequence[str | Path], abouts: Sequence[dict], choice: Choice, tta: Sequence[str], progress: Progress
) -> Verdict:
    """Judge segmenters, and the average of the probabilities of several, on whole images.

    `tta`: "flips" averages eight answers, see `sliding_window.probabilities`.
    """
    classes = same_classes(runs, abouts)
    if "crops" in tta:
        raise InputError("tta: segmenters see all of an image, in tiles: flips is allowed, crops is not")
    for run, about in zip(runs[1:], abouts[1:], strict=True):
        if about["input_shape"] != abouts[0]["input_shape"]:
            sizes = " and ".join(str(tuple(one["input_shape"])) for one in (abouts[0], about))
            raise InputError(
                f"{runs[0]} and {run} see images of different shapes, {sizes}: segmenters must see the same"
            )
    masked = Masked(choice, abouts[0])
    if tuple(masked.classes) != classes:
        raise InputError(f"{choice.name}: has the classes {listed(masked.classes)}; {runs[0]} has {listed(classes)}")
    networks = [files.trained(run, "segment") for run in runs]
    n, counts, found = len(classes), [[] for _ in range(len(runs) + (len(runs) > 1))], []
    for done, picture in enumerate(masked.pictures):
        answers = [
            sound(run, segmentation.probabilities(network, scaled(about, picture.image), tta=bool(tta)))
            for run, (network, about) in zip(runs, networks, strict=True)
        ]
        answers += [np.mean(answers, axis=0)] if len(runs) > 1 else []
        for of, answer in zip(counts, answers, strict=True):
            of.append(segmentation.count(picture.mask, answer.argmax(-1).astype(np.uint8), n))
        found.append(answers[-1].argmax(-1).astype(np.uint8))
        progress(done + 1, len(masked.pictures))
    counts = np.array(counts)
    if not counts.any():
        raise InputError(f"{choice.name}: all pixels of its masks are void, so nothing can be judged")
    names = [*map(str, runs), f"ensemble of {len(runs)}"][: len(counts)]
    measured = [{"run": name, **segmentation.summary(of, classes)} for name, of in zip(names, counts, strict=True)]
    best, each = measured[-1], [segmentation.as_row(one, classes) for one in counts[-1]]
    images = [{"image": picture.name, **row} for picture, row in zip(masked.pictures, each, strict=True)]
    known = segmentation.in_words
    several = [
        Table(
            "Runs",
            ("run", "Dice", "IoU", "pixel error"),
            [
                (name, known(m["dice"]), known(m["iou"]), f"{m['pixel_error']:.2%}")
                for name, m in zip([*short_names(runs), "together"], measured, strict=False)
            ],
        )
    ]
    return Verdict(
        {
            "data": str(choice.name),
            "judged_by": masked.which,
            "runs": measured[: len(runs)],
            **({"ensemble": best} if len(runs) > 1 else {}),
        },
        [
            (f"mean Dice of {n} classes on {len(images):,} {masked.which}", f"{best['dice']:.4f}"),
            ("mean IoU", f"{best['iou']:.4f}"),
            ("pixel error", f"{best['pixel_error']:.2%}"),
            *([("averaged over", "eight answers, turned and mirrored")] if tta else []),
        ],
        [
            *(several if len(runs) > 1 else []),
            segmentation.classes_table(best["classes"]),
            segmentation.images_table(images),
        ],
        choice.warnings,
        ["image", "pixel error", *(f"Dice of {name}" for name in classes)],
        ((row["image"], row["pixel_error"], *row["dice"].values()) for row in images),
        [
            (
                segmentation.SHEETS["overlays.png"].replace("Held-out images", "Images"),
                "overlays.png",
                lambda path: draw_overlays(path, masked, found, [row["pixel_error"] for row in each]),
            )
        ],
    )


def draw_overlays(path: Path, masked: Masked, found: list[np.ndarray], errors: list[float | None]) -> None:
    chosen = segmentation.sheets_of(masked.pictures, errors)["overlays.png"]
    segmentation.draw_overlays(path, masked.pictures, found, errors, masked.classes, chosen)


def judge_autoencoder(
    runs: Sequence[str | Path], abouts: Sequence[dict], choice: Choice, tta: Sequence[str], progress: Progress
) -> Verdict:
    """Judge an autoencoder by the mean squared error of what it makes of images as they are, without noise."""
    (run,), (about,) = _alone(runs, tta, "autoencoders"), abouts
    judged = Judged(choice, labelled=False)
    network, about = files.trained(run, "reconstruct")
    errors = []
    for images, _ in judged.batches(about["input_shape"], about.get("bits")):
        images = scaled(about, images)
        answers = sound(run, network.predict_on_batch(images), probabilities=False)
        errors += np.mean((answers - images) ** 2, axis=(1, 2, 3), dtype=np.float64).tolist()
        progress(len(errors), judged.size)
    errors = np.array(errors)
    measures = {"run": str(run), "images": len(errors), "mse": errors.mean(), "worst_mse": errors.max()}
    worst = np.argsort(-errors, kind="stable")[: SHEET // 2]
    return Verdict(
        {"data": str(choice.name), "judged_by": judged.which, "runs": [measures]},
        [
            (f"mean squared error on {len(errors):,} {judged.which}", f"{measures['mse']:.5f}"),
            ("of the worst image", f"{measures['worst_mse']:.5f}"),
        ],
        [
            Table(
                "The worst images",
                ("image", "mean squared error"),
                [(judged.names[i], f"{errors[i]:.5f}") for i in worst[:10]],
            )
        ],
        choice.warnings,
        ["image", "mse"],
        zip(judged.names, errors.tolist(), strict=True),
        [
            (
                "The worst images, and what the autoencoder makes of them",
                "worst.png",
                partial(draw_reconstructions, judged, network, about, worst),
            )
        ],
    )


def draw_reconstructions(judged: Judged, network: keras.Model, about: dict, numbers: np.ndarray, path: Path) -> None:
    """Images above what an autoencoder makes of them."""
    images = scaled(about, judged.chosen(numbers, about["input_shape"], about.get("bits")))
    plots.strips(path, {"image": images, "autoencoder": network.predict_on_batch(images).clip(0, 1)})


def judge_verifier(
    runs: Sequence[str | Path], abouts: Sequence[dict], choice: Choice, tta: Sequence[str], progress: Progress
) -> Verdict:
    """Judge a verifier by one-shot trials and by pairs of images."""
    (run,), (about,) = _alone(runs, tta, "verifiers"), abouts
    group, which = _group(choice, about)
    network, about = files.trained(run, "verify")
    how = SimpleNamespace(scaling=about["scaling"], mean=about["mean"], std=about["std"])
    judge = verification.Judge(network, how, group.images, *_distorted(run))
    sound(run, judge.embeddings, probabilities=False)
    trials, asked = sample_trials(group, verification.TRIALS), verification.ask(judge, group)
    accuracy, by_pixels = judge.accuracy(trials), verification.nearest_pixels(group.images, trials)
    same = [bool(pair.same) for pair in asked]
    measures = {
        "run": str(run),
        "one_shot": float(accuracy.mean()),
        "one_shot_interval": verification.mean_interval(accuracy),
        "nearest_pixels": float(by_pixels.mean()),
        "nearest_pixels_interval": verification.mean_interval(by_pixels),
        "trials": len(trials),
        "ways": max(len(trial.candidates) for trial in trials),
        "verification": float(np.mean([pair.is_right for pair in asked])),
        "auc": float(roc_auc_score(same, [pair.probability for pair in asked])),
        "pairs": len(asked),
        "classes": group.classes,
    }
    progress(1, 1)
    what = f"accuracy in {len(trials)} {measures['ways']}-way one-shot trials of {which}"
    return Verdict(
        {"data": str(choice.name), "judged_by": which, "runs": [measures]},
        [
            *verification.beside_pixels(what, measures, "one_shot", "one_shot_interval"),
            (f"right answers on {len(asked):,} pairs, half of them the same", f"{measures['verification']:.2%}"),
            ("area under the ROC curve on them", f"{measures['auc']:.4f}"),
        ],
        [Table("Classes", (), [(", ".join(group.classes),)])],
        choice.warnings,
        ["left", "right", "same", "probability of the same"],
        ((int(pair.left), int(pair.right), int(pair.same), float(pair.probability)) for pair in asked),
        [
            (
                "Do two images show the same?",
                "pairs.png",
                lambda path: verification.draw_pairs(path, group.images, asked),
            )
        ],
    )


def _group(choice: Choice, about: dict) -> tuple[Group, str]:
    """The images to judge a verifier by, of its own data those of the unseen classes, or else all; what they are."""
    name = choice.shown_name
    if choice.split == "test":
        raise InputError("split='test': verifiers are judged by classes that they have not seen, which is validation")
    if choice.own and choice.split != "all":
        loading = {key: value for key, value in choice.like.items() if key != "loader"}
        with choice.downloads():
            pairs = data.load_pairs(**loading)
        group = pairs.seen if choice.split == "train" else pairs.unseen
        return group, f"{len(group.classes)} {'seen' if choice.split == 'train' else 'unseen'} classes of {name}"
    with choice.downloads():
        group = read_group(open_source(choice.name), tuple(about["input_shape"]))
    return group, f"{len(group.classes)} classes of {name}"


def _distorted(run):
    """By which distortion, and how many copies, a run makes an embedding of an image; none where it does not say."""
    try:
        loading, flags = run_data.loading(home_of(run)), run_data.configuration(home_of(run))["flags"]
        json_records.check(flags, COPIES, f"{run}: its flags")
    except InputError:
        return None, 0
    return loading.get("how"), flags.get("copies", 0)


def _alone(runs, tta, what):
    if len(runs) > 1:
        raise InputError(f"{runs[1]}: {what} are judged one at a time; classifiers and segmenters may be several")
    if tta:
        raise InputError(f"tta: {what} are judged without; classifiers take flips and crops, segmenters flips")
    return runs
