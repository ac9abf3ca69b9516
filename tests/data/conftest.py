import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """Makes a folder of 8x8 images, each of one color that no other has: {"cats": 3, "train/dogs": 5} -> its path."""

    def make(counts, folder="photos", extension=".png"):
        number = 0
        for name, count in counts.items():
            place = tmp_path / folder / name
            place.mkdir(parents=True, exist_ok=True)
            for i in range(count):
                color = (number % 256, number // 256, 100)
                Image.new("RGB", (8, 8), color).save(place / f"{i:04d}{extension}")
                number += 1
        return tmp_path / folder

    return make


@pytest.fixture(scope="session")
def picture():
    """A smooth picture, 48 high and 64 wide, without symmetry: uint8."""
    y, x = np.mgrid[:48, :64]
    return np.stack([4 * x, 5 * y, 2 * (x + y)], axis=-1).astype(np.uint8)


@pytest.fixture
def tfds_mnist():
    if not (Path(os.environ.get("TFDS_DATA_DIR", "")) / "mnist").is_dir() or "TFDS_DATA_DIR" not in os.environ:
        pytest.skip("needs MNIST in the folder that TFDS_DATA_DIR names")
