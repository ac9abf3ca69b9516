import keras
import pytest


@pytest.fixture(scope="module")
def double_precision():
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")
