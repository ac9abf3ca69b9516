"""The report of a sweep: a table, a picture, and the best flags as a command."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ..escaping import picture, plain
from ..training import files
from ..training.reporting import page, plots
from .sweep_plan import Plan, Trial, varied

SHOWN = 20  # runs on the terminal


def publish(plan: Plan, folder: Path, trials: Sequence[Trial]) -> None:
    """Write `trials.csv`, `winner.json`, the picture and `report.html`, and print what came out."""
    names = [dimension.name for dimension in varied(plan.vary).dimensions]
    ended = ranked(plan, trials)
    best, others = ended[0], [trial for trial in trials if trial not in ended]
    command = shlex.join(["python", *plan.command, *varied(plan.vary).knobs(best.values)["flags"]])
    columns = ("trial", "status", plan.score, *names, "seconds", "message")
    rows = [(one.trial, one.status, one.score, *one.values.values(), one.seconds, one.message) for one in trials]
    files.write_csv(folder / "trials.csv", columns, rows)
    files.write_json(
        folder / "winner.json", {"trial": best.trial, plan.score: best.score, "flags": best.values, "command": command}
    )
    draw(folder / "scores.png", plan, ended)
    table = page.Table(
        "Runs, the best first",
        ("trial", plan.score, *names, "training"),
        [
            (trial.trial, f"{trial.score:.4f}", *map(str, trial.values.values()), f"{trial.seconds:.0f} s")
            for trial in ended
        ],
    )
    failures = page.Table(
        "Runs without a score",
        ("trial", *names, "why"),
        [(trial.trial, *map(str, trial.values.values()), trial.message or "put off") for trial in others],
    )
    whole = page.Report(
        title=f"{Path(plan.command[0]).stem}: {', '.join(names)} varied",
        lead=f"{len(ended)} runs of {shlex.join(['python', *plan.command])}, each with other flags. The best one was "
        f"chosen on the images that its {plan.score} is of, so it will do a little worse on others.",
        facts=[
            (f"best {plan.score}, trial {best.trial}", f"{best.score:.4f}"),
            *((name, str(value)) for name, value in best.values.items()),
            ("runs", f"{len(ended)} of {len(trials)}"),
            ("training", f"{sum(trial.seconds for trial in trials):.0f} s"),
        ],
        pictures=[(f"{plan.score} by each flag; the best run is filled", "scores.png")],
        tables=[table, *([failures] if others else [])],
        usage=f"    {plain(command)}\n",
    )
    for shown in (table, failures)[: 1 + bool(others)]:
        page.print_table(shown._replace(rows=shown.rows[:SHOWN]))
    page.publish(folder, whole)
    print(f"The best run again, or for longer:\n{plain(command)}")


def ranked(plan: Plan, trials: Sequence[Trial]) -> list[Trial]:
    """Those that have a score, the best first."""
    ended = [trial for trial in trials if trial.status == "COMPLETED"]
    return sorted(ended, key=lambda trial: trial.score if plan.lowest else -trial.score)


def draw(path: Path, plan: Plan, ended: Sequence[Trial]) -> None:
    """The score by each flag, to a PNG file.

    Args:
        path: the PNG file to write.
        plan: what was swept.
        ended: trials with a score, the best first.
    """
    dimensions = varied(plan.vary).dimensions
    figure = Figure(figsize=(4.2 * len(dimensions), 3.6), layout="constrained")
    panels = figure.subplots(1, len(dimensions), squeeze=False, sharey=True)[0]
    for axes, dimension in zip(panels, dimensions, strict=True):
        chosen = [trial.values[dimension.name] for trial in ended]
        if isinstance(dimension.choices[0], str):
            axes.set_xticks(range(len(dimension.choices)), [plots.shortened(choice) for choice in dimension.choices])
            chosen = [dimension.choices.index(choice) for choice in chosen]
        elif min(dimension.choices) > 0 and max(dimension.choices) >= 10 * min(dimension.choices):
            axes.set_xscale("log")
        scores = [trial.score for trial in ended]
        axes.plot(chosen, scores, "o", ms=6, mfc="none", color=plots.HELD_OUT)
        axes.plot(chosen[0], scores[0], "o", ms=8, color=plots.HELD_OUT)
        axes.set(xlabel=picture(dimension.name.removeprefix("knob.")))
        plots.frame(axes)
    panels[0].set_ylabel(picture(plan.score))
    plots.write(figure, path)
