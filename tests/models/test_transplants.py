"""With a peer's weights, every network gives the peer's outputs, to 1e-9 in double precision."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.weights import pour

from ..golden import TRANSPLANTS, transplant
from . import undrawn

TENSORFLOW_BORN = {"mobilenet_v1", "mobilenet_v2", "efficientnet_b0", "xception"}  # epsilon 1e-3, in Torch ports 1e-5
DEEP = ("101", "152")  # the network of 50 layers, by the same builder, has a peer too
PEERS = [pytest.param(peer, marks=[pytest.mark.slow] if any(n in peer for n in DEEP) else []) for peer in TRANSPLANTS]
LOOSER = {"convnext_tiny": 1e-8}  # TensorFlow's GELU rounds the square root of 2 to single precision


@pytest.mark.parametrize("peer", PEERS)
def test_outputs_of_the_peer(peer, float64, proves):
    golden = transplant(peer)
    name, arguments = golden["build"]
    with undrawn():
        model = kerascnn.build(name, **arguments, classifier_activation=None)
        if name not in TENSORFLOW_BORN:
            assert epsilons(model) == ({golden["epsilon"]} if golden["epsilon"] else set())
        pour(model, golden["tensors"], epsilon=golden["epsilon"])
        logits = keras.ops.convert_to_numpy(model(golden["input"]))
    largest = np.abs(golden["logits"]).max()
    np.testing.assert_allclose(logits, golden["logits"], rtol=0, atol=LOOSER.get(name, 1e-9) * largest)
    proves(name, golden["peer"])


def epsilons(model):
    return {layer.epsilon for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)}
