"""Trains the networks that an oracle proposes, and goes on where it was when it is killed."""

import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from random import Random

import keras
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.errors import FailedTrialError

from ...data import Data
from ...errors import InputError, TrainingStopped
from ...registry import build
from ...training import run_folder, signals
from ...training.callbacks import Clock, JudgeAverage, StopOnNonFiniteLoss
from ...training.distribution import devices, replicas
from ...training.procedure.weight_average import keep_average
from ...training.resume import checkpoint
from ...training.resume.callback import Checkpoints
from ..spaces.keras_tuner import decoded
from ..spaces.space import Space
from . import workers

IDLE = 1.0  # seconds after which a worker asks again when there is nothing to do
LONGEST = 500  # characters of a failure's message
STEPS, SHARE = 50, 0.25  # over so many steps, but no more of an epoch, the weights are averaged that are compared
MOMENTUM = 0.9  # of batch normalization's averages; with Keras's 0.99 they would lag behind a training of few steps


class Searcher(BaseTuner):
    """A tuner of keras-tuner over a `DurableOracle`, as chief, as worker or alone, see `workers`. What a trial is, its
    `run_trial` says: it reports to the oracle, and raises what is the trial's own fault.

    Args:
        oracle: what to try, a `Kept` one.
        folder: of the search.

    Raises:
        InputError: the environment variables of `workers` are incomplete.
    """

    def __init__(self, oracle, folder: str | Path):
        self.role, self.folder = workers.role(), Path(folder)
        super().__init__(oracle, directory=str(self.folder.parent), project_name=self.folder.name)
        if self.role == "worker":
            self.oracle = workers.client(oracle, self.folder)
        else:
            oracle.open(self.folder)

    def search(self) -> None:
        """Search until the oracle says that it is enough; as the chief of several processes, let the workers do it.

        Raises:
            InputError: another process searches in this folder, or the chief cannot listen at its address.
            TrainingStopped: no network could be trained.
            AskedToEnd: Ctrl-C or SIGTERM has asked to end.
            OSError: the search cannot be written.
        """
        if self.role == "worker":
            self._work()
            return
        with run_folder.held(self.folder):
            if self.role == "chief":
                workers.serve(self.oracle)
            else:
                self.oracle.forget_workers()
                self._work()
                self.oracle.conclude()

    def _work(self):
        while (trial := self.oracle.create_trial(self.tuner_id)).status != "STOPPED":
            if trial.status == "IDLE":
                time.sleep(IDLE)
            else:
                self._run_and_end(trial)

    def _run_and_end(self, trial):
        already = len(signals.received)
        try:
            with workers.heartbeat(self.oracle, trial.trial_id) if self.role == "worker" else nullcontext():
                self.run_trial(trial)
            trial.status = "COMPLETED"
        except Dropped:
            return
        except (OSError, workers.ChiefGone):
            raise  # it isn't the trial's fault
        except (KeyboardInterrupt, TrainingStopped):
            self.oracle.let_go(trial)
            raise
        except Exception as error:
            if len(signals.received) > already:  # whatever a library has made of it
                self.oracle.let_go(trial)
                raise
            trial.status, trial.message = "FAILED", _one_line(error)
        self.oracle.end_trial(trial)
        self.tidy(trial)

    def tidy(self, trial) -> None:
        """Called when a trial has ended."""

    def trial_folder(self, trial_id: str) -> Path:
        return self.folder / f"trial_{trial_id}"

    def save(self):
        """Nothing: the oracle keeps all."""

    reload = save


class Tuner(Searcher):
    """Trains networks.

    A trial trains until the epoch `tuner/epochs` of its values, or `max_epochs` where they have none. One with a
    `tuner/trial_id` goes on with the training of that trial, its optimizer as it was. After every epoch there is a
    checkpoint in the trial's folder, from which a trial that was killed goes on, bit for bit; of one that has ended the
    last one stays. Networks are judged by a moving average of their weights, as the learning rate may not fall.

    Every network has a seed of its own, which is a function of the search's seed and of its numbers.

    Args:
        oracle: what to try, a `Kept` one.
        space: what the numbers mean.
        data: to train on, and to judge by its validation.
        folder: of the search.
        compile: called with a model and its values, which are those of the space, to compile it.
        max_epochs: see above.

    Raises:
        InputError: the environment variables of `workers` are incomplete, or TF_CONFIG has several machines train
            one network.
    """

    def __init__(
        self,
        oracle,
        space: Space,
        data: Data,
        folder: str | Path,
        *,
        compile: Callable[[keras.Model, dict], None],
        max_epochs: int,
    ):
        if devices.workers() > 1:
            raise InputError("TF_CONFIG: in a search every network trains on one machine; see KERASTUNER_ORACLE_IP")
        self.space, self.data, self.compile, self.max_epochs = space, data, compile, max_epochs
        self.seed, self.strategy = oracle.seed, devices.strategy()
        super().__init__(oracle, folder)

    def run_trial(self, trial) -> None:
        """Train the network of a trial, from where it was.

        Raises:
            FailedTrialError: the loss is not finite.
            AskedToEnd: by a signal; the checkpoint is written.
        """
        values, home = trial.hyperparameters.values, self.trial_folder(trial.trial_id)
        until, parent = values.get("tuner/epochs", self.max_epochs), values.get("tuner/trial_id")
        saved = checkpoint.read(home)
        if saved is None and parent:
            saved = checkpoint.read(self.trial_folder(parent))
        report = Report(self.oracle, trial, values.get("tuner/initial_epoch", 0))
        if saved:
            enough = report.catch_up(saved.record["history"])
            if enough or saved.record["epoch"] >= until:
                return
        model = self.build(decoded(self.space, values))
        clock = Clock({"images": self.data.train_size})
        checkpoints = Checkpoints(home, "epoch", [clock], self.data.train.element_spec, saved)
        averaged = [replicas.AverageStatistics()] * (self.strategy.num_replicas_in_sync > 1)
        try:
            model.fit(
                self.data.train_from(saved.record["step"] if saved else 0),
                validation_data=self.data.validation,
                steps_per_epoch=self.data.steps,
                initial_epoch=saved.record["epoch"] if saved else 0,
                epochs=until,
                shuffle=False,
                verbose=0,
                callbacks=[_Finite(), *averaged, JudgeAverage(), clock, report, checkpoints],
            )
        except TrainingStopped as stop:
            raise FailedTrialError(str(stop)) from stop  # weights that are not finite
        finally:
            checkpoints.let_signals_go()

    def build(self, values: dict) -> keras.Model:
        """The network of some values, compiled, its initial weights those that it always has in this search."""
        keras.utils.clear_session()
        keras.utils.set_random_seed(Random(f"{self.seed} {sorted(values.items())}").randrange(2**32))
        with self.strategy.scope():
            model = build(**self.space.spec(values))
            for layer in model.layers:
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.momentum = MOMENTUM
            self.compile(model, values)
            keep_average(model, 1 - 1 / max(2, min(STEPS, SHARE * self.data.steps)))
        if self.strategy.num_replicas_in_sync > 1:
            replicas.prepare_for_replicas(model, synchronized=False)
        return model

    def tidy(self, trial) -> None:
        """Leave the last checkpoint, from which others may go on; none of a failure."""
        for old in checkpoint.steps(self.trial_folder(trial.trial_id))[trial.status == "COMPLETED" :]:
            shutil.rmtree(old, ignore_errors=True)


class Report(keras.callbacks.Callback):
    """Lets the oracle know about every epoch, and stops when it says so; before the checkpoint is written, so that
    nobody writes into the folder of a trial that another one has by now.

    Args:
        oracle: that of the search.
        trial: the one that runs.
        after: the epochs up to this one are its parent's.
    """

    def __init__(self, oracle, trial, after: int):
        super().__init__()
        self.oracle, self.trial, self.after = oracle, trial, after

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training |= self._report(epoch + 1, logs)

    def catch_up(self, history: list[dict[str, float]]) -> bool:
        """Report the epochs of a checkpoint, of which some may be unknown; those that are known change nothing. Gives
        back whether they are enough."""
        enough = False
        for epoch, logs in enumerate(history, start=1):
            enough = self._report(epoch, logs)
        return enough

    def _report(self, epoch, logs):
        """Whether this was enough."""
        if epoch <= self.after:
            return False
        metrics = {name: float(value) for name, value in logs.items()}
        status = self.oracle.update_trial(self.trial.trial_id, metrics, step=epoch).status
        if status not in ("RUNNING", "STOPPED"):
            raise Dropped
        return status == "STOPPED"


class Dropped(Exception):
    """The trial has ended, or is another worker's."""


class _Finite(StopOnNonFiniteLoss):
    def _check(self, loss, where):
        try:
            super()._check(loss, where)
        except TrainingStopped as stop:
            raise FailedTrialError(f"{where} is {loss}") from stop


def _one_line(error):
    line = " ".join(str(error).split())
    if not isinstance(error, FailedTrialError):
        line = f"{type(error).__name__}: {line}"
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"
