"""DenseNet, Xception and ConvNeXt beyond their default build: the papers' other sizes, and what the knobs change."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.analysis import cost

from . import outline


def layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


PLAIN, BC = dict(bottleneck=False, reduction=1), {}
TABLE_2 = [  # depth, growth rate, variant, parameters in millions
    (40, 12, PLAIN, 1.0),
    (100, 12, PLAIN, 7.0),
    (100, 24, PLAIN, 27.2),
    (100, 12, BC, 0.8),
    pytest.param(250, 24, BC, 15.3, marks=pytest.mark.slow),
    pytest.param(190, 40, BC, 25.6, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("depth", "growth_rate", "variant", "millions"), TABLE_2)
def test_parameters_of_the_densenets_for_cifar(depth, growth_rate, variant, millions):
    """Huang et al. 2016, Table 2."""
    convolutions = 1 if variant is PLAIN else 2
    repeats = ((depth - 4) // 3 // convolutions,) * 3
    model = outline("densenet100_cifar", repeats=repeats, growth_rate=growth_rate, **variant)
    assert len(layers(model, keras.layers.Conv2D)) == depth - 1  # the last layer is dense
    assert round(cost(model).trainable / 1e6, 1) == millions


def test_densenet_drops_out_after_each_convolution_but_the_first():
    model = outline("densenet100_cifar", repeats=(2, 2), dropout=0.2)
    before = [layer.input._keras_history.operation.name for layer in layers(model, keras.layers.Dropout)]
    assert before == [layer.name for layer in layers(model, keras.layers.Conv2D)[1:]]


def test_xception_without_shortcuts_and_with_intermediate_activations():
    """Chollet 2016, Sections 4.6 and 4.7: only the shortcuts have parameters."""
    paper, plain, relu = (
        outline("xception", input_shape=(71, 71, 3), repeats=2, **knobs)
        for knobs in ({}, {"shortcut": False}, {"intermediate": "relu"})
    )
    assert len(layers(paper, keras.layers.Add)) == 3 + 2 + 1
    assert not layers(plain, keras.layers.Add)
    shortcuts = [layer for layer in paper.layers if "_shortcut" in layer.name]
    assert cost(plain).params == cost(paper).params - sum(layer.count_params() for layer in shortcuts)
    assert cost(relu) == cost(paper)
    separable = len(layers(relu, keras.layers.DepthwiseConv2D))
    assert len(layers(relu, keras.layers.Activation)) == len(layers(paper, keras.layers.Activation)) + separable


def test_convnext_leaves_later_blocks_out_more_often():
    model = outline("convnext_tiny", n_filters=8)
    drops = layers(model, keras.layers.Dropout)
    np.testing.assert_allclose([layer.rate for layer in drops], 0.1 * np.arange(1, 18) / 17)
    assert not layers(outline("convnext_tiny", n_filters=8, stochastic_depth=0), keras.layers.Dropout)


def test_convnext_leaves_a_block_out_for_whole_images():
    model = kerascnn.build("convnext_tiny", n_filters=8, input_shape=(32, 32, 3), stochastic_depth=0.5)
    drop = layers(model, keras.layers.Dropout)[-1]
    kept = keras.ops.convert_to_numpy(drop(np.ones((64, 2, 3, 4)), training=True))
    assert set(np.unique(kept)) == {0, 2}
    assert all(len(np.unique(image)) == 1 for image in kept)


def test_convnext_starts_as_its_stem_and_downsampling():
    """At first a block passes on what it was given: its branch is scaled by a millionth."""
    model, bare = (
        kerascnn.build("convnext_tiny", n_filters=8, input_shape=(32, 32, 3), **knobs)
        for knobs in ({}, {"layer_scale": 0})
    )
    for network, starts_as_stem in ((model, True), (bare, False)):
        ends = keras.Model(network.input, [network.get_layer("stem").output, network.get_layer("stage1").output])
        stem, stage = ends(np.ones((1, 32, 32, 3)))
        assert np.allclose(stem, stage, rtol=0, atol=1e-5) == starts_as_stem


WRONG = [
    ("densenet121", {"reduction": 0}, "maps of transition1=0: must be a whole number, 1 or more"),
    ("densenet121", {"reduction": 2}, "reduction=2: must be a number from 0 to 1"),
    ("densenet121", {"growth_rate": 1.5}, "growth_rate=1.5: must be a whole number, 1 or more"),
    ("densenet121", {"repeats": (6, 0)}, r"repeats=\(6, 0\): must be whole numbers of 1 or more, like \(2, 2, 2, 2\)"),
    ("densenet121", {"repeats": ()}, r"repeats=\(\): must be whole numbers"),
    ("densenet121", {"dropout": 1.5}, "dropout=1.5: must be a number from 0 to 1"),
    ("densenet121", {"stem": "mnist"}, "stem='mnist': must be one of 'imagenet', 'cifar'"),
    ("xception", {"repeats": 0}, "repeats=0: must be a whole number, 1 or more"),
    ("xception", {"intermediate": "tanh"}, "intermediate='tanh': must be one of None, 'relu', 'elu'"),
    ("convnext_tiny", {"n_filters": True}, "n_filters=True: must be a whole number, 1 or more"),
    ("convnext_tiny", {"stochastic_depth": "a"}, "stochastic_depth='a': must be a number from 0 to 1"),
    ("convnext_tiny", {"layer_scale": -1}, "layer_scale=-1: must be a number from 0 to 1"),
]


@pytest.mark.parametrize(("name", "knobs", "message"), WRONG)
def test_wrong_knobs(name, knobs, message):
    with pytest.raises(kerascnn.InputError, match=f"^{message}"):
        kerascnn.build(name, **knobs)
