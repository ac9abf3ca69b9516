"""Which folders are the splits of a set, by their names.

A set has splits where one folder says train and another says val or test, in any case and any usual spelling, also with
words like `images`, digits, or whatever all folders beside each other share: `Training`, `train2017`, `test_set`,
`seg_train` beside `seg_test`. Nothing else may lie beside them. Without such a pair, these are names like all others.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ...errors import listed
from .file_checks import Refuse, refuse

SPELLINGS = {
    "train": ("train", "training", "trn"),
    "val": ("val", "valid", "validation", "validate", "dev", "development", "eval", "evaluation"),
    "test": ("test", "testing", "tst", "holdout"),
}
FILLERS = ("set", "split", "data", "dataset", "image", "images", "img", "imgs", "photo", "photos", "pictures", "folder")
SPLITS = {
    spelling + filler: split for split, words in SPELLINGS.items() for spelling in words for filler in ("", *FILLERS)
}


class Splits(NamedTuple):
    """Names of folders: what trains, what validates, and a test split beside the two, which is left alone, or None."""

    train: str
    validation: str
    test: str | None


def splits_of(names: Sequence[str]) -> dict[str, str]:
    """The split, "train", "val" or "test", of each folder whose name says so, of those that lie beside each other."""
    words = {name: [word for word in _words(name) if word not in FILLERS] for name in names}
    shared = set.intersection(*map(set, words.values())) - set(SPLITS) if len(words) > 1 else set()
    found = {}
    for name, its in words.items():
        its = [word for word in its if word not in shared]
        if len(its) == 1 and its[0] in SPLITS:
            found[name] = SPLITS[its[0]]
    return found


def find_splits(folder: Path, names: Sequence[str], refuse: Refuse = refuse) -> Splits | None:
    """The splits among the sub-folders of a folder; None where there is no pair to train and to validate with.

    Raises:
        InputError: there is such a pair, but two folders are the same split, or one is none.
    """
    found = splits_of(names)
    if not is_pair(found):
        return None
    folders = {}
    for name, split in sorted(found.items()):
        if split in folders:
            refuse(folder, f"{folders[split]} and {name} are both the {split} split; one of each is allowed")
            continue
        folders[split] = name
    others = [name for name in names if name not in found]
    if others:
        refuse(
            folder,
            f"has {' and '.join(found)}, and beside them {listed(others)}, which {_are(others)}; "
            "allowed are train, val and test: move all else away",
        )
    test = folders.get("test")
    return Splits(folders["train"], folders.get("val", test), test if "val" in folders else None)


def is_pair(found: dict[str, str]) -> bool:
    """Whether the answer of `splits_of` has something to train and to validate with."""
    return "train" in found.values() and not {"val", "test"}.isdisjoint(found.values())


def splits_by_rest(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Folders with one word for a split in their names, by the other words: `cat_train` is the train split of cat."""
    found = {}
    for name in names:
        splits = [word for word in _words(name) if word in SPLITS]
        if len(splits) == 1:
            rest = " ".join(word for word in _words(name) if word not in splits)
            found.setdefault(rest, {})[name] = SPLITS[splits[0]]
    return found


def resembles_split(name: str) -> bool:
    """Whether a word of a name begins like a split, as in `trainning` or `my_tests`."""
    return any(word.startswith(tuple(SPELLINGS)) for word in _words(name))


def _words(name):
    """Letters in a row, in lower case; a capital after a small letter begins a word."""
    return [word.lower() for word in re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))]


def _are(others):
    return "is no split" if len(others) == 1 else "are no splits"
