"""The run folder: a run never writes over what is there, and `--overwrite` removes only what a run has left."""

import re
from contextlib import suppress
from itertools import count
from pathlib import Path

from ..errors import InputError
from . import flags
from .resume import checkpoint

HOME = Path("saved_models")
LEFTOVERS = (
    "model.keras",
    "history.csv",
    "metrics.json",
    "curves.png",
    *("confusion.png", "samples.png"),  # of classifiers
    *("reconstructions.png", "codes.png"),  # of autoencoders
    "overlays.png",  # of segmenters
    *("trial.png", "pairs.png"),  # of verifiers
    *("trial_*/trial.*", "trials.csv", "winner.json", "front.json"),  # of searches
    *("costs.png", "networks.png", "choices.png", "secret"),
    "report.html",
    "README.md",
    "*.part.*",
    "logs/*/events.out.tfevents.*",
    *flags.RECORDS,
)
FOLDERS = (  # of runs and searches, within which files are removed
    *("winner", "trial_*"),
    *(home + name for home in ("", "winner/", "trial_*/") for name in (checkpoint.HOME, "logs", "logs/*")),
)


def check(out: str, overwrite: bool, resume: bool = False) -> None:
    """Raise an `InputError` unless a run may use the folder `out`. It may where there is none, or an empty one."""
    if resume and not out:
        raise InputError("--resume: needs --out DIR, the folder of the run that shall go on")
    if resume and overwrite:
        raise InputError("--resume goes on with a run, --overwrite replaces it: give one of them")
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {out}: is a file; give the name of a folder")
    if out and folder.exists() and any(folder.iterdir()):
        if not (overwrite or resume):
            raise InputError(
                f"--out {out}: exists and isn't empty; --resume goes on with the run in it, --overwrite replaces it"
            )
        if not _is_run(folder):
            word = "--resume" if resume else "--overwrite"
            raise InputError(f"--out {out}: holds no run of kerascnn, so {word} leaves it alone")
        for place in (place for pattern in FOLDERS for place in folder.glob(pattern)):
            if place.is_symlink():
                raise InputError(f"--out {out}: {place} leads out of it by a link, so it is left alone")


def make(name: str, out: str = "", overwrite: bool = False) -> Path:
    """Make the folder of a run and return it.

    It is `out` where that is given, otherwise `saved_models/NAME`, or the first that doesn't exist yet of NAME-2,
    NAME-3 and so on. `overwrite` empties `out`, or `saved_models/NAME`, of the run that is in it.

    Raises:
        InputError: see `check`; or the folder cannot be made.
    """
    default = HOME / (re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run")
    try:
        if out or overwrite:
            folder = Path(out or default)
            check(str(folder), overwrite)
            _clear(folder)
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        for i in count(1):
            folder = default if i == 1 else default.with_name(f"{default.name}-{i}")
            if not folder.exists():
                folder.mkdir(parents=True)
                return folder
    except OSError as error:
        raise InputError(f"cannot make the run folder {folder}: {error.strerror}") from error


def _is_run(folder):
    return "kerascnn" in flags.record(folder)


def _clear(folder):
    if _is_run(folder / "winner"):
        _clear(folder / "winner")
    for home in (folder, *folder.glob("trial_*")):
        checkpoint.clear(home)
    for pattern in LEFTOVERS:
        for file in folder.glob(pattern):
            file.unlink()
    for empty in (*folder.glob("logs/*"), folder / "logs", *folder.glob("trial_*"), folder / "winner"):
        with suppress(OSError):
            empty.rmdir()
