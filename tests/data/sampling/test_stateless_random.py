"""Numbers of a key alone, and as random as they should be."""

import numpy as np
import pytest
import tensorflow as tf

from kerascnn.data.sampling.stateless_random import below, fold, keys, keys_of, normal, uniform


def test_published_numbers_of_splitmix64():
    """The first five for the state 1234567: Rosetta Code, "Pseudo-random numbers/Splitmix64"."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert fold(1234567, range(5)).numpy().tolist() == [*expected, 16408922859458223821]


def test_a_key_of_its_own_for_each_image():
    numbers = np.arange(2000)
    all_keys = [keys(seed, epoch, numbers).numpy() for seed in (0, 1, 2**40) for epoch in (0, 1)]
    assert len(np.unique(all_keys)) == 6 * 2000
    assert keys(3, 4, [9, 7]).numpy().tolist() == [keys(3, 4, n).numpy().item() for n in (9, 7)]
    assert keys_of([3, tf.constant(4)], 2).numpy().tolist() == keys(3, 4, [0, 1]).numpy().tolist()
    assert keys_of(keys(0, 0, [1, 2]), 2).numpy().tolist() == keys(0, 0, [1, 2]).numpy().tolist()


def test_distributions():
    key = keys(0, 0, range(5000))
    flat, bell = uniform(key, 3).numpy(), normal(key, 3).numpy()
    assert flat.shape == bell.shape == (3, 5000)
    assert (flat.min(), flat.max()) == (pytest.approx(0, abs=1e-3), pytest.approx(1, abs=1e-3))
    counts = np.histogram(flat, 20, (0, 1))[0]
    assert ((counts - 750) ** 2 / 750).sum() < 43.8  # chi squared of 19 degrees of freedom, 0.1 %
    assert (bell.mean(), bell.std()) == (pytest.approx(0, abs=0.03), pytest.approx(1, abs=0.03))
    assert np.abs(np.corrcoef(flat) - np.eye(3)).max() < 0.05
    neighbours = np.corrcoef(flat[0, 1:], flat[0, :-1])[0, 1]
    assert abs(neighbours) < 0.05


def test_below():
    most = np.float32(1 - 2**-24)
    for count in (1, 2, 3, 427, 640):
        assert below(most, count).numpy() == count - 1, "never the count itself, whatever the product is rounded to"
        assert below(np.float32(2**-24), count).numpy() == 0
    assert np.bincount(below(uniform(keys(0, 0, range(6000)), 1)[0], 3).numpy()).min() > 1850
