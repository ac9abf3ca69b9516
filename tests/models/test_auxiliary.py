"""Auxiliary heads help the training of a network and never change what it answers."""

import keras
import numpy as np
import pytest

import kerascnn

from . import outline

HEADS = {"googlenet": ["aux1", "aux2"], "inception_v3": ["aux1"]}
SMALLEST = {"googlenet": 79, "inception_v3": 299}


def narrow(name, size=None, **arguments):
    size = size or SMALLEST[name]
    return kerascnn.build(name, **{"input_shape": (size, size, 3), "classes": 5, "alpha": 1 / 16, **arguments})


def weights(model):
    return {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}


@pytest.fixture(scope="module", params=HEADS)
def model(request):
    return narrow(request.param, aux=True)


def test_heads_are_outputs_after_the_main_one(model):
    assert model.output_names == ["predictions", *HEADS[model.name]]
    answers = model(np.zeros((2, *model.input_shape[1:])))
    assert [answer.shape for answer in answers] == [(2, 5)] * len(answers)


def test_heads_never_change_the_main_output(model):
    plain = narrow(model.name)
    values = weights(model)
    assert set(weights(plain)) < set(values)
    for weight in plain.weights:
        weight.assign(values[weight.path])
    image = np.random.default_rng(0).standard_normal((1, *model.input_shape[1:]))
    np.testing.assert_array_equal(model(image)[0], plain(image))


def test_heads_teach_the_trunk(model):
    """The losses are given by name; those of the heads alone move the first convolution."""
    names, before = model.output_names, weights(model)
    images = np.random.default_rng(1).standard_normal((2, *model.input_shape[1:]))
    losses, shares = dict.fromkeys(names, "sparse_categorical_crossentropy"), [0.0] + [0.3] * (len(names) - 1)
    model.compile("sgd", losses, loss_weights=shares, run_eagerly=True)
    model.train_on_batch(images, dict.fromkeys(names, np.array([0, 1])))
    after = weights(model)
    first, last = model.trainable_weights[0].path, "predictions/kernel"
    assert not np.array_equal(after[first], before[first])
    assert np.array_equal(after[last], before[last])


@pytest.mark.parametrize("name", HEADS)
def test_wrong_uses_are_told(name):
    with pytest.raises(kerascnn.InputError, match="include_top"):
        narrow(name, aux=True, include_top=False, classes=None)
    size = SMALLEST[name]
    with pytest.raises(kerascnn.InputError, match=f"{size - 1}x{size - 1}: the smallest is {size}x{size}"):
        narrow(name, size - 1, aux=True)


def test_inception_v3_has_the_head_of_torchvision():
    """27,161,264 parameters in torchvision 0.28.0, whose batch normalizations also scale."""
    model = outline("inception_v3", aux=True)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    scales = sum(norm.beta.shape[0] for norm in norms)
    assert sum(np.prod(weight.shape) for weight in model.trainable_weights) == 27_161_264 - scales


def test_heads_sit_where_the_paper_has_them():
    """The first on 4a, with 3,188,840 parameters, the second on 4d, with 3,190,888 (BVLC's train_val.prototxt)."""
    model = outline("googlenet", aux=True)
    parameters = {
        head: sum(np.prod(weight.shape) for weight in model.weights if weight.path.startswith(head))
        for head in HEADS["googlenet"]
    }
    assert parameters == {"aux1": 3_188_840, "aux2": 3_190_888}
