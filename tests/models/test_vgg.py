import pytest

import kerascnn
from kerascnn.analysis import cost

from . import outline

SMALL = {"input_shape": (32, 32, 3), "classes": 10, "dense": 8}


def test_any_table_is_a_vgg():
    model = outline("vgg11", **SMALL, repeats=(1, 2), n_filters=(4, 6), dropout=0)
    assert [layer.name for layer in model.layers[1:]] == [
        "block1_conv1", "block1_pool", "block2_conv1", "block2_conv2", "block2_pool",
        "features", "flatten", "fc6", "fc7", "predictions",
    ]  # fmt: skip
    convolutions = (9 * 3 + 1) * 4 + (9 * 4 + 1) * 6 + (9 * 6 + 1) * 6
    assert cost(model).params == convolutions + (8 * 8 * 6 + 1) * 8 + (8 + 1) * 8 + (8 + 1) * 10


def test_column_c_ends_its_last_three_blocks_in_1x1():
    model = outline("vgg16_c", **SMALL)
    assert [layer.name for layer in model.layers if getattr(layer, "kernel_size", None) == (1, 1)] == [
        "block3_conv3", "block4_conv3", "block5_conv3",
    ]  # fmt: skip


def test_column_a_lrn_normalizes_after_the_first_convolution():
    plain, normalized = (outline("vgg11", **SMALL, lrn=lrn) for lrn in (False, True))
    names = [layer.name for layer in normalized.layers[1:]]
    assert names[:3] == ["block1_conv1", "norm1", "block1_pool"]
    assert names[:1] + names[2:] == [layer.name for layer in plain.layers[1:]]


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"repeats": (1, 2)}, "must be as many as repeats=(1, 2), one for each block"),
        ({"repeats": (1, 0, 1, 1, 1)}, "repeats=(1, 0, 1, 1, 1): must be whole numbers of 1 or more"),
        ({"n_filters": 64}, "n_filters=64: must be whole numbers of 1 or more"),
        ({"third_kernel": 5}, "third_kernel=5: must be one of 1, 3"),
        ({"dense": 0}, "dense=0: must be a whole number, 1 or more"),
        ({"dropout": 2}, "dropout=2: must be a number from 0 to 1"),
    ],
)
def test_wrong_knobs_are_told_in_one_line(knobs, message):
    with pytest.raises(kerascnn.InputError) as error:
        kerascnn.build("vgg11", **{**SMALL, **knobs})
    assert message in str(error.value)
    assert "\n" not in str(error.value)
