"""Mixed images and labels against NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import beta as beta_distribution
from scipy.stats import kstest

from kerascnn.data.augmentation.mixup import beta, mix, rectangle
from kerascnn.data.sampling.stateless_random import keys, uniform

MANY = keys(0, 0, range(400))
LEVELS = np.arange(400, dtype=np.float32)  # image i has the value i, so that shares can be read off
IMAGES = LEVELS[:, None, None, None] * np.ones((1, 12, 16, 3), np.float32)
LABELS = np.eye(400, dtype=np.float32)


def test_mixup():
    images, labels = (part.numpy() for part in mix(IMAGES, LABELS, MANY, mixup=0.4))
    share = labels[LEVELS.astype(int), LEVELS.astype(int)]
    neighbour = np.roll(LEVELS, -1)
    expected = share * LEVELS + (1 - share) * neighbour
    np.testing.assert_allclose(images, expected[:, None, None, None] * np.ones_like(images), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(labels[LEVELS.astype(int), neighbour.astype(int)], 1 - share, atol=1e-6)
    np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-5)
    assert kstest(share, beta_distribution(0.4, 0.4).cdf).pvalue > 1e-3


def test_cutmix_counts_what_is_seen():
    images, labels = (part.numpy() for part in mix(IMAGES, LABELS, MANY, cutmix=1))
    mine = (images == LEVELS[:, None, None, None]).all(axis=-1)
    other = (images == np.roll(LEVELS, -1)[:, None, None, None]).all(axis=-1)
    assert (mine ^ other).all()
    share = labels[LEVELS.astype(int), LEVELS.astype(int)]
    np.testing.assert_allclose(share, mine.mean(axis=(1, 2)), atol=1e-6)
    for seen in other:
        rows, columns = np.nonzero(seen.any(axis=1))[0], np.nonzero(seen.any(axis=0))[0]
        assert seen.sum() == rows.size * columns.size, "a rectangle"
    lam, y, x = np.random.default_rng(0).random((3, 100_000))  # the paper's Algorithm 1, on a square of side 1
    half = np.sqrt(1 - lam) / 2
    sides = [np.minimum(at + half, 1) - np.maximum(at - half, 0) for at in (y, x)]
    assert share.mean() == pytest.approx(1 - np.mean(sides[0] * sides[1]), abs=0.03)
    assert share.std() == pytest.approx(np.std(sides[0] * sides[1]), abs=0.03)


def test_half_of_each():
    images, _ = mix(IMAGES, LABELS, MANY, mixup=1, cutmix=1)
    flat = (images.numpy().std(axis=(1, 2, 3)) < 1e-3).mean()
    assert flat == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("alpha", [0.1, 1, 5])
def test_beta(alpha):
    assert kstest(beta(alpha, uniform(MANY, 1)[0]), beta_distribution(alpha, alpha).cdf).pvalue > 1e-3


def test_rectangles():
    """Middles are anywhere, so that every pixel is covered equally often but for the rims."""
    found = rectangle(keys(0, 0, range(4000)), 20, 30, 0.5).numpy()[..., 0]
    rows, columns = found.any(axis=2).sum(axis=1), found.any(axis=1).sum(axis=1)
    assert (rows.max(), columns.max()) == (10, 15)
    assert rows.min() >= 4
    assert found[:, 10, 15].mean() == pytest.approx(0.25, abs=0.03)
    by_hand = rectangle(MANY[:1], 20, 30, tf.constant([0.0]))
    assert not by_hand.numpy().any()
