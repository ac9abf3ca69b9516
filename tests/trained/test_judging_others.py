"""Segmenters, autoencoders and verifiers are judged by what the definitions say."""

import csv

import numpy as np
import pytest
from PIL import Image

import kerascnn
from kerascnn import InputError, data
from kerascnn.trained import evaluate
from kerascnn.training import files
from kerascnn.training.tasks.sliding_window import probabilities

from .made_runs import make_run

TWO = ("background", "object")


def rows(path):
    with path.open(newline="") as file:
        return [*csv.DictReader(file)]


@pytest.fixture
def slices(tmp_path):
    """Six images with masks of a bright square."""
    random = np.random.default_rng(0)
    for i in range(6):
        mask = np.zeros((40, 48), np.uint8)
        mask[5 + i : 25, 8 : 20 + 2 * i] = 255
        for kind, pixels in (("images", mask // 2 + random.integers(0, 120, mask.shape)), ("masks", mask)):
            (tmp_path / "slices" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "slices" / kind / f"{i}.png")
    return tmp_path / "slices"


@pytest.fixture(scope="module")
def segmenters(tmp_path_factory):
    home = tmp_path_factory.mktemp("segmenters")
    how = dict(name="unet", shape=(32, 32, 1), classes=TWO, knobs={"n_filters": 4, "dropout": 0.0})
    return [make_run(home / str(seed), seed=seed, **how) for seed in range(2)]


@pytest.mark.parametrize("tta", ["", "flips"])
def test_segmenters_by_definition(tta, segmenters, slices, tmp_path):
    """Each, and the average of their probabilities, over all pixels of all images."""
    verdict = evaluate(segmenters, slices, tta=tta, csv=tmp_path / "a.csv", out=tmp_path / "out")
    masks = [np.asarray(Image.open(slices / f"masks/{i}.png")) > 0 for i in range(6)]
    given = []
    for run in segmenters:
        network, about = files.trained(run, "segment")
        images = [np.asarray(Image.open(slices / f"images/{i}.png"))[..., None] for i in range(6)]
        scaled = [data.scale(image, about["scaling"], about["mean"], about["std"]) for image in images]
        given.append([probabilities(network, image, tta=bool(tta))[..., 1] for image in scaled])
    given.append(np.mean(given, axis=0))
    found = [*verdict.measures["runs"], verdict.measures["ensemble"]]
    for row, answers in zip(found, given, strict=True):
        said, truth = (np.concatenate([one.ravel() for one in part]) for part in ([a > 0.5 for a in answers], masks))
        assert row["pixel_error"] == pytest.approx((said != truth).mean())
        dice = [2 * (s & t).sum() / max(s.sum() + t.sum(), 1) for s, t in ((~said, ~truth), (said, truth))]
        iou = [(s & t).sum() / max((s | t).sum(), 1) for s, t in ((~said, ~truth), (said, truth))]
        assert row["dice"] == pytest.approx(np.mean(dice))
        assert [one["iou"] for one in row["classes"]] == pytest.approx(iou)
    errors = [((answer > 0.5) != mask).mean() for answer, mask in zip(given[-1], masks, strict=True)]
    assert [float(row["pixel error"]) for row in rows(tmp_path / "a.csv")] == pytest.approx(errors)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.html", "metrics.json", "overlays.png"}


@pytest.mark.parametrize("setting", ["default", "held out"])
def test_a_segmenter_and_the_folder_that_trained_it(setting, segmenters, slices, tmp_path):
    loading = {"loader": "load_masks", "name": str(slices), **({"held_out": "0,4"} if setting == "held out" else {})}
    about = dict(name="unet", shape=(32, 32, 1), classes=TWO, knobs={"n_filters": 4, "dropout": 0.0})
    run = make_run(tmp_path / "run", loading=loading, **about)
    evaluate(run, csv=tmp_path / "a.csv")
    assert [row["image"] for row in rows(tmp_path / "a.csv")] == (["0", "4"] if setting == "held out" else ["5"])


def test_an_autoencoder_by_definition(tmp_path):
    run = make_run(
        tmp_path / "run",
        name="autoencoder",
        shape=(20, 20, 1),
        scaling="unit",
        loading={"loader": "load", "name": "digits"},
    )
    verdict = evaluate(run, csv=tmp_path / "a.csv", out=tmp_path / "out")
    network, _ = files.trained(run, "reconstruct")
    images = np.concatenate([images for images, _ in data.load("digits", (20, 20, 1), scaling="unit").validation])
    errors = ((network.predict(images, verbose=0) - images) ** 2).mean(axis=(1, 2, 3))
    (found,) = verdict.measures["runs"]
    assert found["mse"] == pytest.approx(errors.mean(), rel=1e-4)
    assert found["worst_mse"] == pytest.approx(errors.max(), rel=1e-4)
    assert [float(row["mse"]) for row in rows(tmp_path / "a.csv")] == pytest.approx(errors, rel=1e-3)
    assert (tmp_path / "out/worst.png").exists()


SIAMESE = {"backbone": "lenet5", "n_filters": 4}


def test_a_verifier_by_its_pairs(tmp_path):
    """The shares from the CSV file alone; of its own data, the classes that it has not seen."""
    loading = {"loader": "load_pairs", "name": "digits", "unseen": 0.3, "limit": 20, "scaling": "ink"}
    network = kerascnn.build("siamese", input_shape=(32, 32, 1), **SIAMESE)
    run = make_run(tmp_path / "run", name="siamese", shape=(32, 32, 1), knobs=SIAMESE, network=network, loading=loading)
    verdict = evaluate(run, csv=tmp_path / "a.csv", out=tmp_path / "out")
    (found,) = verdict.measures["runs"]
    assert list(found["classes"]) == ["7", "8", "9"]
    pairs = rows(tmp_path / "a.csv")
    same = np.array([row["same"] == "1" for row in pairs])
    sure = np.array([float(row["probability of the same"]) for row in pairs])
    assert same.mean() == 0.5
    assert found["verification"] == pytest.approx(((sure > 0.5) == same).mean())
    higher = (sure[same][:, None] > sure[~same]).mean() + (sure[same][:, None] == sure[~same]).mean() / 2
    assert found["auc"] == pytest.approx(higher)
    assert found["ways"] == 3
    assert 0 <= found["one_shot_interval"][0] <= found["one_shot"] <= found["one_shot_interval"][1] <= 1
    assert evaluate(run, split="train").measures["runs"][0]["classes"] == tuple("0123456")
    assert evaluate(run, split="all").measures["runs"][0]["classes"] == tuple("0123456789")


def test_what_cannot_be_asked_of_them(segmenters, slices, tmp_path):
    other = make_run(tmp_path / "larger", name="unet", shape=(48, 48, 1), classes=TWO, knobs={"n_filters": 4})
    autoencoders = [
        make_run(tmp_path / f"auto{i}", name="autoencoder", shape=(20, 20, 1), scaling="unit", seed=i) for i in range(2)
    ]
    for runs, given, how, message in [
        ([segmenters[0], other], slices, {}, r"see images of different shapes, \(32, 32, 1\) and \(48, 48, 1\)"),
        ([segmenters[0]], slices, {"tta": "crops"}, "tta: segmenters see all of an image, in tiles"),
        ([segmenters[0]], slices, {"split": "test"}, "split='test': images with masks have none"),
        (
            [segmenters[0]],
            "digits",
            {},
            "digits: has the classes background, 0, 1, 2, 3 and 6 more; .* has background,",
        ),
        (autoencoders, "digits", {}, "autoencoders are judged one at a time"),
        (autoencoders[:1], "digits", {"tta": "flips"}, "tta: autoencoders are judged without"),
        (autoencoders[:1], "digits", {"labels": "a.csv"}, "labels='a.csv': are for classifiers; .* to reconstruct"),
    ]:
        with pytest.raises(InputError, match=message) as error:
            evaluate(runs, given, **how)
        assert "\n" not in str(error.value)


def test_masks_of_nothing_but_void(segmenters, slices, tmp_path):
    for i in range(6):
        Image.fromarray(np.full((40, 48), 7, np.uint8)).save(slices / f"masks/{i}.png")
    loading = {"loader": "load_masks", "name": "elsewhere", "ignore": 7}
    about = dict(name="unet", shape=(32, 32, 1), classes=TWO, knobs={"n_filters": 4, "dropout": 0.0})
    run = make_run(tmp_path / "run", loading=loading, **about)
    with pytest.raises(InputError, match="all pixels of its masks are void"):
        evaluate(run, slices)
