"""What a sweep varies: flags of a recipe, from words like "lr=1e-4..1e-2"."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import InputError
from ..training.flags import flag
from .spaces.space import Dimension, Space

STEPS = 24  # into which a range is divided
ITS_OWN = ("out", "resume", "overwrite")  # flags of a recipe that a trial has from the sweep


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


def varied(vary: Sequence[str]) -> Space:
    """A space of flags, from "lr=1e-4..1e-2" and the like. Its `knobs` turn values into words of a command line.

    Raises:
        InputError: a flag has nothing to choose from, a range is none, or a flag is not for a sweep to choose.
    """
    dimensions = {}
    for words in vary:
        name, equals, choices = words.partition("=")
        name = name.removeprefix("--").replace("-", "_")
        if not (name.replace("knob.", "", 1).isidentifier() and equals and choices):
            raise InputError(f"--vary {words}: must be NAME=A,B,C or NAME=LOW..HIGH, like lr=1e-4..1e-2")
        if name in ITS_OWN:
            raise InputError(f"--vary {words}: the sweep gives every run its --{name}")
        if name in dimensions:
            raise InputError(f"--vary {words}: {name} varies already")
        dimensions[name] = Dimension(name, _choices(words, choices))
    if not dimensions:
        raise InputError("nothing varies: give --vary NAME=..., like --vary lr=1e-4..1e-2")
    return Space("sweep", tuple(dimensions.values()), lambda values: {"flags": _flags(dimensions, values)})


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


def _flags(dimensions, values):
    words = []
    for name, value in values.items():
        if name.startswith("knob."):
            words += ["--knob", f"{name.removeprefix('knob.')}={value}"]
        elif set(dimensions[name].choices) <= {"on", "off"}:
            words += [flag(name)] if value == "on" else []
        else:
            words += [flag(name), str(value)]
    return words
