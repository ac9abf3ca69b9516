"""Files of a run: written aside and renamed, so that a full disk or a kill never costs the previous good one."""

import csv
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError
from ..escaping import cell

MEMBER = "kerascnn.json"  # in the archive that a .keras file is; Keras leaves it alone


@contextmanager
def atomic_write(path: Path, previous: Path | None = None) -> Iterator[Path]:
    """A path to write to. It is synced and replaces `path` if the block succeeds, and vanishes if it doesn't.

    Args:
        path: the file to write.
        previous: where the version before is kept; it is not kept unless given.
    """
    draft = path.with_stem(path.stem + ".part")
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


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


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
        The file, and a dict with `name`, `knobs`, `input_shape`, `classes`, `scaling`, `mean`, `std`.

    Raises:
        InputError: there is no such file, or no run of ours has written it.
    """
    file = Path(path) / "model.keras" if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file; give a run folder or its model.keras")
    try:
        with zipfile.ZipFile(file) as archive:
            return file, json.loads(archive.read(MEMBER))
    except (zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"{file}: not a model that a run of kerascnn has saved ({MEMBER} is missing)") from error


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
    """The columns of a `history.csv`."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}
