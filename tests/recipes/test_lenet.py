"""`recipes/lenet.py`, the first page."""

import re

import pytest

from . import run


@pytest.mark.slow
def test_learns_digits(tmp_path):
    done = run("lenet.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"has not trained on: (\d+\.\d+)%$", done.stdout.strip())[1]) >= 97
    assert not list(tmp_path.iterdir())
