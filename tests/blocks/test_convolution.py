"""Identities that hold for convolutions and pools whatever their weights, and sizes for every input size."""

from functools import partial
from math import ceil

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn import blocks
from kerascnn.analysis import macs

from . import channels, few, network, outputs, randomize, seeds, sizes

pytestmark = pytest.mark.usefixtures("double_precision")


@few
@given(seed=seeds, filters=channels)
def test_squeeze_and_excitation_without_weights_halves(seed, filters):
    model = network(blocks.squeeze_excite, 3, 4, filters, filters=filters // 4)
    for layer in model.layers:
        layer.set_weights([np.zeros(w.shape) for w in layer.weights])
    images = np.random.default_rng(seed).standard_normal((2, 3, 4, filters))
    np.testing.assert_allclose(outputs(model, images), images / 2, rtol=1e-15)


@few
@given(seed=seeds, groups=st.sampled_from([1, 2, 4]), stride=st.integers(1, 2), width=st.integers(1, 3))
def test_grouped_convolution_is_its_groups_side_by_side(seed, groups, stride, width):
    rng = np.random.default_rng(seed)
    grouped = network(
        blocks.conv, 6, 5, 2 * groups, filters=width * groups, kernel_size=3, stride=stride, groups=groups
    )
    single = network(blocks.conv, 6, 5, 2, filters=width, kernel_size=3, stride=stride)
    kernel, bias = randomize(grouped, rng).get_layer("b").get_weights()
    images = rng.standard_normal((2, *grouped.input_shape[1:]))
    parts = []
    for i in range(groups):
        own = slice(i * width, (i + 1) * width)
        single.get_layer("b").set_weights([kernel[..., own], bias[own]])
        parts.append(outputs(single, images[..., 2 * i : 2 * i + 2]))
    np.testing.assert_allclose(outputs(grouped, images), np.concatenate(parts, axis=-1), atol=1e-12)


@few
@given(seed=seeds, size=sizes, filters=channels, stride=st.integers(1, 2))
def test_depthwise_convolution_has_as_many_groups_as_channels(seed, size, filters, stride):
    rng, knobs = np.random.default_rng(seed), dict(kernel_size=3, stride=stride)
    depthwise = randomize(network(blocks.depthwise_bn, size, size, filters, **knobs), rng)
    grouped = network(blocks.conv_bn, size, size, filters, filters=filters, groups=filters, **knobs)
    (kernel,) = depthwise.get_layer("b_conv").get_weights()
    grouped.get_layer("b_conv").set_weights([kernel.swapaxes(2, 3)])
    grouped.get_layer("b_bn").set_weights(depthwise.get_layer("b_bn").get_weights())
    images = rng.standard_normal((2, size, size, filters))
    np.testing.assert_allclose(outputs(depthwise, images), outputs(grouped, images), atol=1e-12)


@few
@given(seed=seeds, depth=st.integers(1, 3), kernel_size=st.sampled_from([3, 5]))
def test_stacked_convolutions_see_a_wider_window(seed, depth, kernel_size):
    """Three 3x3 convolutions see 7x7 pixels: Simonyan and Zisserman 2014, Section 2.3."""
    import tensorflow as tf

    inp = x = keras.Input((17, 17, 2))
    for i in range(depth):
        x = blocks.conv(x, 2, kernel_size, name=f"conv{i}")
    model = randomize(keras.Model(inp, x), np.random.default_rng(seed))
    image = tf.ones((1, 17, 17, 2), "float64")
    with tf.GradientTape() as tape:
        tape.watch(image)
        middle = tf.reduce_sum(model(image)[:, 8, 8])
    seen = np.any(tape.gradient(middle, image)[0] != 0, axis=-1)
    reach = depth * (kernel_size // 2)
    expected = np.zeros((17, 17), bool)
    expected[8 - reach : 9 + reach, 8 - reach : 9 + reach] = True
    np.testing.assert_array_equal(seen, expected)


@few
@given(seed=seeds, size=st.integers(7, 16), kernel_size=st.sampled_from([3, 5, 7]))
@pytest.mark.parametrize("block", [partial(blocks.conv, filters=2), blocks.depthwise_bn])
def test_symmetric_and_same_padding_agree_at_odd_sizes_only(block, seed, size, kernel_size):
    rng = np.random.default_rng(seed)
    knobs = dict(kernel_size=kernel_size, stride=2)
    symmetric = randomize(network(block, size, size, 3, padding="symmetric", **knobs), rng)
    same = network(block, size, size, 3, padding="same", **knobs)
    same.set_weights(symmetric.get_weights())
    images = rng.standard_normal((1, size, size, 3))
    assert np.allclose(outputs(symmetric, images), outputs(same, images), atol=1e-12) == (size % 2 == 1)


@pytest.mark.parametrize(("pool_size", "stride"), [(2, 2), (3, 1), (3, 2), (3, 3), (5, 3)])
def test_ceil_pooling_rounds_up_and_forgets_nothing(pool_size, stride):
    pool = partial(blocks.max_pool, pool_size=pool_size, stride=stride, padding="ceil")
    for size in range(pool_size, 40):
        assert network(pool, size, size, 1).output_shape[1:3] == (ceil((size - pool_size) / stride) + 1,) * 2
    anywhere = network(pool, None, None, 2)
    for size in range(pool_size, pool_size + 2 * stride):
        image = np.random.default_rng(size).random((size, size + 1, 2))
        starts = [range(0, ceil((n - pool_size) / stride) * stride + 1, stride) for n in image.shape[:2]]
        expected = [[image[i : i + pool_size, j : j + pool_size].max((0, 1)) for j in starts[1]] for i in starts[0]]
        for model in (anywhere, network(pool, *image.shape)):
            np.testing.assert_array_equal(outputs(model, image[None])[0], expected)


def by_hand(image, kernel, stride, groups):
    """A convolution without padding as loops over numbers, and how many products they took."""
    height, width, inputs, filters = kernel.shape
    rows, columns = ((n - k) // stride + 1 for n, k in zip(image.shape, (height, width), strict=False))
    result, products = np.zeros((rows, columns, filters)), 0
    for row in range(rows):
        for column in range(columns):
            for o in range(filters):
                first = o // (filters // groups) * inputs
                for r in range(height):
                    for c in range(width):
                        for i in range(inputs):
                            pixel = image[row * stride + r, column * stride + c, first + i]
                            result[row, column, o] += pixel * kernel[r, c, i, o]
                            products += 1
    return result, products


@few
@given(seed=seeds, kernel_size=st.integers(1, 3), stride=st.integers(1, 2), groups=st.sampled_from([1, 2]))
def test_macs_are_the_products_of_the_loops(seed, kernel_size, stride, groups):
    rng, knobs = np.random.default_rng(seed), dict(kernel_size=kernel_size, stride=stride, padding="valid")
    model = network(blocks.conv, 5, 4, 2 * groups, filters=4, groups=groups, use_bias=False, **knobs)
    (kernel,) = randomize(model, rng).get_weights()
    image = rng.standard_normal(model.input_shape[1:])
    result, products = by_hand(image, kernel, stride, groups)
    np.testing.assert_allclose(outputs(model, image[None])[0], result, atol=1e-12)
    assert macs(model) == products
    depthwise = network(blocks.depthwise_bn, 5, 4, 4, **knobs)
    assert macs(depthwise) == by_hand(np.ones((5, 4, 4)), np.ones((kernel_size, kernel_size, 1, 4)), stride, 4)[1]
