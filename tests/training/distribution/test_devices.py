"""What there is to compute on, as far as a machine without a GPU can tell."""

import json
import subprocess
import sys

import keras
import pytest
import tensorflow as tf

from kerascnn import InputError
from kerascnn.training.distribution import devices


@pytest.fixture
def gpus(monkeypatch):
    """Pretend that there are GPUs of these compute capabilities."""

    def install(*capabilities):
        found = dict(zip("abcdefgh", capabilities, strict=False))
        details = lambda gpu: {"compute_capability": found[gpu], "device_name": "Tesla"}  # noqa: E731
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: list(found))
        monkeypatch.setattr(tf.config.experimental, "get_device_details", details)

    yield install
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("capabilities", "policy", "words"),
    [
        (((9, 0),), "mixed_bfloat16", "Tesla"),
        (((8, 0), (8, 6)), "mixed_bfloat16", "2 x Tesla"),
        (((8, 0), (7, 5)), "mixed_float16", "2 x Tesla"),
    ],
)
def test_mixed_precision_suits_the_gpus(capabilities, policy, words, gpus):
    gpus(*capabilities)
    assert devices.set_precision(mixed=True) == keras.config.dtype_policy().name == policy
    assert devices.set_precision(mixed=False) == keras.config.dtype_policy().name == "float32"
    assert devices.describe() == words


def test_mixed_precision_needs_a_gpu(gpus):
    gpus()
    with pytest.raises(InputError, match="--mixed-precision: needs a GPU"):
        devices.set_precision(mixed=True)
    assert keras.config.dtype_policy().name == "float32"
    assert devices.describe().startswith("CPU")


@pytest.mark.skipif(len(tf.config.list_logical_devices()) > 1, reason="needs a machine with one device")
def test_one_device_needs_no_strategy():
    assert devices.strategy() is tf.distribute.get_strategy()


def cluster(job, index, **jobs):
    return json.dumps({"cluster": jobs, "task": {"type": job, "index": index}})


@pytest.mark.parametrize(
    ("config", "workers", "chief"),
    [
        ("", 1, True),
        ("{}", 1, True),
        (cluster("worker", 0, worker=["a:1"]), 1, True),
        (cluster("worker", 0, worker=["a:1", "b:1"]), 2, True),
        (cluster("worker", "1", worker=["a:1", "b:1"]), 2, False),
        (cluster("chief", 0, chief=["a:1"], worker=["b:1", "c:1"]), 3, True),
        (cluster("worker", 0, chief=["a:1"], worker=["b:1", "c:1"]), 3, False),
    ],
)
def test_who_trains_and_who_writes(config, workers, chief, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    assert devices.workers() == workers
    assert devices.is_chief() is chief


@pytest.mark.parametrize(
    "config",
    [
        "{",
        "[]",
        "worker",
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        cluster("worker", 2, worker=["a:1", "b:1"]),
        cluster("worker", -1, worker=["a:1", "b:1"]),
        cluster("worker", "first", worker=["a:1", "b:1"]),
        cluster("chief", 0, worker=["a:1", "b:1"]),
        cluster("worker", 0, worker=["a:1", "a:1"]),
        cluster("worker", 0, worker=["a", "b"]),
        cluster("worker", 0, worker="a:1"),
        cluster("worker", 0, worker=3),
        cluster("worker", 0, worker=["a:1", 3]),
        cluster("worker", 0, worker=["a:1"], ps=["b:1"]),
    ],
)
def test_a_broken_cluster_is_one_line(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match=r"^TF_CONFIG=.*: must be like \{"):
        devices.strategy()


@pytest.mark.slow
def test_tensorflow_starts_quietly():
    code = (
        "import sys; from kerascnn.training.distribution.devices import load_tensorflow; load_tensorflow(); "
        "print('heard', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "heard\n")


def test_what_stops_tensorflow_from_starting_is_heard(capfd, monkeypatch):
    def broken(*_):
        import os

        os.write(2, b"no driver\n")
        raise ImportError("broken")

    monkeypatch.setattr(tf.config, "list_physical_devices", broken)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    with pytest.raises(ImportError, match="broken"):
        devices.load_tensorflow()
    assert capfd.readouterr().err == "no driver\n"


def test_recipes_train_with_tensorflow(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(InputError, match="KERAS_BACKEND=jax: recipes train with tensorflow"):
        devices.load_tensorflow()
