"""Folders of images and masks: what is read, what validates, and what is said of mistakes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kerascnn import InputError
from kerascnn.data.sources.mask_folder import hold_out, native_shape, numbered, open_folder, read_mask, read_whole


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
    train, held = open_folder(folder(*(f"slice{i}" for i in range(12)), images=images, masks=masks))
    assert stems(train) == [f"slice{i}" for i in range(10)], "10 comes after 9"
    assert stems(held) == ["slice10", "slice11"]
    assert all(pair.image.stem == pair.mask.stem and pair.mask.parent.name == masks for pair in train)
    assert {pair.shape for pair in train} == {(4, 6, 1)}


def test_held_out_by_name(folder):
    place = folder(*"abcdef", "a1", "a2")
    train, held = hold_out(place, open_folder(place), "a?,c")
    assert stems(held) == ["a1", "a2", "c"]
    assert stems(train) == ["a", "b", "d", "e", "f"]


def test_train_and_val(folder):
    folder("a", "b", below="train")
    place = folder("c", below="val")
    train, held = open_folder(place)
    assert (stems(train), stems(held)) == (["a", "b"], ["c"])
    with pytest.raises(InputError, match=r"^held_out='a': .* has a folder val, which validates$"):
        hold_out(place, (train, held), "a")


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
    if mode == "1":
        image = Image.fromarray(values.astype(bool))
    if mode == "P":
        image.putpalette(np.random.default_rng(1).integers(0, 256, 768, np.uint8).tobytes())
    path = tmp_path / "mask.png"
    image.save(path)
    np.testing.assert_array_equal(read_mask(path), values)


def test_colored_mask(tmp_path):
    Image.new("RGB", (3, 3)).save(tmp_path / "m.png")
    with pytest.raises(InputError, match=r"m.png: is a mask of mode RGB; a mask has one whole number a pixel"):
        read_mask(tmp_path / "m.png")
    (tmp_path / "m.png").write_bytes((tmp_path / "m.png").read_bytes()[:-20])
    with pytest.raises(InputError, match=r"m.png: is a truncated PNG"):
        read_mask(tmp_path / "m.png")


@settings(deadline=None)
@given(st.integers(2, 256))
def test_classes_without_names(count):
    assert numbered(dict.fromkeys(range(count), "m")) == (count, {i: i for i in range(count)})


def test_classes():
    assert numbered({0: "a", 255: "b"}) == (2, {0: 0, 255: 1})
    assert numbered({255: "a", 0: "b"}, ("membrane", "cell")) == (2, {0: 0, 255: 1})
    assert numbered({0: "a", 3: "b"}, "abcd") == (4, {0: 0, 3: 3})


@pytest.mark.parametrize(
    ("found", "names", "line"),
    [
        (
            {0: "a", 1: "b", 7: "c.png"},
            (),
            "value 7; masks hold 0 to classes - 1 without a gap, and no mask holds 2, or",
        ),
        (
            {0: "a", 255: "c.png"},
            "xyz",
            "value 255; masks hold 0 to 2, for the 3 classes that are named, or else 0 and",
        ),
        ({0: "a", -1: "c.png"}, "xy", "value -1; masks hold 0 to 1"),
        (dict.fromkeys(range(300), "c.png"), (), "value 256; masks have at most 256 classes"),
    ],
)
def test_values_out_of_range(found, names, line):
    with pytest.raises(InputError, match=f"^c.png: holds the {line}"):
        numbered(found, names)


def test_masks_that_say_nothing():
    with pytest.raises(InputError, match=r"^c.png: like all masks, holds nothing but 0$"):
        numbered({0: "c.png"})


def test_whole_file(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_whole(tmp_path / "a.png", 3), picture)
    assert read_whole(str(tmp_path / "a.png"), 1).shape == (48, 64, 1)
