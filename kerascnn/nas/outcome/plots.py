"""The pictures of a search."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, PercentFormatter

from ...escaping import picture
from ...training.reporting import plots
from ..engine.trials import in_epochs
from ..spaces.constraints import Budget
from ..spaces.count import undrawn
from .importance import Choice
from .selection import Network, describe, front

COSTS = {"macs": "MACs for one image", "params": "parameters"}
PANELS = 6  # choices that are drawn one by one
OTHER, KEPT, BEST, LIMIT = "#b9c2ce", plots.HELD_OUT, plots.COLORS[0], "#222222"


def draw_costs(path: Path, good: Sequence[Network], budget: Budget, costs: Sequence[str]) -> None:
    """Accuracy against cost, one panel for each of `costs` (fields of `Count`), with its front, to a PNG file; `good`
    begins with the winner."""
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
            axes.axvline(limit, color=LIMIT, lw=1, ls=":", label="limit")
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
    plots.write(figure, path)


def draw_curves(path: Path, good: Sequence[Network], tried: Sequence[Network]) -> None:
    """The accuracy of every network by epoch, to a PNG file; `good` begins with the winner."""
    figure = Figure(figsize=(8.4, 4.6), layout="constrained")
    axes = figure.subplots()
    lead, rest = good[:4], [one for one in tried if one not in good[:4] and one.curve]
    for i, one in enumerate(rest):
        marker = "o" if one.epochs == 1 else ""
        axes.plot(*_curve(one), marker=marker, ms=3, lw=1, color=OTHER, label="others" if i == 0 else None)
    colors = (BEST, *(color for color in plots.COLORS if color != BEST))
    for one, color in reversed(list(zip(lead, colors, strict=False))):
        axes.plot(
            *_curve(one),
            marker="o",
            ms=3,
            lw=2,
            color=color,
            label=f"{one.accuracy:.1%}  {picture(describe(one.spec))}",
        )
    plots.dress(axes)
    points = np.concatenate([list(one.curve.values()) for one in tried if one.curve])
    low = np.quantile(points, 0.1)  # the first epochs of a few would leave no room for what matters
    axes.set_ylim(bottom=low - 0.1 * (points.max() - low) - 1e-3)
    axes.set(xlabel="epochs trained", ylabel="accuracy on held-out images")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(*_reversed(axes), frameon=False, fontsize=8, loc="lower right")
    plots.write(figure, path)


def draw_choices(path: Path, found: Sequence[Choice], epoch: int) -> None:
    """How much each choice explains, and the accuracies at those that explain most, to a PNG file."""
    shown = found[:PANELS]
    figure = Figure(figsize=(11, 1.2 + 0.26 * len(found) + 2.5 * -(-len(shown) // 3)), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.2 + 0.26 * len(found), 2.5 * -(-len(shown) // 3)])
    axes = above.subplots()
    for i, choice in enumerate(reversed(found)):
        axes.barh(picture(choice.name), choice.share, color=KEPT if choice.share > choice.chance else OTHER, height=0.6)
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
    plots.write(figure, path)


def _draw_choice(axes, choice):
    for i, values in enumerate(choice.accuracies.values()):
        places = i + 0.12 * np.random.default_rng(0).uniform(-1, 1, len(values))
        axes.plot(places, values, "o", ms=3, mew=0, color=OTHER, zorder=1)
        error = np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0
        axes.errorbar(i, np.mean(values), error, marker="_", ms=16, mew=2, color=KEPT, lw=2)
    names = [plots.shortened(str(name)) for name in choice.accuracies]
    slanted = {"rotation": 20, "ha": "right"} if max(map(len, names)) > 6 else {}
    axes.set_xticks(range(len(names)), names, **slanted)
    axes.set_title(picture(choice.name), fontsize=10)
    axes.set_xlim(-0.6, len(choice.accuracies) - 0.4)
    axes.tick_params(axis="x", length=0, labelsize=8)
    _dress(axes)


def draw_networks(path: Path, specs: dict[str, dict]) -> None:
    """Networks above one another, title -> spec, to a PNG file."""
    from ...analysis import figures

    models = [(title, undrawn(spec)) for title, spec in specs.items()]
    figure = Figure(figsize=(11, 2.4 * len(models) + 0.4), layout="constrained")
    figures.draw(figure, models)
    plots.write(figure, path)


def _curve(one):
    return list(one.curve), list(one.curve.values())


def _reversed(axes):
    return (part[::-1] for part in axes.get_legend_handles_labels())


def _dress(axes):
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    plots.frame(axes)
    axes.set_axisbelow(True)
