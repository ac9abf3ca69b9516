"""Which files count as the same image."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from kerascnn.data.checking.duplicates import Looked, find_duplicates, fingerprint

IMAGES = arrays(np.uint8, array_shapes(min_dims=2, max_dims=3, max_side=3), elements=st.integers(0, 1))


@given(IMAGES, IMAGES)
def test_fingerprints_are_equal_where_images_are(first, second):
    assert (fingerprint(first) == fingerprint(second)) == np.array_equal(first, second)


def test_order_in_memory_does_not_matter():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert fingerprint(np.asfortranarray(image)) == fingerprint(image)


def find(folder, *images, **options):
    """Findings for images, each (file, side, owner, fingerprint); all files have the same bytes but for *.bmp."""
    for file, *_ in images:
        (folder / file).write_bytes(b"2" if file.endswith(".bmp") else b"1")
    return [found[1:4] for found in find_duplicates([Looked(*image) for image in images], folder, **options)]


def test_within_a_class(tmp_path):
    images = [("a.png", "train", "cat", b"x"), ("b.png", "train", "cat", b"y"), ("c.png", "train", "cat", b"x")]
    assert find(tmp_path, *images) == [("duplicate", "a.png", "is the same file as c.png")]


def test_in_another_encoding(tmp_path):
    images = [("a.png", "train", "", b"x"), ("a.bmp", "train", "", b"x")]
    assert find(tmp_path, *images) == [("duplicate", "a.png", "is the same image as a.bmp")]


def test_in_two_classes(tmp_path):
    images = [("a.png", "train", "cat", b"x"), ("b.png", "train", "d\x1bg", b"x")]
    assert find(tmp_path, *images) == [
        ("two classes", "a.png", r"is the same file as b.png, but in other classes (cat, d\x1bg)")
    ]


def test_on_two_sides(tmp_path):
    images = [("a.png", "val", "cat", b"x"), ("b.png", "train", "cat", b"x"), ("c.png", "train", "cat", b"x")]
    assert find(tmp_path, *images) == [("leak", "b.png", "is the same file as c.png, a.png: 2 train and 1 validates")]


def test_of_many_the_first(tmp_path):
    images = [(f"{number}.png", "train", "", b"x") for number in range(9)]
    assert find(tmp_path, *images) == [("duplicate", "0.png", "is the same file as 1.png, 2.png, 3.png and 5 more")]
    (finding,) = find_duplicates([Looked(*image) for image in images], tmp_path)
    assert finding.others == tuple(f"{number}.png" for number in range(1, 9))


def test_with_masks(tmp_path):
    images = [("a.png", "train", b"1", b"x"), ("b.png", "val", b"2", b"x")]
    assert find(tmp_path, *images, of_masks=True) == [
        ("two masks", "a.png", "is the same file as b.png, but their masks differ: 1 trains and 1 validates")
    ]
    images[1] = ("b.png", "train", b"1", b"x")
    assert find(tmp_path, *images, of_masks=True) == [("duplicate", "a.png", "is the same file as b.png")]


def test_a_jpeg_that_was_saved_without_loss_is_the_same(tmp_path, picture):
    from kerascnn.data.sources.decoding import decode_whole
    from kerascnn.data.sources.file_checks import read_header

    for name, options in (("a.jpg", {}), ("b.jpg", {"progressive": True, "quality": 60})):
        Image.fromarray(picture).save(tmp_path / name, **options)
        Image.open(tmp_path / name).save(tmp_path / "same.png")
        first, second = (decode_whole(path, read_header(path)) for path in (tmp_path / name, tmp_path / "same.png"))
        assert fingerprint(first) == fingerprint(second)
