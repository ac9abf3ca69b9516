"""Every draw of every space is a network, as pure data."""

import json
import subprocess
import sys
from random import Random

import keras_tuner
import numpy as np
import pytest

import kerascnn
from kerascnn.errors import InputError
from kerascnn.nas import SPACES, space
from kerascnn.nas.spaces.keras_tuner import sample

from ...models import undrawn


def test_importing_brings_in_neither_keras_nor_its_tuner():
    code = "import sys, kerascnn.nas; sys.exit(any(m in sys.modules for m in ('keras', 'keras_tuner', 'tensorflow')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("family", SPACES)
def test_a_family_has_six_to_nine_numbers(family):
    assert 6 <= len(SPACES[family].dimensions) <= 9
    names = [dimension.name for dimension in SPACES[family].dimensions]
    assert len(set(names)) == len(names)
    for i, dimension in enumerate(SPACES[family].dimensions):
        assert set(dimension.when) <= set(names[:i])


@pytest.mark.parametrize("family", SPACES)
def test_draws_build(family):
    asked = space(family, input_shape=(16, 24, 1), classes=3)
    for seed in range(3):
        spec = asked.spec(asked.draw(Random(seed)))
        with undrawn():
            model = kerascnn.build(**spec)
        assert model.input_shape == (None, 16, 24, 1)
        assert model.output_shape == (None, 3)
        ends = [model.get_layer(f"stage{i}").output.shape for i in range(1, len(spec["repeats"]) + 1)]
        assert [end[-1] for end in ends] == spec["n_filters"]
        assert [end[1:3] for end in ends] == [(16, 24), (8, 12), (4, 6)][: len(ends)]


def test_a_space_of_ones_own():
    own = space(
        {
            "name": "resnet20_cifar",
            "repeats": [(1, 1, 1), (2, 1, 1)],
            "n_filters": range(4, 9, 4),
            "shortcut": [None, "A"],
        },
        classes=4,
    )
    hp = keras_tuner.HyperParameters()
    values = sample(own, hp)
    assert values == {"repeats": (1, 1, 1), "n_filters": 4, "shortcut": None}
    assert json.loads(json.dumps(hp.get_config()))
    with undrawn():
        assert kerascnn.build(**own.spec(values)).output_shape == (None, 4)


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("resnets", "did you mean resnet"),
        ("lenet5", "the space over lenet5 is empty: give a knob a list of choices"),
        ({"name": "resnet20_cifar"}, "is empty"),
        ({"name": "resnet20_cifar", "n_filters": 8}, "is empty"),
        ({"name": "resnet20_cifar", "n_filters": []}, "nothing to choose from"),
        ({"name": "resnet20_cifar", "n_filters": range(10**12)}, "must be 10,000 choices or less"),
        ({"name": ["vgg"], "n_filters": [3]}, "must be the name of a network"),
        ({"name": "resnet20_cifar", 3: [3]}, "unknown knob of resnet20_cifar 3"),
        (["vgg"], "unknown family"),
        (None, "unknown family"),
        ({"name": "resnet20_cifar", "n_filter": [8]}, "did you mean n_filters"),
        ({"name": "resnet21_cifar", "n_filters": [8]}, "did you mean resnet"),
        ({"n_filters": [8]}, 'needs the "name"'),
    ],
)
def test_a_wrong_space_is_one_line(family, words):
    with pytest.raises(InputError, match=words) as told:
        space(family)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": 32}, "input_shape=32: must be .height, width, channels."),
        ({"input_shape": (32, -1, 3)}, "must be .height, width, channels."),
        ({"classes": 0}, "classes=0: must be a whole number"),
        ({"classes": None}, "classes=None: must be a whole number"),
    ],
)
def test_wrong_images_or_classes_of_a_space(arguments, message):
    with pytest.raises(InputError, match=message):
        space("vgg", **arguments)


def test_a_space_takes_numpy_s_numbers():
    asked = space("vgg", input_shape=np.array([16, 24, 1]), classes=np.int64(3))
    assert json.dumps([asked.input_shape, asked.classes]) == "[[16, 24, 1], 3]"
