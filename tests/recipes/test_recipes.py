"""What every recipe's `--smoke` leaves behind."""

import csv
import json
import math

import keras
import matplotlib.image
import numpy as np
import pytest

import kerascnn
from kerascnn.training import files

from . import RECIPES, run


@pytest.fixture(scope="module", params=sorted(path.name for path in RECIPES.glob("*.py")))
def smoke(request, tmp_path_factory):
    """The folder that a recipe's `--smoke` left, and what it said."""
    cwd = tmp_path_factory.mktemp(request.param)
    done = run(request.param, "--smoke", cwd=cwd)
    assert done.returncode == 0, done.stderr
    (folder,) = (cwd / "saved_models").iterdir()
    return folder, done


def read(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_says_what_it_does_and_where(smoke):
    folder, done = smoke
    assert done.stderr == ""
    assert "accuracy" in done.stdout
    assert f"{folder.parent.name}/{folder.name}" in done.stdout
    assert folder.name.endswith("-smoke")


def test_leaves_a_whole_run_folder(smoke):
    folder, _ = smoke
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    logs = {name for name in names if name.startswith("logs/")}
    assert names - logs == {
        "config.json", "model.keras", "history.csv", "metrics.json", "curves.png", "confusion.png", "samples.png",
        "report.html", "README.md",
    }  # fmt: skip
    assert {name.split("/")[1] for name in logs} == {"train", "validation"}


def test_config_rebuilds_the_network(smoke):
    folder, _ = smoke
    config = read(folder, "config.json")
    shape, classes = tuple(config["input_shape"]), len(config["classes"])
    model = kerascnn.build(config["name"], input_shape=shape, classes=classes, **config["knobs"])
    model.load_weights(folder / "model.keras")
    assert config["kerascnn"] == kerascnn.__version__
    assert config["flags"]["seed"] == 0


def test_metrics_are_those_of_the_saved_model(smoke):
    folder, _ = smoke
    config, metrics = read(folder, "config.json"), read(folder, "metrics.json")
    model = keras.models.load_model(folder / "model.keras")
    flags = config["flags"]
    data = kerascnn.data.load(
        flags["data"], tuple(config["input_shape"]), scaling=config["scaling"], limit=flags["limit"]
    )
    loss, accuracy = model.evaluate(data.validation, verbose=0)
    assert metrics["loss"] == pytest.approx(loss, rel=1e-4)
    assert metrics["accuracy"] == pytest.approx(accuracy)
    assert sum(row["images"] for row in metrics["classes"]) == config["validation_images"] == data.validation_size
    card = kerascnn.info(config["name"])
    assert metrics["parameters"] == model.count_params()
    if model.input_shape[1:] == card.input_shape and model.output_shape[-1] == card.classes:
        assert metrics["macs"] == card.macs


def test_history_is_finite_and_agrees_with_metrics(smoke):
    folder, _ = smoke
    metrics = read(folder, "metrics.json")
    with (folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == metrics["epochs"]
    assert all(math.isfinite(float(value)) for row in rows for value in row.values())
    assert float(rows[metrics["best_epoch"] - 1]["val_accuracy"]) == pytest.approx(metrics["accuracy"])


def test_model_file_says_what_it_is(smoke):
    folder, _ = smoke
    config = read(folder, "config.json")
    _, about = files.about(folder)
    assert about == {name: config[name] for name in about}
    assert {"name", "knobs", "input_shape", "classes", "scaling", "mean", "std"} <= set(about)


@pytest.mark.parametrize("name", ["curves.png", "confusion.png", "samples.png"])
def test_pictures_are_not_blank(smoke, name):
    picture = matplotlib.image.imread(smoke[0] / name)
    assert np.ptp(picture[..., :3]) > 0.5


def test_report_and_card_tell_the_result(smoke):
    folder, _ = smoke
    accuracy = f"{read(folder, 'metrics.json')['accuracy']:.2%}"
    page, card = ((folder / name).read_text(encoding="utf-8") for name in ("report.html", "README.md"))
    assert accuracy in page
    assert page.count("data:image/png;base64,") == 3
    assert accuracy in card
    assert "kerascnn predict saved_models/" in card


def test_seed_decides_the_result(smoke, tmp_path):
    folder, _ = smoke
    recipe = read(folder, "config.json")["command"].split()[0]
    assert run(recipe, "--smoke", "--out", "again", cwd=tmp_path).returncode == 0
    timing = ("training_seconds", "images_per_second")
    same, again = (
        {name: value for name, value in read(run_folder, "metrics.json").items() if name not in timing}
        for run_folder in (folder, tmp_path / "again")
    )
    assert again == same
