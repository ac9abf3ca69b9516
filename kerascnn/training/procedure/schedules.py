"""Learning rates over a training, one for each name of `--schedule`; Keras's own where Keras has one.

A rate is a function of the step and of the length of the training. A run that gets longer by `--resume --epochs` goes
on where it is in the schedule of the new length: "cosine", "linear", "one-cycle" and "restarts", and lengths that are a
share of the training, are stretched; "constant", "plateau" and lengths in epochs or steps stay as they were.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import keras
from keras import ops
from keras.optimizers import schedules

from ...errors import InputError, between, count, one_of
from .presets import PRESETS
from .procedure import Procedure

UNITS = ("share", "epochs", "steps")


class Plan(NamedTuple):
    """What a schedule is made from; all lengths are numbers of steps."""

    lr: float
    total: int
    warmup: int
    milestones: list[int]
    every: int
    factor: float
    cycles: int


def schedule(procedure: Procedure, steps: int) -> float | schedules.LearningRateSchedule:
    """The learning rate of a procedure.

    Args:
        procedure: how to train, for at least one epoch.
        steps: the number of steps in an epoch.

    Returns:
        A Keras schedule, or a number where the rate is constant. For "plateau", `plateau_and_early_stopping` has the
        callback that changes it.

    Raises:
        InputError: an unknown name, or a length that is longer than the training.
    """
    one_of("schedule", procedure.schedule, SCHEDULES)
    one_of("unit", procedure.unit, UNITS)
    between("factor", procedure.factor, 0, 1)
    count("cycles", procedure.cycles)
    milestones = procedure.milestones
    plan = Plan(
        lr=peak(procedure),
        total=procedure.epochs * steps,
        warmup=in_steps("warmup", procedure.warmup, procedure, steps),
        every=max(1, in_steps("every", procedure.every, procedure, steps)),
        milestones=[in_steps("milestones", length, procedure, steps) for length in milestones],
        factor=procedure.factor,
        cycles=procedure.cycles,
    )
    if list(milestones) != sorted(set(milestones)):
        raise InputError(f"--milestones {', '.join(map(str, milestones))}: must rise from step to step")
    made = SCHEDULES[procedure.schedule](plan)
    if not plan.warmup or procedure.schedule == "cosine":
        return made
    if procedure.schedule in ("plateau", "one-cycle"):
        raise InputError(f"--warmup {procedure.warmup:g}: not with --schedule {procedure.schedule}")
    return WarmUp(made, plan.warmup)


def peak(procedure: Procedure) -> float:
    """The highest learning rate: `lr`, or with `scale_lr` in proportion to the batch.

    Goyal et al. 2017, arXiv:1706.02677, Section 2.1. `lr` belongs to the batch of the preset.

    Raises:
        InputError: `scale_lr` without a preset.
    """
    if not procedure.scale_lr:
        return procedure.lr
    if not procedure.preset:
        raise InputError("--scale-lr: in proportion to the batch of a --preset, and none is given")
    return procedure.lr * procedure.batch / PRESETS[procedure.preset]["batch"]


def in_steps(what: str, length: float, procedure: Procedure, steps: int) -> int:
    """A length in the procedure's unit as a number of steps, of which an epoch has `steps`.

    Raises:
        InputError: the length, which is called `what`, is longer than the training.
    """
    total = procedure.epochs * steps
    longest = {"share": 1, "epochs": procedure.epochs, "steps": total}[procedure.unit]
    between(f"{what} ({procedure.unit})", length, 0, longest)
    return round(length / longest * procedure.epochs * steps)


def plateau_and_early_stopping(
    procedure: Procedure, steps: int, metric: str = "accuracy"
) -> list[keras.callbacks.Callback]:
    """The callbacks of a procedure that wait for a higher validation accuracy, or another `metric`.

    With the schedule "plateau" one multiplies the learning rate by `factor` after `every`, at least an epoch, without a
    higher accuracy. With `patience` one stops training after so many epochs without.
    """
    awaited = dict(monitor=f"val_{metric}", mode="max")
    found = []
    if procedure.schedule == "plateau":
        wait = max(1, round(in_steps("every", procedure.every, procedure, steps) / steps))
        found.append(keras.callbacks.ReduceLROnPlateau(**awaited, factor=procedure.factor, patience=wait, min_delta=0))
    if procedure.patience:
        found.append(keras.callbacks.EarlyStopping(**awaited, patience=procedure.patience))
    return found


def warmup_cosine(lr: float, steps: float, warmup: float) -> schedules.CosineDecay:
    """A linear rise from 0 to `lr` in the first `warmup` of all `steps`, then half a cosine down to 0."""
    return schedules.CosineDecay(0.0, steps - warmup, warmup_target=lr, warmup_steps=warmup)


@keras.saving.register_keras_serializable(package="kerascnn")
class PiecewiseLinear(schedules.LearningRateSchedule):
    """Straight lines between the `rates` at these `steps`; the rate is constant before the first and after the last."""

    def __init__(self, steps: list[int], rates: list[float]):
        self.steps, self.rates = list(steps), list(rates)

    def __call__(self, step):
        step, rate = ops.cast(step, "float32"), self.rates[0]
        knots = list(zip(self.steps, self.rates, strict=True))
        for (start, low), (stop, high) in pairwise(knots):
            rate = rate + (high - low) * ops.clip((step - start) / (stop - start), 0, 1)
        return rate

    def get_config(self):
        return {"steps": self.steps, "rates": self.rates}


@keras.saving.register_keras_serializable(package="kerascnn")
class WarmUp(schedules.LearningRateSchedule):
    """A schedule whose first steps are multiplied by a factor that rises to 1. Goyal et al. 2017, Section 2.2.

    Args:
        schedule: another schedule, or a constant rate.
        steps: the length of the rise; step `steps - 1` is the first at the full rate.
    """

    def __init__(self, schedule: schedules.LearningRateSchedule | float, steps: int):
        self.schedule = keras.saving.deserialize_keras_object(schedule) if isinstance(schedule, dict) else schedule
        self.steps = steps

    def __call__(self, step):
        rate = self.schedule(step) if callable(self.schedule) else self.schedule
        return rate * ops.minimum(1.0, (ops.cast(step, "float32") + 1) / self.steps)

    def get_config(self):
        return {"schedule": keras.saving.serialize_keras_object(self.schedule), "steps": self.steps}


def step(plan: Plan):
    rates = [plan.lr * plan.factor**i for i in range(len(plan.milestones) + 1)]
    return schedules.PiecewiseConstantDecay(
        [start - 1 for start in plan.milestones], rates
    )  # Keras includes the bounds


def cosine(plan: Plan):
    if not plan.warmup:
        return schedules.CosineDecay(plan.lr, plan.total)
    return warmup_cosine(plan.lr, plan.total, plan.warmup)


def one_cycle(plan: Plan):
    """From a tenth of the rate up to it and down again; in the last tenth of the training down to a thousandth.

    Smith 2018, arXiv:1803.09820, Section 4.1. The paper lowers the momentum meanwhile; here it is constant.
    """
    steps = [0, round(0.45 * plan.total), round(0.9 * plan.total), plan.total]
    return PiecewiseLinear(steps, [plan.lr / 10, plan.lr, plan.lr / 10, plan.lr / 1000])


def restarts(plan: Plan):
    """Loshchilov & Hutter 2016, arXiv:1608.03983, with T_mult = 2."""
    return schedules.CosineDecayRestarts(plan.lr, max(1, round(plan.total / (2**plan.cycles - 1))), t_mul=2.0)


SCHEDULES: dict[str, Callable[[Plan], float | schedules.LearningRateSchedule]] = {
    "constant": lambda plan: plan.lr,
    "plateau": lambda plan: plan.lr,
    "step": step,
    "exponential": lambda plan: schedules.ExponentialDecay(plan.lr, plan.every, plan.factor),
    "staircase": lambda plan: schedules.ExponentialDecay(plan.lr, plan.every, plan.factor, staircase=True),
    "cosine": cosine,
    "linear": lambda plan: schedules.PolynomialDecay(plan.lr, plan.total, end_learning_rate=0.0),
    "one-cycle": one_cycle,
    "restarts": restarts,
}
