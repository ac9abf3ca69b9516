"""The same images from memory, from files and from records: in order, shuffled, in parts."""

import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerascnn import InputError
from kerascnn.data.sources.decoding import fill_bits
from kerascnn.data.sources.examples import OPENED, Arrays, Files, broken_file
from kerascnn.data.sources.file_checks import read_headers
from kerascnn.data.sources.open import open_source

from .troublesome import ROWS, make

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


def test_what_is_mirrored(tmp_path, picture):
    for name in ("a/0.png", "a/1.png", "b/0.jpg", "b/1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / name, quality=100)
    some = open_source(tmp_path).train
    plain, flipped = (read(some, some.in_order(), (20, 25, 3), mirrored=how)[0] for how in (None, lambda n: n >= 1))
    np.testing.assert_array_equal(flipped, [plain[0], plain[1][:, ::-1]])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # which users don't see either
def test_the_right_images_of_troublesome_files(tmp_path):
    """In one pipeline, but for files of 16 bits, which would share their bits."""
    names = [name for name, (_, right, _) in ROWS.items() if not isinstance(right, str) and "of 16" not in name]
    paths = [make(name, tmp_path) for name in names]
    files = Files(paths, fill_bits(paths, read_headers(paths)), [0] * len(paths))
    images, *_ = read(files, files.in_order(), (48, 64, 3))
    wrong = [name for name, image in zip(names, images, strict=True) if np.abs(image - ROWS[name][1] * 1.0).mean() > 3]
    assert not wrong
    assert len(names) > 50


@pytest.mark.parametrize("name", [name for name, (_, right, _) in ROWS.items() if isinstance(right, str)])
def test_troublesome_files_in_a_pipeline(tmp_path, name):
    """Each between two good ones: one line that names the file, before training or in it."""
    OPENED.clear()  # some other test's file may be as long
    paths = [make(one, tmp_path) for one in ("plain.jpg", name, "plain.ppm")]

    def all_read():
        files = Files(paths, fill_bits(paths, read_headers(paths)), [0, 0, 0])
        return read(files, files.in_order(), (48, 64, 3))

    with pytest.raises((InputError, tf.errors.OpError)) as caught:
        all_read()
    said = str(caught.value if isinstance(caught.value, InputError) else broken_file(caught.value))
    assert said.startswith(f"{tmp_path / name}: ")
    assert ROWS[name][1] in said
    assert "\n" not in said


@pytest.mark.parametrize("name", ["plain.jpg", "palette.png"])
@pytest.mark.parametrize("what", ["removed", "another size", "another time", "a pipe"])
def test_a_change_between_two_epochs_is_noticed(tmp_path, name, what):
    paths = [make(one, tmp_path) for one in ("plain.jpg", "palette.png", "plain.bmp")]
    path = tmp_path / name
    files = Files(paths, read_headers(paths), [0, 1, 2])
    batches = files.batches(files.in_order(), 2, (8, 8, 3))
    assert [len(images) for images, *_ in batches] == [2, 1]
    before, contents = path.stat(), path.read_bytes()
    path.unlink()
    if what == "a pipe":
        os.mkfifo(path)
    elif what != "removed":
        path.write_bytes(contents + b" " * (what == "another size"))
        os.utime(path, ns=(0, before.st_mtime_ns + (what == "another time")))
    with pytest.raises(tf.errors.OpError) as caught:
        list(batches)
    said = "cannot be read: No such file" if what == "removed" else "has changed since it was examined"
    assert str(broken_file(caught.value)).startswith(f"{path}: {said}")


def test_an_error_that_no_file_made(tmp_path):
    paths = [make("plain.jpg", tmp_path)]
    files = Files(paths, read_headers(paths), [0])
    assert broken_file(tf.errors.InvalidArgumentError(None, None, "shapes differ")) is None
    assert files.size == 1
