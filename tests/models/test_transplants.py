"""With a peer's weights, every network gives the peer's outputs, to 1e-9 in double precision."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.weights import pour

from ..golden import TRANSPLANTS, transplant

TENSORFLOW_BORN = {"mobilenet_v1", "mobilenet_v2", "efficientnet_b0"}  # epsilon 1e-3, in their Torch ports 1e-5


@pytest.mark.parametrize("peer", TRANSPLANTS)
def test_outputs_of_the_peer(peer, float64, proves):
    golden = transplant(peer)
    name, arguments = golden["build"]
    model = kerascnn.build(name, **arguments, classifier_activation=None)
    if name not in TENSORFLOW_BORN:
        assert epsilons(model) == ({golden["epsilon"]} if golden["epsilon"] else set())
    pour(model, golden["tensors"], epsilon=golden["epsilon"])
    logits = model.predict(golden["input"], verbose=0)
    assert np.abs(logits - golden["logits"]).max() < 1e-9 * np.abs(golden["logits"]).max()
    proves(name, golden["peer"])


def epsilons(model):
    return {layer.epsilon for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)}
