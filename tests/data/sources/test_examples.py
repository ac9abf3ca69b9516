"""The same images from memory, from files and from records: in order, shuffled, in parts."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerascnn.data.sources.examples import Arrays
from kerascnn.data.sources.open import open_source

SHAPE = (8, 8, 3)
KINDS = pytest.mark.parametrize("kind", ["arrays", "files", "records"])


@pytest.fixture
def examples(photos, request):
    """Makes some examples of a kind."""

    def make(kind):
        if kind == "records":
            request.getfixturevalue("tfds_mnist")
        return open_source({"arrays": "digits", "files": photos({"a": 60, "b": 40})}.get(kind, "mnist"), 80).train

    return make


def read(examples, order, shape=SHAPE, **options):
    batches = examples.batches(order, 7, shape, **options).as_numpy_iterator()
    return [np.concatenate(part) for part in zip(*batches, strict=True)]


@KINDS
def test_in_memory_they_are_the_same(examples, kind):
    some = examples(kind)
    kept = some.in_memory((28, 28, 1) if kind == "records" else some.native if kind == "arrays" else SHAPE)
    images, labels, numbers = read(some, some.in_order())
    assert isinstance(kept, Arrays)
    np.testing.assert_array_equal(images, kept.images)
    np.testing.assert_array_equal(labels, kept.labels)
    assert numbers.tolist() == list(range(some.size))
    assert (images.dtype, labels.dtype) == (np.uint8, np.int32)


@KINDS
def test_shuffled_by_seed_and_epoch(examples, kind):
    some = examples(kind)
    orders = [read(some, some.shuffled(*key))[2].tolist() for key in ((0, 0), (0, 0), (0, 1), (1, 0))]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2] != orders[3] != orders[0]
    assert all(sorted(order) == list(range(some.size)) for order in orders)
    images, labels, numbers = read(some, some.shuffled(0, 0))
    all_images, all_labels, _ = read(some, some.in_order())
    np.testing.assert_array_equal(images, all_images[numbers])
    np.testing.assert_array_equal(labels, all_labels[numbers])


@KINDS
def test_parts(examples, kind):
    some = examples(kind)
    whole, sides = read(some, some.in_order()), some.parted(0.3)
    assert [read(side, side.in_order())[1].tolist() for side in some.parted(0.3)] == [
        read(side, side.in_order())[1].tolist() for side in sides
    ], "always the same ones"
    assert sum(side.size for side in sides) == some.size
    assert sides[1].size == pytest.approx(0.3 * some.size, rel=0.35)
    parts = [image.tobytes() for side in sides for image in read(side, side.in_order())[0]]
    assert sorted(parts) == sorted(image.tobytes() for image in whole[0])


def test_a_window_is_what_is_read_of_a_file(tmp_path, picture):
    """Of a JPEG and of another format."""
    for name in ("a/0.png", "a/1.png", "b/0.jpg", "b/1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / name, quality=100)
    train = open_source(tmp_path).train

    def window(numbers, rows, columns, height, width):
        return tuple(tf.fill(tf.shape(numbers), n) for n in (5, 7, 10, 20))

    images, labels, _ = read(train, train.in_order(), (10, 20, 3), window=window)
    assert labels.tolist() == [0, 1]
    for image in images:
        assert np.abs(image.astype(int) - picture[5:15, 7:27]).mean() < 2
