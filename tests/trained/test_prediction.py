"""Prediction on image files from what a run leaves behind: what networks answer when they are asked by hand."""

import csv
import json
import os
import pty
import subprocess
import sys
from functools import cache

import keras
import numpy as np
import pytest
from PIL import Image

import kerascnn
from kerascnn import InputError, data
from kerascnn.cli import main
from kerascnn.trained import predict
from kerascnn.training import files

ABOUT = {"knobs": {}, "scaling": "standard", "mean": [0.4], "std": [0.3]}
CLASSES = ["gap", "cell", "=wall"]
TILE = (32, 48)
TWO = "siamese takes two images, LEFT RIGHT, or an image and a folder, IMAGE FOLDER"
ARGUMENTS = ("0", "2", "8", "100", "-1", "two", "/proc/none")


def save(folder, network, name, input_shape, classes, **more):
    folder.mkdir(exist_ok=True)
    files.save(
        network, folder / "model.keras", {**ABOUT, "name": name, "input_shape": input_shape, "classes": classes, **more}
    )
    return folder


def picture(path, *shape, seed=0, dtype=np.uint8, **options):
    pixels = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def no_numbers(x):
    """Infinity times nothing."""
    for scale in (1e38, 1e38, 0.0):
        x = keras.layers.Rescaling(scale, offset=scale)(x)
    return x


@cache
def loaded(run):
    return keras.models.load_model(run / "model.keras")


def table(path):
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def by_hand(run, pixels):
    """What the saved model says of pixels (height, width, channels)."""
    scaled = (pixels.astype(np.float64) / 255 - 0.4) / 0.3
    return loaded(run).predict_on_batch(scaled[None].astype(np.float32))[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A run of each task, and images."""
    keras.utils.set_random_seed(0)
    home = tmp_path_factory.mktemp("home")
    save(home / "lenet", kerascnn.build("lenet5", classes=7), "lenet5", (32, 32, 1), [*"abcdefg"])
    unet = kerascnn.build("unet", input_shape=(*TILE, 1), classes=3, n_filters=4)
    save(home / "unet", unet, "unet", (*TILE, 1), CLASSES)
    auto = kerascnn.build("autoencoder", input_shape=(32, 32, 3), latent=8)
    save(home / "auto", auto, "autoencoder", (32, 32, 3), ["a"])
    twin = {"name": "resnet18", "n_filters": 8, "repeats": (1, 1, 1, 1)}
    siamese = kerascnn.build("siamese", input_shape=(32, 32, 1), backbone=twin, embedding=8, distance="cosine")
    save(home / "siamese", siamese, "siamese", (32, 32, 1), ["a", "b"])
    for i in range(3):
        picture(home / "images" / f"{i}.png", 40, 40, seed=i)
    picture(home / "images" / "below" / "3.jpg", 50, 40, 3, seed=3)
    return home


@pytest.fixture
def run(home):
    return home / "lenet"


# --------------------------------------------------------------------------------------------------------- classifiers


def test_answers_are_the_models(run, home):
    answers = predict(run, [home / "images"], top=7)
    model = keras.models.load_model(run / "model.keras")
    for answer in answers:
        pixels = data.read_images([answer["image"]], (32, 32, 1))
        expected = model(data.scale(pixels, "standard", [0.4], [0.3]))[0]
        assert list(answer["classes"].values()) == sorted(answer["classes"].values(), reverse=True)
        given = [answer["classes"][name] for name in "abcdefg"]
        np.testing.assert_allclose(given, expected, rtol=1e-4)


def test_file_folder_and_model_file_give_the_same(run, home, capsys):
    assert main(["predict", str(run), str(home / "images"), "--json"]) == 0
    of_folder = json.loads(capsys.readouterr().out)
    assert main(["predict", str(run / "model.keras"), *(a["image"] for a in of_folder), "--json"]) == 0
    assert [list(a["classes"]) for a in json.loads(capsys.readouterr().out)] == [list(a["classes"]) for a in of_folder]
    (alone,) = predict(run, of_folder[0]["image"])
    assert list(alone["classes"]) == list(of_folder[0]["classes"]), "one path is a list of one"


def test_table(run, home, tmp_path, capsys):
    words = ["predict", str(run), str(home / "images"), "--top", "2", "--csv", str(tmp_path / "a.csv")]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(line.count("%") == 2 for line in lines)
    columns, *rows = table(tmp_path / "a.csv")
    assert columns == ["image", "class", "probability"]
    expected = [(a["image"], *best) for a in predict(run, [home / "images"], 2) for best in a["classes"].items()]
    assert [(image, name, float(share)) for image, name, share in rows] == expected


def test_more_images_than_a_batch(run, home, monkeypatch):
    monkeypatch.setattr("kerascnn.trained.prediction.BATCH_PIXELS", 2 * 32 * 32)
    done = []
    found = predict(run, [home / "images"], progress=lambda *numbers: done.append(numbers))
    assert done == [(2, 4), (4, 4)]
    monkeypatch.undo()
    for one, other in zip(found, predict(run, [home / "images"]), strict=True):
        assert one["classes"] == pytest.approx(other["classes"])


def test_several_labels(tmp_path):
    """All that are likelier than not; by `top` as many as are asked for."""
    image = keras.Input((4, 4, 1))
    flat = keras.layers.Flatten()(image)
    network = keras.Model(image, keras.layers.Dense(3, activation="sigmoid")(flat))
    network.layers[-1].set_weights([np.zeros((16, 3)), np.array([-1, 3, 1])])
    save(tmp_path / "run", network, "lenet5", (4, 4, 1), ["a", "b", "c"], multi_label=True)
    path = picture(tmp_path / "a.png", 4, 4)
    (answer,) = predict(tmp_path / "run", [path])
    assert answer["classes"] == pytest.approx({"b": 1 / (1 + np.exp(-3)), "c": 1 / (1 + np.exp(-1))})
    assert list(predict(tmp_path / "run", [path], top=1)[0]["classes"]) == ["b"]
    network.layers[-1].set_weights([np.zeros((16, 3)), -np.ones(3)])
    save(tmp_path / "run", network, "lenet5", (4, 4, 1), ["a", "b", "c"], multi_label=True)
    words = dict(out=tmp_path / "out", csv=tmp_path / "a.csv")
    assert predict(tmp_path / "run", [path], **words) == [{"image": str(path), "classes": {}}]
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == f"{path},,"


def test_images_of_16_bits_are_read_as_in_training(run, home, tmp_path):
    """A model that knows how many bits were filled takes them; without, those count that all images need."""
    values = np.random.default_rng(0).integers(0, 4096, (40, 40), np.uint16)
    Image.fromarray(values).save(tmp_path / "bright.png")
    Image.fromarray(values // 8).save(tmp_path / "dark.png")
    paths = [tmp_path / "bright.png", tmp_path / "dark.png"]
    together = predict(run, paths, 7)
    save(tmp_path, kerascnn.load(run / "model.keras"), "lenet5", (32, 32, 1), [*"abcdefg"], bits=12)
    assert predict(tmp_path / "model.keras", paths, 7) == together
    for path, answer in zip(paths, together, strict=True):
        (alone,) = predict(tmp_path / "model.keras", [path], 7)
        assert alone["classes"] == pytest.approx(answer["classes"], rel=1e-4)


# ---------------------------------------------------------------------------------------------------------- segmenters


def test_a_mask_is_what_is_likeliest(home, tmp_path):
    """Of a picture as large as a tile, a single answer of the network."""
    path = picture(tmp_path / "a.png", *TILE)
    (answer,) = predict(home / "unet", [path])
    expected = by_hand(home / "unet", np.asarray(Image.open(path))[..., None])
    mask = answer["mask"]
    assert (mask.shape, mask.dtype, len(np.unique(mask)) > 1) == (TILE, np.uint8, True)
    np.testing.assert_array_equal(mask, expected.argmax(-1))
    assert answer["shares"] == {name: np.mean(mask == i) for i, name in enumerate(CLASSES)}
    assert list(answer["shares"]) == CLASSES


def test_files_of_a_segmenter(home, tmp_path, capsys):
    """A mask is read back as what it is; of images of any size, and turned as the image is shown."""
    turned = Image.Exif()
    turned[0x0112] = 6
    paths = [
        picture(tmp_path / "a/x.png", 70, 90, 3),
        picture(tmp_path / "b/x.jpg", 40, 60, 3, exif=turned),
        picture(tmp_path / "c/x.png", 1, 1),
    ]
    answers = predict(home / "unet", paths)
    assert [answer["mask"].shape for answer in answers] == [(70, 90), (60, 40), (1, 1)]
    words = ["predict", str(home / "unet"), *map(str, paths), "--out", str(tmp_path / "new/out"), "--json"]
    assert main([*words, "--csv", str(tmp_path / "new/out/table.csv")]) == 0
    said = json.loads(capsys.readouterr().out)
    names = {f"{name}.{kind}.png" for name in ("x", "x-2", "x-3") for kind in ("mask", "overlay")}
    assert {file.name for file in (tmp_path / "new/out").iterdir()} == {"sheet.png", "table.csv", *names}
    for one, told in zip(answers, said, strict=True):
        with Image.open(told["mask"]) as image:
            assert image.mode == "P"
            np.testing.assert_array_equal(np.asarray(image), one["mask"])
        with Image.open(told["overlay"]) as image:
            assert (image.mode, image.size) == ("RGB", one["mask"].shape[::-1])
        assert told["shares"] == one["shares"]
    columns, first, *_ = table(tmp_path / "new/out/table.csv")
    assert columns == ["image", "share of gap", "share of cell", "share of =wall", "mask", "overlay"]
    assert list(map(float, first[1:4])) == list(answers[0]["shares"].values())
    assert main([*words[:3]]) == 0
    assert all(f"{name} {answers[0]['shares'][name]:.1%}" in capsys.readouterr().out for name in CLASSES[:1])


def test_masks_are_masks_for_training(home, tmp_path):
    """What is written is what `unet_seg.py` takes, number by number."""
    from kerascnn.data.sources.mask_folder import read_mask

    (answer,) = predict(home / "unet", [picture(tmp_path / "a.png", 50, 50)])
    (written,) = predict(home / "unet", [tmp_path / "a.png"], out=tmp_path / "out")
    np.testing.assert_array_equal(read_mask(tmp_path / "out/a.mask.png").values, answer["mask"])
    assert written["mask"] == str(tmp_path / "out/a.mask.png")


def test_tta_is_the_mean_of_eight_answers(tmp_path):
    keras.utils.set_random_seed(1)
    network = kerascnn.build("unet", input_shape=(16, 16, 3), classes=1, n_filters=4)
    save(tmp_path / "run", network, "unet", (16, 16, 3), ["gap", "cell"], mean=[0.4] * 3, std=[0.3] * 3)
    path = picture(tmp_path / "a.png", 16, 16)  # grey
    pixels = np.asarray(Image.open(path))[..., None].repeat(3, -1)
    cell = np.zeros((16, 16))
    for turns in range(4):
        for flip in (1, -1):
            cell += np.rot90(by_hand(tmp_path / "run", np.rot90(pixels, turns)[:, ::flip])[:, ::flip, 0], -turns) / 8
    (answer,) = predict(tmp_path / "run", [path], tta=True)
    sure = np.abs(cell - 0.5) > 1e-4
    assert sure.mean() > 0.8
    np.testing.assert_array_equal(answer["mask"][sure], cell[sure] > 0.5)


# -------------------------------------------------------------------------------------------------------- autoencoders


@pytest.mark.parametrize("scaling", ["unit", "symmetric", "standard"])
def test_reconstructions(home, tmp_path, scaling):
    """The error is that of pixels from 0 to 1, whatever range the network takes."""
    run = save(
        tmp_path / "run", kerascnn.load(home / "auto/model.keras"), "autoencoder", (32, 32, 3), ["a"], scaling=scaling
    )
    path = picture(tmp_path / "a.png", 40, 32, 3)
    pixels = np.asarray(Image.open(path))[4:36] / 255  # the middle
    low, high = {"unit": (0, 1), "symmetric": (-1, 1), "standard": (-0.4 / 0.3, 0.6 / 0.3)}[scaling]
    network = keras.models.load_model(run / "model.keras")
    again = network.predict_on_batch((pixels * (high - low) + low)[None].astype(np.float32))[0]
    again = (again - low) / (high - low)
    (answer,) = predict(run, [path])
    assert answer["mse"] == pytest.approx(np.mean((again - pixels) ** 2), rel=1e-4)
    np.testing.assert_allclose(answer["reconstruction"], 255 * again.clip(0, 1), atol=0.51)
    assert answer["reconstruction"].dtype == np.uint8
    (written,) = predict(run, [path], out=tmp_path / "out", csv=tmp_path / "a.csv")
    with Image.open(written["reconstruction"]) as image:
        np.testing.assert_array_equal(np.asarray(image), answer["reconstruction"])
    columns, row = table(tmp_path / "a.csv")
    assert columns == ["image", "mse", "reconstruction"]
    assert float(row[1]) == answer["mse"]


# ----------------------------------------------------------------------------------------------------------- verifiers


def probability(home, left, right):
    pair = [data.read_images([path], (32, 32, 1)).astype(np.float64) for path in (left, right)]
    pair = [((pixels / 255 - 0.4) / 0.3).astype(np.float32) for pixels in pair]
    return loaded(home / "siamese").predict_on_batch(pair).item()


def test_a_pair(home, capsys):
    left, right = home / "images/0.png", home / "images/below/3.jpg"
    (answer,) = predict(home / "siamese", [left, right])
    expected = probability(home, left, right)
    assert answer["probability"] == pytest.approx(expected, rel=1e-4)
    assert (answer["left"], answer["right"], answer["same"]) == (str(left), str(right), expected > 0.5)
    assert main(["predict", str(home / "siamese"), str(left), str(right)]) == 0
    word = "same" if expected > 0.5 else "different"
    assert capsys.readouterr().out == f"{left}  {right}  {word}, probability of the same {expected:.1%}\n"


def test_the_nearest(home, tmp_path, monkeypatch):
    """The image itself is left out, by whatever name."""
    monkeypatch.setattr("kerascnn.trained.prediction.BATCH", 2)
    (tmp_path / "again.png").symlink_to(home / "images/1.png")
    expected = {
        str(path): probability(home, home / "images/1.png", path)
        for path in (home / "images").rglob("*.*")
        if path.name != "1.png"
    }
    for left in (home / "images/1.png", tmp_path / "again.png"):
        answers = predict(home / "siamese", [left, home / "images"])
        assert {answer["right"]: answer["probability"] for answer in answers} == pytest.approx(expected, rel=1e-4)
        found = [answer["probability"] for answer in answers]
        assert found == sorted(found, reverse=True)
    assert predict(home / "siamese", [left, home / "images"], top=2) == answers[:2]
    assert len(predict(home / "siamese", [left, home / "images"], top=9)) == 3, "all there are"
    predict(home / "siamese", [left, home / "images"], out=tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["sheet.png"]


# -------------------------------------------------------------------------------------------------------- wrong inputs


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("nowhere images", "{}/nowhere: no such file"),
        ("images/0.png images", "{}/images/0.png: is no zip archive"),
        ("lenet none.png", "{}/none.png: cannot be read: No such file or directory"),
        ("lenet images none.png", "{}/none.png: cannot be read: No such file or directory"),
        ("lenet empty", "{}/empty: has no images; allowed are .jpg"),
        ("lenet images --top 0", "top=0: must be a whole number, 1 or more"),
        ("lenet images --top 8", "top=8: must be from 1 to 7, the number of classes"),
        ("lenet images --tta", "tta=True: is for segmenters; lenet5 is there to classify"),
        ("unet images --top 2", "top=2: is for classifiers, and for one image and a folder; not for unet, which"),
        ("siamese images/0.png images/1.png --top 2", "top=2: is for classifiers, and for one image and a folder; not"),
        ("siamese images/0.png", f"{TWO}: 1 given"),
        ("siamese images/0.png images/1.png images/2.png", f"{TWO}: 3 given"),
        ("siamese images images/0.png", TWO + ": {}/images is a folder"),
        ("siamese none.png images", "{}/none.png: cannot be read: No such file"),
        ("siamese only/0.png only", "{}/only: has no image but {}/only/0.png itself"),
        ("siamese images/0.png empty", "{}/empty: has no images"),
        ("unet truncated.png", "{}/truncated.png: is a truncated PNG"),
        ("lenet images damaged", "{}/damaged/a.png: is damaged and cannot be decoded"),
        ("unet damaged", "{}/damaged/a.png: is damaged and cannot be decoded"),
        ("lenet pipe.png", "{}/pipe.png: is a pipe, not a file"),
        ("lenet postscript.png", "{}/postscript.png: is no image but PostScript"),
        ("lenet images --out images/0.png", "{}/images/0.png: is a file, where a folder is needed"),
        ("lenet images --out images/0.png/below", "{}/images/0.png/below: cannot be written: Not a directory"),
        ("lenet images --out /proc/none", "/proc/none: cannot be written: No such file or directory"),
        ("lenet images --csv images", "{}/images: is a folder, where a file shall be written"),
        ("lenet images --csv images/0.png", "{}/images/0.png: is there already; overwrite (--overwrite) replaces it"),
        ("unet images/0.png --out there", "{}/there/0.mask.png: is there already; overwrite (--overwrite) replaces it"),
        ("lenet images --out new --csv new/sheet.png", "{}/new/sheet.png: is to be a picture and the table"),
        ("lenet images --max-pixels 100", "{}/images/0.png: has 40 x 40 pixels; allowed are 100 in all (--max-pixels)"),
        ("lenet images --max-pixels -1", "--max-pixels -1: must be a whole number, 0 or more"),
        ("lenet images --top two", "argument --top: invalid int value: 'two'"),
        ("lenet", "the following arguments are required: images"),
        ("nan images", "{}/nan: its network answers with NaN, so it is not used"),
        ("logits images", "{}/logits: its network answers with 7.5, which is no probability"),
        ("twin images", "{}/twin/model.keras: its network takes 32x32x1; by its kerascnn.json it takes 32x32x1 and"),
        ("whole images", "{}/whole/model.keras: its network gives 7; by its kerascnn.json it gives 32x32x7"),
        ("\x1b[31m\n images", "{}/\\x1b[31m\\n: no such file"),
        ("lenet \x1b[31m\n.png", "{}/\\x1b[31m\\n.png: cannot be read: No such file"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_and_nothing_is_written(wrong, words, message, capsys, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    before = sorted(wrong.rglob("*"))
    flagged = [word if word.startswith("--") or word in ARGUMENTS else str(wrong / word) for word in words.split(" ")]
    for more in ([], ["--json"]):
        assert main(["predict", *flagged, *more]) == 2
        said = capsys.readouterr()
        assert said.err.startswith("error: " + message.replace("{}", str(wrong)))
        assert (said.err.count("\n"), said.out) == (1, "")
    if "--csv" not in flagged and "--out" not in flagged:
        assert main(["predict", *flagged, "--out", str(wrong / "new/out"), "--csv", str(wrong / "new/a.csv")]) == 2
    assert sorted(wrong.rglob("*")) == before


@pytest.fixture(scope="module")
def wrong(home):
    """Files that no user wants."""
    for name in ("empty", "nan", "logits", "twin", "whole", "damaged", "only", "there"):
        (home / name).mkdir()
    picture(home / "only/0.png", 8, 8)
    picture(home / "there/0.mask.png", 8, 8)
    whole = picture(home / "truncated.png", 90, 90).read_bytes()
    (home / "truncated.png").write_bytes(whole[:200])
    (home / "damaged/a.png").write_bytes(whole[:200] + bytes(3000) + whole[3200:])
    (home / "postscript.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    os.mkfifo(home / "pipe.png")
    network = kerascnn.build("lenet5", classes=7)
    save(home / "twin", network, "siamese", (32, 32, 1), ["a"])
    save(home / "whole", network, "unet", (32, 32, 1), [*"abcdefg"])
    image = keras.Input((32, 32, 1))
    flat = keras.layers.Flatten()(no_numbers(image))
    save(home / "nan", keras.Model(image, keras.layers.Dense(7)(flat)), "lenet5", (32, 32, 1), [*"abcdefg"])
    network = kerascnn.build("lenet5", classes=7, classifier_activation=None)
    network.layers[-1].set_weights([0 * weight + 7.5 for weight in network.layers[-1].get_weights()])
    network.layers[-1].kernel.assign(0 * network.layers[-1].kernel)
    save(home / "logits", network, "lenet5", (32, 32, 1), [*"abcdefg"])
    return home


@pytest.mark.parametrize("task", ["unet", "auto", "siamese"])
def test_a_network_of_nan_answers_nothing(home, tmp_path, task):
    network = kerascnn.load(home / task / "model.keras")
    for weight in network.weights:
        weight.assign(weight * 1e30)
    if task == "auto":
        image = keras.Input((32, 32, 3))
        network = keras.Model(image, no_numbers(image))
    _, about = files.metadata(home / task)
    files.save(network, tmp_path / "model.keras", about)
    with pytest.raises(InputError, match=r"its network answers with NaN"):
        predict(tmp_path, [home / "images/0.png", home / "images/1.png"])


def test_nothing_is_overwritten_unless_it_is_said(home, tmp_path, capsys):
    words = ["predict", str(home / "unet"), str(home / "images/0.png"), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    before = (tmp_path / "out/0.mask.png").stat().st_mtime_ns
    assert main(words) == 2
    assert (tmp_path / "out/0.mask.png").stat().st_mtime_ns == before
    (tmp_path / "out/mine.txt").touch()
    assert main([*words, "--overwrite"]) == 0
    assert (tmp_path / "out/0.mask.png").stat().st_mtime_ns > before
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "0.mask.png",
        "0.overlay.png",
        "mine.txt",
        "sheet.png",
    ]
    capsys.readouterr()


def test_names_that_strangers_chose(home, tmp_path, capsys):
    """On the terminal escapes; files have plain names."""
    names = ["\x1b[31mred\n", "$x_1$", "=1+1", "-rf", "\udcff", "ü" * 60, "-."]
    for i, name in enumerate(names):
        picture(tmp_path / "images" / f"{name}.png", 20, 20, seed=i)
    words = ["predict", str(home / "unet"), str(tmp_path / "images"), "--out", str(tmp_path / "out")]
    assert main([*words, "--csv", str(tmp_path / "a.csv")]) == 0
    said = capsys.readouterr().out
    assert not set(said) & set("\x1b\udcff")
    assert said.count("\n") == len(names) + 1
    written = {file.name for file in (tmp_path / "out").iterdir()}
    stems = ["31mred", "x_1", "1-1", "rf", "image", "ü" * 60, "image-2"]
    assert written == {"sheet.png", *(f"{stem}.{kind}.png" for stem in stems for kind in ("mask", "overlay"))}
    assert len((tmp_path / "a.csv").read_text().splitlines()) == len(names) + 1


@pytest.mark.slow
def test_progress_is_for_terminals_and_many_images(home, tmp_path):
    """Nothing on a pipe; on a terminal, of many images."""
    for i in range(201):
        picture(tmp_path / "images" / f"{i}.png", 4, 4)
    code = "import sys; from kerascnn.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, "predict", str(home / "lenet"), str(tmp_path / "images")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 201)
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    assert process.returncode == 0
    assert b"predicting" in shown


def _read(handle):
    try:
        return os.read(handle, 4096)
    except OSError:  # the other end is closed
        return b""


def test_help_loads_no_tensorflow():
    code = (
        "import sys\nfrom kerascnn.cli import main\n"
        "try: main(['predict', '--help'])\n"
        "except SystemExit: sys.exit(bool({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    assert all(flag in done.stdout for flag in ("--top", "--tta", "--out", "--csv", "--json", "--overwrite"))
