"""Replay search strategies on networks that were all trained before: what each has found after how much training.

    python recipes/benchmarks/nas_replay.py                           216 networks trained on MNIST, see nas_table.py
    python recipes/benchmarks/nas_replay.py --to-the-end              the same, as if nothing was known before the end
    python recipes/benchmarks/nas_replay.py --table path/to/nb201.npz     the 15,625 cells of NAS-Bench-201

Strategies go through keras-tuner's oracles, as in a search; training is looked up and its seconds are charged. "plain
random" is keras-tuner's RandomSearch as it is: what does not fit is a failed trial, at no cost. Seeds are paired; all
intervals are 95 %, from a bootstrap over seeds.

Settings of our strategy that were chosen on made-up functions took 0.26, 0.59 and 0.71 of plain random's cost on
NAS-Bench-201 (no cap, 50 %, 25 %). How the first networks are chosen, and what is trusted as long as results are few,
was then chosen on the MNIST table alone (`--to-the-end`), and NAS-Bench-201 replayed once more.

With `--proxy` evolution asks one as well, which is charged. On the MNIST table, to the end, this was better only with
the 25 % cap, where networks are of much the same size: of plain random's cost naswot took 0.19 and early_loss 0.15 in
place of 0.28 (100 seeds); with the 50 % cap 0.33 and 0.25 in place of 0.23, without one 0.25 and 0.21 in place of 0.15
(60 seeds). So for that cap each was replayed on NAS-Bench-201. There naswot took 0.81 in place of 0.62, as it tells,
beyond size, the accuracy after 200 epochs, and those that validate best after 12 are others; early_loss took 0.43, a
fifth of it for asking. That networks which were asked about are compared again, and how many there are (`ASKED`, `MORE`
of `surrogate`), was then chosen on the MNIST table, and early_loss replayed once more: it took 0.33.

In these choices early_loss was charged with `--asking 0.15` and 0.2, about the share of a training that it has on
NAS-Bench-201: trainings on MNIST are over in 18 s, of which it takes 2.3, and so charged it took 0.44.

NAS-Bench-201, 100 seeds, 2026-11-29. Cost until half of our searches are as good as half of plain random's after 60
trials, of its cost: validated 0.31 without a cap, 0.32 with the 50 % cap, 0.62 with the 25 % cap, where its 60 trials
are 15 trainings; on test images 0.32, 0.29, 0.29. Of random's within the budget: 0.32, 0.34, 0.23 and 0.23, 0.33, 0.15.
With early_loss and the 25 % cap 0.33 (0.22 to 0.45), by 150 further seeds 0.32, by all 250 0.33 (0.25 to 0.40); on test
images 0.21 (0.13 to 0.22); of random's within the budget 0.27 (0.25 to 0.32) and 0.07 (0.06 to 0.09).
MNIST, 24 seeds: validated 0.33, 0.25, 0.24; with the 25 % cap half of ours do not validate as well as half of random's
within the budget, which try every network there; on test images they are better.

Of the time of 36 trainings, a quarter for the search leaves the least error, or nearly, if the winner's falls in the
rest as `promise` has it. MNIST, 24 seeds: 2.43, 2.34, 2.40, 2.45 % with 6, 9, 12, 18 of them for the search; with the
50 % cap 4.01, 3.92, 3.97, 4.22 %; with the 25 % cap 5.31, 5.17, 5.26, 5.62 %.
"""

import argparse
import json
import multiprocessing
import os
from functools import cached_property, partial
from pathlib import Path
from time import perf_counter

os.environ.setdefault("OMP_NUM_THREADS", "1")

import keras_tuner
import numpy as np
from nas_cells import computed
from nas_cells import read as read_cells
from nas_table import CHOICES, TABLE, read
from rich.console import Console
from rich.table import Table as Printed

from kerascnn.nas import Budget, Count, Dimension, Space
from kerascnn.nas.spaces.keras_tuner import declare, decoded
from kerascnn.nas.strategies.extrapolation import LEARNS
from kerascnn.nas.strategies.oracles import STRATEGIES
from kerascnn.nas.strategies.proxies import PROXIES

CAPS = {"none": 1.0, "50 %": 0.5, "25 %": 0.25}  # quantiles of the MACs in a table, above which nothing fits
MARKS = (10, 20, 40, 60)  # costs at which strategies are compared, in trials of random search
DIVIDED = 36  # trainings, whose time a search and its winner have together
SEARCHED = (4, 6, 8, 9, 10, 12, 15, 18)  # of them for the search


class Mnist:
    """Accuracy after each of nine epochs."""

    name = "MNIST"
    asking = {"naswot": 0.3, "early_loss": 2.3}  # seconds a network, on the core that trained them
    steps = tuple(range(1, 10))
    hyperband = {"max_epochs": 9, "factor": 3}

    def __init__(self, path=TABLE):
        self.rows = {tuple(row[name] for name in CHOICES): row for row in read(path)}
        dimensions = tuple(Dimension(name, choices) for name, choices in CHOICES.items())
        self.space = Space("mnist", dimensions, lambda values: {"name": self.name, **values})

    def _row(self, values):
        return self.rows[tuple(str(values[name]) for name in CHOICES)]

    def accuracy(self, values, step):
        return float(self._row(values)[f"accuracy{step}"])

    def test(self, values):
        return float(self._row(values)["test_accuracy"])

    def seconds(self, values, before, step):
        return float(self._row(values)["seconds"]) * (step - before)

    def count(self, values):
        row = self._row(values)
        return Count(int(row["params"]), int(row["params"]), int(row["macs"]), 0, 0)

    def said(self, proxy, values):
        return float(self._row(values)[proxy])

    def unknown(self, limit):
        return 0

    @cached_property
    def macs(self):
        return np.array([int(row["macs"]) for row in self.rows.values()])


class TrainedToTheEnd(Mnist):
    """Without what there was before the last epoch, as in NAS-Bench-201."""

    name = "MNIST, trained to the end"
    steps = Mnist.steps[-1:]


class Nasbench:
    """Cells of Dong and Yang 2020 (arXiv:2001.00326): CIFAR-10 accuracy after a training of 12 epochs.

    As to asking, naswot's authors took 18.4 s for 100 cells (their README). For early_loss a core took 6 to 11 s, about
    1.2 % of what the 300,000 images of the training would at its rate, which is one of the table's seconds.
    """

    name = "NAS-Bench-201"
    asking = {"naswot": 0.3, "early_loss": 1.0}
    steps = (12,)
    hyperband = {"max_epochs": 12, "factor": 3}

    def __init__(self, path, scores, proxy):
        self.table, self.scores = dict(np.load(path)), read_cells(scores, proxy) if scores and proxy else {}
        kinds = ("none", "skip", "conv1x1", "conv3x3", "avgpool")
        dimensions = tuple(Dimension(f"edge{i}", kinds) for i in range(1, 7))
        self.space = Space("nasbench201", dimensions, lambda values: {"name": self.name, **values})
        self.kinds = {kind: i for i, kind in enumerate(kinds)}
        self.at = {tuple(int(n) for n in ops): i for i, ops in enumerate(self.table["ops"])}

    def _row(self, values):
        return self.at[tuple(self.kinds[values[dimension.name]] for dimension in self.space.dimensions)]

    def accuracy(self, values, step):
        return float(self.table["val12_cifar10"][self._row(values)]) / 100

    def test(self, values):
        return float(self.table["test_cifar10"][self._row(values)]) / 100

    def seconds(self, values, before, step):
        return float(self.table["cost12_seconds"][self._row(values)])

    def count(self, values):
        row = self._row(values)
        params, macs = (int(self.table[name][row]) for name in ("cell_params", "cell_macs"))
        return Count(params, params, macs, 0, 0)

    def said(self, proxy, values):
        return self.scores[computed(self.table["ops"][self._row(values)].tolist())]

    def unknown(self, limit):
        """How many cells that fit the proxy was not asked about."""
        fitting = self.table["ops"][self.macs <= (limit or np.inf)].tolist()
        return sum(computed(kinds) not in self.scores for kinds in fitting)

    @property
    def macs(self):
        return self.table["cell_macs"]


class Capped(Budget):
    """A budget that looks costs up."""

    table = None

    def fits(self, spec):
        values = {name: value for name, value in spec.items() if name not in ("name", "input_shape", "classes")}
        return self.max_macs is None or self.table.count(values).macs <= self.max_macs

    def redraw(self, space, propose):
        while not self.fits(space.spec(values := propose())):
            pass
        return values


def oracle(strategy, table, cap, seed):
    seed += 1000
    if strategy == "plain random":
        search = keras_tuner.oracles.RandomSearchOracle(
            keras_tuner.Objective("val_accuracy", "max"),
            max_trials=10**6,
            hyperparameters=declare(table.space),
            seed=seed * 10_000,
            max_consecutive_failed_trials=10**6,
        )
        search.verbose, search.save, search._save_trial = 0, lambda: None, lambda trial: None
        return search
    budget = type("Capped", (Capped,), {"table": table})(max_macs=cap)

    def values_of(spec):
        return {dimension.name: spec[dimension.name] for dimension in table.space.dimensions}

    def counted(spec):
        return table.count(values_of(spec))

    strategy, _, proxy = strategy.partition(" + ")

    def ask(spec):
        table.asked += table.asking[proxy]
        return table.said(proxy, values_of(spec))

    settings = {"evolution": {"max_epochs": table.steps[-1], "min_epochs": table.steps[0]}}
    if proxy:
        settings["evolution"]["proxies"] = [ask]
    settings["hyperband"] = table.hyperband | {"hyperband_iterations": 1000}
    settings["bayesian"] = {"max_trials": 10**6}
    return STRATEGIES[strategy](table.space, budget, seed=seed, counted=counted, **settings.get(strategy, {}))


def open_table(path, to_the_end, scores, proxy, asking):
    """In each process, as a table cannot be sent to one."""
    global table
    table = Nasbench(path, scores, proxy) if path else TrainedToTheEnd() if to_the_end else Mnist()
    if asking is not None:
        table.asking = {proxy: asking}
    table.asked = 0.0  # seconds
    return table


def replay(job, trials, cost):
    """[(seconds spent, accuracy, test accuracy)] whenever the best network so far changes, and seconds and trials in
    all. It ends after so many trials or seconds."""
    strategy, cap, seed = job
    search = oracle(strategy, table, cap, seed)
    spent, best, found, ran = 0.0, -1.0, [], 0
    while ran < trials and spent < cost:
        trial = search.create_trial("tuner0")
        spent, table.asked = spent + table.asked, 0.0
        if trial.status == "STOPPED":
            break
        ran += 1
        told = trial.hyperparameters.values
        values = decoded(table.space, told)
        if cap and table.count(values).macs > cap:
            trial.status = "FAILED"
        else:
            before, last = told.get("tuner/initial_epoch", 0), told.get("tuner/epochs", table.steps[-1])
            for step in (step for step in table.steps if before < step <= last):
                spent += table.seconds(values, before, step)
                before = step
                search.update_trial(trial.trial_id, {"val_accuracy": table.accuracy(values, step)}, step=step)
            if table.accuracy(values, before) > best:
                best = table.accuracy(values, before)
                found.append((spent, table.accuracy(values, table.steps[-1]), table.test(values)))
            trial.status = "COMPLETED"
        search.end_trial(trial)
    return found, spent, ran


def at(found, cost, column):
    """What the best network had when so much was spent."""
    reached = [row[column] for row in found if row[0] <= cost]
    return reached[-1] if reached else np.nan


def reached(found, goal, column):
    """Seconds after which the best network was as good as the goal."""
    return next((row[0] for row in found if row[column] >= goal), np.inf)


def middle(values):
    """What half of the values are at most; infinite where more than half are."""
    return np.quantile(values, 0.5, method="lower")


def interval(samples):
    return np.nanquantile(samples, [0.025, 0.975])


def bootstrap(statistic, *columns, times=2000):
    """The interval of a statistic of paired columns."""
    random, size = np.random.default_rng(0), len(columns[0])
    drawn = (random.integers(0, size, size) for _ in range(times))
    return interval([statistic(*(column[chosen] for column in columns)) for chosen in drawn])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", default="", help="nb201.npz, instead of the MNIST table")
    parser.add_argument("--to-the-end", action="store_true", help="MNIST: all networks train for nine epochs")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--trials", type=int, default=60, help="of plain random search: what it found then is the goal")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--caps", default=",".join(CAPS))
    parser.add_argument("--strategies", default="plain random,random,hyperband,evolution,bayesian")
    parser.add_argument("--proxy", default="", choices=PROXIES, help="replay evolution with it, too")
    parser.add_argument("--scores", default="", help="what nas_cells.py has from the proxy, for nb201.npz")
    parser.add_argument("--asking", type=float, help="seconds that the proxy takes for a network, if not as measured")
    parser.add_argument("--out", default="", help="a file for all that was found, as JSON")
    given = parser.parse_args()
    opened = given.table, given.to_the_end, given.scores, given.proxy, given.asking
    table, everything = open_table(*opened), {}
    strategies = given.strategies.split(",") + ([f"evolution + {given.proxy}"] if given.proxy else [])
    for cap in given.caps.split(","):
        limit = None if CAPS[cap] == 1 else int(np.quantile(table.macs, CAPS[cap]))
        title = f"{table.name}, " + (f"at most {limit:,} MACs, {cap} of the cells" if limit else "no cap")
        if given.proxy and (unknown := table.unknown(limit)):
            parser.error(f"--scores {given.scores!r}: {unknown:,} of the cells are not in it; see nas_cells.py --share")
        charged, runs = charge(table, limit), {}
        with multiprocessing.get_context("spawn").Pool(given.processes, open_table, opened) as pool:
            for strategy in strategies:
                began, cost = perf_counter(), np.inf
                trials = given.trials if strategy == "plain random" else 10**6
                if trials > given.trials:
                    cost = charged * given.trials
                one = partial(replay, trials=trials, cost=cost)
                runs[strategy] = pool.map(one, [(strategy, limit, seed) for seed in range(given.seeds)], chunksize=1)
                print(f"{title}: {strategy}, {given.seeds} seeds in {perf_counter() - began:.0f} s", flush=True)
        show(title, runs, charged, [mark for mark in MARKS if mark <= given.trials])
        if "evolution" in runs:
            shares = [searched for searched in SEARCHED if searched <= given.trials]
            print(divided([found for found, *_ in runs["evolution"]], charged, shares))
        everything[title] = runs
    if given.out:
        Path(given.out).write_text(json.dumps(everything), encoding="utf-8")


def charge(table, limit):
    """Seconds of an average network that fits, trained to the end."""
    random, drawn = np.random.default_rng(0), []
    while len(drawn) < 1000:
        values = {
            dimension.name: dimension.choices[random.integers(len(dimension.choices))]
            for dimension in table.space.dimensions
        }
        if limit is None or table.count(values).macs <= limit:
            drawn.append(table.seconds(values, 0, table.steps[-1]))
    return float(np.mean(drawn))


def show(title, runs, charged, trained):
    marks = [mark * charged for mark in trained]
    printed = Printed("strategy", *(f"after {mark}" for mark in trained), "cost, validated", "cost, test", title=title)
    peers = [name for name in runs if "random" in name]
    for strategy, found in runs.items():
        cells = []
        for mark in marks:
            best = np.array([at(one, mark, 2) for one, *_ in found])
            low, high = bootstrap(np.nanmean, best)
            cells.append(f"{np.nanmean(best):.2%} ({low:.2%} to {high:.2%})")
        cells += ["\n".join(ratio(found, runs[peer], column) for peer in peers) for column in (1, 2)]
        printed.add_row(strategy, *cells)
    Console(width=160).print(printed)
    print(
        "Mean test accuracy of the network that validated best, after the cost of so many trainings. Cost: after which"
    )
    print(
        "half of the searches had a network as good as half of those by", ", ".join(peers), "had in the end, of theirs."
    )
    ours = runs.get("evolution")
    for other, found in runs.items():
        if ours and other != "evolution":
            lines = []
            for mark, cost in zip(trained, marks, strict=True):
                differences = np.array(
                    [at(a[0], cost, 2) - at(b[0], cost, 2) for a, b in zip(ours, found, strict=True)]
                )
                low, high = bootstrap(np.nanmean, differences)
                verdict = "better" if low > 0 else "worse" if high < 0 else "equal"
                lines.append(f"{mark}: {np.nanmean(differences):+.2%} ({low:+.2%} to {high:+.2%}, {verdict})")
            print(f"evolution against {other}, after", "; ".join(lines))


def divided(searches, charged, shares):
    """What is left of the error if so much of the time goes into the search, and its winner has the rest to learn."""
    left = []
    for searched in shares:
        error = np.array([1 - at(found, searched * charged, 2) for found in searches])
        left.append(f"{searched}: {np.exp(np.nanmean(np.log(error))) * (1 - searched / DIVIDED) ** -LEARNS:.2%}")
    return f"Error to expect if of {DIVIDED} trainings' time the search has {', '.join(left)}"


def ratio(found, peer, column):
    goal = middle([at(one, np.inf, column) for one, *_ in peer])
    ours, cost = np.array([reached(one, goal, column) for one, *_ in found]), np.array([spent for _, spent, _ in peer])
    share = middle(ours) / middle(cost)
    low, high = bootstrap(lambda a, b: min(middle(a) / middle(b), 1e9), ours, cost)
    end = f"{high:.2f}" if high < 1e6 else "never"
    return f"{share:.2f} ({low:.2f} to {end})" if np.isfinite(share) else "not reached"


if __name__ == "__main__":
    main()
