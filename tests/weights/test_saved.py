"""Saved models load with no custom objects to pass."""

import subprocess
import sys

import pytest

import kerascnn
from kerascnn import InputError


@pytest.mark.parametrize(
    "line",
    [
        "import kerascnn; kerascnn.load",
        pytest.param("import keras; import kerascnn; keras.models.load_model", marks=pytest.mark.slow),
    ],
)
def test_load_knows_our_layers_in_a_new_process(tmp_path, line):
    kerascnn.build("resnet20_cifar", repeats=(1, 1)).save(tmp_path / "m.keras")
    code = f"import sys; {line}(sys.argv[1])"
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "m.keras"], capture_output=True).returncode == 0


def test_load_of_something_else_is_told_in_one_line(tmp_path):
    (tmp_path / "m.keras").write_text("not a model")
    for path, message in ((tmp_path / "m.keras", "is no zip archive"), (tmp_path / "none.keras", "no such file")):
        with pytest.raises(InputError, match=message) as error:
            kerascnn.load(path)
        assert "\n" not in str(error.value)
