"""Saved models load with no custom objects to pass."""

import subprocess
import sys

import keras
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


@keras.saving.register_keras_serializable(package="mine")
class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def test_a_users_own_layers_are_loaded_where_they_are_trusted(tmp_path, capsys):
    image = keras.Input((4,))
    model = keras.Model(image, Twice(name="twice")(keras.layers.Dense(2)(image)))
    model.save(tmp_path / "m.keras")
    with pytest.raises(InputError, match=r"twice is 'mine>Twice', which is not on the list .* trust=True"):
        kerascnn.load(tmp_path / "m.keras")
    assert capsys.readouterr() == ("", "")
    assert kerascnn.load(tmp_path / "m.keras", like=model).count_params() == 10
    assert kerascnn.load(tmp_path / "m.keras", trust=True).count_params() == 10
    assert "m.keras is trusted: what it names is run" in capsys.readouterr().err


def test_what_is_trusted_may_be_damaged_all_the_same(tmp_path):
    (tmp_path / "m.keras").write_text("not a model")
    with pytest.raises(InputError, match="holds no Keras model") as error:
        kerascnn.load(tmp_path / "m.keras", trust=True)
    assert "\n" not in str(error.value)
