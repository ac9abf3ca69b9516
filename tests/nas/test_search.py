"""What a search on the command line knows of its folder, its time and its role."""

import json
from math import isfinite
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from kerascnn import data, nas
from kerascnn.errors import InputError, TrainingStopped
from kerascnn.nas import search as module
from kerascnn.nas.search import Search
from kerascnn.nas.spaces.count import count
from kerascnn.training.flags import STANDARD

from .engine.test_trials import written
from .outcome.test_selection import SPEC

FLAGS = {
    "data": "digits", "family": "", "size": 0, "limit": 40, "batch": 8, "lr": 0.05, "trials": 0,
    "strategy": "evolution", "goal": "accuracy", "proxy": "", "budget": "", "epochs": 9, "winner_epochs": 0,
    "workers": 1,
}  # fmt: skip
KEPT = {"worker": None, "starts": 1, "ended": 1, "spent": 200.0, "strategy": {}}


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("TUNER_ID", "ORACLE_IP", "ORACLE_PORT"):
        monkeypatch.delenv(f"KERASTUNER_{name}", raising=False)


def flags(**given):
    return SimpleNamespace(**{**FLAGS, **STANDARD, "knobs": {}, "out": "search", **given})


def load(**which):
    return data.load("digits", (8, 8, 1), batch=8, **which)


def compile(model, values=None):
    model.compile("sgd", "sparse_categorical_crossentropy")


def opened(limits=None, **given):
    search = Search(flags(**given))
    shape, classes = search.images_are()
    space = nas.space(search.family(), input_shape=shape, classes=classes)
    search.open(space, limits or nas.budget(max_params="60k"), load, compile)
    return search


def test_a_quarter_of_the_time_is_for_the_search_and_its_images_are_training_images(capsys):
    search = opened(budget="10m")
    assert 140 < search.seconds < 150
    train, others = search.images.train_size, search.images.validation_size
    assert (train + others, min(train, others) > 0) == (40, True)
    said = capsys.readouterr().out
    assert "of the space vgg fits the budget" in said
    assert f"{train} images to train on in an epoch and {others} to compare by" in said


def test_unless_told_otherwise_it_takes_three_minutes():
    assert Search(flags()).total == 180
    assert opened(trials=3).seconds is None


def test_one_that_goes_on_is_as_it_was():
    first = opened(budget="10m", max_latency="")
    about = json.loads((first.folder / "search.json").read_text())
    again = opened(nas.budget(max_params="1M"), budget="10m", resume=True)
    assert (again.folder, again.seconds, again.budget) == (first.folder, first.seconds, first.budget)
    assert again.about == about


def test_the_winner_has_the_time_that_is_left_and_goes_on_too():
    search = opened(budget="10m", limit=40)
    written(search.folder, "0000", [0.5], spec=SPEC, count=count(SPEC)._asdict(), kept=KEPT)
    assert not search.leaves_it_to_workers()
    spec, cfg = search.winner()
    assert spec == SPEC == json.loads((search.folder / "winner.json").read_text())
    assert cfg.knobs == {"n_filters": [8, 8, 16], "repeats": [1, 1, 1]}
    assert (cfg.out, cfg.resume, cfg.epochs) == ("search/winner", True, 0)
    assert float(cfg.budget[:-1]) == 600 - 200 - module.SPARE
    again = opened(budget="10m", resume=True)
    assert again.leaves_it_to_workers(), "the search has ended"
    (search.folder / "winner").mkdir()
    (search.folder / "winner" / "config.json").write_text(json.dumps({"kerascnn": "0", "flags": {"epochs": 17}}))
    assert again.winner()[1].epochs == 17


@pytest.mark.parametrize(("batch", "many", "taken", "rate"), [(0, 40, 128, 0.2), (0, 41, 32, 0.05), (8, 40, 8, 0.05)])
def test_the_winner_takes_large_steps_where_there_are_many_images(monkeypatch, batch, many, taken, rate):
    monkeypatch.setattr(module, "MANY", many)
    search = opened(budget="10m", limit=40, batch=batch)
    written(search.folder, "0000", [0.5], spec=SPEC, count=count(SPEC)._asdict(), kept=KEPT)
    _, cfg = search.winner()
    assert (cfg.batch, cfg.lr) == (taken, rate)


@pytest.mark.parametrize("name", ["naswot", pytest.param("early_loss", marks=pytest.mark.slow)])
def test_a_proxy_says_the_same_of_a_network_whenever_it_is_asked(name):
    proxy = opened(proxy=name).proxy(compile)
    assert isfinite(told := proxy(SPEC))
    assert proxy(SPEC) == pytest.approx(told, rel=1e-6)
    assert opened(proxy=name, out="another").proxy(compile)(SPEC) == pytest.approx(told, rel=1e-6)
    assert opened(out="none").proxy(compile) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strategy": "evolutoin"}, "strategy='evolutoin': must be one of"),
        ({"goal": "speed"}, "goal='speed'"),
        ({"goal": "pareto-macs", "strategy": "random"}, "the strategy random only looks for accuracy"),
        ({"proxy": "size"}, "proxy='size': must be one of"),
        ({"workers": 0}, "workers=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"budget": "soon"}, "--budget soon: must be a time"),
        ({"budget": "1s"}, "--budget 1s: is over before a network is trained"),
        ({"resume": True, "out": ""}, "--resume: needs --out DIR"),
        ({"family": "vggg"}, "unknown family 'vggg': did you mean vgg"),
        ({"knobs": {"n_filters": (8, 16)}}, "unknown model 'vgg'"),
        ({"out": "taken"}, "--out taken: exists and isn't empty"),
        ({"out": "run", "resume": True}, "--out run: holds a run, but no search"),
    ],
)
def test_wrong_input_leaves_nothing_behind(given, message, tmp_path):
    for folder, content in (("taken", "mine"), ("run", '{"kerascnn": "0", "flags": {}}')):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "config.json").write_text(content)
    with pytest.raises(InputError, match=message):
        opened(**given)
    assert {path.name for path in tmp_path.iterdir()} == {"taken", "run"}


def test_a_budget_that_nothing_fits_names_the_smallest(tmp_path):
    with pytest.raises(InputError, match="fits max_params=10: the smallest has"):
        opened(nas.budget(max_params=10))
    assert not list(tmp_path.iterdir())


def test_a_space_of_ones_own_and_images_of_another_size():
    search = Search(flags(family="resnet20_cifar", knobs={"n_filters": (2, 4), "repeats": ((1, 1, 1),)}, size=16))
    assert search.family() == {"name": "resnet20_cifar", "n_filters": [2, 4], "repeats": [(1, 1, 1)]}
    assert search.images_are() == ((16, 16, 1), 10)


def test_where_time_is_short_epochs_have_few_images_in_turn(monkeypatch, capsys):
    monkeypatch.setattr(module, "FEW", 96)
    all_of_them = opened(limit=0, budget="100h").images
    of_each = np.bincount(load_digits().target)
    train = [int(count) - round(count / 5) for count in of_each]  # the rest are those that judge the winner
    held = sum(round(count / 3) for count in train)
    assert (all_of_them.train_size, all_of_them.validation_size) == (sum(train) - held, held), "a third of each class"
    few = opened(limit=0, budget="10m", epochs=60_000, out="few").images
    assert (few.steps, few.train_size) == (12, 96)
    assert few.validation_size == pytest.approx(96, abs=5), "by class"
    assert f"an epoch of the search has 96 of {sum(train):,} training images" in capsys.readouterr().out
    batches = [images.numpy() for images, _ in few.train.take(24)]
    assert len({image.tobytes() for batch in batches for image in batch}) > 180, "two epochs, hardly any image twice"
    again = opened(limit=0, budget="10m", epochs=60_000, out="few", resume=True).images
    assert (again.steps, again.train_size, again.validation_size) == (few.steps, few.train_size, few.validation_size)
    with pytest.raises(InputError, match="75% of it is for the winner, of which one epoch takes about"):
        opened(limit=0, budget="0.01s", out="none")


def test_time_is_planned_by_a_network_that_is_known_to_be_good_whatever_the_seed(monkeypatch):
    planned = []

    def timed(model, images):
        planned.append(model.count_params())
        return SimpleNamespace(step=lambda part: 1e-3, compiling=0.0)

    monkeypatch.setattr(module, "FEW", 100)
    monkeypatch.setattr(module, "timed", timed)
    for seed in (0, 1):
        opened(limit=0, budget="10m", seed=seed, out=f"search{seed}")
    vgg = {"blocks": ["plain"] * 3, "repeats": [1, 2, 3], "n_filters": [8, 16, 32]}
    assert planned == [count({**SPEC, **vgg}).params] * 2
    opened(nas.budget(max_params=2000), limit=0, budget="10m", out="small")
    assert planned[-1] < 2000, "where no such network fits, it is a drawn one"


def test_what_a_winner_has_ahead_of_it():
    """Of 600 s it has 450, 9 for each of 50 epochs; a search trains on a part of the images for nine epochs, and three
    workers share the machine."""
    search = opened(budget="10m", workers=3)
    part = search.images.train_size / 40
    assert search.plan()["ahead"] == pytest.approx((3 * 9 * part, 50 / 9 / part))
    for given in ({"budget": "", "trials": 3}, {"budget": "10m", "winner_epochs": 50}):
        assert opened(**given, out="given", overwrite=True).plan()["ahead"] == (None, pytest.approx(50 / 9 / part))
    assert opened(winner_epochs=1, out="short").plan()["ahead"].longer == 1.0, "no winner trains less than the search"


def test_a_worker_waits_for_its_chief_and_is_as_that_has_begun(monkeypatch):
    chief = opened(budget="10m")
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "worker-1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "8000")
    worker = opened(budget="10m", limit=20)
    assert worker.images.train_size == chief.images.train_size
    assert worker.ends_here()
    assert not chief.ends_here()
    monkeypatch.setattr(module.workers, "PATIENCE", 0.1)
    with pytest.raises(TrainingStopped, match="no chief has begun a search in nowhere"):
        opened(out="nowhere")
    with pytest.raises(InputError, match="--out DIR is missing"):
        opened(out="")


@pytest.mark.parametrize(("workers", "ends"), [(1, False), (2, True)])
def test_the_chief_of_other_machines_trains_the_winner_that_of_this_one_does_not(workers, ends, monkeypatch):
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "8000")
    assert Search(flags(workers=workers)).ends_here() == ends
