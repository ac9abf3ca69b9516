"""Lists run folders as a table. No model is opened, and neither Keras nor TensorFlow is imported."""

import math
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import catalog
from ..errors import InputError, between, one_of
from ..training import files, run_folder
from ..training.resume import checkpoint

SORTS = ("newest", "folder", "measure", "seconds", "bytes")
DEEPEST = 3  # levels of folders: a sweep has its runs in trial_*/run
MOST_FOLDERS, MOST_FILES = 10_000, 100_000  # that are looked at, in all and in one run
NO_RUNS_IN = (checkpoint.HOME, "logs")
KNOWN_BY = ("config.json", "search.json", "model.keras", checkpoint.HOME)  # one of these is in every run folder
MEASURES = {  # of `metrics.json`, the headline first: name -> what it is called, how it is shown
    "accuracy": ("accuracy", "{:.2%}"),
    "mean_average_precision": ("mean average precision", "{:.2%}"),
    "dice": ("Dice", "{:.4f}"),
    "mse": ("squared error", "{:.5f}"),
    "one_shot": ("one-shot", "{:.2%}"),
}
COLUMNS = ("run", "network", "data", "result", "epochs", "time", "size", "state")
LONG, LONGEST = 1e9, 40  # seconds of a training; letters of a name
CONFIG = {
    "kerascnn": str,
    "name?": str,
    "data?": str,
    "started?": str,
    "ended?": (str, bool),
    "members?": range(1, 2**16),
    "space?": str,
    "flags?": {"epochs?": range(2**31)},
}
METRICS = {
    **{f"{name}?": (float, None) for name in MEASURES},
    "networks?": {str: {"held_out_error": float}},
}


def runs(folder: str | Path = run_folder.HOME, sort: str = "newest") -> list[dict[str, Any]]:
    """The runs in a folder, and in folders in it: of recipes, of searches and their winners, of sweeps.

    Whatever is wrong with a run folder is said in its row. No link is followed.

    Args:
        folder: where to look; it may be a run folder.
        sort: the order of the rows, one of `SORTS`: the newest, the best (errors behind accuracies), the longest or the
            largest first.

    Returns:
        For each run a dict: `folder`, `network`, `data`, `task`, `measure` (its name) and `value` on held-out images,
        `epochs` trained, `of` so many, `seconds` of training, `state`, `bytes` on the disk, `started` (seconds since
        1970). None stands for what is not known. `state` is "complete", "running", "stopped at epoch 3 of 10", which
        may be "...: --resume goes on", or "damaged: " and the reason.

    Raises:
        InputError: there is no such folder, or `sort` is none of these.
    """
    one_of("sort", sort, SORTS)
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: {'is a file' if folder.exists() else 'no such folder'}; give a folder of runs")
    found = [_row(home) for home in _homes(folder)]
    if sort == "folder":
        return sorted(found, key=lambda row: row["folder"])
    if sort == "measure":
        return sorted(found, key=_by_measure)
    by = "started" if sort == "newest" else sort
    return sorted(found, key=lambda row: (-(row[by] or 0), row["folder"]))


def as_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of `runs` in words: folder, network, data, measure, epochs, time, size, state."""
    shown = ""
    if row["value"] is not None:
        shown = f"{row['measure']} {dict(MEASURES.values())[row['measure']].format(row['value'])}"
    epochs = "" if row["epochs"] is None else str(row["epochs"])
    time = "" if row["seconds"] is None else in_time(row["seconds"])
    names = ((row[name] or "")[:LONGEST] for name in ("network", "data"))
    return (row["folder"], *names, shown, epochs, time, in_bytes(row["bytes"]), row["state"])


def in_time(seconds: float) -> str:
    """3700 as 1 h 2 min."""
    minutes, hours = round(seconds / 60), int(seconds // 3600)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{hours} h {int(seconds % 3600 // 60)} min"


def in_bytes(count: int) -> str:
    """2500000 as 2.5 MB."""
    units = ["B", "kB", "MB", "GB", "TB"]
    power = min(len(units) - 1, int(math.log10(count) // 3)) if count > 0 else 0
    return f"{count / 1000**power:.3g} {units[power]}"


def _by_measure(row):
    falling = row["measure"] == "squared error"
    return (row["value"] is None, falling, row["value"] if falling else -(row["value"] or 0), row["folder"])


def _homes(folder):
    """The folders in which something of a run lies, the folder itself among them."""
    found, searches, level = [], set(), [folder]
    for _ in range(DEEPEST + 1):
        below = []
        for home in level[: MOST_FOLDERS - len(found)]:
            try:
                entries = list(os.scandir(home))
            except OSError:
                continue
            if _is_home({entry.name for entry in entries}, within_search=home.parent in searches):
                found.append(home)
            if any(entry.name == "search.json" for entry in entries):
                searches.add(home)
            folders = (entry for entry in entries if entry.is_dir(follow_symlinks=False))
            below += [home / entry.name for entry in folders if entry.name not in NO_RUNS_IN]
        level = sorted(below)
    return found


def _is_home(names, within_search):
    """Whether these are files of a run. A search's trial, which has checkpoints too, is none."""
    return not names.isdisjoint(("config.json", "search.json", "model.keras") if within_search else KNOWN_BY)


def _row(home):
    row: dict[str, Any] = dict.fromkeys(
        ("network", "data", "task", "measure", "value", "epochs", "of", "seconds", "state", "started")
    )
    row |= {"folder": str(home), "bytes": _size(home)}
    try:
        row |= _searched(home) if (home / "search.json").exists() else _run(home)
    except InputError as error:
        reason = str(error).removeprefix(f"{home}{os.sep}").removeprefix(f"{home}: ")
        row["state"] = f"damaged: {reason}"
    if run_folder.is_held(home):
        row["state"] = "running"
    return row


def _run(home):
    config = files.read_json(home / "config.json", CONFIG)
    row = {
        "network": config.get("name"),
        "data": config.get("data"),
        "task": _task(config.get("name")),
        "of": config.get("flags", {}).get("epochs"),
        "started": _moment(config.get("started")),
    }
    history = files.read_history(home / "history.csv") if os.path.lexists(home / "history.csv") else {}
    row["epochs"] = min(map(len, history.values()), default=0)
    if history and "seconds" not in history:
        raise InputError(f"{home / 'history.csv'}: has no column seconds")
    row["seconds"] = sum(history.get("seconds", []))
    if not 0 <= row["seconds"] < LONG:
        raise InputError(f"{home / 'history.csv'}: has {row['seconds']} seconds, which cannot be")
    if "members" in config:  # an ensemble's runs have them
        row |= {"epochs": None, "seconds": None}
    if os.path.lexists(home / "metrics.json"):
        row["measure"], row["value"] = _headline(home / "metrics.json")
    if "ended" in config:
        wanted = ("metrics.json",) if "members" in config else ("model.keras", "metrics.json")
        if missing := [name for name in wanted if not (home / name).is_file()]:
            raise InputError(f"{home / missing[0]}: no such file")
        return {**row, "state": "complete"}
    if "members" in config:
        return {**row, "state": "stopped: --resume goes on"}
    row["state"] = f"stopped at epoch {row['epochs']}" + (f" of {row['of']}" if row["of"] else "")
    if checkpoint.steps(home):
        row["state"] += ": --resume goes on"
    return row


def _searched(home):
    config = files.read_json(home / "search.json", CONFIG)
    if "space" not in config:
        raise InputError(f"{home / 'search.json'}: is no search's")
    whole = config.get("ended") is True and (home / "report.html").is_file()
    return {
        "network": config["space"],
        "data": config.get("data"),
        "task": "search",
        "started": (home / "search.json").lstat().st_mtime,
        "state": "complete" if whole else "stopped: --resume goes on",
    }


def _task(name):
    return catalog.card(name).task if catalog.has(name) else None


def _headline(file):
    found = files.read_json(file, METRICS)
    if networks := found.get("networks"):  # side by side: the best one counts
        found["accuracy"] = 1 - min(network["held_out_error"] for network in networks.values())
    for name, (called, _) in MEASURES.items():
        if (value := found.get(name)) is not None:
            between(f"{file}: its {name}", value, 0, 1)
            return called, value
    return None, None


def _moment(text):
    """Seconds since 1970, of an ISO date."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _size(home):
    """Bytes on the disk of a folder and of all in it."""
    total, seen, level = 0, 0, [home]
    while level and seen < MOST_FILES:
        try:
            entries = list(os.scandir(level.pop()))
        except OSError:
            continue
        seen += 1 + len(entries)
        for entry in entries:
            found = entry.stat(follow_symlinks=False)
            total += getattr(found, "st_blocks", -(-found.st_size // 512)) * 512
            if entry.is_dir(follow_symlinks=False):
                level.append(entry.path)
    return total
