"""Which classes train and which stay unseen, and what is drawn from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn import InputError
from kerascnn.data import class_sets
from kerascnn.data.class_sets import Group, family, read_group, split_group
from kerascnn.data.sources import tfds
from kerascnn.data.sources.examples import Arrays
from kerascnn.data.sources.open import open_source

SIZES = st.lists(st.integers(2, 5), min_size=2, max_size=9)
NAMES = ["A_0", "A_1", "A_2", "B_0", "B_1", "C_0", "C_1", "lone", "other"]


def group_of(sizes):
    """Classes of so many images, in mixed order; each image is of one color, which is its number."""
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    return Group(images, labels, tuple(NAMES[: len(sizes)]))


def test_family():
    assert [family(name) for name in ("Greek_0", "Old_Church_Slavonic_(Cyrillic)_12", "7", "_7", "cat")] == [
        "Greek", "Old_Church_Slavonic_(Cyrillic)", "", "", "",
    ]  # fmt: skip


def test_images_lie_by_class():
    group = group_of([3, 2, 4])
    assert group.labels.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(3), [3, 2, 4]))
    assert labels[group.images[:, 0, 0, 0]].tolist() == group.labels.tolist()


def test_families_and_those_without():
    assert [labels.tolist() for labels in group_of([2] * 9).families] == [[0, 1, 2], [3, 4], [5, 6], [7, 8]]
    assert [labels.tolist() for labels in group_of([2] * 6).families] == [[0, 1, 2], [3, 4], [5]]


@given(SIZES, st.integers(2, 7), st.integers(0, 2**32))
def test_draws_different_images_while_there_are_any(sizes, each, seed):
    group = group_of(sizes)
    labels = np.arange(len(sizes))[::-1]
    numbers = group.draw(labels, each, np.random.default_rng(seed))
    for label, row in zip(labels, numbers, strict=True):
        assert set(group.labels[row]) == {label}
        assert len(set(row)) == min(each, sizes[label])


@given(SIZES, st.integers(1, 30), st.integers(0, 2**32))
def test_every_other_pair_is_of_the_same_class(sizes, pairs, seed):
    group = group_of(sizes)
    (left, right), same = group.draw_pairs(pairs, np.random.default_rng(seed))
    assert same.tolist() == [i % 2 == 0 for i in range(pairs)]
    assert (group.labels[left] == group.labels[right]).tolist() == same.tolist()
    assert (left != right).all()


def test_pairs_are_of_all_classes_alike():
    group = group_of([2, 3, 4, 5])
    (left, right), same = group.draw_pairs(20_000, np.random.default_rng(0))
    seen = np.zeros((4, 4))
    np.add.at(seen, (group.labels[left], group.labels[right]), 1)
    np.testing.assert_allclose(np.diag(seen) / same.sum(), 1 / 4, atol=0.02)
    np.testing.assert_allclose(seen[~np.eye(4, dtype=bool)] / (~same).sum(), 1 / 12, atol=0.02)


@given(st.integers(2, 12), st.integers(0, 2**32))
def test_a_trial_is_of_one_family(ways, seed):
    group = group_of([2, 3] * 4 + [2])
    numbers, labels = group.draw_trial(ways, np.random.default_rng(seed))
    assert (labels == group.labels[numbers]).all()
    assert (labels[:, 0] == labels[:, 1]).all()
    assert (numbers[:, 0] != numbers[:, 1]).all()
    (found,) = [members for members in group.families if set(labels[:, 0]) <= set(members)]
    assert len(set(labels[:, 0])) == len(labels) == min(ways, len(found))


@given(st.integers(2, 9), st.integers(2, 4), st.integers(1, 8), st.integers(0, 2**32))
def test_a_batch_takes_one_family_after_the_other(ways, each, turns, seed):
    group = group_of([3] * 9)
    numbers, labels = group.draw_batch(ways, each, turns, np.random.default_rng(seed))
    assert numbers.shape == labels.shape == (ways, each)
    assert (labels % 9 == group.labels[numbers]).all()
    assert (labels == labels[:, :1]).all()
    assert labels.min() >= 0
    assert labels.max() < 9 * turns
    assert len(set(labels[:, 0] % 9)) == ways
    family_of = {label: i for i, members in enumerate(group.families) for label in members}
    families = [family_of[label] for label in labels[:, 0] % 9]
    changes = np.flatnonzero(np.diff(families)) + 1
    parts = np.split(labels[:, 0], changes)
    assert len(parts) == len(set(families))
    assert all(len(set(part // 9)) == 1 for part in parts)
    assert all(len(part) == len(group.families[family_of[part[0] % 9]]) for part in parts[:-1])


@pytest.mark.parametrize(
    ("unseen", "names"),
    [
        (0.25, ["lone", "other"]),
        (0.44, ["C_0", "C_1", "lone", "other"]),
        (("B", "lone"), ["B_0", "B_1", "lone"]),
        (("A_1", "C_0"), ["A_1", "C_0"]),
    ],
)
def test_unseen_classes(unseen, names):
    group = group_of([2] * 9)
    seen, held = split_group(group, unseen)
    assert list(held.classes) == names
    assert set(seen.classes) | set(held.classes) == set(NAMES)
    assert len(seen.images) + len(held.images) == 18
    for part in (seen, held):
        original = {
            image.tobytes(): group.classes[label] for image, label in zip(group.images, group.labels, strict=True)
        }
        assert [original[image.tobytes()] for image in part.images] == [part.classes[label] for label in part.labels]


def people(families):
    """A group of classes with these names and numbers at their end: {"person": 9} -> person_00 to person_08."""
    names = [f"{name}_{i:02d}" for name, count in families.items() for i in range(count)]
    names = [name.removesuffix("!_00") for name in names]  # lone!: no number
    labels = np.repeat(np.arange(len(names)), 2)
    return Group(np.zeros((len(labels), 4, 4, 1), np.uint8), labels, tuple(names))


@pytest.mark.parametrize(
    ("families", "unseen", "names"),
    [
        ({"person": 9, "unknown!": 1}, 0.3, ["person_07", "person_08", "unknown"]),
        ({"person": 9, "unknown!": 1}, 0.2, ["person_08", "unknown"]),
        ({"person": 9, "unknown!": 1}, 0.8, [*(f"person_{i:02d}" for i in range(2, 9)), "unknown"]),
        ({"unknown!": 1, "person": 9}, 0.3, ["person_06", "person_07", "person_08"]),
        ({"dog": 5, "cat": 4}, 0.3, ["cat_01", "cat_02", "cat_03"]),
        ({"dog": 5, "cat": 2, "unknown!": 1}, 0.25, ["cat_01", "unknown"]),
        ({"a": 3, "b": 3, "c": 3, "d": 3}, 0.3, ["d_00", "d_01", "d_02"]),
    ],
)
def test_a_family_larger_than_the_share_is_divided(families, unseen, names):
    seen, held = split_group(people(families), unseen)
    assert list(held.classes) == names
    assert len(seen.classes) + len(held.classes) == sum(families.values())


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.floats(0, 1))
def test_every_share_that_leaves_two_on_both_sides_is_taken(sizes, unseen):
    count = sum(sizes)
    if count >= 4 and 2 <= round(unseen * count) <= count - 2:
        seen, held = split_group(people({chr(97 + i): size for i, size in enumerate(sizes)}), unseen)
        assert 2 <= len(held.classes) <= round(unseen * count)
        seen.draw_trial(5, np.random.default_rng(0))
        held.draw_trial(5, np.random.default_rng(0))


def test_three_classes_are_too_few():
    with pytest.raises(
        InputError, match=r"^3 classes are too few: it takes two to train with and two that stay unseen$"
    ):
        split_group(group_of([2] * 3), 0.5)


def test_of_one_family_the_last_classes_are_unseen():
    seen, held = split_group(read_group(open_source("digits"), (8, 8, 1)), 0.3)
    assert (seen.classes, held.classes) == (tuple("0123456"), tuple("789"))


def test_digits_are_all_there():
    from sklearn.datasets import load_digits

    group = read_group(open_source("digits"), (8, 8, 1))
    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    found = sorted((label, image.tobytes()) for image, label in zip(group.images, group.labels, strict=True))
    assert found == sorted((label, image.tobytes()) for image, label in zip(images, digits.target, strict=True))


def test_limit():
    group = read_group(open_source("digits"), (8, 8, 1), limit=3)
    assert group.sizes.tolist() == [3] * 10


def test_a_folder_gives_all_its_images(photos):
    group = read_group(open_source(photos({"train/a": 3, "train/b": 2, "val/a": 1, "val/b": 1})), (8, 8, 3))
    assert group.sizes.tolist() == [4, 3]


def test_classes_without_images_are_left_out(monkeypatch):
    parts = [Arrays(np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 0, 2, 2]))] * 2
    monkeypatch.setattr(tfds, "open_named", lambda name, _: (name, ("a", "b", "c"), *parts))
    group = read_group(open_source("anything"), (8, 8, 1))
    assert (group.classes, group.sizes.tolist()) == (("a", "c"), [4, 4])


def test_single_image(photos, monkeypatch):
    with pytest.raises(InputError, match="dogs: has a single image"):
        read_group(open_source(photos({"cats": 3, "dogs": 1})), (8, 8, 3))
    parts = [Arrays(np.zeros((2, 8, 8, 1), np.uint8), labels) for labels in (np.array([0, 1]), np.array([0, 0]))]
    monkeypatch.setattr(tfds, "open_named", lambda name, _: (name, ("cats", "dogs"), *parts))
    with pytest.raises(InputError, match=r"^pets: the class dogs has a single image; a pair needs two$"):
        read_group(open_source("pets"), (8, 8, 1))


def test_too_much_for_the_memory(monkeypatch):
    monkeypatch.setattr(class_sets, "MEMORY", 2**16)
    with pytest.raises(InputError, match=r"digits: 1,797 images of \(8, 8, 1\) take more than"):
        read_group(open_source("digits"), (8, 8, 1))


@pytest.mark.parametrize(
    ("unseen", "message"),
    [
        (1.5, "unseen=1.5: must be a number from 0 to 1"),
        (0.1, "unseen=0.1: leaves 1 of 9 classes unseen; it takes two, a share of 0.22"),
        (0, "unseen=0: leaves 0 of 9 classes unseen; it takes two, a share of 0.22"),
        (1, "unseen=1: leaves 0 of 9 classes to train with; it takes two"),
        (("A_0",), "leaves 1 of 9 classes unseen"),
        (("A", "B", "C", "lone"), "leaves 1 of 9 classes to train with"),
        (("A_9",), "unknown class 'A_9': did you mean A_2 or A_1 or A_0"),
    ],
)
def test_no_such_split(unseen, message):
    with pytest.raises(InputError) as caught:
        split_group(group_of([2] * 9), unseen)
    assert message in str(caught.value)


def test_a_single_image_limit():
    with pytest.raises(InputError, match="limit=1: must be 2 or more"):
        read_group(open_source("digits"), (8, 8, 1), limit=1)
