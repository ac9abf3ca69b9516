"""What every recipe's `--smoke` leaves behind."""

import csv
import json
import math
import re
from runpy import run_path
from typing import NamedTuple

import matplotlib.image
import numpy as np
import pytest

import kerascnn
from kerascnn.data.sources.mask_pictures import KNOWN
from kerascnn.data.sources.synthetic_scenes import SETS
from kerascnn.data.sources.tfds import BUILT_IN
from kerascnn.training import files
from kerascnn.training.flag_help import HELP
from kerascnn.training.flags import STANDARD
from kerascnn.training.procedure.procedure import DEFAULTS

from . import RECIPES as FOLDER
from . import run


class Recipe(NamedTuple):
    """A recipe, the headline of `metrics.json` as its report writes it, the column of the history that decides on the
    best epoch, its pictures beside the curves, and its other files."""

    name: str
    headline: str
    written: str
    column: str
    pictures: tuple[str, ...]
    others: tuple[str, ...] = ()


RECIPES = [
    Recipe("classify", "accuracy", "{:.2%}", "val_accuracy", ("confusion.png", "samples.png")),
    Recipe("autoencoder", "mse", "{:.5f}", "val_loss", ("reconstructions.png", "worst.png", "codes.png")),
    Recipe("unet_seg", "dice", "{:.4f}", "val_iou", ("overlays.png", "worst.png"), ("images.csv",)),
    Recipe("siamese_oneshot", "one_shot", "{:.2%}", "val_one_shot", ("trial.png", "pairs.png")),
    Recipe("siamese_koch", "one_shot", "{:.2%}", "val_accuracy", ("trial.png", "pairs.png")),
]


LONGEST = "siamese_koch"  # of which siamese_oneshot shows the same, but for the network
FLAGGED = sorted(path for path in FOLDER.glob("*.py") if path.stem != "lenet")


@pytest.fixture(
    scope="module",
    params=[pytest.param(one, marks=[pytest.mark.slow] * (one.name == LONGEST), id=one.name) for one in RECIPES],
)
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def smoke(recipe, tmp_path_factory):
    """The folder that a recipe's `--smoke` left, and what it said."""
    cwd = tmp_path_factory.mktemp(recipe.name)
    done = run(f"{recipe.name}.py", "--smoke", cwd=cwd)
    assert done.returncode == 0, done.stderr
    (folder,) = (cwd / "saved_models").iterdir()
    return folder, done


def test_every_recipe_is_tried():
    alone = {"lenet", "plain_vs_residual", "ensemble", "nas_search"}  # have tests of their own
    assert {recipe.name for recipe in RECIPES} | alone == {path.stem for path in FOLDER.glob("*.py")}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_recipes_are_short(path):
    assert path.read_text(encoding="utf-8").count("\n") < 75


def test_every_help_is_of_a_flag():
    configs = [run_path(str(path), run_name="imported").get("CONFIG", {}) for path in FLAGGED]
    assert set(HELP) == {name for config in configs for name in config} | {*DEFAULTS, *STANDARD, "knob", "help"}


@pytest.mark.parametrize("path", FLAGGED, ids=lambda path: path.stem)
def test_every_flag_is_explained(path):
    recipe = run_path(str(path), run_name="imported")
    flags = {**recipe["CONFIG"], **(DEFAULTS if "preset" in recipe["CONFIG"] else {}), **STANDARD, "knob": ()}
    its_own = recipe.get("HELP", {})
    assert not [name for name in flags if not (HELP | its_own).get(name)]
    assert not set(its_own) - set(flags), "no help of a flag that doesn't exist"
    for name, default in recipe["CONFIG"].items():  # what such a number means can't be guessed
        text = (HELP | its_own)[name]
        said = type(default) not in (int, float) or default > 0 or re.search(rf"{default:g}( means|:) ", text)
        assert said, name
    sets = {*SETS, *KNOWN} if path.stem == "unet_seg" else set(BUILT_IN)
    assert all(name in (HELP | its_own)["data"] for name in sets)
    assert not [name for name, text in its_own.items() if text == HELP.get(name)]
    assert set(recipe["SMOKE"]) <= set(flags)


def read(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_says_what_it_does_and_where(smoke, recipe):
    folder, done = smoke
    assert done.stderr == ""
    assert recipe.written.format(read(folder, "metrics.json")[recipe.headline]) in done.stdout
    assert f"{folder.parent.name}/{folder.name}" in done.stdout
    assert folder.name.endswith("-smoke")


def test_leaves_a_whole_run_folder(smoke, recipe):
    folder, _ = smoke
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    logs = {name for name in names if name.startswith("logs/")}
    kept = {name for name in names if name.startswith("checkpoints/")}
    assert len({name.split("/")[1] for name in kept}) == 1
    assert names - logs - kept == {
        "config.json", "model.keras", "history.csv", "metrics.json", "curves.png", *recipe.pictures, *recipe.others,
        "report.html", "README.md",
    }  # fmt: skip
    assert {name.split("/")[1] for name in logs} == {"train", "validation"}


def test_config_rebuilds_the_network(smoke):
    folder, _ = smoke
    config = read(folder, "config.json")
    has_classes = kerascnn.info(config["name"]).task in ("classify", "segment")
    classes = {"classes": len(config["classes"])} if has_classes else {}
    shape = tuple(config["input_shape"])
    model = kerascnn.build(config["name"], input_shape=shape, **classes, **config["knobs"])
    model.load_weights(folder / "model.keras")
    assert read(folder, "metrics.json")["parameters"] == model.count_params()
    assert config["kerascnn"] == kerascnn.__version__
    assert config["flags"]["seed"] == 0


def test_history_is_finite_and_the_best_epoch_is_the_best(smoke, recipe):
    folder, _ = smoke
    metrics = read(folder, "metrics.json")
    with (folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == metrics["epochs"]
    assert all(math.isfinite(float(value)) for row in rows for value in row.values())
    kept = float(rows[metrics["best_epoch"] - 1][recipe.column])
    assert kept == (min if recipe.column == "val_loss" else max)(float(row[recipe.column]) for row in rows)


def test_model_file_says_what_it_is(smoke):
    folder, _ = smoke
    config = read(folder, "config.json")
    _, about = files.metadata(folder)
    assert about.pop("epoch") == read(folder, "metrics.json")["best_epoch"]
    assert about == {name: config[name] for name in about}
    assert {"name", "knobs", "input_shape", "classes", "scaling", "mean", "std"} <= set(about)


def test_pictures_are_not_blank(smoke, recipe):
    for name in ("curves.png", *recipe.pictures):
        assert np.ptp(matplotlib.image.imread(smoke[0] / name)[..., :3]) > 0.5


def test_report_and_card_tell_the_result(smoke, recipe):
    folder, _ = smoke
    headline = recipe.written.format(read(folder, "metrics.json")[recipe.headline])
    page, card = ((folder / name).read_text(encoding="utf-8") for name in ("report.html", "README.md"))
    assert headline in page
    assert page.count("data:image/png;base64,") == 1 + len(recipe.pictures)
    assert headline in card
    assert f"saved_models/{folder.name}" in card


def untimed(row):
    return {name: value for name, value in row.items() if "second" not in name}


@pytest.mark.slow
def test_the_flags_of_a_run_repeat_it(smoke, recipe, tmp_path):
    done = run(f"{recipe.name}.py", "--config", smoke[0], "--out", "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told, history = [], []
    for folder in (smoke[0], tmp_path / "again"):
        told.append(untimed(read(folder, "metrics.json")))
        with (folder / "history.csv").open(newline="") as file:
            history.append([untimed(row) for row in csv.DictReader(file)])
    assert told[0] == told[1]
    assert history[0] == history[1]
