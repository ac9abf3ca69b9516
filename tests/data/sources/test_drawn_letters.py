"""Drawn letters: how many, each really drawn, no two alike, the same on every machine."""

import shutil
import unicodedata
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.ft2font import FT2Font
from PIL import ImageFont
from scipy.ndimage import gaussian_filter

from kerascnn import InputError, data
from kerascnn.data.class_sets import read_group, split_group
from kerascnn.data.sources import drawn_letters
from kerascnn.data.sources.drawn_letters import ALPHABETS, EM, FONTS, HANDS, Hand, draw, letters, outlines, read_fonts
from kerascnn.data.sources.open import open_source

LETTERS = "".join(ALPHABETS.values())
NAMES = {  # how the names of the letters in Unicode begin, where not with that of the alphabet
    "Syllabics": "CANADIAN SYLLABICS",
    "Fraktur": ("MATHEMATICAL FRAKTUR", "BLACK-LETTER"),
    "Script": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "Asomtavruli": "GEORGIAN CAPITAL",
    "Nuskhuri": "GEORGIAN SMALL",
    "Old_Italic": "OLD ITALIC",
}


@pytest.fixture(scope="module")
def plain():
    """(drawings without a hand, blurred, standardized (n, 1024); the number of the letter of each)."""
    fonts, rows, numbers = read_fonts(), [], []
    for number, letter in enumerate(LETTERS):
        for outline in outlines(letter, fonts):
            rows.append(gaussian_filter(255.0 - draw(outline, Hand()), 1).ravel())
            numbers.append(number)
    rows = np.stack(rows) - np.mean(rows, axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), np.array(numbers)


def test_what_there_is():
    images, labels, names = letters()
    assert (images.shape, images.dtype) == ((len(LETTERS) * HANDS, 32, 32, 1), np.uint8)
    assert len(names) == len(set(names)) == len(LETTERS) > 500
    assert (np.bincount(labels) == HANDS).all()
    assert names[-1] == f"Georgian_{len(ALPHABETS['Georgian']):02}"
    assert min(map(len, ALPHABETS.values())) >= 16
    assert len({image.tobytes() for image in images}) == len(images)


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_letters_are_of_their_alphabet(alphabet):
    first = NAMES.get(alphabet, alphabet.upper())
    assert all(unicodedata.name(letter).startswith(first) for letter in ALPHABETS[alphabet])
    assert all(unicodedata.category(letter) in ("Lu", "Ll", "Lo") for letter in ALPHABETS[alphabet])


def test_no_two_letters_are_alike_in_any_font(plain):
    rows, numbers = plain
    alike = (rows @ rows.T > 0.94) & (numbers[:, None] != numbers)
    assert not {LETTERS[i] + LETTERS[j] for i, j in zip(*(numbers[of] for of in np.nonzero(alike)), strict=True)}


def test_letters_that_are_alike_are_found_by_this(plain):
    """The test above would see them: c and C, A and Alpha."""
    fonts = read_fonts()
    for one, other in ("cC", "A\u0391", "o\u043e", "Кк"):
        pair = [gaussian_filter(255.0 - draw(outlines(letter, fonts)[0], Hand()), 1).ravel() for letter in (one, other)]
        assert np.corrcoef(pair)[0, 1] > 0.94


def test_every_letter_is_really_drawn(plain):
    """Not the box, or whatever a font has for letters that it lacks, and not nothing."""
    images = letters()[0].reshape(HANDS, len(LETTERS), -1)
    ink = 1 - images.mean(axis=-1) / 255
    assert 0.015 < ink.min() < ink.max() < 0.6
    edges = images.reshape(-1, 32, 32)
    assert (
        np.mean(
            [(edge < 128).any(axis=-1).mean() for edge in (edges[:, 0], edges[:, -1], edges[:, :, 0], edges[:, :, -1])]
        )
        < 0.005
    )
    folder, rows = Path(matplotlib.get_data_path(), "fonts", "ttf"), plain[0]
    for name in [name for name in FONTS if name.startswith("DejaVu")]:  # STIX leaves a gap
        assert 0xE000 not in FT2Font(str(folder / f"{name}.ttf")).get_charmap()
        font = ImageFont.truetype(folder / f"{name}.ttf", EM, layout_engine=ImageFont.Layout.BASIC)
        (box,) = outlines("\ue000", [(font, {0xE000})])
        box = gaussian_filter(255.0 - draw(box, Hand()), 1).ravel()
        assert (rows @ ((box - box.mean()) / np.linalg.norm(box - box.mean()))).max() < 0.97


def test_the_same_again():
    again = letters.__wrapped__()
    for one, other in zip(letters(), again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_hand_has_a_habit_and_slips():
    slants, sizes = np.array(
        [[(drawn_letters.hand(i, j).slant, drawn_letters.hand(i, j).size) for j in range(40)] for i in range(HANDS)]
    ).transpose(2, 0, 1)
    for values, low, high in ((slants, -0.2, 0.35), (sizes, 16, 22)):
        assert low <= values.min() < values.max() <= high
        assert values.std(axis=1).max() > 0
    assert slants.std(axis=1).max() < slants.mean(axis=1).std()


def test_drawing_follows_the_hand():
    bar = outlines("l", read_fonts())[0]
    upright, slanted = 255.0 - draw(bar, Hand()), 255.0 - draw(bar, Hand(slant=0.5))
    middle = upright @ np.arange(32) / np.maximum(upright.sum(axis=1), 1)
    leaning = slanted @ np.arange(32) / np.maximum(slanted.sum(axis=1), 1)
    assert np.ptp(middle[8:24]) < 0.01
    assert leaning[8] - leaning[23] == pytest.approx(7.5, abs=0.2)
    thick = 255.0 - draw(bar, Hand(pen=1))
    np.testing.assert_allclose((thick - upright)[12:20].sum(axis=1) / 255, 2, atol=0.02)
    np.testing.assert_array_equal(draw(bar, Hand(place=(2, 3)))[4:, 4:], draw(bar, Hand())[2:-2, 1:-3])
    flat = draw(bar, Hand(turn=np.pi / 2))
    np.testing.assert_allclose(flat.astype(float), 255 - np.rot90(upright, -1), atol=1)


def test_as_a_set():
    loaded = data.load("letters", batch=64)
    assert (loaded.name, loaded.image_shape, data.native_shape("letters")) == ("letters", (32, 32, 1), (32, 32, 1))
    assert (loaded.train_size, loaded.validation_size) == (16 * len(LETTERS), 4 * len(LETTERS))
    images, _, _ = letters()
    mean, std = data.STATISTICS["letters"]
    assert (mean[0], std[0]) == pytest.approx((images.mean() / 255, (images / 255).std()), abs=1e-3)
    few = data.load("letters", batch=8, limit=8)
    (_, labels), *_ = few.train.take(1).as_numpy_iterator()
    assert (few.train_size, few.validation_size, len(set(labels))) == (8, 8, 8)


def test_whole_alphabets_are_unseen():
    group = read_group(open_source("letters"), (32, 32, 1))
    for share, unseen in (
        (0.1, ["Hebrew", "Georgian"]),
        (0.18, ["Greek", "Hebrew", "Georgian"]),
        (("Latin",), ["Latin"]),
    ):
        seen, held = split_group(group, share)
        assert list(dict.fromkeys(name.rpartition("_")[0] for name in held.classes)) == unseen
        assert len(held.classes) == sum(len(ALPHABETS[name]) for name in unseen)
        assert not {name.rpartition("_")[0] for name in seen.classes} & set(unseen)


@pytest.mark.parametrize("share", [0.12, 0.2, 0.3, 0.5, 0.7])
def test_no_alphabet_is_divided(share):
    _, held = split_group(read_group(open_source("letters"), (32, 32, 1)), share)
    families = [name.rpartition("_")[0] for name in held.classes]
    assert all(families.count(name) == len(ALPHABETS[name]) for name in set(families))


def test_a_missing_font_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(matplotlib, "get_data_path", lambda: str(tmp_path))
    letters.cache_clear()
    with pytest.raises(InputError, match=r"^letters: matplotlib's font .*DejaVuSans\.ttf cannot be read: .*$"):
        data.load("letters")


def test_a_broken_font_is_one_line(tmp_path, monkeypatch):
    fonts = tmp_path / "fonts" / "ttf"
    shutil.copytree(Path(matplotlib.get_data_path(), "fonts", "ttf"), fonts)
    (fonts / "STIXGeneral.ttf").write_bytes(b"no font")
    monkeypatch.setattr(matplotlib, "get_data_path", lambda: str(tmp_path))
    letters.cache_clear()
    with pytest.raises(InputError, match=r"^letters: matplotlib's font .*STIXGeneral\.ttf cannot be read: .*$"):
        data.load("letters")


def test_a_font_without_the_letter_is_one_line():
    with pytest.raises(InputError, match=r"^letters: none of matplotlib's fonts has the letter U\+4E00$"):
        outlines("一", read_fonts())
