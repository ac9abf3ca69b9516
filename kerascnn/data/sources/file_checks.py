"""Checks of image files, and what their headers say, without decoding.

A file must be a regular file, and a whole image of the format that its name says. An image of more pixels than
`PIL.Image.MAX_IMAGE_PIXELS`, which `--max-pixels` sets, is refused: some bytes can claim to be an image of gigabytes.

Each format has its own reader of Pillow, and no other one is tried: what is named as an image never reaches a reader of
PostScript.
"""

import logging
import os
import re
import stat
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from struct import error as StructError
from struct import iter_unpack, unpack_from
from typing import NamedTuple

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ...errors import InputError

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
READERS = {
    "JPEG": JpegImagePlugin.JpegImageFile,
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
HEAD, TAIL = 4096, 512
PARTS = 2**18  # of a file: more segments or chunks than any image has
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
    with open_file(path) as file:
        try:
            return _header(path, file)
        except _Fault as fault:
            raise InputError(f"{path}: {fault}") from fault.__cause__


def open_file(path: Path, stamp: tuple[int, int] | None = None) -> FileIO:
    """A regular file, opened to be read. A pipe or a device is not even opened: that may wait, or do something.

    Args:
        path: of the file.
        stamp: what the file had when it was examined.

    Raises:
        InputError: it is none, cannot be read, or has changed.
    """

    def opener(path, flags):
        _check_kind(path, os.stat(path).st_mode)
        return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))

    try:
        file = FileIO(path, "rb", opener=opener)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    about = os.fstat(file.fileno())
    try:
        _check_kind(path, about.st_mode)  # it may just have been replaced
        if stamp not in (None, _stamp(about)):
            raise InputError(f"{path}: {CHANGED}")
    except InputError:
        file.close()
        raise
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


def _check_kind(path, mode):
    if not stat.S_ISREG(mode):
        kinds = {"d": "a folder", "p": "a pipe", "s": "a socket"}
        raise InputError(f"{path}: is {kinds.get(stat.filemode(mode)[0], 'a device')}, not a file")


def open_image(file: FileIO, found: str) -> Image.Image:
    """An image in a file of this format, not decoded yet. Raises whatever Pillow raises."""
    file.seek(0)
    return READERS[found](file)


def one_line(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


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
    file.seek(max(0, about.st_size - TAIL))
    whole = _seems_whole(found, about.st_size, head, file.read(TAIL))

    def at(place, count):
        if count >= 0 and place + count <= len(head):
            return head[place : place + count]
        file.seek(place)
        return file.read(count)

    try:
        size, channels, bits, turn = PARSERS[found](at) if found in PARSERS else _as_pillow(file, found, about.st_size)
    except _Fault:
        raise
    except Image.DecompressionBombError as error:
        raise _Fault(f"has many more pixels than are allowed, {most:,} in all (--max-pixels)") from error
    except Exception as error:  # a damaged file can raise anything
        fault = "its header ends too early" if isinstance(error, StructError) else one_line(error)
        raise _Fault(
            f"is a damaged {found}: {fault}" if whole else f"is a truncated {found}: its end is missing"
        ) from error
    height, width = size
    if not height or not width:
        raise _Fault(f"is a damaged {found}: it has {width} x {height} pixels")
    if most and height * width > most // MEMORY.get(found, 1):
        raise _Fault(
            f"has {width} x {height} pixels; allowed are {most // MEMORY.get(found, 1):,} in all (--max-pixels)"
        )
    if not whole and not _decodes(file, found):
        raise _Fault(f"is a truncated {found}: its end is missing")
    return Header(found, size, turn, channels, bits, bits, _stamp(about))


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
    image = open_image(file, found)
    (width, height), turn, bits = image.size, 1, BITS.get(image.mode, 8)
    if found == "PNM":
        bits = min(bits, 16)  # which Pillow keeps in 32
    if found == "TIFF":
        tags = image.tag_v2
        width, height, turn = tags[256], tags[257], tags.get(274, 1)
        if max(tags.get(258, (8,))) in (10, 12, 14):
            bits = max(tags[258])
        elif image.mode not in BITS and 16 in tags.get(258, ()):
            bits = 16
        _check_tiff(tags, width * height, length)
        if image.is_animated:
            raise _Fault("has several pages: save each as a file of its own")
    return (height, width), 1 if image.mode in GREY else 3, bits, turn if turn in range(1, 9) else 1


def _check_tiff(tags, pixels, length):
    """Raise an error if parts of a TIFF lie behind its end, or it has parts that are larger than it (TIFF 6.0)."""
    for places, lengths in ((273, 279), (324, 325)):
        if any(sum(part) > length for part in zip(tags.get(places, ()), tags.get(lengths, ()), strict=False)):
            raise _Fault("is a truncated TIFF: its end is missing")
    if tags.get(322, 1) * tags.get(323, 1) > max(4 * pixels, 2**20):
        raise ValueError(f"tiles of {tags[322]} x {tags[323]} pixels")


def _jpeg(at):
    """(height, width), channels, bits and orientation, from the segments before the picture (ITU-T T.81, Annex B)."""
    place, frame, tables, exif, xmp = 2, None, set(), b"", b""
    for _ in range(PARTS):
        first, marker, length = unpack_from(">BBH", at(place, 4))
        if first != 0xFF or marker == 0xFF:  # filled up to the next marker
            place += 1 + (at(place + 1, HEAD) + b"\xff").index(b"\xff") if first != 0xFF else 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:  # these have no length
            place += 2
        elif marker in (0xD8, 0xD9) or length < 2:
            raise ValueError(f"its header is broken at byte {place}")
        elif marker == 0xDA:
            break
        else:
            segment = at(place + 4, length - 2)
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                frame = marker, *unpack_from(">BHHB", segment), {n for _, _, n in iter_unpack("BBB", segment[6:])}
            elif marker == 0xC4:
                _check_codes(segment)
            elif marker == 0xDB:
                tables |= _quantizers(segment)
            elif marker == 0xE1:
                exif += segment[6:] if segment.startswith(b"Exif\0\0") else b""
                xmp += segment if segment.startswith(b"http://ns.adobe.com/xap/1.0/\0") else b""
            place += 2 + length
    else:
        raise ValueError("its header has no end")
    if frame is None:
        raise ValueError("its header says no size")
    coding, bits, height, width, channels, used = frame
    if coding not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
        raise ValueError("it is lossless or hierarchical, which no decoder here reads")
    if bits != 8 or channels not in (1, 3, 4):
        raise ValueError(f"it has {channels} channels of {bits} bits; allowed are 1, 3 or 4 of 8")
    if not used <= tables:
        raise ValueError(f"it lacks the quantization table {max(used - tables)}")
    if coding in (0xC2, 0xCA):  # progressive
        _check_scans(at(place, -1))
    return (height, width), 1 if channels == 1 else 3, 8, _orientation(exif, xmp)


def _check_scans(scans):
    """Raise an error if there are too many scans, or there are broken tables between them."""
    if scans.count(b"\xff\xda") > SCANS:
        raise ValueError(f"it has more than {SCANS} scans")
    for table in re.finditer(b"\xff\xc4(..)", scans, re.DOTALL):
        _check_codes(scans[table.end() : table.start() + 2 + int.from_bytes(table[1])])


def _check_codes(segment):
    """Raise an error if Huffman tables hold no such code (ITU-T T.81, Sections B.2.4.2 and C)."""
    place = 0
    while place < len(segment):
        (table,), lengths = segment[place : place + 1], segment[place + 1 : place + 17]
        codes = 0
        for bits, count in enumerate(lengths, start=1):
            codes = 2 * codes + count
            if codes >= 2**bits:
                raise ValueError("its Huffman table is no code")
        place += 17 + sum(lengths)
        if table not in (0, 1, 2, 3, 16, 17, 18, 19) or sum(lengths) > 256 or place > len(segment):
            raise ValueError("its Huffman table is broken")


def _quantizers(segment):
    """The numbers of quantization tables (ITU-T T.81, Section B.2.4.1)."""
    place, found = 0, set()
    while place < len(segment):
        found.add(segment[place] & 15)
        place += 65 + 64 * (segment[place] >> 4)
    if place != len(segment) or not found <= {0, 1, 2, 3}:
        raise ValueError("its quantization table is broken")
    return found


def _png(at):
    """(height, width), channels, bits and orientation, from all chunks (PNG, Third Edition, Section 11)."""
    place, exif, xmp = 8, b"", b""
    for _ in range(PARTS):
        length, kind = unpack_from(">I4s", at(place, 8))
        if (kind == b"IHDR") != (place == 8):
            raise ValueError(f"its header is broken at byte {place}")
        if kind == b"IHDR":
            width, height, bits, colors = unpack_from(">IIBB", at(place + 8, 10))
        elif kind == b"eXIf":
            exif = at(place + 8, min(length, BLOCK))
        elif kind == b"iTXt":
            text = at(place + 8, min(length, BLOCK))
            xmp += text if text.startswith(b"XML:com.adobe.xmp\0") else b""
        elif kind == b"IEND":
            return (height, width), 1 if colors in (0, 4) else 3, max(bits, 8), _orientation(exif, xmp)
        place += 12 + length
    raise ValueError(f"more than {PARTS:,} chunks")


def _webp(at):
    """(height, width), channels, bits and orientation, from all chunks (RFC 9649, Section 2)."""
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
            exif = at(place + 8, min(length, BLOCK))
        elif kind == b"XMP ":
            xmp = at(place + 8, min(length, BLOCK))
        place += 8 + length + length % 2
    if size is None:
        raise ValueError("its header says no size")
    return size, 3, 8, _orientation(exif, xmp)


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
