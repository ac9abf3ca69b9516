"""Every format comes out as the same picture, cut and resized in the same way."""

import os
import subprocess
import sys
from random import Random
from struct import pack, unpack_from

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerascnn import InputError
from kerascnn.data import read_images
from kerascnn.data.sources import decoding
from kerascnn.data.sources.decoding import decode_files, decode_other, decode_whole, fill_bits, upright
from kerascnn.data.sources.file_checks import read_headers

from .troublesome import ROWS, make

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


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # which users don't see either
@pytest.mark.parametrize("name", ROWS)
def test_troublesome_files(tmp_path, name):
    """The right image, or one line that names the file."""
    path, (_, right, _) = make(name, tmp_path), ROWS[name]
    if not isinstance(right, str):
        assert error(read_images([path], SHAPE)[0], right) < 3
        return
    with pytest.raises(InputError) as caught:
        read_images([path], SHAPE)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert right in said
    assert "\n" not in said


MEMORY = """
import resource, sys
from kerascnn import InputError
from kerascnn.data import read_images

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 2**10)

first, *others = sys.argv[1:]
read_images([first], (48, 64, 3))
start = peak()
for path in others:
    try:
        read_images([path], (48, 64, 3))
    except InputError:
        pass
print(peak() - start)
"""


@pytest.mark.slow
def test_no_troublesome_file_takes_time_or_memory(tmp_path):
    paths = [make(name, tmp_path) for name in ("plain.jpg", *ROWS) if not (tmp_path / name).exists()]
    done = subprocess.run([sys.executable, "-c", MEMORY, *paths], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 2**29


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("form", ["jpg", "png", "webp", "bmp", "gif", "tif", "ppm"])
def test_random_damage(tmp_path, form, seed):
    """An image of the right shape, or one line that names the file."""
    random = Random(seed)
    image = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (24, 32, 3), np.uint8))
    path = tmp_path / f"a.{form}"
    image.convert(random.choice(["RGB", "L", "P"] if form in ("png", "gif", "bmp", "tif") else ["RGB"])).save(path)
    whole = path.read_bytes()
    for _ in range(25):
        path.write_bytes(damaged(whole, random))
        said = f"{path}: "
        try:
            assert read_images([path], (8, 8, 3)).shape == (1, 8, 8, 3)
        except InputError as caught:
            said = str(caught)
        assert said.startswith(f"{path}: ")
        assert "\n" not in said


def damaged(contents, random):
    contents = bytearray(contents)
    for _ in range(random.choice([1, 1, 2, 4])):
        place = random.randrange(min(len(contents), random.choice([40, 200, len(contents)])))
        some = random.randbytes(random.randrange(1, 20))
        how = random.choice(["flip", "write", "cut", "insert"])
        if how == "flip":
            contents[place] ^= 1 << random.randrange(8)
        else:
            stop = place + (len(some) if how != "insert" else 0)
            contents[place:stop] = b"" if how == "cut" else random.choice([some, b"\xff\xff\xff\xff", bytes(4)])
    return bytes(contents)


def test_bits_are_shared_by_all_files(tmp_path):
    """A dark image of 12 bits stays dark beside a bright one."""
    values = np.arange(48 * 64).reshape(48, 64).astype(np.uint16)
    paths = [tmp_path / "bright.png", tmp_path / "dark.png", tmp_path / "8 bits.png"]
    Image.fromarray(values).save(paths[0])
    Image.fromarray(values // 16).save(paths[1])
    Image.fromarray((values // 16).astype(np.uint8)).save(paths[2])
    assert [header.filled for header in fill_bits(paths, read_headers(paths))] == [12, 12, 8]
    bright, dark, eight = read_images(paths, (48, 64, 1))[..., 0]
    assert (bright == values // 16).all()
    assert (dark == values // 256).all()
    assert (eight == values // 16).all()
    assert (read_images(paths[:1], (48, 64, 1), bits=16)[0, ..., 0] == values // 256).all()
    assert read_images(paths[:1], (48, 64, 1), bits=8).max() == 255, "no value wraps around"
    with pytest.raises(InputError, match="bits=9: must be one of"):
        read_images(paths, SHAPE, bits=9)


def test_a_limit_of_pixels(tmp_path, picture, monkeypatch):
    path = tmp_path / "a.png"
    Image.fromarray(picture).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 48 * 64)
    read_images([path], SHAPE)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 48 * 64 - 1)
    with pytest.raises(InputError, match=r"has 64 x 48 pixels; allowed are 3,071 in all \(--max-pixels\)"):
        read_images([path], SHAPE)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    read_images([path], SHAPE)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_a_change_is_noticed(tmp_path, picture, name):
    path = tmp_path / name
    Image.fromarray(picture).save(path)
    headers = read_headers([path])
    Image.fromarray(255 - picture).save(path)
    os.utime(path, ns=(0, headers[0].stamp[1] + 10**9))
    with pytest.raises(InputError, match=f"{name}: has changed since it was examined"):
        decode_files([path], headers, SHAPE)
    path.unlink()
    with pytest.raises(InputError, match=f"{name}: cannot be read: No such file"):
        decode_files([path], headers, SHAPE)


def test_a_large_image_is_shrunk_first(tmp_path, monkeypatch):
    """The mean of whole blocks, which keeps the mean."""
    values = np.random.default_rng(0).integers(0, 256, (320, 480, 3), np.uint8)
    Image.fromarray(values).save(tmp_path / "a.png")
    monkeypatch.setattr(decoding, "LARGE", 10_000)
    (header,) = read_headers([tmp_path / "a.png"])
    shrunk = decode_other(tmp_path / "a.png", header, (10, 15, 3))
    np.testing.assert_allclose(shrunk, values.reshape(80, 4, 120, 4, 3).mean(axis=(1, 3)), atol=1)
    assert read_images([tmp_path / "a.png"], (10, 15, 3)).mean() == pytest.approx(values.mean(), abs=1)


def test_a_check_of_bits_that_goes_on(tmp_path):
    names = ("floats.tif", "damaged 16 bits.png", "12 of 16 bits.png", "12 of 16 bits in color.tif")
    paths = [make(name, tmp_path) for name in names]
    faults = []
    headers = fill_bits(paths, read_headers(paths), refuse=lambda path, what: faults.append((path.name, what[:9])))
    assert sorted(faults) == [
        ("12 of 16 bits in color.tif", "fills 12 "),
        ("damaged 16 bits.png", "is damage"),
        ("floats.tif", "has value"),
    ]
    assert [header.filled for header in headers] == [32, 12, 12, 12]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("name", [name for name, (_, right, _) in ROWS.items() if not isinstance(right, str)])
def test_whole_files(tmp_path, name):
    path = make(name, tmp_path)
    (header,) = fill_bits([path], read_headers([path]))
    found = decode_whole(path, header)
    assert found.dtype == np.uint8
    assert found.shape == SHAPE
    assert error(found, ROWS[name][1]) < 3


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_at_its_own_size_is_the_same_without_a_decoder_of_its_own(tmp_path, picture, orientation, channels):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(tmp_path / "a.jpg", exif=exif)
    (header,) = read_headers([tmp_path / "a.jpg"])
    shape = (*header.shape[:2], channels)
    known = decoding._jpeg_decoder.cache_info().currsize
    (found,) = decode_files([tmp_path / "a.jpg"], [header], shape)
    assert decoding._jpeg_decoder.cache_info().currsize == known
    about = np.array([(*header.size, header.turn)], np.int32)
    np.testing.assert_array_equal(found, decoding._jpeg_decoder(shape)([os.fsencode(tmp_path / "a.jpg")], about)[0])


def test_many_files_are_as_each_alone(tmp_path, picture):
    """In runs of JPEGs between others, more than go into one call."""
    for i in range(2 * decoding.TOGETHER + 5):
        name = tmp_path / f"{i:02d}.{'png' if i in (3, 4, 20) else 'jpg'}"
        Image.fromarray(np.roll(picture, i, axis=1)).save(name)
    paths = sorted(tmp_path.iterdir())
    images = read_images(paths, (24, 24, 3))
    assert len({image.tobytes() for image in images}) == len(paths)
    for path, image in zip(paths, images, strict=True):
        np.testing.assert_array_equal(read_images([path], (24, 24, 3))[0], image)
    paths[-3].write_bytes(paths[-3].read_bytes()[:300] + b"\xff\xd9")
    with pytest.raises(InputError, match=rf"^{paths[-3]}: "):
        read_images(paths, (24, 24, 3))


@pytest.mark.parametrize(
    ("size", "tolerance"),
    [((500, 375), 5), ((1280, 960), 2)],
    ids=["without antialiasing", "halved by the decoder"],
)
def test_photos_agree_with_pillow_resizing_all_their_pixels(tmp_path, size, tolerance):
    """Differences in grey levels. Above half the size there is no antialiasing, which smooths fine structure."""
    from sklearn.datasets import load_sample_image

    for name in ("china", "flower"):
        photo = Image.fromarray(load_sample_image(f"{name}.jpg")).crop((30, 30, 590, 397))
        photo.resize(size, Image.Resampling.BICUBIC).save(tmp_path / f"{name}.jpg", quality=92)
    paths = sorted(tmp_path.iterdir())
    found = []
    for path, ours in zip(paths, read_images(paths, (224, 224, 3)), strict=True):
        with Image.open(path) as image:
            found.append(error(ours, ImageOps.fit(image, (224, 224), Image.Resampling.BILINEAR)))
    assert np.mean(found) < tolerance
