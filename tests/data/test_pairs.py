"""Batches of pairs and of classes: what is in them, when, and what is done to the images."""

import numpy as np
import pytest
import tensorflow as tf

from kerascnn import InputError, data
from kerascnn.data.pairs import _turn, restroke

SHAPE = (8, 8, 3)


def batches(dataset, count=-1):
    return list(dataset.take(count).as_numpy_iterator())


@pytest.fixture
def folder(photos):
    return photos({"a": 6, "b": 5, "c": 4, "d": 5, "e": 7, "f": 3})


def numbers(images):
    """Which of the `photos` they are; their colors tell."""
    return np.rint(images[:, 0, 0, 0] * 255 + images[:, 0, 0, 1] * 255 * 256).astype(int)


def labels(images):
    return np.searchsorted([6, 11, 15, 20, 27], numbers(images), side="right")


def load(folder, **options):
    return data.load_pairs(folder, SHAPE, **{"batch": 8, "scaling": "unit", **options})


def test_pairs(folder):
    loaded = load(folder)
    assert (loaded.name, loaded.classes, loaded.unseen.classes) == ("photos", tuple("abcd"), tuple("ef"))
    assert (loaded.train_size, loaded.validation_size, loaded.steps) == (20, 10, 3)
    assert loaded.train.cardinality() == tf.data.INFINITE_CARDINALITY
    for pipeline, allowed in ((loaded.train, {0, 1, 2, 3}), (loaded.validation, {4, 5})):
        found = batches(pipeline, 50)
        for (left, right), same in found:
            assert (labels(left) == labels(right)).astype(int).tolist() == same.tolist() == [1, 0] * (len(same) // 2)
            assert (numbers(left) != numbers(right)).all()
        assert {label for (left, right), _ in found for label in labels(np.concatenate([left, right]))} == allowed
    spec = tf.TensorSpec((None, *SHAPE))
    assert loaded.train.element_spec[0] == (spec, spec)
    assert loaded.train.element_spec[1] == tf.TensorSpec((None,), tf.int32)


def test_classes(folder):
    loaded = load(folder, each=2)
    assert (loaded.steps, len(batches(loaded.validation))) == (3, 10)
    for images, given in batches(loaded.train, 30):
        assert given.tolist() == labels(images).tolist()
        assert (given[::2] == given[1::2]).all()
        assert sorted(given[::2]) == [0, 1, 2, 3]
    for images, given in batches(loaded.validation, 30):
        assert sorted(given + 4) == sorted(labels(images)) == [4, 4, 5, 5]
        assert (given[::2] == given[1::2]).all()


@pytest.mark.parametrize("each", [None, 2])
def test_a_batch_is_a_function_of_seed_and_step(folder, each):
    options = dict(each=each, how=data.Warp(rotation=(-90, 90), fill=0), strokes=0.5)
    loaded = load(folder, **options)
    first, later = batches(loaded.train, 12), batches(load(folder, start_step=5, **options).train, 7)
    for one, other in zip(first[5:], later, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, one, other)
    content = [np.concatenate(tf.nest.flatten(batch), axis=None).tobytes() for batch in first]
    assert len(set(content)) == 12
    other = load(folder, seed=1, **options)
    others = [np.concatenate(tf.nest.flatten(batch), axis=None).tobytes() for batch in batches(other.train, 12)]
    assert not set(content) & set(others)
    for one, again in zip(batches(loaded.validation), batches(other.validation), strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, one, again)


def test_only_what_trains_is_distorted(folder):
    loaded = load(folder, each=2, how=data.Warp(translation=(3, 4), fill=0.5))
    assert all((images == 0.5).any(axis=(1, 2, 3)).all() for images, _ in batches(loaded.train, 3))
    assert not any((images == 0.5).all(axis=-1).any() for images, _ in batches(loaded.validation, 3))


def test_turned_classes():
    loaded = data.load_pairs("digits", batch=14, each=2, turned=True, scaling="unit")
    seen = loaded.seen
    known = {image.tobytes(): label for image, label in zip(seen.images, seen.labels, strict=True)}
    turns = set()
    for images, given in batches(loaded.train, 40):
        assert len(set(given // 7)) == 1
        turns.add(given[0] // 7)
        back = np.asarray(_turn(images, np.full(len(images), UNDO[given[0] // 7], np.int32)))
        found = [known[image.tobytes()] for image in np.rint(back * 255).astype(np.uint8)]
        assert found == (given % 7).tolist()
    assert turns == set(range(8))
    assert all((given < 3).all() for _, given in batches(loaded.validation))


UNDO = (0, 1, 2, 5, 4, 3, 6, 7)  # of the eight positions, all but the two quarter turns are their own inverse


def test_eight_positions():
    image = np.arange(9.0).reshape(1, 3, 3, 1)
    answers = [np.asarray(_turn(image, np.array([turn])))[0, ..., 0] for turn in range(8)]
    rotated = [np.rot90(side, k) for side in (image[0, ..., 0], image[0, ::-1, :, 0]) for k in range(4)]
    assert {answer.tobytes() for answer in answers} == {np.ascontiguousarray(turn).tobytes() for turn in rotated}


@pytest.mark.parametrize(("ground", "ink"), [(255, 0), (0, 255), (250, 30)])
def test_ink(tmp_path, ground, ink):
    from PIL import Image

    for name in "abcd":
        (tmp_path / name).mkdir()
        for i in range(3):
            image = np.full((8, 8), ground, np.uint8)
            image[i] = ink
            Image.fromarray(image).save(tmp_path / name / f"{i}.png")
    loaded = data.load_pairs(tmp_path, (8, 8, 1), batch=4, unseen=0.5)
    expected = abs(np.array([ground, ink]) - (255 if ground > 127 else 0)) / 255
    ((left, _), _), *_ = batches(loaded.train, 1)
    np.testing.assert_allclose(np.unique(left), np.sort(expected), atol=1e-6)
    again = data.scale(np.array([[ground], [ink]], np.uint8), loaded.scaling, loaded.mean, loaded.std)
    np.testing.assert_allclose(again[:, 0], expected, atol=1e-6)


def test_strokes_grow_and_shrink():
    stroke = np.zeros((200, 9, 9, 1), np.float32)
    stroke[:, :, 3:5] = 1
    changed = np.asarray(restroke(stroke, 1.0, [1, 2]))
    widths = changed[:, 4].sum(axis=(1, 2))
    assert 1 <= widths.min() < 1.1
    assert 3.9 < widths.max() <= 4
    assert changed.min() >= 0
    assert changed.max() <= 1
    np.testing.assert_array_equal(changed, restroke(stroke, 1.0, [1, 2]))
    flat = np.full((5, 9, 9, 1), 0.3, np.float32)
    np.testing.assert_allclose(restroke(flat, 1.0, [1, 2]), flat, atol=1e-6)


def test_replicas_get_whole_classes(photos):
    folder = photos(dict.fromkeys("abcdefghij", 3))
    loaded = load(folder, batch=14, each=2, replicas=3)
    assert [len(given) for _, given in batches(loaded.train, 3)] == [12] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"each": 1}, "each=1: must be a whole number from 2 to 4, half of the batch"),
        ({"each": 5}, "each=5: must be a whole number from 2 to 4"),
        ({"each": 4, "replicas": 2}, "batch=8: must be 16 or more, for two classes on each device"),
        ({"replicas": 3}, "batch=8: must be a multiple of the 3 replicas"),
        ({"batch": 0}, "batch=0"),
        ({"turned": True}, "turned=True: takes square images and each=NUMBER"),
        ({"scaling": "inc"}, "scaling='inc': must be one of 'ink'"),
        ({"limit": 1}, "limit=1: must be 2 or more"),
    ],
)
def test_wrong_options(folder, options, message):
    with pytest.raises(InputError) as caught:
        load(folder, **options)
    assert message in str(caught.value)


def test_a_folder_does_not_have_the_statistics_of_a_set_of_its_name(photos):
    classes = {f"class{i}": 2 for i in range(4)}
    pairs = data.load_pairs(photos(classes, folder="mnist"), (8, 8, 1), batch=8, unseen=0.5, scaling="standard")
    labelled = data.load(photos(classes, folder="mnist"), (8, 8, 1), batch=2)
    assert (pairs.mean, pairs.std) == (labelled.mean, labelled.std) != data.STATISTICS["mnist"]
