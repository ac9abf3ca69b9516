"""Files of a run: written aside and renamed, so that a full disk or a kill never costs the previous good one."""

import csv
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .. import catalog
from ..errors import InputError
from ..escaping import cell
from ..untrusted import json_records
from ..untrusted.keras_file import keras_file
from ..untrusted.local_files import read_bytes

MEMBER = "kerascnn.json"  # in the archive that a .keras file is; Keras leaves it alone
MOST_METADATA = 2**22  # bytes
METADATA = {
    "name": str,
    "knobs": dict,
    "input_shape": [range(1, 2**15 + 1)],
    "classes": [str],
    "scaling": set(catalog.SCALINGS),
    "mean": [float],
    "std": [float],
    "multi_label?": bool,
    "epoch?": range(1, 2**31),
}
MOST_HISTORY = 2**26  # bytes


@contextmanager
def atomic_write(path: Path, previous: Path | None = None) -> Iterator[Path]:
    """A path to write to. It is synced and replaces `path` if the block succeeds, and vanishes if it doesn't. No link
    that has one of these names is followed.

    Args:
        path: the file to write.
        previous: where the version before is kept; it is not kept unless given.

    Raises:
        InputError: a folder is in the way.
    """
    draft = path.with_stem(path.stem + ".part")
    for place in (draft, path, previous):
        if place and place.is_dir() and not place.is_symlink():
            raise InputError(f"{place}: is a folder, where a file shall be written")
    draft.unlink(missing_ok=True)
    try:
        yield draft
        sync(draft)
        if previous and path.exists():
            os.replace(path, previous)
        os.replace(draft, path)
        sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Return when a file, or the entries of a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    with atomic_write(path) as draft:
        draft.write_text(text, encoding="utf-8")


def write_json(path: Path, content: dict) -> None:
    """Write a dict; numpy's numbers and arrays are welcome in it."""
    write_text(path, as_json(content, indent=2) + "\n")


def read_json(path: Path, schema=object):
    """The content of a JSON file of a run that fits a schema; see `json_records`."""
    return json_records.read(path, schema, within=path.parent)


def save(model, path: Path, metadata: dict) -> None:
    """Save a Keras model together with what is needed to use it: `metadata` goes into the file as `kerascnn.json`.

    What is needed to train it, optimizer and loss, stays out: checkpoints have that.
    """
    import keras  # which brings in pyplot; pictures are written without

    if getattr(model, "outputs", None) and not isinstance(model, keras.Sequential):
        model = keras.Model(model.input, model.output, name=model.name)
    with atomic_write(path) as draft:
        model.save(draft)
        with zipfile.ZipFile(draft, "a") as archive:
            archive.writestr(MEMBER, as_json(metadata))


def as_json(content: dict, **style) -> str:
    text = json.dumps(content, ensure_ascii=False, default=lambda value: value.tolist(), **style)
    return text.encode("utf-8", "backslashreplace").decode()  # names that aren't UTF-8 stay what they are


def metadata(path: str | Path) -> tuple[Path, dict]:
    """The `.keras` file of a run, and what it says about itself.

    Args:
        path: a run folder, or its `model.keras`.

    Returns:
        The file, and a dict with `name`, `knobs`, `input_shape`, `classes`, `scaling`, `mean`, `std`; and `epoch`, that
        of which the model is, where a run saved it.

    Raises:
        InputError: there is no such file, no run of ours has written it, or it says what cannot be.
    """
    folder = Path(path) if Path(path).is_dir() else None
    path = folder / "model.keras" if folder else Path(path)
    with keras_file(path, within=folder) as file:
        if MEMBER not in file:
            raise InputError(f"{path}: not a model that a run of kerascnn has saved ({MEMBER} is missing)")
        found = file.json(MEMBER, METADATA, MOST_METADATA)
    channels = found["input_shape"][-1:]
    if len(found["input_shape"]) != 3 or not {len(found["mean"]), len(found["std"])} <= {1, *channels}:
        raise InputError(
            f"{path}: its {MEMBER} has no (height, width, channels) with a mean and a std for each channel"
        )
    if 0 in found["std"]:  # below 0, what is bright gets dark
        raise InputError(f"{path}: its {MEMBER} has a std of 0")
    return path, found


def trained(path: str | Path, task: str | None = None):
    """A trained network, and what it says about itself.

    Args:
        path: a run folder, or its `model.keras`.
        task: what the network must be there to do, one of `catalog.TASKS`; None for any.

    Returns:
        A Keras model, and the dict of `metadata`, to which its `task` is added.

    Raises:
        InputError: those of `metadata` and `weights.load`; it is there for another task, or does not take or give what
            it says.
    """
    from .. import weights

    file, about = metadata(path)
    about["task"] = catalog.card(about["name"]).task
    if task not in (None, about["task"]):
        raise InputError(f"{file}: holds a network to {about['task']}, {about['name']}, not one to {task}")
    network = weights.load(file)
    taken, given = map(_shapes, (network.input, network.output))
    image, number = tuple(about["input_shape"]), len(about["classes"])
    images = [image, image] if about["task"] == "verify" else [image]
    maps = 1 if number == 2 and given and given[0][-1:] == (1,) else number
    answers = {"classify": (number,), "segment": (*image[:2], maps), "reconstruct": image, "verify": (1,)}
    answer = answers[about["task"]]
    if not _fit(taken, images):
        raise InputError(f"{file}: its network takes {_listed(taken)}; by its {MEMBER} it takes {_listed(images)}")
    if not _fit(given, [answer]):
        raise InputError(f"{file}: its network gives {_listed(given)}; by its {MEMBER} it gives {_listed([answer])}")
    return network, about


def _shapes(found):
    """Of a network's input or output, or of a list of several, without the batch; none of a dict."""
    several = found if isinstance(found, list) else [found]
    return [tuple(tensor.shape[1:]) for tensor in several if hasattr(tensor, "shape")]


def _fit(found, told):
    """Whether shapes are those that they should be, or leave a size open."""
    return list(map(len, found)) == list(map(len, told)) and all(
        size in (None, right) for pair in zip(found, told, strict=True) for size, right in zip(*pair, strict=True)
    )


def _listed(shapes):
    return " and ".join("x".join(map(str, shape)) for shape in shapes) or "something else"


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Write a table; None is an empty cell, and text is as `escaping.cell` says."""
    with atomic_write(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([map(cell, row) for row in (columns, *rows)])


def write_history(path: Path, rows: list[dict[str, float]]) -> None:
    """Write a `history.csv` to which Keras's `CSVLogger` can append, one row an epoch; none where there are no rows."""
    if not rows:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["epoch", *sorted(rows[0])])
        table.writeheader()
        table.writerows({"epoch": epoch, **row} for epoch, row in enumerate(rows))


def read_history(path: Path) -> dict[str, list[float]]:
    """The columns of a `history.csv`.

    Raises:
        InputError: it cannot be read, or is no table of numbers.
    """
    text = read_bytes(path, MOST_HISTORY, within=path.parent).decode(errors="replace")
    try:
        columns, *rows = csv.reader(text.splitlines())
        return {name: [float(row[i]) for row in rows] for i, name in enumerate(columns)}
    except (csv.Error, ValueError, IndexError) as error:
        raise InputError(f"{path}: is no table of numbers: {error}") from error
