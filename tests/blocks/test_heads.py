"""What networks end in, and which images they refuse."""

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn import InputError
from kerascnn.blocks import (
    check_auxiliary,
    check_sizes,
    classifier,
    dense_classifier,
    map_classifier,
    pixel_classifier,
)

HEADS = {
    "classifier": (classifier, {}, ["features", "gap", "predictions"], (None, 5), 4 * 5 + 5),
    "dense": (
        dense_classifier,
        {"dense": 7, "dropout": 0.5},
        ["features", "flatten", "fc6", "fc6_dropout", "fc7", "fc7_dropout", "predictions"],
        (None, 5),
        (6 * 6 * 4 * 7 + 7) + (7 * 7 + 7) + (7 * 5 + 5),
    ),
    "maps": (
        map_classifier,
        {"dropout": 0.5, "name": "conv"},
        ["features", "dropout", "conv", "gap", "predictions"],
        (None, 5),
        4 * 5 + 5,
    ),
    "pixels": (pixel_classifier, {}, ["features", "predictions"], (None, 6, 6, 5), 4 * 5 + 5),
}


@pytest.mark.parametrize("kind", HEADS)
def test_layers_shapes_and_parameters(kind):
    head, knobs, names, shape, params = HEADS[kind]
    image = keras.Input((6, 6, 4))
    model = keras.Model(image, head(image, 5, "softmax", **knobs))
    found = [layer.name for layer in model.layers[1:] if not layer.name.endswith("_act")]
    assert [name for name in found if name in names] == names
    assert model.output_shape == shape
    assert model.count_params() == params


@pytest.mark.parametrize("kind", HEADS)
def test_without_classes_they_stop_at_the_features(kind):
    head, knobs, *_ = HEADS[kind]
    image = keras.Input((6, 6, 4))
    assert keras.Model(image, head(image, None, "softmax", **knobs)).layers[-1].name == "features"


@pytest.mark.parametrize("kind", HEADS)
def test_predictions_are_in_full_precision(kind):
    head, knobs, *_ = HEADS[kind]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert head(keras.Input((6, 6, 4)), 5, "softmax", **knobs).dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)


def test_auxiliary_heads_need_a_top_and_an_image_that_is_large_enough():
    check_auxiliary((96, 96, 3), 10, 96)
    check_auxiliary((None, None, 3), 10, 96)
    with pytest.raises(InputError, match="aux=True: auxiliary heads classify, so they need include_top=True"):
        check_auxiliary((96, 96, 3), None, 96)
    with pytest.raises(InputError, match="cannot take images of 95x200: the smallest is 96x96"):
        check_auxiliary((95, 200, 3), 10, 96)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 40), st.integers(1, 16))
def test_sizes_are_the_smallest_and_multiples_of_a_step_more(height, width, smallest, step):
    fits = all(n >= smallest and (n - smallest) % step == 0 for n in (height, width))
    if fits:
        check_sizes("unet", (height, width, 1), smallest=smallest, step=step)
    else:
        with pytest.raises(InputError) as caught:
            check_sizes("unet", (height, width, 1), smallest=smallest, step=step)
        *_, near = str(caught.value).removesuffix(" would fit").split("; ")
        for size in near.split(" and "):
            check_sizes("unet", (*map(int, size.split("x")), 1), smallest=smallest, step=step)


def test_unknown_sizes_are_taken_unless_they_must_be_fixed():
    check_sizes("unet", (None, 32, 1), smallest=16, step=16)
    with pytest.raises(InputError, match="unet cannot take images of anyx32: it needs a fixed size, like 16x16"):
        check_sizes("unet", (None, 32, 1), smallest=16, step=16, fixed=True)
