"""What a search tells its user: a page to look at, and all trials as a table."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, PercentFormatter

from ..errors import InputError
from ..training import config, files, pictures, report
from .budget import Budget, Share, budget, interval, told
from .count import undrawn
from .results import Result, in_epochs, results
from .winner import Network, front, knobs, largest, networks, ranked

SHOWN = 10  # networks in the table of the best
PANELS = 6  # choices that are drawn one by one
COMMON = 0.75  # of the networks are compared at the last epoch that so many of them have reached
SHUFFLES = 1000  # of the accuracies, to see what chance explains
COSTS = {"macs": "MACs for one image", "params": "parameters"}
OTHER, KEPT, BEST = "#b9c2ce", "#1f5fbf", "#e08a1e"


# ----------------------------------------------------------------------------------------------- which choices mattered


class Choice(NamedTuple):
    """What a number of the space did.

    Attributes:
        name: of the number.
        share: how much of the variance of the accuracies the choice explains, less what it would by chance (the
            adjusted R² of their means); at least 0.
        chance: what 1 in 20 numbers that do nothing would reach.
        accuracies: choice -> accuracies of the networks that have it.
    """

    name: str
    share: float
    chance: float
    accuracies: dict[object, list[float]]


def choices(tried: Sequence[Network], epoch: int) -> list[Choice]:
    """What each number of the space did for the accuracy after an epoch, those that explain most first.

    Each is looked at alone. A number with a single choice among the networks, or hardly more networks than choices, has
    nothing to tell and is left out.
    """
    found, random = [], np.random.default_rng(0)
    seen = [one for one in tried if epoch in one.curve]
    for name in dict.fromkeys(name for one in seen for name in one.values):
        own = [one for one in seen if name in one.values]
        accuracies = {}
        for one in sorted(own, key=lambda one: _in_order(one.values[name])):
            accuracies.setdefault(one.values[name], []).append(one.curve[epoch])
        if 1 < len(accuracies) < len(own) - 1:
            groups = np.repeat(np.arange(len(accuracies)), [len(group) for group in accuracies.values()])
            values = np.concatenate(list(accuracies.values()))
            by_chance = [explained(groups, random.permutation(values)) for _ in range(SHUFFLES)]
            share, chance = explained(groups, values), float(np.quantile(by_chance, 0.95))
            found.append(Choice(name, max(0.0, share), max(0.0, chance), accuracies))
    return sorted(found, key=lambda choice: -choice.share)


def explained(groups: np.ndarray, values: np.ndarray) -> float:
    """The share of the variance of values (n,) that the means of their groups (n,), 0 to k - 1, explain: adjusted R²,
    which is 0 on average for groups drawn by lot (Ezekiel 1930)."""
    sizes = np.bincount(groups)
    means = np.bincount(groups, values) / sizes
    total = ((values - values.mean()) ** 2).sum()
    if total == 0:
        return 0.0
    rest = ((values - means[groups]) ** 2).sum()
    return float(1 - rest / (len(values) - len(sizes)) / (total / (len(values) - 1)))


def common_epoch(tried: Sequence[Network]) -> int:
    """The last epoch that most networks have reached, at which they can be compared."""
    reached = sorted((one.epochs for one in tried if one.curve), reverse=True)
    return reached[min(len(reached) - 1, int(COMMON * len(reached)))] if reached else 0


def _in_order(choice):
    return (0, choice, "") if isinstance(choice, (int, float)) else (1, 0, str(choice))


# ------------------------------------------------------------------------------------------------------ the whole of it


def write_report(folder: str | Path) -> None:
    """Write `report.html` with its pictures, `README.md`, `trials.csv` and, where a front was looked for, `front.json`
    from what there is so far in the folder of a search, and print the facts.

    Raises:
        InputError: it is no folder of a search, or no network has been trained yet.
    """
    folder = Path(folder)
    trials, about = results(folder), config.record(folder)
    if "space" not in about:
        raise InputError(f"{folder}: holds no search")
    write_trials(folder / "trials.csv", trials)
    tried = networks(trials)
    good = ranked(tried)
    if not good:
        raise InputError(f"{folder}: no network has been trained yet, there is nothing to report")
    cost = about["flags"]["objective"].removeprefix("pareto-")
    best_by_cost = front(tried, cost) if cost in COSTS else []
    if best_by_cost:
        rows = [{**one.count._asdict(), "accuracy": one.accuracy, "spec": one.spec} for one in best_by_cost]
        files.write_json(folder / "front.json", {"cost": cost, "networks": rows})
    report.publish(folder, compose(folder, about, trials, tried, best_by_cost and (cost, best_by_cost)))


def write_trials(path: Path, trials: Sequence[Result]) -> None:
    """All trials, one a line."""
    names = dict.fromkeys(name for trial in trials for name in trial.values)
    columns = ("trial", "parent", "status", *names, *COSTS, "memory", "epochs", "accuracy", "seconds", "message")
    rows = []
    for trial in trials:
        epochs = max(trial.curve, default=0)
        reached = {"epochs": epochs, "accuracy": trial.curve.get(epochs)}
        told = {**trial.values, **trial.count._asdict(), **trial._asdict(), **reached}
        rows.append([told.get(name) for name in columns])
    files.write_csv(path, columns, rows)


def compose(
    folder: Path, about: dict, trials: Sequence[Result], tried: Sequence[Network], best_by_cost: tuple | None
) -> report.Report:
    """The text of the report; draws its pictures."""
    good, limits, flags = ranked(tried), budget(**about["budget"]), about["flags"]
    winner, bad = good[0], [trial for trial in trials if trial.status == "FAILED"]
    costs, epoch = [best_by_cost[0]] if best_by_cost else list(COSTS), common_epoch(tried)
    found = choices(tried, epoch)
    draw_costs(folder / "costs.png", tried, limits, costs)
    draw_curves(folder / "curves.png", tried)
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
    return report.Report(
        title=f"Search over the space {about['space']} on {about['data']}",
        lead=f"{len(tried)} networks were trained for up to {in_epochs(max(one.epochs for one in good))} on "
        f"{about['train_images']:,} images and compared on {about['validation_images']:,} others. The best of many "
        f"looks better there than it is, so the winner is trained anew on all of them, and judged on images that "
        f"had no part in the search.",
        facts=[*_accuracies(folder, winner), *_facts(about, limits, trials, tried, winner)],
        pictures=shown,
        tables=[
            *([_table("The front", best_by_cost[1])] if best_by_cost else []),
            _table("The best networks", good[:SHOWN]),
            *([_set_aside(bad)] if bad else []),
            report.Table("Configuration", (), report.as_rows(flags)),
        ],
        usage=_usage(folder, winner.spec),
    )


def _accuracies(folder, winner):
    """Facts; the winner's on the test images, once it is trained."""
    searched = (f"accuracy in the search, after {in_epochs(winner.epochs)}", f"{winner.accuracy:.2%}")
    try:
        result, config = (files.read_json(folder / "winner" / name) for name in ("metrics.json", "config.json"))
    except FileNotFoundError:
        return [searched]
    images = config["validation_images"]
    low, high = interval(round(result["accuracy"] * images), images)
    return [
        (f"accuracy of the winner on {images:,} test images", f"{result['accuracy']:.2%}"),
        ("with 95 % confidence", f"{low:.1%} to {high:.1%}"),
        searched,
    ]


def _facts(about, limits, trials, tried, winner):
    share = Share(*about["share"])
    return [
        ("of the winner", told(winner.count)),
        ("limits", str(limits)),
        ("of the space fits", f"{share.fitting / share.draws:.1%}"),
        ("networks", f"{len(tried)} in {len(trials)} trials"),
        ("training in the search", f"{sum(trial.seconds for trial in trials):.0f} s"),
        ("strategy", about["flags"]["strategy"]),
    ]


def _table(heading, shown):
    columns = ("accuracy", "epochs", "network", "parameters", "MACs", "trials")
    rows = [
        (
            *(f"{one.accuracy:.2%}", str(one.epochs), describe(one.spec)),
            *(f"{one.count.params:,}", f"{one.count.macs:,}", ", ".join(one.trials)),
        )
        for one in shown
    ]
    return report.Table(heading, columns, rows)


def _set_aside(failed):
    rows = [(trial.trial, describe(trial.spec), trial.message or "") for trial in failed]
    return report.Table("Set aside", ("trial", "network", "why"), rows)


def describe(spec: dict) -> str:
    """A network in a few words."""
    rest = knobs(spec)
    if spec["name"] == "staged":
        stages = zip(rest.pop("repeats"), rest.pop("blocks"), rest.pop("n_filters"), strict=True)
        side = rest.pop("kernel_size")
        name = ", ".join(f"{n} {block} of {filters}" for n, block, filters in stages) + f", {side}x{side}"
    else:
        name = spec["name"]
    return ", ".join([name, *(f"{knob}={value}" for knob, value in rest.items())])


def _costs_of(count):
    return f"{count.params:,} parameters, {count.macs:,} MACs"


def _usage(folder, spec):
    flags = " ".join(f"--knob {shlex.quote(f'{name}={value}')}" for name, value in knobs(spec).items())
    return f"""    kerascnn predict {folder / "winner"} IMAGE

or in Python, the network under a name, untrained:

```python
import kerascnn

kerascnn.nas.register("found", "{folder / "winner.json"}")
model = kerascnn.build("found", classes=5)
```

or trained on other images:

    python recipes/classify.py --model {spec["name"]} {flags} --data ...
"""


# ------------------------------------------------------------------------------------------------------------- pictures


def draw_costs(path: Path, tried: Sequence[Network], budget: Budget, costs: Sequence[str]) -> None:
    """Accuracy against cost, one panel for each of `costs` (fields of `Count`), with its front, to a PNG file."""
    good = ranked(tried)
    figure = Figure(figsize=(6.2 * len(costs), 4.4), layout="constrained")
    longest = max(one.epochs for one in good)
    for axes, cost in zip(figure.subplots(1, len(costs), squeeze=False)[0], costs, strict=True):
        for epochs in sorted({one.epochs for one in good}):
            part = [one for one in good if one.epochs == epochs]
            axes.plot(
                [getattr(one.count, cost) for one in part], [one.accuracy for one in part], "o",
                ms=5, mew=0, color=KEPT, alpha=0.25 + 0.6 * epochs / longest, label=in_epochs(epochs),
            )  # fmt: skip
        best = front(good, cost)
        x, y = [getattr(one.count, cost) for one in best], [one.accuracy for one in best]
        axes.step(x, y, where="post", color=KEPT, lw=1.2, alpha=0.7, label="front", zorder=1)
        winner = good[0]
        axes.plot(getattr(winner.count, cost), winner.accuracy, "*", ms=15, color=BEST, mec="white", label="winner")
        limit = getattr(budget, f"max_{cost}")
        if limit is not None:
            axes.axvline(limit, color="#c62828", lw=1, ls=":", label="limit")
        amounts = [getattr(one.count, cost) for one in good]
        if max(amounts) > 10 * min(amounts):
            axes.set_xscale("log")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.xaxis.set_minor_formatter("")
        axes.set(xlabel=COSTS[cost])
        _dress(axes)
    figure.axes[0].set_ylabel("accuracy on held-out images")
    drawn = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(drawn.values(), drawn, loc="outside lower center", ncols=len(drawn), frameon=False, fontsize=9)
    pictures.write(figure, path)


def draw_curves(path: Path, tried: Sequence[Network]) -> None:
    """The accuracy of every network by epoch, to a PNG file."""
    figure = Figure(figsize=(8.4, 4.6), layout="constrained")
    axes = figure.subplots()
    good = ranked(tried)
    lead, rest = good[:4], [one for one in tried if one not in good[:4] and one.curve]
    for i, one in enumerate(rest):
        marker = "o" if one.epochs == 1 else ""
        axes.plot(*_curve(one), marker=marker, ms=3, lw=1, color=OTHER, label="others" if i == 0 else None)
    colors = (BEST, *(color for color in pictures.COLORS if color != BEST))
    for one, color in reversed(list(zip(lead, colors, strict=False))):
        axes.plot(*_curve(one), marker="o", ms=3, lw=2, color=color, label=f"{one.accuracy:.1%}  {describe(one.spec)}")
    pictures.dress(axes)
    points = np.concatenate([list(one.curve.values()) for one in tried if one.curve])
    low = np.quantile(points, 0.1)  # the first epochs of a few would leave no room for what matters
    axes.set_ylim(bottom=low - 0.1 * (points.max() - low) - 1e-3)
    axes.set(xlabel="epochs trained", ylabel="accuracy on held-out images")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(*_reversed(axes), frameon=False, fontsize=8, loc="lower right")
    pictures.write(figure, path)


def draw_choices(path: Path, found: Sequence[Choice], epoch: int) -> None:
    """How much each choice explains, and the accuracies at those that explain most, to a PNG file."""
    shown = found[:PANELS]
    figure = Figure(figsize=(11, 1.2 + 0.26 * len(found) + 2.5 * -(-len(shown) // 3)), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.2 + 0.26 * len(found), 2.5 * -(-len(shown) // 3)])
    axes = above.subplots()
    for i, choice in enumerate(reversed(found)):
        axes.barh(choice.name, choice.share, color=KEPT if choice.share > choice.chance else OTHER, height=0.6)
        label = "chance reaches this in 1 of 20" if i == 0 else None
        axes.plot([choice.chance] * 2, [i - 0.38, i + 0.38], color=BEST, lw=2, label=label)
    axes.set(xlabel=f"share explained of the variance of accuracy after {in_epochs(epoch)}", xlim=(0, None))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    panels = below.subplots(-(-len(shown) // 3), 3, squeeze=False, sharey=True).ravel()
    for axes, choice in zip(panels, shown, strict=False):
        _draw_choice(axes, choice)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    pictures.write(figure, path)


def _draw_choice(axes, choice):
    for i, values in enumerate(choice.accuracies.values()):
        places = i + 0.12 * np.random.default_rng(0).uniform(-1, 1, len(values))
        axes.plot(places, values, "o", ms=3, mew=0, color=OTHER, zorder=1)
        error = np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0
        axes.errorbar(i, np.mean(values), error, marker="_", ms=16, mew=2, color=KEPT, lw=2)
    names = [pictures.shortened(str(name)) for name in choice.accuracies]
    slanted = {"rotation": 20, "ha": "right"} if max(map(len, names)) > 6 else {}
    axes.set_xticks(range(len(names)), names, **slanted)
    axes.set_title(choice.name, fontsize=10)
    axes.set_xlim(-0.6, len(choice.accuracies) - 0.4)
    axes.tick_params(axis="x", length=0, labelsize=8)
    _dress(axes)


def draw_networks(path: Path, specs: dict[str, dict]) -> None:
    """Networks above one another, title -> spec, to a PNG file."""
    from ..analysis import figures

    models = [(title, undrawn(spec)) for title, spec in specs.items()]
    figure = Figure(figsize=(11, 2.4 * len(models) + 0.4), layout="constrained")
    figures.draw(figure, models)
    pictures.write(figure, path)


def _curve(one):
    return list(one.curve), list(one.curve.values())


def _reversed(axes):
    return (part[::-1] for part in axes.get_legend_handles_labels())


def _dress(axes):
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    pictures.frame(axes)
    axes.set_axisbelow(True)
