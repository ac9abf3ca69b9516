"""`recipes/unet_seg.py` on a folder, and where things go wrong."""

import json
import subprocess

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import f1_score

from kerascnn.trained import predict

from . import ENVIRONMENT, command, run

pytestmark = pytest.mark.slow


@pytest.fixture
def cells(tmp_path):
    """A folder of five 40x40 images that are bright where their masks hold 255."""
    for part in ("image", "label"):
        (tmp_path / "cells" / part).mkdir(parents=True)
    for i in range(5):
        mask = np.kron(np.random.default_rng(i).integers(0, 2, (5, 5)), np.full((8, 8), 255)).astype(np.uint8)
        Image.fromarray(mask).save(tmp_path / "cells" / "label" / f"{i}.png")
        Image.fromarray(mask // 2 + 60).save(tmp_path / "cells" / "image" / f"{i}.png")
    return tmp_path


TWO_DEVICES = """
import runpy, sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def void(tmp_path):
    """Like `cells`, with 255 in a column of each mask where the image is noise; the masks are palette images."""
    for part in ("images", "masks"):
        (tmp_path / "void" / part / "a").mkdir(parents=True)
    for i in range(6):
        rng = np.random.default_rng(i)
        mask = np.kron(rng.integers(0, 2, (6, 6)), np.ones((8, 8))).astype(np.uint8)
        image = mask * 100 + 60
        image[:, :12] = rng.integers(0, 256, (48, 12))
        mask[:, :12] = 255
        palette = Image.fromarray(mask)
        palette.putpalette([0, 0, 0, 128, 0, 0, *[0] * 3 * 253, 224, 224, 192])
        palette.save(tmp_path / "void" / "masks" / "a" / f"{i}.png")
        Image.fromarray(image).save(tmp_path / "void" / "images" / "a" / f"{i}.webp", lossless=True)
    return tmp_path


@pytest.mark.parametrize("devices", [1, 2])
def test_void(void, devices):
    """Nothing is asked about it: what is learned is right elsewhere, and the measures are of what is elsewhere."""
    words = (
        "--data void --ignore 255 --weight-map --warp none --held-out a/[01] --batch 4 --size 16 --epochs 8 --out run"
    )
    call = command("unet_seg.py", *words.split(), "--knob", "n_filters=4")
    if devices == 2:
        call = [call[0], "-c", TWO_DEVICES, *call[1:]]
    done = subprocess.run(call, cwd=void, env=ENVIRONMENT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    config, metrics = (json.loads((void / "run" / f"{name}.json").read_text()) for name in ("config", "metrics"))
    assert (config["flags"]["ignore"], config["replicas"]) == (255, devices)
    assert metrics["void_pixels"] == 2 * 12 * 48
    truth = np.stack([np.asarray(Image.open(void / f"void/masks/a/{i}.png")) for i in range(2)])
    answer = np.stack(
        [
            answer["mask"]
            for answer in predict(void / "run", [void / "void/images/a/0.webp", void / "void/images/a/1.webp"])
        ]
    )
    known = truth != 255
    assert [row["pixels"] for row in metrics["classes"]] == [(truth == label).sum() for label in (0, 1)]
    assert metrics["pixel_error"] == pytest.approx(np.mean((answer != truth)[known]))
    dice = f1_score(truth[known], answer[known], average=None)
    assert [row["dice"] for row in metrics["classes"]] == pytest.approx(list(dice))
    assert metrics["pixel_error"] < 0.3, "it learns"
    assert "void pixels, which count nowhere" in (void / "run" / "report.html").read_text()


def test_a_folder_of_two_classes(cells):
    """Tiles, weights, a held-out image by name, eight answers; then the run answers on a file."""
    words = "--data cells --names gap,cell --held-out 0 --weight-map --warp microscopy --tta --batch 2 --out run"
    done = run("unet_seg.py", *words.split(), "--size", 16, "--epochs", 12, "--knob", "n_filters=4", cwd=cells)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((cells / "run" / "metrics.json").read_text())
    columns, image = (cells / "run" / "images.csv").read_text().splitlines()
    assert columns == "image,pixel_error,otsu_pixel_error,dice of gap,dice of cell"
    assert image.startswith(f"0,{metrics['pixel_error']},0.0,{metrics['classes'][0]['dice']},")
    assert "images" not in metrics
    assert metrics["otsu"]["pixel_error"] == 0, "which is easy, here"
    assert f"{metrics['pixel_error']:.2%}" in done.stdout
    (answer,) = predict(cells / "run", [cells / "cells/image/0.png"], tta=True)
    wrong = np.mean(answer["mask"] != (np.asarray(Image.open(cells / "cells/label/0.png")) > 0))
    assert wrong == pytest.approx(metrics["pixel_error"])
    assert wrong < 0.25, "it learns"


def test_blood_smears(tmp_path):
    """The set of the default learns quickly: a cell or not."""
    words = "--binary --limit 60 --size 64 --epochs 8 --knob n_filters=4 --out run"
    done = run("unet_seg.py", *words.split(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    config, metrics = (json.loads((tmp_path / "run" / f"{name}.json").read_text()) for name in ("config", "metrics"))
    assert (config["flags"]["data"], config["input_shape"]) == ("blood_smears", [64, 64, 3])
    assert [row["class"] for row in metrics["classes"]] == ["background", "foreground"]
    assert metrics["dice"] > 0.9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--data cells", "cells/image/3.png: has no mask; it would be cells/label/3.*"),
        ("--size 40", "unet cannot take images of 40x40"),
        ("--warp strong", "unknown value of --warp 'strong': choose from none, slight, microscopy"),
        ("--data mnist", "unknown data set with masks 'mnist': choose from digits"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(words, message, cells):
    (cells / "cells/label/3.png").unlink()
    done = run("unet_seg.py", "--smoke", *words.split(), cwd=cells)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert not (cells / "saved_models").exists()
