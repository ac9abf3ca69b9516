"""The report of a search: a page to look at, and all trials as a table."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from ...errors import InputError
from ...escaping import python, shell
from ...training import files, flags
from ...training.reporting import page
from ...training.tasks.scores import interval
from ...untrusted import json_records
from ..engine.trials import Result, in_epochs, results
from ..spaces.constraints import Budget, Share, budget, described
from ..strategies.extrapolation import FullTraining
from .importance import common_epoch, hyperparameter_importance
from .plots import COSTS, draw_choices, draw_costs, draw_curves, draw_networks
from .selection import Network, describe, front, knobs, largest, networks, ranked

SHOWN = 10  # networks in the table of the best
IMAGES = range(1, 2**40)
SEARCH = {  # what a report reads of `search.json`
    "flags": {"goal": str, "strategy": str},
    "space": str,
    "data": str,
    "budget": {f"{name}?": (float, str, None) for name in Budget._fields},
    "share": [(str, range(2**40))],
    "train_images": IMAGES,
    "validation_images": IMAGES,
    "ahead": {"enough?": (float, None), "longer?": float},
}


def write_report(folder: str | Path) -> None:
    """Write `report.html` with its pictures, `README.md`, `trials.csv` and, where a front was looked for, `front.json`
    from what there is so far in the folder of a search, and print the facts.

    Raises:
        InputError: it is no folder of a search, or no network has been trained yet.
    """
    folder = Path(folder)
    trials, about = results(folder), flags.record(folder)
    if "space" not in about:
        raise InputError(f"{folder}: holds no search")
    json_records.check(about, SEARCH, folder / "search.json")
    if [type(part) for part in about["share"]] != [str, int, int] or about["share"][2] < 1:
        raise InputError(f"{folder / 'search.json'}: share is {about['share']}: must be a space and two whole numbers")
    write_trials(folder / "trials.csv", trials)
    tried = networks(trials)
    if not any(one.is_good for one in tried):
        raise InputError(f"{folder}: no network has been trained yet, there is nothing to report")
    cost = about["flags"]["goal"].removeprefix("pareto-")
    best_by_cost = front(tried, cost) if cost in COSTS else []
    if best_by_cost:
        rows = [{**one.count._asdict(), "accuracy": one.accuracy, "spec": one.spec} for one in best_by_cost]
        files.write_json(folder / "front.json", {"cost": cost, "networks": rows})
    page.publish(folder, compose(folder, about, trials, tried, best_by_cost and (cost, best_by_cost)))


def write_trials(path: Path, trials: Sequence[Result]) -> None:
    """All trials, one a line."""
    names = dict.fromkeys(name for trial in trials for name in trial.values)
    columns = ("trial", "parent", "status", *names, *COSTS, "memory", "epochs", "accuracy", "seconds", "message")
    rows = []
    for trial in trials:
        epochs = max(trial.curve, default=0)
        reached = {"epochs": epochs, "accuracy": trial.curve.get(epochs)}
        known = {**trial.values, **trial.count._asdict(), **trial._asdict(), **reached}
        rows.append([known.get(name) for name in columns])
    files.write_csv(path, columns, rows)


def compose(
    folder: Path, about: dict, trials: Sequence[Result], tried: Sequence[Network], best_by_cost: tuple | None
) -> page.Report:
    """The text of the report; draws its pictures."""
    limits = budget(**{name: about["budget"].get(name) for name in Budget._fields})
    given, ahead = about["flags"], FullTraining(**about["ahead"])
    good = ranked(tried, ahead)
    winner, bad = good[0], [trial for trial in trials if trial.status == "FAILED"]
    costs, epoch = [best_by_cost[0]] if best_by_cost else list(COSTS), common_epoch(tried)
    found = hyperparameter_importance(tried, epoch)
    draw_costs(folder / "costs.png", good, limits, costs)
    draw_curves(folder / "curves.png", good, tried)
    beside, drawn = largest(limits, winner.spec["input_shape"], winner.spec["classes"]), {}
    drawn[f"the winner: {_costs_of(winner.count)}"] = winner.spec
    if beside:
        drawn[f"{describe(beside[0])}, the largest of the catalog that fits: {_costs_of(beside[1])}"] = beside[0]
    draw_networks(folder / "networks.png", drawn)
    shown = [
        ("Accuracy against cost; the front are those that nothing as cheap beats", "costs.png"),
        ("The winner" + (" beside the largest network of the catalog that fits" if beside else ""), "networks.png"),
        ("How the networks learned", "curves.png"),
    ]
    if found:
        draw_choices(folder / "choices.png", found, epoch)
        explanation = (
            f"Which choices mattered: each alone, over {sum(epoch in one.curve for one in tried)} networks; blue where "
            f"it is more than chance. Crosses are means and their standard errors. A search does not draw evenly, so "
            f"choices that often came together cannot be told apart"
        )
        shown.append((explanation, "choices.png"))
    weighed = ""
    if ahead.longer > 1:
        weighed = (
            f" It trains on up to {ahead.longer:.0f} times as many images, from which larger networks gain more, so "
            f"they come before others that are about as accurate."
        )
    if ahead.enough is not None:
        weighed += (
            f" Its time to train is given: networks of which an epoch took more than {ahead.enough:.2g} s in the "
            f"search would have too few, and come behind."
        )
    return page.Report(
        title=f"Search over the space {about['space']} on {about['data']}",
        lead=f"{len(tried)} networks were trained for up to {in_epochs(max(one.epochs for one in good))} on "
        f"{about['train_images']:,} images each and compared on {about['validation_images']:,} others. The best of "
        f"many looks better there than it is, so the winner is trained anew on all training images, and judged on "
        f"images that had no part in the search.{weighed}",
        facts=[*_accuracies(folder, winner), *_facts(about, limits, trials, tried, winner)],
        pictures=shown,
        tables=[
            *([_table("The front", best_by_cost[1])] if best_by_cost else []),
            _table("The best networks", good[:SHOWN]),
            *([_set_aside(bad)] if bad else []),
            page.Table("Configuration", (), page.as_rows(given)),
        ],
        usage=_usage(folder, winner.spec),
    )


def _accuracies(folder, winner):
    """Facts; the winner's on the test images, once it is trained."""
    searched = (f"accuracy in the search, after {in_epochs(winner.epochs)}", f"{winner.accuracy:.2%}")
    home = folder / "winner"
    if not (home / "metrics.json").exists():
        return [searched]
    result = files.read_json(home / "metrics.json", {"accuracy": float})
    images = files.read_json(home / "config.json", {"validation_images": IMAGES})["validation_images"]
    low, high = interval(round(result["accuracy"] * images), images)
    return [
        (f"accuracy of the winner on {images:,} test images", f"{result['accuracy']:.2%}"),
        ("with 95 % confidence", f"{low:.1%} to {high:.1%}"),
        searched,
    ]


def _facts(about, limits, trials, tried, winner):
    share = Share(*about["share"])
    return [
        ("of the winner", described(winner.count)),
        ("limits", str(limits)),
        ("of the space fits", f"{share.fitting / share.draws:.1%}"),
        ("networks", f"{len(tried)} in {len(trials)} trials"),
        ("training in the search", f"{sum(trial.seconds for trial in trials):.0f} s"),
        ("strategy", about["flags"]["strategy"]),
    ]


def _table(heading, shown):
    columns = ("accuracy", "epochs", "seconds each", "network", "parameters", "MACs", "trials")
    rows = [
        (
            *(f"{one.accuracy:.2%}", str(one.epochs), f"{median(one.steady):.2g}" if one.steady else ""),
            describe(one.spec),
            *(f"{one.count.params:,}", f"{one.count.macs:,}", ", ".join(one.trials)),
        )
        for one in shown
    ]
    return page.Table(heading, columns, rows)


def _set_aside(failed):
    rows = [(trial.trial, describe(trial.spec), trial.message or "") for trial in failed]
    return page.Table("Set aside", ("trial", "network", "why"), rows)


def _costs_of(count):
    return f"{count.params:,} parameters, {count.macs:,} MACs"


def _usage(folder, spec):
    words = (f"{name}={value}".replace("'", '"') for name, value in knobs(spec).items())
    knob_flags = " ".join(f"--knob {shell(word)}" for word in words)
    return f"""    kerascnn predict {shell(folder / "winner")} IMAGE

or in Python, the network under a name, untrained:

```python
import kerascnn

kerascnn.nas.register("found", {python(folder / "winner.json")})
model = kerascnn.build("found", classes=5)
```

or trained on other images:

    python recipes/classify.py --model {shell(spec["name"])} {knob_flags} --data ...
"""
