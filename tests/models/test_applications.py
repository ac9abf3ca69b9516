"""With the same weights, a network and its twin in keras.applications give the same outputs, to 1e-9 in float64."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.weights import pour

from ..golden.applications import LEFT_OUT, ODD, TWINS, fill
from . import undrawn

SEED, CLASSES = 5, 7
OTHERWISE_PROVEN = ("vgg19", "inception_resnet_v2", "convnext_tiny")  # by another peer's outputs, which takes seconds
CASES = [
    pytest.param(
        twin,
        size,
        marks=[pytest.mark.slow] if twin.sizes is ODD or size != twin.sizes[0] or twin.name in OTHERWISE_PROVEN else [],
    )
    for twin in TWINS
    for size in twin.sizes
]


def label(value):
    return "x".join(map(str, value)) if len(value) == 2 else "-".join(map(str, [value.name, *value.knobs.values()]))


def epsilons(model):
    return {layer.epsilon for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)}


@pytest.mark.parametrize(("twin", "size"), CASES, ids=label)
def test_outputs_of_keras_applications(twin, size, float64, proves):
    shape = {"input_shape": (*size, 3), "classes": CLASSES, "classifier_activation": None}
    image = np.random.default_rng([SEED, 10**6]).standard_normal((1, *size, 3))
    with undrawn():
        theirs = twin.build(size, CLASSES)
        tensors = fill(theirs, SEED)
        (epsilon,) = epsilons(theirs) or {None}
        ours = kerascnn.build(twin.name, **shape, **twin.knobs)
        assert pour(ours, tensors, epsilon=epsilon) == "keras.applications"
        expected, logits = (keras.ops.convert_to_numpy(model(image)) for model in (theirs, ours))
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    proves(twin.name, "keras.applications")


def test_every_network_of_keras_applications_is_compared_or_it_is_said_why_not():
    functions = {name for name, value in vars(keras.applications).items() if callable(value)}
    assert functions == {twin.function for twin in TWINS} | {name for names in LEFT_OUT.values() for name in names}
