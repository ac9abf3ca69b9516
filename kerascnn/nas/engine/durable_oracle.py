"""An oracle of keras-tuner that loses nothing.

All that a search knows is in the `trial.json` of its trials, each written aside, synced and renamed, the version before
it kept: there is no second file that could be older or younger. Beside what keras-tuner writes there, each says

    spec, count    the network and what it costs, where networks are searched
    kept           the worker that has the trial, how often it began without getting on, its place among those that
                   ended, the time the search had taken, and what the strategy remembers
"""

import json
import math
import os
import time
from collections.abc import Callable
from copy import copy
from pathlib import Path
from random import Random
from threading import RLock

import keras_tuner
import numpy as np
from keras_tuner.engine.trial import Trial

from ...errors import InputError, TrainingStopped
from ...training.files import atomic_write
from ..spaces.count import count
from ..spaces.keras_tuner import decoded
from .progress import tell
from .trials import BEFORE, curve, states

TRIED = "1.4."  # the versions of keras-tuner with which this has been tried
SILENT = 60.0  # seconds after which a worker that says nothing is taken for dead
STARTS = 3  # how often a trial is begun without finishing an epoch
HOPELESS = 10  # failures without a success after which a search ends


class DurableOracle:
    """Makes an oracle of keras-tuner lose nothing: `class X(DurableOracle, <an oracle>)`. That one only proposes.

    What `populate_space` draws should be a function of the seed and of the trials there are; for keras-tuner's own it
    becomes one. What they remember besides, in `get_state` and `set_state`, is kept with the trials.

    A worker, which keras-tuner calls a tuner, has one trial at a time and keeps it until it ends; one that asks again
    gets the same. That of a worker not heard of for `silent` seconds goes to the next that asks. A failed trial counts
    as one, and the search goes on, unless none succeeds.

    Args:
        seconds: after which no trial begins and those that run end with their epoch; over restarts.
        silent: seconds after which a worker that says nothing is taken for dead.
        clock: gives the time in seconds.
        args, kwargs: of the oracle behind.

    Raises:
        InputError: keras-tuner is another version than those that have been tried.

    Attributes:
        folder: where the search is kept, once it is open; without one nothing is written or printed.
    """

    space_searched = None  # the `Space`, where networks are searched
    counted = staticmethod(count)

    def __init__(
        self,
        *args,
        seconds: float | None = None,
        silent: float = SILENT,
        clock: Callable[[], float] = time.monotonic,
        **kwargs,
    ):
        if not keras_tuner.__version__.startswith(TRIED):
            raise InputError(f"search: tried with keras-tuner {TRIED}x only, here is {keras_tuner.__version__}")
        super().__init__(*args, **kwargs)
        self.seconds, self.silent, self.clock = seconds, silent, clock
        self.folder = None
        self._lock = RLock()
        self._heard, self._starts, self._about = {}, {}, {}
        self._began, self._spent_before = None, 0.0

    # ----------------------------------------------------------------------------------- what keras-tuner's tuners call

    def create_trial(self, tuner_id: str) -> Trial:
        """The trial that a worker shall run; one that is "IDLE" says: ask again later, one "STOPPED": there is no more.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            if self._began is None:
                self._began = self.clock()
            self.hear(tuner_id)
            while not self.is_over():
                trial = self.ongoing_trials.get(tuner_id) or self._orphan()
                if trial is None:
                    return self._new(tuner_id)
                self._hold(tuner_id, trial)
                self._starts[trial.trial_id] = self._starts.get(trial.trial_id, 0) + 1
                if self._starts[trial.trial_id] <= STARTS:
                    self._keep(trial)
                    return copy(trial)
                self._end(trial, "FAILED", f"its worker ended {STARTS} times before an epoch did")
            return self._nothing("STOPPED")

    def update_trial(self, trial_id: str, metrics: dict[str, float], step: int = 0) -> Trial:
        """Record an epoch; one that was recorded before changes nothing.

        The trial that comes back says whether to go on: "RUNNING" to go on, "STOPPED" to end it as it is, anything else
        to drop it."""
        with self._lock:
            trial = self.trials.get(trial_id)
            if trial and trial.status == "RUNNING" and step not in curve(trial, self.objective.name):
                if not trial.metrics.exists(self.objective.name):
                    trial.metrics.register(self.objective.name, self.objective.direction)
                for name, value in metrics.items():
                    if math.isfinite(value):
                        if not trial.metrics.exists(name):  # keras-tuner would look its direction up by its name
                            trial.metrics.register(name, "min")
                        trial.metrics.update(name, value, step=step)
                self._starts[trial_id] = 1
                self._keep(trial)
                self._tell()
            return self.get_trial(trial_id)

    def end_trial(self, trial: Trial) -> None:
        """Take note that a trial is "COMPLETED", or failed, with a message. One that ended before stays as it is, one
        that is still "RUNNING" is let go."""
        with self._lock:
            own = self.trials.get(trial.trial_id)
            if own is None or own.status != "RUNNING":
                return
            if trial.status == "RUNNING":
                self._release(own)
                self._starts[own.trial_id] = 0
                self._keep(own)
            else:
                self._end(own, trial.status, trial.message)

    def let_go(self, trial: Trial) -> None:
        """A worker that was asked to end leaves its trial to whoever asks next."""
        trial.status = "RUNNING"
        self.end_trial(trial)

    def get_trial(self, trial_id: str) -> Trial:
        """A trial, as `update_trial` gives it back. It doesn't wait while the strategy thinks."""
        trial = self.trials.get(trial_id)
        if trial is None:
            return self._nothing("INVALID", trial_id)
        trial = copy(trial)
        if trial.status == "RUNNING" and self.is_over():
            trial.status = "STOPPED"
        return trial

    def score_trial(self, trial: Trial) -> None:
        """The score is that of the last epoch, not the best of all."""
        if steps := curve(trial, self.objective.name):
            trial.score, trial.best_step = float(trial.metrics.get_last_value(self.objective.name)), max(steps)

    def save(self):
        """Nothing: what there is to keep is kept at once."""

    reload = save

    # ----------------------------------------------------------------------------------------------------- the search

    def open(self, folder: str | Path) -> None:
        """Keep the search in a folder, and go on with what is there.

        A trial whose file cannot be read is set aside, with one line that says so.

        Raises:
            InputError: what is there is no search of this package, or the folder cannot be made.
        """
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {folder}: {error.strerror}") from error
        found = states(self.folder)
        trials = {trial_id: _trial(state) for trial_id, state in found.items()}
        found = {trial_id: state for trial_id, state in found.items() if trials[trial_id]}
        if not all("kept" in state for state in found.values()):
            raise InputError(f"{folder}: holds a search of keras-tuner's own, which cannot go on here")
        for trial_folder in self.folder.glob("trial_*"):
            number = trial_folder.name.removeprefix("trial_")
            is_ours = number.isdecimal() and number not in found
            if is_ours and (not trial_folder.is_dir() or any(trial_folder.iterdir())):
                print(f"{trial_folder}: trial.json is damaged, the trial is set aside", flush=True)
                os.replace(trial_folder, _free(trial_folder.with_name(f"damaged_{trial_folder.name}")))
        for trial_id, state in found.items():
            self.trials[trial_id] = trial = trials[trial_id]
            kept = state["kept"]
            self.start_order.append(trial_id)
            self._record_values(trial)
            self._starts[trial_id] = kept["starts"]
            self._about[trial_id] = {name: state[name] for name in ("spec", "count") if name in state}
            self._spent_before = max(self._spent_before, kept["spent"])
            if trial.status == "RUNNING" and kept["worker"]:
                self._hold(kept["worker"], trial)
                self.hear(kept["worker"])
        ended = [(state["kept"]["ended"], trial_id) for trial_id, state in found.items() if state["kept"]["ended"]]
        self.end_order = [trial_id for _, trial_id in sorted(ended)]
        if found:
            remembered = found[self.start_order[-1]]["kept"]["strategy"]
            try:
                self.set_state({**keras_tuner.Oracle.get_state(self), **remembered})
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise InputError(f"{folder}: what its strategy remembers is damaged: {error}") from error

    def forget_workers(self) -> None:
        """Give running trials to whoever asks next: their workers are known to have ended."""
        with self._lock:
            self.ongoing_trials.clear()

    def hear(self, tuner_id: str) -> None:
        """A worker is alive."""
        self._heard[tuner_id] = self.clock()

    def is_alive(self, tuner_id: str) -> bool:
        return self.clock() - self._heard.get(tuner_id, -math.inf) <= self.silent

    def has(self, tuner_id: str, trial_id: str) -> bool:
        """Whether a trial is that worker's."""
        trial = self.ongoing_trials.get(tuner_id)
        return trial is not None and trial.trial_id == trial_id

    def best(self) -> Trial | None:
        """The best of those that are completed."""
        best = self.get_best_trials(1)  # among them those that run, where there are no others
        return best[0] if best and best[0].status == "COMPLETED" else None

    def network(self, trial: Trial) -> dict:
        """What `trial.json` says of the network: nothing, or its `spec` and `count`."""
        if self.space_searched is not None and trial.trial_id not in self._about:
            spec = self.space_searched.spec(decoded(self.space_searched, trial.hyperparameters.values))
            self._about[trial.trial_id] = {"spec": spec, "count": self.counted(spec)._asdict()}
        return self._about.get(trial.trial_id, {})

    def spent(self) -> float:
        """Seconds that the search has taken, over restarts."""
        return self._spent_before + (self.clock() - self._began if self._began is not None else 0.0)

    def is_over(self) -> bool:
        """Whether no trial may begin any more: the time is over, or all fail."""
        statuses = [trial.status for trial in list(self.trials.values())]
        hopeless = statuses.count("FAILED") >= HOPELESS and "COMPLETED" not in statuses
        return hopeless or (self.seconds is not None and self.spent() >= self.seconds)

    def conclude(self) -> None:
        """The search has ended.

        Raises:
            TrainingStopped: without any network that could be trained.
        """
        self._tell(last=True)
        failed = [trial for trial in self.trials.values() if trial.status == "FAILED"]
        if not any(trial.status == "COMPLETED" for trial in self.trials.values()):
            if not failed:
                raise TrainingStopped("the search had no time to train any network, give it more")
            message = failed[-1].message
            raise TrainingStopped(f"none of {len(failed)} networks could be trained; the last one: {message}")

    # ------------------------------------------------------------------------------------------------------- its trials

    def _orphan(self):
        """A trial that runs, but whose worker doesn't."""
        held = {trial.trial_id: tuner_id for tuner_id, trial in self.ongoing_trials.items()}
        for trial in self.trials.values():
            if trial.status == "RUNNING" and not self.is_alive(held.get(trial.trial_id)):
                return trial
        return None

    def _hold(self, tuner_id, trial):
        self._release(trial)
        self.ongoing_trials[tuner_id] = trial

    def _release(self, trial):
        self.ongoing_trials = {worker: held for worker, held in self.ongoing_trials.items() if held is not trial}

    def _new(self, tuner_id):
        """Like keras-tuner's, but it waits for trials that run before it says that there are no more."""
        number = 1 + max(map(int, self.trials), default=-1)
        trial_id = f"{number:04}"
        self._seed_state = Random(f"{self.seed} {trial_id}").randrange(2**31)  # from which keras-tuner's own draw,
        self._random_state = np.random.RandomState(self._seed_state)  # the Bayesian one from this
        status, values = "STOPPED", None
        if not self.max_trials or len(self.trials) < self.max_trials:
            response = self.populate_space(trial_id)
            status, values = response["status"], response.get("values")
        if status != "RUNNING":
            return self._nothing("IDLE" if self.ongoing_trials else "STOPPED")
        hyperparameters = self.hyperparameters.copy()
        hyperparameters.values = values
        trial = Trial(hyperparameters, trial_id, status)
        self._record_values(trial)
        self.trials[trial_id] = trial
        self.start_order.append(trial_id)
        self._hold(tuner_id, trial)
        self._starts[trial_id] = 1
        self._keep(trial)
        self._tell()
        return copy(trial)

    def _nothing(self, status, trial_id=""):
        return Trial(keras_tuner.HyperParameters(), trial_id, status)

    def _end(self, trial, status, message):
        trial.status, trial.message = status, message
        if status == "COMPLETED":
            self.score_trial(trial)
            if trial.score is None:
                trial.status, trial.message = "FAILED", f"its {self.objective.name} was never a number"
        else:
            trial.status = "FAILED"
        self.end_order.append(trial.trial_id)
        self._release(trial)
        self._keep(trial)
        self._tell(ended=trial)

    def _keep(self, trial):
        if self.folder is None:
            return
        usual = keras_tuner.Oracle.get_state(self)
        ended = {trial_id: i for i, trial_id in enumerate(self.end_order, 1)}
        kept = {
            "worker": next((worker for worker, held in self.ongoing_trials.items() if held is trial), None),
            "starts": self._starts[trial.trial_id],
            "ended": ended.get(trial.trial_id),
            "spent": self.spent(),
            "strategy": {name: value for name, value in self.get_state().items() if name not in usual},
        }
        folder = self.folder / f"trial_{trial.trial_id}"
        folder.mkdir(exist_ok=True)
        write(folder / "trial.json", {**trial.get_state(), **self.network(trial), "kept": kept})

    def _tell(self, **what):
        if self.folder is not None:
            tell(self, **what)


def _trial(state):
    """keras-tuner's trial; None where it takes the state for none."""
    try:
        return Trial.from_state(state)
    except Exception:  # whatever a hyperparameter raises of a value that it does not take
        return None


def well_spaced(seed: int) -> int:
    """A seed for keras-tuner, which takes 0 for none and gives neighbouring seeds shifted copies of the same trials."""
    return Random(f"kerascnn {seed}").randrange(1, 2**31)


def write(path: Path, state: dict) -> None:
    """Write a state file, and keep the version before it beside it, see `trials.read`.

    Raises:
        OSError: it cannot be written; the one before is still there.
    """
    with atomic_write(path, previous=path.with_name(path.name + BEFORE)) as draft:
        draft.write_text(json.dumps(state), encoding="utf-8")


def _free(path):
    """The path, or where it is taken the first that isn't with a number behind."""
    free, number = path, 1
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free
