"""Several runs under one folder, which are judged together."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
from matplotlib.figure import Figure

from ..errors import InputError, TrainingStopped, count
from ..escaping import shell
from ..training import files, flags, run_folder
from ..training.distribution import devices
from ..training.reporting import page, plots
from ..version import __version__
from .evaluation import evaluate
from .judged_images import Choice, Judged
from .judging_classifiers import answers_of

MOST = 10  # networks; all subsets of them are looked at


class Ensemble:
    """The folder of runs that differ by their seeds alone: `member_1` and so on. A killed one goes on with `--resume`.

    Args:
        cfg: the command line, as `start` hands it over, with the number of `members`.

    Raises:
        InputError: the folder is taken; there are too many members, or several machines.
        TrainingStopped: all is done already.
    """

    def __init__(self, cfg: SimpleNamespace):
        count("members", cfg.members)
        if cfg.members > MOST:
            raise InputError(f"--members {cfg.members}: must be {MOST} or less")
        if devices.workers() > 1:
            raise InputError("an ensemble trains on one machine: leave out TF_CONFIG")
        run_folder.check(cfg.out, cfg.overwrite, cfg.resume)
        about, name = flags.record(cfg.out) if cfg.resume else {}, f"ensemble-{cfg.model}-{cfg.data}"
        if "ended" in about:
            raise TrainingStopped(f"the ensemble in {cfg.out} is complete, there is nothing to resume")
        if about:
            self.folder = Path(cfg.out)
            run_folder.hold(self.folder)
        else:
            self.folder = run_folder.make(name, cfg.out, cfg.overwrite or cfg.resume)
        self.cfg, self.about = cfg, {"kerascnn": __version__, "name": cfg.model, "data": cfg.data, "flags": vars(cfg)}
        self.about |= {"members": cfg.members, "started": about.get("started", run_folder.now())}
        files.write_json(self.folder / "config.json", self.about)
        self.places = [self.folder / f"member_{i}" for i in range(1, cfg.members + 1)]

    def members(self) -> Iterator[SimpleNamespace]:
        """The command line of each run that is not complete."""
        for i, place in enumerate(self.places):
            if not self.cfg.overwrite and "ended" in flags.record(place):
                continue
            own = {"out": str(place), "resume": not self.cfg.overwrite, "seed": self.cfg.seed * MOST + i}
            keras.utils.clear_session()  # names as in a process that goes on with this one
            yield SimpleNamespace(**{**vars(self.cfg), **own})

    def report(self) -> None:
        """Judge each network and all together; write `metrics.json`, `numbers.png`, `report.html` and `README.md`."""
        found = evaluate(self.places)
        measures = found.measures
        each = [row["accuracy"] for row in measures["runs"]]
        together = measures.get("ensemble", measures["runs"][0])["accuracy"]
        by_number = self._by_number()
        own = {"accuracy": together, "mean": np.mean(each), "by_number": by_number}
        files.write_json(self.folder / "metrics.json", {**own, **measures})
        draw(self.folder / "numbers.png", by_number)
        mean = ("mean accuracy of the networks alone", f"{np.mean(each):.2%}")
        errors = ("wrong answers, alone and together", f"{1 - np.mean(each):.2%} and {1 - together:.2%}")
        page.publish(
            self.folder,
            page.Report(
                title=f"{len(each)} networks, {self.cfg.model} on {self.cfg.data}",
                lead="They differ by their seeds alone; together they give the average of their probabilities.",
                facts=[found.facts[0], mean, errors, *found.facts[1:]],
                pictures=[("Wrong answers by the number of networks, the mean over all subsets", "numbers.png")],
                tables=found.tables,
                usage=f"    kerascnn evaluate {' '.join(map(shell, self.places))}\n",
                warnings=found.warnings,
            ),
        )
        page.print_table(found.tables[0])
        self.about["ended"] = run_folder.now()
        files.write_json(self.folder / "config.json", self.about)
        run_folder.release(self.folder)
        run_folder.share(self.folder)

    def _by_number(self) -> list[float]:
        """The accuracy of one network, of two together, and so on: the mean over all subsets of so many."""
        judged = Judged(Choice(self.places, None))
        answers, (truth, *_) = zip(*(answers_of(place, judged) for place in self.places), strict=True)
        return [
            float(np.mean([np.mean(sum(some).argmax(-1) == truth) for some in combinations(answers, n)]))
            for n in range(1, len(answers) + 1)
        ]


def draw(path: Path, by_number: list[float]) -> None:
    """The share of wrong answers by the number of networks, to a PNG file."""
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(1, len(by_number) + 1), [1 - right for right in by_number], "o-", color=plots.HELD_OUT)
    axes.set(
        xlabel="networks that are averaged",
        xticks=range(1, len(by_number) + 1),
        ylim=(0, 1.1 * (1 - min(by_number)) or 1),
    )
    axes.set_title("wrong answers on held-out images", fontsize=11)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
    plots.frame(axes)
    plots.write(figure, path)
