"""What a classifier answers on held-out images, and how good that is."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import keras
import numpy as np
from sklearn.metrics import precision_recall_fscore_support, top_k_accuracy_score


class Sample(NamedTuple):
    """A scaled image (height, width, channels), the number of its class, and the network's probabilities (classes,)."""

    image: np.ndarray
    label: int
    probabilities: np.ndarray

    @property
    def answer(self) -> int:
        return int(self.probabilities.argmax())


class Answers(NamedTuple):
    """The classes (n,), the network's probabilities (n, classes), and samples: wrong answers first."""

    truth: np.ndarray
    probabilities: np.ndarray
    samples: list[Sample]


def collect(model: keras.Model, batches: Iterable, most_samples: int) -> Answers:
    """Ask a classifier.

    Args:
        model: its output are probabilities.
        batches: pairs of scaled images and the numbers of their classes.
        most_samples: keep so many images, half of them wrong answers where there are so many; of each kind the first.
    """
    truth, probabilities, kept = [], [], {False: [], True: []}
    for images, labels in batches:
        labels, answers = np.asarray(labels), model.predict_on_batch(images)
        truth.append(labels)
        probabilities.append(answers)
        right = answers.argmax(-1) == labels
        for kind, samples in kept.items():
            for i in np.flatnonzero(right == kind)[: most_samples - len(samples)]:
                samples.append(Sample(np.asarray(images[i]), int(labels[i]), answers[i]))
    wrong = kept[False][: max(most_samples // 2, most_samples - len(kept[True]))]
    samples = wrong + kept[True][: most_samples - len(wrong)]
    return Answers(np.concatenate(truth), np.concatenate(probabilities), samples)


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


def measure(answers: Answers, classes: Sequence[str]) -> dict:
    """Accuracy, top-5 accuracy where there are more than five classes, and for each class precision, recall, F1 and the
    number of its images."""
    truth, probabilities, _ = answers
    labels = range(len(classes))
    result = {"accuracy": float((probabilities.argmax(-1) == truth).mean())}
    if len(classes) > 5:
        result["top5_accuracy"] = float(top_k_accuracy_score(truth, probabilities, k=5, labels=labels))
    columns = precision_recall_fscore_support(truth, probabilities.argmax(-1), labels=labels, zero_division=0)
    names = ("class", "precision", "recall", "f1", "images")
    rows = zip(classes, *(column.tolist() for column in columns), strict=True)
    return {**result, "classes": [dict(zip(names, row, strict=True)) for row in rows]}
