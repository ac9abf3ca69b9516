"""The benchmarks run and print what they measured."""

import re

import pytest

from . import run


@pytest.mark.slow
def test_fit(tmp_path):
    done = run("benchmarks/fit.py", "--smoke", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    ratio = float(re.search(r"│ recipe .* (\d\.\d+) │", done.stdout)[1])
    assert 0 < ratio < 10
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_augment(tmp_path):
    done = run("benchmarks/augment.py", "--size", 32, "--batch", 4, "--rounds", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"^ratio +(\d+\.\d+)$", done.stdout, re.MULTILINE)[1]) > 0
    assert re.search(r"^modern +\d+ ms$", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_input(tmp_path):
    words = ["--width", "80", "--height", "60", "--size", "32", "--photos", "16", "--batch", "4", "--rounds", "1"]
    done = run("benchmarks/input.py", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"ratio \d+\.\d+$", done.stdout, re.MULTILINE)) == 3
    assert not list(tmp_path.iterdir())
