"""The record of a procedure: its defaults, its flags, its one line."""

import dataclasses
import subprocess
import sys
from types import SimpleNamespace

import pytest

from kerascnn.training.procedure.initializers import INITIALIZERS
from kerascnn.training.procedure.optimizers import DECAYS, OPTIMIZERS
from kerascnn.training.procedure.presets import PRESETS
from kerascnn.training.procedure.procedure import CHOICES, DEFAULTS, Procedure, under_headings
from kerascnn.training.procedure.schedules import SCHEDULES, UNITS


def test_defaults_are_of_their_type():
    for field in dataclasses.fields(Procedure):
        assert isinstance(field.default, getattr(field.type, "__origin__", field.type)), field.name


def test_every_field_is_described():
    assert [name for name in DEFAULTS if f"\n        {name}: " not in Procedure.__doc__] == []


def test_from_flags():
    cfg = SimpleNamespace(**{**DEFAULTS, "optimizer": "sgd", "epochs": 3, "model": "lenet5", "knobs": {}})
    assert Procedure.from_flags(cfg) == Procedure(optimizer="sgd", epochs=3)


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Procedure().lr = 0.1


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "Adam, lr 0.002, cosine, batch 32"),
        (
            {"optimizer": "sgd", "lr": 0.1, "schedule": "step", "weight_decay": 1e-4, "epochs": 164, "batch": 128},
            "SGD 0.9, lr 0.1, step at 50 and 75 %, weight decay 1e-4, 164 epochs, batch 128",
        ),
        (
            {"schedule": "step", "milestones": (30, 60, 90), "unit": "epochs", "factor": 0.2, "patience": 5},
            "Adam, lr 0.002, step at 30, 60 and 90 epochs times 0.2, batch 32, patience 5",
        ),
        (
            {"schedule": "plateau", "lr": 2.5e-5, "auxiliary": (0.3, 0.3), "initializer": "he_normal", "epochs": 1},
            "Adam, lr 2.5e-5, times 0.1 after a plateau of 5 %, auxiliary losses 0.3 and 0.3, initial weights "
            "he_normal, 1 epoch, batch 32",
        ),
        (
            {"optimizer": "rmsprop", "schedule": "staircase", "factor": 0.94, "every": 0.02, "clip_norm": 2.0},
            "RMSprop 0.9, lr 0.002, staircase times 0.94 every 2 %, clip norm 2, batch 32",
        ),
        (
            {"optimizer": "adamw", "warmup": 20 / 300, "weight_decay": 0.05, "label_smoothing": 0.1, "ema": 0.9999},
            "AdamW, lr 0.002, cosine, warm-up of 6.67 %, weight decay 0.05, label smoothing 0.1, EMA 0.9999, batch 32",
        ),
        (
            {"schedule": "restarts", "scale_lr": True, "weight_decay": 4e-5, "decays": "all"},
            "Adam, lr 0.002 times the batch over the preset's, 3 cosine cycles, weight decay 4e-5 of all weights, "
            "batch 32",
        ),
    ],
)
def test_one_line(values, line):
    assert str(Procedure(**values)) == line


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_one_line(name):
    line = str(Procedure(**{field: value for field, value in PRESETS[name].items() if field in DEFAULTS}))
    assert "\n" not in line
    assert 40 < len(line) < 180


def test_importing_it_brings_in_no_keras():
    code = "import sys, kerascnn.training.procedure.procedure; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
        ("unit", UNITS),
        ("decays", DECAYS),
        ("initializer", set(INITIALIZERS) - {""}),
    ],
)
def test_names_of_a_field_say_what_they_do(field, known):
    assert set(CHOICES[field]) == set(known)
    assert all(10 < len(does) <= 120 for does in CHOICES[field].values())


def test_every_field_is_under_a_heading():
    assert [name for group in under_headings().values() for name in group] == list(DEFAULTS)
    assert {name: default for group in under_headings().values() for name, default in group.items()} == DEFAULTS
