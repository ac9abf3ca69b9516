"""Flags of a recipe: a flat dict of defaults becomes a command line like `--batch 64`, typed by the defaults."""

import os
import sys
from argparse import SUPPRESS, BooleanOptionalAction
from ast import literal_eval
from math import inf
from pathlib import Path
from types import SimpleNamespace

from ..command_line import MAX_PIXELS, ArgumentParser, print_names
from ..errors import InputError, listed, unknown
from ..escaping import plain
from ..untrusted import json_records
from .flag_help import CHOICES, HELP, METAVARS, OPEN, TYPES

STANDARD = {
    "out": "",
    "resume": False,
    "config": "",
    "overwrite": False,
    "seed": 0,
    "smoke": False,
    "checkpoint_every": "5m",
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
ITS_OWN = ("out", "overwrite", "resume", "config", "checkpoint_every")  # of each start; other flags belong to the run
OF_A_SEARCH = "winner_epochs"  # the flag by which a recipe is known to search
MAY_CHANGE = ("epochs", "budget", "accumulate")  # of a run that goes on, but not of a search
FEW = 12  # names that `--help` shows
LISTED = object()  # stands for the value of a flag that is given without one


def parse(
    config: dict,
    words: list[str],
    *,
    smoke: dict | None = None,
    presets: dict | None = None,
    more: dict[str, dict] | None = None,
    help: dict[str, str] | None = None,
    choices: dict[str, dict[str, str]] | None = None,
    description: str = "",
) -> SimpleNamespace:
    """Read a command line.

    The value of a flag is, in this order: what the command line says, what the run that `--resume` continues or
    `--config` repeats has, the value for `--smoke`, that of the preset, the default.

    Args:
        config: the flags of the recipe, name -> default. A value has the type of the default: bool, int, float, str or
            tuple; a number may be negative only if the default is. The flags of `STANDARD` and `--knob` are added.
        words: the command line, without the name of the program.
        smoke: name -> value with `--smoke`.
        presets: name of a preset -> name -> value with `--preset`.
        more: heading in `--help` -> name -> default of more flags.
        help: name -> what `--help` says of the flag, in place of `HELP`.
        choices: name -> the names that the flag takes, each with what it does, besides those of `CHOICES`. The flag
            alone prints them.
        description: what `--help` says above the flags.

    Returns:
        The values as attributes; those of `--knob name=value` as the dict `knobs`.

    Raises:
        InputError: a flag is unknown, a value is missing or wrong, or differs from that of the run to continue.
        SystemExit: after `--help`, or names.
    """
    texts = HELP | (help or {})
    headings = {"of this recipe": config, **(more or {}), "of every recipe": STANDARD}
    parser, defaults, names = _parser(headings, texts, CHOICES | (choices or {}), description)
    found, strays = parser.parse_known_args(words)
    if strays:
        raise unknown("flag", strays[0].split("=")[0], [flag(name) for name in defaults] + ["--knob"])
    if alone := [name for name, value in vars(found).items() if value is LISTED]:
        print_names(f"{flag(alone[0])} NAME: {texts[alone[0]]}", names[alone[0]])
        sys.exit()
    given = {name: _typed(name, value, defaults.get(name)) for name, value in vars(found).items()}
    stored = _stored_flags(given, {**defaults, "knobs": {}})
    new = {name: value for name, value in given.items() if name not in stored or value != stored[name]}
    values = {**defaults, "knobs": {}}
    presets, smoke = presets or {}, smoke or {}
    for source in (_standing_for(stored, presets, smoke), stored, _standing_for(new, presets, smoke), given):
        same = source.get("model", values.get("model")) == values.get("model")
        knobs = {**(values["knobs"] if same else {}), **source.get("knobs", {})}  # those of one network
        values = {**values, **source, "knobs": knobs}
    for name, allowed in names.items():
        _check_name(name, values[name], defaults[name], allowed)
    return SimpleNamespace(**values)


def _parser(headings, texts, choices, description):
    """(the parser, name of a flag -> its default, name of a flag that takes names -> these)."""
    parser = ArgumentParser(
        usage="%(prog)s [flags]", description=description, argument_default=SUPPRESS, add_help=False
    )
    defaults, names = {}, {}
    for heading, flags in headings.items():
        group = parser.add_argument_group(f"flags {heading}")
        for name, default in flags.items():
            if name not in defaults:
                defaults[name] = default
                if default in ("", *choices.get(name, ())) and choices.get(name):
                    names[name] = choices[name]
                _add(group, name, default, texts.get(name, ""), names.get(name, {}))
        if heading == next(iter(headings)):
            group.add_argument("--knob", dest="knobs", action="append", metavar="NAME=VALUE", help=texts["knob"])
    group.add_argument("-h", "--help", action="help", help=texts["help"])
    return parser, defaults, names


def _standing_for(flags, presets, smoke):
    """The flags for which `--preset` and `--smoke` stand."""
    if (preset := flags.get("preset")) and preset not in presets:
        raise unknown("preset", preset, presets)
    return {**presets.get(flags.get("preset"), {}), **(smoke if flags.get("smoke") else {})}


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
    """The flags of the run to continue or to repeat, without those that belong to each start; {} if there is no run."""
    if given.get("config"):
        if given.get("resume"):
            raise InputError("--config and --resume: each takes the flags of a run; leave one of them out")
        return _repeated(given["config"], known)
    return _continued(given, known) if given.get("resume") else {}


def _repeated(path, known):
    """The flags of the run in a folder, or in its `config.json`."""
    about = _read_config(Path(path))
    searches = "space" in about
    if searches != (OF_A_SEARCH in known):
        kinds = ("a search", "a run") if searches else ("a run", "a search")
        raise InputError(f"--config {path}: is of {kinds[0]}, and this recipe repeats {kinds[1]}")
    stored = {name: with_tuples(value) for name, value in about["flags"].items() if name not in ITS_OWN}
    if strange := [flag(name) for name in stored if name not in known]:
        origin = f"{str(about.get('command', 'a recipe')).split(' ')[0]:.60} of kerascnn {about['kerascnn']:.20}"
        raise InputError(f"--config {path}: is of {origin}, with {listed(strange)}, which this recipe does not have")
    try:
        stored = {name: _as_stored(name, value, known[name]) for name, value in stored.items()}
    except InputError as error:
        raise InputError(f"--config {path}: has {error}") from error
    if stored.get("epochs") and stored.get("budget") and not searches:
        stored["budget"] = ""  # so many epochs fitted into it
    return stored


def _read_config(path):
    """The record of a run; of a search in its folder, too."""
    if path.is_dir():
        if not any(os.path.lexists(path / name) for name in RECORDS):
            raise InputError(f"--config {path}: holds no run: there is no config.json in it")
        about = record(path) or json_records.read(path / RECORDS[0], RECORD, within=path)
    else:
        try:
            about = json_records.read(path, RECORD)
        except InputError as error:
            raise InputError(f"--config {error}; what a run leaves is its config.json") from error
    if "flags" not in about:
        raise InputError(f"--config {path}: has no flags of a run")
    return about


def _continued(given, known):
    about = record(given.get("out", ""))
    if "flags" not in about:
        return {}
    stored = {name: with_tuples(value) for name, value in about.get("flags", {}).items() if name not in ITS_OWN}
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


def with_tuples(value):
    """JSON has no tuples."""
    if isinstance(value, list):
        return tuple(map(with_tuples, value))
    if isinstance(value, dict):
        return {name: with_tuples(part) for name, part in value.items()}
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


def _add(group, name, default, text, names):
    if names:
        few = len(names) <= FEW
        text += f": {', '.join(names)}; alone: what each does" if few else "; alone: lists them"
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else str(default).removesuffix(".0")
    text += f" (default: {shown})" if shown and default is not False else ""
    text = text.replace("%", "%%")
    if isinstance(default, bool):
        action = BooleanOptionalAction if default else "store_true"
        group.add_argument(flag(name), dest=name, action=action, help=text)
        return
    metavar = METAVARS.get(name) if isinstance(default, str) else None
    alone = dict(nargs="?", const=LISTED) if names else {}
    group.add_argument(flag(name), dest=name, metavar=metavar or TYPES[type(default)], help=text, **alone)


def _check_name(name, value, default, allowed):
    """An augmentation may be followed by amounts: cifar,mixup=0.2."""
    value = value.partition(",")[0] if name == "augment" else value
    if value != default and value not in allowed and name not in OPEN:
        raise unknown(f"value of {flag(name)}", value, allowed)


def _typed(name, value, default):
    if name == "knobs":
        return dict(map(_knob, value))
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
