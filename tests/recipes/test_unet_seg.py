"""`recipes/unet_seg.py` on a folder, and where things go wrong."""

import json

import numpy as np
import pytest
from PIL import Image

from kerascnn.training import segment

from . import run

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


def test_a_folder_of_two_classes(cells):
    """Tiles, weights, a held-out image by name, eight answers; then the run answers on a file."""
    words = "--data cells --names gap,cell --held-out 0 --weight-map --warp microscopy --tta --batch 2 --out run"
    done = run("unet_seg.py", *words.split(), "--size", 16, "--epochs", 12, "--knob", "n_filters=4", cwd=cells)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((cells / "run" / "metrics.json").read_text())
    (image,) = metrics["images"]
    assert (image["image"], list(image["dice"])) == ("0", ["gap", "cell"])
    assert metrics["otsu"]["pixel_error"] == 0, "which is easy, here"
    assert f"{metrics['pixel_error']:.2%}" in done.stdout
    answer, truth = segment(cells / "run", cells / "cells/image/0.png", tta=True), cells / "cells/label/0.png"
    wrong = np.mean(answer != (np.asarray(Image.open(truth)) > 0))
    assert wrong == pytest.approx(metrics["pixel_error"])
    assert wrong < 0.25, "it learns"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--data cells", "cells/image/3.png: has no mask; it would be cells/label/3.*"),
        ("--size 40", "unet cannot take images of 40x40"),
        ("--warp strong", "warp='strong': must be one of 'none', 'slight', 'microscopy'"),
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
