"""The order of training is a pure function of (seed, step), and every epoch is a permutation."""

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn import InputError
from kerascnn.data.sampling.shuffling import check_batch, endless, epoch_length, shuffled, validation_batch

sizes, seeds, epochs = st.integers(1, 300), st.integers(0, 2**62), st.integers(0, 2**40)


@settings(max_examples=50, deadline=None)
@given(size=sizes, seed=seeds, epoch=epochs)
def test_every_epoch_is_a_permutation_that_seed_and_epoch_decide(size, seed, epoch):
    order = shuffled(size, [seed, epoch]).numpy()
    assert sorted(order) == list(range(size))
    assert order.tolist() == shuffled(size, [seed, epoch]).numpy().tolist()


@pytest.mark.parametrize("size", [1437, 50_000])
def test_neighbouring_epochs_and_seeds_have_nothing_in_common(size):
    orders = [shuffled(size, [seed, epoch]).numpy() for seed, epoch in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]]
    correlations = np.corrcoef(orders) - np.eye(len(orders))
    assert np.abs(correlations).max() < 5 / size**0.5  # five standard deviations


def test_index_shuffle_still_repeats_itself():
    """Why `shuffling` doesn't use the op that is made for it: see its docstring."""
    index_shuffle = tf.random.experimental.index_shuffle
    orders = [index_shuffle(tf.range(50_000), tf.constant([0, epoch]), 49_999).numpy() for epoch in range(10)]
    neighbours = [np.corrcoef(one, other)[0, 1] for one, other in pairwise(orders)]
    assert max(neighbours) > 0.3


def numbered(size, batch, used):
    """An epoch as `load` makes it, of (epoch, index)."""

    def one_epoch(epoch, left_out):
        order = tf.data.Dataset.from_tensor_slices(shuffled(size, [7, epoch])).take(used).skip(left_out * batch)
        return order.map(lambda index: (epoch, index)).batch(batch)

    return one_epoch


@settings(max_examples=4, deadline=None)
@given(size=st.integers(1, 40), batch=st.integers(1, 20), start=st.integers(0, 30))
def test_endless_goes_on_where_it_was(size, batch, start):
    steps, used = epoch_length(size, batch)
    from_first = endless(numbered(size, batch, used), steps)
    from_start = endless(numbered(size, batch, used), steps, start)
    assert from_first.cardinality() == from_start.cardinality() == tf.data.INFINITE_CARDINALITY
    expected = [(e.tolist(), i.tolist()) for e, i in from_first.skip(start).take(2 * steps).as_numpy_iterator()]
    found = [(e.tolist(), i.tolist()) for e, i in from_start.take(2 * steps).as_numpy_iterator()]
    assert found == expected
    whole = [index for _, i in from_first.skip(steps).take(steps).as_numpy_iterator() for index in i]
    assert sorted(whole) == list(range(size))


@given(size=sizes, batch=st.integers(1, 40), replicas=st.integers(1, 8))
def test_training_batches_divide_by_the_replicas(size, batch, replicas):
    batch *= replicas
    if size < replicas:
        with pytest.raises(InputError, match="too few for"):
            epoch_length(size, batch, replicas)
        return
    steps, used = epoch_length(size, batch, replicas)
    last = used - (steps - 1) * batch
    assert size - replicas < used <= size
    assert 0 < last <= batch
    assert last % replicas == 0


def shares(examples, replicas):
    """Of each replica: TensorFlow's are as large as the first, while there are examples."""
    left, found = examples, []
    for _ in range(replicas):
        found.append(min(left, -(-examples // replicas)))
        left -= found[-1]
    return found


@given(size=sizes, batch=st.integers(1, 40), replicas=st.integers(1, 8))
def test_every_replica_has_a_share_of_every_validation_batch(size, batch, replicas):
    batch *= replicas
    legal = [b for b in range(1, size + 1) if min(shares(b, replicas) + shares(size % b or b, replicas)) > 0]
    if not legal:
        with pytest.raises(InputError, match="cannot be shared"):
            validation_batch(size, batch, replicas)
    elif legal[0] <= batch:
        small = [b for b in legal if b <= batch]
        assert validation_batch(size, batch, replicas) == max([b for b in small if b % replicas == 0] or small)
    else:
        assert validation_batch(size, batch, replicas) == legal[0]


def test_an_odd_set_on_two_replicas():
    assert validation_batch(91, 2, 2) == 4  # the last has 3
    assert (
        validation_batch(33, 32, 2) == 30
    )  # Keras takes the mean of the replicas' first batches: they should be equal


def test_illegal_batch_names_the_nearest_legal_ones():
    with pytest.raises(InputError, match=r"batch=33: must be a multiple of the 4 replicas, like 32 or 36$"):
        check_batch(33, 4)
    with pytest.raises(InputError, match=r"like 4$"):
        check_batch(3, 4)
