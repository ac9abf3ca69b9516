"""From a name or a folder to tiles and their masks: what comes out, how often, and in which order."""

import shutil
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kerascnn import InputError, data
from kerascnn.data.augmentation.policies import WARPS, Warp
from kerascnn.data.masks import Stored, load_masks, origins
from kerascnn.data.sources.mask_pictures import Picture

UNIT = {"scaling": "unit"}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """A folder of ten images, 24 high and 40 wide, that are bright where their masks hold 255."""
    folder = tmp_path_factory.mktemp("cells")
    for part in ("images", "masks"):
        (folder / part).mkdir()
    for i in range(10):
        mask = np.kron(np.random.default_rng(i).integers(0, 2, (6, 10)), np.ones((4, 4))).astype(np.uint8)
        Image.fromarray(mask * 255).save(folder / "masks" / f"{i}.png")
        Image.fromarray(100 + mask * 80 + np.uint8(i)).save(folder / "images" / f"{i}.png")
    return folder


def batches(dataset, count=-1):
    return list(dataset.take(count).as_numpy_iterator())


def test_tiles_of_a_folder(cells):
    loaded = load_masks(cells, (16, 16, 1), batch=5, classes=("gap", "cell"), **UNIT)
    assert (loaded.classes, loaded.image_shape) == (("gap", "cell"), (16, 16, 1))
    assert (loaded.train_size, loaded.validation_size) == (8, 2)
    assert loaded.steps == 7, "8 images of 960 pixels have as many as 32 tiles of 256, four from each: 7 batches"
    assert loaded.train.cardinality() == tf.data.INFINITE_CARDINALITY
    assert loaded.train.element_spec == (tf.TensorSpec((None, 16, 16, 1)), tf.TensorSpec((None, 16, 16), tf.int32))
    epoch = batches(loaded.train, loaded.steps)
    assert [len(images) for images, _ in epoch] == [5] * 6 + [2]
    came, places = Counter(), set()
    for images, masks in epoch:
        for image, mask in zip(np.rint(images[..., 0] * 255), masks, strict=True):
            number = int(image.min()) % 20
            came[number] += 1
            np.testing.assert_array_equal(image, 100 + mask * 80 + number)
            places.add(mask.tobytes())
    assert came == dict.fromkeys(range(8), 4)
    assert len(places) > 28, "each from a place of its own"
    assert [picture.name for picture in loaded.held_out] == ["8", "9"]


def test_validation_tiles_cover_the_held_out_images(cells):
    loaded = load_masks(cells, (16, 16, 1), batch=4, **UNIT)
    pairs = batches(loaded.validation)
    assert loaded.validation.cardinality() == len(pairs) == 3
    tiles = np.concatenate([masks for _, masks in pairs])
    expected = [
        picture.mask[top : top + 16, left : left + 16]
        for picture in loaded.held_out
        for top in (0, 8)
        for left in (0, 12, 24)
    ]
    np.testing.assert_array_equal(tiles, expected)
    for images, masks in pairs:
        np.testing.assert_array_equal(images[..., 0] > 140 / 255, masks)


@given(length=st.integers(1, 300), tile=st.integers(1, 100), share=st.integers(0, 99))
def test_origins_cover_evenly(length, tile, share):
    overlap = tile * share // 100
    starts = origins(length, tile, overlap)
    assert starts[0] == 0
    steps = np.diff(starts)
    if length <= tile:
        assert starts == [0]
    else:
        assert starts[-1] == length - tile
        assert steps.max() <= tile - overlap
        assert steps.max() - steps.min() <= 1
        assert (len(starts) - 1) * (tile - overlap) < length - tile + (tile - overlap), "none too many"


@pytest.mark.parametrize("name", ["cells", "digits"])
def test_distorted_training_goes_on_where_it_was(cells, name):
    """The same seed and step give the same tiles, bit for bit, however training got there."""
    arguments = dict(image_shape=(16, 16, 1), batch=6, seed=3, how=WARPS["microscopy"], limit=8)
    loaded = load_masks(cells if name == "cells" else name, **arguments)
    whole = batches(loaded.train, 2 * loaded.steps + 1)
    for start in (1, loaded.steps + 1):
        later = load_masks(cells if name == "cells" else name, **arguments, start_step=start)
        for one, other in zip(batches(later.train, 2), whole[start : start + 2], strict=True):
            for part, same in zip(one, other, strict=True):
                np.testing.assert_array_equal(part, same)
    assert not np.array_equal(whole[0][0], whole[loaded.steps][0]), "another epoch is distorted in another way"
    other_seed = load_masks(cells if name == "cells" else name, **{**arguments, "seed": 4})
    assert not np.array_equal(batches(other_seed.train, 1)[0][0], whole[0][0])


def test_distortion_depends_on_the_image_and_not_on_its_batch(cells):
    small, large = (load_masks(cells, (16, 16, 1), batch=n, how=WARPS["unet"], **UNIT) for n in (4, 8))
    one, other = (np.concatenate([i for i, _ in batches(d.train, d.steps)]) for d in (small, large))
    np.testing.assert_array_equal(one, other)


def test_masks_move_with_their_images(cells):
    loaded = load_masks(cells, (16, 16, 1), how=WARPS["microscopy"], **UNIT)
    for images, masks in batches(loaded.train, 4):
        assert set(np.unique(masks)) <= {0, 1}
        sure = np.abs(images[..., 0] * 255 - 144) > 25
        np.testing.assert_array_equal((images[..., 0] * 255 > 144)[sure], masks[sure])


@pytest.fixture(scope="module")
def void(tmp_path_factory):
    """Like `cells`, with void in a third of the masks: 255 there, and white in the image. A 1 is a cell."""
    folder = tmp_path_factory.mktemp("void")
    for part in ("images", "masks"):
        (folder / part).mkdir()
    for i in range(10):
        mask = np.kron(np.random.default_rng(i).integers(0, 3, (6, 10)), np.ones((4, 4))).astype(np.uint8)
        Image.fromarray(np.where(mask == 2, 255, mask).astype(np.uint8)).save(folder / "masks" / f"{i}.png")
        Image.fromarray(np.array([0, 120, 240], np.uint8)[mask]).save(folder / "images" / f"{i}.png")
    return folder


@pytest.mark.parametrize("how", ["none", "microscopy", "unet"])
@pytest.mark.parametrize("shape", [(16, 16, 1), (24, 40, 1), (48, 48, 1)])
def test_void_stays_void(void, how, shape):
    """In tiles, whole images and enlarged ones, however they are distorted."""
    loaded = load_masks(void, shape, batch=4, how=WARPS[how], ignore=255, **UNIT)
    assert (loaded.classes, loaded.ignore) == (("background", "foreground"), 255)
    for images, masks in batches(loaded.train, loaded.steps) + batches(loaded.validation):
        assert masks.dtype == np.int32
        assert set(np.unique(masks)) <= {-1, 0, 1}
        grey = images[..., 0] * 255
        for value, label in ((0, 0), (240, -1)):
            assert (masks[np.abs(grey - value) < 5] == label).all()
        if how == "none" and shape[0] < 48:
            np.testing.assert_array_equal(masks, np.array([0, 1, -1])[np.rint(grey / 120).astype(int)])
    assert {-1, 0, 1} == set(np.unique([picture.mask for picture in loaded.held_out]))


def test_void_weighs_nothing(void):
    loaded = load_masks(void, (24, 40, 1), weights=data.weight_map, ignore=255, batch=8)
    for _, masks, weights in batches(loaded.train, 1) + batches(loaded.validation):
        assert (weights[masks == -1] == 0).all()
        assert (weights[masks >= 0] > 0).all()
        np.testing.assert_allclose(weights, [data.weight_map(mask) for mask in masks], rtol=1e-6)


def test_binary_leaves_void():
    full, binary = (load_masks("digits", limit=12, batch=12, ignore=4, binary=b) for b in (False, True))
    (_, masks), (_, two) = batches(full.train, 1)[0], batches(binary.train, 1)[0]
    assert binary.classes == ("background", "foreground")
    np.testing.assert_array_equal(np.minimum(masks, 1), two)
    assert {-1, 0, 1} == set(np.unique(two))


def test_what_lies_outside_may_be_void_and_has_the_weight_1(void):
    how = Warp(translation=(20, 20), fill=255.0, mask_fill=-1)
    loaded = load_masks(void, (24, 40, 1), how=how, ignore=255, weights=np.ones_like, batch=8, **UNIT)
    ((images, masks, weights),) = batches(loaded.train, 1)
    assert (masks[:, :20, :] == -1).all()
    assert (masks[:, :, :20] == -1).all()
    assert (images[:, :20] == 1).all()
    assert (weights == 1)[masks == -1].any()
    with pytest.raises(InputError, match=r"^mask_fill=2: must be a class, 0 to 1, or -1 for void$"):
        load_masks(void, (24, 40, 1), how=how._replace(mask_fill=2), ignore=255)


def test_masks_of_void_alone(void, tmp_path):
    shutil.copytree(void, tmp_path / "void")
    white = Image.new("L", (40, 24), 255)
    white.save(tmp_path / "void" / "masks" / "9.png")
    load_masks(tmp_path / "void", (24, 40, 1), ignore=255)
    white.save(tmp_path / "void" / "masks" / "8.png")
    with pytest.raises(InputError, match=r"void: the masks held out hold nothing but void, 255$"):
        load_masks(tmp_path / "void", (24, 40, 1), ignore=255)


def test_void_without_a_word_of_it(void):
    with pytest.raises(InputError, match=r"masks/\d.png: holds the value 255, and .*; if 255 is void: --ignore 255$"):
        load_masks(void, (16, 16, 1))


@pytest.mark.parametrize("ignore", [-1, 1.0, True, "255"])
def test_a_value_that_cannot_be_ignored(ignore):
    with pytest.raises(
        InputError, match=r"^ignore=.*: must be the value of void in the masks, a whole number, 0 or more$"
    ):
        load_masks("digits", limit=4, ignore=ignore)


def test_digits_that_are_ignored():
    full, without = (load_masks("digits", limit=12, batch=12, ignore=ignore) for ignore in (None, 4))
    assert without.classes == ("background", *"012456789"), "3 has the value 4"
    (images, masks), (same, others) = batches(full.train, 1)[0], batches(without.train, 1)[0]
    np.testing.assert_array_equal(images, same)
    np.testing.assert_array_equal(np.where(masks == 4, -1, masks - (masks > 4)), others)


def test_weights_of_pixels(cells):
    plain, weighted = (load_masks(cells, (24, 40, 1), weights=w, **UNIT) for w in (None, data.weight_map))
    for (images, masks), (same, too, weights) in zip(
        batches(plain.train, 1) + batches(plain.validation), batches(weighted.train, 1) + batches(weighted.validation),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_array_equal(images, same)
        np.testing.assert_array_equal(masks, too)
        np.testing.assert_allclose(weights, [data.weight_map(mask) for mask in masks], rtol=1e-6)
    assert weighted.train.element_spec[2] == tf.TensorSpec((None, 24, 40))


def test_resized(cells):
    """Images that are smaller than asked for are cut and resized, with their masks."""
    loaded = load_masks(cells, (48, 48, 3), batch=4, **UNIT)
    assert loaded.steps == 2
    for images, masks in batches(loaded.train, 2):
        assert (images.shape[1:], masks.shape[1:]) == ((48, 48, 3), (48, 48))
        sure = np.abs(images[..., 0] * 255 - 144) > 25
        assert sure.mean() > 0.7
        np.testing.assert_array_equal((images[..., 0] * 255 > 144)[sure], masks[sure])


def test_images_of_several_sizes(tmp_path):
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
    for i, size in enumerate([(20, 30), (9, 12), (40, 16)]):
        mask = (np.arange(size[0] * size[1]).reshape(size) % 3).astype(np.uint8)
        for part, values in (("images", mask * 100), ("masks", mask)):
            Image.fromarray(values).save(tmp_path / part / f"{i}.png")
    assert data.native_mask_shape(tmp_path) == (None, None, 1)
    with pytest.raises(InputError, match=r"differ in size: pass image_shape=\(height, width, channels\)$"):
        load_masks(tmp_path)
    resized = load_masks(tmp_path, (16, 16, 1))
    assert [picture.mask.shape for picture in resized.held_out] == [(16, 16)]
    tiles = load_masks(tmp_path, (16, 16, 1), tiles=True, batch=1, classes=("a", "b", "c"))
    assert [picture.mask.shape for picture in tiles.held_out] == [(40, 16)]
    assert tiles.steps == 3 + 2, "20x30 are three tiles; 9x12, enlarged to 16x21, are two"
    assert {images.shape for images, _ in batches(tiles.train, 5)} == {(1, 16, 16, 1)}


def test_images_of_12_bits(tmp_path):
    """All are scaled by what is filled in any of them, and the number is kept."""
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
    for i in range(4):
        mask = np.eye(6, dtype=np.uint8)
        Image.fromarray(mask).save(tmp_path / "masks" / f"{i}.png")
        Image.fromarray(mask.astype(np.uint16) * (4080 if i == 3 else 800)).save(tmp_path / "images" / f"{i}.png")
    loaded = load_masks(tmp_path, (6, 6, 1), batch=3, **UNIT)
    assert loaded.bits == 12
    np.testing.assert_allclose(batches(loaded.train, 1)[0][0].max(axis=(1, 2, 3)), 50 / 255, rtol=1e-5)
    assert loaded.held_out[0].image.max() == 255
    assert data.read_whole(tmp_path / "images" / "0.png", 1, loaded.bits).max() == 50
    assert load_masks("digits", limit=4).bits is None


def test_binary():
    full, binary = (load_masks("digits", limit=12, batch=12, binary=b) for b in (False, True))
    assert full.classes == ("background", *"0123456789")
    assert binary.classes == ("background", "foreground")
    (images, masks), (same, two) = batches(full.train, 1)[0], batches(binary.train, 1)[0]
    np.testing.assert_array_equal(images, same)
    np.testing.assert_array_equal(masks > 0, two)
    assert (full.image_shape, full.train_size, full.validation_size) == ((64, 64, 1), 12, 12)


def test_replicas():
    loaded = load_masks("digits", (16, 16, 1), limit=11, batch=4, replicas=2)
    assert [len(masks) for _, masks in batches(loaded.train, loaded.steps)] == [4, 4, 2]
    assert min(len(masks) for _, masks in batches(loaded.validation)) >= 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"batch": 0}, "batch=0: must be a whole number, 1 or more"),
        ({"seed": -1}, "seed=-1: must be a whole number, 0 or more"),
        ({"scaling": "caffe"}, "scaling='caffe': must be one of"),
        ({"image_shape": (32, 32, 2)}, r"image_shape=\(32, 32, 2\): must be .* with 1 or 3 channels"),
        ({"held_out": "a"}, "held_out='a': digits knows by itself what validates"),
        ({"classes": ("a", "b")}, r"classes=\('a', 'b'\): digits has 11, background, 0, "),
        ({"name": "digitz"}, "unknown data set with masks 'digitz': did you mean digits"),
        (
            {"name": "mnist"},
            "unknown data set with masks 'mnist': choose from digits, blood_smears, oxford_iiit_pet, the path of",
        ),
        ({"batch": 3, "replicas": 2}, "batch=3: must be a multiple of the 2 replicas"),
    ],
)
def test_wrong_arguments(arguments, line):
    with pytest.raises(InputError, match=f"^{line}"):
        load_masks(**{"name": "digits", "limit": 4, **arguments})


def test_pictures_of_any_size_are_kept_as_they_are():
    rng = np.random.default_rng(0)
    sizes = [(3, 5), (4, 2), (6, 6)]
    kept = [Picture("", rng.integers(0, 256, (*s, 3), np.uint8), rng.integers(0, 9, s, np.uint8)) for s in sizes]
    stored = Stored(kept, lambda mask: mask / 2)
    for i, picture in enumerate(kept):
        image, mask, weights = stored[i]
        np.testing.assert_array_equal(image, picture.image)
        np.testing.assert_array_equal(mask, picture.mask)
        np.testing.assert_array_equal(weights, picture.mask / 2)
