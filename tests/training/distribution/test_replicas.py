"""Two devices of one process, and two processes, against one device: `worker.py` is what each of them runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from kerascnn import InputError
from kerascnn.training import SGD
from kerascnn.training.distribution import replicas

SCRIPT = Path(__file__).with_name("worker.py")
LAUNCH = ["-m", "kerascnn.training.launch", "--workers", "2"]


@pytest.fixture(scope="module")
def did(tmp_path_factory):
    """What they did: one, two (devices), chief and other (process)."""
    folder = tmp_path_factory.mktemp("replicas")
    started = []
    for name, words in {"one": [SCRIPT], "two": [SCRIPT], "workers": [*LAUNCH, SCRIPT]}.items():
        (folder / name).mkdir()
        command = [sys.executable, *words, folder / name, "2" if name == "two" else "1"]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    for process in started:
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0, out
    files = {"one": "one/chief", "two": "two/chief", "chief": "workers/chief", "other": "workers/other"}
    found = {name: json.loads((folder / f"{file}.json").read_text()) for name, file in files.items()}
    return {**found, "folder": folder}


several = pytest.mark.parametrize("name", ["two", "chief", "other"])


def close(found, expected, tolerance):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@several
def test_losses_of_synchronized_replicas_are_those_of_one_device(did, name):
    assert did[name]["replicas"] == 2
    found, expected = did[name]["synchronized"], did["one"]["synchronized"]
    assert len(found["losses"]) == 54
    close(found["losses"], expected["losses"], 1e-4)
    for column in ("loss", "accuracy"):
        close(found["history"][column], expected["history"][column], 1e-4)


@several
def test_every_example_is_judged_once(did, name):
    """91 of them, in batches of 16, the last of which has 6 and 5 for two replicas."""
    found, expected = did[name]["synchronized"]["history"], did["one"]["synchronized"]["history"]
    assert found["val_accuracy"] == expected["val_accuracy"]
    assert np.mod(np.multiply(found["val_accuracy"], 91) + 1e-3, 1).max() < 2e-3
    close(found["val_loss"], expected["val_loss"], 1e-4)
    assert np.shape(did[name]["predicted"]) == (91, 10)
    close(did[name]["predicted"], did["one"]["predicted"], 1e-4)


@several
def test_gradients_of_parts_under_a_strategy(did, name):
    found, expected = (
        did[name]["parts"],
        did["one"]["parts"],
    )  # three parts of 8 examples, and of 5; one of 16, and of 10
    close(found["losses"], expected["losses"], 1e-5)
    close(found["history"]["val_loss"], expected["history"]["val_loss"], 1e-5)


def test_averaged_statistics_are_the_mean_over_the_replicas(did):
    two, chief, other = (did[name]["averaged"] for name in ("two", "chief", "other"))
    first, second = np.moveaxis(two["before"], 1, 0)
    assert np.abs(first - second).max() > 1e-3  # Keras leaves each replica its own
    close(np.moveaxis(two["after"], 1, 0), np.stack([(first + second) / 2] * 2), 1e-6)
    (mine,), (others) = np.moveaxis(chief["before"], 1, 0), np.moveaxis(other["before"], 1, 0)[0]
    close(mine, first, 1e-5)
    close(others, second, 1e-5)
    for machine in (chief, other):
        close(np.moveaxis(machine["after"], 1, 0)[0], (first + second) / 2, 1e-5)


@pytest.mark.parametrize("name", ["one", "two", "chief"])
def test_what_is_judged_is_what_is_saved(did, name):
    history, saved = did[name]["averaged"]["history"], did[name]["averaged"]["saved"]
    assert history["val_accuracy"][-1] == pytest.approx(saved["accuracy"], abs=1e-6)
    assert history["val_loss"][-1] == pytest.approx(saved["loss"], abs=1e-6)


@pytest.mark.parametrize("folder", ["one", "two", "workers"])
def test_a_saved_model_does_not_ask_for_several_devices(did, folder):
    saved = keras.models.load_model(did["folder"] / folder / "synchronized.keras")
    assert not saved.layers[1].synchronized
    assert isinstance(saved.optimizer, SGD)


def test_dropout_differs_between_replicas_and_seeds_do_not(did):
    one, two, chief, other = (did[name]["different"] for name in ("one", "two", "chief", "other"))
    assert [step[0] for step in two["masks"]] == [step[0] for step in chief["masks"]]
    assert [step[1] for step in two["masks"]] == [step[0] for step in other["masks"]]
    masks = np.array(two["masks"]).reshape(4, -1)
    for i in range(4):
        for j in range(i):
            assert 16 < np.sum(masks[i] != masks[j]) < 48  # of 64
    assert [one["seeds"][0]] * 2 == two["seeds"]
    assert one["seeds"] == chief["seeds"] == other["seeds"]


def test_keras_still_drops_the_same_on_all_replicas(did):
    """`prepare` isn't needed any more when this fails."""
    for first, second in did["two"]["alike"]["masks"]:
        assert first == second
    assert did["chief"]["alike"] == did["other"]["alike"]


STOCK = """
import sys
import keras
import tensorflow as tf
from kerascnn.training.distribution import replicas

strategy = tf.distribute.MultiWorkerMirroredStrategy()
if sys.argv[1] == "mend half":
    replicas.mend_shapes()
with strategy.scope():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
model.fit(tf.data.Dataset.from_tensors((tf.zeros((4, 1)), tf.zeros((4, 1)))).with_options(options), verbose=0)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mended", "symptom"),
    [("nothing", "PerReplica'>) to a Tensor"), ("mend half", "Invalid reduction dimension 0")],
)
def test_keras_still_fails_on_several_machines(mended, symptom, tmp_path):
    """`mend_shapes` and `mend_logs`, or one of them, aren't needed any more when this fails."""
    (tmp_path / "stock.py").write_text(STOCK)
    command = [sys.executable, *LAUNCH, tmp_path / "stock.py", mended]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert symptom in done.stderr


def test_several_machines_need_a_keras_that_has_been_tried(monkeypatch):
    monkeypatch.setattr(keras, "__version__", "3.99.0")
    with pytest.raises(InputError, match=r"several machines: tried with Keras 3\.15\.x only, here is Keras 3\.99\.0"):
        replicas.over_machines()


@pytest.mark.slow
def test_only_the_chief_writes_and_speaks(tmp_path):
    recipe = Path(__file__).parents[3] / "recipes" / "classify.py"
    flags = ["--smoke", "--epochs", "2", "--accumulate", "2", "--out", "run"]
    command = [sys.executable, *LAUNCH, recipe, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert {"config.json", "history.csv", "logs", "model.keras", "report.html"} <= set(os.listdir(tmp_path / "run"))
    assert len(list((tmp_path / "run" / "logs" / "train").iterdir())) == 1
    assert done.stdout.count("Epoch 2/2") == done.stdout.count("held out") == 1
    again = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert again.returncode == 2
    assert again.stderr.splitlines()[-1].startswith("error: --out run: exists and isn't empty")
