"""From a name or a folder to pipelines: what comes out, how often, and in which order."""

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_digits

import kerascnn
from kerascnn import InputError, data
from kerascnn.data.sources.decoding import read_images
from kerascnn.data.sources.examples import Arrays

SHAPE = (8, 8, 3)
PLACES = pytest.mark.parametrize("memory", [2**30, 0], ids=["in memory", "on the fly"])


def batches(dataset, count=-1):
    return list(dataset.take(count).as_numpy_iterator())


def numbers(batches):
    """Which of the `photos` come, in that order: their colors tell. Checks the labels, which are 1 from 25 on."""
    images, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    found = np.rint(images[:, 0, 0, 0] * 255 + images[:, 0, 0, 1] * 255 * 256).astype(int)
    assert labels.tolist() == (found >= 25).tolist()
    return found.tolist()


def contents(batches):
    return Counter((x.tobytes(), y) for images, labels in batches for x, y in zip(images, labels, strict=True))


@PLACES
def test_folder(photos, monkeypatch, memory):
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", memory)
    folder = photos({"a": 25, "b": 40})
    loaded = data.load(folder, SHAPE, batch=8, scaling="unit")
    assert (loaded.name, loaded.classes, loaded.image_shape) == ("photos", ("a", "b"), SHAPE)
    assert loaded.train_size + loaded.validation_size == 65
    assert loaded.steps == -(-loaded.train_size // 8)
    assert loaded.train.cardinality() == tf.data.INFINITE_CARDINALITY
    assert loaded.validation.cardinality() == -(-loaded.validation_size // 8)
    assert loaded.train.element_spec == (tf.TensorSpec((None, *SHAPE)), tf.TensorSpec((None,), tf.int32))

    two_epochs = batches(loaded.train, 2 * loaded.steps)
    first, second = numbers(two_epochs[: loaded.steps]), numbers(two_epochs[loaded.steps :])
    held = numbers(batches(loaded.validation))
    assert first != second
    assert sorted(first) == sorted(second)
    assert sorted(first + held) == list(range(65))
    assert held == sorted(held)

    later = data.load(folder, SHAPE, batch=8, scaling="unit", start_step=loaded.steps + 2)
    assert numbers(batches(later.train, 3)) == second[16:40]
    other_seed = data.load(folder, SHAPE, batch=8, scaling="unit", seed=1)
    assert numbers(batches(other_seed.train, loaded.steps)) != first


def test_both_places_give_the_same(photos, monkeypatch):
    folder = photos({"a": 10, "b": 10})
    kept = data.load(folder, (5, 7, 1), batch=4)
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", 0)
    read = data.load(folder, (5, 7, 1), batch=4)
    for one, other in zip(batches(kept.train, 9), batches(read.train, 9), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def fifths():
    """Of the digits of each class, how many are held out and how many train."""
    of_each = np.bincount(load_digits().target)
    held = [round(count / 5) for count in of_each]
    return held, [int(count) - part for count, part in zip(of_each, held, strict=True)]


def test_digits():
    loaded = data.load("digits")
    assert (loaded.name, loaded.image_shape, loaded.classes) == ("digits", (8, 8, 1), tuple("0123456789"))
    assert loaded.train_size + loaded.validation_size == 1797
    held, *_ = fifths()
    assert loaded.validation_size == sum(held)
    assert (loaded.mean, loaded.std) == data.STATISTICS["digits"]
    epoch = batches(loaded.train, loaded.steps)
    pixels = np.concatenate([images for images, _ in epoch])
    assert (pixels.mean(), pixels.std()) == (pytest.approx(0, abs=0.02), pytest.approx(1, abs=0.02))

    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    everything = [(data.scale(images, "standard", loaded.mean, loaded.std), digits.target.astype(np.int32))]
    assert contents(epoch) + contents(batches(loaded.validation)) == contents(everything)


def test_digits_kept_at_their_size_are_resized_on_the_fly(monkeypatch):
    kept = data.load("digits", (32, 32, 3), limit=40)
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", 80 * 64)
    fly = data.load("digits", (32, 32, 3), limit=40)
    for one, other in zip(batches(kept.train, 3), batches(fly.train, 3), strict=True):
        np.testing.assert_array_equal(one[0], other[0])


@pytest.mark.parametrize(("scaling", "low", "high"), [("unit", 0, 1), ("symmetric", -1, 1)])
def test_scaling(scaling, low, high):
    (images, _), *_ = batches(data.load("digits", scaling=scaling, limit=100, batch=100).train, 1)
    assert (images.min(), images.max()) == (low, high)


def test_limit():
    loaded = data.load("digits", limit=50, batch=64)
    assert (loaded.train_size, loaded.validation_size, loaded.steps) == (50, 50, 1)
    assert len(batches(loaded.train, 1)[0][1]) == 50


def test_replicas():
    loaded = data.load("digits", batch=32, replicas=4, limit=103)  # 3 * 32 + 7: the last batch keeps 4
    assert [len(labels) for _, labels in batches(loaded.train, 5)] == [32, 32, 32, 4, 32]
    assert loaded.steps == 4
    assert [len(labels) for _, labels in batches(loaded.validation)] == [32, 32, 32, 7]
    few = data.load("digits", batch=32, replicas=4, limit=99)  # 3 * 32 + 3: too few for a last batch
    assert few.steps == 3
    assert [len(labels) for _, labels in batches(few.validation)] == [28, 28, 28, 15]
    with pytest.raises(InputError, match=r"batch=30: must be a multiple of the 4 replicas, like 28 or 32$"):
        data.load("digits", batch=30, replicas=4)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"batch": 0}, "batch=0: must be a whole number, 1 or more"),
        ({"batch": 32.0}, "batch=32.0: must be a whole number, 1 or more"),
        ({"limit": 0}, "limit=0: must be a whole number, 1 or more"),
        ({"seed": -1}, "seed=-1: must be a whole number, 0 or more"),
        ({"start_step": "3"}, "start_step='3': must be a whole number, 0 or more"),
        ({"scaling": "caffe"}, "scaling='caffe': must be one of 'unit', 'symmetric', 'standard'"),
        (
            {"image_shape": (32, 32)},
            r"image_shape=\(32, 32\): must be \(height, width, channels\) with 1 or 3 channels",
        ),
        ({"crops": 5}, "crops=5: must be one of 1, 10"),
        ({"augment": "cifra"}, r"unknown augmentation 'cifra': did you mean cifar\?"),
        ({"image_shape": (32, 32, 4)}, r"image_shape=\(32, 32, 4\): must be .* with 1 or 3 channels"),
    ],
)
def test_wrong_arguments(arguments, line):
    with pytest.raises(InputError, match=f"^{line}$"):
        data.load("digits", **arguments)


def test_mnist_and_its_statistics(tfds_mnist):
    loaded = data.load("mnist", batch=1000)
    pixels = np.concatenate([images for images, _ in batches(loaded.train, loaded.steps)], dtype=float)
    assert (pixels.mean(), pixels.std()) == (pytest.approx(0, abs=2e-4), pytest.approx(1, abs=2e-4))
    assert (loaded.train_size, loaded.validation_size, loaded.steps) == (60_000, 10_000, 60)
    labels = np.concatenate([labels for _, labels in batches(loaded.validation)])
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # MNIST's own counts
    assert loaded.validation.cardinality() == 10


def test_streamed_set(tfds_mnist, monkeypatch):
    kept = data.load("mnist", batch=64, limit=300)
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", 0)
    streamed = data.load("mnist", batch=64, limit=300)
    assert streamed.train.cardinality() == tf.data.INFINITE_CARDINALITY
    assert streamed.validation.cardinality() == 5
    two_epochs = batches(streamed.train, 10)
    first, second = two_epochs[:5], two_epochs[5:]
    assert contents(first) == contents(second) == contents(batches(kept.train, 5))
    assert contents(first[:1]) != contents(second[:1])
    assert contents(batches(streamed.validation)) == contents(batches(kept.validation))
    later = data.load("mnist", batch=64, limit=300, start_step=7)
    for one, other in zip(batches(later.train, 2), second[2:4], strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_fit_takes_no_phantom_steps():
    model = kerascnn.build("lenet5")
    loaded = data.load("digits", (32, 32, 1), limit=40, batch=16)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(loaded.train, steps_per_epoch=3, epochs=2, validation_data=loaded.validation, shuffle=False, verbose=0)
    assert model.optimizer.iterations == 6


@pytest.fixture
def jpegs(tmp_path):
    """A folder of photos of two classes, of three sizes, one of them on its side."""
    for i in range(12):
        rough = np.random.default_rng(i).integers(0, 256, (5, 6, 3), np.uint8)
        picture = Image.fromarray(rough).resize([(40, 30), (25, 50), (90, 60)][i % 3], Image.Resampling.BICUBIC)
        place = tmp_path / "jpegs" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x0112] = 6 if i == 4 else 1
        picture.save(place / f"{i}.jpg", quality=95, exif=exif)
    return tmp_path / "jpegs"


def assert_equal(some, others):
    for one, other in zip(some, others, strict=True):
        for part, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(part, same)


@pytest.mark.parametrize("augment", data.AUGMENTS)
def test_augmented_training_goes_on_exactly(augment):
    options = dict(batch=16, limit=56, augment=augment, scaling="unit")
    loaded = data.load("digits", (16, 16, 1), **options)
    assert loaded.augment == augment
    all_batches = batches(loaded.train, 7)  # four an epoch
    later = data.load("digits", (16, 16, 1), **options, start_step=3)
    assert_equal(batches(later.train, 4), all_batches[3:])
    labels = all_batches[0][1]
    assert (labels.shape, labels.dtype) == (((16, 10), np.float32) if augment == "modern" else ((16,), np.int32))


def test_validation_is_not_augmented():
    options = dict(limit=20, image_shape=(16, 16, 1), scaling="unit", batch=16)
    plain, augmented = (batches(data.load("digits", augment=name, **options).validation) for name in ("none", "modern"))
    assert_equal(plain, augmented)


@pytest.mark.parametrize("augment", ["vgg"])
def test_parts_of_photos_go_on_exactly(jpegs, augment):
    options = dict(batch=4, augment=augment, image_shape=(16, 16, 3))
    all_batches = batches(data.load(jpegs, **options).train, 6)
    assert_equal(batches(data.load(jpegs, **options, start_step=4).train, 2), all_batches[4:])


def test_photos_are_mirrored_as_they_are_read_or_by_the_grid(jpegs):
    """The grid does it for a shift that is no pixel."""
    warp = data.AUGMENTS["vgg"].warp
    policies = [data.Augment(each) for each in (warp, warp._replace(shift=1e-9), warp._replace(flip_horizontal=0))]
    read, grid, plain = (batches(data.load(jpegs, (16, 16, 3), batch=4, augment=how).train, 2) for how in policies)
    assert_equal(read, grid)
    assert any((one != other).any() for (one, _), (other, _) in zip(read, plain, strict=True))


def test_an_image_is_changed_in_the_same_way_in_batches_of_any_size():
    """By seed, epoch and the image's number in the set."""
    options = dict(limit=40, augment="inception", image_shape=(16, 16, 3), scaling="unit")
    epochs = [
        np.concatenate([x for x, _ in batches(data.load("digits", batch=n, **options).train, 40 // n)]) for n in (8, 20)
    ]
    np.testing.assert_allclose(*epochs, atol=0.01)


def test_a_part_of_a_photo_is_the_same_part_of_it_in_memory(jpegs, monkeypatch):
    """What the decoder cuts out, and what is cut out of what was decoded whole."""
    how = data.Augment(data.Warp(crop=data.Crop(area=(0.3, 1), aspect=(3 / 4, 4 / 3))))
    for path in jpegs.rglob("*.jpg"):
        if path.stem not in ("0", "3", "6", "9"):  # upright ones of one size
            path.unlink()
    options = dict(batch=4, augment=how, scaling="unit")
    (read, _), *_ = batches(data.load(jpegs, (16, 16, 3), **options).train, 1)

    def decoded(paths, _, labels):
        return Arrays(np.concatenate([read_images([path], (30, 40, 3)) for path in paths]), labels)

    monkeypatch.setattr("kerascnn.data.sources.class_folder.Files", decoded)
    (kept, _), *_ = batches(data.load(jpegs, (16, 16, 3), **options).train, 1)
    assert np.abs(read - kept)[:, 2:-2, 2:-2].mean() < 0.02


def test_ten_crops(jpegs):
    loaded = data.load(jpegs, (14, 14, 3), crops=10, batch=4, scaling="unit")
    assert loaded.crops.cardinality() == loaded.validation_size
    views, labels = (np.concatenate(part) for part in zip(*batches(loaded.crops), strict=True))
    assert views.shape == (loaded.validation_size, 10, 14, 14, 3)
    assert labels.tolist() == np.concatenate([labels for _, labels in batches(loaded.validation)]).tolist()
    larger = data.load(jpegs, (16, 16, 3), batch=64, scaling="unit")  # 14 * 256 / 224
    (whole, _), *_ = batches(larger.validation)
    np.testing.assert_array_equal(views[:, 0], whole[:, :14, :14])
    np.testing.assert_array_equal(views[:, 3], whole[:, 2:, 2:])
    np.testing.assert_array_equal(views[:, 9], whole[:, 1:15, 1:15][:, :, ::-1])
    assert data.load("digits", limit=20).crops is None


def test_streamed_set_is_augmented(tfds_mnist, monkeypatch):
    options = dict(batch=64, limit=300, augment="inception", scaling="unit", image_shape=(16, 16, 1))
    kept = {y.tobytes(): x for x, y in batches(data.load("mnist", **{**options, "batch": 300}).train, 1)}
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", 0)
    streamed = data.load("mnist", **options)
    assert_equal(batches(data.load("mnist", **options, start_step=7).train, 2), batches(streamed.train, 9)[7:])
    (once,) = kept.values()
    mine = np.concatenate([x for x, _ in batches(streamed.train, 5)])
    found = np.sort(mine.reshape(300, -1).mean(axis=1)), np.sort(once.reshape(300, -1).mean(axis=1))
    np.testing.assert_allclose(*found, atol=0.01)  # the same images, changed in the same way, in another order


def test_training_from_any_step():
    loaded = data.load("digits", batch=200, augment="cifar", start_step=9)
    for (images, labels), (same, its) in zip(loaded.train.take(3), loaded.train_from(9).take(3), strict=True):
        np.testing.assert_array_equal(images, same)
        np.testing.assert_array_equal(labels, its)


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


def test_held_out_digits():
    for share in (0.2, 0.5):
        parted = data.load("digits", batch=64, held_out=share)
        check(data.load("digits", batch=64), parted, share)
        assert parted.validation_size == sum(round(share * count) for count in fifths()[1])
    again = data.load("digits", batch=64, held_out=0.5, seed=1)
    assert seen(again.validation) == seen(data.load("digits", batch=64, held_out=0.5).validation)


def test_held_out_of_a_folder(photos):
    folder = photos({"a": 100, "b": 100})
    parted = data.load(folder, SHAPE, held_out=0.3)
    check(data.load(folder, SHAPE), parted, 0.3)
    labels = np.concatenate([labels for _, labels in parted.validation])
    assert np.bincount(labels).tolist() == [24, 24], "of 80 that train"


def test_held_out_of_a_set_of_tensorflow_datasets(tfds_mnist):
    check(data.load("mnist", limit=500), data.load("mnist", limit=500, held_out=0.2), 0.2)


@pytest.mark.parametrize("share", [-0.1, 1, 2])
def test_wrong_shares_to_hold_out(share):
    with pytest.raises(InputError, match=r"held_out=.*: must be a share, at least 0 and below 1"):
        data.load("digits", held_out=share)


TWO_REPLICAS = """
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import kerascnn
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
data = kerascnn.data.load("digits", (32, 32, 1), batch=32, replicas=2, limit=65)  # 2 * 32 + 1
with strategy.scope():
    model = kerascnn.build("lenet5")
    model.compile("sgd", "sparse_categorical_crossentropy")
model.fit(
    data.train, steps_per_epoch=data.steps, epochs=2, validation_data=data.validation, shuffle=False, verbose=0
)
print(int(model.optimizer.iterations.numpy()), len(model.predict(data.validation, verbose=0)))
"""


def test_two_replicas_train_and_validate():
    done = subprocess.run([sys.executable, "-c", TWO_REPLICAS], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["4", "65"], done.stderr
