"""`recipes/classify.py` where things go wrong, and on several devices."""

import csv
import json
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image

import kerascnn

from . import ENVIRONMENT, command, run

pytestmark = pytest.mark.slow
ON_CPUS = """
import runpy, sys
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * int(sys.argv.pop(1)))
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--epoch 3", "unknown flag '--epoch': did you mean --epochs"),
        ("--model lenet6", "unknown model 'lenet6': did you mean lenet5"),
        ("--model mobilenet_v1 --knob alhpa=1", "unknown knob of mobilenet_v1 'alhpa': did you mean alpha"),
        ("--data digit", "unknown data set 'digit': did you mean digits"),
        ("--size 16", "lenet5 cannot take images of 16x16: the smallest is 32x32"),
        ("--optimizer adm", "unknown value of --optimizer 'adm': did you mean adam or adamw?"),
        ("--preset resnett", "unknown preset 'resnett': did you mean resnet"),
        ("--preset googlenet --model vgg16", "--auxiliary 0.3, 0.3: vgg16 has no auxiliary heads"),
        ("--schedule step --milestones 30,60", "milestones (share)=30: must be a number from 0 to 1"),
        ("--out taken", "--out taken: exists and isn't empty; --resume goes on with the run in it, --over"),
        ("--out taken --overwrite", "--out taken: holds no run of kerascnn"),
        ("--class-weight 10=2", "unknown class '10': did you mean "),
        ("--class-weight balance", "--class-weight 'balance': must be balanced, or classes and weights like cat=2,d"),
        ("--labels a.csv", "labels='a.csv': is for a folder of images; digits is a set with labels of its own"),
        ("--data taken --labels a.csv", "a.csv: no such file"),
        ("--seed 4294967296", "--seed 4294967296: must be less than 4294967296"),
    ],
)
@pytest.mark.slow
def test_wrong_input_is_one_line_and_status_2(words, message, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("mine")
    done = run("classify.py", "--smoke", *words.split(), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["taken", "taken/thesis.txt"]


def losses(folder):
    with (folder / "history.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_two_devices_learn_what_one_does(tmp_path):
    """MirroredStrategy shares each batch and sums the gradients: the same losses, but for rounding."""
    words = ["--limit", 128, "--epochs", 4, "--batch", 16]
    for devices in (1, 2):
        script = [sys.executable, "-c", ON_CPUS, str(devices), *command("classify.py", *words, "--out", devices)[1:]]
        done = subprocess.run(script, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        assert json.loads((tmp_path / str(devices) / "config.json").read_text())["replicas"] == devices
    one, two = losses(tmp_path / "1"), losses(tmp_path / "2")
    assert one[-1] < 0.8 * one[0], "it learns"
    np.testing.assert_allclose(two, one, atol=1e-5)


def test_two_devices_share_batches_of_an_odd_size(tmp_path):
    """Nine images in batches of three, of which one device gets two."""
    pixels = np.random.default_rng(0).integers(0, 256, (17, 32, 32, 3), np.uint8)
    for i, image in enumerate(pixels):
        folder = tmp_path / "images" / ("train" if i < 8 else "val") / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{i}.png")
    words = command("classify.py", "--data", "images", "--batch", 4, "--epochs", 1, "--size", 32, "--out", "run")
    script = [sys.executable, "-c", ON_CPUS, "2", *words[1:]]
    done = subprocess.run(script, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "config.json").read_text())["validation_images"] == 9


def test_a_loss_that_explodes_is_one_line_and_status_1(tmp_path):
    done = run("classify.py", "--smoke", "--lr", "1e38", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("stopped: the loss in epoch 1, step ")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_is_one_line_and_leaves_a_usable_run(ctrl_c, tmp_path):
    words = command("classify.py", "--limit", 64, "--epochs", 1000, "--out", "run")
    with subprocess.Popen(words, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as training:
        history = tmp_path / "run" / "history.csv"
        while not (history.exists() and history.read_text().count("\n") > 2):
            assert training.poll() is None, training.stderr.read()
            time.sleep(0.1)
        training.send_signal(ctrl_c)
        _, errors = training.communicate(timeout=60)
    assert training.returncode == 130
    assert errors.startswith("stopped by Ctrl-C")
    assert errors.count("\n") == 1
    keras.models.load_model(tmp_path / "run" / "model.keras")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["name"] == "lenet5"
    assert not list((tmp_path / "run").glob("*.part.*"))


def test_metrics_are_those_of_the_saved_model(tmp_path):
    done = run("classify.py", "--smoke", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    config, metrics = (json.loads((tmp_path / "run" / f"{name}.json").read_text()) for name in ("config", "metrics"))
    model = keras.models.load_model(tmp_path / "run" / "model.keras")
    assert not model.compiled
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    shape, flags = tuple(config["input_shape"]), config["flags"]
    images = kerascnn.data.load(flags["data"], shape, scaling=config["scaling"], limit=flags["limit"])
    loss, accuracy = model.evaluate(images.validation, verbose=0)
    assert metrics["loss"] == pytest.approx(loss, rel=1e-4)
    assert metrics["accuracy"] == pytest.approx(accuracy)
    assert sum(row["images"] for row in metrics["classes"]) == config["validation_images"] == images.validation_size
    assert metrics["macs"] == kerascnn.info("lenet5").macs


def photos(folder):
    """Images of two classes that differ in brightness: 20 and 10. Their names, and the class of each."""
    rows = [(f"{'dark' if i % 3 else 'bright'}/{i:02}.png", "dark" if i % 3 else "bright") for i in range(30)]
    for i, (name, label) in enumerate(rows):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(i).integers(0, 256, (32, 32, 3)) // 3 + 150 * (label == "bright")
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
    return sorted(rows)


def trained(tmp_path, *words):
    done = run("classify.py", "--size", 32, "--batch", 8, "--out", "run", "--overwrite", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    config, metrics = (json.loads((tmp_path / "run" / f"{name}.json").read_text()) for name in ("config", "metrics"))
    return losses(tmp_path / "run"), config, metrics


def test_labels_of_a_file_train_as_folders_do(tmp_path):
    rows = photos(tmp_path / "images")
    (tmp_path / "labels.csv").write_text("file,label\n" + "".join(f"{name},{label}\n" for name, label in rows))
    by_folder, _, _ = trained(tmp_path, "--data", "images", "--epochs", 2)
    by_file, config, metrics = trained(tmp_path, "--data", "images", "--epochs", 2, "--labels", "labels.csv")
    assert by_file == by_folder
    assert "multi_label" not in config
    assert [row["images"] for row in metrics["classes"]] == [2, 4], "a fifth of each class"
    weighed, _, _ = trained(tmp_path, "--data", "images", "--epochs", 2, "--class-weight", "bright=3")
    assert weighed[0] > by_folder[0]


def test_several_labels(tmp_path):
    rows = photos(tmp_path / "images")
    lines = [f"{name},{label}{';odd' * (i % 2)}\n" for i, (name, label) in enumerate(rows)]
    (tmp_path / "images" / "mine.csv").write_text("file,labels\n" + "".join(lines))
    words = ["--data", "images", "--labels", "mine.csv", "--class-weight", "balanced", "--augment", "none,mixup=0.2"]
    _, config, metrics = trained(tmp_path, *words, "--epochs", 15, "--patience", 15)
    assert (config["classes"], config["multi_label"]) == (["bright", "dark", "odd"], True)
    precisions = {row["class"]: row["average_precision"] for row in metrics["classes"]}
    assert precisions["bright"] == precisions["dark"] == 1, "it learns"
    assert metrics["mean_average_precision"] == pytest.approx(np.mean([*precisions.values()]))
    model = keras.models.load_model(tmp_path / "run" / "model.keras")
    images = kerascnn.data.load(tmp_path / "images", (32, 32, 3), labels="mine.csv")
    model.compile(loss="binary_crossentropy")
    assert metrics["loss"] == pytest.approx(model.evaluate(images.validation, verbose=0), rel=1e-4), "without weights"
    assert (tmp_path / "run" / "samples.png").exists()
    assert "mean average precision" in (tmp_path / "run" / "report.html").read_text()
