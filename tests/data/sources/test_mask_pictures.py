"""Images and masks in memory: their sizes, the classes of their values, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerascnn import InputError
from kerascnn.data.pixels import fit
from kerascnn.data.sources import mask_pictures
from kerascnn.data.sources.mask_pictures import fit_mask
from kerascnn.data.sources.open import open_masks


@pytest.fixture
def folder(tmp_path):
    """Makes a folder of three masks (6, 8), each of one of these values, and of images that are as bright."""

    def make(*values, size=(8, 6)):
        for part in ("images", "masks"):
            (tmp_path / part).mkdir()
            for i, value in enumerate(values):
                Image.new("L", size if part == "masks" else (8, 6), value).save(tmp_path / part / f"{i}.png")
        return tmp_path

    return make


def read(name, image_shape=(6, 8, 1), tiles=False, held_out="", limit=None, classes=()):
    return open_masks(name).read(image_shape, tiles, held_out, limit, classes)


def test_folder(folder):
    place = folder(0, 1, 2)
    name, classes, train, held = read(place)
    assert (name, classes) == (place.name, ("background", "1", "2"))
    assert [picture.name for picture in train + held] == ["0", "1", "2"]
    for i, (_, image, mask) in enumerate(train + held):
        assert (image.shape, mask.shape, image.dtype, mask.dtype) == ((6, 8, 1), (6, 8), np.uint8, np.uint8)
        assert (image == i).all()
        assert (mask == i).all()


def test_two_values_are_background_and_foreground(folder):
    _, classes, train, held = read(folder(0, 255, 255))
    assert classes == ("background", "foreground")
    assert [picture.mask.max() for picture in train + held] == [0, 1, 1]


def test_held_out_and_limit(folder):
    place = folder(0, 1, 0)
    for limit, names in ((None, ["1", "2"]), (1, ["1"])):
        _, _, train, held = read(place, held_out="0", limit=limit, classes=("a", "b"))
        assert [[picture.name for picture in side] for side in (train, held)] == [names, ["0"]]


def test_pictures_for_tiles_keep_their_size_unless_they_are_smaller(folder):
    place = folder(0, 1, 1)
    assert {picture.mask.shape for picture in read(place, (4, 4, 1), tiles=True)[2]} == {(6, 8)}
    assert {picture.image.shape for picture in read(place, (12, 4, 3), tiles=True)[2]} == {(12, 16, 3)}


def test_mask_of_another_size(folder):
    with pytest.raises(InputError, match=r"^.*masks/0.png: is 8 high and 6 wide, its image 6 and 8$"):
        read(folder(0, 1, size=(6, 8)))


def test_too_much_for_memory(folder, monkeypatch):
    monkeypatch.setattr(mask_pictures, "MEMORY", 100)
    with pytest.raises(InputError, match=r"GiB of images and masks: use a limit, or a smaller image_shape$"):
        read(folder(0, 1, 1))


def test_masks_are_cut_as_images_are(picture):
    """A mask that is a picture's own first channel is resized to within a pixel's slope of it."""
    for shape in [(24, 32), (24, 24), (30, 64), (96, 128)]:
        image = fit(tf.constant(picture), (*shape, 3)).numpy()
        assert np.abs(image[..., 0].astype(int) - fit_mask(picture[..., 0], shape)).max() <= 4
    assert set(np.unique(fit_mask(picture[..., 0] // 100, (31, 17)))) <= {0, 1, 2}


class Pets:
    """Stands in for oxford_iiit_pet: two training photos of other sizes, one to test; 1 is pet, 2 not, 3 in between."""

    def __init__(self, tfds, size):
        image, mask = tfds.features.Image(shape=(None, None, 3)), tfds.features.Image(shape=(None, None, 1))
        label = tfds.features.ClassLabel(num_classes=37)
        features = tfds.features.FeaturesDict({"image": image, "label": label, "segmentation_mask": mask})
        splits = {"train": size(2), "test": size(1)}
        self.name, self.data_path = "oxford_iiit_pet", Path(".")
        self.info = type("Info", (), {"features": features, "splits": splits, "supervised_keys": ("image", "label")})

    def as_dataset(self, split):
        masks = [np.full((6, 8, 1), 2, np.uint8), np.full((9, 5, 1), 1, np.uint8)]
        masks[0][2:4], masks[1][3] = 3, 2
        train = [{"image": m.repeat(3, -1) * 80, "segmentation_mask": m, "label": 0} for m in masks]
        examples = train if split == "train[0:2]" else train[:1]
        signature = {"image": tf.TensorSpec((None, None, 3), tf.uint8), "label": tf.TensorSpec((), tf.int64)}
        signature["segmentation_mask"] = tf.TensorSpec((None, None, 1), tf.uint8)
        return tf.data.Dataset.from_generator(lambda: iter(examples), output_signature=signature)


def test_pets(monkeypatch):
    import tensorflow_datasets as tfds

    size = type("Split", (), {"__init__": lambda self, n: setattr(self, "num_examples", n)})
    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: Pets(tfds, size))
    assert open_masks("oxford_iiit_pet").native == (None, None, 3)
    name, classes, train, held = read("oxford_iiit_pet", (4, 4, 3))
    assert (name, classes) == ("oxford_iiit_pet", ("background", "pet", "outline"))
    assert [picture.image.shape for picture in train + held] == [(4, 4, 3)] * 3
    assert {tuple(np.unique(picture.mask)) for picture in train} == {(0, 2), (0, 1)}
    assert set(np.unique(held[0].mask)) == {0, 2}
