"""With a peer's weights, every network gives the peer's outputs: independent code agrees to 1e-9 in double precision."""

import numpy as np
import pytest

import kerascnn
from kerascnn.weights import pour

from ..golden import TRANSPLANTS, transplant


@pytest.mark.parametrize("peer", TRANSPLANTS)
def test_outputs_of_the_peer(peer, float64, proves):
    golden = transplant(peer)
    name, arguments = golden["build"]
    model = kerascnn.build(name, **arguments, classifier_activation=None)
    pour(model, golden["tensors"], epsilon=golden["epsilon"])
    logits = model.predict(golden["input"], verbose=0)
    assert np.abs(logits - golden["logits"]).max() < 1e-9 * np.abs(golden["logits"]).max()
    proves(name, golden["peer"])
