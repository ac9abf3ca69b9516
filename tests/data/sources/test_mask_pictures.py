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


def read(name, image_shape=(6, 8, 1), tiles=False, held_out="", limit=None, classes=(), ignore=None):
    return open_masks(name).read(image_shape, tiles, held_out, limit, classes, ignore)[:4]


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


@pytest.mark.parametrize("ignore", [255, 7, 0])
def test_ignored_values(folder, ignore):
    place = folder(1, ignore, 2, 3)
    Image.fromarray(np.array([[0 if ignore else 3, ignore] * 4] * 6, np.uint8)).save(place / "masks" / "3.png")
    _, classes, train, held = read(place, ignore=ignore)
    assert classes == (("background", "1", "2") if ignore else ("1", "2", "3"))
    assert [picture.mask.dtype for picture in train + held] == [np.int16] * 4
    assert [np.unique(picture.mask).tolist() for picture in train] == [[1 if ignore else 0], [-1], [2 if ignore else 1]]
    assert np.unique(held[0].mask).tolist() == [-1, 0 if ignore else 2]


def test_a_value_to_ignore_that_does_not_occur_changes_nothing(folder, capsys):
    place = folder(0, 1, 2)
    plain, ignoring = read(place), read(place, ignore=255)
    assert plain[:2] == ignoring[:2]
    for one, other in zip(plain[2] + plain[3], ignoring[2] + ignoring[3], strict=True):
        np.testing.assert_array_equal(one.mask, other.mask)
    assert capsys.readouterr().err == ""


def palettes(folder, *palettes, values=(0, 1)):
    """Gives the masks these palettes, lists of colors, and all of them the values."""
    for i, palette in enumerate(palettes):
        image = Image.fromarray(np.resize(values, (6, 8)).astype(np.uint8))
        image.putpalette(np.ravel(palette).tolist())
        image.save(folder / "masks" / f"{i}.png")
    return folder


BLACK, WHITE, RED, GREEN = (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0)


def test_an_index_has_one_color_in_all_masks(folder):
    place = palettes(folder(0, 0, 0), (BLACK, RED), (BLACK, RED, GREEN), (BLACK, RED, RED))
    assert [np.unique(picture.mask).tolist() for side in read(place)[2:] for picture in side] == [[0, 1]] * 3
    palettes(place, (BLACK, RED), (BLACK, RED), (RED, BLACK))
    line = r"masks/2.png: its palette has the color #ff0000 at index 0, that of .*masks/0.png #000000; an index must"
    with pytest.raises(InputError, match=line):
        read(place)


def test_a_color_of_void_may_differ(folder):
    place = palettes(folder(0, 0, 0), (BLACK, RED, GREEN), (BLACK, RED, WHITE), (BLACK, RED), values=(0, 1, 2))
    with pytest.raises(InputError, match=r"must have the same color in all masks$"):
        read(place)
    assert read(place, ignore=2)[1] == ("background", "foreground")


def test_grey_palettes_in_any_order_are_black_and_white(folder):
    place = palettes(folder(0, 0, 0), (BLACK, WHITE), (WHITE, BLACK), (BLACK, WHITE))
    _, classes, train, held = read(place)
    assert classes == ("background", "foreground")
    for picture, first in zip(train + held, (0, 1, 0), strict=True):
        np.testing.assert_array_equal(picture.mask, np.resize([first, 1 - first], (6, 8)))


def test_masks_of_0_and_1_beside_masks_of_0_and_255(folder):
    line = r"masks/2.png: holds the value 255, and .*masks/1.png the value 1; .*if 255 is void: --ignore 255$"
    with pytest.raises(InputError, match=line):
        read(folder(0, 1, 255))


STORED = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: a[::-1, ::-1],
    4: np.flipud,
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.fliplr(a).swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.flipud(a).swapaxes(0, 1),
}  # an upright picture as a file of this orientation holds it: EXIF 2.32, Section 4.6.4


def store(path, pixels, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {".jpg": {"quality": 95, "subsampling": 0}, ".webp": {"lossless": True}}.get(path.suffix, {})
    image = Image.fromarray(np.ascontiguousarray(STORED[turn](pixels)))
    if path.suffix == ".png" and pixels.ndim == 2:
        image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.save(path, exif=exif, **options)


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("whose", ["image", "mask", "both", "each its own"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_image_and_mask_are_brought_upright(tmp_path, picture, turn, whose, extension):
    """Each by its own orientation; what comes out is the pair that is stored upright."""
    mask = np.uint8(picture[..., 0] > 100) + (picture[..., 1] > 100)
    turns = {"image": (turn, 1), "mask": (1, turn), "both": (turn, turn), "each its own": (turn, 9 - turn)}[whose]
    for name, (of_image, of_mask) in {"a": (1, 1), "b": turns}.items():
        for part in ("images", "masks"):
            (tmp_path / part).mkdir(exist_ok=True)
        store(tmp_path / "images" / f"{name}{extension}", picture, of_image)
        store(tmp_path / "masks" / f"{name}.png", mask, of_mask)
    assert open_masks(tmp_path).native == (*mask.shape, 3)
    _, _, (one,), (other,) = read(tmp_path, picture.shape)
    np.testing.assert_array_equal(one.mask, mask)
    np.testing.assert_array_equal(other.mask, mask)
    np.testing.assert_allclose(np.int16(other.image), one.image, atol=12 if extension == ".jpg" else 0)
    assert np.abs(np.int16(other.image) - picture).mean() < 2


def test_an_image_that_changes_while_it_is_read(folder):
    place = folder(0, 1, 1)
    source = open_masks(place)
    Image.new("L", (4, 3)).save(place / "images" / "1.png")
    with pytest.raises(InputError, match=r"images/1.png: has changed since"):
        source.read((6, 8, 1), False, "", None, (), None)
    (place / "images" / "1.png").unlink()
    with pytest.raises(InputError, match=r"images/1.png: "):
        source.read((6, 8, 1), False, "", None, (), None)


def test_names_that_are_not_utf8(folder):
    place = folder(0, 1, 1)
    for part in ("images", "masks"):
        (place / part / "1.png").rename(place / part / "caf\udce9.png")
    _, _, train, held = read(place)
    assert [picture.name for picture in train + held] == ["0", "2", r"caf\xe9"]


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
    _, classes, train, held = read("oxford_iiit_pet", (4, 4, 3), ignore=3)
    assert classes == ("background", "pet"), "3 is the outline, which others take for void"
    assert [sorted(np.unique(picture.mask)) for picture in train + held] == [[-1, 0], [0, 1], [-1, 0]]
