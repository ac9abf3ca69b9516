"""The order of examples: a pure function of the seed and the step, so that training can go on from any step.

`tf.random.experimental.index_shuffle`, made for this, mixes too little: its orders of 50,000 examples for neighbouring
epochs correlate by 0.76, and among a few examples one index can take a millisecond. Shuffling the whole epoch is
stateless too.
"""

from collections.abc import Callable

import tensorflow as tf

from ...errors import InputError, count

FOREVER = 2**62


def epoch_length(size: int, batch: int, replicas: int = 1) -> tuple[int, int]:
    """(steps, examples) of an epoch. The last batch takes what is left, down to a multiple of the replicas."""
    used = size - size % batch % replicas
    if not used:
        raise InputError(f"{size} training images are too few for {replicas} replicas")
    return -(-used // batch), used


def validation_batch(size: int, batch: int, replicas: int = 1) -> int:
    """The largest batch size, up to `batch`, that the replicas share equally and that gives each of them an example of
    the last batch, too. If there is none, a size that gives each of them an example of every batch."""
    equal = range(min(batch, size) // replicas * replicas, 0, -replicas)
    for found in (*equal, *range(min(batch, size), replicas - 1, -1), *range(batch + 1, size + 1)):
        if reaches_all(found, replicas) and (size % found == 0 or reaches_all(size % found, replicas)):
            return found
    raise InputError(f"{size} validation images cannot be shared among {replicas} replicas")


def reaches_all(batch: int, replicas: int) -> bool:
    """Whether every replica gets an example of a batch. TensorFlow gives `batch / replicas` examples, rounded up, to
    one replica after the other until none are left."""
    return batch > -(-batch // replicas) * (replicas - 1)


def check_order(batch: int, replicas: int, limit: int | None, seed: int, start_step: int) -> None:
    """Raise an `InputError` unless these are whole numbers in their ranges."""
    for what, value in [("batch", batch), ("replicas", replicas), ("limit", 1 if limit is None else limit)]:
        count(what, value)
    for what, value in [("seed", seed), ("start_step", start_step)]:
        if not isinstance(value, int) or value < 0:
            raise InputError(f"{what}={value!r}: must be a whole number, 0 or more")


def check_batch(batch: int, replicas: int) -> None:
    """Raise an `InputError` that names the nearest legal sizes unless the replicas can share the batch equally."""
    if batch % replicas:
        near = [size for size in (batch - batch % replicas, batch - batch % replicas + replicas) if size]
        raise InputError(
            f"batch={batch}: must be a multiple of the {replicas} replicas, like {' or '.join(map(str, near))}"
        )


def shuffled(size, key) -> tf.Tensor:
    """The indices 0 to size - 1 in a random order that depends on a key alone: two integers like [seed, epoch]."""
    return tf.random.experimental.stateless_shuffle(tf.range(size), key)


def endless(one_epoch: Callable, steps: int, start_step: int = 0) -> tf.data.Dataset:
    """All epochs from `start_step` on, one after the other.

    Args:
        one_epoch: (number of the epoch, batches to leave out at its start) -> dataset of its `steps` batches.
        steps: batches in an epoch.
        start_step: batches that were taken before.
    """
    first, done = divmod(start_step, steps)
    epochs = tf.data.Dataset.range(first, FOREVER)
    batches = epochs.flat_map(lambda epoch: one_epoch(epoch, done * tf.cast(epoch == first, tf.int64)))
    return batches.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
