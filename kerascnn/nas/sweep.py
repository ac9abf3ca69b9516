"""Vary flags of a recipe and find the best: each trial is a run of the recipe, in a process and a folder of its own.

    python -m kerascnn.nas.sweep --trials 12 --vary lr=1e-4..1e-2 --vary batch=32,64 --vary augment=none,cifar \\
        recipes/classify.py --data digits --epochs 3

What is varied: NAME=A,B,C chooses, NAME="A|B" where a choice has commas; NAME=LOW..HIGH is a range, even on a
logarithmic scale where it spans a factor of ten or more. NAME=on,off is a flag without a value, knob.NAME=... is a knob
of the network. What does not vary stands behind the recipe.

The score is a number of the run's metrics.json, on the images that the recipe holds out: the best of many runs is
chosen on these images, so it will do a little worse on others. A sweep that was killed goes on by --resume --out DIR,
each run from its last checkpoint.
"""

import argparse
import csv
import errno
import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from ..errors import InputError, count, one_of
from ..training import devices, launch
from ..training.config import duration
from ..training.start import TrainingStopped
from .space import Number, Space, declare, decoded, encoded

STEPS = 24  # into which a range is divided
SHOWN = 20  # runs on the terminal
STRATEGIES = ("evolution", "random")
ITS_OWN = ("out", "resume", "overwrite")  # flags of a recipe that a trial has from the sweep
POLL = 0.2  # seconds between two looks at a run
METRICS, LOG = "metrics.json", "log.txt"


class Plan(NamedTuple):
    """What is swept, as `search.json` says it.

    Attributes:
        command: the recipe and the flags that stay.
        vary: the others, as on the command line.
        score: a number of the run's `metrics.json`.
        lowest: whether the lowest is the best.
        strategy: one of `STRATEGIES`.
        seed: of what is tried; the recipe has its own.
        trials: how many runs there shall be in all.
        budget: a time like "30m", after which no run begins and those that are running are put off; "" is no limit.
    """

    command: list[str]
    vary: list[str]
    score: str = "accuracy"
    lowest: bool = False
    strategy: str = "evolution"
    seed: int = 0
    trials: int = 20
    budget: str = ""


class Trial(NamedTuple):
    """A run of the recipe; the score is None until there is one."""

    trial: str
    status: str
    score: float | None
    values: dict
    seconds: float
    message: str


# ------------------------------------------------------------------------------------------------------ what is varied


def varied(vary: Sequence[str]) -> Space:
    """A space of flags, from "lr=1e-4..1e-2" and the like. Its `knobs` turn values into words of a command line.

    Raises:
        InputError: a flag has nothing to choose from, a range is none, or a flag is not for a sweep to choose.
    """
    numbers = {}
    for words in vary:
        name, equals, choices = words.partition("=")
        name = name.removeprefix("--").replace("-", "_")
        if not (name.replace("knob.", "", 1).isidentifier() and equals and choices):
            raise InputError(f"--vary {words}: must be NAME=A,B,C or NAME=LOW..HIGH, like lr=1e-4..1e-2")
        if name in ITS_OWN:
            raise InputError(f"--vary {words}: the sweep gives every run its --{name}")
        if name in numbers:
            raise InputError(f"--vary {words}: {name} varies already")
        numbers[name] = Number(name, _choices(words, choices))
    if not numbers:
        raise InputError("nothing varies: give --vary NAME=..., like --vary lr=1e-4..1e-2")
    return Space("sweep", tuple(numbers.values()), lambda values: {"flags": _flags(numbers, values)})


def _choices(words, text):
    low, dots, high = text.partition("..")
    if dots and not re.search("[,|/]", text):
        return _range(words, low, high)
    texts = [choice.strip() for choice in text.split("|" if "|" in text else ",")]
    for kind in (int, float):
        try:
            found = tuple(map(kind, texts))
        except ValueError:
            continue
        break
    else:
        found = tuple(texts)
    if len(set(found)) < len(found) or "" in found:
        raise InputError(f"--vary {words}: choices must differ, and none be empty")
    return found


def _range(words, low, high):
    """Evenly spaced numbers from `low` to `high`, of three digits between them; whole where both are."""
    try:
        first, last = float(low), float(high)
        whole = low.strip().lstrip("-").isdecimal() and high.strip().isdecimal()
    except ValueError:
        first = last = 0.0
    if not -float("inf") < first < last < float("inf"):
        raise InputError(f"--vary {words}: must be a range of numbers, LOW..HIGH")
    shares = [i / STEPS for i in range(STEPS + 1)]
    logarithmic = first > 0 and last >= 10 * first
    points = [first * (last / first) ** share if logarithmic else first + (last - first) * share for share in shares]
    if whole:
        return tuple(sorted({round(point) for point in points}))
    return (first, *(float(f"{point:.3g}") for point in points[1:-1]), last)


def _flags(numbers, values):
    words = []
    for name, value in values.items():
        if name.startswith("knob."):
            words += ["--knob", f"{name.removeprefix('knob.')}={value}"]
        elif set(numbers[name].choices) <= {"on", "off"}:
            words += [_flag(name)] if value == "on" else []
        else:
            words += [_flag(name), str(value)]
    return words


def _flag(name):
    return "--" + name.replace("_", "-")


# ----------------------------------------------------------------------------------------------------------- the search


def sweep(plan: Plan, folder: Path) -> list[Trial]:
    """Run trials, and go on with those that are in the folder.

    Where keras-tuner's environment variables say so, this process is the chief or a worker, see `parallel`.

    Args:
        plan: what is swept.
        folder: of the sweep.

    Returns:
        All trials, in the order in which they began.

    Raises:
        InputError: the plan is wrong.
        TrainingStopped: not one run came to an end.
    """
    space = varied(plan.vary)
    _sweeper()(_oracle(plan, space), space, plan, folder).search()
    return found(plan, folder)


def found(plan: Plan, folder: Path) -> list[Trial]:
    """The trials that a sweep has kept in its folder."""
    from .results import states

    space, trials = varied(plan.vary), []
    for state in states(folder).values():
        values = decoded(space, state["hyperparameters"]["values"])
        seconds = state["metrics"]["metrics"].get("seconds", {"observations": []})["observations"]
        taken = seconds[-1]["value"][0] if seconds else 0.0
        message = state["message"] or ""
        trials.append(Trial(state["trial_id"], state["status"], state["score"], values, taken, message))
    return trials


def _oracle(plan, space):
    """What to try: see `strategy.propose`, where a run that failed is as bad as the worst; or keras-tuner's random."""
    import keras_tuner
    from keras_tuner.oracles import RandomSearchOracle

    from .keeping import Kept
    from .strategy import Tried, propose

    sign = -1 if plan.lowest else 1

    class Evolution(Kept, keras_tuner.Oracle):
        def populate_space(self, trial_id):
            trials = [self.trials[begun] for begun in self.start_order]
            scores = [None if trial.score is None else sign * trial.score for trial in trials]
            worst = min((score for score in scores if score is not None), default=None)
            tried = [
                Tried(decoded(space, trial.hyperparameters.values), worst if trial.status == "FAILED" else score)
                for trial, score in zip(trials, scores, strict=True)
            ]
            values = propose(space, space.draw, lambda values: True, tried, Random(f"{self.seed} {trial_id}"))
            if values is None:
                return {"status": "STOPPED"}
            return {"status": "RUNNING", "values": encoded(space, values)}

    class RandomSearch(Kept, RandomSearchOracle):
        pass

    return (Evolution if plan.strategy == "evolution" else RandomSearch)(
        objective=keras_tuner.Objective(plan.score, "min" if plan.lowest else "max"),
        hyperparameters=declare(space),
        allow_new_entries=False,
        seed=Random(f"kerascnn {plan.seed}").randrange(1, 2**31),
        max_trials=plan.trials,
        seconds=duration("--budget", plan.budget) if plan.budget else None,
    )


def _sweeper():
    """The class; defining it imports keras-tuner, and with it TensorFlow."""
    from keras_tuner.engine.base_tuner import BaseTuner
    from keras_tuner.errors import FailedTrialError

    from . import parallel
    from .tuner import Tuner, _Dropped

    class Sweeper(Tuner):
        """A tuner whose trials are runs of a recipe."""

        def __init__(self, oracle, space, plan, folder):
            self.role, self.space, self.plan, self.folder = parallel.role(), space, plan, Path(folder)
            BaseTuner.__init__(self, oracle, directory=str(self.folder.parent), project_name=self.folder.name)
            if self.role == "worker":
                self.oracle = parallel.client(oracle)
            else:
                oracle.open(self.folder)

        def run_trial(self, trial):
            """Run the recipe to its end, unless it has come there before.

            Raises:
                FailedTrialError: the run failed.
                TrainingStopped: it has no such score.
            """
            home = self.trial_folder(trial.trial_id)
            if not (home / "run" / METRICS).exists():
                self._run(trial, home)
            result = json.loads((home / "run" / METRICS).read_text(encoding="utf-8"))
            score = result.get(self.plan.score)
            if not isinstance(score, (int, float)):
                numbers = ", ".join(name for name, value in result.items() if isinstance(value, (int, float)))
                raise TrainingStopped(f"{METRICS} has no number {self.plan.score!r}; it has {numbers}")
            reported = {self.plan.score: float(score), "seconds": float(result.get("training_seconds", 0.0))}
            self.oracle.update_trial(trial.trial_id, reported, step=result.get("epochs", 1))

        def _run(self, trial, home):
            values = decoded(self.space, trial.hyperparameters.values)
            flags = self.space.knobs(values)["flags"]
            command = [*self.plan.command, *flags, "--out", str(home / "run"), "--resume"]
            with (home / LOG).open("ab") as log:
                process = launch.start(command, {}, log, log)
                try:
                    while process.poll() is None:
                        time.sleep(POLL)
                        if self.oracle.get_trial(trial.trial_id).status != "RUNNING":
                            raise _Dropped
                finally:
                    _end(process)
            if process.returncode < 0:
                raise FailedTrialError(f"killed by signal {-process.returncode}")
            if process.returncode:
                raise FailedTrialError(_last_line(home / LOG) or f"ended with status {process.returncode}")
            if not (home / "run" / METRICS).exists():
                raise FailedTrialError(f"left no {METRICS}")

        def _tidy(self, trial):
            pass

    return Sweeper


def _end(process):
    """It may write a checkpoint."""
    process.terminate()
    try:
        process.wait(launch.GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(path):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


# ----------------------------------------------------------------------------------------------------------- its result


def report(plan: Plan, folder: Path, trials: Sequence[Trial]) -> None:
    """Write `trials.csv`, `winner.json`, the picture and `report.html`, and print what came out."""
    from ..training import files, report

    names = [number.name for number in varied(plan.vary).numbers]
    ended = ranked(plan, trials)
    best, others = ended[0], [trial for trial in trials if trial not in ended]
    command = shlex.join(["python", *plan.command, *varied(plan.vary).knobs(best.values)["flags"]])
    columns = ("trial", "status", plan.score, *names, "seconds", "message")
    with files.aside(folder / "trials.csv") as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(
            (trial.trial, trial.status, trial.score, *trial.values.values(), trial.seconds, trial.message)
            for trial in trials
        )
    files.write_json(
        folder / "winner.json", {"trial": best.trial, plan.score: best.score, "flags": best.values, "command": command}
    )
    draw(folder / "scores.png", plan, ended)
    table = report.Table(
        "Runs, the best first",
        ("trial", plan.score, *names, "training"),
        [
            (trial.trial, f"{trial.score:.4f}", *map(str, trial.values.values()), f"{trial.seconds:.0f} s")
            for trial in ended
        ],
    )
    failures = report.Table(
        "Runs without a score",
        ("trial", *names, "why"),
        [(trial.trial, *map(str, trial.values.values()), trial.message or "put off") for trial in others],
    )
    whole = report.Report(
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
        usage=f"    {command}\n",
    )
    for shown in (table, failures)[: 1 + bool(others)]:
        report.print_table(shown._replace(rows=shown.rows[:SHOWN]))
    report.publish(folder, whole)
    print(f"The best run again, or for longer:\n{command}")


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
    from matplotlib.figure import Figure

    from ..training import pictures

    numbers = varied(plan.vary).numbers
    figure = Figure(figsize=(4.2 * len(numbers), 3.6), layout="constrained")
    panels = figure.subplots(1, len(numbers), squeeze=False, sharey=True)[0]
    for axes, number in zip(panels, numbers, strict=True):
        chosen = [trial.values[number.name] for trial in ended]
        if isinstance(number.choices[0], str):
            axes.set_xticks(range(len(number.choices)), [pictures.shortened(choice) for choice in number.choices])
            chosen = [number.choices.index(choice) for choice in chosen]
        elif min(number.choices) > 0 and max(number.choices) >= 10 * min(number.choices):
            axes.set_xscale("log")
        scores = [trial.score for trial in ended]
        axes.plot(chosen, scores, "o", ms=6, mfc="none", color=pictures.HELD_OUT)
        axes.plot(chosen[0], scores[0], "o", ms=8, color=pictures.HELD_OUT)
        axes.set(xlabel=number.name.removeprefix("knob."))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e6e8eb", lw=0.8)
    panels[0].set_ylabel(plan.score)
    pictures.write(figure, path)


# ----------------------------------------------------------------------------------------------------- its command line


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m kerascnn.nas.sweep",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.error = _wrong
    parser.add_argument("--vary", action="append", default=[], metavar="NAME=CHOICES", help="may be repeated")
    parser.add_argument("--trials", type=int, help="runs in all (default: 20)")
    parser.add_argument("--budget", help="a time like 30m, after which no run begins")
    best = parser.add_mutually_exclusive_group()
    best.add_argument("--highest", metavar="SCORE", help="of metrics.json (default: accuracy)")
    best.add_argument("--lowest", metavar="SCORE", help="of metrics.json, like loss")
    parser.add_argument("--strategy", default="evolution", help=f"{', '.join(STRATEGIES)} (default: evolution)")
    parser.add_argument("--seed", type=int, default=0, help="of what is tried (default: 0)")
    parser.add_argument("--workers", type=int, default=1, help="runs at the same time (default: 1)")
    parser.add_argument("--out", default="", help="folder of the sweep, instead of saved_models/sweep-RECIPE")
    parser.add_argument(
        "--resume", action="store_true", help="go on with the sweep in --out; --trials and --budget may be new"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="RECIPE ...", help="and the flags that stay")
    return parser


def _wrong(message):
    raise InputError(message)


def _plan(given) -> Plan:
    """What shall be swept."""
    again = {name: value for name in ("trials", "budget") if (value := getattr(given, name)) is not None}
    if "trials" in again:
        count("trials", given.trials)
    if given.budget:
        duration("--budget", given.budget)
    if given.resume:
        if given.vary or given.command:
            raise InputError("--resume: what is swept stands in the folder; leave --vary and the recipe out")
        try:
            plan = Plan(**json.loads((Path(given.out) / "search.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"--resume --out {given.out}: holds no sweep") from error
        _check_recipe(plan.command)
        return plan._replace(**again)
    _check_recipe(given.command)
    one_of("strategy", given.strategy, STRATEGIES)
    taken = {_flag(name) for name in ITS_OWN} & {word.split("=")[0] for word in given.command}
    if taken:
        raise InputError(f"{min(taken)}: the sweep gives it to every run; its own stands before the recipe")
    score, lowest = given.lowest or given.highest or "accuracy", given.lowest is not None
    plan = Plan(given.command, given.vary, score, lowest, given.strategy, given.seed, **again)
    varied(plan.vary)
    if given.out and Path(given.out).exists() and (not Path(given.out).is_dir() or any(Path(given.out).iterdir())):
        raise InputError(f"--out {given.out}: exists and isn't empty; --resume goes on with the sweep in it")
    return plan


def _check_recipe(command):
    if not command:
        raise InputError("no recipe: give a script like recipes/classify.py behind the flags of the sweep")
    if not Path(command[0]).is_file():
        raise InputError(f"{command[0]}: no such file")


def _folder(given, plan) -> Path:
    from ..training import folders

    return Path(given.out) if given.resume else folders.make(f"sweep-{Path(plan.command[0]).stem}", given.out)


def run(words: Sequence[str]) -> None:
    """The command line."""
    given = _parser().parse_args(words)
    count("workers", given.workers)
    plan = _plan(given)
    devices.load_tensorflow()  # keras-tuner imports it
    folder = _folder(given, plan)
    from . import parallel
    from .keeping import write

    if parallel.role() is None:
        write(folder / "search.json", plan._asdict())
        chosen = varied(plan.vary).numbers
        print(
            f"{', '.join(f'{number.name} ({len(number.choices)})' for number in chosen)} of {plan.command[0]}; "
            f"{plan.trials} runs; {folder}",
            flush=True,
        )
    if given.workers > 1:
        parallel.start_workers(["-m", "kerascnn.nas.sweep", "--resume", "--out", str(folder)], given.workers)
        trials = found(plan, folder)
    else:
        trials = sweep(plan, folder)
    if parallel.role() is None:
        report(plan, folder, trials)


def main() -> None:
    signal.signal(signal.SIGTERM, _asked_to_end)
    try:
        run(sys.argv[1:])
    except InputError as error:
        _leave(f"error: {error}", 2)
    except TrainingStopped as stop:
        _leave(f"stopped: {stop}", 1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _leave(f"stopped: the disk is full ({error}); make room, and go on with --resume", 1)
    except KeyboardInterrupt:
        _leave("stopped by Ctrl-C; the sweep goes on by --resume", 130)


def _asked_to_end(number, frame):
    raise TrainingStopped("by SIGTERM; the sweep goes on by --resume")


def _leave(line, status):
    sys.stdout.flush()
    print(line, file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
