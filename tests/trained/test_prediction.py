"""Prediction on image files from what a run leaves behind."""

import json
import os

import keras
import numpy as np
import pytest
from PIL import Image

import kerascnn
from kerascnn import InputError, data
from kerascnn.cli import main
from kerascnn.trained.prediction import predict
from kerascnn.training import files

ABOUT = {
    "name": "lenet5", "knobs": {}, "input_shape": (32, 32, 1), "classes": [*"abcdefg"], "scaling": "standard",
    "mean": [0.4], "std": [0.3],
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    files.save(kerascnn.build("lenet5", classes=7), folder / "model.keras", ABOUT)
    (folder / "images").mkdir()
    for i in range(3):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 40), "uint8")
        Image.fromarray(pixels).save(folder / "images" / f"{i}.png")
    return folder


def test_answers_are_the_models(run):
    answers = predict(run, [run / "images"], top=7)
    model = keras.models.load_model(run / "model.keras")
    for answer in answers:
        pixels = data.read_images([answer["image"]], (32, 32, 1))
        expected = model(data.scale(pixels, "standard", [0.4], [0.3]))[0]
        assert list(answer["classes"].values()) == sorted(answer["classes"].values(), reverse=True)
        given = [answer["classes"][name] for name in ABOUT["classes"]]
        np.testing.assert_allclose(given, expected, rtol=1e-4)


def test_file_folder_and_model_file_give_the_same(run, capsys):
    assert main(["predict", str(run), str(run / "images"), "--json"]) == 0
    of_folder = json.loads(capsys.readouterr().out)
    assert main(["predict", str(run / "model.keras"), *(a["image"] for a in of_folder), "--json"]) == 0
    assert [list(a["classes"]) for a in json.loads(capsys.readouterr().out)] == [list(a["classes"]) for a in of_folder]


def test_table(run, capsys):
    assert main(["predict", str(run), str(run / "images"), "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(line.count("%") == 2 for line in lines)


@pytest.mark.parametrize(
    ("model", "image", "top", "message"),
    [
        ("nowhere", "images/0.png", 1, "nowhere: no such file"),
        ("images/0.png", "images/0.png", 1, "is no zip archive"),
        (".", "images/none.png", 1, "images/none.png"),
        (".", "empty", 1, "empty: has no images"),
        (".", "images/0.png", 8, "top=8: must be from 1 to 7"),
    ],
)
def test_wrong_input_is_one_line(run, model, image, top, message):
    (run / "empty").mkdir(exist_ok=True)
    with pytest.raises(InputError, match=message) as error:
        predict(run / model, [run / image], top)
    assert "\n" not in str(error.value)


def test_images_of_16_bits_are_read_as_in_training(run, tmp_path):
    """A model that knows how many bits were filled takes them; without, those count that all images need."""
    values = np.random.default_rng(0).integers(0, 4096, (40, 40), np.uint16)
    Image.fromarray(values).save(tmp_path / "bright.png")
    Image.fromarray(values // 8).save(tmp_path / "dark.png")
    paths = [tmp_path / "bright.png", tmp_path / "dark.png"]
    together = predict(run, paths, 7)
    files.save(kerascnn.load(run / "model.keras"), tmp_path / "model.keras", {**ABOUT, "bits": 12})
    assert predict(tmp_path / "model.keras", paths, 7) == together
    for path, answer in zip(paths, together, strict=True):
        (alone,) = predict(tmp_path / "model.keras", [path], 7)
        assert alone["classes"] == pytest.approx(answer["classes"], rel=1e-4)


def test_troublesome_files(run, tmp_path, capsys, monkeypatch):
    """One line each, and none of them is opened by another reader."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    for name, said in (("a.png", "is a pipe, not a file"), ("b.png", "is no image but PostScript")):
        assert main(["predict", str(run), str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.startswith(f"error: {tmp_path / name}: {said}")
    assert main(["predict", str(run), str(run / "images"), "--max-pixels", "100"]) == 2
    assert "has 40 x 40 pixels; allowed are 100 in all (--max-pixels) (and 2 more" in capsys.readouterr().err
    assert main(["predict", str(run), str(run / "images"), "--max-pixels", "-1"]) == 2
    assert capsys.readouterr().err == "error: --max-pixels -1: must be a whole number, 0 or more\n"
