"""Which names of folders are splits, and what may lie beside them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn import InputError
from kerascnn.data.sources.split_folders import (
    FILLERS,
    SPELLINGS,
    Splits,
    find_splits,
    resembles_split,
    splits_by_rest,
    splits_of,
)

PLACE = Path("/photos")


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["train", "val"], Splits("train", "val", None)),
        (["Testing", "Training"], Splits("Training", "Testing", None)),
        (["Train", "Val"], Splits("Train", "Val", None)),
        (["TEST", "TRAIN", "VALID"], Splits("TRAIN", "VALID", "TEST")),
        (["dev", "train"], Splits("train", "dev", None)),
        (["eval", "training"], Splits("training", "eval", None)),
        (["test_set", "training_set"], Splits("training_set", "test_set", None)),
        (["train_images", "val_images"], Splits("train_images", "val_images", None)),
        (["test2017", "train2017", "val2017"], Splits("train2017", "val2017", "test2017")),
        (["TestImages", "TrainImages"], Splits("TrainImages", "TestImages", None)),
        (["testset", "trainset"], Splits("trainset", "testset", None)),
        (["seg_test", "seg_train"], Splits("seg_train", "seg_test", None)),
        (["imagenet-train", "imagenet-val"], Splits("imagenet-train", "imagenet-val", None)),
        (["01 Train", "02 Test"], Splits("01 Train", "02 Test", None)),
    ],
)
def test_usual_spellings(names, splits):
    assert find_splits(PLACE, names) == splits


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["train"],
        ["test", "val"],
        ["control", "test"],
        ["bus", "train"],
        ["express train", "test tube"],
        ["invalid", "valid"],
        ["test1", "test2"],
        ["cat", "dog"],
        ["retrain", "untested"],
        ["steam_train", "toy_test"],
    ],
)
def test_names_like_all_others(names):
    assert find_splits(PLACE, names) is None


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["Train", "train", "val"], "/photos: Train and train are both the train split; one of each is allowed"),
        (["train", "val", "validation"], "/photos: val and validation are both the val split; one of each is allowed"),
        (
            ["extra", "train", "val"],
            "/photos: has train and val, and beside them extra, which is no split; allowed are train, val and test: "
            "move all else away",
        ),
        (
            [*"abcdefg", "test", "train"],
            "/photos: has test and train, and beside them a, b, c, d, e and 2 more, which are no splits; allowed are "
            "train, val and test: move all else away",
        ),
    ],
)
def test_what_may_not_lie_beside_them(names, line):
    with pytest.raises(InputError) as caught:
        find_splits(PLACE, names)
    assert str(caught.value) == line


@given(
    st.sampled_from(sorted(SPELLINGS)),
    st.data(),
    st.sampled_from(["", *FILLERS]),
    st.sampled_from(["", "_", "-", " ", "."]),
    st.integers(0, 99),
)
def test_case_separators_fillers_and_digits_change_nothing(split, data, filler, between, number):
    spelling = data.draw(st.sampled_from(SPELLINGS[split]))
    for words in (spelling, spelling.upper(), spelling.title()):
        assert splits_of([f"{words}{between}{filler}{number or ''}"]) == {
            f"{words}{between}{filler}{number or ''}": split
        }


@given(st.lists(st.text(min_size=1), unique=True, max_size=5))
def test_any_names_are_answered(names):
    assert set(splits_of(names)) <= set(names)


def test_what_begins_like_a_split():
    assert all(map(resembles_split, ("Trainning", "my_tests", "valdation", "x_train")))
    assert not any(map(resembles_split, ("cat", "fold1", "strain", "contest")))


def test_splits_of_each_class():
    names = ["cat_train", "cat-TEST", "train", "dogs", "train_test"]
    assert splits_by_rest(names) == {"cat": {"cat_train": "train", "cat-TEST": "test"}, "": {"train": "train"}}


def test_a_check_that_goes_on(tmp_path):
    faults = []
    found = find_splits(tmp_path, ["train", "training", "val", "x"], lambda path, what: faults.append(what))
    assert (found.train, found.validation) == ("train", "val")
    assert [what.partition(",")[0] for what in faults] == [
        "train and training are both the train split; one of each is allowed",
        "has train and training and val",
    ]
