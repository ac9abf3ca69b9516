"""What is said of a file that is no whole image, and which way up an image is."""

from struct import pack

import numpy as np
import pytest
from PIL import Image

from kerascnn import InputError
from kerascnn.data.sources.decoding import read_images
from kerascnn.data.sources.file_checks import EXTENSIONS, read_header, read_headers

from .troublesome import deep_png


def saved(path, picture, **options):
    Image.fromarray(picture).save(path, **options)
    return path


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("kept", [0, 0.02, 0.5, 0.97])
def test_truncated(tmp_path, picture, extension, kept, capfd):
    path = saved(tmp_path / f"cut{extension}", np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8))
    contents = path.read_bytes()
    path.write_bytes(contents[: int(kept * len(contents))])
    with pytest.raises(InputError) as caught:
        read_headers([path])
    assert str(caught.value).startswith(f"{path}: is {'a truncated' if kept else 'empty (0 bytes)'}")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_trailing_bytes_do_no_harm(tmp_path, picture, extension):
    """Phones append videos to their photos."""
    path = saved(tmp_path / f"long{extension}", picture)
    expected = read_images([path], picture.shape)
    path.write_bytes(path.read_bytes() + b"something else" * 100)
    assert read_header(path).turn == 1
    assert (read_images([path], picture.shape) == expected).all()


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"not an image at all", "is no image but of unknown content"),
        (b"<!DOCTYPE html><title>404", "is no image but HTML"),
        (b"%PDF-1.7 ...", "is no image but PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "is no image but HEIC, AVIF or MP4"),
    ],
)
def test_misnamed_as_an_image(tmp_path, contents, said):
    (tmp_path / "a.jpg").write_bytes(contents)
    with pytest.raises(InputError, match=f"a.jpg: {said}; allowed are JPEG, PNG, WebP, BMP, GIF, TIFF and PNM$"):
        read_headers([tmp_path / "a.jpg"])


def test_misnamed_as_another_format(tmp_path, picture):
    saved(tmp_path / "a.jpg", picture, format="PNG")
    with pytest.raises(InputError, match=r"a.jpg: is named as JPEG but its content is PNG: rename it$"):
        read_headers([tmp_path / "a.jpg"])
    saved(tmp_path / "upload", picture, format="PNG")
    assert read_header(tmp_path / "upload").turn == 1


def test_missing_and_others(tmp_path, picture):
    paths = [saved(tmp_path / "a.png", picture), tmp_path / "b.png", tmp_path / "c.png"]
    with pytest.raises(
        InputError, match=r"b.png: cannot be read: No such file or directory \(and 1 more .* not usable"
    ):
        read_headers(paths)


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_of_either_byte_order(tmp_path, picture, order):
    """A camera's EXIF block, laid out by hand after EXIF 2.32, Section 4.6.2."""
    entry = pack(order + "HHIHH", 0x0112, 3, 1, 6, 0)
    block = b"Exif\0\0" + {"<": b"II", ">": b"MM"}[order] + pack(order + "HIH", 42, 8, 1) + entry + bytes(4)
    path = tmp_path / "a.jpg"
    Image.fromarray(picture).save(path, exif=block)
    assert read_header(path).turn == 6


def test_size_and_shape(tmp_path, picture):
    """The size is as it is stored, the shape is that of the upright image."""
    exif = Image.Exif()
    exif[0x0112] = 6
    photo, grey = saved(tmp_path / "a.jpg", picture, exif=exif), saved(tmp_path / "b.png", picture[:20, :, 0])
    headers = read_headers([photo, grey])
    assert [header.size for header in headers] == [(48, 64), (20, 64)]
    assert [header.shape for header in headers] == [(64, 48, 3), (20, 64, 1)]


@pytest.mark.parametrize(("colors", "samples", "channels"), [(0, 1, 1), (2, 3, 3), (4, 2, 1), (6, 4, 3)])
def test_bits_and_channels_of_png(tmp_path, colors, samples, channels):
    """Of 16 and 8 bits, for all color types of the standard but a palette."""
    deep, eight = tmp_path / "deep.png", tmp_path / "eight.png"
    deep.write_bytes(deep_png(np.zeros((16, 16, samples), np.uint16), colors))
    saved(eight, np.zeros((16, 16, samples) if samples > 1 else (16, 16), np.uint8))
    assert [(header.bits, header.channels) for header in read_headers([deep, eight])] == [(16, channels), (8, channels)]
