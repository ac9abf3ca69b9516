"""Checks of image files: format, completeness and orientation, by the first and last bytes, without decoding."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from struct import error as StructError
from struct import unpack_from

from PIL import Image

from ...errors import InputError

EXTENSIONS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WebP", ".bmp": "BMP", ".gif": "GIF"}
BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"PK\x03\x04": "ZIP",
    b"<svg": "SVG",
    b"<!DOCTYPE html": "HTML",
    b"<html": "HTML",
}
ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}
HEAD, TAIL = 4096, 512
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)  # what Pillow raises


def examine(paths: list[Path]) -> list[int]:
    """The EXIF orientation, 1 to 8, of each file. All must be whole images of the format that their names say.

    Raises:
        InputError: names the first file that isn't, its fault, and the number of others with a fault.
    """
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(examine_one, paths))
    faults = [f"{path}: {fault}" for path, (fault, _) in zip(paths, found, strict=True) if fault]
    if faults:
        others = f" (and {len(faults) - 1} more files are not usable)" if len(faults) > 1 else ""
        raise InputError(faults[0] + others)
    return [turn for _, turn in found]


def measure(paths: list[Path]) -> tuple[list[tuple[int, int]], list[bool]]:
    """(height, width) of each image as it is stored, and whether it is a JPEG; the files were examined before."""

    def measure_one(path):
        with Image.open(path) as image:
            return image.size[::-1], image.format in ("JPEG", "MPO")  # MPO: several JPEGs, of which the first counts

    with ThreadPoolExecutor() as pool:
        sizes, jpeg = zip(*pool.map(measure_one, paths), strict=True)
    return list(sizes), list(jpeg)


def examine_one(path: Path) -> tuple[str, int]:
    """(what is wrong with a file, empty where nothing is; its orientation)"""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            tail = file.read()
    except OSError as error:
        return f"cannot be read: {error.strerror}", 1
    if not head:
        return "is empty (0 bytes)", 1
    named, found = EXTENSIONS.get(path.suffix.lower()), _format(head)
    if found not in EXTENSIONS.values():
        return f"is no image but {found or 'of unknown content'}; allowed are JPEG, PNG, WebP, BMP and GIF", 1
    if named not in (None, found):
        return f"is named as {named} but its content is {found}: rename it", 1
    if not _seems_whole(found, size, head, tail) and not _decodes(path):
        return f"is a truncated {found}: its end is missing", 1
    return "", _orientation(head) if found == "JPEG" else 1


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


def _decodes(path: Path) -> bool:
    """Whether a file without an end decodes: some cameras append their own data, some writers leave out the end."""
    try:
        with Image.open(path) as image:
            image.load()
    except UNREADABLE:
        return False
    return True


def _orientation(head: bytes) -> int:
    """Tag 0x0112 of the first directory of a JPEG's EXIF block (EXIF 2.32, Section 4.6.4)."""
    exif = head[head.find(b"Exif\0\0") + 6 :] if b"Exif\0\0" in head else b""
    order = "<" if exif.startswith(b"II") else ">"
    try:
        (directory,) = unpack_from(order + "I", exif, 4)
        (entries,) = unpack_from(order + "H", exif, directory)
        for entry in range(entries):
            tag, _, _, value = unpack_from(order + "HHIH", exif, directory + 2 + 12 * entry)
            if tag == 0x0112:
                return value if 1 <= value <= 8 else 1
    except StructError:
        pass
    return 1
