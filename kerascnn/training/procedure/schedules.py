"""Learning rates over a training: one for each name of --schedule, from Keras where Keras has them."""

from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace

import keras
from keras import ops
from keras.optimizers import schedules

from ...errors import InputError, between, count, one_of
from .presets import PRESETS

UNITS = ("share", "epochs", "steps")


def schedule(cfg: SimpleNamespace, steps: int) -> float | schedules.LearningRateSchedule:
    """The learning rate that the flags of a classifier ask for.

    Args:
        cfg: `schedule` (a name of `SCHEDULES`), `lr` (the highest rate, times the batch over that of the preset where
            `scale_lr` is True), `warmup` (the length of a linear rise to it), `milestones` (where "step" multiplies by
            `factor`), `every` (the length after which "exponential" and "staircase" have multiplied by `factor`, and
            for which "plateau" waits), `cycles` (of "restarts", each twice as long as the one before), `unit` (of
            these lengths: "share" of the training, "epochs" or "steps"), `epochs`.
        steps: in an epoch.

    Returns:
        A Keras schedule, or the rate itself where it is constant at first: `plateau_and_early_stopping` does the rest
        for "plateau".

    Raises:
        InputError: an unknown name, or a length out of the training.
    """
    one_of("schedule", cfg.schedule, SCHEDULES)
    one_of("unit", cfg.unit, UNITS)
    between("factor", cfg.factor, 0, 1)
    count("cycles", cfg.cycles)
    total = cfg.epochs * steps
    plan = SimpleNamespace(**vars(cfg))
    plan.lr, plan.total = peak(cfg), total
    plan.warmup = in_steps("warmup", cfg.warmup, cfg, steps)
    plan.every = max(1, in_steps("every", cfg.every, cfg, steps))
    plan.milestones = [in_steps("milestones", length, cfg, steps) for length in cfg.milestones]
    if list(cfg.milestones) != sorted(set(cfg.milestones)):
        raise InputError(f"--milestones {', '.join(map(str, cfg.milestones))}: must rise from step to step")
    made = SCHEDULES[cfg.schedule](plan)
    if not plan.warmup or cfg.schedule == "cosine":
        return made
    if cfg.schedule in ("plateau", "one-cycle"):
        raise InputError(f"--warmup {cfg.warmup:g}: not with --schedule {cfg.schedule}")
    return WarmUp(made, plan.warmup)


def peak(cfg: SimpleNamespace) -> float:
    """The highest learning rate: `lr`, where `scale_lr` is True in proportion to the batch.

    Goyal et al. 2017, arXiv:1706.02677, Section 2.1. `lr` belongs to the batch of the preset.
    """
    if not cfg.scale_lr:
        return cfg.lr
    if not cfg.preset:
        raise InputError("--scale-lr: in proportion to the batch of a --preset, and none is given")
    return cfg.lr * cfg.batch / PRESETS[cfg.preset]["batch"]


def in_steps(what: str, length: float, cfg: SimpleNamespace, steps: int) -> int:
    """A length as a whole number of steps, of which there are `steps` in each of `cfg.epochs`."""
    longest = {"share": 1, "epochs": cfg.epochs, "steps": cfg.epochs * steps}[cfg.unit]
    between(f"{what} ({cfg.unit})", length, 0, longest)
    return round(length / longest * cfg.epochs * steps)


def plateau_and_early_stopping(cfg: SimpleNamespace, steps: int) -> list[keras.callbacks.Callback]:
    """Callbacks that wait for a higher accuracy on held-out images.

    "plateau" multiplies the learning rate by `factor` when there was none for `every`, at least an epoch; `patience`
    is the number of epochs after which training stops, 0 for never.
    """
    awaited = dict(monitor="val_accuracy", mode="max")
    found = []
    if cfg.schedule == "plateau":
        epochs = max(1, round(in_steps("every", cfg.every, cfg, steps) / steps))
        found.append(keras.callbacks.ReduceLROnPlateau(**awaited, factor=cfg.factor, patience=epochs, min_delta=0))
    if cfg.patience:
        found.append(keras.callbacks.EarlyStopping(**awaited, patience=cfg.patience))
    return found


@keras.saving.register_keras_serializable(package="kerascnn")
class PiecewiseLinear(schedules.LearningRateSchedule):
    """Straight lines between `rates` at `steps`; before and after them it is constant."""

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
    """Another schedule, in its first steps multiplied by a factor that rises to 1. Goyal et al. 2017, Section 2.2.

    Args:
        schedule: the other one, or a constant rate.
        steps: step `steps - 1` is the first at the full rate.
    """

    def __init__(self, schedule: schedules.LearningRateSchedule | float, steps: int):
        self.schedule = keras.saving.deserialize_keras_object(schedule) if isinstance(schedule, dict) else schedule
        self.steps = steps

    def __call__(self, step):
        rate = self.schedule(step) if callable(self.schedule) else self.schedule
        return rate * ops.minimum(1.0, (ops.cast(step, "float32") + 1) / self.steps)

    def get_config(self):
        return {"schedule": keras.saving.serialize_keras_object(self.schedule), "steps": self.steps}


def step(plan):
    rates = [plan.lr * plan.factor**i for i in range(len(plan.milestones) + 1)]
    return schedules.PiecewiseConstantDecay([start - 1 for start in plan.milestones], rates)  # up to and with


def cosine(plan):
    if not plan.warmup:
        return schedules.CosineDecay(plan.lr, plan.total)
    falling = plan.total - plan.warmup
    return schedules.CosineDecay(0.0, falling, warmup_target=plan.lr, warmup_steps=plan.warmup)


def one_cycle(plan):
    """Smith 2018, arXiv:1803.09820, Section 4.1: up from a tenth and down again, in a last tenth of the training down
    to a thousandth. The momentum, which he lowers meanwhile, is constant."""
    turns = [0, round(0.45 * plan.total), round(0.9 * plan.total), plan.total]
    return PiecewiseLinear(turns, [plan.lr / 10, plan.lr, plan.lr / 10, plan.lr / 1000])


def restarts(plan):
    """Loshchilov & Hutter 2016, arXiv:1608.03983, with T_mult = 2."""
    return schedules.CosineDecayRestarts(plan.lr, max(1, round(plan.total / (2**plan.cycles - 1))), t_mul=2.0)


SCHEDULES: dict[str, Callable] = {
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
