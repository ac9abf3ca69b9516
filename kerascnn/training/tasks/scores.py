"""The measures of a classifier, from the classes of some images and the probabilities that it gives them.

Throughout, `truth` are the numbers of the classes (n,), and `probabilities` is (n, classes), with rows that sum to 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

BINS = 15  # of the confidence
SURE = 0.95  # that an interval holds the true share
LEAST = float(np.finfo(float).eps)  # probability in the logarithm


class Bin(NamedTuple):
    """Answers of about the same confidence: the mean of it, how many of them are right, as a share, and how many there
    are. The first two are NaN where there are none."""

    confidence: float
    accuracy: float
    images: int


class McNemar(NamedTuple):
    """Images on which two networks differ: those that only the first gets right, those that only the second does, and
    how likely such a difference, or a larger one, is among equally good networks."""

    only_first: int
    only_second: int
    p: float


def measure(truth: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> dict:
    """What is to be said of a classifier; the numbers are Python's own.

    Returns:
        accuracy, accuracy_interval: the share of right answers, and its 95 % interval.
        images, majority_class, majority_accuracy: how many there are, the most frequent class, and the share of right
            answers if that one were said of all.
        top5_accuracy: the share of the images whose class is among the five likeliest; for more than five classes.
        log_loss, brier, calibration_error: see below.
        constant_answer: the class that is said of every image, or None.
        classes: for each one `class`, `precision`, `recall`, `f1` and the number of its `images`.
    """
    answers, labels = probabilities.argmax(-1), range(len(classes))
    right, counts = int((answers == truth).sum()), np.bincount(truth, minlength=len(classes))
    columns = precision_recall_fscore_support(truth, answers, labels=labels, zero_division=0)
    names = ("class", "precision", "recall", "f1", "images")
    return {
        "accuracy": right / len(truth),
        "accuracy_interval": interval(right, len(truth)),
        "images": len(truth),
        "majority_class": classes[counts.argmax()],
        "majority_accuracy": int(counts.max()) / len(truth),
        **({"top5_accuracy": top_accuracy(truth, probabilities, 5)} if len(classes) > 5 else {}),
        "log_loss": log_loss(truth, probabilities),
        "brier": brier(truth, probabilities),
        "calibration_error": calibration_error(truth, probabilities),
        "constant_answer": classes[answers[0]] if len(truth) > 1 and (answers == answers[0]).all() else None,
        "classes": [
            dict(zip(names, row, strict=True))
            for row in zip(classes, *(column.tolist() for column in columns), strict=True)
        ],
    }


def interval(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share, by Wilson's score."""
    low, high = binomtest(right, of).proportion_ci(SURE, "wilson")
    return float(low), float(high)


def confusion(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Images (classes, classes) by what they are (row) and what is said of them (column)."""
    return confusion_matrix(truth, probabilities.argmax(-1), labels=range(probabilities.shape[1]))


def top_accuracy(truth: np.ndarray, probabilities: np.ndarray, k: int) -> float:
    """The share of the images of which fewer than k classes are found likelier than their own. Of equally likely ones
    the first of them come first, as for the answer."""
    own = probabilities[np.arange(len(truth)), truth][:, None]
    before = np.arange(probabilities.shape[1]) < truth[:, None]
    rank = ((probabilities > own) | ((probabilities == own) & before)).sum(axis=1)
    return float((rank < k).mean())


def losses(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The cross-entropy of each image (n,)."""
    return -np.log(np.maximum(probabilities[np.arange(len(truth)), truth].astype(float), LEAST))


def log_loss(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """The mean cross-entropy."""
    return float(losses(truth, probabilities).mean())


def brier(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """The mean of the squared errors of an image's probabilities, summed over the classes, from 0 to 2: Brier 1950."""
    errors = probabilities.astype(float) - np.eye(probabilities.shape[1])[truth]
    return float((errors**2).sum(axis=1).mean())


def reliability(truth: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> list[Bin]:
    """The answers by their confidence, the probability of the likeliest class, in equally wide bins from 0 to 1. A bin
    holds its upper end."""
    confidence, right = probabilities.max(-1).astype(float), probabilities.argmax(-1) == truth
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    found = []
    for i in range(bins):
        inside = places == i
        share = (float(values[inside].mean()) if inside.any() else float("nan") for values in (confidence, right))
        found.append(Bin(*share, int(inside.sum())))
    return found


def calibration_error(truth: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> float:
    """The expected calibration error of Guo et al. 2017, arXiv:1706.04599, Equation 5: by how much confidence and
    accuracy differ in a bin, averaged over the images."""
    filled = [found for found in reliability(truth, probabilities, bins) if found.images]
    return sum(found.images * abs(found.confidence - found.accuracy) for found in filled) / len(truth)


def mcnemar(truth: np.ndarray, first: np.ndarray, second: np.ndarray) -> McNemar:
    """McNemar's exact test of two networks' answers (n,) for the same images."""
    first, second = first == truth, second == truth
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    differ = only_first + only_second
    return McNemar(only_first, only_second, float(binomtest(only_first, differ).pvalue) if differ else 1.0)


def warnings(measures: dict) -> list[str]:
    """What a reader of the accuracy must know, each in a line; `measures` are those of `measure`."""
    if measures["constant_answer"] is not None:
        return [f"gives the same answer for every image: {measures['constant_answer']}"]
    if measures["accuracy_interval"][0] <= measures["majority_accuracy"]:
        return [f"no better than always saying {measures['majority_class']}"]
    return []
