"""Images by class: classes to train with, unseen classes, and random pairs, trials and batches of them.

Classes whose names differ only in the number at their end, like Greek_0 and Greek_1, are a family: the alphabets of
Omniglot. The characters of one alphabet are harder to tell apart than those of several.
"""

import re
from math import prod

import numpy as np

from ..errors import InputError, between, unknown
from .sources.examples import Records
from .sources.open import Source

MEMORY = 2**32  # bytes: pairs are drawn from images in memory


class Group:
    """Images of some classes.

    Attributes:
        images: uint8 (n, height, width, channels), one class after the other.
        labels: (n,).
        classes: names, in label order.
        families: the labels of the classes of each family. Classes without a family are one family together.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]):
        order = np.argsort(labels, kind="stable")
        self.images, self.labels, self.classes = images[order], labels[order], classes
        self.sizes = np.bincount(labels, minlength=len(classes))
        self.first = np.cumsum(self.sizes) - self.sizes
        names = np.array([family(name) for name in classes])
        names[[np.sum(names == name) == 1 for name in names]] = ""
        self.families = [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]

    def part(self, chosen: np.ndarray) -> "Group":
        """The group of the classes for which `chosen` is true, with new labels."""
        of_them = chosen[self.labels]
        names = tuple(name for name, is_chosen in zip(self.classes, chosen, strict=True) if is_chosen)
        return Group(self.images[of_them], (np.cumsum(chosen) - 1)[self.labels[of_them]], names)

    def limited(self, most: int) -> "Group":
        """The first images of every class."""
        kept = np.arange(len(self.labels)) - self.first[self.labels] < most
        return Group(self.images[kept], self.labels[kept], self.classes)

    def draw(self, labels: np.ndarray, each: int, random: np.random.Generator) -> np.ndarray:
        """Numbers of images (classes, each), different ones of a class as long as it has so many."""
        found = [random.choice(self.sizes[label], min(each, self.sizes[label]), replace=False) for label in labels]
        return self.first[labels, None] + np.stack([np.resize(some, each) for some in found])

    def draw_pairs(self, pairs: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of images (2, pairs), and whether a pair is of the same class (pairs,): every other one is."""
        same, classes = np.arange(pairs) % 2 == 0, len(self.classes)
        left = random.integers(classes, size=pairs)
        right = (left + random.integers(1, classes, size=pairs)) % classes
        twice, other = self.draw(left, 2, random), self.draw(right, 1, random)
        return np.stack([twice[:, 0], np.where(same, twice[:, 1], other[:, 0])]), same

    def draw_trial(self, ways: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of images (ways, 2), two of each of up to `ways` classes of one family, and their labels."""
        shares = np.array([len(labels) if len(labels) > 1 else 0 for labels in self.families])
        labels = self.families[random.choice(len(shares), p=shares / shares.sum())]
        numbers = self.draw(random.permutation(labels)[:ways], 2, random)
        return numbers, self.labels[numbers]

    def draw_batch(
        self, ways: int, each: int, turns: int, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of images (ways, each), and their labels.

        One family after the other gives its classes, as a whole in one of so many turns. The labels of a turn follow
        those of the turn before.
        """
        shares = np.array([len(labels) for labels in self.families]) / len(self.classes)
        mixed = [random.permutation(self.families[i]) for i in random.choice(len(shares), len(shares), False, shares)]
        turn = np.repeat(random.integers(turns, size=len(mixed)), [len(labels) for labels in mixed])
        numbers = self.draw(np.concatenate(mixed)[:ways], each, random)
        return numbers, self.labels[numbers] + len(self.classes) * turn[:ways, None]


def family(name: str) -> str:
    """The family of a class: its name without the number at its end; empty where there is no number."""
    found = re.fullmatch(r"(.+)_\d+", name)
    return found[1] if found else ""


def read_group(source: Source, image_shape: tuple[int, int, int], limit: int | None = None) -> Group:
    """All images of a source, in memory; but of a set of TensorFlow Datasets only those of its split named train.

    Classes that have no image are left out. `limit`: at most so many images of each class, two or more.

    Raises:
        InputError: a class has a single image, or there is not enough memory; or see `load`.
    """
    if limit is not None and limit < 2:
        raise InputError(f"limit={limit}: must be 2 or more; a pair needs two images of a class")
    parts = [source.train] if isinstance(source.train, Records) else [source.train, source.validation]
    size = sum(part.size for part in parts)
    if size * prod(image_shape) > MEMORY:
        raise InputError(
            f"{source.name}: {size:,} images of {image_shape} take more than {MEMORY / 2**30:.0f} GiB; "
            "choose a smaller size"
        )
    parts = [part.in_memory(image_shape) for part in parts]
    images, labels = (np.concatenate([getattr(part, of) for part in parts]) for of in ("images", "labels"))
    group = Group(images, labels, source.classes)
    group = group.part(group.sizes > 0)
    for label in np.flatnonzero(group.sizes == 1):
        raise InputError(f"{source.name}: the class {group.classes[label]} has a single image; a pair needs two")
    return group.limited(limit) if limit else group


def split_group(group: Group, unseen: float | tuple[str, ...]) -> tuple[Group, Group]:
    """(the classes to train with, those that stay unseen).

    Args:
        unseen: names of classes or of families; or a share of the classes: the last ones, in whole families where there
            are several. A family that is larger than the share is divided, and so is one without which there would be
            a single unseen class.

    Raises:
        InputError: on one side there would be fewer than two classes.
    """
    classes = np.array(group.classes)
    if len(classes) < 4:
        raise InputError(f"{len(classes)} classes are too few: it takes two to train with and two that stay unseen")
    if isinstance(unseen, (tuple, list)):
        families = np.array([family(name) for name in group.classes])
        for name in unseen:
            if name not in classes and name not in families:
                raise unknown("class", name, (*dict.fromkeys(filter(None, families.tolist())), *group.classes))
        held = np.isin(classes, unseen) | np.isin(families, unseen)
    else:
        between("unseen", unseen, 0, 1)
        most, held = round(unseen * len(classes)), np.zeros(len(classes), bool)
        for labels in reversed(group.families):
            left = most - held.sum()
            if len(labels) <= left:
                held[labels] = True
                continue
            if len(labels) > most or held.sum() < 2:
                held[labels[len(labels) - left :]] = True
            break
    larger = f", a share of {2 / len(held):.2g}" if isinstance(unseen, (int, float)) else ""
    for side, purpose, more in ((~held, "to train with", ""), (held, "unseen", larger)):
        if side.sum() < 2:
            raise InputError(
                f"unseen={unseen!r}: leaves {side.sum()} of {len(held)} classes {purpose}; it takes two{more}"
            )
    return group.part(~held), group.part(held)
