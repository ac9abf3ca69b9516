"""Errors and checks of inputs: each message is one line with what was found and what is allowed."""

import sys
from collections.abc import Sequence
from typing import Any

LONGEST = 120  # letters of what was found, in a message


class InputError(ValueError):
    """A wrong input. The message is one complete line; command line programs print it and exit with status 2."""


def shown(found) -> str:
    """What was found, as Python writes it, on one line and not too long."""
    try:
        text = " ".join(repr(found).split())
    except Exception:  # it is nested too deeply, or has a fault of its own
        text = f"<{type(found).__name__}>"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 20]}...{text[-17:]}"


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its name where it says nothing."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names with commas in between; of many the first."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def unknown(kind: str, found: str, allowed) -> InputError:
    """An `InputError` for a misspelt name, with the nearest allowed ones."""
    from difflib import get_close_matches

    allowed = [str(name) for name in allowed]
    near = get_close_matches(found[:LONGEST] if isinstance(found, str) else shown(found), allowed, n=3, cutoff=0.5)
    if near:
        return InputError(f"unknown {kind} {shown(found)}: did you mean {' or '.join(near)}?")
    return InputError(f"unknown {kind} {shown(found)}: choose from {', '.join(allowed) or 'none at all'}")


def one_of(what: str, found, allowed) -> None:
    """Raise an `InputError` unless `found` is among `allowed`."""
    value = as_python(found)
    if not any(_same(value, choice) for choice in allowed):
        raise InputError(f"{what}={shown(found)}: must be one of {', '.join(map(repr, allowed))}")


def _same(found, value) -> bool:
    """Equal and of one type; Python takes 1, 1.0 and True for equal, of which here 1 passes for 1.0."""
    return (type(found) is type(value) or (type(found), type(value)) == (int, float)) and found == value


def as_python(value, depth: int = 8) -> Any:
    """A value in Python's own numbers and lists where it has numpy's, also within tuples, lists and dictionaries down
    to a depth."""
    if type(value) in (int, float, str, bool):
        return value
    if depth and type(value) in (tuple, list):
        return type(value)(as_python(inner, depth - 1) for inner in value)
    if depth and type(value) is dict:
        return {name: as_python(inner, depth - 1) for name, inner in value.items()}
    numpy = sys.modules.get("numpy")  # where it isn't loaded, nothing is numpy's
    return value.tolist() if numpy and isinstance(value, (numpy.generic, numpy.ndarray)) else value


def between(what: str, found, smallest, largest) -> None:
    """Raise an `InputError` unless `found` is a number from `smallest` to `largest`."""
    number = as_python(found)
    if not isinstance(number, (int, float)) or isinstance(number, bool) or not smallest <= number <= largest:
        raise InputError(f"{what}={shown(found)}: must be a number from {smallest:g} to {largest:g}")


LARGEST = 2**16  # more filters or groups than any machine holds
MOST_BLOCKS = 1000  # Keras walks a network by recursion


def count(what: str, found) -> None:
    """Raise an `InputError` unless `found` is a whole number, 1 or more, and of a sensible size."""
    number = as_python(found)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise InputError(f"{what}={shown(found)}: must be a whole number, 1 or more")
    if number > LARGEST:
        raise InputError(f"{what}={shown(found)}: must be a whole number, {LARGEST} or less")


def counts(what: str, found, length: int | None = None) -> None:
    """Raise an `InputError` unless `found` is a sequence (of this length) of whole numbers, each a `count`."""
    numbers = as_python(found)
    whole = isinstance(numbers, (tuple, list)) and all(type(n) is int and n > 0 for n in numbers)
    if not whole or not numbers or length not in (None, len(numbers)):
        numbers = f"{length} whole numbers" if length else "whole numbers"
        raise InputError(f"{what}={shown(found)}: must be {numbers} of 1 or more, like {(2,) * (length or 4)}")
    if max(numbers) > LARGEST:
        count(what, max(numbers))


def depths(what: str, found, length: int | None = None) -> None:
    """Raise an `InputError` unless `found` are `counts` of blocks that can be built."""
    counts(what, found, length)
    if sum(found) > MOST_BLOCKS:
        raise InputError(f"{what}={shown(found)}: must be {MOST_BLOCKS:,} or less together")


class TrainingStopped(Exception):
    """Training cannot go on. The message is one complete line."""
