"""The moving average of the weights, which is judged and saved."""

import keras
import numpy as np

from kerascnn.training.callbacks import BestModel
from kerascnn.training.procedure.weight_average import keep_average, swap_average

from .test_optimizers import IMAGES, LABELS, compiled, trained


def average(path, momentum):
    """Of weights after each step; it begins with the first ones."""
    mean = path[0]
    for weights in path[1:]:
        mean = [momentum * m + (1 - momentum) * w for m, w in zip(mean, weights, strict=True)]
    return mean


def test_the_average_is_judged_and_saved(tmp_path):
    """And training goes on with the weights themselves, to the bit."""
    path, plain = [], compiled()
    for _ in range(2):
        path += trained(plain)
    model, judged = compiled(ema=0.5), []
    judge = keras.callbacks.LambdaCallback(on_test_batch_end=lambda *_, **__: judged.append(model.get_weights()))
    best = BestModel(tmp_path / "model.keras", {}, score=lambda logs: (len(judged),))
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_, **__: judged.append(model.get_weights()))
    rows = dict(batch_size=8, shuffle=False, verbose=0, validation_data=(IMAGES, LABELS), validation_batch_size=24)
    model.fit(IMAGES, LABELS, epochs=2, callbacks=[best, judge, after], **rows)
    for i, expected in enumerate([average(path[:3], 0.5), path[2], average(path, 0.5), path[5]]):
        for found, wanted in zip(judged[i], expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-6)
    for found, wanted in zip(judged[1] + judged[3], path[2] + path[5], strict=True):
        np.testing.assert_array_equal(found, wanted)
    saved = keras.models.load_model(tmp_path / "model.keras", compile=False)
    for found, wanted in zip(saved.get_weights(), average(path, 0.5), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_an_average_may_be_asked_for_later():
    models = [compiled(), compiled(ema=0.5)]
    for model in models:
        keep_average(model, 0.5 if model is models[0] else 0.9)
        trained(model)
        swap_average(model)
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)


def test_swapping_twice_changes_nothing():
    model = compiled(ema=0.9)
    trained(model)
    before = [variable.numpy() for variable in (*model.weights, *model.optimizer.variables)]
    swap_average(model)
    assert not np.array_equal(model.get_weights()[0], before[0])
    swap_average(model)
    for now, then in zip((*model.weights, *model.optimizer.variables), before, strict=True):
        np.testing.assert_array_equal(now.numpy(), then)
