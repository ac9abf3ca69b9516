import numpy as np
import pytest
import tensorflow as tf

from kerascnn import InputError, data
from kerascnn.data.scaling import IMAGENET, statistics

BYTES = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


@pytest.mark.parametrize(("scaling", "low", "high"), [("unit", 0, 1), ("symmetric", -1, 1)])
def test_ranges(scaling, low, high):
    scaled = data.scale(BYTES, scaling)
    assert scaled.dtype == np.float32
    assert (scaled.min(), scaled.max()) == (low, high)
    np.testing.assert_allclose(scaled.ravel(), np.linspace(low, high, 256), atol=1e-6)


def test_standard_is_by_channel():
    pixels = np.repeat(BYTES, 3, axis=-1)
    expected = (pixels / 255.0 - IMAGENET.mean) / IMAGENET.std
    np.testing.assert_allclose(data.scale(pixels, "standard", *IMAGENET), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scaling", data.SCALINGS)
def test_tensors_floats_and_bytes_are_scaled_alike(scaling):
    expected = data.scale(BYTES, scaling, (0.3,), (0.2,))
    for pixels in (BYTES.astype("float64"), tf.constant(BYTES), tf.constant(BYTES, tf.float32)):
        scaled = data.scale(pixels, scaling, (0.3,), (0.2,))
        assert tf.is_tensor(scaled) == tf.is_tensor(pixels)
        np.testing.assert_allclose(scaled, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 5, 4, 3), (None, 5, 4, 3), (None, None, None, 3), (5, 4, 3), (4, 3), (3,), None])
def test_images_of_unknown_size_are_scaled_to_the_last_bit_as_arrays(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (shape and [n or 2 for n in shape]) or (2, 3), np.uint8)
    graph = tf.function(lambda images: data.scale(images, "standard", *IMAGENET))
    scaled = graph.get_concrete_function(tf.TensorSpec(shape, tf.uint8))
    assert scaled.output_shapes == tf.TensorShape(shape)
    np.testing.assert_array_equal(scaled(tf.constant(pixels)), data.scale(pixels, "standard", *IMAGENET))


def test_unknown_scaling():
    with pytest.raises(InputError, match=r"scaling='minmax': must be one of 'unit', 'symmetric', 'standard'$"):
        data.scale(BYTES, "minmax")


def test_statistics_of_digits():
    from sklearn.datasets import load_digits

    pixels = np.rint(load_digits().images * (255 / 16)) / 255
    known = data.STATISTICS["digits"]
    assert known.mean == (round(pixels.mean(), 4),)
    assert known.std == (round(pixels.std(), 4),)


def test_statistics_fit_the_channels():
    assert statistics("mnist", 3).mean == (0.1307,) * 3
    assert statistics("cifar10", 1).mean == pytest.approx((np.mean([0.4914, 0.4822, 0.4465]),))
    assert statistics("rock_paper_scissors", 3) == statistics(None, 3) == IMAGENET
