"""Autoencoders: their training pairs, their measures beside PCA, and the report of a run."""

from dataclasses import replace

import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from ... import data
from ...escaping import python, shell
from ...registry import part
from .. import files
from ..reporting import page, plots, trend
from ..run import Run, chief_only

SHEET = 12  # images on the sheet of reconstructions
MOST_CODES = 2000  # in the picture of the codes: t-SNE takes seconds for so many


def by_error(logs: dict) -> tuple[float]:
    """How good an epoch was: the smaller its held-out loss, the better."""
    return (-logs["val_loss"],)


def to_reconstruct(images: data.Data, noise: float, seed: int, start_step: int = 0) -> data.Data:
    """The same images as pairs (what the network sees, what it shall answer), in the range [0, 1].

    Args:
        images: loaded with `scaling="unit"`.
        noise: standard deviation of the Gaussian noise on what the network sees.
        seed: of the noise, which is a function of it and the step, in validation always the same.
        start_step: batches that were taken before.
    """

    def pairs(batches, stream, start=0):
        def pair(step, batch):
            clean, key = batch[0], tf.random.fold_in(tf.cast([seed, stream], tf.int64), step)
            if not noise:
                return clean, clean
            return tf.clip_by_value(clean + noise * tf.random.stateless_normal(tf.shape(clean), key), 0, 1), clean

        return batches.enumerate(start).map(pair, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def train_from(step):
        return pairs(images.train_from(step), 0, step)

    return replace(
        images,
        train=pairs(images.train, 0, start_step),
        validation=pairs(images.validation, 1),
        train_from=train_from,
    )


@chief_only
def report_autoencoder(run: Run, images: data.Data, pairs: data.Data) -> None:
    """Judge `model.keras` on the held-out images, beside PCA with as many numbers; write metrics, pictures and report.

    Args:
        run: a run whose training is over.
        images: the labelled images.
        pairs: what was made of them to train on.
    """
    model, history = run.best_model(), run.history()
    encoder = part(model, "encoder")
    seen, clean = map(np.concatenate, zip(*pairs.validation.as_numpy_iterator(), strict=True))
    labels = np.concatenate([label for _, label in images.validation.as_numpy_iterator()])
    answers, codes = (network.predict(seen, verbose=0) for network in (model, encoder))
    pca = fit_pca(pairs, codes.shape[-1])
    baseline = pca.inverse_transform(pca.transform(seen.reshape(len(seen), -1))).reshape(seen.shape)
    result = {
        "mse": mse(answers, clean),
        "pca_mse": mse(baseline, clean),
        "input_mse": mse(seen, clean),
        "numbers": codes.shape[-1],
        **run.measure(model, history),
    }
    result["warnings"] = [trend.STILL_IMPROVING] * trend.still_improving(history, result["best_epoch"])
    files.write_json(run.folder / "metrics.json", result)
    plots.curves(run.folder / "curves.png", history, ["loss"], result["best_epoch"])
    rows = {"original": clean, "with noise": seen, "autoencoder": answers, f"PCA-{codes.shape[-1]}": baseline}
    if not run.cfg.noise:
        del rows["with noise"]
    errors = np.mean((answers - clean) ** 2, axis=(1, 2, 3), dtype=np.float64)
    worst = np.argsort(-errors, kind="stable")
    for name, chosen in {"reconstructions.png": spread(labels, SHEET), "worst.png": worst[:SHEET]}.items():
        titles = [f"{error:.4f}" for error in errors[chosen]]
        plots.strips(run.folder / name, {what: row[chosen] for what, row in rows.items()}, titles)
    chosen = spread(labels, MOST_CODES)
    flat = in_two_dimensions(codes[chosen], run.cfg.seed)
    plots.scatter(run.folder / "codes.png", flat, labels[chosen], images.classes)
    page.publish(run.folder, compose(run, images, result))


def in_two_dimensions(codes: np.ndarray, seed: int) -> np.ndarray:
    """Codes (n, numbers) by t-SNE as points (n, 2); where there are too few for it, by their first two numbers."""
    if min(codes.shape) < 3:
        return np.pad(codes, ((0, 0), (0, 2)))[:, :2]
    return TSNE(init="pca", random_state=seed, perplexity=min(30, (len(codes) - 1) / 3)).fit_transform(codes)


def fit_pca(pairs: data.Data, numbers: int) -> PCA:
    """The principal components of the first epoch's clean images, as many as the network has numbers for an image."""
    first = pairs.train_from(0).take(pairs.steps)
    flat = [clean.reshape(len(clean), -1) for _, clean in first.as_numpy_iterator()]
    flat = np.concatenate(flat)
    return PCA(min(numbers, *flat.shape), random_state=0).fit(flat)


def mse(answers: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared error over all pixels, white being 1."""
    return float(np.mean((answers - truth) ** 2, dtype=np.float64))


def spread(labels: np.ndarray, most: int) -> np.ndarray:
    """Indices of up to `most` examples, of all classes in turn."""
    turn = np.zeros(len(labels), int)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        turn[members] = np.arange(len(members))
    return np.lexsort((labels, turn))[:most]


def compose(run: Run, images: data.Data, result: dict) -> page.Report:
    """The text of the report."""
    noise = f" from noise of {run.cfg.noise:g}" if run.cfg.noise else ""
    noisy = [("error of the noisy images themselves", f"{result['input_mse']:.5f}")] if run.cfg.noise else []
    size = tuple(run.metadata["input_shape"])
    return page.compose(
        run.config,
        result,
        facts=[
            (f"mean squared error on {images.validation_size:,} held-out images{noise}", f"{result['mse']:.5f}"),
            (f"error of PCA with {result['numbers']} numbers", f"{result['pca_mse']:.5f}"),
            ("error as a share of PCA's", f"{result['mse'] / result['pca_mse']:.0%}"),
            *noisy,
            ("numbers for one image", f"{result['numbers']} instead of {np.prod(size):,}"),
        ],
        pictures=[
            (
                "Held-out images, each with its mean squared error, and what the autoencoder and PCA make of as many "
                "numbers",
                "reconstructions.png",
            ),
            ("The images with the largest error, the largest first", "worst.png"),
            ("The codes of held-out images, projected to two dimensions by t-SNE", "codes.png"),
            ("Mean squared error by epoch", "curves.png"),
        ],
        usage=f"""    kerascnn predict {shell(run.folder)} IMAGES --out FOLDER

writes what becomes of the images, and a sheet to look at. Or in Python, with the codes:

```python
import kerascnn

model = kerascnn.load({python(run.folder / "model.keras")})
images = kerascnn.data.scale(kerascnn.data.read_images(["IMAGE"], {size}), "unit")
codes = kerascnn.part(model, "encoder").predict(images)  # (images, {result["numbers"]})
again = kerascnn.part(model, "decoder").predict(codes)
```
""",
    )
