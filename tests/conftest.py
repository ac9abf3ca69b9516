import keras
import pytest


@pytest.fixture
def float64():
    """Build and run in double precision: in single, identical deep networks drift apart."""
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


@pytest.fixture(autouse=True)
def clear_session():
    yield
    keras.backend.clear_session()
