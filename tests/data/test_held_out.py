"""Images held out of the training ones, so that what chooses between networks is not what judges them."""

import numpy as np
import pytest

from kerascnn import InputError, data

SHAPE = (8, 8, 3)


def seen(dataset, steps=-1):
    return sorted(image.tobytes() for images, _ in dataset.take(steps).as_numpy_iterator() for image in images)


def both(loaded):
    train, held = seen(loaded.train, loaded.steps), seen(loaded.validation)
    assert (len(train), len(held)) == (loaded.train_size, loaded.validation_size)
    return train, held


def check(whole, parted, share):
    train, judges = both(whole)
    less, held = both(parted)
    assert sorted(less + held) == train  # the set's own validation images are in neither
    assert not set(held) & set(judges)
    assert len(held) == pytest.approx(share * len(train), rel=0.2)


def test_digits():
    for share in (0.2, 0.5):
        check(data.load("digits", batch=64), data.load("digits", batch=64, held_out=share), share)
    again = data.load("digits", batch=64, held_out=0.5, seed=1)
    assert seen(again.validation) == seen(data.load("digits", batch=64, held_out=0.5).validation)


def test_folder(photos):
    folder = photos({"a": 100, "b": 100})
    check(data.load(folder, SHAPE), data.load(folder, SHAPE, held_out=0.3), 0.3)


def test_a_set_of_tensorflow_datasets(tfds_mnist):
    check(data.load("mnist", limit=500), data.load("mnist", limit=500, held_out=0.2), 0.2)


def test_training_from_any_step():
    loaded = data.load("digits", batch=200, augment="cifar", start_step=9)
    for (images, labels), (same, its) in zip(loaded.train.take(3), loaded.train_from(9).take(3), strict=True):
        np.testing.assert_array_equal(images, same)
        np.testing.assert_array_equal(labels, its)


@pytest.mark.parametrize("share", [-0.1, 1, 2])
def test_wrong_shares(share):
    with pytest.raises(InputError, match=r"held_out=.*: must be a share, at least 0 and below 1"):
        data.load("digits", held_out=share)
