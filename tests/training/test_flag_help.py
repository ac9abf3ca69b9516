"""The names of flags are those that the package knows."""

import subprocess
import sys

import pytest

from kerascnn import nas
from kerascnn.nas.spaces.families import SPACES
from kerascnn.nas.strategies.oracles import GOALS
from kerascnn.nas.strategies.proxies import PROXIES
from kerascnn.training.distribution.replicas import BATCH_NORMS
from kerascnn.training.flag_help import CHOICES, HELP, METAVARS


@pytest.mark.parametrize(
    ("flag", "known"),
    [
        ("batch_norm", BATCH_NORMS),
        ("family", SPACES),
        ("goal", GOALS),
        ("proxy", PROXIES),
        ("strategy", nas.STRATEGIES),
    ],
)
def test_names_are_all_that_are_known(flag, known):
    assert set(CHOICES[flag]) == set(known)


def test_each_name_says_what_it_does():
    assert all(10 < len(does) <= 120 for names in CHOICES.values() for does in names.values())


def test_each_flag_has_a_short_help():
    assert all((5 < len(text) < 200 and text[0].islower()) or text[0].isdigit() for text in HELP.values())
    assert set(METAVARS) | set(CHOICES) <= set(HELP)


def test_it_is_read_without_keras():
    script = "import sys, kerascnn.training.flag_help; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "keras", "numpy"} & set(loaded)
