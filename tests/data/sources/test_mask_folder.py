"""Folders of images and masks: what is read, what validates, and what is said of mistakes."""

import os

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kerascnn import InputError
from kerascnn.data.sources.mask_folder import (
    class_values,
    hold_out,
    list_pairs,
    native_shape,
    open_folder,
    read_mask,
    read_whole,
)


@pytest.fixture
def folder(tmp_path):
    """Makes a folder of blank 6x4 images and masks by these names."""

    def make(*names, images="images", masks="masks", below=""):
        for name in names:
            for part in (images, masks):
                (tmp_path / below / part).mkdir(parents=True, exist_ok=True)
                Image.new("L", (6, 4)).save(tmp_path / below / part / f"{name}.png")
        return tmp_path

    return make


def stems(pairs):
    return [pair.image.stem for pair in pairs]


@pytest.mark.parametrize(("images", "masks"), [("images", "masks"), ("image", "label"), ("image", "mask")])
def test_last_fifth_in_the_order_of_names_is_held_out(folder, images, masks):
    train, held, own, note = open_folder(folder(*(f"slice{i}" for i in range(12)), images=images, masks=masks))
    assert stems(train) == [f"slice{i}" for i in range(10)], "10 comes after 9"
    assert stems(held) == ["slice10", "slice11"]
    assert all(pair.image.stem == pair.mask.stem and pair.mask.parent.name == masks for pair in train)
    assert {pair.header.shape for pair in train} == {(4, 6, 1)}
    assert (own, note) == ("", "")


def test_held_out_by_name(folder):
    place = folder(*"abcdef", "a1", "a2")
    train, held, *_ = hold_out(place, open_folder(place), "a?,c")
    assert stems(held) == ["a1", "a2", "c"]
    assert stems(train) == ["a", "b", "d", "e", "f"]


def test_train_and_val(folder):
    folder("a", "b", below="train")
    place = folder("c", below="val")
    sides = open_folder(place)
    assert (stems(sides.train), stems(sides.validation)) == (["a", "b"], ["c"])
    with pytest.raises(InputError, match=r"^held_out='a': .* has a folder val, which validates$"):
        hold_out(place, sides, "a")


@pytest.mark.parametrize(("train", "val"), [("train", "val"), ("Training", "Testing"), ("train2017", "val2017")])
def test_splits_below_images_and_masks(folder, train, val):
    for name, part in (("1", train), ("2", train), ("1", val)):
        place = folder(name, images=f"Images/{part}", masks=f"masks/{part}")
    sides = open_folder(place)
    assert [pair.name for pair in sides.train] == [f"{train}/1", f"{train}/2"]
    assert [pair.name for pair in sides.validation] == [f"{val}/1"]
    assert sides.own == val
    folder("1", images="Images/test", masks="masks/test")
    if train == "train":
        assert open_folder(place).note == "1 images are left out that are neither in train nor in val"


def test_pairs_in_sub_folders(folder):
    for below in ("a", "b/c"):
        place = folder("1", "2", "10", images=f"images/{below}", masks=f"masks/{below}")
    folder("7")
    pairs = [pair for side in open_folder(place)[:2] for pair in side]
    assert [pair.name for pair in pairs] == ["7", "a/1", "a/2", "a/10", "b/c/1", "b/c/2", "b/c/10"]
    for pair in pairs:
        assert pair.image == place / "images" / f"{pair.name}.png"
        assert pair.mask == place / "masks" / f"{pair.name}.png"
    assert [pair.name for pair in hold_out(place, open_folder(place), "a/*").validation] == ["a/1", "a/2", "a/10"]
    (place / "masks" / "b" / "c" / "2.png").unlink()
    with pytest.raises(InputError, match=r"images/b/c/2.png: has no mask; it would be .*/masks/b/c/2\.\*$"):
        open_folder(place)


def test_linked_folders_are_followed_and_loops_end(folder, tmp_path):
    folder("1", "2", images="elsewhere/i", masks="elsewhere/m")
    place = folder("3")
    for part, away in (("images", "i"), ("masks", "m")):
        (place / part / "linked").symlink_to(tmp_path / "elsewhere" / away)
        (place / part / "loop").symlink_to(place)
    sides = open_folder(place)
    assert [pair.name for pair in sides.train + sides.validation] == ["3", "linked/1", "linked/2"]


def test_files_of_other_kinds_are_said(folder):
    place = folder("a", "b")
    (place / "images" / "a.xyz").write_bytes(b"..")
    (place / "masks" / "Thumbs.db").write_bytes(b"..")
    assert open_folder(place).note == "left out: 2 files of other kinds (1 .db, 1 .xyz)"
    (place / "masks" / "b.png").rename(place / "masks" / "b.npy")
    with pytest.raises(InputError, match=r"b.png: has no mask; it would be .*; left out: 3 files .*1 .npy"):
        open_folder(place)


def test_names_that_are_not_utf8(folder):
    place = folder("a", "caf\udce9", images="images/\udcff", masks="masks/\udcff")
    assert [pair.name for side in open_folder(place)[:2] for pair in side] == ["\udcff/a", "\udcff/caf\udce9"]


MISTAKES = {
    r"images/b.png: has no mask; it would be .*/masks/b\.\*$": lambda f: (f / "masks/b.png").unlink(),
    r"masks/b.png: has no image; it would be .*/images/b\.\*$": lambda f: (f / "images/b.png").unlink(),
    r"a.png: has no mask; .* \(and 1 more have none\)$": lambda f: [(f / f"masks/{n}.png").unlink() for n in "ab"],
    r": has no folder masks; needed are images and masks, side by side$": lambda f: (f / "masks").rename(f / "truth"),
    r"a.png: has the same name as a.bmp$": lambda f: Image.new("L", (6, 4)).save(f / "images/a.bmp"),
    r"a.png: is empty \(0 bytes\)$": lambda f: (f / "images/a.png").write_bytes(b""),
    r"images: has no images; allowed are \.jpg.*$": lambda f: [path.unlink() for path in (f / "images").iterdir()],
    r": has a single image; two are needed": lambda f: [path.unlink() for path in f.glob("*/[bc].png")],
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_are_one_line(folder, line):
    place = folder("a", "b", "c")
    MISTAKES[line](place)
    with pytest.raises(InputError, match=line) as error:
        open_folder(place)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("held_out", "line"),
    [("x*", "has no image of the name x"), ("*", "no image of .* is left to train"), ("a,,b", "of the name $")],
)
def test_held_out_that_does_not_fit(folder, held_out, line):
    place = folder("a", "b")
    with pytest.raises(InputError, match=line):
        hold_out(place, open_folder(place), held_out)


def test_native_shape(folder):
    place = folder("a", "b")
    assert native_shape(open_folder(place)) == (4, 6, 1)
    Image.new("RGB", (6, 4)).save(place / "images" / "b.png")
    assert native_shape(open_folder(place)) == (4, 6, 3)
    Image.new("L", (4, 6)).save(place / "images" / "b.png")
    assert native_shape(open_folder(place)) == (None, None, 1)


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match=r"no such folder$"):
        open_folder(tmp_path / "x")


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16"])
def test_masks_are_read_as_they_are(tmp_path, mode):
    values = np.random.default_rng(0).integers(0, {"1": 2, "I;16": 60_000}.get(mode, 256), (5, 7))
    image = Image.fromarray(values.astype(np.uint16 if mode == "I;16" else np.uint8))
    palette = np.random.default_rng(1).integers(0, 256, (256, 3), np.uint8)
    if mode == "1":
        image = Image.fromarray(values.astype(bool))
    if mode == "P":
        image.putpalette(palette.tobytes())
    path = tmp_path / "mask.png"
    image.save(path)
    found = read_mask(path)
    np.testing.assert_array_equal(found.values, values)
    used = np.unique(values).tolist()
    assert found.colors == ({i: "#{:02x}{:02x}{:02x}".format(*palette[i]) for i in used} if mode == "P" else {})


VALUES = np.array([[0, 1, 2], [2, 1, 1]], np.uint8)


@pytest.mark.parametrize("name", ["m.png", "m.bmp", "m.gif"])
@pytest.mark.parametrize("greys", [(0, 127, 255), (255, 0, 127)])
def test_a_grey_palette_is_read_by_grey_value(tmp_path, greys, name):
    image = Image.fromarray(VALUES)
    image.putpalette([grey for grey in greys for _ in "rgb"])
    image.save(tmp_path / name)
    found = read_mask(tmp_path / name)
    np.testing.assert_array_equal(found.values, np.array(greys)[VALUES])
    assert not found.colors


def test_a_palette_of_black_alone_is_read_by_index(tmp_path):
    image = Image.fromarray(VALUES)
    image.putpalette([0] * 768)
    image.save(tmp_path / "m.png")
    found = read_mask(tmp_path / "m.png")
    np.testing.assert_array_equal(found.values, VALUES)
    assert found.colors == dict.fromkeys(range(3), "#000000")


def test_a_mask_of_several_pages(tmp_path):
    image = Image.fromarray(VALUES)
    image.save(tmp_path / "m.tif", save_all=True, append_images=[image])
    with pytest.raises(InputError, match=r"m.tif: has several pages"):
        read_mask(tmp_path / "m.tif")


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_tiff(tmp_path, kind):
    Image.fromarray(VALUES.astype(kind)).save(tmp_path / "m.tif")
    if kind == np.float32:
        with pytest.raises(InputError, match=r"m.tif: is a mask of mode F; a mask has one whole number a pixel"):
            read_mask(tmp_path / "m.tif")
    else:
        np.testing.assert_array_equal(read_mask(tmp_path / "m.tif").values, VALUES)
    disc = Image.radial_gradient("L").point(lambda v: 255 * (v > 128)).convert("RGB")
    disc.save(tmp_path / "lossy.tif", compression="jpeg")
    with pytest.raises(InputError, match=r"lossy.tif: is a TIFF that holds values like"):
        read_mask(tmp_path / "lossy.tif")


def test_a_grey_index_of_a_colored_palette_is_an_index(tmp_path):
    """Pascal VOC: index 7, car, is the grey 128."""
    image = Image.fromarray(VALUES)
    image.putpalette([0, 0, 0, 128, 128, 128, 255, 0, 0])
    image.putdata(np.minimum(VALUES, 1).ravel().tolist())
    image.save(tmp_path / "m.png")
    assert set(np.unique(read_mask(tmp_path / "m.png").values)) == {0, 1}


@pytest.mark.parametrize(
    ("mode", "name"), [("RGB", "m.png"), ("RGB", "m.bmp"), ("LA", "m.png"), ("RGBA", "m.png"), ("RGB", "m.webp")]
)
def test_three_equal_channels_and_opaque_masks_are_grey(tmp_path, mode, name):
    Image.fromarray(VALUES).convert(mode).save(tmp_path / name, lossless=True)
    np.testing.assert_array_equal(read_mask(tmp_path / name).values, VALUES)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_16_bits_in_several_channels(tmp_path, channels):
    """Of which Pillow reads the upper 8: no class would be left."""
    values = np.repeat(VALUES[..., None].astype(np.uint16), channels, axis=-1)
    (tmp_path / "m.png").write_bytes(tf.io.encode_png(values).numpy())
    with pytest.raises(
        InputError, match=r"m.png: is a mask of mode \w+ with 16 bits; with 16, a mask has one channel$"
    ):
        read_mask(tmp_path / "m.png")


def test_what_is_no_mask(tmp_path):
    path = tmp_path / "m.png"
    Image.fromarray(np.array([[[0, 0, 0], [255, 0, 0], [0, 0, 9]]], np.uint8)).save(path)
    with pytest.raises(
        InputError, match=r"m.png: is a mask of mode RGB with 3 colors, like #ff0000; a mask has one whole"
    ):
        read_mask(path)
    Image.fromarray(np.array([[[1, 255], [1, 7]]], np.uint8)).save(path)
    with pytest.raises(
        InputError, match=r"m.png: is a mask with transparent pixels; a mask has one whole number a pixel$"
    ):
        read_mask(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"m.png: is a truncated PNG"):
        read_mask(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"m.png: is empty"):
        read_mask(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputError, match=r"m.png: is a pipe, not a file$"):
        read_mask(path)


@pytest.mark.parametrize("limit", [6, 5])
def test_a_mask_of_too_many_pixels(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    Image.fromarray(VALUES).save(tmp_path / "m.png")
    if limit == 6:
        np.testing.assert_array_equal(read_mask(tmp_path / "m.png").values, VALUES)
    else:
        with pytest.raises(InputError, match=r"m.png: has 3 x 2 pixels; allowed are 5 in all"):
            read_mask(tmp_path / "m.png")


@pytest.mark.parametrize(
    ("name", "options"),
    [("m.jpg", {"quality": 90}), ("m.webp", {"quality": 50}), ("m.webp", {"quality": 50, "exif": b"Exif\0\0"})],
)
def test_compression_that_changes_values(tmp_path, name, options):
    """A disc has edges that JPEG cannot keep; blocks of 8 x 8 pixels it keeps."""
    y, x = np.mgrid[:48, :48]
    disc = Image.fromarray((((y - 24) ** 2 + (x - 24) ** 2 < 300) * 255).astype(np.uint8))
    disc.save(tmp_path / name, **options)
    form = {"m.jpg": "JPEG", "m.webp": "WebP"}[name]
    with pytest.raises(InputError, match=rf"{name}: is a {form} that holds values like \d+; its compression changes"):
        read_mask(tmp_path / name)
    blocks = np.kron(np.eye(3), np.full((16, 16), 255)).astype(np.uint8)
    Image.fromarray(blocks).save(tmp_path / "clean.jpg", quality=100)
    np.testing.assert_array_equal(read_mask(tmp_path / "clean.jpg").values, blocks)


@settings(deadline=None)
@given(st.integers(2, 256))
def test_classes_without_names(count):
    assert class_values(dict.fromkeys(range(count), "m")) == list(range(count))


@settings(deadline=None)
@given(count=st.integers(2, 30), ignore=st.integers(0, 300), occurs=st.booleans())
def test_classes_leave_out_the_ignored_value(count, ignore, occurs):
    values = [value for value in range(count + 1) if value != ignore][:count]
    found = dict.fromkeys([*values, *([ignore] if occurs else [])], "m")
    assert class_values(found, ignore=ignore) == values
    assert class_values(found, "n" * count, ignore=ignore) == values


def test_classes():
    assert class_values({0: "a", 255: "b"}) == [0, 255]
    assert class_values({255: "a", 0: "b"}, ("membrane", "cell")) == [0, 255]
    assert class_values({255: "a", 0: "b"}, ("membrane", "cell"), colors=[0, 255]) == [0, 255]
    assert class_values({0: "a", 3: "b"}, "abcd") == [0, 1, 2, 3]
    assert class_values({0: "a", 255: "b", 128: "c"}, ignore=128) == [0, 255]


HINT = "; if 255 is void: --ignore 255"


@pytest.mark.parametrize(
    ("found", "arguments", "line"),
    [
        (
            {0: "a", 1: "b", 7: "c.png"},
            {},
            "value 7; masks hold 0 to classes - 1 without a gap, and no mask holds 2, or else 0 and 255; if 7 is void: "
            "--ignore 7",
        ),
        (
            {0: "a", 255: "c.png"},
            {"names": "xyz"},
            f"value 255; masks hold 0 to 2, for the 3 classes that are named, or else 0 and 255{HINT}",
        ),
        ({0: "a", -1: "c.png"}, {"names": "xy"}, "value -1; masks hold 0 to 1"),
        (dict.fromkeys(range(300), "c.png"), {}, "value 256; masks have at most 256 classes"),
        (
            {0: "a", 1: "b.png", 255: "c.png"},
            {},
            "value 255, and b.png the value 1; masks hold 0 to classes - 1 without a gap, and no mask holds 2, or else "
            f"0 and 255{HINT}",
        ),
        (
            {**dict.fromkeys(range(21), "a"), 255: "c.png"},
            {},
            f"value 255; .* no mask holds 21, or else 0 and 255{HINT}",
        ),
        (
            {0: "a", 255: "c.png"},
            {"colors": [0, 255]},
            f"value 255; .*, or else 0 and 255 where two classes are named{HINT}",
        ),
        ({0: "a", 1: "b", 254: "c.png"}, {"ignore": 255}, "value 254; masks hold 0 to classes - 1"),
        (
            {0: "a", 1: "b", 3: "c.png"},
            {"ignore": 0},
            "value 3; masks hold 1 to classes without a gap, and no mask holds 2",
        ),
    ],
)
def test_values_out_of_range(found, arguments, line):
    with pytest.raises(InputError, match=f"^c.png: holds the {line}"):
        class_values(found, **arguments)


def test_more_names_than_there_can_be_classes():
    with pytest.raises(InputError, match=r"^classes: 300 names; masks have at most 256 classes$"):
        class_values({0: "a", 1: "b"}, "n" * 300)


@pytest.mark.parametrize(
    ("found", "ignore", "line"),
    [
        ({0: "c.png"}, None, "0"),
        ({0: "c.png", 255: "d.png"}, 255, r"0 and 255 \(255 is ignored\)"),
        ({255: "c.png"}, 255, r"255 \(255 is ignored\)"),
    ],
)
def test_masks_that_say_nothing(found, ignore, line):
    with pytest.raises(InputError, match=rf"^c.png: like all masks, holds nothing but {line}$"):
        class_values(found, ignore=ignore)


def test_whole_file(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_whole(tmp_path / "a.png", 3), picture)
    assert read_whole(str(tmp_path / "a.png"), 1).shape == (48, 64, 1)


def test_a_check_that_goes_on(folder):
    place = folder(*"abcd")
    (place / "masks/a.png").unlink()
    (place / "masks/b.png").unlink()
    (place / "images/c.png").unlink()
    faults = []
    sides, _ = list_pairs(place, lambda path, what, more="": faults.append((path, what)))
    assert [name for name, *_ in sides.train + sides.validation] == ["d"]
    assert [path for path, _ in faults] == [
        place / "images/a.png",
        place / "images/b.png",
        place / "masks/c.png",
        place,
    ]
