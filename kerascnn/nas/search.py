"""A search as a recipe runs it: its folder, its time, its processes, and the training of the winner."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from math import ceil
from pathlib import Path
from random import Random
from types import SimpleNamespace

import keras

from ..data import Data
from ..data.sources.open import open_source
from ..errors import InputError, TrainingStopped, count, one_of
from ..escaping import plain
from ..registry import build
from ..training import files, flags, run_folder
from ..training.distribution import devices
from ..training.procedure.epochs import timed
from ..version import __version__
from .engine import workers
from .engine.trials import results, states
from .outcome import report
from .outcome.selection import knobs, networks, ranked
from .spaces.constraints import Budget, Share, budget
from .spaces.space import Space
from .strategies.evolution import warm_starts
from .strategies.extrapolation import FullTraining
from .strategies.oracles import check
from .strategies.proxies import IMAGES, PROXIES, STEPS, early_loss, naswot

UNLESS_TOLD = "3m"  # for a search that nothing else ends
SEARCHED = 1 / 4  # of the time; its winner has the rest. About the best share on the MNIST table, see nas_replay.py
HELD_OUT = 1 / 3  # of the training images, at most, on which networks are compared
JUDGED = 1 / 3  # of the time of training on an image is needed to judge it
FEW = 1500  # images; an epoch of a search has so many at least, where there are so many
TRAININGS = 9  # there shall be time for so many, each to the last epoch
BATCH = 32  # images; a step of the search's trainings, and of its winner's where it has few
MANY, LARGE = 20_000, 128  # images from which steps of so many get more out of the time
SIDE = 32  # of images, unless told otherwise
LONG = 50  # epochs of the winner from which more bring less than the choice of the network
SPARE = 12  # seconds, for pictures and reports


class Search:
    """Keeps the folder of a search, divides its time and tells its processes apart. It neither searches nor trains.

    A quarter of `--budget` is for the search, the rest for the training of its winner. Where keras-tuner's environment
    variables say that this is a worker, all is as the chief has begun it.

    Args:
        cfg: the command line, as `training.start` hands it over.

    Attributes:
        space: what is searched, once it is open, like all that follows.
        budget: what a network may cost.
        images: those to train on, and others to compare networks by; all are training images.
        folder: of the search; the winner's run is its folder `winner`.
        seconds: for the search, None for as long as it takes.

    Raises:
        InputError: a flag is wrong, or the folder is taken.
        TrainingStopped: this is a worker, and no chief has begun.
    """

    def __init__(self, cfg: SimpleNamespace):
        self.cfg, self.began, self.role = cfg, time.monotonic(), workers.role()
        one_of("proxy", cfg.proxy, ("", *PROXIES))
        check(cfg.strategy, cfg.goal, cfg.proxy)
        count("workers", cfg.workers)
        count("epochs", cfg.epochs)
        if cfg.workers > 1:  # they use the GPUs that this process measures with
            os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        devices.set_precision(cfg.mixed_precision)
        cfg.budget = cfg.budget or ("" if cfg.trials else UNLESS_TOLD)
        self.total = flags.duration("--budget", cfg.budget) if cfg.budget else None
        if self.role == "worker":
            self._wait_for_chief()
        else:
            run_folder.check(cfg.out, cfg.overwrite, cfg.resume)
            if flags.record(cfg.out):
                run_folder.hold(Path(cfg.out))
        self.about = flags.record(cfg.out) if cfg.resume or self.role == "worker" else {}
        if self.about and "space" not in self.about:
            raise InputError(f"--out {cfg.out}: holds a run, but no search that could go on")
        if cfg.resume and not self.about:
            print(f"{cfg.out}: nothing to go on with, starting anew", flush=True)

    def _wait_for_chief(self):
        if not self.cfg.out:
            raise InputError("--out DIR is missing: a worker has to know the folder of the search")
        run_folder.share(Path(self.cfg.out))
        until = time.monotonic() + workers.PATIENCE
        while not flags.record(self.cfg.out):
            if time.monotonic() > until:
                raise TrainingStopped(f"no chief has begun a search in {self.cfg.out}")
            time.sleep(0.2)

    def images_are(self) -> tuple[tuple[int, int, int], int]:
        """(height, width, channels) in which networks see the images, with `--size 0` their own, but at most `SIDE`;
        and the number of classes."""
        height, width, channels = self._source.native
        shape = (*(self.cfg.size or min(side or SIDE, SIDE) for side in (height, width)), channels)
        return shape, len(self._source.classes)

    @cached_property
    def _source(self):
        return open_source(self.cfg.data, self.cfg.limit or None)

    @property
    def _size(self):
        """Of the training images, those that a search holds out among them."""
        return self._source.train.size

    def family(self) -> str | dict:
        """What `space` takes: the name of a family; or with `--knob` a network of the catalog and choices for it."""
        family = self.cfg.family or ("vgg" if self.cfg.data == "digits" else "mixed")
        choices = {name: list(value) if isinstance(value, tuple) else value for name, value in self.cfg.knobs.items()}
        return {"name": family, **choices} if choices else family

    def open(self, space: Space, limits: Budget, load: Callable[..., Data], compile: Callable) -> None:
        """Say how much of the space fits, choose how many images an epoch shall have, and make the folder.

        Args:
            space: what is searched.
            limits: what a network may cost.
            load: gives images; called with what `kerascnn.data.load` takes.
            compile: called with a model to compile it.

        Raises:
            InputError: nothing fits, or the time does not suffice for anything.
        """
        self.space = space
        if self.about:
            self.folder, self.budget = Path(self.cfg.out), budget(**self.about["budget"])
            if self.role != "worker":
                self._write()  # one of the two may be damaged
            self.images = self._load(load, **self.about["epoch"])
            if self.role is None:
                print(f"{Share(*self.about['share'])}; {plain(self.folder)}, which goes on", flush=True)
        else:
            self._begin(limits.calibrated(space, seed=self.cfg.seed), load, compile)
        self.seconds = self.about["seconds"]

    def _begin(self, limits, load, compile):
        limits.check(self.space)
        share = limits.share(self.space)
        print(f"{share}: {limits}", flush=True)
        found = self._affordable(limits, load, compile)
        epoch = {"limit": self.cfg.limit or None, "held_out": min(HELD_OUT, found / self._size)}
        epoch["steps"] = ceil(found / (self.cfg.batch or BATCH))
        self.images = images = self._load(load, **epoch)
        seconds = self.total and SEARCHED * self.total - self._passed()
        if seconds is not None and seconds < 1:
            raise InputError(f"--budget {self.cfg.budget}: is over before a network is trained; give more")
        name = f"search-{self.space.name}-{images.name}" + ("-smoke" if self.cfg.smoke else "")
        self.budget, self.folder = limits, run_folder.make(name, self.cfg.out, self.cfg.overwrite or self.cfg.resume)
        self.about = {
            "kerascnn": __version__,
            "flags": vars(self.cfg),
            "space": self.space.name,
            "budget": limits._asdict(),
            "share": share,
            "data": images.name,
            "epoch": epoch,
            "train_images": images.train_size,
            "validation_images": images.validation_size,
            "seconds": seconds,
            "ahead": self._ahead(images)._asdict(),
            "ended": False,
        }
        self._write()
        sizes = f"{images.train_size:,} images to train on in an epoch and {images.validation_size:,} to compare by"
        print(f"{plain(images.name)}, {sizes}; {devices.describe()}; {plain(self.folder)}", flush=True)

    def _load(self, load, limit, held_out, steps):
        """Images of which an epoch takes at most so many batches. The next one has others, as long as there are some:
        those that are seen again and again tell less of the training that the winner has ahead of it."""
        images = load(limit=limit, held_out=held_out, seed=self.cfg.seed)
        steps = min(steps, images.steps)
        return replace(images, steps=steps, train_size=round(steps / images.steps * images.train_size))

    def _ahead(self, images):
        """`LONG` epochs on all images are enough, the machine to itself; where the winner is not timed it has them."""
        larger = self._size / images.train_size
        longer = max(1.0, larger * (self.cfg.winner_epochs or LONG) / self.cfg.epochs)
        if not self._winner_is_timed:
            return FullTraining(longer=longer)
        return FullTraining((1 - SEARCHED) * self.total / LONG / larger * self.cfg.workers, longer)

    def plan(self) -> dict:
        """What a strategy has to know of the command line: how long, how many, from which seed; see `nas.oracle`."""
        many = {"max_epochs": self.cfg.epochs, "networks": self.cfg.trials or None}
        return many | {"seconds": self.seconds, "ahead": FullTraining(**self.about["ahead"]), "seed": self.cfg.seed}

    def _affordable(self, limits, load, compile):
        """How many training images an epoch has time for, and to hold out as many; the number of all where it has for
        two thirds, which is what an epoch has at most."""
        size, most = self._size, (1 - HELD_OUT) * self._size
        if self.cfg.limit or self.total is None or most <= FEW:
            return size
        known = warm_starts(self.space, lambda values: limits.fits(self.space.spec(values)))
        model = build(**self.space.spec(next(known, None) or limits.draw(self.space, Random(self.cfg.seed))))
        compile(model)
        few = load(limit=FEW)
        clock = timed(model, few)
        keras.utils.clear_session()
        searched, image = SEARCHED * self.total, clock.step("train") * few.steps / few.train_size
        if size * image > self.total - searched and self._winner_is_timed:
            raise InputError(
                f"--budget {self.cfg.budget}: {1 - SEARCHED:.0%} of it is for the winner, of which one epoch takes "
                f"about {size * image:.0f} s; give more, or --limit"
            )
        seconds = (searched / TRAININGS - clock.compiling) / self.cfg.epochs  # for an epoch, and for judging by as many
        found = max(FEW, int(seconds / image / (1 + JUDGED)))
        if found >= most:
            return size
        print(
            f"an epoch of the search has {found:,} of {size:,} training images, so that there is time for about "
            f"{TRAININGS} trainings of {self.cfg.epochs} epochs; --limit takes so many, and all of them in each epoch",
            flush=True,
        )
        return found

    def proxy(self, compile: Callable) -> Callable[[dict], float] | None:
        """What `--proxy` names, as a function of a spec; `compile` is called with a model to compile it."""
        if not self.cfg.proxy:
            return None
        if self.cfg.proxy == "early_loss":
            return partial(early_loss, batches=self.images.train.take(STEPS).cache(), compile=compile)
        images, _ = next(self.images.validation.unbatch().batch(IMAGES).as_numpy_iterator())
        return partial(naswot, images=images)

    def leaves_it_to_workers(self) -> bool:
        """Whether there is nothing to search for this process; the workers that `--workers` asks for have done it."""
        if self.cfg.workers > 1 and self.role is None and not self.about["ended"]:
            with run_folder.lent(self.folder):  # the chief holds it
                workers.start_workers([sys.argv[0], "--resume", "--out", str(self.folder)], self.cfg.workers)
            return True
        return self.about["ended"]

    def ends_here(self) -> bool:
        """Whether another process trains the winner."""
        return self.role == "worker" or (self.role == "chief" and self.cfg.workers > 1)

    def winner(self) -> tuple[dict, SimpleNamespace]:
        """The network that has won, as `kerascnn.build(**spec)` takes it, and the flags of a run that trains it in the
        time that is left. Its batch suits the number of images unless `--batch` was given, its learning rate the batch.
        """
        if not self.about["ended"]:
            self.about["ended"] = True
            self._write()
        keras.utils.clear_session()  # names as in a process that goes on with the winner
        spec = ranked(networks(results(self.folder)), FullTraining(**self.about["ahead"]))[0].spec
        files.write_json(self.folder / "winner.json", spec)
        out = self.folder / "winner"
        begun = flags.record(out).get("flags", {})
        cfg = {**vars(self.cfg), "out": str(out), "resume": True, "overwrite": False, "knobs": knobs(spec)}
        cfg["epochs"] = begun.get("epochs", self.cfg.winner_epochs)
        if not self.cfg.batch:
            cfg["batch"] = LARGE if self._size >= MANY else BATCH
            cfg["lr"] = self.cfg.lr * cfg["batch"] / BATCH
        spent = max(self._passed(), max(state["kept"]["spent"] for state in states(self.folder).values()))
        cfg["budget"] = f"{max(1.0, self.total - SPARE - spent):.0f}s" if self._winner_is_timed else ""
        return spec, SimpleNamespace(**cfg)

    def _write(self):
        for name in flags.SEARCH_RECORDS:
            files.write_json(self.folder / name, self.about)

    def report(self) -> None:
        """Write and print what came out; see `report.write_report`."""
        report.write_report(self.folder)

    @property
    def _winner_is_timed(self):
        """Whether the winner trains for the time that is left, and not for a number of epochs that is given."""
        return self.total is not None and not self.cfg.winner_epochs

    def _passed(self):
        return time.monotonic() - self.began
