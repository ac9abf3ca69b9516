"""Draws the report of a run anew: its network is judged again, on its own data."""

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import keras

from .. import catalog, data, training, weights
from ..errors import InputError
from ..training import files, run_folder
from ..training.run import measured
from ..untrusted import json_records
from . import run_data

FLAGS = {
    "noise?": float,
    "seed?": range(2**32),
    "tta?": bool,
    "runs?": str,
    "copies?": range(1000),
    "epochs?": range(2**31),
}
HISTORY = ("loss", "val_loss", "seconds", "images_per_second")
LARGEST = 1e30  # that is drawn
SIDE_BY_SIDE = "side_by_side"
SAME = ("input_shape", "classes", "scaling", "mean", "std")  # of the model and of the data


class Kind(NamedTuple):
    """What is loaded for a task; which columns its history has besides, of (run, data); what reports on (run, data)."""

    data: type
    columns: Callable
    report: Callable


class FinishedRun:
    """A run that has trained, as reports see one: `training.Run` without training.

    Args:
        folder: a run folder; it may have been stopped.

    Attributes:
        folder, cfg, config, metadata: as of `training.Run`.
        is_complete: whether its training has ended by itself.
        task: what its network is there to do, of `catalog.TASKS`; or `SIDE_BY_SIDE`.

    Raises:
        InputError: it is no run folder, has no model yet, or says what cannot be.
    """

    is_chief = True

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.config = run_data.configuration(folder)
        self.is_complete = "ended" in self.config
        self.config = {name: value for name, value in self.config.items() if name not in ("ended", "stopped")}
        flags = self.config["flags"]
        json_records.check(flags, FLAGS, f"{self.folder / 'config.json'}: its flags")
        self.cfg = SimpleNamespace(**{"noise": 0.0, "seed": 0, "tta": False, "runs": "", "copies": 0, **flags})
        self.task = SIDE_BY_SIDE if self.config["name"] == SIDE_BY_SIDE else catalog.card(self.config["name"]).task
        if not (self.folder / "model.keras").exists():
            raise InputError(f"{folder}: has no model yet: its first epoch is not over")
        self.file, self.metadata = files.metadata(folder)
        if "epoch" not in self.metadata:
            raise InputError(f"{self.file}: does not say of which epoch it is; models of this version do")

    def best_model(self) -> keras.Model:
        """The model of the best epoch."""
        if self.task == SIDE_BY_SIDE:
            return weights.load(self.file)
        return files.trained(self.folder, self.task)[0]

    def history(self) -> dict[str, list[float]]:
        """The columns of `history.csv`. Raises an `InputError` where one is missing, or numbers cannot be."""
        path = self.folder / "history.csv"
        found = files.read_history(path)
        measures = [name for name in found if f"val_{name}" in found]
        if missing := [name for name in HISTORY if name not in found]:
            raise InputError(f"{path}: has no column {missing[0]}")
        if len(found["loss"]) < self.metadata["epoch"]:
            epochs = f"{len(found['loss'])} epochs, model.keras is of epoch {self.metadata['epoch']}"
            raise InputError(f"{path}: has {epochs}")
        for name in (*measures, *HISTORY):
            if not all(math.isfinite(value) and abs(value) < LARGEST for value in found[name]):
                raise InputError(f"{path}: its {name} holds what is no number of a run")
        if min(found["seconds"]) < 0:
            raise InputError(f"{path}: its seconds are below 0")
        return found

    def measure(self, model: keras.Model, history: dict[str, list[float]]) -> dict:
        """What `metrics.json` says whatever the task; see `training.Run.measure`."""
        return measured(model, history, self.metadata["epoch"], self.config["device"])

    def close(self) -> None:
        """Nothing: the run is over as it was before."""


def report(run: str | Path) -> dict[str, Any]:
    """Judge a run again, on its own data, and write its metrics, pictures, `report.html` and `README.md` anew.

    On the machine that trained it, the metrics are those of before.

    Args:
        run: a run folder: of a recipe, or the `winner` of a search. Where training was stopped, the best epoch so far
            is judged, and the report says so.

    Returns:
        What `metrics.json` says.

    Raises:
        InputError: it is no run folder, has no model yet, a process trains in it, its data are no longer there or no
            longer the same, or something in it cannot be. Nothing is changed then.
    """
    finished = FinishedRun(run)
    kind = KINDS[finished.task]
    with run_folder.held(finished.folder):
        history, shape = finished.history(), tuple(finished.metadata["input_shape"])
        finished.best_model()  # of a size that can be: before anything is made of its images' size
        if (loaded := run_data.loading(run)["image_shape"]) != shape:
            raise InputError(f"{finished.file}: is for images of {shape}, its data are loaded in {loaded}")
        found = run_data.own_data(run)
        if not isinstance(found, kind.data):
            raise InputError(f"{run}: its network is there to {finished.task}, its data are not")
        columns = [f"{side}{name}" for name in kind.columns(finished, found) for side in ("", "val_")]
        if missing := [name for name in columns if name not in history]:
            raise InputError(f"{finished.folder / 'history.csv'}: has no column {missing[0]}")
        _check_same(finished, found)
        if not finished.is_complete:
            of = vars(finished.cfg).get("epochs")
            finished.config["stopped"] = f"after epoch {len(history['loss'])}" + (f" of {of}" if of else "")
        kind.report(finished, found)
    return files.read_json(finished.folder / "metrics.json", {str: object})


def _check_same(run, found):
    said = (*(getattr(found, name) for name in ("image_shape", "classes", "scaling", "mean", "std")),)
    for name, value in zip(SAME, said, strict=True):
        was = run.metadata[name]
        if list(value) != list(was) and value != was:
            raise InputError(f"{run.file}: is for {name} {was!r:.60}, its data have {value!r:.60}")


def _classify(run, found):
    (training.report_multi_label if found.multi_label else training.report_classifier)(run, found)


def _reconstruct(run, found):
    training.report_autoencoder(run, found, training.to_reconstruct(found, run.cfg.noise, run.cfg.seed))


def _verify(run, found):
    copies = run.cfg.copies
    how = run_data.loading(run.folder).get("how") if copies else None
    training.report_verifier(run, found, run.cfg.runs, how, copies)


def _networks(run):
    return [layer for layer in run.best_model().layers if isinstance(layer, keras.Model)]


def _side_by_side(run, found):
    training.report_side_by_side(run, SimpleNamespace(networks=_networks(run)), found)


def _no_columns(run, found):
    return ()


KINDS = {
    "classify": Kind(data.Data, lambda run, found: ("pr_auc" if found.multi_label else "accuracy",), _classify),
    "segment": Kind(
        data.Masks,
        lambda run, found: ("iou",),
        lambda run, found: training.report_segmenter(run, found, run.cfg.tta),
    ),
    "reconstruct": Kind(data.Data, _no_columns, _reconstruct),
    "verify": Kind(data.Pairs, _no_columns, _verify),
    SIDE_BY_SIDE: Kind(
        data.Data,
        lambda run, found: [f"{one.name}_{what}" for one in _networks(run) for what in ("loss", "accuracy")],
        _side_by_side,
    ),
}
