"""`kerascnn evaluate` as a user meets it."""

import json
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

import kerascnn
from kerascnn import InputError
from kerascnn.cli import main
from kerascnn.trained import evaluate

from .made_runs import make_run

DIGITS = {"loader": "load", "name": "digits", "image_shape": [32, 32, 1]}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Runs of all kinds, good ones and others, and folders of images."""
    home = tmp_path_factory.mktemp("home")
    run = make_run(home / "run", loading=DIGITS)
    make_run(home / "second", seed=1, loading=DIGITS)
    make_run(home / "shuffled", classes=tuple("1023456789"), loading=DIGITS)
    make_run(home / "letters", classes=tuple("abc"), loading=DIGITS)
    make_run(home / "half", loading={**DIGITS, "held_out": 0.5})
    make_run(home / "without", loading=None)
    make_run(home / "unet", name="unet", shape=(32, 32, 1), classes=("a", "b"), knobs={"n_filters": 4})
    make_run(home / "several", multi_label=True, loading=DIGITS)
    network = kerascnn.build("lenet5", classes=10)
    network.layers[-1].set_weights([np.full_like(w, 3e38) for w in network.layers[-1].get_weights()])
    make_run(home / "nan", network=network, loading=DIGITS)
    kerascnn.build("lenet5", classes=10).save(home / "bare.keras")
    for name, content in (("notes.txt", b"notes"), ("model.keras", b""), ("damaged.keras", b"PK\3\4 and nothing more")):
        (home / name).write_bytes(content)
    for folder, content in (("strange", '{"loading": {"loader": "eval"}}'), ("broken", "{")):
        shutil.copytree(run, home / folder)
        (home / folder / "config.json").write_text(content)
    shutil.copytree(run, home / "elsewhere")
    (home / "elsewhere" / "config.json").write_text(json.dumps({"loading": {**DIGITS, "name": "gone/away"}}))
    for place in ("empty", "flat", "hollow/3", "hollow/4", "pets/cat", "numbers/3", "numbers/4", "broken images/3"):
        (home / place).mkdir(parents=True)
    for i, place in enumerate(("flat", "pets/cat", "numbers/3", "numbers/3", "numbers/4")):
        Image.new("L", (9, 9), i).save(home / place / f"{i}.png")
    (home / "broken images/3/a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (home / "taken").mkdir()
    (home / "taken/report.html").write_text("mine")
    return home


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "the following arguments are required: run"),
        ("run --dat digits", "unrecognized arguments: --dat digits"),
        ("nowhere", "nowhere"),
        ("empty", "empty/model.keras: no such file"),
        ("notes.txt", "notes.txt: is no zip archive"),
        ("model.keras", "model.keras: is "),
        ("damaged.keras", "damaged.keras: is no zip archive"),
        ("bare.keras", "bare.keras: not a model that a run of kerascnn has saved"),
        ("run run", "run: is given twice; an ensemble needs different networks"),
        ("run run/model.keras second", "run/model.keras: is given twice"),
        ("run unet", "unet/model.keras: holds a network to segment, unet; run is there to classify"),
        ("run shuffled", "run and shuffled do not have the same classes, in the same order: number 0 is '0' and '1'"),
        ("run letters", "run and letters do not have the same classes, in the same order: number 0 is '0' and 'a'"),
        ("letters", "digits: has classes that letters does not know: 0, 1, 2, 3, 4 and 5 more; it knows a, b, c"),
        ("several", "several/model.keras: its network gives an image several labels"),
        ("nan", "nan: its network answers with NaN, so it is not used"),
        ("without", "without/config.json: no such file; say by which images to judge (--data)"),
        ("broken", "broken/config.json: is no JSON"),
        ("strange", 'strange/config.json: its loading: loader is "eval": must be one of load, load_masks, load_pairs'),
        ("elsewhere", "gone/away: no such folder"),
        ("run half", "run and half were judged by different images (held_out None and 0.5): say by which"),
        ("run --data digit", "unknown data set 'digit': did you mean "),
        ("run --data nowhere/", "nowhere/: no such folder"),
        ("run --data notes.txt/", "notes.txt"),
        ("run --data empty", "empty: has no sub-folders; a sub-folder for each class is needed"),
        ("run --data flat", "flat: has no sub-folders; a sub-folder for each class is needed"),
        ("run --data hollow", "hollow: has no images; allowed are .jpg"),
        ("run --data pets", "pets: has classes that run does not know: cat; it knows 0, 1, 2, 3, 4 and 5 more"),
        ("run --data ./broken\0images", "broken images/3/a.png: "),
        ("run --split half", "split='half': must be one of '', 'validation', 'test', 'train', 'all'"),
        ("run --split test", "digits: has no split named test"),
        ("run --tta mirror", "unknown view (tta) 'mirror': choose from flips, crops"),
        ("run --tta crop", "unknown view (tta) 'crop': did you mean crops?"),
        ("run --labels a.csv", "labels='a.csv': is for a folder of images; digits is a set with labels of its own"),
        ("run --data numbers --labels a.csv", "numbers/a.csv: no such file|a.csv: no such file"),
        ("run --max-pixels -1", "--max-pixels -1: must be a whole number, 0 or more"),
        ("run --data numbers --max-pixels 9", "has 9 x 9 pixels; allowed are 9 in all"),
        ("run --out taken", "taken/report.html: is there already; overwrite (--overwrite) replaces it"),
        ("run --out notes.txt", "notes.txt: is a file, where a folder is needed"),
        ("run --csv notes.txt", "notes.txt: is there already; overwrite (--overwrite) replaces it"),
        ("run --csv empty", "empty: is a folder, where a file shall be written"),
        ("unet --data numbers", "numbers"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(words, message, home, capsys, monkeypatch):
    monkeypatch.chdir(home)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    before = sorted(home.rglob("*"))
    assert main(["evaluate", *(word.replace("\0", " ") for word in words.split(" ") if word)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert any(part in said.err for part in message.split("|"))
    assert said.err.count("\n") == 1
    assert not said.out
    assert sorted(home.rglob("*")) == before
    assert (home / "taken/report.html").read_text() == "mine"


def test_on_the_terminal(home, capsys, monkeypatch):
    monkeypatch.chdir(home)
    assert main(["evaluate", "run", "second", "--data", "numbers"]) == 0
    said = capsys.readouterr().out
    for words in (
        "ensemble of 2",
        "95 % interval",
        "always saying 3",
        "McNemar",
        "Calibration",
        "images of numbers, all",
    ):
        assert words in said
    assert main(["evaluate", "run", "--data", "numbers", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"][0]["images"] == 3
    assert found["judged_by"] == "images of numbers, all that there are"
    assert (found["task"], found["data"]) == ("classify", "numbers")


def test_a_warning_stands_below(home, capsys, monkeypatch):
    monkeypatch.chdir(home)
    assert main(["evaluate", "without", "--data", "numbers", "--out", "new", "--csv", "new/a.csv"]) == 0
    said = capsys.readouterr().out
    assert "warning: these images may be those of its training, of which it says nothing\n" in said
    assert said.endswith("Look at new/report.html\n")
    assert {path.name for path in (home / "new").iterdir()} >= {"report.html", "a.csv"}
    assert "may be those of its training" in (home / "new/report.html").read_text()
    assert main(["evaluate", "run", "--data", "numbers", "--out", "new"]) == 2
    assert main(["evaluate", "run", "--data", "numbers", "--out", "new", "--overwrite"]) == 0
    shutil.rmtree(home / "new")


def test_labels_from_a_file(home, tmp_path):
    """The first and the third image are of class 3."""
    shutil.copytree(home / "numbers", tmp_path / "numbers")
    (tmp_path / "numbers/a.csv").write_text("file,label\n3/2.png,3\n3/3.png,7\n4/4.png,3\n")
    rows = evaluate(home / "run", tmp_path / "numbers", labels="a.csv").measures["runs"][0]["classes"]
    assert {row["class"]: row["images"] for row in rows if row["images"]} == {"3": 2, "7": 1}


def test_no_runs():
    with pytest.raises(InputError, match="no run is given"):
        evaluate([])


def test_nothing_of_the_archive_is_run(home, tmp_path):
    """A run whose metadata is of another kind, as in `files.metadata`."""
    shutil.copytree(home / "run", tmp_path / "run")
    with zipfile.ZipFile(tmp_path / "run/model.keras", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("kerascnn.json", json.dumps({"name": "../../etc/passwd"}))
    with pytest.raises(InputError):
        evaluate(tmp_path / "run")
