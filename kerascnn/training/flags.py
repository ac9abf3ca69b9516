"""Flags of a recipe: a flat dict of defaults becomes a command line like `--batch 64`, typed by the defaults."""

import sys
from argparse import SUPPRESS, BooleanOptionalAction
from ast import literal_eval
from math import inf
from pathlib import Path
from types import SimpleNamespace

from ..command_line import MAX_PIXELS, ArgumentParser
from ..errors import InputError, unknown
from ..escaping import plain
from ..untrusted import json_records

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
    "max_pixels": MAX_PIXELS,
}
SEARCH_RECORDS = ("search.json", "search.json.before")
RECORDS = ("config.json", *SEARCH_RECORDS)  # of a run, of a search
COPIES = "checkpoints/step-*[0-9]/record.json"  # which have one of config.json
RECORD = {"kerascnn": str, "flags?": dict, "replicas?": range(1, 2**16), "parts?": range(1, 2**16)}
COPY = {"config": RECORD}
LARGEST = 2**48  # of whole numbers; their products are whole numbers of 64 bits
ITS_OWN = ("out", "overwrite", "resume", "checkpoint_every")  # flags of each start; all others belong to the run
MAY_CHANGE = ("epochs", "budget", "accumulate")  # of a run that goes on, but not of a search
HELP = {
    "accumulate": "number of parts in which a batch is computed, one after the other, to save memory",
    "augment": "augmentation of the training images: a name of kerascnn.data.AUGMENTS, also with amounts: "
    "cifar,mixup=0.2",
    "auxiliary": "weights of the losses of the network's auxiliary heads",
    "batch": "images in a step",
    "batch_norm": "on several devices: averaged (before each validation) or synchronized (in every step)",
    "binary": "two classes: object and background",
    "budget": "a time like 20m within which training ends, in place of --epochs; with --resume another one counts from "
    "now",
    "checkpoint_every": "epoch, a number of steps, or a time like 30s or 5m",
    "clip_norm": "largest norm of the gradient; 0 means no limit",
    "copies": "an embedding is the mean over the image and so many distorted copies",
    "cycles": "number of cycles of the schedule restarts, each twice as long as the one before",
    "data": "name of a data set, or a folder",
    "decays": "the weights that decay: kernels, not-depthwise (kernels except depthwise ones) or all",
    "depths": "numbers of layers of the networks",
    "ema": "momentum of a moving average of the weights, which is validated and saved; 0 means none",
    "epochs": "passes over the training images; 0 means the recipe's own number; with --resume another number makes "
    "the run longer or shorter",
    "epsilon": "constant in the denominator of rmsprop, adam and adamw",
    "every": "length after which exponential and staircase multiply by --factor, and for which plateau waits",
    "factor": "factor of the schedules step, plateau, exponential and staircase",
    "family": "networks to search: vgg, resnet, mobilenet, mixed; or a network, with choices as --knob NAME=A,B",
    "goal": "accuracy; or pareto-macs or pareto-params: the best accuracy for each cost",
    "held_out": "validation images: a share of the training images; for a folder of masks, names of files",
    "ignore": "value of void in the masks: such pixels count nowhere; -1 means none",
    "initializer": "initial weights: alexnet, glorot_uniform or he_normal; the network's own unless given",
    "knob": "knob of the network, like alpha=0.25 or repeats=2,2,2; repeat it for several",
    "label_smoothing": "label smoothing: the share of each label that is spread over all classes",
    "limit": "number of images to use; 0 means all",
    "lr": "learning rate, the highest of the schedule",
    "max_latency": "largest time for one image on this machine, like 5ms",
    "max_macs": "largest number of multiply-accumulates for one image, like 20M",
    "max_memory": "largest size of the activations for one image, like 64MB",
    "max_params": "largest number of parameters, like 300k",
    "max_pixels": "images of more pixels are refused; 0 allows all",
    "milestones": "where the schedule step multiplies by --factor",
    "mixed_precision": "computes in 16 bits, on a GPU",
    "model": "name of a network; `kerascnn list` shows all",
    "momentum": "momentum of sgd and rmsprop",
    "names": "names of the classes, with commas",
    "noise": "standard deviation of the noise in the input; white is 1",
    "optimizer": "adam, adamw, sgd or rmsprop",
    "out": "run folder; saved_models/MODEL-DATA unless given",
    "overwrite": "replaces the run in the run folder",
    "patience": "early stopping: epochs without a higher validation accuracy; 0 means never",
    "preset": "training procedure of a paper, in place of the defaults",
    "proxy": "naswot or early_loss: rank networks before they train, or after 60 steps, while that agrees with the "
    "results; it takes seconds for each of dozens, so it pays where trainings are long",
    "resume": "continues the run in --out, with its flags, from its last checkpoint; starts it if there is none",
    "rho": "decay of the mean square of rmsprop",
    "runs": "file of Omniglot's official one-shot runs, to test on them too",
    "scale_lr": "multiplies --lr by --batch over the batch of the preset",
    "schedule": "of the learning rate: constant, plateau, step, exponential, staircase, cosine, linear, one-cycle or "
    "restarts",
    "seed": "seed of all random numbers",
    "size": "height and width of the images; 0 means what suits network and data",
    "smoke": "trains on a few images for a moment, to test the wiring",
    "strategy": "search strategy: evolution, random, bayesian or hyperband",
    "test_crops": "10: also report the accuracy over ten crops of each image",
    "trials": "number of networks to try; 0 means as many as there is time for",
    "tta": "test-time augmentation: average the answers to all rotations by right angles and reflections",
    "unit": "unit of --warmup, --milestones and --every: share (of the training), epochs or steps",
    "unseen_classes": "share of the classes to hold out; 0 means the recipe's own share",
    "warmup": "length of the linear rise to --lr",
    "warp": "distortion of the training images: a name of kerascnn.data.WARPS",
    "weight_decay": "weight decay, in the gradient; for adamw in the update",
    "weight_map": "weights pixels between touching objects, to keep them apart",
    "winner_epochs": "epochs of the winner; 0 means as many as there is time for",
    "workers": "number of processes that search at the same time on this machine",
}


def parse(
    config: dict,
    words: list[str],
    *,
    smoke: dict | None = None,
    presets: dict | None = None,
    procedure: dict | None = None,
    description: str = "",
) -> SimpleNamespace:
    """Read a command line.

    The value of a flag is, in this order: what the command line says, what the run that `--resume` continues has, the
    value for `--smoke`, that of the preset, the default.

    Args:
        config: the flags of the recipe, name -> default. A value has the type of the default: bool, int, float, str or
            tuple; a number may be negative only if the default is. The flags of `STANDARD` and `--knob` are added.
        words: the command line, without the name of the program.
        smoke: name -> value with `--smoke`.
        presets: name of a preset -> name -> value with `--preset`.
        procedure: name -> default of more flags, which `--help` shows under a heading of their own.
        description: what `--help` says above the flags.

    Returns:
        The values as attributes; those of `--knob name=value` as the dict `knobs`.

    Raises:
        InputError: a flag is unknown, a value is missing or wrong, or differs from that of the run to continue.
        SystemExit: after `--help`.
    """
    parser = ArgumentParser(usage="%(prog)s [flags]", description=description, argument_default=SUPPRESS)
    defaults = {}
    headings = {"this recipe": config, "the training procedure": procedure or {}, "every recipe": STANDARD}
    for heading, flags in headings.items():
        group = parser.add_argument_group(f"flags of {heading}")
        for name, default in flags.items():
            if name not in defaults:
                defaults[name] = default
                _add(group, name, default)
    group.add_argument("--knob", dest="knobs", action="append", metavar="NAME=VALUE", help=HELP["knob"])
    found, strays = parser.parse_known_args(words)
    if strays:
        raise unknown("flag", strays[0].split("=")[0], [flag(name) for name in defaults] + ["--knob"])
    given = {name: _typed(name, value, defaults.get(name)) for name, value in vars(found).items()}
    stored = _stored_flags(given, {**defaults, "knobs": {}}) if given.get("resume") else {}
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
    """The record of the run, or of the search, in a folder; where it is damaged a copy of it; {} if there is none."""
    copies = sorted(Path(folder).glob(COPIES), reverse=True)
    for file in [*(Path(folder) / name for name in RECORDS), *copies]:
        try:
            found = json_records.read(file, COPY if file in copies else RECORD, within=Path(folder))
        except InputError:
            continue
        return found["config"] if file in copies else found
    return {}


def flag(name: str) -> str:
    """The flag of a name: `--weight-decay` of `weight_decay`."""
    return "--" + name.replace("_", "-")


def _stored_flags(given, known):
    """The flags of the run to continue, without those that belong to each start; {} if there is no run."""
    about = record(given.get("out", ""))
    if "flags" not in about:
        return {}
    stored = {name: _with_tuples(value) for name, value in about.get("flags", {}).items() if name not in ITS_OWN}
    if strange := [f"{flag(name)} {value!r}" for name, value in stored.items() if name not in known]:
        lost = f"{given['out']}: has flags of another version, which are left out: {', '.join(strange)}"
        print(plain(lost), file=sys.stderr)
    stored = {name: value for name, value in stored.items() if name in known}
    try:
        stored = {name: _as_stored(name, value, known[name]) for name, value in stored.items()}
    except InputError as error:
        raise InputError(f"--resume: the run in {given['out']} has {error}") from error
    if "space" not in about:
        if given.get("budget"):
            given.pop("epochs", None)  # the budget wins
        changed = {name: given[name] for name in MAY_CHANGE if given.get(name, stored.get(name)) != stored.get(name)}
        stored |= {name: value for name, value in changed.items() if value}
        if changed.get("budget"):
            given["epochs"] = stored["epochs"] = 0  # to be measured
    pairs = [(flag(name), value, stored.get(name, value)) for name, value in given.items() if name != "knobs"]
    knobs = stored.get("knobs", {})
    pairs += [(f"--knob {name}", value, knobs.get(name)) for name, value in given.get("knobs", {}).items()]
    differences = [f"{name} {old!r}, not {new!r}" for name, new, old in pairs if new != old]
    if differences:
        raise InputError(f"--resume: the run in {given['out']} has {', '.join(differences)}; leave such flags out")
    return stored


def _as_stored(name, value, default):
    """A value of the kind that the flag takes."""
    kind = type(default)
    if kind is float and type(value) is int and abs(value) <= LARGEST:
        value = float(value)
    if type(value) is not kind:
        raise InputError(f"{flag(name)} {value!r:.60}, which is no {kind.__name__}")
    return _number(name, value, default) if kind in (int, float) else value


def _with_tuples(value):
    """JSON has no tuples."""
    if isinstance(value, list):
        return tuple(map(_with_tuples, value))
    if isinstance(value, dict):
        return {name: _with_tuples(part) for name, part in value.items()}
    return value


def duration(what: str, text: str, alternative: str = "") -> float:
    """The seconds in "30s", "5m" or "1.5h".

    Raises:
        InputError: it is no such time. The message names `what` it is for, and the `alternative` to a time.
    """
    seconds = {"s": 1, "m": 60, "h": 3600}.get(text[-1:])
    try:
        value = float(text[:-1]) * seconds
    except (ValueError, TypeError):
        value = 0
    if not 0 < value < inf:
        raise InputError(f"{what} {text}: must be {alternative}a time like 30s, 5m or 1h")
    return value


def _add(group, name, default):
    shown = "" if default is False or default == "" else f"(default: {default})"
    text = f"{HELP.get(name, '')} {shown}".strip().replace("%", "%%")
    if isinstance(default, bool):
        action = BooleanOptionalAction if default else "store_true"
        group.add_argument(flag(name), dest=name, action=action, help=text)
    else:
        group.add_argument(flag(name), dest=name, metavar=type(default).__name__.upper(), help=text)


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
    lowest, largest = 0 if default >= 0 else -inf, LARGEST if kind is int else inf
    if value is None or not lowest <= value < largest:
        wanted = "a whole number" if kind is int else "a number"
        raise InputError(f"{flag(name)} {text!s:.60}: must be {wanted}" + (", 0 or more" if lowest == 0 else ""))
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
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
