"""Every network has the parameters, MACs and stage shapes of its paper."""

import re

import pytest

import kerascnn
from kerascnn.analysis import cost

from ..golden import ARCHITECTURES, call
from . import outline

IDS = [f"{entry['build'][0]}-{entry['reference']}" for entry in ARCHITECTURES]
DEFAULTS = {}
for entry in ARCHITECTURES:
    name, arguments = call(entry["build"])
    card = kerascnn.info(name) if name in kerascnn.list_models() else None
    if card and {"classes": card.classes, **arguments} in (
        {"input_shape": card.input_shape, "classes": card.classes, **extra} for extra in ({}, {"alpha": 1.0})
    ):
        DEFAULTS[name] = entry


def layer_of(stage, model):
    """Our layer for a stage of the paper: the same name, but for ResNet's `conv3_x`, our `stage2`; also in a twin."""
    layers = [inner for layer in model.layers for inner in getattr(layer, "layers", [layer])]
    names = {layer.name.lower(): layer for layer in layers}
    ours = re.sub(r"conv(\d)_x", lambda found: f"stage{int(found[1]) - 1}", stage.lower())
    return names[{"out": "predictions", "fc8": "predictions"}.get(ours, ours)]


@pytest.mark.parametrize("entry", ARCHITECTURES, ids=IDS)
def test_numbers_of_the_paper(entry, proves):
    name, arguments = call(entry["build"])
    model = outline(name, **arguments)
    assert cost(model) == (entry["params_trainable"], entry["params_total"], entry["macs"])
    for stage, shape in entry["stages"].items():
        assert layer_of(stage, model).output.shape[1:] in (tuple(shape), tuple(shape[2:])), stage
    proves(name, "numbers")


@pytest.mark.parametrize("name", kerascnn.list_models())
def test_card_holds_the_numbers_of_its_source(name, proves):
    card = kerascnn.info(name)
    if name in DEFAULTS:
        entry = DEFAULTS[name]
        assert (card.trainable, card.params, card.macs) == (
            entry["params_trainable"], entry["params_total"], entry["macs"],
        )  # fmt: skip
    else:
        assert cost(outline(name)) == (card.trainable, card.params, card.macs)
    proves(name, "numbers")
