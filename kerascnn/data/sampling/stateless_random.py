"""Random numbers of an image: functions of its key alone, whatever its batch, thread or process.

The generator is SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", Figure 17):
its n-th number is a few operations away from its state, so that all numbers of a batch are computed at once. The
generators of TensorFlow take one key for a whole batch.
"""

import tensorflow as tf

GAMMA = 0x9E3779B97F4A7C15
BITS = 23  # of a number: a float32 can hold it and a half


def keys(seed, epoch, numbers) -> tf.Tensor:
    """The keys of images: uint64, of the shape of their numbers in the set."""
    return fold(fold(fold(0, seed), epoch), numbers)


def keys_of(key, count) -> tf.Tensor:
    """`key` itself if it is the result of `keys`; for two integers, like [seed, step], the keys (count,) of a batch."""
    if tf.is_tensor(key) and key.dtype == tf.uint64:
        return key
    return keys(key[0], key[1], tf.range(count))


def fold(key, number) -> tf.Tensor:
    """A new key: the number with the index `number` in the sequence that starts at `key`. The two broadcast."""
    z = tf.cast(key, tf.uint64) + tf.constant(GAMMA, tf.uint64) * (tf.cast(number, tf.uint64) + 1)
    for shift, factor in (30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB):
        z = tf.bitwise.bitwise_xor(z, _shifted(z, shift)) * tf.constant(factor, tf.uint64)
    return tf.bitwise.bitwise_xor(z, _shifted(z, 31))


def uniform(key, count: int) -> tf.Tensor:
    """(count, *key.shape) numbers between 0 and 1, both excluded: float32."""
    key = tf.convert_to_tensor(key)
    index = tf.reshape(tf.range(count), [count] + [1] * key.shape.rank)
    return (tf.cast(_shifted(fold(key, index), 64 - BITS), tf.float32) + 0.5) * 2**-BITS


def normal(key, count: int) -> tf.Tensor:
    """(count, *key.shape) numbers with mean 0 and standard deviation 1: float32."""
    return tf.math.ndtri(uniform(key, count))


def below(share, count) -> tf.Tensor:
    """Whole numbers from 0 to count - 1, equally likely if `share` comes from `uniform`: int32."""
    whole = tf.cast(tf.floor(share * tf.cast(count, tf.float32)), tf.int32)
    return tf.minimum(whole, tf.cast(count, tf.int32) - 1)  # the product may have been rounded up


def _shifted(z, bits):
    return tf.bitwise.right_shift(z, tf.constant(bits, tf.uint64))
