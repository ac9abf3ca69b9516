"""The trials of a search, read from its folder; needs neither Keras nor keras-tuner."""

from collections.abc import Iterable
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import InputError
from ...untrusted import json_records
from ..spaces.count import Count

BEFORE = ".before"  # ends the name of a state file's version before
VALUE = (str, bool, float, None)
PARENT = {"class_name": {"Parent"}, "config": {"name": str, "values": [VALUE]}}
HYPERPARAMETER = {
    "class_name": {"Boolean", "Choice", "Fixed", "Float", "Int"},
    "config": {"name": str, "conditions": [PARENT], "values?": [VALUE]},
}
STATE = {
    "trial_id": str,
    "hyperparameters": {"space": [HYPERPARAMETER], "values": {str: VALUE}},
    "metrics": {"metrics": {str: {"observations": [{"value": [Real], "step": int}]}}},
    "score": (Real, None),
    "status": {"RUNNING", "IDLE", "INVALID", "STOPPED", "COMPLETED", "FAILED"},
    "message": (str, None),
    "spec?": dict,
    "count?": {name: range(2**60) for name in Count._fields},
    "kept?": {
        "worker": (str, None),
        "starts": range(2**31),
        "ended": (range(2**31), None),
        "spent": float,
        "strategy": dict,
    },
}


class Result(NamedTuple):
    """A trial of a search.

    Attributes:
        trial: its number as text, "0007"; its folder is `trial_0007`.
        parent: the trial whose training it went on with, where there is one.
        status: "RUNNING", "COMPLETED" or "FAILED".
        message: why it failed.
        values: the numbers of the space by name, as keras-tuner says them.
        spec: the network, as `kerascnn.build(**spec)` takes it; None in a sweep, which has no space of networks.
        count: what the network costs; None in a sweep.
        curve: epochs trained -> accuracy on held-out images, those of its parents before it, too.
        seconds: that its own epochs took.
        steady: seconds of each of its own epochs but the first, which compiles.
    """

    trial: str
    parent: str | None
    status: str
    message: str | None
    values: dict
    spec: dict | None
    count: Count | None
    curve: dict[int, float]
    seconds: float
    steady: tuple[float, ...]


def results(folder: str | Path) -> list[Result]:
    """All trials of a search, in the order in which they began.

    Raises:
        InputError: there is no such folder.
    """
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: no such folder; give the one of a search")
    found = {}
    for state in states(folder).values():
        values = state["hyperparameters"]["values"]
        parent = found.get(values.get("tuner/trial_id"))
        seconds = tuple(by_step(state, "seconds").values())
        found[state["trial_id"]] = Result(
            trial=state["trial_id"],
            parent=parent and parent.trial,
            status=state["status"],
            message=state["message"],
            values={name: value for name, value in values.items() if not name.startswith("tuner/")},
            spec=state.get("spec"),
            count=state.get("count") and Count(**state["count"]),
            curve={**(parent.curve if parent else {}), **by_step(state, "val_accuracy")},
            seconds=sum(seconds),
            steady=seconds[1:],
        )
    return list(found.values())


def states(folder: str | Path) -> dict[str, dict]:
    """The content of every `trial.json` of a search, by the trial's number, in their order."""
    names = [trial.name.removeprefix("trial_") for trial in Path(folder).glob("trial_*")]
    trials = sorted((name for name in names if name.isdecimal()), key=int)
    read_ones = {trial: read(Path(folder) / f"trial_{trial}" / "trial.json") for trial in trials}
    return {trial: state for trial, state in read_ones.items() if state and state["trial_id"] == trial}


def read(path: Path) -> dict | None:
    """A state file, or where it is damaged the version before it, with a line that says so; None where both are."""
    is_damaged = False
    for file in (path, path.with_name(path.name + BEFORE)):
        if not file.exists():
            continue
        try:
            state = json_records.read(file, STATE, within=path.parent)
        except InputError:
            is_damaged = True
            continue
        if is_damaged:
            print(f"{path}: damaged, the version before it is taken", flush=True)
        return state
    return None


def chains(trials: Iterable[tuple[str, str | None, Any]]) -> list[list]:
    """Trials that go on from each other together, in the order in which the first of them began.

    Args:
        trials: (number, the parent's number, trial). One whose parent is not among them begins anew.
    """
    found, of = [], {}
    for number, parent, trial in trials:
        if parent in of:
            of[number] = of[parent]
        else:
            of[number] = []
            found.append(of[number])
        of[number].append(trial)
    return found


def in_epochs(number: int) -> str:
    return f"{number} epoch" + "s" * (number != 1)


def by_step(state: dict, metric: str) -> dict[int, float]:
    """A metric's values in what a `trial.json` says."""
    observations = state["metrics"]["metrics"].get(metric, {}).get("observations", [])
    return {seen["step"]: sum(seen["value"]) / len(seen["value"]) for seen in observations}


def curve(trial, metric: str = "val_accuracy") -> dict[int, float]:
    """The same of a trial of keras-tuner."""
    history = trial.metrics.get_history(metric) if trial.metrics.exists(metric) else []
    return {seen.step: seen.mean() for seen in history}
