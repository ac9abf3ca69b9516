"""A training procedure: all that decides how a network learns, except the data and the network itself."""

from dataclasses import dataclass, fields
from types import SimpleNamespace

NAMES = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}


@dataclass(frozen=True)
class Procedure:
    """Optimizer, schedule, regularization, length and validation of a training. `str` says it in one line.

    Optimizer
        optimizer: a name of `optimizers.OPTIMIZERS`.
        momentum: of sgd and rmsprop, 0 to 1.
        rho: the decay of rmsprop's mean square, 0 to 1.
        epsilon: the constant in the denominator of rmsprop, adam and adamw.
        clip_norm: the largest norm of the gradient of all weights; 0 means no limit. Pascanu et al. 2012,
            arXiv:1211.5063, Algorithm 1.
        ema: the momentum of a moving average of the weights, which is validated and saved; 0 means no average. Polyak &
            Juditsky 1992.

    Schedule of the learning rate
        lr: the highest learning rate.
        scale_lr: whether to multiply it by `batch` over the batch of the preset. Goyal et al. 2017, arXiv:1706.02677,
            Section 2.1.
        schedule: a name of `schedules.SCHEDULES`.
        warmup: the length of the linear rise to `lr`. Goyal et al. 2017, Section 2.2.
        milestones: where "step" multiplies the rate by `factor`.
        factor: the factor of "step", "plateau", "exponential" and "staircase", 0 to 1.
        every: the length after which "exponential" and "staircase" have multiplied by `factor`, and for which "plateau"
            waits.
        cycles: the number of cycles of "restarts", each twice as long as the one before. Loshchilov & Hutter 2016,
            arXiv:1608.03983.
        unit: the unit of `warmup`, `milestones` and `every`: "share" (of the training, 0 to 1), "epochs" or "steps".

    Regularization and initial weights
        weight_decay: the factor of a weight in its gradient or, for adamw, in its update.
        decays: the weights that decay, see `optimizers.decaying`.
        label_smoothing: the share of each label that is spread over all classes, 0 to 1. Szegedy et al. 2015,
            arXiv:1512.00567, Section 7.
        class_weight: weights of the classes in the loss: "balanced", or like "cat=2,dog=0.5"; "" means all alike. See
            `class_weights`.
        auxiliary: the weight of the loss of each auxiliary head; () means no heads. Szegedy et al. 2014,
            arXiv:1409.4842, Section 5.
        initializer: a name of `initializers.INITIALIZERS`; "" means the network's own initial weights.

    Length and validation
        preset: the paper's procedure that the values come from, a name of `presets.PRESETS`; "" means none.
        epochs: passes over the training images; 0 means 10, but at least 1,000 steps.
        batch: images in a step.
        patience: early stopping: the number of epochs without a higher validation accuracy; 0 means never.
        held_out: the share of the training images that validates, in place of the data set's own images; 0 means none.
        test_crops: 10 adds the accuracy over ten crops of each image. Krizhevsky et al. 2012, Section 4.1.
    """

    optimizer: str = "adam"
    momentum: float = 0.9
    rho: float = 0.9
    epsilon: float = 1e-7
    clip_norm: float = 0.0
    ema: float = 0.0

    lr: float = 2e-3
    scale_lr: bool = False
    schedule: str = "cosine"
    warmup: float = 0.0
    milestones: tuple[float, ...] = (0.5, 0.75)
    factor: float = 0.1
    every: float = 0.05
    cycles: int = 3
    unit: str = "share"

    weight_decay: float = 0.0
    decays: str = "kernels"
    label_smoothing: float = 0.0
    class_weight: str = ""
    auxiliary: tuple[float, ...] = ()
    initializer: str = ""

    preset: str = ""
    epochs: int = 0
    batch: int = 32
    patience: int = 0
    held_out: float = 0.0
    test_crops: int = 1

    @classmethod
    def from_flags(cls, cfg: SimpleNamespace) -> "Procedure":
        """The procedure in the flags of a recipe."""
        return cls(**{field.name: getattr(cfg, field.name) for field in fields(cls)})

    def __str__(self):
        momentum = f" {self.momentum:g}" if self.optimizer in ("sgd", "rmsprop") else ""
        parts = [
            f"{NAMES.get(self.optimizer, self.optimizer)}{momentum}",
            f"lr {_short(self.lr)}" + " times the batch over the preset's" * self.scale_lr,
            self._schedule(),
            self.warmup and f"warm-up of {self._length(self.warmup)}",
            self.weight_decay and f"weight decay {_short(self.weight_decay)}" + self._which(),
            self.label_smoothing and f"label smoothing {self.label_smoothing:g}",
            self.class_weight and f"class weights {self.class_weight}",
            self.clip_norm and f"clip norm {self.clip_norm:g}",
            self.ema and f"EMA {self.ema:g}",
            self.auxiliary and f"auxiliary losses {_listed(self.auxiliary)}",
            self.initializer and f"initial weights {self.initializer}",
            self.epochs and f"{self.epochs} epoch{'s' * (self.epochs > 1)}",
            f"batch {self.batch}",
            self.patience and f"patience {self.patience}",
        ]
        return ", ".join(part for part in parts if part)

    def _schedule(self):
        factor, every = f"times {self.factor:g}", self._length(self.every)
        match self.schedule:
            case "step":
                return f"step at {self._length(*self.milestones)}" + f" {factor}" * (self.factor != 0.1)
            case "plateau":
                return f"{factor} after a plateau of {every}"
            case "exponential" | "staircase":
                return f"{self.schedule} {factor} every {every}"
            case "restarts":
                return f"{self.cycles} cosine cycles"
        return self.schedule

    def _length(self, *lengths):
        if self.unit == "share":
            return f"{_listed([100 * length for length in lengths])} %"
        return f"{_listed(lengths)} {self.unit}"

    def _which(self):
        return {"all": " of all weights", "not-depthwise": " except depthwise"}.get(self.decays, "")


DEFAULTS = {field.name: field.default for field in fields(Procedure)}
HEADINGS = {  # of `--help`, with the first of the fields below it
    "optimizer": "of the optimizer",
    "lr": "of the learning rate",
    "weight_decay": "of regularization and initial weights",
    "preset": "of length and validation",
}
CHOICES = {  # the names that a field takes, and what each does
    "optimizer": {
        "adam": "Adam, with the weight decay in the gradient",
        "adamw": "Adam, with the weight decay in the update",
        "sgd": "stochastic gradient descent with --momentum",
        "rmsprop": "the gradient over the root of its mean square, with --momentum and --rho",
    },
    "schedule": {
        "constant": "stays at --lr",
        "plateau": "is multiplied by --factor where the validation accuracy has not risen for --every",
        "step": "is multiplied by --factor at each of --milestones",
        "exponential": "falls smoothly, by --factor within --every",
        "staircase": "is multiplied by --factor after each --every",
        "cosine": "falls along half a cosine from --lr to 0",
        "linear": "falls along a straight line from --lr to 0",
        "one-cycle": "rises from a tenth of --lr to it, falls again, at the end to a thousandth (Smith 2018)",
        "restarts": "has --cycles cosines, each twice as long as the one before (Loshchilov & Hutter 2016)",
    },
    "unit": {
        "share": "a share of the training, 0 to 1",
        "epochs": "a number of epochs",
        "steps": "a number of steps",
    },
    "decays": {
        "kernels": "kernels of convolutions and dense layers",
        "not-depthwise": "the same except those of depthwise convolutions",
        "all": "biases too, and the scales and shifts of normalization",
    },
    "initializer": {
        "alexnet": "normal with a standard deviation of 0.01, some biases 1 (Krizhevsky et al. 2012)",
        "glorot_uniform": "uniform, by the number of inputs and outputs (Glorot & Bengio 2010)",
        "he_normal": "normal, by the number of inputs (He et al. 2015)",
    },
}


def under_headings() -> dict[str, dict]:
    """Heading -> field -> default."""
    found = {}
    for name, default in DEFAULTS.items():
        if name in HEADINGS:
            group = found.setdefault(HEADINGS[name], {})
        group[name] = default
    return found


def _short(number):
    """1e-4 as in papers, where Python writes 0.0001 and 1e-05."""
    if number == 0 or number >= 1e-3:
        return f"{number:g}"
    digits, _, exponent = f"{number:e}".partition("e")
    return f"{float(digits):g}e{int(exponent)}"


def _listed(numbers):
    return " and ".join(", ".join(f"{number:.3g}" for number in numbers).rsplit(", ", 1))
