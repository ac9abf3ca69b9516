"""What happens at the end of steps and epochs."""

import keras
import numpy as np
import pytest

from kerascnn.errors import TrainingStopped
from kerascnn.training import files
from kerascnn.training.callbacks import BestModel, Clock, FitStatistics, History, StopOnNonFiniteLoss, TensorBoard


def network(lr=0.1):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    schedule = keras.optimizers.schedules.CosineDecay(lr, 8)
    model.compile(keras.optimizers.SGD(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model, callbacks, epochs=2):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((16, 4)), rng.integers(0, 3, 16)
    return model.fit(x, y, batch_size=4, epochs=epochs, validation_data=(x, y), callbacks=callbacks, verbose=0).history


def test_clock_adds_columns_to_the_history():
    history = fit(network(), [Clock({"images": 16, "tiles": 64})])
    assert history["learning_rate"] == pytest.approx([0.05, 0])
    for seconds, speed in zip(history["seconds"], history["images_per_second"], strict=True):
        assert 0 < 16 / speed < seconds, "validation takes a part of the epoch"
    assert history["tiles_per_second"] == pytest.approx([4 * speed for speed in history["images_per_second"]])


def test_the_history_is_whole_after_every_epoch(tmp_path):
    before = [{"accuracy": 0.25, "loss": 3.0, "val_accuracy": 0.5, "val_loss": 2.0}]
    path, seen = tmp_path / "history.csv", []
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(files.read_history(path)))
    history = fit(network(), [History(path, before), look])
    for epoch, columns in enumerate(seen, 1):
        assert columns["epoch"] == list(range(epoch + 1))
        assert columns["loss"] == [3.0, *history["loss"][:epoch]]
    assert [file.name for file in tmp_path.iterdir()] == ["history.csv"]


def test_best_model_is_of_the_first_of_the_best_epochs(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(files, "save", lambda model, path, about: saved.append((path.name, about)))
    best = BestModel(tmp_path / "model.keras", {"name": "net"})
    best.set_model(network())
    for epoch, (accuracy, loss) in enumerate([(0.5, 1.0), (0.4, 0.5), (0.5, 1.0), (0.5, 0.9), (0.6, 2.0), (0.6, 2.0)]):
        best.on_epoch_end(epoch, {"val_accuracy": accuracy, "val_loss": loss})
    assert saved == [("model.keras", {"name": "net", "epoch": epoch}) for epoch in (1, 4, 5)], "counted from 1"


def test_without_a_score_only_the_last_epoch_is_saved(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(files, "save", lambda model, path, about: saved.append(model.optimizer.iterations.numpy()))
    model = network()
    fit(model, [BestModel(tmp_path / "model.keras", {}, score=None)])
    assert saved == [model.optimizer.iterations.numpy()]


@pytest.mark.parametrize("other", [[], [Clock({"images": 16})]])
def test_a_loss_that_is_no_number_stops_training(other, tmp_path):
    model, path = network(), tmp_path / "model.keras"
    callbacks = [StopOnNonFiniteLoss(), *other, BestModel(path, {})]
    fit(model, callbacks)
    good = path.read_bytes()
    model.layers[0].kernel.assign(np.full((4, 3), np.nan))
    with pytest.raises(TrainingStopped, match=r"the loss in epoch 1, step \d is nan, try a smaller --lr$"):
        fit(model, callbacks)
    assert path.read_bytes() == good


def test_a_held_out_loss_that_is_no_number_stops_training():
    stop = StopOnNonFiniteLoss()
    stop.on_epoch_begin(1)
    with pytest.raises(TrainingStopped, match=r"on held-out images after epoch 2 is inf.*keeps the best epoch before"):
        stop.on_epoch_end(1, {"loss": 1.0, "val_loss": float("inf")})
    stop.keeps_best = False
    with pytest.raises(TrainingStopped, match=r"is inf, try a smaller --lr$"):
        stop.on_epoch_end(1, {"loss": 1.0, "val_loss": float("inf")})


def test_curves_that_cannot_be_written_are_an_error_of_the_system(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(OSError, match="logs") as caught:
        fit(network(), [Clock({"images": 16}), TensorBoard(tmp_path / "logs")])
    assert caught.value.filename == str(tmp_path / "logs")


def test_tensorboard_has_the_curves(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorflow import make_ndarray

    history = fit(network(), [Clock({"images": 16}), TensorBoard(tmp_path)])
    for part, column in (("train", "loss"), ("train", "images_per_second"), ("validation", "val_loss")):
        events = EventAccumulator(str(tmp_path / part), size_guidance={"tensors": 0}).Reload()
        curve = events.Tensors(f"epoch_{column.removeprefix('val_')}")
        assert [make_ndarray(point.tensor_proto) for point in curve] == pytest.approx(history[column])


def normalized(momentum=0.99):
    """A batch normalization alone: its averages are those of what goes in, and nothing else changes."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization(momentum=momentum, name="norm")])
    model.compile(keras.optimizers.SGD(0.0), "mean_squared_error")
    return model


def batches(steps):
    return np.random.default_rng(0).normal(5, 2, (8 * steps, 2)).astype("float32")


def train_normalized(model, x, epochs=1):
    model.fit(x, x, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=[FitStatistics()])
    return model.get_layer("norm").moving_mean.numpy()


@pytest.mark.parametrize("steps", [1, 7, 20])
def test_averages_look_back_on_no_more_than_there_was(steps):
    x, mean = batches(steps), np.zeros(2)
    for step, batch in enumerate(np.split(x, steps)):
        momentum = min(0.99, step / (9 + step))
        mean = momentum * mean + (1 - momentum) * batch.mean(0)
    assert train_normalized(normalized(), x) == pytest.approx(mean, rel=1e-5)
    assert mean == pytest.approx([5, 5], abs=2), "nothing is left of the zeros of the beginning"


def test_averages_of_a_long_training_are_its_own():
    """From step 891 on a momentum of 0.99 is 0.99."""
    x, model = batches(20), normalized()
    model.optimizer.iterations.assign(891)
    alone = normalized()
    alone.fit(x, x, batch_size=8, shuffle=False, verbose=0)
    assert train_normalized(model, x) == pytest.approx(alone.get_layer("norm").moving_mean.numpy(), rel=1e-5)


def test_averages_go_on_with_the_step_of_the_optimizer():
    x, first, second = batches(8), normalized(), normalized()
    train_normalized(first, x[:32])
    second.set_weights(first.get_weights())
    second.optimizer.iterations.assign(first.optimizer.iterations)
    assert train_normalized(second, x[32:]).tolist() == train_normalized(normalized(), x).tolist()


def test_the_own_momentum_is_saved(tmp_path):
    model, kept = normalized(0.9), []
    read = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(model.to_json()))
    x = batches(4)
    model.fit(x, x, batch_size=8, epochs=2, verbose=0, callbacks=[FitStatistics(), read])
    assert ['"momentum": 0.9,' in text for text in kept] == [True, True]
