"""Checks of image files, and what their headers say, without decoding.

A file must be a regular file, and a whole image of the format that its name says. An image of more pixels than
`PIL.Image.MAX_IMAGE_PIXELS`, which `--max-pixels` sets, is refused: some bytes can claim to be an image of gigabytes.

Each format has its own reader of Pillow, and no other one is tried: what is named as an image never reaches a reader of
PostScript.
"""

import logging
import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BufferedReader, FileIO
from pathlib import Path
from struct import unpack
from typing import NamedTuple

from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ...errors import InputError
from ...untrusted.local_files import open_regular

FORMATS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WebP": (".webp",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "PNM": (".ppm", ".pgm", ".pbm", ".pnm"),
}
EXTENSIONS = {extension: name for name, extensions in FORMATS.items() for extension in extensions}


class _Jpeg(JpegImagePlugin.JpegImageFile):
    def _read_dpi_from_exif(self):
        """Takes time, for nothing: here no image is printed."""


READERS = {
    "JPEG": _Jpeg,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "PNM": PpmImagePlugin.PpmImageFile,
}
BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"P4\n": "PNM",
    b"P5\n": "PNM",
    b"P6\n": "PNM",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"8BPS": "Photoshop",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\1\0": "an icon",
    b"PK\x03\x04": "ZIP",
    b"\x1f\x8b": "gzip",
    b"\x93NUMPY": "NumPy",
    b"\x89HDF": "HDF5",
    b"version https://git-lfs": "a pointer of Git LFS, whose content is still to be fetched",
}
MARKUP = {b"<svg": "SVG", b"<!doctype html": "HTML", b"<html": "HTML", b"<?xml": "XML"}
ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}
BITS = {"I;16": 16, "I;16B": 16, "I;16L": 16, "I": 32, "F": 32}  # of Pillow's modes; all others have 8
GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")
HEAD, TAIL = 1024, 512
PARTS = 2**18  # of a header: more reads than any image needs
SCANS = 500  # of a progressive JPEG, which usually has 10: each costs a pass over all pixels
BLOCK = 2**16  # bytes: the longest EXIF data that a JPEG can hold
MEMORY = {"WebP": 2}  # for each pixel, as a multiple of the others': Pillow decodes two frames and has two copies
LARGEST = 8  # bytes of a file for each pixel that is allowed

# What Pillow says of strange tags beside an image does not matter here; what it says of a damaged image is an error.
warnings.filterwarnings("ignore", module=r"PIL\.(Tiff|Png)ImagePlugin")
logging.getLogger("PIL").addHandler(logging.NullHandler())


class Header(NamedTuple):
    """What the header of an image file says.

    Attributes:
        format: a name in `FORMATS`.
        size: (height, width) in pixels of the image as it is stored.
        turn: the EXIF orientation, 1 to 8.
        channels: 1 if it is grey, 3 if it has color.
        bits: of a value: 8, or more, up to 32.
        filled: how many of the bits count; see `decoding.fill_bits`.
        stamp: the file's size in bytes and the time of its last change in nanoseconds.
    """

    format: str
    size: tuple[int, int]
    turn: int
    channels: int
    bits: int
    filled: int
    stamp: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the upright image."""
        height, width = self.size if self.turn < 5 else self.size[::-1]
        return height, width, self.channels


def refuse(path: Path, what: str, more: str = "") -> None:
    """Raise the `InputError` of a file or folder. Whoever wants all faults at once passes another function like this
    one to a check, which then goes on. `more`: what is said of others where the first fault ends all.
    """
    raise InputError(f"{path}: {what}{more}")


Refuse = Callable[..., None]


def fault_of(path: Path, error: InputError) -> str:
    """What an error says of a file, without its path."""
    return str(error).removeprefix(f"{path}: ")


def read_headers(paths: list[Path]) -> list[Header]:
    """The header of each file. All must be whole images of the format that their names say.

    Raises:
        InputError: names the first file that isn't, its fault, and the number of others with a fault.
    """

    def tried(path):
        try:
            return read_header(path)
        except InputError as error:
            return error

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(tried, paths))
    faults = [header for header in found if isinstance(header, InputError)]
    if faults:
        others = f" (and {len(faults) - 1} more files are not usable)" if len(faults) > 1 else ""
        raise InputError(f"{faults[0]}{others}")
    return found


def read_header(path: Path) -> Header:
    """The header of a file.

    Raises:
        InputError: names the file and its fault.
    """
    with open_file(path) as opened, _HeaderFile(opened) as file:
        try:
            return _header(path, file)
        except _Fault as fault:
            raise InputError(f"{path}: {fault}") from fault.__cause__


def open_file(path: Path, stamp: tuple[int, int] | None = None) -> FileIO:
    """A regular file, open to be read; see `local_files.open_regular`.

    Args:
        path: of the file.
        stamp: what the file had when it was examined.

    Raises:
        InputError: it is none, cannot be read, or has changed.
    """
    try:
        file = open_regular(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if stamp not in (None, _stamp(os.fstat(file.fileno()))):
        file.close()
        raise InputError(f"{path}: {CHANGED}")
    return file


def check_unchanged(path: Path, stamp: tuple[int, int]) -> None:
    """Raise an `InputError` if a file is gone, or has changed since it had this `stamp`."""
    try:
        about = os.stat(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if stamp != _stamp(about):
        raise InputError(f"{path}: {CHANGED}")


CHANGED = "has changed since it was examined: start again, and leave the files alone while they are in use"


def _stamp(about: os.stat_result) -> tuple[int, int]:
    return about.st_size, about.st_mtime_ns


def open_image(file: FileIO, found: str) -> Image.Image:
    """An image in a file of this format, not decoded yet. Raises whatever Pillow raises."""
    file.seek(0)
    return READERS[found](file)


def one_line(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


class _HeaderFile(BufferedReader):
    """A file of which no more than `PARTS` parts are read: a header of more is none, but takes hours, or all memory."""

    left = PARTS

    def read(self, size=-1):
        self.left -= 1
        if self.left < 0:
            raise ValueError(f"its header has more than {PARTS:,} parts")
        return BufferedReader.read(self, size)


class _Fault(Exception):
    """What is wrong with a file; the message lacks the name of the file."""


def _header(path, file):
    about = os.fstat(file.fileno())
    head = file.read(HEAD)
    if not head:
        raise _Fault("is empty (0 bytes)")
    named, found = EXTENSIONS.get(path.suffix.lower()), _format(head)
    if found not in FORMATS:
        raise _Fault(f"is no image but {found or 'of unknown content'}; allowed are {_allowed()}")
    if named not in (None, found):
        raise _Fault(f"is named as {named} but its content is {found}: rename it")
    most = Image.MAX_IMAGE_PIXELS or None
    if most and about.st_size > max(most * LARGEST, 2 * BLOCK):
        raise _Fault(f"has {about.st_size:,} bytes; an image of {most:,} pixels (--max-pixels) has fewer")
    most = most and most // MEMORY.get(found, 1)
    file.seek(max(0, about.st_size - TAIL))
    whole = _seems_whole(found, about.st_size, head, file.read(TAIL))
    try:
        (height, width), channels, bits, turn = _as_pillow(file, found, about.st_size)
    except _Fault:
        raise
    except Image.DecompressionBombError as error:
        raise _Fault(f"has many more pixels than are allowed, {most:,} in all (--max-pixels)") from error
    except Exception as error:  # a damaged file can raise anything
        fault = f"damaged {found}: {one_line(error)}" if whole else f"truncated {found}: its end is missing"
        raise _Fault(f"is a {fault}") from error
    if most and height * width > most:
        raise _Fault(f"has {width} x {height} pixels; allowed are {most:,} in all (--max-pixels)")
    if not whole and not _decodes(file, found):
        raise _Fault(f"is a truncated {found}: its end is missing")
    return Header(found, (height, width), turn, channels, bits, bits, _stamp(about))


def _allowed():
    *names, last = FORMATS
    return f"{', '.join(names)} and {last}"


def _format(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return "HEIC, AVIF or MP4"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(tuple(MARKUP)):
        return next(name for word, name in MARKUP.items() if word in text)
    return next((name for beginning, name in BEGINNINGS.items() if head.startswith(beginning)), None)


def _seems_whole(found: str, size: int, head: bytes, tail: bytes) -> bool:
    if found == "WebP":
        return int.from_bytes(head[4:8], "little") + 8 <= size
    if found == "BMP":
        return int.from_bytes(head[2:6], "little") <= size
    if found in ("TIFF", "PNM"):
        return found == "TIFF"  # which is checked below
    return ENDS[found] in (tail.rstrip(b"\0")[-1:] if found == "GIF" else tail)


def _decodes(file: FileIO, found: str) -> bool:
    """Whether a file without an end decodes: some cameras append their own data, some writers leave out the end."""
    try:
        open_image(file, found).load()
    except Exception:  # a damaged file can raise anything
        return False
    return True


def _as_pillow(file, found, length):
    """(height, width), channels, bits and orientation."""
    image = open_image(file, found)
    (width, height), bits, grey = image.size, BITS.get(image.mode, 8), image.mode in GREY
    if found == "JPEG" and "progressive" in image.info and file.read().count(b"\xff\xda") >= SCANS:
        raise ValueError(f"it has more than {SCANS} scans")
    if found == "PNG":
        file.seek(24)
        depth, colors = file.read(2)
        bits, grey = 16 if depth == 16 else 8, colors in (0, 4)  # Pillow's modes are others, of 8 bits
        _add_late_chunks(file, image.info)
    if found == "PNM":
        bits = min(bits, 16)  # which Pillow keeps in 32
    if found == "TIFF":
        tags = image.tag_v2
        width, height = tags[256], tags[257]  # as it is stored
        if max(tags.get(258, (8,))) in (10, 12, 14):
            bits = max(tags[258])
        elif image.mode not in BITS and 16 in tags.get(258, ()):
            bits = 16
        _check_tiff(tags, width * height, length)
    turn = _orientation(image)
    if found == "TIFF" and image.is_animated:
        raise _Fault("has several pages: save each as a file of its own")
    return (height, width), 1 if grey else 3, bits, turn


def _orientation(image):
    """The orientation in the EXIF data or in XMP, without decoding, as Pillow does for a PNG."""
    try:
        turn = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    except Exception:  # damaged data can raise anything
        return 1
    return turn if turn in range(1, 9) else 1


def _add_late_chunks(file, info):
    """Add the EXIF and XMP data behind the pixels of a PNG, which Pillow finds when it has decoded it."""
    kind, place = b"", 8
    while kind != b"IEND":
        file.seek(place)
        length, kind = unpack(">I4s", file.read(8))
        if kind in (b"eXIf", b"iTXt"):
            data = file.read(min(length, BLOCK))
            if kind == b"eXIf" or data.startswith(b"XML:com.adobe.xmp\0"):
                info.setdefault("exif" if kind == b"eXIf" else "xmp", data)
        place += 12 + length


def _check_tiff(tags, pixels, length):
    """Raise an error if parts of a TIFF lie behind its end, or it has parts that are larger than it (TIFF 6.0)."""
    for places, lengths in ((273, 279), (324, 325)):
        if any(sum(part) > length for part in zip(tags.get(places, ()), tags.get(lengths, ()), strict=False)):
            raise _Fault("is a truncated TIFF: its end is missing")
    if tags.get(322, 1) * tags.get(323, 1) > max(4 * pixels, 2**20):
        raise ValueError(f"tiles of {tags[322]} x {tags[323]} pixels")
