"""What is special to classifiers: the report of a run."""

from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from .. import data
from . import answers, files, pictures, report
from .run import Run, by_chief

SHEET = 32  # images on the sheet of samples


@by_chief
def report_classifier(run: Run, images: data.Data) -> None:
    """Judge `model.keras` on the held-out images; write `metrics.json`, the pictures, `report.html` and `README.md`.

    Args:
        run: a run whose training is over.
        images: the data that it was trained on.
    """
    model, history = run.best_model(), run.history()
    given = answers.collect(model, images.validation, SHEET)
    counts = confusion_matrix(given.truth, given.probabilities.argmax(-1), labels=range(len(images.classes)))
    trained = run.measure(model, history)
    result = {
        "loss": history["val_loss"][trained["best_epoch"] - 1],
        **answers.measure(given, images.classes),
        **({"ten_crop_accuracy": answers.accuracy_over_crops(model, images.crops)} if images.crops is not None else {}),
        "last_epoch_accuracy": history["val_accuracy"][-1],
        **trained,
    }
    files.write_json(run.folder / "metrics.json", result)
    pictures.curves(run.folder / "curves.png", history, ("loss", "accuracy"), result["best_epoch"])
    pictures.confusion(run.folder / "confusion.png", counts, images.classes)
    draw_samples(run.folder / "samples.png", given.samples, counts, images)
    report.publish(run.folder, compose(run, images, result, counts))


def draw_samples(path: Path, samples: list[answers.Sample], counts: np.ndarray, images: data.Data) -> None:
    """Write the sheet of samples. Its title says how many answers were wrong and right in all."""
    ends = np.array([0, 255], np.uint8)[:, None, None, None].repeat(images.image_shape[2], axis=-1)
    black, white = data.scale(ends, images.scaling, images.mean, images.std)
    cells = []
    for sample in samples:
        answer, truth = (pictures.shortened(images.classes[i]) for i in (sample.answer, sample.label))
        note = f"{sample.probabilities[sample.answer]:.0%}"
        is_right = sample.answer == sample.label
        image = ((sample.image - black) / (white - black)).clip(0, 1)
        cells.append(pictures.Cell(image, answer, note if is_right else f"{note}\nis {truth}", is_right))
    shown, right = sum(cell.right for cell in cells), np.trace(counts)
    wrong = f"{len(cells) - shown} of {counts.sum() - right:,} wrong answers"
    pictures.samples(path, f"{wrong}, {shown} of {right:,} right ones", cells)


def compose(run: Run, images: data.Data, result: dict, counts: np.ndarray) -> report.Report:
    """The text of the report."""
    also = {"ten_crop_accuracy": "averaged over ten crops", "top5_accuracy": "right among the first five"}
    shares = ("precision", "recall", "f1")
    return report.compose(
        run.config,
        result,
        facts=[
            (f"accuracy on {counts.sum():,} held-out images", f"{result['accuracy']:.2%}"),
            *((words, f"{result[name]:.2%}") for name, words in also.items() if name in result),
            ("held-out loss", f"{result['loss']:.4f}"),
            ("accuracy after the last epoch", f"{result['last_epoch_accuracy']:.2%}"),
        ],
        pictures=[
            ("Loss and accuracy by epoch", "curves.png"),
            ("What the network says of held-out images", "samples.png"),
            ("What each class was taken for", "confusion.png"),
        ],
        tables=[
            report.Table(
                "Classes",
                ("class", "precision", "recall", "F1", "images"),
                [
                    (row["class"], *(f"{row[name]:.1%}" for name in shares), f"{row['images']:,}")
                    for row in result["classes"]
                ],
            ),
            report.Table("Most frequent mistakes", ("it is", "taken for", "times"), mistakes(counts, images.classes)),
        ],
        usage=f"""    kerascnn predict {run.folder} IMAGE

or in Python:

```python
import kerascnn

model = kerascnn.load("{run.folder}/model.keras")  # or keras.models.load_model, after `import kerascnn.layers`
images = kerascnn.data.read_images(["IMAGE"], {tuple(run.about["input_shape"])})
probabilities = model.predict(kerascnn.data.scale(images, {images.scaling!r}, {list(images.mean)}, {list(images.std)}))
```

The classes, in the order of the probabilities: {", ".join(images.classes)}.
""",
    )


def mistakes(counts: np.ndarray, classes: list[str], most: int = 10) -> list[tuple[str, str, str]]:
    """The most frequent pairs of a class and what it was taken for."""
    wrong = counts * (1 - np.eye(len(counts), dtype=counts.dtype))
    first = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(i), len(counts)) for i in first]
    return [(classes[is_], classes[said], str(wrong[is_, said])) for is_, said in pairs if wrong[is_, said]]
