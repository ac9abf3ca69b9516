"""Decodes all files of a folder, in threads, and notes what is wrong with each."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from math import prod
from pathlib import Path
from threading import Condition
from typing import NamedTuple

import numpy as np

from ...errors import InputError
from ..sources.decoding import LARGE, decode_whole, fill_bits
from ..sources.file_checks import Refuse, fault_of, read_header
from ..sources.mask_folder import read_mask
from .duplicates import fingerprint
from .findings import WARNING, Finding, error

AT_A_TIME = 2**25  # pixels that are decoded at a time; or else a single image
CHUNK = 1024  # files that are given to the threads together
THREADS = min(8, os.cpu_count() or 1)


class ReadMask(NamedTuple):
    """What a mask says: its (height, width), upright, its pixels by value, its colors by index, its fingerprint."""

    size: tuple[int, int]
    counts: dict[int, int]
    colors: dict[int, str]
    fingerprint: bytes


class Reader:
    """Reads the files of a folder, and goes on after a fault.

    Attributes:
        findings: what was found.
        headers: of all image files that can be decoded, by path.
        decoded: how many files were decoded.
        expected: how many will be, all together.
    """

    def __init__(self, folder: Path, progress: Callable[[int, int], None] | None = None):
        self.folder, self.progress = folder, progress or (lambda done, of: None)
        self.findings, self.headers, self.decoded, self.expected = [], {}, 0, 0
        self._refused, self._room = set(), _Room(AT_A_TIME)

    def name(self, path: Path) -> str:
        """The path of a file below the folder, with slashes; of the folder itself, nothing."""
        return "" if path == self.folder else path.relative_to(self.folder).as_posix()

    def refuse(self, path: Path, what: str, more: str = "") -> None:
        """Note what training refuses; see `file_checks.refuse`. Of several faults of one file the first counts."""
        name = self.name(path)
        if name == "" or name not in self._refused:
            self._refused.add(name)
            self.findings.append(error(name, what))

    def refuse_test(self, path: Path, what: str, more: str = "") -> None:
        """Note a fault where training doesn't look."""
        before = len(self.findings)
        self.refuse(path, what)
        self.findings[before:] = [found._replace(severity=WARNING) for found in self.findings[before:]]

    @contextmanager
    def going_on(self, *paths: Path, refuse: Refuse | None = None) -> Iterator[None]:
        """Note an `InputError`, which names one of these files or else the folder, and go on."""
        try:
            yield
        except InputError as fault:
            named = [path for path in paths if str(fault).startswith(f"{path}: ")]
            path = max(named, key=lambda path: len(str(path)), default=self.folder)
            (refuse or self.refuse)(path, fault_of(path, fault))

    def read_images(self, paths: Sequence[Path], refuse: Refuse | None = None) -> dict[Path, bytes]:
        """The fingerprints of the images that can be decoded; notes their headers. `refuse`: by default of errors."""
        refuse, headers = refuse or self.refuse, {}

        def examine(path):
            with self.going_on(path, refuse=refuse):
                headers[path] = read_header(path)

        self._each(examine, paths)
        whole = [path for path in paths if path in headers]
        filled = fill_bits(whole, [headers[path] for path in whole], refuse=refuse)
        good = {path: of for path, of in zip(whole, filled, strict=True) if self.name(path) not in self._refused}
        self.headers |= good
        self.expected -= len(paths) - len(good)
        prints = {}

        def decode(path):
            with self.going_on(path, refuse=refuse), self._room.taken(prod(good[path].size)):
                prints[path] = fingerprint(decode_whole(path, good[path]))

        large = [path for path, header in good.items() if prod(header.size) > LARGE]
        self._each(decode, [path for path in good if prod(good[path].size) <= LARGE], count=True)
        for path in large:  # not in threads, each of which keeps memory for its largest image
            decode(path)
            self._count()
        return prints

    def read_masks(self, paths: Sequence[Path]) -> dict[Path, ReadMask]:
        """The masks that can be read."""
        found = {}

        def read(path):
            with self.going_on(path):
                header = read_header(path)
                with self._room.taken(prod(header.size)):
                    values, colors = read_mask(path)
                    counts = (part.tolist() for part in np.unique(values, return_counts=True))
                    found[path] = ReadMask(values.shape, dict(zip(*counts, strict=True)), colors, fingerprint(values))
                if header.format == "JPEG":
                    what = "is a JPEG, whose compression changes values: only 0 and 255 are sure"
                    self.findings.append(
                        Finding(WARNING, "lossy mask", self.name(path), what, "save masks as PNG, from what they were")
                    )

        self._each(read, paths, count=True)
        return found

    def _each(self, function: Callable[[Path], None], paths: Iterable[Path], count: bool = False) -> None:
        rest = iter(paths)
        with ThreadPoolExecutor(THREADS) as pool:
            while chunk := list(islice(rest, CHUNK)):
                for _ in pool.map(function, chunk):
                    if count:
                        self._count()

    def _count(self):
        self.decoded += 1
        self.progress(self.decoded, self.expected)


class _Room:
    """Limits what is decoded at a time, so that it fits into memory."""

    def __init__(self, size: int):
        self._size, self._left, self._change = size, size, Condition()

    @contextmanager
    def taken(self, amount: int) -> Iterator[None]:
        amount = min(amount, self._size)  # a larger one goes alone
        with self._change:
            self._change.wait_for(lambda: self._left >= amount)
            self._left -= amount
        try:
            yield
        finally:
            with self._change:
                self._left += amount
                self._change.notify_all()
