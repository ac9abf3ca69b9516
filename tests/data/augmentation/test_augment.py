"""What named augmentations do to images and labels, and that keys alone decide."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.data import AUGMENTS, Augment, augment
from kerascnn.data.augmentation.augment import draw_parts
from kerascnn.data.augmentation.color import EIGENVALUES, EIGENVECTORS
from kerascnn.data.augmentation.policies import chosen
from kerascnn.data.pixels import fit
from kerascnn.data.sampling.stateless_random import keys

NAMES = pytest.mark.parametrize("name", AUGMENTS)


def noise(*shape):
    """Smooth enough that a rounding of places is one of values."""
    rough = np.random.default_rng(0).integers(0, 256, (shape[0], 5, 6, shape[-1]), np.uint8)
    return tf.cast(tf.image.resize(rough, shape[1:3]), tf.uint8).numpy()


@NAMES
@pytest.mark.parametrize("channels", [1, 3])
def test_what_comes_out(name, channels):
    images, labels = noise(6, 20, 26, channels), np.arange(6)
    how = chosen(name, (16, 16))
    found, soft = augment(images, labels, how, [0, 0], classes=8, image_shape=(16, 16, channels))
    assert (found.shape, found.dtype) == ((6, 16, 16, channels), tf.float32)
    assert found.numpy().min() >= 0
    assert found.numpy().max() <= 255
    assert np.isfinite(found).all()
    if name == "modern":
        assert (soft.shape, soft.dtype) == ((6, 8), tf.float32)
        np.testing.assert_allclose(tf.reduce_sum(soft, axis=1), 1, atol=1e-5)
    else:
        assert soft is labels
    other = augment(images, labels, how, [0, 1], classes=8, image_shape=(16, 16, channels))[0]
    assert bool((found.numpy() != other.numpy()).any()) == (name != "none")


@NAMES
def test_the_same_in_any_batch(name):
    """But for the neighbours with which images are mixed."""
    images, labels = noise(7, 24, 24, 3), np.arange(7)
    how, key = chosen(name, (24, 24))._replace(mixup=0, cutmix=0), keys(5, 6, range(7))
    together = augment(images, labels, how, key)[0].numpy()
    again = augment(images, labels, how, key)[0].numpy()
    np.testing.assert_array_equal(together, again)
    for first, last in ((0, 1), (1, 5), (5, 7)):
        apart = augment(images[first:last], labels[first:last], how, key[first:last])[0].numpy()
        difference = np.abs(apart - together[first:last])
        assert np.mean(difference > 2) < 0.002, "but for rounding, which a step of a table may amplify"
        assert difference.mean() < 0.1


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**40), epoch=st.integers(0, 2**20), name=st.sampled_from(sorted(AUGMENTS)))
def test_the_key_decides(seed, epoch, name):
    images, labels = noise(3, 12, 12, 3), np.arange(3)
    one, other = (augment(images, labels, AUGMENTS[name], [seed, epoch], classes=3) for _ in range(2))
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])


def test_in_a_graph_and_of_floats():
    images, labels = noise(4, 12, 12, 3), np.arange(4)
    how = AUGMENTS["modern"]._replace(mixup=0, cutmix=0)
    traced = tf.function(lambda x: augment(x, labels, how, [1, 2])[0])(images).numpy()
    eager = augment(images, labels, how, [1, 2])[0].numpy()
    assert np.mean(np.abs(traced - eager) > 2) < 0.01
    floats = augment(images.astype(np.float32), labels, how, [1, 2])[0].numpy()
    assert np.mean(np.abs(floats - eager) > 2) < 0.02


def test_jitter_is_as_much_as_told():
    """Of a grey image brightness is all that shows; contrast and saturation do nothing."""
    images = np.full((3000, 2, 2, 3), 100, np.uint8)
    found, _ = augment(images, np.zeros(3000), Augment(brightness=0.4, contrast=0.5, saturation=1), [0, 0])
    level = found.numpy()[:, 0, 0, 0]
    assert np.histogram(level, 8, (60, 140))[0] == pytest.approx(375, abs=80)
    assert (level.min(), level.max()) == (pytest.approx(60, abs=0.2), pytest.approx(140, abs=0.2))


def test_lighting_is_numpys():
    """Krizhevsky et al. 2012, Section 4.1: along the components, as far as the eigenvalue times N(0, 0.1)."""
    images = np.full((4000, 2, 2, 3), 128, np.uint8)
    found, _ = augment(images, np.zeros(4000), Augment(lighting=0.1), [0, 0])
    added = found.numpy() - 128
    np.testing.assert_allclose(added, added[:, :1, :1] * np.ones_like(added), atol=1e-3)
    covariance = np.cov(added[:, 0, 0].T) / 255**2
    expected = EIGENVECTORS @ np.diag((0.1 * EIGENVALUES) ** 2) @ EIGENVECTORS.T
    np.testing.assert_allclose(covariance, expected, atol=3e-5)
    grey, _ = augment(images[..., :1], np.zeros(4000), Augment(lighting=0.1, saturation=0.5, hue=0.2), [0, 0])
    np.testing.assert_allclose(grey, images[..., :1], atol=1e-3)


def test_cutout_is_a_grey_rectangle():
    found, _ = augment(np.full((300, 12, 12, 3), 10, np.uint8), np.zeros(300), Augment(cutout=0.5), [0, 0])
    cut = (found.numpy() == 128).all(axis=-1)
    assert set(np.unique(found)) == {10, 128}
    assert cut.sum(axis=(1, 2)).max() == 36


def test_parts_are_those_of_the_reader():
    """A photo of which only a part is read shows what the whole one would have shown."""
    images, how, key = (
        noise(5, 40, 60, 3),
        AUGMENTS["inception"]._replace(brightness=0, contrast=0),
        keys(2, 3, range(5)),
    )
    how = how._replace(saturation=0, warp=how.warp._replace(flip_horizontal=0))
    whole, _ = augment(images, np.zeros(5), how, key, image_shape=(16, 16, 3))
    for i in range(5):
        part = fit(images[i], (16, 16, 3), lambda *sizes, i=i: [n[0] for n in draw_parts(how, key[i : i + 1], *sizes)])
        assert np.abs(whole[i] - tf.cast(part, tf.float32))[2:-2, 2:-2].mean() < 3  # antialiased, where it shrinks much


def test_soft_labels_stay_soft():
    labels = np.float32([[0.5, 0.5, 0], [0, 0, 1]])
    images = np.zeros((2, 4, 4, 1), np.uint8)
    _, found = augment(images, labels, Augment(mixup=1), [0, 0], classes=3)
    np.testing.assert_allclose(tf.reduce_sum(found, axis=1), 1, atol=1e-6)
    assert found[0, 2] > 0
