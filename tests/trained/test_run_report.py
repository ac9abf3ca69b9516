"""A report that is drawn anew says what the run's own report said; what cannot be reported on changes nothing."""

import fcntl
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from kerascnn.cli import main
from kerascnn.trained import report
from kerascnn.training import files, run_folder

from ..recipes import run as run_recipe

SMOKE = {
    "classify.py": "",
    "classify.py --test-crops 10 --size 40": "",
    "unet_seg.py": "--binary --data digits --tta",
    "autoencoder.py": "--noise 0.1",
    "siamese_oneshot.py": "--data digits --copies 1",
    "siamese_koch.py": "--data digits",
    "plain_vs_residual.py": "",
}


def train(folder, recipe, words=""):
    done = run_recipe(*recipe.split(), *words.split(), "--smoke", "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return train(tmp_path_factory.mktemp("digits"), "classify.py")


@pytest.fixture
def run(digits, tmp_path):
    return Path(shutil.copytree(digits, tmp_path / "run"))


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def is_drawn_anew(home, monkeypatch, name="run"):
    """The same from another folder, in which the data has to be found again."""
    run = home / name
    before = content(run)
    for file in before:
        if file not in ("config.json", "history.csv", "model.keras"):
            (run / file).unlink()
    monkeypatch.chdir(home)
    found = report(name)
    assert found == json.loads(before["metrics.json"])
    after = content(run)
    assert {file: hash(part) for file, part in after.items()} == {file: hash(part) for file, part in before.items()}


def test_the_same_as_that_of_the_run(run, monkeypatch):
    is_drawn_anew(run.parent, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "words"), list(SMOKE.items())[1:])
def test_each_kind_of_run(recipe, words, tmp_path, monkeypatch):
    is_drawn_anew(train(tmp_path, recipe, words).parent, monkeypatch)


@pytest.mark.slow
def test_the_winner_of_a_search(tmp_path, monkeypatch):
    is_drawn_anew(train(tmp_path, "nas_search.py").parent, monkeypatch, "run/winner")


def edit(file, **other):
    file.write_text(json.dumps({**json.loads(file.read_text()), **other}))


def test_a_stopped_run_says_so(run):
    config = json.loads((run / "config.json").read_text())
    del config["ended"]
    (run / "config.json").write_text(json.dumps({**config, "flags": {**config["flags"], "epochs": 5}}))
    metrics = report(run)
    assert metrics["epochs"] == 1
    assert "training stopped after epoch 1 of 5" in (run / "report.html").read_text()
    assert "ended" not in json.loads((run / "config.json").read_text())


def with_metadata(run, **other):
    with zipfile.ZipFile(run / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    about = {**json.loads(members["kerascnn.json"]), **other}
    members["kerascnn.json"] = json.dumps({name: value for name, value in about.items() if value is not None}).encode()
    with zipfile.ZipFile(run / "model.keras", "w") as archive:
        for name, part in members.items():
            archive.writestr(name, part)


def flags(run, **other):
    edit(run / "config.json", flags={**json.loads((run / "config.json").read_text())["flags"], **other})


def loading(run, **other):
    edit(run / "config.json", loading={**json.loads((run / "config.json").read_text())["loading"], **other})


def link(run):
    (run / "config.json").unlink()
    (run / "config.json").symlink_to("/etc/hostname")


WRONG = {
    "no folder": (shutil.rmtree, "no such run folder"),
    "no config.json": (lambda run: (run / "config.json").unlink(), "is no run folder: it has no config.json"),
    "no JSON": (lambda run: (run / "config.json").write_text("{"), "is no JSON"),
    "a link": (link, "leads out of"),
    "no model": (lambda run: (run / "model.keras").unlink(), "has no model yet"),
    "no Keras model": (lambda run: (run / "model.keras").write_bytes(b"PK"), "model.keras"),
    "no history": (lambda run: (run / "history.csv").unlink(), "history.csv: no such file"),
    "a history of words": (lambda run: (run / "history.csv").write_text("a,b\nc,d"), "is no table of numbers"),
    "a history without loss": (lambda run: (run / "history.csv").write_text("epoch\n0\n"), "has no column loss"),
    "a history without accuracy": (
        lambda run: (run / "history.csv").write_text("loss,val_loss,seconds,images_per_second\n1,1,1,1\n"),
        "has no column accuracy",
    ),
    "a history of nothing": (
        lambda run: (run / "history.csv").write_text("loss,val_loss,seconds,images_per_second\n"),
        "has 0 epochs, model.keras is of epoch 1",
    ),
    "an endless loss": (
        lambda run: (run / "history.csv").write_text("loss,val_loss,seconds,images_per_second\n1,inf,1,1\n"),
        "its val_loss holds what is no number of a run",
    ),
    "a foreign network": (lambda run: edit(run / "config.json", name="mine"), "unknown model 'mine'"),
    "another task": (lambda run: edit(run / "config.json", name="unet"), "holds a network to classify, lenet5, not"),
    "flags": (lambda run: flags(run, seed="x"), "its flags: seed is"),
    "a flag that is none": (lambda run: edit(run / "config.json", flags=[]), "flags is"),
    "no data": (lambda run: loading(run, name="./gone"), "its data cannot be loaded: ./gone: no such folder"),
    "a set that is not here": (lambda run: loading(run, name="food101"), "food101: is not in"),
    "other data": (lambda run: loading(run, limit=32), "its data are no longer the same"),
    "data in another size": (lambda run: loading(run, image_shape=[28, 28, 1]), "is for images of (32, 32, 1)"),
    "huge images": (lambda run: loading(run, image_shape=[2**15, 2**15, 3]), "batches of more than 2,147,483,648"),
    "huge batches": (lambda run: loading(run, batch=2**40), "batches of more than 2,147,483,648"),
    "a search": (lambda run: (run / "config.json").rename(run / "search.json"), "is a search; the run of its winner"),
    "a loader": (lambda run: loading(run, loader="eval"), "loader is"),
    "no loading": (lambda run: edit(run / "config.json", loading={}), "does not say how the run's data were loaded"),
    "a model of another epoch": (lambda run: with_metadata(run, epoch=7), "has 1 epochs, model.keras is of epoch 7"),
    "a model of no epoch": (lambda run: with_metadata(run, epoch=None), "does not say of which epoch it is"),
    "a model of other classes": (lambda run: with_metadata(run, classes=["a", "b"]), "its kerascnn.json"),
    "a model of other pixels": (lambda run: with_metadata(run, mean=[0.9]), "is for mean"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line_and_changes_nothing(name, run, capfd):
    change, line = WRONG[name]
    change(run)
    before = content(run) if run.exists() else None
    assert main(["report", str(run)]) == 2
    out, error = capfd.readouterr()
    assert not out
    said = [text for text in error.splitlines() if text.startswith("error: ")]
    assert len(said) == 1
    assert line in said[0]
    assert "Traceback" not in error
    assert before == (content(run) if run.exists() else None)


def test_while_it_trains(run, capfd):
    """Whoever trains there has the folder."""
    with (run / run_folder.LOCK).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert main(["report", str(run)]) == 2
    assert "is at work in it" in capfd.readouterr().err


def test_as_json(run, capsys):
    assert main(["report", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == files.read_json(run / "metrics.json")
