"""A run: what surrounds `model.fit`."""

import json
import shlex
import statistics
import sys
from collections.abc import Callable
from functools import wraps
from math import lcm
from pathlib import Path
from types import SimpleNamespace

import keras
import tensorflow as tf

from .. import analysis, weights
from ..catalog import Card
from ..errors import InputError, TrainingStopped, count, one_of
from ..escaping import plain
from ..registry import network_of
from ..version import __version__
from . import files, flags, run_folder
from .callbacks import BestModel, Clock, FitStatistics, History, StopOnNonFiniteLoss, TensorBoard, by_accuracy
from .distribution import devices, replicas
from .procedure.gradient_accumulation import accumulate
from .procedure.procedure import Procedure
from .resume import checkpoint
from .resume.callback import Checkpoints, interval


def chief_only(report: Callable) -> Callable:
    """Let the chief alone report on a run, the first argument, that has trained; then the run ends, on all machines."""

    @wraps(report)
    def called(run, *args, **kwargs):
        if run.is_chief:
            report(run, *args, **kwargs)
        run.close()

    return called


def input_shape(card: Card, native: tuple, size: int = 0) -> tuple[int, int, int]:
    """The (height, width, channels) in which a network gets to see some data.

    Args:
        card: the network's.
        native: (height, width, channels) of the data, None where its images differ.
        size: height and width. 0 stands for the network's own, but for no more than four times the data's (to enlarge
            further only costs) and no less than the network can take.
    """
    height, width, _ = card.input_shape
    if None not in native:
        most = max(card.min_size, 4 * max(native[:2]))
        height, width = min(height, most), min(width, most)
    return (size or height, size or width, native[2])


def measured(model: keras.Model, history: dict[str, list[float]], best_epoch: int, device: str) -> dict:
    """What `metrics.json` says of a run whatever its task: epochs, time, size, device.

    Args:
        model: of the best epoch, counted from 1.
        history: the columns of `history.csv`.
        best_epoch: whose model was kept, counted from 1.
        device: on which it was trained.
    """
    cost = analysis.cost(model)
    speeds = {name: values[1:] or values for name, values in history.items() if name.endswith("_per_second")}
    return {
        "epochs": len(history["seconds"]),
        "best_epoch": best_epoch,
        "training_seconds": sum(history["seconds"]),
        **{name: statistics.median(values) for name, values in speeds.items()},  # the first epoch compiles
        "parameters": cost.params,
        "trainable_parameters": cost.trainable,
        "macs": cost.macs,
        "device": device,
    }


class Run:
    """Seeds all random numbers, chooses devices and precision, and keeps the run folder. It doesn't train.

    Nothing is written before `open`, so that a wrong input leaves nothing behind.

    Args:
        cfg: the command line, as `start` hands it over.
        score: how good an epoch was, from its logs; the best one's model is kept, with None that of the last one.

    Attributes:
        strategy: the `tf.distribute` strategy; make and compile the model in its `scope()`.
        replicas: the number of devices that share a batch.
        is_chief: whether this machine writes the run folder; of several that train together, one does.
        resumed: whether there is something to go on with, and
        step, epoch: where: after so many steps, in the epoch of this number; 0 and 0 where a run begins.
        pipeline_args: what `kerascnn.data` needs to know of the run: seed, the step to start with, and the number of
            parts that share a batch, as its `replicas`.
        folder: the run folder, once it is open.
        metadata: what `model.keras` says about itself, and
        config: what `config.json` says, once the run is open.

    Raises:
        InputError: the folder is taken, the seed is out of range, the precision doesn't fit the devices.
        TrainingStopped: the run that shall go on is complete.
    """

    def __init__(
        self,
        cfg: SimpleNamespace,
        score: Callable[[dict], tuple] | None = by_accuracy,
    ):
        self.cfg, self.score = cfg, score
        count("accumulate", cfg.accumulate)
        one_of("batch_norm", cfg.batch_norm, replicas.BATCH_NORMS)
        self.strategy = devices.strategy()  # of several machines it has to be made before anything is computed
        self.replicas, self.is_chief = self.strategy.num_replicas_in_sync, devices.is_chief()
        if cfg.accumulate > 1 and cfg.batch % (self.replicas * cfg.accumulate):
            parts = f"--accumulate {cfg.accumulate} parts" + f" on {self.replicas} devices" * (self.replicas > 1)
            raise InputError(f"--batch {cfg.batch}: cannot be divided into {parts}")
        if self.is_chief:
            run_folder.check(cfg.out, cfg.overwrite, cfg.resume)
            if flags.record(cfg.out):
                run_folder.hold(Path(cfg.out))
        interval(cfg.checkpoint_every)
        self.begun = flags.record(cfg.out) if cfg.resume else {}
        self.saved = self._checkpoint() if cfg.resume else None
        self.resumed = self.saved is not None
        self.step, self.epoch = (self.saved.record[name] for name in ("step", "epoch")) if self.resumed else (0, 0)
        if self.resumed and self.saved.record["stopped"]:
            self.epoch = sys.maxsize
        if cfg.seed >= 2**32:
            raise InputError(f"--seed {cfg.seed}: must be less than {2**32}")
        keras.utils.set_random_seed(cfg.seed)
        self.precision = devices.set_precision(cfg.mixed_precision)
        self.pipeline_args = dict(seed=cfg.seed, replicas=self._parts(), start_step=self.step)

    def open(self, model: keras.Model, data, procedure: Procedure | None = None) -> None:
        """Make the run folder and write `config.json`: all that is needed to build this model and to run again. And
        make the model fit for several devices, and for a batch in parts.

        Args:
            model: what shall be trained, compiled; made by `kerascnn.build` with the knobs of the command line.
            data: what `kerascnn.data` loaded for it.
            procedure: how it is trained; it is printed as one line.

        Raises:
            InputError: the folder is taken or cannot be made; the loss doesn't allow `--accumulate`.
        """
        if self.cfg.accumulate > 1:
            accumulate(model, self.cfg.accumulate)
        if self.replicas > 1:
            replicas.prepare_for_replicas(model, self.cfg.batch_norm == "synchronized")
        self.model = model
        self.metadata = {
            "kerascnn": __version__,
            "name": network_of(model),
            "knobs": self.cfg.knobs,
            "input_shape": model.inputs[0].shape[1:],
            "classes": data.classes,
            "scaling": data.scaling,
            "mean": data.mean,
            "std": data.std,
        }
        if bits := getattr(data, "bits", None):
            self.metadata["bits"] = bits
        if getattr(data, "multi_label", False):
            self.metadata["multi_label"] = True  # an image may have several of the classes, or none
        self.data = data
        config = {
            **self.metadata,
            "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            "flags": vars(self.cfg),
            "data": data.name,
            "loading": data.loading,
            "train_images": data.train_size,
            "validation_images": data.validation_size,
            "precision": self.precision,
            "device": devices.describe(),
            "steps": data.steps,
            "replicas": self.replicas,
            "parts": self.pipeline_args["replicas"],
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "started": run_folder.now(),
        }
        if not self.is_chief:
            self.folder, self.config = None, config
            return
        name = f"{model.name}-{data.name}" + ("-smoke" if self.cfg.smoke else "")
        if self.resumed:
            self.folder = Path(self.cfg.out)
            self._check_same(config)
            changes = self._changes(model)
            self.config = {name: value for name, value in self.begun.items() if name != "ended"}
            self.config |= {name: config[name] for name in ("flags", "replicas", "parts")}
            files.write_json(self.folder / "config.json", self.config)
            files.write_history(self.folder / "history.csv", self.saved.record["history"])
        else:
            self.folder, self.config = (
                run_folder.make(name, self.cfg.out, self.cfg.overwrite or self.cfg.resume),
                config,
            )
            files.write_json(self.folder / "config.json", config)
        print(
            f"{model.name}, {model.count_params():,} parameters; {plain(data.name)}, {data.train_size:,} images and "
            f"{data.validation_size:,} held out; {devices.describe()}, {self.precision}; {plain(self.folder)}"
            + (f", which goes on after step {self.step:,}{changes}" if self.resumed else "")
            + (f"\n{procedure}" if procedure else ""),
            flush=True,
        )

    def fit_args(self, *extra: keras.callbacks.Callback) -> dict:
        """The arguments of `model.fit`, once the run is open, whatever is trained.

        That is: from which epoch on, of how many steps, with the batches as they come (they are shuffled already), with
        a progress bar on a terminal and a line an epoch elsewhere, and with which callbacks; see `callbacks`.
        """
        return {
            "initial_epoch": self.epoch,
            "steps_per_epoch": self.data.steps,
            "shuffle": False,
            "verbose": (1 if sys.stdout.isatty() else 2) if self.is_chief else 0,
            "callbacks": self.callbacks(*extra),
        }

    def callbacks(self, *extra: keras.callbacks.Callback) -> list[keras.callbacks.Callback]:
        """What `model.fit` shall call, once the run is open: it writes `history.csv`, `logs/`, the best epoch's
        `model.keras` and checkpoints, and stops where the loss is not finite.

        Args:
            extra: what the recipe wants to be called besides.
        """
        clock = Clock(self.data.each_epoch)
        best = BestModel(self.folder and self.folder / "model.keras", self.metadata, self.score)
        stateful = [*extra, clock, best]
        averaged = [replicas.AverageStatistics()] * (self.replicas > 1 and self.cfg.batch_norm == "averaged")
        return [
            StopOnNonFiniteLoss(keeps_best=self.score is not None),
            FitStatistics(),
            *averaged,
            *extra,
            clock,
            *self._writers(),
            best,
            Checkpoints(
                self.folder,
                self.cfg.checkpoint_every,
                stateful,
                self.data.train.element_spec,
                self.saved,
                self.config,
            ),
        ]

    def _writers(self):
        if not self.is_chief:
            return []
        before = self.saved.record["history"] if self.resumed else []
        return [History(self.folder / "history.csv", before), TensorBoard(self.folder / "logs")]

    def close(self) -> None:
        """The run is complete: of its checkpoints only the last one stays, from which it may be made longer, and
        several machines may part."""
        if self.is_chief:
            checkpoint.thin(self.folder, 1)
            self.config["ended"] = run_folder.now()
            files.write_json(self.folder / "config.json", self.config)
            run_folder.release(self.folder)
            run_folder.share(self.folder)
        if devices.workers() > 1:
            replicas.wait_for_all()

    def best_model(self) -> keras.Model:
        """The model of the best epoch."""
        return weights.load(self.folder / "model.keras", like=self.model)

    def history(self) -> dict[str, list[float]]:
        """The columns of `history.csv`."""
        return files.read_history(self.folder / "history.csv")

    def measure(self, model: keras.Model, history: dict[str, list[float]]) -> dict:
        """What `metrics.json` says whatever the task: epochs, time, size, device."""
        _, about = files.metadata(self.folder / "model.keras")
        return measured(model, history, about["epoch"], self.config["device"])

    def _checkpoint(self):
        """The one to go on from, if there is one."""
        folder, epochs = Path(self.cfg.out), getattr(self.cfg, "epochs", None)
        saved = checkpoint.read(folder)
        was = self.begun.get("flags", {}).get("epochs")
        if saved is None:
            if "ended" in self.begun:
                longer = "" if epochs in (was, None) else ", not even a checkpoint from which it could get longer"
                raise TrainingStopped(f"the run in {folder} is complete, there is nothing to resume{longer}")
            if checkpoint.steps(folder) and (folder / "model.keras").exists():
                raise InputError(
                    f"--resume: no checkpoint in {folder} can be read, and it has a model; --overwrite begins anew"
                )
            if self.is_chief and not run_folder.holds(str(folder.parent)):  # the winner of a search begins by itself
                print(f"{folder}: nothing to go on with, starting anew", flush=True)
            return None
        trained = saved.record["epoch"] + bool(saved.record["steps"])
        if epochs in (was, None):
            if "ended" in self.begun:
                raise TrainingStopped(f"the run in {folder} is complete, there is nothing to resume")
        elif saved.record["stopped"]:
            raise InputError(
                f"--resume: the run in {folder} stopped by itself, after epoch {trained}; leave its length"
            )
        elif 0 < epochs < trained:
            raise InputError(
                f"--resume: the run in {folder} is in epoch {trained} already, so --epochs {epochs} is past"
            )
        return saved

    def _parts(self):
        """The number of equal parts of every batch. A run that goes on keeps those that it had, where it can: they
        decide which images an epoch leaves out."""
        parts = self.replicas * self.cfg.accumulate
        begun = self.begun.get("parts", self.begun.get("replicas", 1))
        both = lcm(parts, begun) if isinstance(begun, int) else 0
        return parts if not both or self.cfg.batch % both else both

    def _check_same(self, config):
        """Raise an `InputError` where the run that goes on is not the one that began."""
        same = [*self.metadata, "data", "train_images", "validation_images", "precision", "steps"]
        same = [name for name in same if name != "kerascnn" and (name != "steps" or name in self.begun)]
        now = json.loads(files.as_json({name: config[name] for name in same}))
        differ = [
            f"{name} {self.begun.get(name)!r}, not {value!r}"
            for name, value in now.items()
            if self.begun.get(name) != value
        ]
        if differ:
            raise InputError(f"--resume: the run in {self.folder} has {'; '.join(differ)}")

    def _changes(self, model):
        """What is not as it was when the run that goes on began, in words."""
        flags_before = self.begun.get("flags", {})
        was = self.begun.get("replicas", 1), flags_before.get("accumulate", 1)
        now = self.replicas, self.cfg.accumulate
        said = ""
        if now != was:
            draws, norms = replicas.draws_and_norms(model)
            norms = norms and (self.cfg.batch_norm == "averaged" or now[1] != was[1])
            but = ["other random numbers in dropout"] * draws + ["other shares for batch normalization"] * norms
            counts = [f"{n} device{'s' * (n > 1)}, {parts} part{'s' * (parts > 1)}" for n, parts in (now, was)]
            if now[1] == was[1]:
                counts = [text.partition(",")[0] for text in counts]
            said += f"\non {counts[0]} instead of {counts[1]}: the same but for rounding"
            said += f", and for {' and '.join(but)}" * bool(but)
        epochs = getattr(self.cfg, "epochs", None)
        if epochs not in (flags_before.get("epochs"), None):
            rate = _rate(model.optimizer, self.step)
            last = [row["learning_rate"] for row in self.saved.record["history"] if "learning_rate" in row][-1:]
            said += f"\n{epochs} epochs instead of {flags_before.get('epochs')}"
            if rate is not None:
                said += ", and a schedule of this length: the learning rate goes on with"
                said += f" {rate:.3g}" + "".join(f", after {before:.3g}" for before in last)
        return said


def _rate(optimizer, step):
    """The learning rate of a step, where a schedule decides on it."""
    schedule = optimizer.get_config().get("learning_rate")
    if not isinstance(schedule, dict):
        return None
    return float(keras.optimizers.schedules.deserialize(schedule)(step))
