"""Zip archives: a directory and members of bounded size."""

import errno
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError
from .local_files import opened

MOST_AT_ONCE = 2**22  # bytes; the directory of an archive is read at once
DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


@contextmanager
def archive(path: str | Path, within: Path | None = None) -> Iterator[zipfile.ZipFile]:
    """A zip archive, open to be read.

    Args:
        path: of the file.
        within: the folder out of which no link may lead.

    Raises:
        InputError: it cannot be read, or is no whole archive.
    """
    with opened(path, within=within) as file, ExitStack() as stack:
        with damage_in_one_line(path):
            found = stack.enter_context(zipfile.ZipFile(_InPieces(file)))
        yield found


def read_member(found: zipfile.ZipFile, name: str, most: int, path: str | Path) -> bytes:
    """The content of a member of at most so many bytes; `path` is named in errors.

    Raises:
        InputError: it is not there, damaged or larger.
    """
    with damage_in_one_line(path):
        if name not in found.namelist():
            raise InputError(f"{path}: has no {name}")
        with found.open(name) as file:
            content = file.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path}: its {name} has more than {most:,} bytes")
    return content


@contextmanager
def damage_in_one_line(path: str | Path) -> Iterator[None]:
    """Turns what a damaged archive raises into an `InputError`."""
    try:
        yield
    except InputError:
        raise
    except DAMAGED as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):  # of what is written meanwhile
            raise
        raise InputError(f"{path}: is no zip archive, or a damaged one: {error}") from error


class _InPieces:
    """A file of which no one reads much at once."""

    def __init__(self, file: BinaryIO):
        self.seek, self.tell, self.seekable, self.close = file.seek, file.tell, file.seekable, file.close
        self.file = file

    def read(self, size: int = -1) -> bytes:
        content = self.file.read(size if 0 <= size <= MOST_AT_ONCE else MOST_AT_ONCE + 1)
        if len(content) > MOST_AT_ONCE:
            raise zipfile.BadZipFile("its directory is too large")
        return content
