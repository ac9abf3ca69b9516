"""Learning rates against the formulas of their papers, in NumPy."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerascnn
from kerascnn.training.procedure.procedure import Procedure
from kerascnn.training.procedure.schedules import (
    SCHEDULES,
    PiecewiseLinear,
    peak,
    plateau_and_early_stopping,
    schedule,
    warmup_cosine,
)

STEPS = 7  # in an epoch
T = np.arange(70)


def procedure(**values):
    return Procedure(**{"lr": 0.4, "every": 0.1, "milestones": (), "epochs": 10, **values})


def rates(**values):
    made = schedule(procedure(**values), STEPS)
    return [float(made(t)) if callable(made) else made for t in T]


def half_cosine(x):
    return (1 + np.cos(np.pi * x)) / 2


def one_cycle(x):
    """Up to the highest rate, down to a tenth of it again, and a tail to a thousandth."""
    return np.interp(x, [0, 0.457143, 0.9, 1], [0.1, 1, 0.1, 0.001])  # 0.45 of 70 steps are rounded to 32


def sgdr(x, cycles=3):
    """Cycles of 10, 20 and 40 steps."""
    begins = np.array([0, 10, 30, 70])
    i = np.searchsorted(begins, 70 * x + 1e-6, side="right") - 1
    return half_cosine((70 * x - begins[i]) / (begins[i + 1] - begins[i]))


FORMULAS = {
    "constant": np.ones_like,
    "plateau": np.ones_like,
    "exponential": lambda x: 0.1 ** (x / 0.1),
    "staircase": lambda x: 0.1 ** np.floor((x + 1e-9) / 0.1),
    "cosine": half_cosine,
    "linear": lambda x: 1 - x,
    "one-cycle": one_cycle,
    "restarts": sgdr,
    "step": lambda x: np.where(x < 0.5, 1, np.where(x < 0.8, 0.1, 0.01)),
}


def test_every_schedule_has_its_formula():
    assert set(FORMULAS) == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULES)
def test_by_formula(name):
    found = rates(schedule=name, milestones=(0.5, 0.8))
    np.testing.assert_allclose(found, 0.4 * FORMULAS[name](T / 70), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("unit", "milestones"), [("share", (0.5, 0.8)), ("epochs", (5, 8)), ("steps", (35, 56))])
def test_the_rate_falls_with_the_step_that_is_named(unit, milestones):
    """He et al.'s "divided by 10 at 32k and 48k": 32,000 steps are made at the full rate."""
    found = rates(schedule="step", unit=unit, milestones=milestones)
    np.testing.assert_allclose(found, np.repeat([0.4, 0.04, 0.004], [35, 21, 14]), rtol=1e-6)


def test_cosine_with_warm_up():
    found = rates(warmup=0.2)
    expected = np.where(T < 14, T / 14, half_cosine((T - 14) / 56))
    np.testing.assert_allclose(found, 0.4 * expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("warmup", [14, 0.2 * 70, 7])
def test_a_cosine_by_its_steps(warmup):
    made = warmup_cosine(0.4, 70, warmup)
    expected = np.where(warmup > T, T / warmup, half_cosine((T - warmup) / (70 - warmup)))
    np.testing.assert_allclose([float(made(t)) for t in T], 0.4 * expected, rtol=1e-5, atol=1e-7)
    assert float(made(70)) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("name", ["constant", "step", "exponential", "staircase", "linear", "restarts"])
def test_warm_up_of_other_schedules(name):
    """Goyal et al. 2017, Section 2.2: the rate rises in equal steps, then all is as without."""
    plain, warm = (np.array(rates(schedule=name, milestones=(0.5,), warmup=share)) for share in (0, 0.1))
    np.testing.assert_allclose(warm, plain * np.minimum(1, (T + 1) / 7), rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from([name for name in SCHEDULES if name not in ("plateau", "one-cycle")]),
    warmup=st.sampled_from([0.0, 0.2]),
    lr=st.floats(1e-4, 10),
)
def test_no_rate_is_above_the_peak_or_below_zero(name, warmup, lr):
    found = np.array(rates(schedule=name, warmup=warmup, lr=lr, milestones=(0.5,)))
    assert (found >= 0).all()
    assert found.max() <= lr * (1 + 1e-6)


@settings(max_examples=25, deadline=None)
@given(gaps=st.lists(st.integers(1, 9), min_size=1, max_size=4), seed=st.integers(0, 999))
def test_piecewise_linear_is_numpys_interpolation(gaps, seed):
    steps = np.cumsum([0, *gaps])
    levels = np.random.default_rng(seed).uniform(0, 1, len(steps))
    line = PiecewiseLinear(steps.tolist(), levels.tolist())
    found = [float(line(t)) for t in range(steps[-1] + 3)]
    np.testing.assert_allclose(found, np.interp(range(steps[-1] + 3), steps, levels), atol=1e-6)


def test_rate_in_proportion_to_the_batch():
    """Goyal et al. 2017: ResNet-50 at 0.1 with 256 images learns at 3.2 with 8,192."""
    assert peak(procedure(lr=0.1, scale_lr=True, preset="resnet", batch=8192)) == pytest.approx(3.2)
    assert peak(procedure(lr=0.1, preset="resnet", batch=8192)) == 0.1
    with pytest.raises(kerascnn.InputError, match=r"--scale-lr: .* none is given"):
        peak(procedure(scale_lr=True))


def train(callbacks, accuracies):
    """Let callbacks see epochs of these accuracies; the learning rate after each of them."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(schedule(procedure(schedule="plateau"), STEPS)), "mse")
    everyone = keras.callbacks.CallbackList(callbacks, model=model)
    everyone.on_train_begin()
    seen = []
    for epoch, accuracy in enumerate(accuracies):
        everyone.on_epoch_end(epoch, {"val_accuracy": accuracy, "val_loss": 1.0})
        seen.append(float(model.optimizer.learning_rate))
        if getattr(model, "stop_training", False):
            break
    return seen


def test_plateau_divides_after_waiting():
    """It waits a fifth of ten epochs: the third epoch without a higher accuracy is too late."""
    seen = train(
        plateau_and_early_stopping(procedure(schedule="plateau", every=0.2), STEPS), [0.1, 0.2, 0.2, 0.1, 0.3, 0.3, 0.3]
    )
    assert seen == pytest.approx([0.4, 0.4, 0.4, 0.04, 0.04, 0.04, 0.004])


def test_patience_stops():
    assert (
        len(train(plateau_and_early_stopping(procedure(patience=3), STEPS), [0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2])) == 5
    )
    assert not plateau_and_early_stopping(procedure(), STEPS)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_come_back_from_their_configuration(name):
    made = schedule(
        procedure(schedule=name, milestones=(0.5,), warmup=0 if name in ("plateau", "one-cycle") else 0.1), STEPS
    )
    optimizer = keras.optimizers.SGD(made)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    for t in (0, 5, 6, 34, 35, 69):
        optimizer.iterations.assign(t)
        again.iterations.assign(t)
        assert float(again.learning_rate) == pytest.approx(float(optimizer.learning_rate))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"schedule": "cosin"}, "schedule='cosin': must be one of 'constant', 'plateau'"),
        ({"unit": "days"}, "unit='days': must be one of"),
        ({"milestones": (0.5, 0.5)}, "--milestones 0.5, 0.5: must rise"),
        ({"milestones": (30, 60), "unit": "epochs"}, r"milestones \(epochs\)=30: must be a number from 0 to 10"),
        ({"milestones": ("half",)}, r"milestones \(share\)='half': must be a number"),
        ({"warmup": 2}, r"warmup \(share\)=2: must be a number from 0 to 1"),
        ({"warmup": 0.1, "schedule": "plateau"}, "--warmup 0.1: not with --schedule plateau"),
        ({"factor": 2}, "factor=2: must be a number from 0 to 1"),
        ({"cycles": 0}, "cycles=0: must be a whole number"),
    ],
)
def test_wrong_flags_are_told(values, message):
    with pytest.raises(kerascnn.InputError, match=message):
        schedule(procedure(**values), STEPS)
