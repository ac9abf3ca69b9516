"""The run folder: a run never writes over what is there, and `--overwrite` removes only what a run has left.

A process that works in a folder holds it by a lock on the file `.lock`, which ends with the process, also by SIGKILL.
The lock works between machines, too, where their common file system has locks, as NFS does.
"""

import atexit
import os
import re
import shlex
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from ..errors import InputError
from . import flags
from .resume import checkpoint

HOME = Path("saved_models")
LOCK = ".lock"
_held: dict[Path, tuple[Path, int | None]] = {}  # resolved -> as it was given, and the open file
LEFTOVERS = (
    "model.keras",
    "history.csv",
    "metrics.json",
    "curves.png",
    *("confusion.png", "samples.png"),  # of classifiers
    *("reconstructions.png", "codes.png"),  # of autoencoders
    *("overlays.png", "images.csv"),  # of segmenters
    "worst.png",  # of both
    "numbers.png",  # of ensembles
    *("trial.png", "pairs.png"),  # of verifiers
    *("trial_*/trial.*", "trials.csv", "winner.json", "front.json"),  # of searches
    *("costs.png", "networks.png", "choices.png", "secret"),
    "report.html",
    "README.md",
    "*.part.*",
    "logs/*/events.out.tfevents.*",
    *flags.RECORDS,
)
WORKPLACES = (  # of runs, searches and sweeps: folders in which files are removed, files to which lines are added
    *("winner", "trial_*", "trial_*/run", "trial_*/log.txt"),
    *(home + name for home in ("", "winner/", "trial_*/") for name in (checkpoint.HOME, "logs", "logs/*")),
)


def now() -> str:
    """The time, as records say it."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def check(out: str, overwrite: bool, resume: bool = False) -> None:
    """Raise an `InputError` unless a run may use the folder `out`. It may where there is none, or an empty one."""
    if resume and not out:
        raise InputError("--resume: needs --out DIR, the folder of the run that shall go on")
    if resume and overwrite:
        raise InputError("--resume goes on with a run, --overwrite replaces it: give one of them")
    try:
        out.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"--out {out!r}: must be UTF-8, as TensorFlow writes there") from error
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {out}: is a file; give the name of a folder")
    if out and folder.exists() and _content(folder):
        if not (overwrite or resume):
            raise InputError(
                f"--out {out}: exists and isn't empty; --resume goes on with the run in it, --overwrite replaces it"
            )
        if not _is_run(folder):
            word = "--resume" if resume else "--overwrite"
            raise InputError(f"--out {out}: holds no run of kerascnn, so {word} leaves it alone")
        check_links(folder)
        for name in LEFTOVERS:
            if "*" not in name and (folder / name).is_dir():
                raise InputError(f"--out {out}: {name} is a folder, where a run writes a file of this name")


def check_links(folder: Path) -> None:
    """Raise an `InputError` if one of the places where a run, a search or a sweep works is a link."""
    for place in (place for pattern in WORKPLACES for place in folder.glob(pattern)):
        if place.is_symlink():
            raise InputError(f"--out {folder}: {place} leads out of it by a link, so it is left alone")


def make(name: str, out: str = "", overwrite: bool = False) -> Path:
    """Make the folder of a run and return it.

    It is `out` where that is given, otherwise `saved_models/NAME`, or the first that doesn't exist yet of NAME-2,
    NAME-3 and so on. `overwrite` empties `out`, or `saved_models/NAME`, of the run that is in it.

    The folder is held, see `hold`.

    Raises:
        InputError: see `check` and `hold`; or the folder cannot be made.
    """
    default = HOME / (re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run")
    try:
        if out or overwrite:
            folder = Path(out or default)
            check(str(folder), overwrite)
            folder.mkdir(parents=True, exist_ok=True)
            hold(folder)
            check(str(folder), overwrite)  # another process may have been in between
            _clear(folder)
            return folder
        for i in count(1):
            folder = default if i == 1 else default.with_name(f"{default.name}-{i}")
            with suppress(FileExistsError):
                folder.mkdir(parents=True)
                hold(folder)
                return folder
    except OSError as error:
        raise InputError(f"cannot make the run folder {folder}: {error.strerror}") from error


def hold(folder: Path) -> None:
    """Keep other processes out of a folder until `release`, or the end of this process.

    Raises:
        InputError: another process holds it, or it cannot be written.
    """
    key, path = folder.resolve(), folder / LOCK
    while _held.get(key, (folder, None))[1] is None:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror})") from error
        try:
            _lock(handle)
        except BlockingIOError as error:
            who = os.read(handle, 200).decode(errors="replace").split("\n")[0]
            os.close(handle)
            who = who if who.isprintable() and who else "another process"
            raise InputError(f"{folder}: {who} is at work in it; one at a time") from error
        if _is(path, handle):
            with suppress(OSError):
                os.truncate(handle, 0)
                os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
            _held[key] = folder, handle
        else:  # who held it has just removed it
            os.close(handle)


def is_held(folder: Path) -> bool:
    """Whether a process works in a folder. Nothing is changed."""
    try:
        import fcntl

        handle = os.open(folder / LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (ImportError, OSError):
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks
    finally:
        os.close(handle)
    return False


def release(folder: Path) -> None:
    """Let others have a folder."""
    _, handle = _held.pop(here := folder.resolve(), (None, None))
    if handle is not None:
        with suppress(OSError):
            if _is(here / LOCK, handle):
                (here / LOCK).unlink()
        os.close(handle)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder meanwhile, where this process doesn't hold it anyway."""
    here = _held.get(folder.resolve(), (folder, None))[1] is None
    hold(folder)
    try:
        yield
    finally:
        if here:
            release(folder)


@contextmanager
def lent(folder: Path) -> Iterator[None]:
    """Let a process that this one starts hold the folder meanwhile."""
    release(folder)
    share(folder)
    yield
    hold(folder)


@atexit.register
def release_all() -> None:
    """Let others have all that this process holds."""
    for folder in list(_held):
        with suppress(OSError):
            release(folder)


def share(folder: Path) -> None:
    """Take note that this process works in a folder that another one holds."""
    _held.setdefault(folder.resolve(), (folder, None))


def holds(file: str | bytes | None) -> Path | None:
    """The path, where it is one in a folder that this process holds, or the folder itself."""
    if not isinstance(file, str):
        return None
    path = Path(os.path.abspath(file))
    path = path.parent.resolve() / path.name
    return Path(file) if any(path.is_relative_to(folder) for folder in _held) else None


def what_goes_on() -> str:
    """What `--resume` can do for the folder that this process works in: the end of a line that says why it stops."""
    if not _held:
        return "nothing was written"
    here, (folder, _) = next(iter(_held.items()))  # of a search and its winner the search
    command, about = f"--resume --out {shlex.quote(str(folder))}", flags.record(here)
    if (here / "search.json").exists():
        return f"{command}{'' if about else ' RECIPE'} goes on with it"  # a sweep has no record of ours
    if "ended" in about:
        return f"the run in {folder} is complete"
    if "members" in about:
        return f"{command} goes on with it"
    if last := checkpoint.steps(here):
        return f"{command} goes on after step {int(last[0].name.removeprefix('step-')):,}"
    return f"there is no checkpoint yet: {command} starts anew"


def _is(path, handle):
    """Whether the open file is the one of this name."""
    return path.exists() and os.path.samestat(os.fstat(handle), path.stat())


def _lock(handle):
    try:
        import fcntl
    except ImportError:  # only Linux and its like can see to it
        return
    for wait in (0.05, 0.2, 0):  # somebody may just look whether it is held
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not wait:
                raise
            time.sleep(wait)
        except OSError:
            break  # a file system without locks


def _content(folder):
    return [path for path in folder.iterdir() if path.name != LOCK]


def _is_run(folder):
    return "kerascnn" in flags.record(folder)


def _clear(folder):
    if _is_run(folder / "winner"):
        _clear(folder / "winner")
    for home in (folder, *folder.glob("trial_*")):
        checkpoint.clear(home)
    for pattern in LEFTOVERS:
        for file in folder.glob(pattern):
            if file.is_symlink() or not file.is_dir():
                file.unlink()
    if folder.resolve() not in _held:
        (folder / LOCK).unlink(missing_ok=True)  # of one that was killed
    for empty in (*folder.glob("logs/*"), folder / "logs", *folder.glob("trial_*"), folder / "winner"):
        with suppress(OSError):
            empty.rmdir()
