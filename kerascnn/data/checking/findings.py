"""What a check has found, and what to do about it.

The words for what training refuses are those of training. What to do follows from them, by the table `ADVICE`.
"""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from ..sources.file_checks import EXTENSIONS, FORMATS, MEMORY

ERROR, WARNING, NOTE = SEVERITIES = "error", "warning", "note"


class Finding(NamedTuple):
    """Something that was found.

    Attributes:
        severity: "error": training refuses it; "warning": training goes on, and the result may suffer; "note".
        kind: what it is, in a word or two.
        file: its path below the folder, with slashes; empty for the folder itself.
        what: what is wrong.
        to_do: what to do about it; empty for nothing.
        others: all other files that are the same image.
    """

    severity: str
    kind: str
    file: str
    what: str
    to_do: str = ""
    others: tuple[str, ...] = ()


AGAIN = "fetch it again, or remove it"
PNG = "save it as PNG"
FEWER = "shrink it, or remove it"
LINK = "remove the link"
ADVICE = [  # kind, words in the fault, what to do; the first row that fits counts
    ("empty file", r"^is empty \(0 bytes\)", AGAIN),
    ("not fetched", r"^is no image but a pointer of Git LFS", "run: git lfs pull"),
    ("no image", r"^is no image but (HEIC|JPEG|Photoshop|SVG|PDF|PostScript|an icon)", "convert it to JPEG or PNG"),
    ("no image", r"^is no image but", "remove it; if it was fetched, fetch it again"),
    ("wrong extension", r"^is named as .* but its content is ", "rename it"),
    ("too large", r"--max-pixels", FEWER),
    ("too large", r"^there is not enough memory", FEWER),
    ("cannot be read", r"^cannot be read: Permission", "give yourself the right to read it"),
    ("cannot be read", r"^cannot be read: No such", "remove it, or put back what it was"),
    ("cannot be read", r"^cannot be read", "remove it, or mend what the system says"),
    ("no file", r"^is a (pipe|socket|device|folder), not a file", "remove it, or rename it"),
    ("link", r"^is a link that leads nowhere", "remove the link, or mend it"),
    ("link", r"^is a link to a folder that holds it", LINK),
    ("shared folder", r"^is the same folder as", LINK),
    ("changed", r"^has changed since", "check again when nothing writes here any more"),
    ("unusual coding", r"cannot handle \d+-(bit|layer)", "convert it to a usual JPEG, or PNG"),
    ("unusual coding", r"^has values of \d+ bits", "save it with whole numbers of 8 or 16 bits"),
    ("unusual coding", r"of 16 bits in colors", PNG),
    ("several pages", r"^has several pages", "save each page as a file of its own"),
    ("truncated", r"^is a truncated", AGAIN),
    ("damaged", r"^is (a )?damaged", AGAIN),
    ("no classes", r"has no sub-folders", "make a folder for each class; autoencoder.py needs none: --no-classes"),
    ("no images", r"^is empty;|^has no images", "put images into it"),
    ("empty class", r"^the class has no images", "put images into it, or remove the folder"),
    ("single image", r"^has a single image; a class", "add images to the class, or remove the folder"),
    ("single image", r"^has a single image", "add images"),
    ("single class", r"^has a single class", "add another class; autoencoder.py needs none: --no-classes"),
    ("splits", r"must have the same classes", "give both folders images of these classes, or remove them from one"),
    ("splits", r"^has .* but no .* beside it", "put the other split beside it, or move its folders up"),
    ("splits", r"are both the", "merge the two, or rename one"),
    ("splits", r"and beside them", "move it out of the folder"),
    ("splits", r"splits hold classes", "put the splits above the classes, as in train/cat"),
    ("splits", r"splits are called train, val and test", "rename the splits to train and val"),
    ("no mask", r"^has no mask", "add its mask, or remove the image"),
    ("no image of mask", r"^has no image", "add its image, or remove the mask"),
    ("same name", r"^has the same name as", "remove or rename one of the two"),
    ("no folder", r"^has no folder", "put images into images/, their masks into masks/"),
    ("other size", r"wide, its image", "cut and turn it like its image: EXIF turns both"),
    ("palettes differ", r"^its palette has the color", "save all masks with the same palette"),
    ("lossy mask", r"its compression changes values", "make it anew as PNG; values cannot be won back"),
    ("colored mask", r"^is a mask ", "save it with one number a pixel, as modes L and P have"),
    ("stray value", r"--ignore (\d+)", r"give --ignore \1 if it is void; or else number the classes anew"),
    ("stray value", r"^holds the value", "number the classes 0, 1, 2, ...; or name them all: --names"),
    ("single class", r"holds nothing but", "add masks with other classes"),
    ("only void", r"hold nothing but void", "add masks that mark something"),
    ("classes", r"^classes: |masks have at most", "use fewer classes"),
]  # fmt: skip


def error(file: str, what: str) -> Finding:
    """The finding for a fault in the words of training."""
    for kind, words, to_do in ADVICE:
        if found := re.search(words, what):
            return Finding(ERROR, kind, file, what, _precise(file, what, found.expand(to_do)))
    return Finding(ERROR, "other", file, what, "mend it, or remove it")


def _precise(file, what, to_do):
    """What to do, with the numbers and names in the fault."""
    if found := re.search(r"but its content is (\w+)", what):
        return f"rename it to {FORMATS[found[1]][0]}"
    if found := re.search(r"^has (\d+) x (\d+) pixels; allowed", what):
        each = MEMORY.get(EXTENSIONS.get(PurePosixPath(file).suffix.lower()), 1)
        return f"{FEWER}; or give --max-pixels {int(found[1]) * int(found[2]) * each}"
    return to_do
