"""A model that gets its state back trains on bit for bit."""

import keras
import numpy as np
import pytest

from kerascnn import InputError
from kerascnn.training.resume import train_state

from .test_callback import BATCH, X, Y, network


def steps(model, numbers):
    return [model.train_on_batch(X[i : i + BATCH], Y[i : i + BATCH]) for i in np.multiply(numbers, BATCH)]


def test_dropout_optimizer_and_metrics_go_on_as_they_were():
    model = network()
    steps(model, [0, 1])
    kept = train_state.capture(model)
    expected = steps(model, [2, 3])
    steps(model, [4, 0])
    train_state.restore(model, kept)
    assert steps(model, [2, 3]) == expected


def test_a_new_model_goes_on_too():
    model = network()
    steps(model, [0, 1])
    kept = train_state.capture(model)
    model.reset_metrics()
    expected = steps(model, [2, 3])
    other = network()
    train_state.restore(other, kept, ("model", "optimizer"))
    assert steps(other, [2, 3]) == expected


def test_all_that_decides_is_in_it():
    model = network()
    steps(model, [0])
    kept = train_state.capture(model)
    for part in ("kernel", "gamma", "moving_mean", "seed_generator", "momentum", "iteration"):
        assert any(part in name for name in kept), part


def test_state_of_another_model():
    arrays = train_state.capture(network())
    other = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    other.compile("sgd")
    before = other.get_weights()
    with pytest.raises(InputError, match=r"the state is of another model: .*dense.* and \d+ more"):
        train_state.restore(other, arrays)
    assert all(map(np.array_equal, other.get_weights(), before))


def test_a_state_of_another_shape_is_named_and_changes_nothing():
    model = network()
    steps(model, [0])
    arrays = train_state.capture(model)
    name = next(name for name in arrays if name.endswith("dense/kernel"))
    before = model.get_weights()
    with pytest.raises(InputError, match=r"the state is of another model: .*kernel is \(5, 8\), not \(6, 8\)"):
        train_state.restore(model, arrays | {name: arrays[name][:5]})
    assert all(map(np.array_equal, model.get_weights(), before))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_copies_of_a_replica_become_those_of_another_number(number):
    """Weights their mean; running metrics, which are sums, are divided."""
    copies = np.float32([[1, 2], [3, 6]])
    for i, value in enumerate(train_state._shared("model/0/moving_mean", True, copies, number)):
        np.testing.assert_array_equal(value, copies[i] if number == 2 else [2, 4])
    np.testing.assert_array_equal(train_state._shared("model/0/k", False, copies[0], number), [[1, 2]] * number)
    shared = train_state._shared("metrics/0/total", True, copies, number)
    np.testing.assert_allclose(np.sum(shared, 0), [4, 8], rtol=1e-6)
    shared = train_state._shared("metrics/0/total", False, copies[0], number)
    np.testing.assert_allclose(np.sum(shared, 0), [1, 2], rtol=1e-6)
