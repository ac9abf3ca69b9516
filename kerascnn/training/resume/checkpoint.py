"""Checkpoints: step folders that are whole or not there.

    RUN/checkpoints/step-000001500/state.npz      arrays: weights, optimizer, seeds, metrics
                                   record.json    numbers and words: position, history, callbacks
                                   SHA256SUMS     of both; `sha256sum -c` reads it

A folder is written aside, synced to the disk and renamed. One that is damaged all the same is passed over.
"""

import hashlib
import re
import shutil
import zipfile
from contextlib import suppress
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...escaping import plain
from ...untrusted import json_records
from ...untrusted.archives import archive
from ...untrusted.local_files import opened, read_bytes
from ..files import as_json, sync

if TYPE_CHECKING:
    import numpy as np  # what needs it imports it: `--help` goes without

KEPT = 3
HOME = "checkpoints"
STEP = re.compile(r"step-\d{9,18}")
ARRAYS, RECORD, SUMS = "state.npz", "record.json", "SHA256SUMS"
MOST_RECORD, MOST_SUMS = 2**26, 2**12  # bytes
DAMAGED = (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile)
SCHEMA = {
    "epoch": range(2**31),
    "steps": range(2**53),
    "step": range(2**53),
    "stopped": bool,
    "logs": {str: Real},
    "history": [{str: Real}],
    "callbacks": [dict],
    "config?": (dict, None),
}


class Checkpoint(NamedTuple):
    """What was kept: arrays by name, and a dict that JSON can say."""

    arrays: "dict[str, np.ndarray]"
    record: dict


def write(run: Path, step: int, checkpoint: Checkpoint) -> None:
    """Add a checkpoint to a run folder; the last `KEPT` stay.

    Raises:
        OSError: it cannot be written. Those from before are still there.
    """
    import numpy as np

    home = run / HOME
    final = home / f"step-{step:09}"
    draft = final.with_suffix(".part")
    _remove(draft)
    home.mkdir(exist_ok=True)  # but not the run's folder: where that is gone, its model is gone, too
    draft.mkdir()
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
    thin(run, KEPT)


def thin(run: Path, kept: int) -> None:
    """Let only the last so many checkpoints stay."""
    for old in steps(run)[kept:]:
        _remove(old)


def steps(run: Path) -> list[Path]:
    """The checkpoints of a run, the last one first."""
    found = (path for path in (run / HOME).glob("step-*") if path.is_dir())
    return sorted((path for path in found if STEP.fullmatch(path.name)), key=lambda path: path.name, reverse=True)


def read(run: Path) -> Checkpoint | None:
    """The last good checkpoint of a run. A damaged one is passed over, with a line that says so."""
    for folder in steps(run):
        try:
            return _read(folder)
        except DAMAGED as error:
            print(plain(f"{folder}: damaged ({error}), the one before it is taken"), flush=True)
    return None


def clear(run: Path) -> None:
    """Remove all checkpoints of a run, begun ones too. What else is there, stays."""
    home = run / HOME
    for folder in home.glob("step-*"):
        if STEP.fullmatch(folder.name.removesuffix(".part")):
            _remove(folder)
    with suppress(OSError):  # where something else is in it
        home.rmdir()


def _read(folder):
    import numpy as np

    sums = dict(
        reversed(line.split("  ", 1))
        for line in read_bytes(folder / SUMS, MOST_SUMS, within=folder).decode().splitlines()
    )
    for name in (ARRAYS, RECORD):
        if sums.get(name) != _sha256(folder / name):
            raise ValueError(f"{name} is not what was written")
    record = json_records.read(folder / RECORD, SCHEMA, MOST_RECORD, within=folder)
    with archive(folder / ARRAYS, within=folder) as members:
        if any(member.file_size != member.compress_size for member in members.infolist()):
            raise ValueError(f"{ARRAYS} is compressed")
    with opened(folder / ARRAYS, within=folder) as file, np.load(file) as arrays:
        return Checkpoint(dict(arrays), record)


def _sha256(path):
    with opened(path, within=path.parent) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(folder):
    """Remove a checkpoint; of a link nothing, as it leads elsewhere."""
    shutil.rmtree(folder, ignore_errors=True)
