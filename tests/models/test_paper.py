"""Every network has the parameters, MACs and stage shapes of its paper."""

import re

import pytest

import kerascnn
from kerascnn.analysis import cost

from ..golden import ARCHITECTURES, call

KNOWN = [entry for entry in ARCHITECTURES if entry["build"][0] in kerascnn.list_models()]


def layer_of(stage, model):
    """Our layer for a stage of the paper: the same name, but for ResNet's `conv3_x`, our `stage2`."""
    names = {layer.name.lower(): layer.name for layer in model.layers}
    ours = re.sub(r"conv(\d)_x", lambda found: f"stage{int(found[1]) - 1}", stage.lower())
    return model.get_layer(names[{"out": "predictions"}.get(ours, ours)])


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: "-".join(map(str, [entry["build"][0], entry["reference"]])))
def test_numbers_of_the_paper(entry):
    name, arguments = call(entry["build"])
    model = kerascnn.build(name, **arguments)
    assert cost(model) == (entry["params_trainable"], entry["params_total"], entry["macs"])
    for stage, shape in entry["stages"].items():
        assert layer_of(stage, model).output.shape[1:] in (tuple(shape), tuple(shape[2:])), stage


@pytest.mark.parametrize("name", kerascnn.list_models())
def test_card_agrees_with_its_source(name):
    card = kerascnn.info(name)
    default = {"input_shape": list(card.input_shape), "classes": card.classes}
    for entry in ARCHITECTURES:
        if entry["build"][0] == name and {"alpha": 1.0, **entry["build"][1]} == {"alpha": 1.0, **default}:
            assert (card.trainable, card.params, card.macs) == (
                entry["params_trainable"], entry["params_total"], entry["macs"],
            )  # fmt: skip
            return
    assert card.same_as, f"{name} needs a source for its numbers"
