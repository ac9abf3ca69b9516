"""Checks of image files, and what their headers say, without decoding.

A file must be a regular file, and a whole image of the format that its name says. An image of more pixels than
`PIL.Image.MAX_IMAGE_PIXELS`, which `--max-pixels` sets, is refused: some bytes can claim to be an image of gigabytes.

Each format is read by its own class of Pillow, and no other one is tried: what is named as an image never reaches a
reader of PostScript.
"""

import os
import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from struct import error as StructError
from struct import unpack_from
from typing import NamedTuple

from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from ...errors import InputError

EXTENSIONS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WebP", ".bmp": "BMP", ".gif": "GIF"}
READERS = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"8BPS": "Photoshop",
    b"PK\x03\x04": "ZIP",
    b"<svg": "SVG",
    b"<!DOCTYPE html": "HTML",
    b"<html": "HTML",
}
ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}
ALLOWED = "JPEG, PNG, WebP, BMP and GIF"
GREY = ("1", "L", "LA", "I", "I;16", "F")
HEAD, TAIL = 4096, 512
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)  # what Pillow raises
PARTS = 2**18  # of a file: more segments, chunks or frames than any picture has
EXIF = 2**16  # bytes: the longest that a JPEG can hold


class Header(NamedTuple):
    """What the header of an image file says.

    Attributes:
        format: a name in `READERS`.
        size: (height, width) in pixels of the image as it is stored.
        turn: the EXIF orientation, 1 to 8.
        channels: 1 if it is grey, 3 if it has color.
        stamp: the file's size in bytes and the time of its last change in nanoseconds.
    """

    format: str
    size: tuple[int, int]
    turn: int
    channels: int
    stamp: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the upright image."""
        height, width = self.size if self.turn < 5 else self.size[::-1]
        return height, width, self.channels


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
    with open_file(path) as file:
        try:
            return _header(path, file)
        except _Fault as fault:
            raise InputError(f"{path}: {fault}") from fault.__cause__


def examine(paths: list[Path]) -> list[int]:
    """The EXIF orientation, 1 to 8, of each file; see `read_headers`."""
    return [header.turn for header in read_headers(paths)]


def measure(paths: list[Path]) -> tuple[list[tuple[int, int]], list[bool]]:
    """(height, width) of each image as it is stored, and whether it is a JPEG; the files were examined before."""
    headers = read_headers(paths)
    return [header.size for header in headers], [header.format == "JPEG" for header in headers]


def examine_one(path: Path) -> tuple[str, int]:
    """(what is wrong with a file, empty where nothing is; its orientation)"""
    try:
        return "", read_header(path).turn
    except InputError as error:
        return str(error).removeprefix(f"{path}: "), 1


def open_file(path: Path) -> FileIO:
    """A regular file, opened to be read. A pipe or a device is not even opened, since that may wait, or do something.

    Raises:
        InputError: it is none, or cannot be read.
    """

    def opener(path, flags):
        _check_kind(path, os.stat(path).st_mode)
        return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))

    try:
        file = FileIO(path, "rb", opener=opener)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    _check_kind(path, os.fstat(file.fileno()).st_mode)  # it may just have been replaced
    return file


def _check_kind(path, mode):
    if not stat.S_ISREG(mode):
        kinds = {"d": "a folder", "p": "a pipe", "s": "a socket"}
        raise InputError(f"{path}: is {kinds.get(stat.filemode(mode)[0], 'a device')}, not a file")


def open_image(file: FileIO, found: str) -> Image.Image:
    """An image in a file of this format, not decoded yet. Raises whatever Pillow raises."""
    file.seek(0)
    return READERS[found](file)


class _Fault(Exception):
    """What is wrong with a file; the message lacks the name of the file."""


def _header(path, file):
    about = os.fstat(file.fileno())
    head = file.read(HEAD)
    file.seek(max(0, about.st_size - TAIL))
    tail = file.read(TAIL)
    if not head:
        raise _Fault("is empty (0 bytes)")
    named, found = EXTENSIONS.get(path.suffix.lower()), _format(head)
    if found not in EXTENSIONS.values():
        raise _Fault(f"is no image but {found or 'of unknown content'}; allowed are {ALLOWED}")
    if named not in (None, found):
        raise _Fault(f"is named as {named} but its content is {found}: rename it")

    def at(place, count):
        if place + count <= len(head):
            return head[place : place + count]
        file.seek(place)
        return file.read(count)

    whole = _seems_whole(found, about.st_size, head, tail)
    try:
        size, channels, turn = PARSERS[found](at) if found in PARSERS else _as_pillow(file, found)
    except Exception as error:  # a damaged file can raise anything
        fault = f"is a damaged {found}: {one_line(error)}" if whole else f"is a truncated {found}: its end is missing"
        raise _Fault(fault) from error
    height, width = size
    if Image.MAX_IMAGE_PIXELS is not None and height * width > Image.MAX_IMAGE_PIXELS:
        raise _Fault(f"has {width} x {height} pixels; allowed are {Image.MAX_IMAGE_PIXELS:,} in all (max_pixels)")
    if not whole and not _decodes(file, found):
        raise _Fault(f"is a truncated {found}: its end is missing")
    return Header(found, size, turn, channels, (about.st_size, about.st_mtime_ns))


def one_line(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _format(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return "HEIC, AVIF or MP4"
    return next((name for beginning, name in BEGINNINGS.items() if head.startswith(beginning)), None)


def _seems_whole(found: str, size: int, head: bytes, tail: bytes) -> bool:
    if found == "WebP":
        return int.from_bytes(head[4:8], "little") + 8 <= size
    if found == "BMP":
        return int.from_bytes(head[2:6], "little") <= size
    return ENDS[found] in (tail.rstrip(b"\0")[-1:] if found == "GIF" else tail)


def _decodes(file: FileIO, found: str) -> bool:
    """Whether a file without an end decodes: some cameras append their own data, some writers leave out the end."""
    try:
        open_image(file, found).load()
    except Exception:  # a damaged file can raise anything
        return False
    return True


def _as_pillow(file, found):
    image = open_image(file, found)
    return image.size[::-1], 1 if image.mode in GREY else 3, 1


def _jpeg(at):
    """(height, width), channels and orientation, from the segments before the picture (ITU-T T.81, Annex B)."""
    place, frame, exif, xmp = 2, None, b"", b""
    for _ in range(PARTS):
        first, marker, length = unpack_from(">BBH", at(place, 4))
        if first != 0xFF or marker == 0xFF:  # filled up to the next marker
            place += 1 + (at(place + 1, 4096) + b"\xff").index(b"\xff") if first != 0xFF else 1
            continue
        if marker == 0xDA:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # these have no length
            place += 2
            continue
        if marker in (0xD8, 0xD9) or length < 2:
            raise ValueError(f"its header is broken at byte {place}")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = marker, *unpack_from(">BHHB", at(place + 4, 6))
        elif marker == 0xE1:
            segment = at(place + 4, length - 2)
            exif += segment[6:] if segment.startswith(b"Exif\0\0") else b""
            xmp += segment if segment.startswith(b"http://ns.adobe.com/xap/1.0/\0") else b""
        place += 2 + length
    else:
        raise ValueError("its header has no end")
    if frame is None:
        raise ValueError("its header says no size")
    kind, bits, height, width, channels = frame
    if kind not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA) or bits != 8 or channels not in (1, 3, 4) or not height or not width:
        raise ValueError(f"{channels} channels of {bits} bits, {width} x {height} pixels, coding {kind - 0xC0}")
    return (height, width), 1 if channels == 1 else 3, _orientation(exif, xmp)


def _png(at):
    """(height, width), channels and orientation, from all chunks (PNG, Third Edition, Section 11)."""
    place, exif, xmp = 8, b"", b""
    for _ in range(PARTS):
        length, kind = unpack_from(">I4s", at(place, 8))
        if (kind == b"IHDR") != (place == 8):
            raise ValueError(f"{kind.decode('latin1')!r} at byte {place}")
        if kind == b"IHDR":
            width, height, _, colors = unpack_from(">IIBB", at(place + 8, 10))
        elif kind == b"eXIf":
            exif = at(place + 8, min(length, EXIF))
        elif kind == b"iTXt":
            text = at(place + 8, min(length, EXIF))
            xmp += text if text.startswith(b"XML:com.adobe.xmp\0") else b""
        elif kind == b"IEND":
            return (height, width), 1 if colors in (0, 4) else 3, _orientation(exif, xmp)
        place += 12 + length
    raise ValueError(f"more than {PARTS:,} chunks")


def _webp(at):
    """(height, width), channels and orientation, from all chunks (RFC 9649, Section 2)."""
    place, size, exif, xmp = 12, None, b"", b""
    end = 8 + unpack_from("<I", at(4, 4))[0]
    for _ in range(PARTS):
        if place + 8 > end:
            break
        kind, length = unpack_from("<4sI", at(place, 8))
        if size is None and kind in (b"VP8X", b"VP8L", b"VP8 "):
            start = at(place + 8, 10)
            if kind == b"VP8X":
                size = (int.from_bytes(start[7:10], "little") + 1, int.from_bytes(start[4:7], "little") + 1)
            elif kind == b"VP8L":
                (bits,) = unpack_from("<I", start, 1)
                size = ((bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1)
            else:
                size = tuple(side & 0x3FFF for side in unpack_from("<HH", start, 6)[::-1])
        elif kind == b"EXIF":
            exif = at(place + 8, min(length, EXIF))
        elif kind == b"XMP ":
            xmp = at(place + 8, min(length, EXIF))
        place += 8 + length + length % 2
    if not size or 0 in size:
        raise ValueError("its header says no size")
    return size, 3, _orientation(exif, xmp)


def _orientation(exif: bytes, xmp: bytes) -> int:
    """Tag 0x0112 of the first directory of an EXIF block (EXIF 2.32, Section 4.6.4); else that of XMP."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = "<" if exif.startswith(b"II") else ">"
    try:
        (directory,) = unpack_from(order + "I", exif, 4)
        (entries,) = unpack_from(order + "H", exif, directory)
        for entry in range(entries):
            place = directory + 2 + 12 * entry
            tag, kind = unpack_from(order + "HH", exif, place)
            if tag == 0x0112:
                (turn,) = unpack_from(order + {1: "B", 4: "I"}.get(kind, "H"), exif, place + 8)
                return turn if 1 <= turn <= 8 else 1
    except StructError:
        pass
    found = re.search(rb'tiff:Orientation(?:="|>)([1-8])', xmp)
    return int(found[1]) if found else 1


PARSERS: dict[str, Callable] = {"JPEG": _jpeg, "PNG": _png, "WebP": _webp}
