"""Vary flags of a recipe and find the best: each trial is a run of the recipe, in a process and a folder of its own.

    python -m kerascnn.nas.sweep --trials 12 --vary lr=1e-4..1e-2 --vary batch=32,64 --vary augment=none,cifar \\
        recipes/classify.py --data digits --epochs 3

What is varied: NAME=A,B,C chooses, NAME="A|B" where a choice has commas; NAME=LOW..HIGH is a range, even on a
logarithmic scale where it spans a factor of ten or more. NAME=on,off is a flag without a value, knob.NAME=... is a knob
of the network. What does not vary stands behind the recipe.

The score is a number of the run's metrics.json, on the images that the recipe holds out: the best of many runs is
chosen on these images, so it will do a little worse on others. A sweep that was killed goes on by
--resume --out DIR recipes/classify.py, each run from its last checkpoint; the recipe alone is named again, as a folder
may come from others, and what it names is not run.
"""

import sys
import time
from argparse import REMAINDER
from collections.abc import Sequence
from pathlib import Path
from random import Random

from ..command_line import ArgumentParser
from ..errors import InputError, TrainingStopped, count, one_of
from ..escaping import plain
from ..training import files, launch
from ..training.distribution import devices
from ..training.flags import duration, flag
from ..training.main import one_line_endings
from .engine.trials import by_step, states
from .spaces.keras_tuner import declare, decoded, encoded
from .sweep_plan import ITS_OWN, Plan, Trial, varied

STRATEGIES = ("evolution", "random")
PLAN = {
    "command": [str],
    "vary": [str],
    "score": str,
    "lowest": bool,
    "strategy": set(STRATEGIES),
    "seed": range(2**32),
    "trials": range(1, 2**31),
    "budget": str,
}
POLL = 0.2  # seconds between two looks at a run
METRICS, LOG = "metrics.json", "log.txt"


# ----------------------------------------------------------------------------------------------------------- the search


def sweep(plan: Plan, folder: Path) -> list[Trial]:
    """Run trials, and go on with those that are in the folder.

    Where keras-tuner's environment variables say so, this process is the chief or a worker, see `workers`.

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
    space, trials = varied(plan.vary), []
    for state in states(folder).values():
        values = decoded(space, state["hyperparameters"]["values"])
        seconds, message = sum(by_step(state, "seconds").values()), state["message"] or ""
        trials.append(Trial(state["trial_id"], state["status"], state["score"], values, seconds, message))
    return trials


def _oracle(plan, space):
    """What to try: see `surrogate.propose`, where a run that failed is as bad as the worst; or keras-tuner's random."""
    import keras_tuner
    from keras_tuner.oracles import RandomSearchOracle

    from .engine.durable_oracle import DurableOracle, well_spaced
    from .strategies.surrogate import Tried, propose

    sign = -1 if plan.lowest else 1

    class Evolution(DurableOracle, keras_tuner.Oracle):
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

    class RandomSearch(DurableOracle, RandomSearchOracle):
        pass

    return (Evolution if plan.strategy == "evolution" else RandomSearch)(
        objective=keras_tuner.Objective(plan.score, "min" if plan.lowest else "max"),
        hyperparameters=declare(space),
        allow_new_entries=False,
        seed=well_spaced(plan.seed),
        max_trials=plan.trials,
        seconds=duration("--budget", plan.budget) if plan.budget else None,
    )


def _sweeper():
    """The class; defining it imports keras-tuner, and with it TensorFlow."""
    from keras_tuner.errors import FailedTrialError

    from .engine.tuner import Dropped, Searcher

    class Sweeper(Searcher):
        """Trials are runs of a recipe."""

        def __init__(self, oracle, space, plan, folder):
            self.space, self.plan = space, plan
            super().__init__(oracle, folder)

        def run_trial(self, trial):
            """Run the recipe to its end, unless it has come there before.

            Raises:
                FailedTrialError: the run failed.
                TrainingStopped: it has no such score.
            """
            home = self.trial_folder(trial.trial_id)
            if not (home / "run" / METRICS).exists():
                self._run(trial, home)
            result = files.read_json(home / "run" / METRICS, dict)
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
                            raise Dropped
                finally:
                    launch.end([process])
            if process.returncode < 0:
                raise FailedTrialError(f"killed by signal {-process.returncode}")
            if process.returncode:
                raise FailedTrialError(_last_line(home / LOG) or f"ended with status {process.returncode}")
            if not (home / "run" / METRICS).exists():
                raise FailedTrialError(f"left no {METRICS}")

    return Sweeper


def _last_line(path):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


# ----------------------------------------------------------------------------------------------------- its command line


def _parser():
    parser = ArgumentParser("python -m kerascnn.nas.sweep", description=__doc__)
    parser.add_argument(
        "--vary", action="append", default=[], metavar="NAME=CHOICES", help="what to vary, see above; repeat it"
    )
    parser.add_argument("--trials", type=int, help="the number of runs (default: 20)")
    parser.add_argument("--budget", help="a time like 30m: no run starts after it")
    best = parser.add_mutually_exclusive_group()
    best.add_argument("--highest", metavar="SCORE", help="a number of metrics.json to maximize (default: accuracy)")
    best.add_argument("--lowest", metavar="SCORE", help="a number of metrics.json to minimize, like loss")
    parser.add_argument("--strategy", default="evolution", help=f"{', '.join(STRATEGIES)} (default: evolution)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the search (default: 0)")
    parser.add_argument("--workers", type=int, default=1, help="the number of runs at the same time (default: 1)")
    parser.add_argument("--out", default="", help="the folder of the sweep (default: saved_models/sweep-RECIPE)")
    parser.add_argument(
        "--resume", action="store_true", help="continue the sweep in --out; --trials and --budget may change"
    )
    parser.add_argument(
        "command", nargs=REMAINDER, metavar="RECIPE ...", help="the recipe, and its flags that do not vary"
    )
    return parser


def _plan(given) -> Plan:
    """What shall be swept."""
    again = {name: value for name in ("trials", "budget") if (value := getattr(given, name)) is not None}
    if "trials" in again:
        count("trials", given.trials)
    if given.budget:
        duration("--budget", given.budget)
    if given.resume:
        if given.vary or len(given.command) > 1:
            raise InputError("--resume: what is swept stands in the folder; leave --vary and the recipe's flags out")
        plan = _stored(Path(given.out))
        _check_recipe([*given.command, *plan.command[1:]])
        if (recipe := Path(given.command[0])).name != Path(plan.command[0]).name:
            raise InputError(f"{recipe}: the sweep in {given.out} is of {Path(plan.command[0]).name}")
        return plan._replace(command=[str(recipe), *plan.command[1:]], **again)
    _check_recipe(given.command)
    one_of("strategy", given.strategy, STRATEGIES)
    score, lowest = given.lowest or given.highest or "accuracy", given.lowest is not None
    plan = Plan(given.command, given.vary, score, lowest, given.strategy, given.seed, **again)
    fixed = {word.split("=")[0] for word in plan.command[1:]}  # flags, and names of knobs
    for name in (dimension.name for dimension in varied(plan.vary).dimensions):
        if (name.removeprefix("knob.") if name.startswith("knob.") else flag(name)) in fixed:
            raise InputError(f"--vary {name}: is among the recipe's flags, too; leave it out there")
    if given.out and Path(given.out).exists() and (not Path(given.out).is_dir() or any(Path(given.out).iterdir())):
        raise InputError(f"--out {given.out}: exists and isn't empty; --resume goes on with the sweep in it")
    return plan


def _stored(folder: Path) -> Plan:
    """The plan of the sweep in a folder."""
    try:
        stored = files.read_json(folder / "search.json", PLAN)
    except InputError as error:
        raise InputError(f"--resume --out {folder}: holds no sweep: {error}") from error
    plan = Plan(*(stored[name] for name in Plan._fields))
    if not plan.command:
        raise InputError(f"--resume --out {folder}: holds no sweep: its command is empty")
    if plan.budget:
        duration(f"{folder}: budget", plan.budget)
    return plan


def _check_recipe(command):
    if not command:
        raise InputError("no recipe: give a script like recipes/classify.py behind the flags of the sweep")
    if not Path(command[0]).is_file():
        raise InputError(f"{command[0]}: no such file; give a script like recipes/classify.py")
    words = {word.split("=")[0] for word in command}
    if "--config" in words:
        raise InputError("--config: not in a sweep, whose runs may be resumed; give the recipe the flags themselves")
    taken = {flag(name) for name in ITS_OWN} & words
    if taken:
        raise InputError(f"{min(taken)}: the sweep gives it to every run; its own stands before the recipe")


def _folder(given, plan) -> Path:
    from ..training import run_folder

    if not given.resume:
        return run_folder.make(f"sweep-{Path(plan.command[0]).stem}", given.out)
    from .engine import workers

    folder = Path(given.out)
    run_folder.check_links(folder)
    (run_folder.share if workers.role() == "worker" else run_folder.hold)(folder)
    return folder


def run(words: Sequence[str]) -> None:
    """The command line."""
    given = _parser().parse_args(words)
    count("workers", given.workers)
    plan = _plan(given)
    devices.load_tensorflow()  # keras-tuner imports it
    folder = _folder(given, plan)
    from .engine import workers
    from .engine.durable_oracle import write

    if workers.role() is None:
        write(folder / "search.json", plan._asdict())
        chosen = varied(plan.vary).dimensions
        names = ", ".join(f"{dimension.name} ({len(dimension.choices)})" for dimension in chosen)
        print(
            plain(f"{names} of {plan.command[0]}; {plan.trials} runs; {folder}"),
            flush=True,
        )
    if given.workers > 1:
        command = ["-m", "kerascnn.nas.sweep", "--resume", "--out", str(folder), plan.command[0]]
        from ..training import run_folder

        with run_folder.lent(folder):  # the chief holds it
            workers.start_workers(command, given.workers)
        trials = found(plan, folder)
    else:
        trials = sweep(plan, folder)
    if workers.role() is None:
        from .sweep_report import publish

        publish(plan, folder, trials)


def main() -> None:
    with one_line_endings():
        run(sys.argv[1:])


if __name__ == "__main__":
    main()
