"""The procedures against their papers, written down once more, and each of them training for a moment."""

import subprocess
import sys
from dataclasses import fields, replace

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import training
from kerascnn.blocks import classifier, conv_bn, depthwise_bn
from kerascnn.registry import knobs
from kerascnn.training.flags import parse
from kerascnn.training.procedure.presets import PRESETS, described
from kerascnn.training.procedure.procedure import DEFAULTS, Procedure

IMAGENET, CIFAR = 1_281_167, 50_000
# What papers print: optimizer, momentum, learning rate, batch, weight decay; and where. What they don't print is None.
PRINTED = {
    "alexnet": ("sgd", 0.9, 0.01, 128, 5e-4),  # Section 5
    "vgg": ("sgd", 0.9, 0.01, 256, 5e-4),  # Section 3.1
    "googlenet": ("sgd", 0.9, None, None, None),  # Section 6
    "inception_v3": ("rmsprop", None, 0.045, 32, None),  # Section 8
    "resnet": ("sgd", 0.9, 0.1, 256, 1e-4),  # Section 3.4
    "resnet_cifar": ("sgd", 0.9, 0.1, 128, 1e-4),  # Section 4.2
    "senet": ("sgd", 0.9, 0.6, 1024, None),  # Section 5.1
    "mobilenet_v1": ("rmsprop", None, None, None, None),  # Section 3.2
    "mobilenet_v2": ("rmsprop", 0.9, 0.045, 96, 4e-5),  # Section 6.1
    "shufflenet": ("sgd", None, 0.5, 1024, 4e-5),  # Section 4
    "modern": ("adamw", None, 4e-3, 4096, 0.05),  # ConvNeXt, Table 5
}
STEPS = {  # of the whole training, and images to train on
    "vgg": (370_000, IMAGENET),  # Section 3.1
    "resnet": (600_000, IMAGENET),  # Section 3.4
    "resnet_cifar": (64_000, CIFAR),  # Section 4.2
    "shufflenet": (300_000, IMAGENET),  # Section 4
    "googlenet": (10_000_000, IMAGENET),  # Caffe's bvlc_googlenet/solver.prototxt
}
EPOCHS = {"alexnet": 90, "vgg": 74, "inception_v3": 100, "senet": 100, "modern": 300}
RATES = {  # the share of the first rate that is left after some epochs
    "googlenet": {7.9: 1, 8.1: 0.96, 16.1: 0.96**2},  # "by 4 % every 8 epochs"
    "inception_v3": {1.9: 1, 2.1: 0.94, 10.1: 0.94**5},  # "every two epoch using an exponential rate of 0.94"
    "resnet_cifar": {81: 1, 83: 0.1, 122: 0.1, 124: 0.01},  # "by 10 at 32k and 48k iterations", of 391 to an epoch
    "senet": {29.9: 1, 30.1: 0.1, 60.1: 0.01, 90.1: 0.001},  # "by a factor of 10 every 30 epochs"
    "mobilenet_v1": {2.4: 1, 2.6: 0.94},  # mobilenet_v1_train.py
    "mobilenet_v2": {0.9: 1, 1.1: 0.98, 10.1: 0.98**10},  # "0.98 per epoch"
    "shufflenet": {60: 0.75, 120: 0.5, 239.9: 0},  # "decreased from 0.5 to 0", linearly
    "modern": {10: 0.5, 20: 1, 160: 0.5, 299.9: 0},  # 20 epochs of warm-up, cosine
}
ELSE = {
    "alexnet": {"schedule": "plateau", "factor": 0.1, "test_crops": 10, "initializer": "alexnet"},  # Sections 4.1 and 5
    "vgg": {"schedule": "plateau", "factor": 0.1},
    "resnet": {"schedule": "plateau", "factor": 0.1, "test_crops": 10, "initializer": "he_normal"},
    "resnet_cifar": {"initializer": "he_normal", "augment": "cifar"},
    "googlenet": {"auxiliary": (0.3, 0.3)},  # Section 5
    "inception_v3": {"rho": 0.9, "epsilon": 1.0, "clip_norm": 2.0, "label_smoothing": 0.1},  # Sections 7 and 8
    "mobilenet_v1": {"rho": 0.9, "epsilon": 1.0, "decays": "not-depthwise"},  # as Inception v3; Section 3.2
    "mobilenet_v2": {"rho": 0.9},
    "modern": {"label_smoothing": 0.1, "ema": 0.9999, "decays": "kernels"},
}


@pytest.fixture(scope="module")
def config():
    """The flags that the recipe shows."""
    from runpy import run_path

    from ...recipes import RECIPES

    return run_path(str(RECIPES / "classify.py"))["CONFIG"]


def flags(config, name):
    return parse(config, ["--preset", name], presets=PRESETS, more={"of the procedure": DEFAULTS})


def test_all_are_known_here():
    assert set(PRESETS) == set(PRINTED)


@pytest.mark.parametrize("name", PRESETS)
def test_as_printed(name):
    preset = PRESETS[name]
    found = [preset.get(flag) for flag in ("optimizer", "momentum", "lr", "batch", "weight_decay")]
    assert [value if printed is not None else None for value, printed in zip(found, PRINTED[name], strict=True)] == [
        *PRINTED[name]
    ]
    assert {flag: preset[flag] for flag in ELSE.get(name, {})} == ELSE.get(name, {})
    assert preset["epochs"] == EPOCHS.get(name, preset["epochs"])
    if name in STEPS:
        steps, images = STEPS[name]
        assert preset["epochs"] * images / preset["batch"] == pytest.approx(steps, rel=0.02)


@pytest.mark.parametrize("name", RATES)
def test_rates_fall_as_printed(name, config):
    procedure = Procedure.from_flags(flags(config, name))
    lr, size = procedure.lr, CIFAR if name == "resnet_cifar" else IMAGENET
    steps = -(-size // procedure.batch)
    rate = training.schedule(procedure, steps)
    for epochs, share in RATES[name].items():
        assert float(rate(int(epochs * steps))) == pytest.approx(lr * share, rel=0.02, abs=0.002 * lr)


@pytest.mark.parametrize("name", PRESETS)
def test_flags_are_those_of_the_recipe(name, config):
    """Also the network is there, with the heads that the auxiliary losses need, and the augmentation."""
    preset, flags = PRESETS[name], DEFAULTS | config
    assert set(preset) <= set(flags)
    for flag, value in preset.items():
        assert type(value) is type(flags[flag]) or {type(value), type(flags[flag])} == {int, float}
    assert ("aux" in knobs(preset["model"])) == bool(preset.get("auxiliary"))
    assert preset["augment"] in kerascnn.data.AUGMENTS


def test_what_the_recipe_shows_is_what_a_procedure_has(config):
    """The defaults of these flags stand in both."""
    both = config.keys() & {field.name for field in fields(Procedure)}
    assert {name: config[name] for name in both} == {name: DEFAULTS[name] for name in both}


def test_importing_them_brings_in_no_keras():
    code = "import sys, kerascnn.training.procedure.presets as m; assert m.PRESETS and 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", PRESETS)
def test_trains_for_two_steps(name, config):
    """A small network, on eight digits at a time; all numbers stay finite and the weights move."""
    cfg = flags(config, name)
    procedure = replace(Procedure.from_flags(cfg), epochs=1, batch=8)
    inp = keras.Input((16, 16, 1))
    x = conv_bn(inp, 4, 3, name="conv1")
    x = depthwise_bn(x, 3, name="depthwise")
    network = keras.Model(inp, classifier(x, 10, "softmax"))
    training.initialize(network, procedure.initializer)
    optimizer = training.optimizer(procedure, training.schedule(procedure, 2), network, 2)
    loss = training.CrossEntropy(procedure.label_smoothing)
    network.compile(optimizer, loss, metrics=[training.accuracy], run_eagerly=True)
    before = network.get_weights()
    images = kerascnn.data.load("digits", (16, 16, 1), batch=8, augment=cfg.augment, limit=16)
    for batch in images.train.take(2):
        assert np.isfinite(network.train_on_batch(*batch)).all()
    after = network.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert any(not np.array_equal(now, then) for now, then in zip(after, before, strict=True))


def test_each_says_what_it_does():
    does = described(PRESETS)
    assert list(does) == list(PRESETS)
    assert does["resnet_cifar"] == (
        "He et al. 2015: resnet20_cifar on 32x32; SGD, step from 0.1, 164 epochs, batch 128, augment cifar"
    )
    assert does["vgg"].startswith("Simonyan & Zisserman 2014: vgg16 on 224x224; ")
    assert all(len(line) <= 120 for line in does.values())
