"""Parameters and MACs, against counts by hand."""

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from kerascnn.analysis import cost, macs


def model_of(*steps, shape=(8, 6, 4)):
    inp = x = keras.Input(shape)
    for step in steps:
        x = step(x)
    return keras.Model(inp, x)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.Conv2D(5, 3, padding="same"), 8 * 6 * 5 * 3 * 3 * 4),
        (layers.Conv2D(5, 3, strides=2), 3 * 2 * 5 * 3 * 3 * 4),
        (layers.Conv2D(6, 3, groups=2, padding="same"), 8 * 6 * 6 * 3 * 3 * 2),
        (layers.Conv2D(5, 3, dilation_rate=2), 4 * 2 * 5 * 3 * 3 * 4),
        (layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), 8 * 6 * 4 * 2 * 3 * 3),
        (layers.Conv2DTranspose(5, 3, strides=2, padding="same"), 8 * 6 * 4 * 5 * 3 * 3),
        (layers.Dense(7), 8 * 6 * 4 * 7),
        (layers.BatchNormalization(), 0),
        (layers.MaxPooling2D(), 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_macs_of_one_layer(layer, expected):
    assert macs(model_of(layer)) == expected


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(3, 9), width=st.integers(3, 9), channels=st.integers(1, 4), filters=st.integers(1, 4),
    kernel=st.integers(1, 3), stride=st.integers(1, 3),
)  # fmt: skip
def test_macs_of_a_convolution_are_the_multiplications_of_its_loops(height, width, channels, filters, kernel, stride):
    count = 0
    for _row in range(0, height - kernel + 1, stride):
        for _column in range(0, width - kernel + 1, stride):
            count += filters * kernel * kernel * channels
    assert macs(model_of(layers.Conv2D(filters, kernel, stride), shape=(height, width, channels))) == count


def test_parameters_trainable_and_all():
    model = model_of(
        layers.Conv2D(5, 3, use_bias=False), layers.BatchNormalization(), layers.Flatten(), layers.Dense(2)
    )
    trainable = 3 * 3 * 4 * 5 + 2 * 5 + 6 * 4 * 5 * 2 + 2
    assert cost(model)[:2] == (trainable, trainable + 2 * 5)


def test_a_layer_used_twice_counts_twice():
    shared = layers.Conv2D(4, 1)
    assert macs(model_of(shared, shared)) == 2 * macs(model_of(layers.Conv2D(4, 1)))


def test_a_model_within_a_model_counts():
    inner = model_of(layers.Conv2D(4, 1))
    assert macs(model_of(inner, layers.Conv2D(3, 1))) == 8 * 6 * 4 * 4 + 8 * 6 * 4 * 3


def test_an_unknown_size_is_told():
    with pytest.raises(ValueError, match="build the network with a fixed input_shape"):
        macs(model_of(layers.Conv2D(5, 3), shape=(None, None, 4)))
