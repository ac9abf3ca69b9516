"""Every format comes out as the same picture, cut and resized in the same way."""

from struct import pack, unpack_from

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerascnn import InputError
from kerascnn.data import read_images
from kerascnn.data.sources.decoding import upright
from kerascnn.data.sources.file_checks import read_headers

SHAPE = (48, 64, 3)


def error(read, expected):
    return np.abs(read.astype(float) - np.asarray(expected, float)).mean()


@pytest.mark.parametrize(
    ("mode", "name", "options", "tolerance"),
    [
        ("RGB", "a.png", {}, 0),
        ("RGB", "a.bmp", {}, 0),
        ("RGB", "a.webp", {"lossless": True}, 0),
        ("RGB", "a.WEBP", {"quality": 95}, 4),
        ("RGB", "a.jpg", {"quality": 95}, 2),
        ("RGB", "a.JPEG", {"quality": 95, "progressive": True}, 2),
        ("CMYK", "a.jpg", {"quality": 95}, 2),
        ("RGBA", "a.png", {}, 0),
        ("L", "a.png", {}, 0),
        ("L", "a.bmp", {}, 0),
        ("L", "a.jpg", {"quality": 95}, 2),
        ("LA", "a.png", {}, 0),
        ("P", "a.png", {}, 0),
        ("P", "a.bmp", {}, 0),
        ("P", "a.gif", {}, 0),
        ("1", "a.bmp", {}, 0),
        ("1", "a.png", {}, 0),
    ],
)
def test_formats(tmp_path, picture, mode, name, options, tolerance):
    image = Image.fromarray(picture).convert(mode)
    image.save(tmp_path / name, **options)
    assert error(read_images([tmp_path / name], SHAPE)[0], image.convert("RGB")) <= tolerance


def test_16_bits_become_the_upper_8(tmp_path, picture):
    wide = picture[..., 0].astype(np.uint16) * 256 + 99
    Image.fromarray(wide).save(tmp_path / "a.png")
    assert error(read_images([tmp_path / "a.png"], (48, 64, 1))[0, ..., 0], picture[..., 0]) == 0


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_transparent_pixels_are_on_white(tmp_path, picture, name):
    alpha = np.zeros((48, 64, 1), np.uint8)
    alpha[:, 32:] = 255
    Image.fromarray(np.concatenate([picture, alpha], axis=-1)).save(tmp_path / name, lossless=True, exact=True)
    (read,) = read_images([tmp_path / name], SHAPE)
    assert (read[:, :32] == 255).all()
    assert (read[:, 32:] == picture[:, 32:]).all()


def test_transparent_color_of_a_gif_is_on_white(tmp_path):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.paste(0, (0, 0, 4, 8))
    image.save(tmp_path / "a.gif", transparency=0)
    (read,) = read_images([tmp_path / "a.gif"], (8, 8, 3))
    assert (read[0, 0].tolist(), read[0, 7].tolist()) == ([255, 255, 255], [0, 0, 200])


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_first_frame_of_an_animation(tmp_path, name):
    first, second = Image.new("RGB", (8, 8), (250, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 250))
    first.save(tmp_path / name, save_all=True, append_images=[second], lossless=True)
    assert read_images([tmp_path / name], (8, 8, 3))[0, 4, 4].tolist() == [250, 0, 0]


@pytest.mark.parametrize("orientation", range(9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "late.png", "a.webp", "lossless.webp", "large.jpg"])
def test_orientation_is_honoured(tmp_path, picture, name, orientation):
    path = turned(tmp_path / name, picture, orientation)
    with Image.open(path) as image:
        expected = ImageOps.exif_transpose(image)
    shape = (*expected.size[::-1], 3)
    assert shape == (SHAPE if orientation < 5 else (64, 48, 3))
    (header,) = read_headers([path])
    assert (header.turn, header.shape) == (orientation or 1, shape)
    assert (np.asarray(upright(path)) == np.asarray(expected)).all()
    (whole,) = read_images([path], shape)
    assert error(whole, expected.convert("RGB")) < 2
    (square,) = read_images([path], (48, 48, 3))
    top, left = (shape[0] - 48) // 2, (shape[1] - 48) // 2
    assert error(square, np.asarray(expected.convert("RGB"))[top : top + 48, left : left + 48]) < 2


def turned(path, picture, orientation):
    """An image with an orientation in its EXIF data: behind the pixels (late), or far behind the start (large)."""
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x0112] = orientation
    options = {"lossless": True} if path.name == "lossless.webp" else {"quality": 95}
    Image.fromarray(picture).save(path, exif=exif, **options)
    contents = path.read_bytes()
    if path.name == "late.png":
        start = contents.index(b"eXIf") - 4
        stop = start + 12 + unpack_from(">I", contents, start)[0]
        end = contents.index(b"IEND") - 4
        contents = contents[:start] + contents[stop:end] + contents[start:stop] + contents[end:]
    if path.name == "large.jpg":
        profile = b"\xff\xe2" + pack(">H", 60_002) + bytes(60_000)
        contents = contents[:2] + profile + contents[2:]
    path.write_bytes(contents)
    return path


def test_damaged_in_the_middle(tmp_path, picture):
    path = tmp_path / "a.png"
    Image.fromarray(picture).save(path)
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 2 : len(contents) // 2 + 50] = bytes(50)
    path.write_bytes(contents)
    with pytest.raises(InputError, match=r"a.png: is damaged and cannot be decoded: "):
        read_images([path], SHAPE)
