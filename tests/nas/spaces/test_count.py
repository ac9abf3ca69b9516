"""What is counted from a spec is what the built network has."""

import gc
from math import prod
from random import Random
from time import perf_counter

import keras
import pytest

import kerascnn
from kerascnn.analysis import cost
from kerascnn.nas import SPACES, count, space

from ...models import undrawn


def counted_by_keras(spec):
    """Keras's count of the parameters, the package's MACs, the bytes of all that the layers give out, the layers."""
    with undrawn():
        model = kerascnn.build(**spec)
    outputs = [prod(layer.output.shape[1:]) for layer in model.layers if type(layer) is not keras.layers.Identity]
    trainable = sum(prod(weight.shape) for weight in model.trainable_weights)
    return trainable, model.count_params(), cost(model).macs, 4 * sum(outputs), len(outputs)


@pytest.fixture
def no_search_for_garbage():
    """Keras's networks are cycles of many objects: looking for those that have gone takes a fifth of the time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("no_search_for_garbage")
@pytest.mark.parametrize("draws", [20, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("family", SPACES)
def test_a_count_equals_the_built_network(family, draws):
    random = Random(draws)
    for i in range(draws):
        shape = (random.randint(4, 40), random.randint(4, 40), random.choice((1, 3)))
        asked = space(family, input_shape=shape, classes=random.randint(2, 20))
        spec = asked.spec(asked.draw(random)) | random.choice(({}, {"stem": "imagenet"}, {"dropout": 0.5}))
        assert count(spec) == counted_by_keras(spec), spec
        if i % 50 == 49:
            keras.utils.clear_session(free_memory=False)


@pytest.mark.parametrize("block", ["plain", "residual", "bottleneck", "se", "separable", "inception"])
@pytest.mark.parametrize("kernel_size", [3, 7])
def test_every_block_is_counted(block, kernel_size):
    spec = dict(name="staged", input_shape=[9, 6, 3], classes=5, blocks=[block] * 2, repeats=[2, 3], n_filters=[12, 20])
    assert count(spec | {"kernel_size": kernel_size}) == counted_by_keras(spec | {"kernel_size": kernel_size})


def test_resnet20_by_hand():
    """He et al. 2015, Section 4.2: 6n + 2 layers, n = 3, with projections instead of padding."""
    convolutions = 27 * 16 + 6 * 9 * 16**2 + 9 * 16 * 32 + 5 * 9 * 32**2 + 9 * 32 * 64 + 5 * 9 * 64**2
    projections, channels = 16 * 32 + 32 * 64, 7 * 16 + 7 * 32 + 7 * 64
    found = count({"name": "staged", "input_shape": (32, 32, 3), "classes": 10})
    assert found.trainable == convolutions + projections + 2 * channels + 64 * 10 + 10
    assert found.params == found.trainable + 2 * channels
    card = kerascnn.info("staged")
    assert found[:3] == (card.trainable, card.params, card.macs)


def test_a_network_of_the_catalog_is_built_to_be_counted():
    spec = {"name": "resnet20_cifar", "input_shape": [32, 32, 3], "classes": 10, "n_filters": 8}
    assert count(spec) == counted_by_keras(spec)
    assert count({**spec, "n_filters": 16})[:3] == kerascnn.info("resnet20_cifar")[6:9]


@pytest.mark.parametrize("family", SPACES)
def test_counting_takes_under_100_microseconds(family):
    random, asked = Random(1), space(family)
    specs = [asked.spec(asked.draw(random)) for _ in range(200)]

    def seconds():
        start = perf_counter()
        for spec in specs:
            count(spec)
        return perf_counter() - start

    assert min(seconds() for _ in range(10)) / len(specs) < 100e-6
