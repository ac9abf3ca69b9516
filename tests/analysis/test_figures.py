"""Networks drawn: what their papers say of their layers, and a picture that isn't blank."""

import keras
import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

import kerascnn
from kerascnn.analysis import figures


def outline(name, **knobs):
    with keras.StatelessScope(initialize_variables=False):
        return figures.outline(kerascnn.build(name, **knobs))


def test_resnet20_has_twenty_layers_and_nine_shortcuts_around_two_each():
    """He et al. 2015, Section 4.2."""
    boxes, skips = outline("resnet20_cifar")
    assert [box.level for box in boxes] == list(range(1, 21))
    assert [(box.side, box.channels) for box in boxes[:-1]] == [(32, 16)] * 7 + [(16, 32)] * 6 + [(8, 64)] * 6
    assert {box.kind for box in boxes[:-1]} == {"3x3"}
    assert boxes[-1] == figures.Box(20, "dense", 1, 10)
    assert skips == [figures.Skip(start, start + 2) for start in range(1, 19, 2)]


def test_lenet_is_a_chain_of_five():
    boxes, skips = outline("lenet5")
    assert [(box.kind, box.side, box.channels) for box in boxes] == [
        ("5x5 or larger", 28, 6),
        ("5x5 or larger", 10, 16),
        ("5x5 or larger", 1, 120),
        ("dense", 1, 84),
        ("dense", 1, 10),
    ]
    assert skips == []


def test_branches_stand_side_by_side():
    """The four branches of Inception: 1x1; 1x1 and 3x3; 1x1, 3x3 and 3x3; pool and 1x1."""
    boxes, _ = outline("staged", blocks=["inception"], repeats=[1], n_filters=[16], input_shape=(8, 8, 1))
    assert sorted(box.level for box in boxes) == [1, 2, 2, 2, 2, 3, 3, 4, 5]
    assert sorted(box.kind for box in boxes if box.level == 2) == ["1x1"] * 4


def test_depthwise_and_pointwise_take_turns():
    """Howard et al. 2017, Table 1."""
    boxes, _ = outline("mobilenet_v1")
    assert [box.kind for box in boxes] == ["3x3", *["depthwise", "1x1"] * 13, "dense"]


@pytest.mark.parametrize("name", ["resnet20_cifar", "lenet5", "squeezenet_v1_1"])
def test_pictures_are_not_blank(name, tmp_path):
    with keras.StatelessScope(initialize_variables=False):
        models = [(name, kerascnn.build(name)), ("LeNet-5", kerascnn.build("lenet5"))]
    figure = Figure(figsize=(6, 4), layout="constrained")
    figures.draw(figure, models)
    figure.savefig(tmp_path / "a.png")
    assert np.ptp(matplotlib.image.imread(tmp_path / "a.png")[..., :3]) > 0.5
