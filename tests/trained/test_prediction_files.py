"""Files of predictions: their names, all or nothing, and pictures whose pixels are known."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kerascnn import InputError
from kerascnn.trained.prediction_files import (
    as_table,
    cells_of,
    draw_sheet,
    file_names,
    in_words,
    overlay,
    palette_of,
    pictures_of,
    written,
)


@given(st.lists(st.text(st.characters(blacklist_characters="/\0", codec=None), min_size=1, max_size=300), max_size=8))
def test_any_names_become_distinct_and_harmless(names):
    found = file_names([Path("a") / name for name in names])
    assert len({name.casefold() for name in found}) == len(names)
    for name in found:
        assert len(os.fsencode(f"{name}.reconstruction.png")) <= 255
        assert not set(name) & set("/\\\n\r\t\x1b$`'\"*?<>| ")
        assert name[0] not in "-."


def test_names():
    paths = ["a.png", "b/a.jpg", "A.png", "a-2.png", "my cat.png", "c.tar.png", "e\u0301.png"]
    assert file_names(map(Path, paths)) == ["a", "a-2", "A-3", "a-2-2", "my-cat", "c.tar", "\u00e9"]
    many = file_names([Path(f"{i}/image.png") for i in range(30_000)])  # in no time
    assert many[-1] == "image-30000"


def test_all_or_nothing(tmp_path):
    places = [tmp_path / "new/deep/a.txt", tmp_path / "new/b.txt"]

    def begin():
        with written(places) as draft:
            draft(places[0]).write_text("a")
            assert not places[0].exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin()
    assert not list(tmp_path.iterdir())
    for text in ("first", "second"):
        with written(places, overwrite=text == "second") as draft:
            for place in places:
                draft(place).write_text(text)
        assert [place.read_text() for place in places] == [text, text]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "b.txt", "deep", "new"]
    with pytest.raises(InputError, match=r"deep/a.txt: is there already"), written(places):
        pass
    with pytest.raises(InputError, match=r"cannot be written: No such file"), written(places, overwrite=True) as draft:
        draft(places[0]).write_text("third")
    assert places[1].read_text() == "second"


def test_links_are_replaced_not_followed(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "dead").symlink_to(tmp_path / "nothing")
    for name in ("link", "dead"):
        with pytest.raises(InputError, match=r"is there already"), written([tmp_path / name]):
            pass
        with written([tmp_path / name], overwrite=True) as draft:
            draft(tmp_path / name).write_text("new")
        assert not (tmp_path / name).is_symlink()
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


def test_a_full_disk_is_one_line(tmp_path):
    def fill():
        with written([tmp_path / "a"]), open("/dev/full", "wb") as file:
            file.write(bytes(10**6))

    with pytest.raises(InputError, match=r": cannot be written: No space left on device$"):
        fill()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("classes", [2, 11, 100])
def test_a_palette_has_a_color_for_each_class(classes):
    palette = palette_of(classes)
    assert (palette.shape, palette.dtype) == ((classes, 3), np.uint8)
    assert len({tuple(color) for color in palette.tolist()}) == classes
    assert palette[0].tolist() == [0, 0, 0]
    assert (palette[1:].max(1) > palette[1:].min(1)).all(), "none is grey"


def test_an_overlay():
    """Grey where the first class is, its own color at the edge of another one, something in between inside."""
    image, mask = np.full((300, 9, 3), (50, 100, 200), np.uint8), np.zeros((300, 9), np.uint8)
    mask[250:280, 2:7] = 1
    palette = np.array([(0, 0, 0), (255, 0, 0)], np.uint8)
    found = overlay(image, mask, palette)
    grey = round(0.299 * 50 + 0.587 * 100 + 0.114 * 200)
    assert (found[mask == 0] == grey).all()
    assert found[250, 4].tolist() == found[260, 2].tolist() == found[279, 6].tolist() == [255, 0, 0]
    inner = [round(0.45 * grey + 0.55 * 255), round(0.45 * grey), round(0.45 * grey)]
    assert (found[251:279, 3:6] == inner).all()
    assert (overlay(image[..., :1], mask, palette)[0, 0] == 50).all()


ANSWERS = {
    "classify": {"image": "a.png", "classes": {"=cat": 0.75, "dog": 0.2}},
    "segment": {"image": "a.png", "shares": {"sky": 0.25, "sea": 0.75, "sand": 0.0}, "mask": "m.png"},
    "reconstruct": {"image": "a.png", "mse": 0.01},
    "verify": {"left": "a.png", "right": "b.png", "same": False, "probability": 0.125},
}


def test_on_the_terminal():
    assert in_words(ANSWERS["classify"]) == ("a.png", "=cat 75.0%", "dog 20.0%")
    assert in_words({"image": "a.png", "classes": {}}) == ("a.png", "none")
    assert in_words(ANSWERS["segment"]) == ("a.png", "sea 75.0%, sky 25.0%")
    many = {"image": "a", "shares": {str(i): 0.1 for i in range(10)}}
    assert in_words(many) == ("a", "0 10.0%, 1 10.0%, 2 10.0%, 3 10.0%, 4 10.0% and 5 more")
    assert in_words(ANSWERS["reconstruct"]) == ("a.png", "mean squared error 0.01000")
    assert in_words(ANSWERS["verify"]) == ("a.png", "b.png", "different, probability of the same 12.5%")


def test_as_a_table():
    columns = ["image", "class", "probability"]
    rows = [("a.png", "=cat", 0.75), ("a.png", "dog", 0.2), ("b", "", None)]
    assert as_table([ANSWERS["classify"], {"image": "b", "classes": {}}]) == (columns, rows)
    columns = ["image", "share of sky", "share of sea", "share of sand", "mask"]
    assert as_table([ANSWERS["segment"]]) == (columns, [("a.png", 0.25, 0.75, 0.0, "m.png")])
    with_array = {**ANSWERS["reconstruct"], "reconstruction": np.zeros((2, 2, 1))}
    assert as_table([with_array]) == (["image", "mse"], [("a.png", 0.01)])
    assert as_table([ANSWERS["verify"]]) == (
        ["left", "right", "same", "probability"],
        [("a.png", "b.png", False, 0.125)],
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("task", ANSWERS)
def test_a_sheet(tmp_path, task, channels):
    """Of large images, of strange names and of any number of answers."""
    image = np.random.default_rng(0).integers(0, 256, (900, 700, channels), np.uint8)
    kinds = ("image", "reconstruction", "left", "right")
    shown = {**dict.fromkeys(kinds, image), "mask": (image[..., 0] > 99).astype(np.uint8)}
    about = {"task": task, "name": "$net_1$", "classes": ["sky", "$a$ \x1b", "sand"]}
    count = {1: 1, 3: 9}[channels]
    cells = [cell for i in range(count) for cell in cells_of(about, ANSWERS[task], shown, first=i == 0)]
    assert len(cells) == count + (task == "verify")
    assert max(max(picture.shape[:2]) for cell in cells for picture in cell.images) == 480
    draw_sheet(tmp_path / "sheet.png", about, cells, 1000)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert max(sheet.size) < 4000
    if task in ("segment", "reconstruct"):
        assert all(picture.size == (700, 900) for picture in pictures_of(about, shown).values())


@pytest.mark.parametrize("shape", [(2000, 2), (2, 2000), (1, 1)])
def test_a_sheet_of_narrow_images(tmp_path, shape):
    about = {"task": "segment", "name": "unet", "classes": ["sky", "sea"]}
    shown = {"image": np.zeros((*shape, 3), np.uint8), "mask": np.ones(shape, np.uint8)}
    draw_sheet(tmp_path / "sheet.png", about, cells_of(about, ANSWERS["segment"], shown, first=True), 1)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert max(sheet.size) < 2000
