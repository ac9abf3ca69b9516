"""Identities of the papers that hold for residual blocks whatever their weights."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn import blocks

from . import channels, few, network, outputs, randomize, seeds, sizes

pytestmark = pytest.mark.usefixtures("double_precision")


@few
@given(seed=seeds, size=sizes, filters=channels, shortcut=st.sampled_from("AB"))
@pytest.mark.parametrize(("block", "last", "widening"), [(blocks.basic, 2, 1), (blocks.bottleneck, 3, 4)])
def test_residual_block_with_a_zeroed_branch_is_the_identity_after_relu(
    block, last, widening, seed, size, filters, shortcut
):
    rng = np.random.default_rng(seed)
    model = network(block, size, size, widening * filters, filters=filters, shortcut=shortcut)
    norm = randomize(model, rng).get_layer(f"b_{last}_bn")
    gamma, beta, mean, variance = norm.get_weights()
    norm.set_weights([0 * gamma, 0 * beta, mean, variance])
    images = rng.standard_normal((2, *model.input_shape[1:]))
    np.testing.assert_array_equal(outputs(model, images), np.maximum(images, 0))


@few
@given(seed=seeds, size=sizes, filters=channels)
def test_shortcut_a_takes_every_second_pixel_and_adds_zeros_on_both_sides(seed, size, filters):
    rng = np.random.default_rng(seed)
    model = network(blocks.basic, size, size + 1, filters // 2, filters=filters, stride=2, shortcut="A")
    norm = randomize(model, rng).get_layer("b_2_bn")
    norm.set_weights([0 * weight for weight in norm.get_weights()[:2]] + norm.get_weights()[2:])
    images = rng.random((2, *model.input_shape[1:]))
    side = filters // 4
    expected = np.pad(images[:, ::2, ::2], [(0, 0)] * 3 + [(side, filters // 2 - side)])
    np.testing.assert_array_equal(outputs(model, images), expected)


def test_grouped_bottleneck_is_the_sum_of_its_paths():
    """The 32 paths of ResNeXt: Xie et al. 2016, Figure 3a and 3c."""
    rng, groups, width = np.random.default_rng(0), 32, 4
    shape, knobs = (4, 5, 8), dict(filters=64, width=width, shortcut=None)
    grouped = randomize(network(blocks.bottleneck, *shape, groups=groups, **knobs), rng)
    single = network(blocks.bottleneck, *shape, groups=1, **knobs)
    ends = [keras.Model(model.input, model.get_layer("b_3_conv").output) for model in (grouped, single)]
    images, total = rng.standard_normal((2, *shape)), 0
    for i in range(groups):
        own = slice(i * width, (i + 1) * width)
        for layer in ends[1].layers:
            weights = grouped.get_layer(layer.name).get_weights()
            keeps_outputs = layer.name == "b_3_conv"
            layer.set_weights([w[:, :, own] if keeps_outputs else w[..., own] for w in weights])
        total = total + outputs(ends[1], images)
    np.testing.assert_allclose(outputs(ends[0], images), total, rtol=1e-9)
