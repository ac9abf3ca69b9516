"""Troublesome image files and what becomes of them: `ROWS`, name of the file -> (how it is made, what is right).

What is right is the image, uint8 (48, 64, 3), or words of the one line in which it is refused.
"""

import os
import socket
import struct
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

COLORS = np.array([[(200, 40, 40), (40, 200, 40)], [(40, 40, 200), (220, 220, 120)]], np.uint8)
PICTURE = np.kron(
    COLORS, np.ones((24, 32, 1), np.uint8)
)  # four areas: nothing but the areas' borders suffers from JPEG
COLOR = Image.fromarray(PICTURE)
GREY = np.asarray(COLOR.convert("L"))
OTHER = Image.fromarray(255 - PICTURE)
DEEP = GREY.astype(np.uint16)  # of 16 bits
FEW = np.asarray(COLOR.convert("L").point(lambda value: 255 * (value > 110)))  # of 1 bit
HALF = np.concatenate([np.zeros((48, 32), np.uint8), np.full((48, 32), 255, np.uint8)], axis=1)  # transparency
ON_WHITE = np.where(HALF[..., None] > 0, PICTURE, 255)
ROWS = {}


def row(name, right, **more):
    """Note a row, whose maker gives a PIL image, or the bytes of the file, or nothing where it has made the file."""
    return lambda maker: ROWS.setdefault(name, (maker, right, more))


def make(name: str, folder: Path) -> Path:
    """The file of a row, in a folder."""
    maker, _, options = ROWS[name]
    path = folder / name
    made = maker(path)
    if isinstance(made, Image.Image):
        made.save(path, **options)
    elif made is not None:
        path.write_bytes(made)
    return path


def saved(image, form, **options):
    contents = BytesIO()
    image.save(contents, form, **options)
    return contents.getvalue()


def grey(values):
    return np.repeat(values[..., None], 3, axis=-1)


def image(name, made, right=PICTURE, **options):
    """A row that Pillow saves; made: an image, or a function that gives one."""
    row(name, right, **options)(lambda path: made() if callable(made) else made)


def data(name, right, contents):
    """A row of bytes; contents: those, or a function that gives them."""
    row(name, right)(lambda path: contents() if callable(contents) else contents)


def turned(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif


def sideways(form, **options):
    """The picture stored on its side, with the EXIF orientation that puts it upright."""
    return saved(COLOR.transpose(Image.Transpose.ROTATE_90), form, exif=turned(6), **options)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, bits, colors, rows, *before, after=b""):
    """A PNG by hand; `rows`: bytes of all rows, each behind its filter, or these compressed."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colors, 0, 0, 0))
    pixels = chunk(b"IDAT", rows if rows[:1] == b"\x78" else zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + pixels + after + chunk(b"IEND", b"")


def deep_png(values, colors, **options):
    """A PNG of 16 bits; values (rows, columns, channels)."""
    rows = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    return png(*values.shape[1::-1], 16, colors, rows, **options)


def tiff(entries, data=b"", big=False):
    """A TIFF by hand. entries: (tag, type, values); data begins at byte 8."""
    parts, extra = b"", b""
    place = 8 + len(data) + 2 + 12 * len(entries) + 4
    for tag, kind, values in sorted(entries):
        packed = b"".join(struct.pack({1: "B", 3: "<H", 4: "<I"}[kind], value) for value in values)
        if len(packed) > 4:
            parts += struct.pack("<HHII", tag, kind, len(values), place + len(extra))
            extra += packed
        else:
            parts += struct.pack("<HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    return (
        b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(entries)) + parts + bytes(4) + extra
    )


def plain_tiff(width, height, data, bits=(8,), photometric=1, **changed):
    """A TIFF of one strip without compression; `changed`: names of tags -> (type, values)."""
    tags = {
        "width": (256, 4, [width]), "height": (257, 4, [height]), "bits": (258, 3, list(bits)),
        "compression": (259, 3, [1]), "photometric": (262, 3, [photometric]), "places": (273, 4, [8]),
        "samples": (277, 3, [len(bits)]), "rows": (278, 4, [height]), "lengths": (279, 4, [len(data)]),
    }  # fmt: skip
    return tiff([*(tags | changed).values()], data)


@cache
def zeros(size):
    """So many zeros in a thousandth of their size."""
    return zlib.compress(bytes(size), 1)


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def inserted(contents, data, place=2):
    return contents[:place] + data + contents[place:]


def frame_of(contents):
    """Where the frame header of a JPEG begins."""
    return max(contents.find(b"\xff\xc0"), contents.find(b"\xff\xc2"))


def claiming(contents, width, height):
    place = frame_of(contents) + 5
    return contents[:place] + struct.pack(">HH", height, width) + contents[place + 4 :]


def changed(contents, place, data):
    return contents[:place] + data + contents[place + len(data) :]


JPEG = saved(COLOR, "JPEG", quality=95, subsampling=0)
PROGRESSIVE = saved(COLOR, "JPEG", quality=95, subsampling=0, progressive=True)
PNG = saved(COLOR, "PNG")
WEBP = saved(COLOR, "WEBP", quality=95)
LOSSLESS = saved(COLOR, "WEBP", lossless=True)
GIF = saved(COLOR.quantize(16), "GIF")
BMP = saved(COLOR, "BMP")
OFTEN = [Image.new("L", (64, 48), i % 256) for i in range(2000)]
TIFF = saved(COLOR, "TIFF")
PPM = saved(COLOR, "PPM")

# images with their right values

image("plain.jpg", COLOR, quality=95)
image("progressive.jpg", COLOR, quality=95, progressive=True)
image("grey.jpg", COLOR.convert("L"), grey(GREY), quality=95)
image("inverted cmyk.jpg", COLOR.convert("CMYK"), quality=95)
image("extension.jfif", COLOR, format="JPEG", quality=95)
image("extension.JPE", COLOR, format="JPEG", quality=95)
image("two pictures.jpg", COLOR, format="MPO", save_all=True, append_images=[OTHER], quality=95)
data("sideways.jpg", PICTURE, sideways("JPEG", quality=95))
data("late orientation.jpg", PICTURE, inserted(sideways("JPEG", quality=95), segment(0xE2, bytes(60_000))))
data("motion photo.jpg", PICTURE, JPEG + b"a film" * 1000)
data("filled.jpg", PICTURE, inserted(JPEG, b"\xff" * 7))
data("between segments.jpg", PICTURE, inserted(JPEG, b"stray", 20))
data("broken exif.jpg", PICTURE, inserted(JPEG, segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")))
data("orientation 9.jpg", PICTURE, saved(COLOR, "JPEG", exif=turned(9), quality=95))
data("orientation in xmp.jpg", PICTURE[::-1, ::-1], saved(COLOR, "JPEG", quality=95, xmp=b'tiff:Orientation="3"'))
image("profile.jpg", COLOR.convert("L"), grey(GREY), quality=95, icc_profile=b"for grey" * 5000)

image("palette.png", COLOR.quantize(16))
image("color key.png", COLOR, np.where((COLORS[0, 0] == PICTURE).all(axis=-1, keepdims=True), 255, PICTURE),
     transparency=tuple(COLORS[0, 0].tolist()))  # fmt: skip
image("transparent.png", Image.fromarray(np.dstack([PICTURE, HALF])), ON_WHITE)
image("transparent grey.png", Image.fromarray(np.dstack([GREY, HALF])), np.where(HALF[..., None] > 0, grey(GREY), 255))
image("transparent palette.png", COLOR.quantize(4), np.where(
    np.asarray(COLOR.quantize(4))[..., None] == 0, 255, PICTURE), transparency=0)  # fmt: skip
image("1 bit.png", Image.fromarray(FEW).convert("1"), grey(FEW))
image("4 bits.png", Image.fromarray(GREY // 17 * 17), grey(GREY // 17 * 17), bits=4)
image("16 bits.png", Image.fromarray(DEEP * 257), grey(GREY))
image("12 of 16 bits.png", Image.fromarray(DEEP * 16), grey(GREY))
image("10 of 16 bits.png", Image.fromarray(DEEP * 4), grey(GREY))
image("8 of 16 bits.png", Image.fromarray(DEEP), grey(GREY))
image("nothing in 16 bits.png", Image.fromarray(DEEP * 0), grey(GREY * 0))
data("16 bits in color.png", PICTURE, deep_png(PICTURE.astype(np.uint16) * 257, 2))
data("12 of 16 bits in color.png", PICTURE, deep_png(PICTURE.astype(np.uint16) * 16, 2))
data("16 bits on white.png", ON_WHITE, deep_png(np.dstack([PICTURE, HALF]).astype(np.uint16) * 257, 6))
data("12 of 16 bits on white.png", ON_WHITE,
        deep_png(np.dstack([PICTURE.astype(np.uint16) * 16, HALF.astype(np.uint16) * 257]), 6))  # fmt: skip
data("16 bits sideways.png", grey(GREY),
        deep_png(np.rot90(DEEP * 257)[..., None], 0, after=chunk(b"eXIf", turned(6).tobytes()[6:])))  # fmt: skip
data("sideways.png", PICTURE, sideways("PNG"))
data("late orientation.png", PICTURE, saved(COLOR.transpose(Image.Transpose.ROTATE_90), "PNG")[:-12]
        + chunk(b"eXIf", turned(6).tobytes()[6:]) + chunk(b"IEND", b""))  # fmt: skip
image("animated.png", COLOR, save_all=True, append_images=[OTHER])
image("profile.png", COLOR.convert("L"), grey(GREY), icc_profile=ImageCms.ImageCmsProfile(
    ImageCms.createProfile("sRGB")).tobytes())  # fmt: skip
data("much text.png", PICTURE, inserted(PNG, chunk(b"tEXt", b"Comment\0" + b"words " * 10**5), 33))

image("palette.gif", COLOR.quantize(16))
image("transparent.gif", COLOR.quantize(4), np.where(np.asarray(COLOR.quantize(4))[..., None] == 0, 255, PICTURE),
     transparency=0)  # fmt: skip
image("animated.gif", COLOR.quantize(4), save_all=True, append_images=[OTHER.quantize(4)])
image("many frames.gif", COLOR.quantize(4), save_all=True, append_images=OFTEN)
image("lossy.webp", COLOR, quality=95)
image("lossless.webp", COLOR, lossless=True)
image("transparent.webp", Image.fromarray(np.dstack([PICTURE, HALF])), ON_WHITE, lossless=True, exact=True)
image("animated.webp", COLOR, save_all=True, append_images=[OTHER], lossless=True)
data("sideways.webp", PICTURE, sideways("WEBP", lossless=True))
image("plain.bmp", COLOR)
image("palette.bmp", COLOR.quantize(16))
image("1 bit.bmp", Image.fromarray(FEW).convert("1"), grey(FEW))
data("from the top.bmp", PICTURE[::-1], changed(BMP, 22, struct.pack("<i", -48)))
image("plain.tif", COLOR)
image("lzw.tiff", COLOR, compression="tiff_lzw")
image("deflate.tif", COLOR, compression="tiff_adobe_deflate")
image("jpeg.tif", COLOR, compression="jpeg", quality=95)
image("fax.tif", Image.fromarray(FEW).convert("1"), grey(FEW), compression="group4")
image("cmyk.tif", COLOR.convert("CMYK"))
image("palette.tif", COLOR.quantize(16))
image("big.tif", COLOR, big_tiff=True)
image("16 bits.tif", Image.fromarray(DEEP * 257), grey(GREY))
image("12 of 16 bits.tif", Image.fromarray(DEEP * 16), grey(GREY))
data("12 bits.tif", grey(GREY), plain_tiff(64, 48, np.stack(
    [GREY[:, ::2], (GREY[:, 1::2] >> 4), (GREY[:, 1::2] << 4)], axis=-1).tobytes(), bits=(12,)))  # fmt: skip
data("16 bits in color.tif", PICTURE, plain_tiff(
    64, 48, (PICTURE.astype("<u2") * 257).tobytes(), (16, 16, 16), 2))  # fmt: skip
data("sideways.tif", PICTURE, saved(COLOR.transpose(Image.Transpose.ROTATE_90), "TIFF", tiffinfo={274: 6}))
image("plain.ppm", COLOR)
image("grey.pgm", COLOR.convert("L"), grey(GREY))
image("1 bit.pbm", Image.fromarray(FEW).convert("1"), grey(FEW))
data("12 bits.pgm", grey(GREY), b"P5\n64 48\n4095\n" + (DEEP * 16 + GREY // 16).astype(">u2").tobytes())

# no files, and no images

data("empty.jpg", "is empty", b"")
data("text.jpg", "is no image but of unknown content", b"not an image at all")
data("missing page.jpg", "is no image but HTML", b"\n<!doctype HTML><title>404")
data("drawing.png", "is no image but SVG", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>')
data("paper.jpg", "is no image but PDF", b"%PDF-1.7\n")
data("script.png", "is no image but PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) print")
data("layers.png", "is no image but Photoshop", b"8BPS\0\1" + bytes(30))
data("phone.jpg", "is no image but HEIC", b"\0\0\0\x18ftypheic\0\0\0\0")
data("waves.jpg", "is no image but JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(30))
data("archive.png", "is no image but ZIP", b"PK\3\4" + bytes(30))
data("array.tif", "is no image but NumPy", b"\x93NUMPY\1\0" + bytes(30))
data("pointer.jpg", "Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
data("other format.jpg", "is named as JPEG but its content is PNG", PNG)
row("folder.png", "is a folder, not a file")(lambda path: path.mkdir())
row("pipe.png", "is a pipe, not a file")(lambda path: os.mkfifo(path))
row("device.png", "is a device, not a file")(lambda path: path.symlink_to("/dev/zero"))
row("nowhere.png", "cannot be read: No such file")(lambda path: path.symlink_to("nothing"))
row("loop.png", "cannot be read: Too many levels")(lambda path: path.symlink_to(path.name))


@row("socket.png", "is a socket, not a file")
def _(path):
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.fchdir(here)
    os.close(here)


@row("film.jpg", "bytes; an image of")
def _(path):
    path.write_bytes(JPEG)
    os.truncate(path, 2**31)  # which takes no room


# damaged

for name, contents in {
    "jpg": JPEG, "png": PNG, "webp": WEBP, "gif": GIF, "bmp": BMP, "tif": plain_tiff(64, 48, GREY.tobytes())[:-8],
    "ppm": PPM,
}.items():  # fmt: skip
    data(f"cut.{name}", "truncated" if name != "tif" else "", contents[: len(contents) * 3 // 5])
data("start only.jpg", "is a truncated JPEG", JPEG[:30])
data("no frame.jpg", "is a damaged JPEG", JPEG[: frame_of(JPEG)] + JPEG[JPEG.index(b"\xff\xc4") :])
data("no code.jpg", "is damaged", changed(JPEG, JPEG.index(b"\xff\xc4") + 5, b"\xff" * 16))
data("no table.jpg", "is damaged", changed(JPEG, frame_of(JPEG) + 12, b"\3"))
data("short segment.jpg", PICTURE, changed(JPEG, 4, b"\0\0"))
data("12 bits.jpg", "12-bit layers", changed(JPEG, frame_of(JPEG) + 4, b"\x0c"))
data("lossless.jpg", "is damaged", changed(JPEG, frame_of(JPEG) + 1, b"\xc3"))
data("no rows.jpg", "is a damaged JPEG", claiming(JPEG, 64, 0))
data("no scan.jpg", "damaged", JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9")
data("late table.jpg", "is damaged", (lambda place: changed(PROGRESSIVE, place + 5, b"\xff" * 16))(
    PROGRESSIVE.rindex(b"\xff\xc4")))  # fmt: skip
data("strange scan.jpg", "decoded", changed(JPEG, JPEG.index(b"\xff\xda") + 5, b"\x63"))
data("late strange scan.jpg", "decoded", changed(PROGRESSIVE, PROGRESSIVE.rindex(b"\xff\xda") + 5, b"\x63"))
data("wrong sum.png", "checksum", changed(PNG, 20, b"\0\0\0\x41"))
data("damaged.png", "damaged", changed(PNG, len(PNG) // 2, bytes(20)))
data("damaged 16 bits.png", "damaged", (lambda whole: changed(whole, 50, bytes(20)))(
    deep_png(PICTURE.astype(np.uint16) * 257, 2)))  # fmt: skip
data("no palette.png", "damaged", png(4, 4, 8, 3, bytes(20)).replace(b"PLTE", b"pLTE")[:33]
        + png(4, 4, 8, 7, bytes(20))[33:])  # fmt: skip
data("no color type.png", "damaged", png(4, 4, 8, 7, bytes(20)))
data("no columns.png", "is a damaged PNG", png(0, 48, 8, 0, bytes(48)))
data("damaged.webp", "damaged", changed(LOSSLESS, 30, bytes(30)))
data("no picture.gif", "damaged", GIF[:13] + b";")
data("unknown.bmp", "damaged", changed(BMP, 14, b"\7"))
data("floats.tif", "values of 32 bits", saved(COLOR.convert("F"), "TIFF"))
data("32 bits.tif", "values of 32 bits", saved(COLOR.convert("I"), "TIFF"))
data("pages.tif", "several pages", saved(COLOR, "TIFF", save_all=True, append_images=[OTHER]))
data("12 of 16 bits in color.tif", "use PNG", plain_tiff(64, 48, (PICTURE.astype("<u2") * 16).tobytes(), (16,) * 3, 2))
data("behind the end.tif", "truncated TIFF", plain_tiff(64, 48, b"", places=(273, 4, [9999]), lengths=(279, 4, [9])))

# bombs

data("bomb.jpg", "30000 x 30000 pixels; allowed are 89,478,485", claiming(PROGRESSIVE, 30_000, 30_000))
data("largest.jpg", "65500 x 65500 pixels", claiming(JPEG, 65_500, 65_500))
data("scans.jpg", "more than 500 scans", PROGRESSIVE[:-2] + (
    PROGRESSIVE[PROGRESSIVE.index(b"\xff\xda") : PROGRESSIVE.index(b"\xff\xc4", PROGRESSIVE.index(b"\xff\xda"))]
    * 1000) + b"\xff\xd9")  # fmt: skip
data("bomb.png", "30000 x 30000 pixels", png(30_000, 30_000, 1, 0, b"\0"))
data("unpacks.png", grey(GREY * 0), lambda: png(64, 48, 8, 0, zeros(2**28)))
data("text bomb.png", "is a damaged PNG", lambda: inserted(PNG, chunk(b"zTXt", b"Comment\0\0" + zeros(2**28)), 33))
data(
    "international bomb.png",
    "is a damaged PNG",
    lambda: inserted(PNG, chunk(b"iTXt", b"Comment\0\1\0\0\0" + zeros(2**28)), 33),
)
data("profile bomb.png", "is a damaged PNG", lambda: inserted(PNG, chunk(b"iCCP", b"profile\0\0" + zeros(2**28)), 33))
data("segments.jpg", "more than 262,144 parts", JPEG[:2] + b"\xff\xfe\0\2" * 300_000 + JPEG[2:])
data("zeros.jpg", "is a truncated JPEG", JPEG[:20] + bytes(2**22))
data("chunks.png", "more than 262,144 parts", lambda: inserted(PNG, chunk(b"teSt", b"") * 300_000, 33))
data(
    "bomb.webp",
    "more pixels than are allowed, 44,739,242",
    changed(saved(COLOR, "WEBP", exif=turned(1)), 24, b"\xff\x3f\0\xff\x3f\0"),
)
data("lossless bomb.webp", "more pixels than are allowed, 44,739,242", changed(LOSSLESS, 21, b"\xff\xff\xff\x0f"))
data("bomb.gif", "65535 x 65535 pixels", changed(GIF, 6, b"\xff\xff\xff\xff"))
data("bomb.bmp", "pixels; allowed are", changed(BMP, 18, struct.pack("<ii", 30_000, 30_000)))
data("bomb.tif", "30000 x 30000 pixels", plain_tiff(30_000, 30_000, b"0"))
data("tiles.tif", "tiles of 1000000 x 1000000 pixels", plain_tiff(64, 48, GREY.tobytes(), tile=(322, 4, [10**6]),
        tiles=(323, 4, [10**6]), places=(324, 4, [8]), lengths=(325, 4, [9])))  # fmt: skip
data("samples.tif", "damaged TIFF", plain_tiff(64, 48, GREY.tobytes(), samples=(277, 3, [60_000])))
data("entries.tif", grey(GREY), plain_tiff(64, 48, GREY.tobytes()).replace(b"\x09\0\0\1", b"\xff\xff\0\1"))
data("bomb.ppm", "30000 x 30000 pixels", b"P6\n30000 30000\n255\n" + bytes(9))
