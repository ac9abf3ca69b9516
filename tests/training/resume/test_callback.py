"""A run that goes on is the run that never stopped, bit for bit."""

import json
import os
import signal
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kerascnn import InputError
from kerascnn.data.sampling.shuffling import endless, shuffled
from kerascnn.errors import TrainingStopped
from kerascnn.training import signals
from kerascnn.training.callbacks import BestModel, Clock
from kerascnn.training.resume import checkpoint, train_state
from kerascnn.training.resume.callback import Checkpoints, _decoded, _encoded, interval, set_state, state_of
from kerascnn.training.resume.checkpoint import Checkpoint
from kerascnn.training.signals import AskedToEnd

STEPS, EPOCHS, BATCH = 5, 4, 4
X = np.random.default_rng(0).standard_normal((STEPS * BATCH, 6)).astype(np.float32)
Y = np.random.default_rng(1).integers(0, 3, len(X))


def network():
    keras.utils.clear_session(free_memory=False)  # names as in a new process
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.AdamW(0.05, use_ema=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def batches(step):
    def epoch(number, left_out):
        order = tf.data.Dataset.from_tensor_slices(shuffled(len(X), [0, number]))
        return order.batch(BATCH).skip(left_out).map(lambda i: (tf.gather(X, i), tf.gather(Y, i)))

    return endless(epoch, STEPS, step)


class Killed(Exception):
    pass


class Kill(keras.callbacks.Callback):
    """Ends the process, as far as a test can, before or after a step of the whole training."""

    def __init__(self, step, before=False):
        super().__init__()
        self.step, self.before = step, before

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if self.before and self.epoch * STEPS + batch == self.step:
            raise Killed

    def on_train_batch_end(self, batch, logs=None):
        if not self.before and self.epoch * STEPS + batch == self.step:
            raise Killed


def train(folder, every="3", kill=(), patience=10, first=()):
    """(final state, history) of a run that goes on with what is in the folder."""
    saved = checkpoint.read(folder)
    record = saved.record if saved else {"step": 0, "epoch": 0, "stopped": False}
    model, data = network(), batches(record["step"])
    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.2)
    stop = keras.callbacks.EarlyStopping("val_loss", 0 if patience else 1, patience, restore_best_weights=True)
    others = [
        plateau,
        stop,
        Clock({"images": len(X)}),
        BestModel(folder / "model.keras", {}, lambda logs: (-logs["val_loss"],)),
    ]
    checkpoints = Checkpoints(folder, every, others, data.element_spec, saved)
    model.fit(
        data,
        validation_data=(X, Y),
        validation_batch_size=BATCH,
        steps_per_epoch=STEPS,
        initial_epoch=10**9 if record["stopped"] else record["epoch"],
        epochs=EPOCHS,
        callbacks=[*first, *others, checkpoints, *kill],
        shuffle=False,
        verbose=0,
    )
    timing = ("seconds", "images_per_second")
    history = [{k: v for k, v in row.items() if k not in timing} for row in checkpoints.history]
    return train_state.capture(model), history


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return train(tmp_path_factory.mktemp("reference"))


def check(found, reference):
    (arrays, history), (wanted, wanted_history) = found, reference
    assert history == wanted_history
    model = [name for name in wanted if not name.startswith("metrics/")]
    assert [name for name in arrays if not name.startswith("metrics/")] == model
    assert all(arrays[name].tobytes() == wanted[name].tobytes() for name in model)


@pytest.mark.slow
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    step=st.integers(0, STEPS * EPOCHS - 1),
    every=st.sampled_from(["1", "2", "3", "7", "epoch"]),
    before=st.booleans(),
)
def test_goes_on_from_any_step(step, every, before, tmp_path_factory, reference):
    folder = tmp_path_factory.mktemp("run")
    with pytest.raises(Killed):
        train(folder, every, [Kill(step, before)])
    check(train(folder, every), reference)


def test_goes_on_again_and_again(tmp_path, reference):
    for step in (4, 9):
        with pytest.raises(Killed):
            train(tmp_path, "2", [Kill(step)])
    check(train(tmp_path, "2"), reference)
    assert len(checkpoint.steps(tmp_path)) == checkpoint.KEPT


def test_a_run_that_is_over_does_not_train(tmp_path, reference):
    train(tmp_path)
    check(train(tmp_path, kill=[Kill(STEPS * EPOCHS - 1)]), reference)


def test_early_stopping_is_remembered(tmp_path):
    for name in ("whole", "run"):
        (tmp_path / name).mkdir()
    whole = train(tmp_path / "whole", patience=0)
    assert 0 < len(whole[1]) < EPOCHS
    with pytest.raises(Killed):
        train(tmp_path / "run", "1", [Kill(len(whole[1]) * STEPS - 1)], patience=0)
    again = train(tmp_path / "run", patience=0)
    assert again[1] == whole[1]
    assert train(tmp_path / "run", patience=0)[1] == whole[1]


@pytest.mark.parametrize("number", signals.NAMES)
def test_a_signal_writes_a_checkpoint_at_once(tmp_path, reference, number, ctrl_c):
    terminate = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: batch == 3 and os.kill(os.getpid(), number)
    )
    before = [signal.getsignal(each) for each in signals.NAMES]
    with pytest.raises(AskedToEnd, match=f"^by {signals.NAMES[number]}$"):
        train(tmp_path, "1h", [terminate])
    assert [signal.getsignal(each) for each in signals.NAMES] == before
    assert checkpoint.read(tmp_path).record["step"] == 4
    check(train(tmp_path), reference)


def test_a_second_ctrl_c_ends_at_once(tmp_path, reference, ctrl_c):
    def press(batch, logs):
        if batch >= 3:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            pytest.fail("goes on")

    with pytest.raises(AskedToEnd, match=r"^by Ctrl-C$"):
        train(tmp_path, "2", [keras.callbacks.LambdaCallback(on_train_batch_begin=press)])
    assert checkpoint.read(tmp_path).record["step"] == 2
    check(train(tmp_path), reference)


def test_a_second_sigterm_lets_the_checkpoint_be_written(tmp_path):
    """A launcher that ends its processes may follow the cluster's signal at once."""

    def terminate(batch, logs):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(AskedToEnd):
        train(tmp_path, "1h", [keras.callbacks.LambdaCallback(on_train_batch_begin=terminate)])
    assert checkpoint.read(tmp_path).record["step"] == 1


def test_a_signal_in_the_last_epoch_ends_the_process_too(tmp_path, reference):
    last = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epoch == EPOCHS - 1 and os.kill(os.getpid(), signal.SIGTERM)
    )
    with pytest.raises(AskedToEnd):
        train(tmp_path, "1h", first=[last])
    assert checkpoint.read(tmp_path).record["epoch"] == EPOCHS
    check(train(tmp_path), reference)


def test_sigterm_while_validating(tmp_path, reference):
    terminate = keras.callbacks.LambdaCallback()
    terminate.on_test_batch_begin = lambda batch, logs=None: os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(AskedToEnd):
        train(tmp_path, "1h", [terminate])
    assert checkpoint.read(tmp_path).record["step"] == STEPS
    check(train(tmp_path), reference)


def test_weights_that_are_not_finite_are_not_kept(tmp_path):
    poison = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: batch == 2 and poison.model.layers[0].bias.assign([np.nan] * 8)
    )
    with pytest.raises(TrainingStopped, match="kernel is not finite any more"):
        train(tmp_path, "1", [poison])
    assert checkpoint.read(tmp_path).record["step"] == 2


def test_interval():
    assert interval("500") == (500, float("inf"))
    assert interval("90s") == (float("inf"), 90)
    assert interval("0.5h") == (float("inf"), 1800)
    assert interval("epoch") == (float("inf"), float("inf"))


def test_a_checkpoint_after_each_epoch(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(checkpoint, "write", lambda folder, step, captured: written.append((step, captured.record)))
    train(tmp_path, "epoch")
    assert [step for step, _ in written] == [STEPS * epoch for epoch in range(1, EPOCHS + 1)]
    assert all(record["steps"] == 0 and "val_loss" in record["history"][-1] for _, record in written)


@pytest.mark.parametrize("text", ["0", "", "m", "5 minutes", "-3", "0s", "1.5", "nans", "infh"])
def test_interval_that_is_none(text):
    with pytest.raises(
        InputError, match=r"--checkpoint-every.*must be epoch, a number of steps, or a time like 30s, 5m or 1h"
    ):
        interval(text)


def tampered(folder, change):
    """A run that was killed, whose checkpoint somebody has changed, with the right checksums."""
    with pytest.raises(Killed):
        train(folder, kill=[Kill(7)])
    last = checkpoint.steps(folder)[0]
    record = json.loads((last / checkpoint.RECORD).read_text(encoding="utf-8"))
    change(record["callbacks"])
    (last / checkpoint.RECORD).write_text(json.dumps(record), encoding="utf-8")
    sums = [f"{checkpoint._sha256(last / name)}  {name}\n" for name in (checkpoint.ARRAYS, checkpoint.RECORD)]
    (last / checkpoint.SUMS).write_text("".join(sums), encoding="utf-8")


@pytest.mark.parametrize("attribute", ["best", "wait", "monitor_op", "on_epoch_end", "model", "__class__"])
def test_what_a_checkpoint_names_is_never_imported(tmp_path, attribute):
    def change(callbacks):
        for state in callbacks:
            state[attribute] = {"function": ["this", "s"]}

    tampered(tmp_path, change)
    if attribute in ("best", "wait"):
        with pytest.raises(InputError, match="--resume: the checkpoint has no state that these callbacks take: "):
            train(tmp_path)
    else:
        train(tmp_path)
    assert "this" not in sys.modules


@pytest.mark.parametrize(
    "change",
    [
        lambda callbacks: callbacks.pop(),
        lambda callbacks: callbacks.append({}),
        lambda callbacks: callbacks[0].pop("wait"),
        lambda callbacks: callbacks[0].update(wait="long"),
        lambda callbacks: callbacks[1].update(best={"array": "of nothing"}),
        lambda callbacks: callbacks[2].update(trained="long"),
        lambda callbacks: callbacks[3].update(best=["high"]),
    ],
)
def test_a_state_of_the_wrong_kind_is_one_line(tmp_path, change):
    tampered(tmp_path, change)
    with pytest.raises(InputError, match="--resume: the checkpoint has no state that these callbacks take: "):
        train(tmp_path)


def test_a_callback_of_ones_own_has_a_state_if_it_says_so(tmp_path):
    class Counts(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen, self.unsaid = 0, "not kept"

        def on_train_batch_end(self, batch, logs=None):
            self.seen += 1

        def get_state(self):
            return {"seen": self.seen, "more": (np.arange(3), "word", None)}

        def set_state(self, state):
            self.seen, self.more = state["seen"], state["more"]

    counts, arrays = Counts(), {}
    counts.seen = 7
    kept = {key: _encoded(value, key, arrays) for key, value in state_of(counts).items()}
    kept = json.loads(json.dumps(kept))
    again = Counts()
    set_state(again, {key: _decoded(value, arrays) for key, value in kept.items()})
    assert (again.seen, again.unsaid) == (7, "not kept")
    np.testing.assert_array_equal(again.more[0], np.arange(3))
    assert again.more[1:] == ["word", None]


@pytest.mark.parametrize("value", [print, {"a": 1}, object(), [{1}], b"bytes"])
def test_a_checkpoint_holds_numbers_words_sequences_and_arrays(value):
    with pytest.raises(TypeError, match=r"seen(/0)? is a \w+: a checkpoint holds numbers, words, sequences and arrays"):
        _encoded(value, "seen", {})


def test_a_callback_of_keras_with_a_state_of_its_own_has_only_that():
    class Patient(keras.callbacks.EarlyStopping):
        def get_state(self):
            return {"waited": self.wait}

        def set_state(self, state):
            self.wait = state["waited"]

    one, other = Patient(), Patient()
    one.wait = 3
    set_state(other, state_of(one))
    assert other.wait == 3


def test_running_metrics_of_a_network_with_two_inputs_come_back(tmp_path):
    def twins():
        keras.utils.clear_session(free_memory=False)
        left, right = keras.Input((6,)), keras.Input((6,))
        model = keras.Model([left, right], keras.layers.Dense(1)(keras.layers.Subtract()([left, right])))
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    one, other = twins(), twins()
    one.train_on_batch((X[:4], X[4:8]), Y[:4])
    batch = tf.data.Dataset.from_tensor_slices(((X, X), Y)).batch(BATCH).element_spec
    checkpoints = Checkpoints(tmp_path, "3", [], batch, Checkpoint(train_state.capture(one), {"history": []}))
    checkpoints.set_model(other)
    checkpoints._restore_metrics()
    values = [[float(variable.numpy()) for variable in model.metrics_variables] for model in (one, other)]
    assert values[0] == values[1]
    assert len(values[0]) > 2
