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
