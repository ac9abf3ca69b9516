"""Verifiers: one-shot trials, the regularization of Koch et al., and the report of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score

from ... import data
from ...data.augmentation.warp import Warp, warp
from ...data.class_sets import Group
from ...data.one_shot import Trial, read_runs, sample_trials
from ...data.pairs import Pairs
from ...escaping import python, shell
from ...registry import part
from .. import files
from ..reporting import page, plots, trend
from ..run import Run, chief_only
from . import scores
from .contrastive import pair_logits

L2 = {"conv1": 2e-4, "conv2": 2e-4, "conv3": 2e-4, "conv4": 2e-4, "embedding": 1e-4}
TRIALS, PAIRS = 400, 4_000  # to judge with
SHEET = 24  # pairs on the sheet
CHUNK = 256  # images that are embedded together


def by_one_shot(logs: dict) -> tuple[float, float]:
    """How good an epoch was: its accuracy in one-shot trials or, where pairs were trained, on pairs; then its loss."""
    return logs.get("val_one_shot", logs.get("val_accuracy")), -logs["val_loss"]


def compile_as_paper(network: keras.Model, lr: float, steps: int) -> keras.Model:
    """Compile a Siamese network to be trained on pairs as in Koch et al. 2015, Section 3.2, and return it.

    Cross-entropy, a penalty for the squares of every layer's kernel, and SGD with momentum, whose learning rate loses
    1 % in each epoch of so many steps. The paper searched penalties, momentum, which rises, and learning rates for each
    layer, and prints only the ranges; here they are `L2`, a constant 0.9, and `lr` for all layers.
    """
    for layer in part(network, "twin").layers:
        if layer.name in L2:
            layer.kernel.regularizer = keras.regularizers.L2(L2[layer.name])
    rate = keras.optimizers.schedules.ExponentialDecay(lr, steps, 0.99, staircase=True)
    network.compile(keras.optimizers.SGD(rate, momentum=0.9), loss="binary_crossentropy", metrics=["accuracy"])
    return network


class Judge:
    """Answers of a Siamese network about some images, each of which is embedded once.

    Args:
        network: made by `build("siamese")`.
        pairs: how images are scaled for it.
        images: uint8 (n, height, width, channels).
        how, copies: an embedding is the mean over the image and so many distorted copies of it.
    """

    def __init__(
        self, network: keras.Model, pairs: Pairs, images: np.ndarray, how: Warp | None = None, copies: int = 0
    ):
        self.network = network
        twin = part(network, "twin")
        chunks = np.array_split(data.scale(images, pairs.scaling, pairs.mean, pairs.std), -(-len(images) // CHUNK))
        specs = tf.TensorSpec((None, *images.shape[1:])), tf.TensorSpec((2,), tf.int64)
        distorted = tf.function(lambda x, key: warp(x, how, key), specs)  # image by image, which is slow without
        self.embeddings = sum(
            np.concatenate(
                [
                    twin.predict_on_batch(distorted(x, tf.constant([i, copy], tf.int64)) if copy else x)
                    for i, x in enumerate(chunks)
                ]
            )
            for copy in range(copies + 1)
        ) / (copies + 1)

    def logits(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """How sure the network is that images, given by their numbers, show the same; the numbers broadcast."""
        return np.asarray(pair_logits(self.network, self.embeddings[left], self.embeddings[right]))

    def trial(self, trial: Trial) -> np.ndarray:
        """Logits (queries, candidates)."""
        return self.logits(trial.queries[:, None], trial.candidates[None])

    def accuracy(self, trials: Sequence[Trial]) -> np.ndarray:
        """Of every trial, the share of queries whose nearest candidate is of their class."""
        return np.array([np.mean(self.trial(trial).argmax(1) == trial.truth) for trial in trials])


def nearest_pixels(images: np.ndarray, trials: Sequence[Trial]) -> np.ndarray:
    """Of every trial, the share of queries whose nearest candidate, by the squared differences of all pixels, is of
    their class: what takes no training at all.

    Args:
        images: uint8 (n, height, width, channels), in which the numbers of the trials count.
    """
    shares = []
    for trial in trials:
        queries, candidates = (
            images[of].reshape(len(of), -1).astype(np.float64) for of in (trial.queries, trial.candidates)
        )
        shares.append(np.mean(cdist(queries, candidates, "sqeuclidean").argmin(1) == trial.truth))
    return np.array(shares)


def mean_interval(shares: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of the mean accuracy of trials (n,), by Student's t. It tells how much other trials of the same
    classes would differ. Where all trials are alike, it is Wilson's interval of n answers.
    """
    if np.ptp(shares) == 0:
        return scores.interval(round(shares[0] * len(shares)), len(shares))
    low, high = stats.t.interval(scores.SURE, len(shares) - 1, shares.mean(), stats.sem(shares))
    return max(float(low), 0.0), min(float(high), 1.0)


class Pair(NamedTuple):
    """Numbers of two images, whether they are of the same class, and how likely the network finds that."""

    left: int
    right: int
    same: bool
    probability: float

    @property
    def is_right(self) -> bool:
        return (self.probability > 0.5) == self.same


@chief_only
def report_verifier(run: Run, pairs: Pairs, runs: str = "", how: Warp | None = None, copies: int = 0) -> None:
    """Judge `model.keras` on classes that it has never seen; write metrics, pictures and report.

    Args:
        run: a run whose training is over.
        pairs: what it was trained on.
        runs: the file of the official runs of Omniglot, to judge on them too.
        how, copies: see `Judge`.
    """
    network, history = run.best_model(), run.history()
    judge = Judge(network, pairs, pairs.unseen.images, how, copies)
    images, trials = pairs.unseen.images, sample_trials(pairs.unseen, TRIALS)
    asked = ask(judge, pairs.unseen)
    accuracy, by_pixels = judge.accuracy(trials), nearest_pixels(images, trials)
    trained = run.measure(network, history)
    result = {
        "one_shot": float(accuracy.mean()),
        "one_shot_interval": mean_interval(accuracy),
        "one_shot_std": float(accuracy.std(ddof=1)),
        "nearest_pixels": float(by_pixels.mean()),
        "nearest_pixels_interval": mean_interval(by_pixels),
        "chance": float(np.mean([1 / len(trial.candidates) for trial in trials])),
        "ways": max(len(trial.candidates) for trial in trials),
        "verification": float(np.mean([pair.is_right for pair in asked])),
        "auc": float(roc_auc_score([pair.same for pair in asked], [pair.probability for pair in asked])),
        "unseen": pairs.unseen.classes,
        **trained,
    }
    result["warnings"] = warnings(result, history)
    if runs:
        images, trials = read_runs(runs, pairs.image_shape)
        judge = Judge(network, pairs, images, how, copies)
        accuracy, by_pixels = judge.accuracy(trials), nearest_pixels(images, trials)
        result["runs"] = {
            "accuracy": float(accuracy.mean()),
            "interval": mean_interval(accuracy),
            "std": float(accuracy.std(ddof=1)),
            "nearest_pixels": float(by_pixels.mean()),
            "nearest_pixels_interval": mean_interval(by_pixels),
            "each": accuracy,
        }
    files.write_json(run.folder / "metrics.json", result)
    metrics = ["loss", *(name for name in ("one_shot", "accuracy") if name in history)]
    plots.curves(run.folder / "curves.png", history, metrics, result["best_epoch"])
    typical = np.abs(accuracy - accuracy.mean()).argmin()
    draw_trial(run.folder / "trial.png", images, trials[typical], judge.trial(trials[typical]), by_pixels[typical])
    draw_pairs(run.folder / "pairs.png", pairs.unseen.images, asked)
    page.publish(run.folder, compose(run, pairs, result, copies))


def warnings(result: dict, history: dict) -> list[str]:
    """What a reader of the headline must know, each in a line; `result` is what `metrics.json` says."""
    found = []
    if result["one_shot_interval"][0] <= result["nearest_pixels"]:
        found.append("no better than the nearest image by its pixels")
    column = "val_one_shot" if "val_one_shot" in history else "val_accuracy"
    if result["one_shot"] < 1 and trend.still_improving(history, result["best_epoch"], column):
        found.append(trend.STILL_IMPROVING)
    return found


def ask(judge: Judge, group: Group) -> list[Pair]:
    """What the network says of pairs of images, half of them of the same class."""
    (left, right), same = group.draw_pairs(PAIRS, np.random.default_rng(0))
    probabilities = 1 / (1 + np.exp(-judge.logits(left, right)))
    return [Pair(*pair) for pair in zip(left, right, same, probabilities, strict=True)]


def draw_pairs(path: Path, images: np.ndarray, asked: Sequence[Pair]) -> None:
    """Write a sheet of pairs; half of them are wrong answers, where there are so many."""
    wrong = [pair for pair in asked if not pair.is_right]
    right = [pair for pair in asked if pair.is_right]
    shown = wrong[: max(SHEET // 2, SHEET - len(right))]
    shown = shown + right[: SHEET - len(shown)]
    columns = min(6, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(2 * columns, 1.35 * rows + 0.4), layout="constrained")
    shown_wrong = sum(not pair.is_right for pair in shown)
    figure.suptitle(
        f"{shown_wrong} of {len(wrong):,} wrong answers, {len(shown) - shown_wrong} of {len(right):,} right ones",
        fontsize=12,
    )
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, pair in zip(grid, shown, strict=False):
        one, other = images[pair.left], images[pair.right]
        gap = np.full((len(one), 1 + len(one) // 32, one.shape[-1]), 160, np.uint8)
        plots.show(axes, np.concatenate([one, gap, other], axis=1) / 255)
        color, mark = (plots.RIGHT, "✓") if pair.is_right else (plots.WRONG, "✗")
        sure = max(pair.probability, 1 - pair.probability)
        answer = "same" if pair.probability > 0.5 else "different"
        axes.set_title(f"{mark} {answer}, {sure:.0%}", fontsize=10, color=color, pad=3)
    plots.write(figure, path)


def draw_trial(
    path: Path, images: np.ndarray, trial: Trial, logits: np.ndarray, by_pixels: float | None = None, most: int = 3
) -> None:
    """Write some queries of a trial, each with all candidates. The answer is framed; where it is wrong, the truth too.

    Args:
        images: uint8, in which the trial's numbers count.
        logits: (queries, candidates).
        by_pixels: the share of the queries that `nearest_pixels` gets right, for the title.
        most: queries that are shown, half of them with a wrong answer, where there are so many.
    """
    chosen = logits.argmax(1)
    wrong, right = np.flatnonzero(chosen != trial.truth), np.flatnonzero(chosen == trial.truth)
    wrong = wrong[: max(most // 2, most - len(right))]
    queries = np.concatenate([right[: most - len(wrong)], wrong])
    columns = min(10, len(trial.candidates))
    rows = -(-len(trial.candidates) // columns)
    figure = Figure(
        figsize=(0.9 * (columns + rows) + 0.6, (1.05 * rows + 0.2) * len(queries) + 0.4), layout="constrained"
    )
    ways, asked = len(trial.candidates), len(trial.queries)
    title = f"{ways}-way one-shot trial: {np.sum(chosen == trial.truth)} of {asked} queries right"
    if by_pixels is not None:
        title += f"; nearest by pixels: {by_pixels * asked:.0f}"
    figure.suptitle(title, fontsize=12)
    for block, query in zip(np.atleast_1d(figure.subfigures(len(queries), 1)), queries, strict=True):
        grid = block.add_gridspec(rows, rows + columns)
        axes = block.add_subplot(grid[:, :rows])
        _framed(axes, images[trial.queries[query]], plots.HELD_OUT, "-")
        axes.set_title("query", fontsize=10, pad=4)
        probabilities = 1 / (1 + np.exp(-logits[query]))
        for i, candidate in enumerate(trial.candidates):
            axes = block.add_subplot(grid[i // columns, rows + i % columns])
            is_chosen, is_true = i == chosen[query], i == trial.truth[query]
            color = plots.RIGHT if is_true else plots.WRONG if is_chosen else "#d5d9df"
            _framed(axes, images[candidate], color, "-" if is_chosen or not is_true else "--", is_chosen or is_true)
            axes.set_title(
                f"{probabilities[i]:.0%}", fontsize=8, pad=2, color=color if is_chosen or is_true else "#8a919b"
            )
    plots.write(figure, path)


def _framed(axes, image, color, style, strong=True):
    plots.show(axes, image / 255)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color=color, linestyle=style, linewidth=3 if strong else 0.8)


def beside_pixels(what: str, result: dict, accuracy: str, interval: str) -> list[tuple[str, str]]:
    """Facts: an accuracy, its interval, and what the nearest image by pixels has."""
    between = "{:.2%} to {:.2%}"
    by_pixels = between.format(*result["nearest_pixels_interval"])
    return [
        (what, f"{result[accuracy]:.2%}"),
        ("its 95 % interval", between.format(*result[interval])),
        ("the nearest image by its pixels, without training", f"{result['nearest_pixels']:.2%} ({by_pixels})"),
    ]


def compose(run: Run, pairs: Pairs, result: dict, copies: int) -> page.Report:
    """The text of the report."""
    unseen = f"{len(pairs.unseen.classes)} unseen classes"
    trials = f"accuracy in {TRIALS} {result['ways']}-way one-shot trials of {unseen}"
    facts, tables = beside_pixels(trials, result, "one_shot", "one_shot_interval"), []
    facts.append(("by chance", f"{result['chance']:.2%}"))
    if "runs" in result:
        of = result["runs"]
        official = beside_pixels(
            f"accuracy in the {len(of['each'])} official one-shot runs", of, "accuracy", "interval"
        )
        facts = [*official, ("standard deviation from run to run", f"{of['std']:.2%}"), *facts]
        rows = [(f"run {i}", f"{share:.0%}") for i, share in enumerate(of["each"], start=1)]
        tables = [page.Table("Official runs", ("run", "accuracy"), rows)]
    size = tuple(run.metadata["input_shape"])
    return page.compose(
        run.config,
        result,
        facts=[
            *facts,
            (f"right answers on {PAIRS:,} pairs of {unseen}, half of them the same", f"{result['verification']:.2%}"),
            ("area under the ROC curve on them", f"{result['auc']:.4f}"),
            (
                "an embedding is the mean over",
                f"the image and {copies} distorted copies" if copies else "the image alone",
            ),
        ],
        pictures=[
            ("Which of the candidates is of the query's class? Framed: the answer; dashed: the truth", "trial.png"),
            ("Do two images show the same?", "pairs.png"),
            ("By epoch, on classes that it trains with and on unseen ones", "curves.png"),
        ],
        tables=[*tables, page.Table("Unseen classes", (), [(", ".join(pairs.unseen.classes),)])],
        usage=f"""    kerascnn predict {shell(run.folder)} LEFT RIGHT
    kerascnn predict {shell(run.folder)} IMAGE FOLDER

say whether two images show the same, and which images in a folder are nearest. Or in Python, with the embeddings:

```python
import kerascnn

model = kerascnn.load({python(run.folder / "model.keras")})
images = kerascnn.data.read_images(["LEFT", "RIGHT"], {size})
left, right = kerascnn.data.scale(images, {pairs.scaling!r}, {list(pairs.mean)}, {list(pairs.std)})
probability = model.predict([left[None], right[None]])  # that both show the same
embeddings = kerascnn.part(model, "twin").predict([left[None]])
```
""",
    )
