"""Judges what was trained: a run, or several as an ensemble."""

from collections.abc import Sequence
from pathlib import Path

from .. import catalog
from ..errors import InputError, listed, unknown
from ..escaping import plain
from ..training import files
from ..training.reporting import page
from .judged_images import Choice
from .judging_classifiers import TTA, judge_classifiers
from .judging_others import judge_autoencoder, judge_segmenters, judge_verifier
from .prediction_files import written
from .verdict import Progress, Verdict

JUDGES = {
    "classify": judge_classifiers,
    "segment": judge_segmenters,
    "reconstruct": judge_autoencoder,
    "verify": judge_verifier,
}
PICTURES = {
    "classify": ("confusion.png", "reliability.png", "worst.png"),
    "segment": ("overlays.png",),
    "reconstruct": ("worst.png",),
    "verify": ("pairs.png",),
}
SHOWN = 40  # rows of a table on the terminal
REPORT, MEASURES = "report.html", "metrics.json"


def evaluate(
    runs: str | Path | Sequence[str | Path],
    data: str | Path | None = None,
    *,
    split: str = "",
    tta: str = "",
    labels: str | Path | None = None,
    out: str | Path | None = None,
    csv: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done, of: None,
) -> Verdict:
    """Judge trained networks by images that they have not seen.

    Several classifiers, or segmenters, are an ensemble: the average of their probabilities is judged beside each of
    them. They may see images of different sizes, but must have the same classes in the same order.

    Args:
        runs: a run folder, or its `model.keras`; or several.
        data: the name of a set or a folder, as for `data.load`, or for `data.load_masks` and `data.load_pairs`; by
            default those on which the runs were trained. Classes are matched by their names.
        split: "validation", "test", "train" or "all". By default what validates in training: the set's own validation
            or test split, or the images that are held out; of a folder without splits all images, unless it is the
            runs' own.
        tta: test-time augmentation: the average over several views of an image. "flips" are mirror images, which are
            wrong where they mean something else, as of digits; "crops" are four corners and the centre of an image that
            is larger by 256 / 224; "flips,crops" are both, the ten crops of Krizhevsky et al. 2012. For segmenters
            "flips", which are quarter turns, too.
        labels: a CSV file of the classes of a folder's images, as for `data.load`.
        out: a folder for `report.html`, `metrics.json` and the pictures; it is made where it is missing.
        csv: a file for a row for each image, with its class and the probabilities; or for each pair.
        overwrite: whether files that are there may be replaced.
        progress: is called with the number of images that are done, and of all.

    Returns:
        `Verdict`; its `measures` are what `metrics.json` says.

    Raises:
        InputError: one line: a run of another task, other classes, no images, a network that answers with NaN, ...
    """
    runs = [runs] if isinstance(runs, (str, Path)) else list(runs)
    task, abouts = _task_of(runs)
    if labels and task != "classify":
        raise InputError(f"labels={str(labels)!r}: are for classifiers; {runs[0]} is there to {task}")
    choice = Choice(runs, data, split, masked=task == "segment", labels=labels)
    out, csv = out and Path(out), csv and Path(csv)
    views = _views(tta)
    places = [out / name for name in (REPORT, MEASURES, *PICTURES[task])] if out else []
    with written([*places, *([csv] if csv else [])], overwrite) as draft:
        found = JUDGES[task](runs, abouts, choice, views, progress)
        measures = {"task": task, **found.measures, "tta": ",".join(views), "warnings": found.warnings}
        found = found._replace(measures=measures)
        if csv:
            files.write_csv(draft(csv), found.columns, found.rows)
        if out:
            _write(draft(out / REPORT).parent, runs, abouts, choice, found)
    return found


def print_verdict(verdict: Verdict) -> None:
    """Facts, tables and warnings on the terminal; of long tables the beginning."""
    for table in (page.Table("", (), verdict.facts), *verdict.tables):
        page.print_table(table._replace(rows=table.rows[:SHOWN]))
        if len(table.rows) > SHOWN:
            print(f"... and {len(table.rows) - SHOWN:,} more rows")
    for warning in verdict.warnings:
        print(f"warning: {plain(warning)}")


def _task_of(runs):
    """What the runs are there for, and what each says about itself."""
    if not runs:
        raise InputError("no run is given: name a run folder, or its model.keras")
    found = [files.metadata(run) for run in runs]
    places = [file.resolve() for file, _ in found]
    for i, run in enumerate(runs):
        if places[i] in places[:i]:
            raise InputError(f"{run}: is given twice; an ensemble needs different networks")
    tasks = [catalog.card(about["name"]).task for _, about in found]
    for (file, about), task in zip(found, tasks, strict=True):
        if task != tasks[0]:
            raise InputError(f"{file}: holds a network to {task}, {about['name']}; {runs[0]} is there to {tasks[0]}")
        if about.get("multi_label"):
            raise InputError(
                f"{file}: its network gives an image several labels; only one label an image can be judged"
            )
    return tasks[0], [about for _, about in found]


def _views(tta: str) -> list[str]:
    found = [word.strip() for word in tta.split(",") if word.strip()]
    for word in found:
        if word not in TTA:
            raise unknown("view (tta)", word, TTA)
    return [word for word in TTA if word in found]


def _write(folder, runs, abouts, choice, found):
    for _, name, draw in found.pictures:
        draw(folder / name)
    files.write_json(folder / MEASURES, found.measures)
    names = list(dict.fromkeys(about["name"] for about in abouts))
    of = f"{len(runs)} runs: " if len(runs) > 1 else ""
    report = page.Report(
        title=f"{listed(names)} on {choice.shown_name}",
        lead=f"{of}{listed(list(map(str, runs)), 8)}",
        facts=found.facts,
        pictures=[(caption, name) for caption, name, _ in found.pictures],
        tables=found.tables,
        usage="",
        warnings=found.warnings,
    )
    page.write_html(folder, report)
