"""The lines that a search prints while it runs."""

import shutil
import sys

from ...escaping import plain
from .trials import curve, in_epochs


def tell(search, ended=None, last: bool = False) -> None:
    """Print a line for a trial that has ended, and on a terminal one below it that changes.

    Args:
        search: a `DurableOracle`.
        ended: the trial.
        last: nothing changes any more.
    """
    live = sys.stdout.isatty()
    if live:
        print("\r\033[K", end="")
    if ended:
        print(plain(_ended_line(search, ended)))
    if live and not last:
        print(_live_line(search)[: shutil.get_terminal_size().columns - 1], end="")
    sys.stdout.flush()


def _ended_line(search, trial):
    line = f"trial {trial.trial_id}: "
    if trial.status == "FAILED":
        return line + f"failed: {trial.message}"
    line += f"{search.objective.name} {trial.score:.4f} after {in_epochs(trial.best_step)}"
    if cost := search.network(trial).get("count"):
        line += f", {cost['params']:,} parameters, {cost['macs']:,} MACs"
    return f"{line}; {_best(search)}"


def _best(search):
    best = search.best()
    return f"trial {best.trial_id} leads with {best.score:.4f}" if best else "nothing so far"


def _live_line(search):
    running = [
        f"{trial.trial_id} ({in_epochs(max(curve(trial, search.objective.name), default=0))})"
        for trial in search.ongoing_trials.values()
    ]
    left = f"{max(0.0, search.seconds - search.spent()):.0f} s left" if search.seconds else f"{search.spent():.0f} s"
    ended = f"{len(search.end_order)} of {search.max_trials}" if search.max_trials else f"{len(search.end_order)}"
    return f"{left}; trials ended: {ended}; {_best(search)}; running: {', '.join(running) or 'none'}"
