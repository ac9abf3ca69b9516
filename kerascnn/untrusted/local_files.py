"""Files of this machine: regular ones, of a bounded size. Pipes, devices and folders are refused, not waited for."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError

KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}  # all others are devices
HOLES = 10  # times the size of what is stored, which a sparse file may seem to have


@contextmanager
def opened(path: str | Path, most: int | None = None, within: Path | None = None) -> Iterator[BinaryIO]:
    """A file, open to be read.

    Args:
        path: of the file. It may be a link.
        most: its largest size in bytes; None for any.
        within: the folder out of which no link may lead.

    Raises:
        InputError: there is no such file, it is no regular one, too large, or it lies outside.
    """
    if "://" in str(path):
        raise InputError(f"{path}: is an address; give a file of this machine")
    try:
        if within is not None and not Path(path).resolve().is_relative_to(within.resolve()):
            raise InputError(f"{path}: leads out of {within} by a link, so it is not read")
        file = BufferedReader(open_regular(path))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RuntimeError) as error:  # a name with a zero byte, a circle of links
        raise error if isinstance(error, InputError) else InputError(f"{str(path)!r}: no such file") from error
    with file:
        found = os.fstat(file.fileno())
        if most is not None and found.st_size > most:
            raise InputError(f"{path}: has {found.st_size:,} bytes; more than {most:,} are not read")
        if _stored(file, found.st_size) * HOLES < found.st_size:
            raise InputError(f"{path}: is nearly all holes: few of its {found.st_size:,} bytes are stored")
        yield file


def read_bytes(path: str | Path, most: int, within: Path | None = None) -> bytes:
    """The content of a file; see `opened`."""
    with opened(path, most, within) as file:
        try:
            return file.read(most)
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def open_regular(path: str | Path) -> FileIO:
    """A regular file, open to be read. A pipe or a device is not even opened: that may wait, or do something.

    Raises:
        InputError: it is no regular file.
        OSError: it cannot be opened.
    """

    def opener(path, flags):
        _check_kind(path, os.stat(path))
        return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))

    file = FileIO(path, "rb", opener=opener)
    try:
        _check_kind(path, os.fstat(file.fileno()))  # it may just have been replaced
    except InputError:
        file.close()
        raise
    return file


def _check_kind(path, found):
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path}: is {KINDS.get(stat.S_IFMT(found.st_mode), 'a device')}, not a file")


def _stored(file, size: int, pieces: int = 1000) -> int:
    """How many bytes of a file are no holes; of very many pieces all but the first are taken to be none."""
    stored = end = 0
    try:
        for _ in range(pieces):
            start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            stored += end - start
        return stored + size - end
    except OSError as error:
        return stored if error.errno == errno.ENXIO else size  # no data after this; or a disk that knows no holes
    except AttributeError:  # nor does this system
        return size
    finally:
        file.seek(0)
