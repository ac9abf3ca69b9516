"""A flat dict of defaults becomes a command line: `--batch 64`, typed by the default's type."""

import argparse
import json
from ast import literal_eval
from math import inf
from pathlib import Path
from types import SimpleNamespace

from ..errors import InputError, unknown

STANDARD = {
    "seed": 0,
    "out": "",
    "overwrite": False,
    "resume": False,
    "checkpoint_every": "5m",
    "smoke": False,
    "mixed_precision": False,
    "accumulate": 1,
    "batch_norm": "averaged",
}
RECORDS = ("config.json", "search.json")  # of a run, of a search
ITS_OWN = ("out", "overwrite", "resume", "checkpoint_every")  # of each start; all other flags belong to the run
HELP = {
    "data": "name of a data set, or a folder with one folder of images for each class",
    "family": "of networks: vgg, resnet, mobilenet, mixed; or a network, whose --knob NAME=A,B give choices",
    "max_params": "parameters that a network may have, like 300k",
    "max_macs": "multiply-accumulates that it may need for one image, like 20M",
    "max_memory": "bytes of activations that it may have for one image, like 64MB",
    "max_latency": "time that one image may take on this machine, like 5ms",
    "strategy": "of the search: evolution, random, bayesian or hyperband",
    "goal": "accuracy; or pareto-macs or pareto-params, the best accuracy for each cost",
    "trials": "networks to try; as many as there is time for, unless told",
    "proxy": "naswot or early_loss: networks are asked before a training, or after 60 steps of it, while that agrees "
    "with the results; takes seconds for each of dozens, so only where trainings are long",
    "winner_epochs": "to train the winner for, in place of the time that is left",
    "workers": "processes that search at the same time on this machine",
    "seed": "of all random numbers",
    "out": "run folder, instead of saved_models/MODEL-DATA",
    "overwrite": "replace the run that is in the run folder",
    "resume": "go on with the run in --out, with its flags, where its last checkpoint is; start it if there is none",
    "checkpoint_every": "epoch, a number of steps, or a time like 30s or 5m",
    "preset": "the training procedure of a paper, in place of the defaults",
    "augment": "how training images are changed: a name of kerascnn.data.AUGMENTS, also with amounts: cifar,mixup=0.2",
    "crops": "10: the report also has the accuracy over ten crops of an image",
    "budget": "a time like 20m, within which training shall end, in place of --epochs",
    "held_out": "of the training images, to validate: a share of them; of a folder of masks, names of files",
    "patience": "epochs without a higher accuracy on held-out images, after which training stops; 0: never",
    "smoothing": "the share of a label that is spread over all classes",
    "auxiliary": "weights of the losses of the network's auxiliary heads",
    "initializer": "alexnet, glorot_uniform or he_normal, in place of the network's own initial weights",
    "clip": "the longest that the gradient of all weights may be; 0: any length",
    "ema": "momentum of the average of the weights, which is judged and saved; 0: none",
    "weight_decay": "in the gradient, but for adamw",
    "decays": "the weights that decay: kernels, not-depthwise (kernels but those) or all",
    "scale_lr": "--lr in proportion to --batch, from what the preset has",
    "schedule": "of --lr: constant, plateau, step, exponential, staircase, cosine, linear, one-cycle or restarts",
    "warmup": "length of a linear rise to --lr",
    "milestones": "where the schedule step multiplies by --factor",
    "factor": "of the schedules step, plateau, exponential and staircase",
    "every": "after which exponential and staircase have multiplied by --factor; for which plateau waits",
    "cycles": "of the schedule restarts, each twice as long as the one before",
    "unit": "of --warmup, --milestones and --every: share of the training, epochs or steps",
    "smoke": "a few images for a moment: proves the wiring",
    "mixed_precision": "compute in 16 bits, on a GPU",
    "accumulate": "parts in which a batch is worked through, for less memory",
    "batch_norm": "over several devices: averaged before it is judged, or synchronized in every step",
}


def parse(
    config: dict, words: list[str], *, smoke: dict | None = None, presets: dict | None = None, description: str = ""
) -> SimpleNamespace:
    """Read a command line.

    What is given wins over the flags of the run that `--resume` goes on with, these over the values of `--smoke`, these
    over a preset's, and these over the defaults.

    Args:
        config: flag to default. The default's type (bool, int, float, str, tuple) is the flag's; a number may be
            negative only where its default is. The flags of `STANDARD` and `--knob` come on top.
        words: the command line, without the program's name.
        smoke: the values that `--smoke` puts in place of defaults.
        presets: name to the values that `--preset NAME` puts in place of defaults.
        description: what `--help` says above the flags.

    Returns:
        The values as attributes; those of `--knob name=value` as the dict `knobs`.

    Raises:
        InputError: unknown flag, missing or wrong value, or another than in the run that shall go on.
        SystemExit: `--help` was asked for.
    """
    defaults = {**config, **{name: value for name, value in STANDARD.items() if name not in config}}
    parser = _Parser(
        usage="%(prog)s [flags]",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for name, default in defaults.items():
        shown = "" if default is False or default == "" else f"(default: {default})"
        text = f"{HELP.get(name, '')} {shown}".strip().replace("%", "%%")
        if isinstance(default, bool):
            action = argparse.BooleanOptionalAction if default else "store_true"
            parser.add_argument(flag(name), dest=name, action=action, help=text)
        else:
            parser.add_argument(flag(name), dest=name, metavar=type(default).__name__.upper(), help=text)
    parser.add_argument(
        "--knob",
        dest="knobs",
        action="append",
        metavar="NAME=VALUE",
        help="a knob of the network, like alpha=0.25 or repeats=2,2,2; may be repeated",
    )
    found, strays = parser.parse_known_args(words)
    if strays:
        raise unknown("flag", strays[0].split("=")[0], [flag(name) for name in defaults] + ["--knob"])
    given = {name: _typed(name, value, defaults.get(name)) for name, value in vars(found).items()}
    stored = _stored_flags(given) if given.get("resume") else {}
    preset, quick = {}, {}
    if chosen := given.get("preset", stored.get("preset")):
        if chosen not in presets:
            raise unknown("preset", chosen, presets)
        preset = presets[chosen]
    if smoke and given.get("smoke", stored.get("smoke")):
        quick = smoke
    knobs = {}
    for source in (preset, stored, given):
        knobs |= source.get("knobs", {})
    return SimpleNamespace(**{**defaults, **preset, **quick, **stored, **given, "knobs": knobs})


def record(folder: str | Path) -> dict:
    """What the run, or the search, in a folder says about itself; {} if there is none."""
    for name in RECORDS:
        try:
            found = json.loads((Path(folder) / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _stored_flags(given):
    """The flags of the run that shall go on, without those that belong to each start."""
    stored = record(given.get("out", "")).get("flags", {})  # none: nothing to go on with
    stored = {name: _with_tuples(value) for name, value in stored.items() if name not in ITS_OWN}
    pairs = [(flag(name), value, stored.get(name, value)) for name, value in given.items() if name != "knobs"]
    knobs = stored.get("knobs", {})
    pairs += [(f"--knob {name}", value, knobs.get(name)) for name, value in given.get("knobs", {}).items()]
    differences = [f"{name} {old!r}, not {new!r}" for name, new, old in pairs if new != old]
    if differences:
        raise InputError(f"--resume: the run in {given['out']} has {', '.join(differences)}; leave such flags out")
    return stored


def _with_tuples(value):
    """JSON has no tuples."""
    if isinstance(value, list):
        return tuple(map(_with_tuples, value))
    if isinstance(value, dict):
        return {name: _with_tuples(part) for name, part in value.items()}
    return value


def duration(what: str, text: str, alternative: str = "") -> float:
    """Seconds of "30s", "5m" or "1.5h".

    Raises:
        InputError: it is none of that. `what` it was for is named, and the `alternative`.
    """
    seconds = {"s": 1, "m": 60, "h": 3600}.get(text[-1:])
    try:
        value = float(text[:-1]) * seconds
    except (ValueError, TypeError):
        value = 0
    if not 0 < value < inf:
        raise InputError(f"{what} {text}: must be {alternative}a time like 30s, 5m or 1h")
    return value


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise InputError(message)


def _typed(name, value, default):
    if name == "knobs":
        return dict(_knob(word) for word in value)
    if isinstance(default, (bool, str)):
        return value
    if isinstance(default, tuple):
        value = _literal(value)
        return value if isinstance(value, tuple) else (value,)
    return _number(name, value, default)


def _number(name, text, default):
    kind = type(default)
    try:
        value = kind(text)
    except ValueError:
        value = None
    lowest = 0 if default >= 0 else -inf
    if value is None or not lowest <= value < inf:
        wanted = "a whole number" if kind is int else "a number"
        raise InputError(f"{flag(name)} {text}: must be {wanted}" + (", 0 or more" if lowest == 0 else ""))
    return value


def _knob(word):
    name, equals, text = word.partition("=")
    if not (name.isidentifier() and equals):
        raise InputError(f"--knob {word}: must be name=value, like alpha=0.25")
    return name, _literal(text)


def _literal(text):
    """A Python literal where it is one, otherwise the text itself."""
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        return text
