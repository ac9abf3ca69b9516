"""Images are cut in their middle, resized as Pillow does it, and brought to other channels."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerascnn.data.pixels import fit

SHAPE = (48, 64, 3)


def error(fitted, expected):
    return np.abs(fitted.astype(float) - np.asarray(expected, float)).mean()


def grey(picture):
    return np.repeat(np.asarray(Image.fromarray(picture).convert("L"))[..., None], 3, axis=-1)


def test_cut_is_central_and_resizing_antialiased():
    wide = np.zeros((4, 12, 1), np.uint8)
    wide[:, 4:8, 0] = np.indices((4, 4)).sum(axis=0) % 2 * 255  # a chequerboard in the middle
    assert fit(wide, (1, 1, 1)).numpy().item() == pytest.approx(127.5, abs=1)
    assert fit(wide, (4, 4, 1)).numpy()[..., 0].tolist() == wide[:, 4:8, 0].tolist()
    assert fit(np.full((5, 7, 3), 77, np.uint8), (224, 100, 3)).numpy().tolist() == np.full((224, 100, 3), 77).tolist()


@pytest.mark.parametrize("shape", [(24, 32, 3), (100, 100, 3), (40, 20, 3)])
def test_resizing_agrees_with_pillow(picture, shape):
    """Pillow's bilinear filter is antialiased too and works on the same pixel centres."""
    image = ImageOps.fit(Image.fromarray(picture), shape[1::-1], Image.Resampling.BILINEAR)
    assert error(fit(picture, shape).numpy(), image) < 1


def test_a_batch_is_resized_as_its_images_are(picture):
    batch = np.stack([picture, picture[::-1]])
    assert (fit(batch, (20, 20, 1)).numpy() == [fit(image, (20, 20, 1)).numpy() for image in batch]).all()


def test_channels(picture):
    assert error(fit(picture, (48, 64, 1)).numpy(), grey(picture)[..., :1]) < 0.51
    single = picture[..., :1]
    assert (fit(single, SHAPE).numpy() == single).all()
