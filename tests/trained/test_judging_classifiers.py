"""Classifiers are judged as scikit-learn would, by the images that `data.load` gives to validate with."""

import csv
import json

import keras
import numpy as np
import pytest
import sklearn.metrics
from PIL import Image

import kerascnn
from kerascnn import InputError, data
from kerascnn.trained import evaluate
from kerascnn.trained.judging_classifiers import TTA, count, shape_for, views
from kerascnn.training import files

from .made_runs import make_run

CLASSES = tuple("0123456789")
DIGITS = {"loader": "load", "name": "digits"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three networks: two of them have seen a few digits, one takes images of another size."""
    home, made = tmp_path_factory.mktemp("runs"), []
    for seed, shape in enumerate([(32, 32, 1), (32, 32, 1), (40, 36, 1)]):
        keras.utils.set_random_seed(seed)
        network = kerascnn.build("lenet5", input_shape=shape, classes=10)
        network.compile("adam", "sparse_categorical_crossentropy")
        digits = data.load("digits", shape, batch=64, seed=seed)
        network.fit(digits.train, steps_per_epoch=20, verbose=0, shuffle=False)
        mean, std = data.STATISTICS["digits"]
        about = {"mean": mean, "std": std} if seed < 2 else {"scaling": "symmetric"}
        made.append(make_run(home / f"run{seed}", shape=shape, network=network, loading=DIGITS, **about))
    return made


def probabilities(run):
    """Those of the held-out digits, the plain way."""
    network, about = keras.models.load_model(run / "model.keras"), files.metadata(run)[1]
    shape, how = tuple(about["input_shape"]), (about["scaling"], about["mean"], about["std"])
    pixels, labels = zip(*data.load("digits", shape, scaling="unit").validation, strict=True)
    images = data.scale(np.round(np.concatenate(pixels) * 255), *how)
    return network.predict(images, verbose=0), np.concatenate(labels)


def table(path):
    with path.open(newline="") as file:
        columns, *rows = csv.reader(file)
    truth, answers = ([row[i] for row in rows] for i in (1, 2))
    return columns, truth, answers, np.array([row[3:] for row in rows], float)


def test_figures_are_those_of_scikit_learn(runs, tmp_path):
    """From the CSV file alone, which knows nothing of how the figures came about."""
    (found,) = evaluate(runs[0], csv=tmp_path / "a.csv").measures["runs"]
    columns, truth, answers, shares = table(tmp_path / "a.csv")
    assert columns == ["image", "truth", "answer", *(f"probability of {name}" for name in CLASSES)]
    labels = [CLASSES.index(name) for name in truth]
    assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, answers))
    shares /= shares.sum(axis=1, keepdims=True)  # which float32 sums to 1 but for its last digits
    assert found["log_loss"] == pytest.approx(sklearn.metrics.log_loss(labels, shares), rel=1e-5)
    one_of_ten = [sklearn.metrics.brier_score_loss(np.array(labels) == k, shares[:, k]) for k in range(10)]
    assert found["brier"] == pytest.approx(sum(one_of_ten), rel=1e-5)
    assert found["top5_accuracy"] == pytest.approx(sklearn.metrics.top_k_accuracy_score(labels, shares, k=5))
    assert found["confusion"] == sklearn.metrics.confusion_matrix(truth, answers, labels=CLASSES).tolist()
    report = sklearn.metrics.classification_report(truth, answers, output_dict=True, zero_division=0)
    for row in found["classes"]:
        named = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "images"}
        for theirs, ours in named.items():
            assert row[ours] == pytest.approx(report[row["class"]][theirs])
    assert sum(row["images"] for row in found["reliability"]) == len(truth) == found["images"]


def test_probabilities_are_the_networks(runs, tmp_path):
    for run in runs:
        evaluate([run], csv=tmp_path / "a.csv", overwrite=True)
        _, truth, _, shares = table(tmp_path / "a.csv")
        expected, labels = probabilities(run)
        np.testing.assert_allclose(shares, expected, atol=1e-5)
        assert truth == [CLASSES[label] for label in labels]


def test_an_ensemble_is_the_average_whatever_the_sizes(runs, tmp_path):
    found = evaluate(runs, csv=tmp_path / "a.csv").measures
    _, _, answers, shares = table(tmp_path / "a.csv")
    each = [probabilities(run) for run in runs]
    labels = each[0][1]
    np.testing.assert_allclose(shares, np.mean([one for one, _ in each], axis=0), atol=1e-5)
    assert answers == [CLASSES[i] for i in shares.argmax(1)]
    assert found["ensemble"]["accuracy"] == pytest.approx((shares.argmax(1) == labels).mean())
    right = [one.argmax(1) == labels for one, _ in each]
    for row, is_right in zip(found["runs"], right, strict=True):
        assert row["accuracy"] == pytest.approx(is_right.mean())
    test = found["runs"][1]["against_first"]
    assert test["only_first"] == (right[0] & ~right[1]).sum()
    assert test["only_second"] == (right[1] & ~right[0]).sum()
    assert "against_first" not in found["runs"][0]
    assert "against_first" in found["ensemble"]


def test_classes_are_matched_by_their_names(runs, tmp_path):
    """A folder with some of the classes; its labels are others than the network's."""
    digits = data.load("digits", (8, 8, 1), scaling="unit").validation
    pixels, labels = (np.concatenate(part) for part in zip(*digits, strict=True))
    chosen = np.flatnonzero(np.isin(labels, (3, 7)))
    for i in chosen:
        (tmp_path / "some" / str(labels[i])).mkdir(parents=True, exist_ok=True)
        image = np.round(pixels[i, ..., 0] * 255).astype(np.uint8)
        Image.fromarray(image).save(tmp_path / "some" / str(labels[i]) / f"{i:03d}.png")
    verdict = evaluate(runs[0], tmp_path / "some", csv=tmp_path / "a.csv")
    _, truth, _, shares = table(tmp_path / "a.csv")
    order = [*chosen[labels[chosen] == 3], *chosen[labels[chosen] == 7]]
    assert truth == [str(labels[i]) for i in order]
    expected = probabilities(runs[0])[0][order]
    np.testing.assert_allclose(shares, expected, atol=2e-3)  # files are read in color first, and rounded again
    (found,) = verdict.measures["runs"]
    assert [row["images"] for row in found["classes"]] == [
        0,
        0,
        0,
        *[truth.count("3")],
        0,
        0,
        0,
        truth.count("7"),
        0,
        0,
    ]
    assert verdict.warnings == []


@pytest.mark.parametrize("tta", ["flips", "crops", "flips,crops", " crops , flips "])
def test_views_are_averaged(tta, runs, tmp_path):
    verdict = evaluate(runs[2], tta=tta, csv=tmp_path / "a.csv")
    network, about = files.trained(runs[2], "classify")
    height, width, _ = about["input_shape"]
    size = (46, 41) if "crops" in tta else (40, 36)
    pixels = np.concatenate([images for images, _ in data.load("digits", (*size, 1), scaling="unit").validation])
    scaled = data.scale(np.round(pixels * 255), "symmetric")
    down, right = size[0] - height, size[1] - width
    corners = [(0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)] if "crops" in tta else [(0, 0)]
    seen = [scaled[:, top : top + height, left : left + width] for top, left in corners]
    if "flips" in tta:
        seen += [one[:, :, ::-1] for one in seen]
    expected = np.mean([network.predict(one, verbose=0) for one in seen], axis=0)
    np.testing.assert_allclose(table(tmp_path / "a.csv")[3], expected, atol=1e-5)
    assert verdict.measures["tta"] == ",".join(word for word in TTA if word in tta)


@pytest.mark.parametrize("tta", [(), ("flips",), ("crops",), ("flips", "crops")])
def test_number_and_size_of_views(tta):
    about = {"input_shape": (224, 224, 3)}
    images = np.zeros((2, *shape_for(about, tta)), np.uint8)
    assert views(images, about["input_shape"], tta).shape == (2, count(tta), 224, 224, 3)
    assert shape_for(about, tta)[0] == (256 if "crops" in tta else 224)


def test_what_is_written(runs, tmp_path):
    verdict = evaluate(runs[:2], out=tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.html", "metrics.json", "confusion.png", "reliability.png", "worst.png",
    }  # fmt: skip
    assert json.loads((tmp_path / "out/metrics.json").read_text()) == json.loads(json.dumps(verdict.measures))
    page = (tmp_path / "out/report.html").read_text()
    assert f"{verdict.measures['ensemble']['accuracy']:.2%}" in page
    assert page.count("<img") == 3


def test_constant_answers_are_named(tmp_path):
    network = kerascnn.build("lenet5", classes=10)
    network.layers[-1].set_weights([np.zeros_like(w) for w in network.layers[-1].get_weights()])
    run = make_run(tmp_path / "run", network=network, loading=DIGITS)
    assert evaluate(run).warnings == ["gives the same answer for every image: 0"]


def test_networks_that_cannot_be_compared(runs, tmp_path):
    other = make_run(tmp_path / "other", classes=tuple("0123456798"), loading=DIGITS)
    with pytest.raises(InputError, match="do not have the same classes, in the same order: number 8 is '8' and '9'"):
        evaluate([runs[0], other])
    fewer = make_run(tmp_path / "fewer", classes=tuple("012345678"), loading=DIGITS)
    with pytest.raises(InputError, match="in the same order: 10 and 9"):
        evaluate([runs[0], fewer])
    with pytest.raises(InputError, match=r"digits: has classes that .*fewer does not know: 9; it knows 0, 1, 2, 3, 4"):
        evaluate(fewer)
    network = kerascnn.build("lenet5", classes=10)
    network.layers[-1].set_weights([np.full_like(w, 3e38) for w in network.layers[-1].get_weights()])
    with pytest.raises(InputError, match=r"nan: its network answers with NaN, so it is not used"):
        evaluate(make_run(tmp_path / "nan", network=network, loading=DIGITS))
    logits = kerascnn.build("lenet5", classes=10, classifier_activation=None)
    with pytest.raises(InputError, match="which is no probability"):
        evaluate(make_run(tmp_path / "logits", network=logits, loading=DIGITS))
