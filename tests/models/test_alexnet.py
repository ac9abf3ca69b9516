"""AlexNet and ZFNet, which is an AlexNet with a finer start."""

import numpy as np
import pytest

import kerascnn

SMALL = {"input_shape": (63, 63, 3), "classes": 5, "dense": 8}


def test_groups_see_their_own_half_only():
    model = kerascnn.build("alexnet", **SMALL, groups=2)
    kernels = {name: model.get_layer(name).kernel.shape for name in ("conv2", "conv3", "conv4", "conv5")}
    assert {name: shape[2] for name, shape in kernels.items()} == {
        "conv2": 48,
        "conv3": 256,
        "conv4": 192,
        "conv5": 192,
    }


@pytest.mark.parametrize("name", ["alexnet", "zfnet"])
def test_normalization_can_be_left_out(name):
    normalized, plain = (
        {layer.name for layer in kerascnn.build(name, **SMALL, lrn=lrn).layers[1:]} for lrn in (True, False)
    )
    assert normalized - plain == {"norm1", "norm2"}
    assert plain < normalized


def test_zfnet_without_layers_3_and_4():
    model = kerascnn.build("zfnet", **SMALL, n_filters=(256,))  # a row of the paper's Table 3
    assert model.get_layer("pool5").input is model.get_layer("conv3").output


def test_dense_layers_need_a_fixed_size_and_the_body_does_not():
    with pytest.raises(kerascnn.InputError, match="its dense layers need a fixed size"):
        kerascnn.build("alexnet", input_shape=(None, None, 3))
    body = kerascnn.build("alexnet", input_shape=(None, None, 3), include_top=False)
    fixed = kerascnn.build("alexnet", input_shape=(64, 91, 3), include_top=False)
    image = np.random.default_rng(0).random((1, 64, 91, 3))
    fixed.set_weights(body.get_weights())
    np.testing.assert_allclose(body(image), fixed(image), atol=1e-6)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"groups": 3}, "groups=3: must be one of 1, 2, 4, 8, 16, 32"),
        ({"lrn_bias": 0}, "lrn_bias=0: must be a number from 0.001 to 100"),
        ({"input_shape": (38, 300, 3)}, "alexnet cannot take images of 38x300: the smallest is 39x39"),
    ],
)
def test_wrong_knobs_are_told_in_one_line(knobs, message):
    with pytest.raises(kerascnn.InputError) as error:
        kerascnn.build("alexnet", **{**SMALL, **knobs})
    assert str(error.value) == message
