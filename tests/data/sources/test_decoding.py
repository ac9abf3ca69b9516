"""Every format comes out as the same picture, cut and resized in the same way; every broken file is named."""

from struct import pack

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerascnn import InputError
from kerascnn.data import read_images
from kerascnn.data.pixels import fit
from kerascnn.data.sources.file_checks import EXTENSIONS, examine

SHAPE = (48, 64, 3)


def error(read, expected):
    return np.abs(read.astype(float) - np.asarray(expected, float)).mean()


def grey(picture):
    return np.repeat(np.asarray(Image.fromarray(picture).convert("L"))[..., None], 3, axis=-1)


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


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_orientation_is_honoured(tmp_path, picture, name, orientation):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x0112] = orientation
    path = tmp_path / name
    Image.fromarray(picture).save(path, exif=exif, quality=95)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    assert upright.shape == (SHAPE if orientation < 5 else (64, 48, 3))
    (whole,) = read_images([path], upright.shape)
    assert error(whole, upright) < 2
    (square,) = read_images([path], (48, 48, 3))
    top, left = (upright.shape[0] - 48) // 2, (upright.shape[1] - 48) // 2
    assert error(square, upright[top : top + 48, left : left + 48]) < 2


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_of_either_byte_order(tmp_path, picture, order):
    """A camera's EXIF block, laid out by hand after EXIF 2.32, Section 4.6.2."""
    entry = pack(order + "HHIHH", 0x0112, 3, 1, 6, 0)
    block = b"Exif\0\0" + {"<": b"II", ">": b"MM"}[order] + pack(order + "HIH", 42, 8, 1) + entry + bytes(4)
    path = tmp_path / "a.jpg"
    Image.fromarray(picture).save(path, exif=block)
    assert examine([path]) == [6]


def test_cut_is_central_and_resizing_antialiased():
    wide = np.zeros((4, 12, 1), np.uint8)
    wide[:, 4:8, 0] = np.indices((4, 4)).sum(axis=0) % 2 * 255  # a chequerboard in the middle
    assert fit(wide, (1, 1, 1)).numpy().item() == pytest.approx(127.5, abs=1)
    assert fit(wide, (4, 4, 1)).numpy()[..., 0].tolist() == wide[:, 4:8, 0].tolist()
    assert fit(np.full((5, 7, 3), 77, np.uint8), (224, 100, 3)).numpy().tolist() == np.full((224, 100, 3), 77).tolist()


@pytest.mark.parametrize("shape", [(24, 32, 3), (100, 100, 3), (40, 20, 3)])
def test_resizing_agrees_with_pillow(picture, shape):
    """Pillow's bilinear filter is antialiased too and works on the same pixel centres."""
    image = ImageOps.fit(Image.fromarray(picture), shape[1::-1], Image.Resampling.BILINEAR)
    assert error(fit(picture, shape).numpy(), image) < 1


def test_a_batch_is_resized_as_its_images_are(picture):
    batch = np.stack([picture, picture[::-1]])
    assert (fit(batch, (20, 20, 1)).numpy() == [fit(image, (20, 20, 1)).numpy() for image in batch]).all()


def test_channels(picture):
    assert error(fit(picture, (48, 64, 1)).numpy(), grey(picture)[..., :1]) < 0.51
    single = picture[..., :1]
    assert (fit(single, SHAPE).numpy() == single).all()


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
        read_images([path], SHAPE)
    assert str(caught.value).startswith(f"{path}: is {'a truncated' if kept else 'empty (0 bytes)'}")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_trailing_bytes_do_no_harm(tmp_path, picture, extension):
    """Phones append videos to their photos."""
    path = saved(tmp_path / f"long{extension}", picture)
    expected = read_images([path], SHAPE)
    path.write_bytes(path.read_bytes() + b"something else" * 100)
    assert (read_images([path], SHAPE) == expected).all()


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
    with pytest.raises(InputError, match=f"a.jpg: {said}; allowed are JPEG, PNG, WebP, BMP and GIF$"):
        read_images([tmp_path / "a.jpg"], SHAPE)


def test_misnamed_as_another_format(tmp_path, picture):
    saved(tmp_path / "a.jpg", picture, format="PNG")
    with pytest.raises(InputError, match=r"a.jpg: is named as JPEG but its content is PNG: rename it$"):
        read_images([tmp_path / "a.jpg"], SHAPE)
    saved(tmp_path / "upload", picture, format="PNG")
    assert (read_images([tmp_path / "upload"], SHAPE)[0] == picture).all()


def test_damaged_in_the_middle(tmp_path, picture):
    path = saved(tmp_path / "a.png", picture)
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 2 : len(contents) // 2 + 50] = bytes(50)
    path.write_bytes(contents)
    with pytest.raises(InputError, match=r"a.png: is damaged and cannot be decoded$"):
        read_images([path], SHAPE)


def test_missing_and_others(tmp_path, picture):
    paths = [saved(tmp_path / "a.png", picture), tmp_path / "b.png", tmp_path / "c.png"]
    with pytest.raises(
        InputError, match=r"b.png: cannot be read: No such file or directory \(and 1 more .* not usable"
    ):
        read_images(paths, SHAPE)
