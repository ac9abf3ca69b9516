"""Checkpoints: step folders that are whole or not there.

    RUN/checkpoints/step-000001500/state.npz      arrays: weights, optimizer, seeds, metrics
                                   record.json    numbers and words: position, history, callbacks
                                   SHA256SUMS     of both; `sha256sum -c` reads it

A folder is written aside, synced to the disk and renamed. One that is damaged all the same is passed over.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..files import as_json, sync

KEPT = 3
HOME = "checkpoints"
ARRAYS, RECORD, SUMS = "state.npz", "record.json", "SHA256SUMS"


class Checkpoint(NamedTuple):
    """What was kept: arrays by name, and a dict that JSON can say."""

    arrays: dict[str, np.ndarray]
    record: dict


def write(run: Path, step: int, checkpoint: Checkpoint) -> None:
    """Add a checkpoint to a run folder; the last `KEPT` stay.

    Raises:
        OSError: it cannot be written. Those from before are still there.
    """
    home = run / HOME
    final = home / f"step-{step:09}"
    draft = final.with_suffix(".part")
    _remove(draft)
    draft.mkdir(parents=True)
    try:
        np.savez(draft / ARRAYS, **checkpoint.arrays)
        (draft / RECORD).write_text(as_json(checkpoint.record), encoding="utf-8")
        sums = "".join(f"{_sha256(draft / name)}  {name}\n" for name in (ARRAYS, RECORD))
        (draft / SUMS).write_text(sums, encoding="utf-8")
        for written in (*draft.iterdir(), draft):
            sync(written)
        _remove(final)  # a damaged one, from before a restart
        draft.rename(final)
        sync(home)
    finally:
        _remove(draft)
    for old in steps(run)[KEPT:]:
        _remove(old)


def steps(run: Path) -> list[Path]:
    """The checkpoints of a run, the last one first."""
    return sorted((run / HOME).glob("step-*[0-9]"), reverse=True)


def read(run: Path) -> Checkpoint | None:
    """The last good checkpoint of a run. A damaged one is passed over, with a line that says so."""
    for folder in steps(run):
        try:
            return _read(folder)
        except (OSError, ValueError) as error:
            print(f"{folder}: damaged ({error}), the one before it is taken", flush=True)
    return None


def clear(run: Path) -> None:
    """Remove all checkpoints of a run, begun ones too."""
    for folder in (run / HOME).glob("step-*"):
        _remove(folder)
    if (run / HOME).is_dir():
        (run / HOME).rmdir()


def _read(folder):
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines)
    for name in (ARRAYS, RECORD):
        if sums.get(name) != _sha256(folder / name):
            raise ValueError(f"{name} is not what was written")
    with np.load(folder / ARRAYS) as arrays:
        return Checkpoint(dict(arrays), json.loads((folder / RECORD).read_text(encoding="utf-8")))


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
