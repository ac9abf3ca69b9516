"""The image files below a folder, found by their extensions. No file is opened.

Links are followed, to files and to folders. A folder is entered once, and none that holds the whole: links may form a
loop. Hidden files and folders are left out, and what operating systems leave behind.
"""

import os
from collections import Counter, deque
from pathlib import Path
from typing import NamedTuple

from ...errors import InputError, listed
from .file_checks import EXTENSIONS, Refuse, refuse

REMAINS = {"__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information"}


class Entries(NamedTuple):
    """Names in a folder, sorted."""

    folders: list[str]
    images: list[str]
    others: list[str]


class FolderTree:
    """What lies below a folder, by paths relative to it, with slashes.

    Attributes:
        notes: what else a user should know.
        others: the files that are no images by their extensions.
        beside: the images that lie where nobody looks for them.
        again: links to a folder that holds them, or that was seen before.
        refuse: what becomes of a fault; see `file_checks.refuse`. Where it returns, what has the fault is left out.
    """

    def __init__(self, folder: Path, refuse: Refuse = refuse):
        self.folder, self.refuse = folder, refuse
        self.notes, self.others, self.beside, self.again = [], [], [], []
        whole = folder.resolve()
        self._seen = {_identity(place): None for place in (whole, *whole.parents)}

    def entries(self, place: str = "") -> Entries:
        """What lies directly in a folder.

        Raises:
            InputError: the folder cannot be read; a link leads nowhere.
        """
        found, path = Entries([], [], []), self.folder / place
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and entry.name not in REMAINS:
                        self._note(entry, found)
        except OSError as error:
            self.refuse(path, f"cannot be read: {error.strerror}")
        for names in found:
            names.sort()
        return found

    def images(self, place: str, owner: str | None = None) -> list[str]:
        """The image files below a folder. What else is there is counted.

        Args:
            place: the folder.
            owner: whose images they are, of a class or a split; no folder may belong to two.

        Raises:
            InputError: as for `entries`; a folder belongs to two.
        """
        found, folders, links = [], deque([place]), deque()
        while folders or links:  # links last: a folder within is named by its own path
            place = folders.popleft() if folders else links.popleft()
            if not self._enter(place, owner):
                continue
            inside = self.entries(place)
            found += _below(place, inside.images)
            self.others += _below(place, inside.others)
            for below in _below(place, inside.folders):
                (links if os.path.islink(self.folder / below) else folders).append(below)
        return sorted(found, key=lambda path: path.split("/"))

    def pass_over(self, inside: Entries, place: str = "") -> None:
        """Note what lies in a folder that should hold folders only."""
        self.others += _below(place, inside.others)
        self.beside += _below(place, inside.images)

    def left_out(self) -> list[str]:
        """What is left out, in words; nothing where nothing is."""
        parts = [
            (len(self.others), "file", f" of other kinds ({_kinds(self.others)})"),
            (len(self.beside), "image", " beside the folders"),
            (len(self.again), "link", f" to folders that are here already ({listed(self.again, 3)})"),
        ]
        said = [f"{count:,} {what}{'s' * (count > 1)}{more}" for count, what, more in parts if count]
        return [f"left out: {', '.join(said)}"] if said else []

    def refuse_empty(self, place: str, what: str = "has no images") -> None:
        """Refuse a folder without images, saying what is in it."""
        path = self.folder / place
        if place in self.again:
            self.again.remove(place)
            return self.refuse(path, "is a link to a folder that holds it")
        others = [name for name in self.others if name.startswith(f"{place}/" if place else "")]
        found = f"; found are {_kinds(others)}" if others else ""
        return self.refuse(path, f"{what}; allowed are {', '.join(EXTENSIONS)}{found}")

    def _note(self, entry, found):
        if _is_folder(entry):
            found.folders.append(entry.name)
        elif entry.is_symlink() and not os.path.exists(entry.path):
            self.refuse(Path(entry.path), f"is a link that leads nowhere, to {os.readlink(entry.path)}")
        else:
            (found.images if extension(entry.name) in EXTENSIONS else found.others).append(entry.name)

    def _enter(self, place, owner):
        """Whether to look into a folder; notes that it was seen."""
        if not place:
            return True
        identity = _identity(self.folder / place)
        if identity not in self._seen:
            self._seen[identity] = place, owner
            return True
        seen = self._seen[identity]
        if seen and seen[1] != owner:
            self.refuse(
                self.folder / place, f"is the same folder as {self.folder / seen[0]}; no image can belong to both"
            )
        else:
            self.again.append(place)
        return False


def _below(place, names):
    return [f"{place}/{name}" for name in names] if place else names


def _kinds(names):
    """How many files have which extension, in words; the most frequent first."""
    kinds = sorted(Counter(map(extension, names)).items(), key=lambda kind: (-kind[1], kind[0]))
    return listed([f"{count:,} {kind or 'without extension'}" for kind, count in kinds], 8)


def extension(name: str) -> str:
    """The extension of a file name in lower case, with its dot; empty where there is none."""
    return os.path.splitext(name)[1].lower()


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _identity(path):
    try:
        found = os.stat(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return found.st_dev, found.st_ino
