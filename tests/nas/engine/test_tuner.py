"""Searches that are killed, run out of disk or time, or meet networks that fail; theirs train in a moment."""

import errno
import os
import signal
import subprocess
import sys
from itertools import count

import keras
import keras_tuner
import numpy as np
import pytest

from kerascnn import data
from kerascnn.errors import InputError, TrainingStopped
from kerascnn.nas.engine import tuner
from kerascnn.nas.engine.durable_oracle import DurableOracle
from kerascnn.nas.engine.trials import results
from kerascnn.nas.engine.tuner import Tuner
from kerascnn.nas.spaces.families import space
from kerascnn.nas.spaces.keras_tuner import declare, encoded
from kerascnn.training import run_folder
from kerascnn.training.procedure.weight_average import swap_average
from kerascnn.training.resume import checkpoint, train_state
from kerascnn.training.signals import AskedToEnd

EPOCHS, STEPS = 3, 3
SPACE = space(
    {"name": "staged", "n_filters": [(8, 8, 8), (8, 16, 16), (16, 16, 16), (8, 8, 16)]}, input_shape=(8, 8, 1)
)
FIRST, SECOND, THIRD, FOURTH = ({"n_filters": choice} for choice in SPACE.dimensions[0].choices)


class Killed(BaseException):
    """What nothing catches, like a SIGKILL."""


class Listed(DurableOracle, keras_tuner.Oracle):
    """Tries a list of values, one after the other."""

    space_searched = SPACE

    def __init__(self, tried, **more):
        super().__init__(
            objective=keras_tuner.Objective("val_accuracy", "max"), hyperparameters=declare(SPACE), seed=3, **more
        )
        self.tried = tried

    def populate_space(self, trial_id):
        if int(trial_id) >= len(self.tried):
            return {"status": "STOPPED"}
        return {"status": "RUNNING", "values": self.tried[int(trial_id)]}


def tried(values, until=EPOCHS, after=0, parent=None):
    more = {"tuner/trial_id": parent} if parent else {}
    return encoded(SPACE, values) | {"tuner/epochs": until, "tuner/initial_epoch": after} | more


def small(n_filters, **_):
    """As much of a network as there is to lose: weights, statistics, and the dice of dropout."""
    if n_filters == THIRD["n_filters"]:
        raise MemoryError("cannot\nallocate")
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(n_filters[1]),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )


def compile(model, values):
    optimizer = keras.optimizers.SGD(1e30 if values == FOURTH else 0.1, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)


def load(**more):
    return data.load("digits", image_shape=(8, 8, 1), batch=16, limit=48, held_out=0.2, seed=1, **more)


@pytest.fixture(scope="module")
def digits():
    assert load().steps == STEPS
    return load()


@pytest.fixture
def begin(digits, monkeypatch):
    monkeypatch.setattr(tuner, "build", lambda **spec: small(**spec))

    def begin(folder, *tried, **more):
        return Tuner(Listed(tried, **more), SPACE, digits, folder, compile=compile, max_epochs=EPOCHS)

    return begin


CHAIN = (tried(FIRST), tried(SECOND, until=2), tried(SECOND, until=3, after=2, parent="0001"))


def searching(folder):
    """The same, as a process of its own."""
    tuner.build = lambda **spec: small(**spec)
    Tuner(Listed(CHAIN), SPACE, load(), folder, compile=compile, max_epochs=EPOCHS).search()


def found(folder):
    """All that a search has found, but for the time that it took."""
    arrays = {path.parent.parent.parent.name: dict(np.load(path)) for path in sorted(folder.rglob("state.npz"))}
    return [result._replace(seconds=0, steady=()) for result in results(folder)], arrays


def assert_same(one, other):
    assert one[0] == other[0]
    assert one[1].keys() == other[1].keys()
    for trial, arrays in one[1].items():
        np.testing.assert_equal(arrays, other[1][trial])


@pytest.fixture(scope="module")
def undisturbed(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuner, "build", lambda **spec: small(**spec))
        Tuner(Listed(CHAIN), SPACE, digits, folder, compile=compile, max_epochs=EPOCHS).search()
    return found(folder)


def test_the_undisturbed_search(undisturbed):
    trials, arrays = undisturbed
    assert [(trial.status, list(trial.curve)) for trial in trials] == [
        ("COMPLETED", [1, 2, 3]),
        ("COMPLETED", [1, 2]),
        ("COMPLETED", [1, 2, 3]),
    ]
    assert [trial.spec["n_filters"] for trial in trials] == [[8, 8, 8], [8, 16, 16], [8, 16, 16]]
    assert list(arrays) == ["trial_0000", "trial_0001", "trial_0002"]


def after(function, calls, before=False):
    """Die in, or before, this one of the calls of a function."""
    dimensions = count(1)

    def called(*args, **kwargs):
        this = next(dimensions)
        if before and this == calls:
            raise Killed
        gives = function(*args, **kwargs)
        if this == calls:
            raise Killed
        return gives

    return called


@pytest.mark.slow
def test_a_search_that_is_killed_again_and_again_ends_as_if_it_had_not_been(begin, undisturbed, monkeypatch, tmp_path):
    for owner, name, calls, before in [
        (tuner.Clock, "on_train_batch_end", 2, False),  # in the first epoch
        (tuner.Report, "on_epoch_end", 1, False),  # reported, but without a checkpoint
        (checkpoint, "write", 2, True),
        (tuner.Report, "on_epoch_end", 2, True),
        (tuner.Tuner, "tidy", 1, True),  # ended
        (tuner.Clock, "on_train_batch_end", 2 * STEPS + 1, False),  # in the promotion's epoch
        (checkpoint, "write", 1, False),  # all is done, and nothing said
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, after(getattr(owner, name), calls, before))
            with pytest.raises(Killed):
                begin(tmp_path, *CHAIN).search()
    begin(tmp_path, *CHAIN).search()
    assert_same(found(tmp_path), undisturbed)


def test_a_promotion_is_the_training_that_never_paused(begin, undisturbed, tmp_path):
    begin(tmp_path, tried(SECOND)).search()
    trials, arrays = found(tmp_path)
    assert trials[0].curve == undisturbed[0][2].curve
    np.testing.assert_equal(arrays["trial_0000"], undisturbed[1]["trial_0002"])


@pytest.mark.parametrize("lost", ["state.npz", "checkpoints"])
def test_a_promotion_whose_parent_has_lost_its_checkpoint_begins_anew(begin, undisturbed, tmp_path, lost, capsys):
    begin(tmp_path, *CHAIN[:2]).search()
    parent = tmp_path / "trial_0001"
    if lost == "state.npz":
        [file] = parent.rglob("state.npz")
        file.write_bytes(b"")
    else:
        checkpoint.clear(parent)
    begin(tmp_path, *CHAIN).search()
    checkpoint.clear(parent)
    trials, arrays = undisturbed
    assert_same(found(tmp_path), (trials, {trial: arrays[trial] for trial in ("trial_0000", "trial_0002")}))
    assert ("damaged" in capsys.readouterr().out) == (lost == "state.npz")


def test_a_damaged_checkpoint_costs_an_epoch(begin, undisturbed, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write", after(checkpoint.write, 2))
        with pytest.raises(Killed):
            begin(tmp_path, *CHAIN).search()
    newest, _ = checkpoint.steps(tmp_path / "trial_0000")
    (newest / "state.npz").write_bytes((newest / "state.npz").read_bytes()[:1000])
    begin(tmp_path, *CHAIN).search()
    assert_same(found(tmp_path), undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 3 * STEPS])
def test_sigterm_lets_the_trial_go_in_the_middle_of_an_epoch(begin, undisturbed, monkeypatch, tmp_path, at):
    dimensions = count(1)

    def kill(clock, batch, logs=None, step=tuner.Clock.on_train_batch_end):
        step(clock, batch, logs)
        if next(dimensions) == at:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(tuner.Clock, "on_train_batch_end", kill)
        with pytest.raises(AskedToEnd, match=r"^by SIGTERM$"):
            begin(tmp_path, *CHAIN).search()
    assert [trial.status for trial in results(tmp_path)] == ["RUNNING"]
    begin(tmp_path, *CHAIN).search()
    assert_same(found(tmp_path), undisturbed)


@pytest.mark.slow
def test_a_full_disk_ends_the_search_and_costs_nothing(begin, undisturbed, monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for module, calls in [(np, "savez"), (os, "fsync")]:
        with monkeypatch.context() as patch:
            patch.setattr(module, calls, full)
            with pytest.raises(OSError, match="No space left"):
                begin(tmp_path, *CHAIN).search()
    begin(tmp_path, *CHAIN).search()
    assert_same(found(tmp_path), undisturbed)


@pytest.fixture
def disk(tmp_path):
    """A disk of 64 KiB, and how to make it larger."""
    (tmp_path / "disk").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path / "disk")]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a disk; one that is full is also tested without")
    yield tmp_path / "disk", lambda: subprocess.run(["mount", "-o", "remount,size=8m", mount[-1]], check=True)
    subprocess.run(["umount", "--lazy", mount[-1]], check=True)


@pytest.mark.slow
def test_a_disk_that_is_really_full(begin, undisturbed, disk):
    folder, enlarge = disk
    with pytest.raises(OSError, match="No space left"):
        begin(folder, *CHAIN).search()
    assert results(folder)[0].curve
    enlarge()
    begin(folder, *CHAIN).search()
    assert_same(found(folder), undisturbed)


def test_networks_that_fail_are_set_aside_with_their_message(begin, undisturbed, tmp_path):
    begin(tmp_path, tried(THIRD), tried(FOURTH), *CHAIN[:1]).search()
    memory, infinite, good = results(tmp_path)
    assert (memory.status, memory.message) == ("FAILED", "MemoryError: cannot allocate")
    assert infinite.status == "FAILED"
    assert infinite.message.startswith("the loss in epoch 1, step ")
    assert good.curve == undisturbed[0][0].curve
    assert not list((tmp_path / "trial_0001").rglob("state.npz"))


def test_where_all_fail_there_is_one_line(begin, tmp_path):
    with pytest.raises(TrainingStopped, match=r"^none of 2 networks .*; the last one: MemoryError: cannot allocate$"):
        begin(tmp_path, tried(THIRD), tried(THIRD)).search()


def test_when_the_time_is_over_a_trial_ends_with_its_epoch(begin, undisturbed, monkeypatch, tmp_path):
    now = [0.0]

    def takes_40_seconds(*_, epoch_end=tuner.Clock.on_epoch_end):
        now[0] += 40
        epoch_end(*_)

    monkeypatch.setattr(tuner.Clock, "on_epoch_end", takes_40_seconds)
    begin(tmp_path, *CHAIN, seconds=60, clock=lambda: now[0]).search()
    trials = results(tmp_path)
    assert [trial.status for trial in trials] == ["COMPLETED"]
    whole = undisturbed[0][0].curve
    assert trials[0].curve == {epoch: whole[epoch] for epoch in (1, 2)}


def test_a_trial_that_another_worker_has_ended_is_dropped(begin, tmp_path):
    one = begin(tmp_path, *CHAIN[:1])
    trial = one.oracle.create_trial(one.tuner_id)
    other = one.oracle.get_trial(trial.trial_id)
    other.status, other.message = "FAILED", "by another"
    one.oracle.end_trial(other)
    one._run_and_end(trial)
    assert [(result.status, result.message) for result in results(tmp_path)] == [("FAILED", "by another")]


def test_two_do_not_search_in_one_folder(begin, tmp_path):
    hold = "import sys, pathlib; from kerascnn.training import run_folder; "
    hold += "run_folder.hold(pathlib.Path(sys.argv[1])); print(flush=True); sys.stdin.read()"
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], **pipes) as other:
        other.stdout.readline()
        with pytest.raises(InputError, match=rf"process {other.pid} on \S+ is at work in it"):
            begin(tmp_path, *CHAIN).search()
        other.stdin.close()


def test_the_folder_is_free_when_the_search_has_ended(begin, tmp_path):
    begin(tmp_path, *CHAIN).search()
    assert not (tmp_path / run_folder.LOCK).exists()


def test_the_initial_weights_are_a_function_of_the_seed_and_the_network(begin, tmp_path):
    one = begin(tmp_path)
    weights = [one.build(values).get_weights() for values in (FIRST, SECOND, FIRST)]
    np.testing.assert_equal(weights[0], weights[2])
    one.seed += 1
    assert not np.array_equal(one.build(FIRST).get_weights()[0], weights[0][0])


def test_networks_are_compared_by_their_average_weights(begin, tmp_path, digits):
    search = begin(tmp_path, tried(FIRST))
    search.search()
    saved = checkpoint.read(tmp_path / "trial_0000")
    model = search.build(FIRST)
    train_state.restore(model, saved.arrays, ("model", "optimizer"))
    before = model.get_weights()
    swap_average(model)
    assert not np.array_equal(model.get_weights()[0], before[0])
    loss, _ = model.evaluate(digits.validation, verbose=0)
    assert loss == pytest.approx(saved.record["history"][-1]["val_loss"], rel=1e-5)


def test_statistics_follow_within_some_steps(begin, tmp_path, digits):
    """With Keras's momentum they would have gone a third of the way."""
    model = begin(tmp_path).build(FIRST)
    model.layers[1].trainable = model.layers[4].trainable = False
    dense, statistics = keras.Model(model.inputs, model.layers[1].output), model.layers[2]
    model.fit(digits.train, steps_per_epoch=40, shuffle=False, verbose=0)
    images = np.concatenate([batch for batch, _ in digits.train.take(STEPS).as_numpy_iterator()])
    truth = dense.predict(images, verbose=0).mean(axis=0)
    np.testing.assert_allclose(statistics.moving_mean, truth, atol=0.25 * np.abs(truth).max())


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KERASTUNER_ORACLE_IP": "127.0.0.1"}, "KERASTUNER_TUNER_ID is missing"),
        ({"KERASTUNER_TUNER_ID": "worker0", "KERASTUNER_ORACLE_IP": "127.0.0.1"}, "KERASTUNER_ORACLE_PORT=: must be"),
        ({"KERASTUNER_TUNER_ID": "chief", "KERASTUNER_ORACLE_PORT": "99999"}, "KERASTUNER_ORACLE_PORT=99999: must be"),
        (
            {"TF_CONFIG": '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}'},
            "every network trains on one machine",
        ),
    ],
)
def test_a_wrong_environment_is_one_line(begin, monkeypatch, tmp_path, environment, words):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=words):
        begin(tmp_path)


REPLICAS = """
import sys
import tensorflow as tf

[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from kerascnn.nas.engine import tuner
from tests.nas.engine import test_tuner as tests

tuner.build = lambda **spec: tests.small(**spec)
digits = tests.load(replicas=2)
searched = tests.Listed(tests.CHAIN[1:2])
one = tuner.Tuner(searched, tests.SPACE, digits, sys.argv[1], compile=tests.compile, max_epochs=2)
assert one.strategy.num_replicas_in_sync == 2
one.search()
"""


@pytest.mark.slow
def test_every_trial_trains_under_the_strategy_of_the_machine(tmp_path):
    done = subprocess.run([sys.executable, "-c", REPLICAS, str(tmp_path)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert [(result.status, list(result.curve)) for result in results(tmp_path)] == [("COMPLETED", [1, 2])]
