"""Sheets are written, of whatever there is to see."""

import numpy as np
import pytest
from PIL import Image

from kerascnn import InputError
from kerascnn.data.augmentation_sheet import draw_sheet


@pytest.mark.parametrize(("source", "size"), [("", 32), ("digits", 0)])
def test_sheets(tmp_path, source, size):
    draw_sheet(tmp_path / "sheet.png", source, "modern", size)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size[0] == 1800
        assert np.asarray(sheet.convert("L")).std() > 20


def test_a_file_and_a_seed(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png")
    sheets = []
    for seed in (0, 0, 1):
        draw_sheet(tmp_path / "sheet.png", str(tmp_path / "a.png"), "inception", 16, seed)
        sheets.append((tmp_path / "sheet.png").read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]


def test_a_folder_without_classes(tmp_path, photos):
    draw_sheet(tmp_path / "sheet.png", str(photos({"": 3})), "flip")
    assert (tmp_path / "sheet.png").exists()


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(InputError, match=r"nowhere/sheet\.png: cannot be written"):
        draw_sheet(tmp_path / "nowhere" / "sheet.png", "digits", "flip")
