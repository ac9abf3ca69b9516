"""JSON of bounded size and depth, checked against a schema.

A schema is what the value looks like:

    str, int, float, bool, dict, list   a value of this type; float: a finite number, whole or not
    Real                                a number, NaN and infinity, too
    None                                null
    object                              anything
    range(1, 11)                        a whole number in it
    {"a", "b"}                          one of these words
    (A, B)                              either
    [A]                                 a list of A
    {"name": A, "more?": B}             an object with these entries, `more` may be missing; further ones are ignored
    {str: A}                            an object whose entries all are A
"""

import json
import re
from itertools import accumulate
from numbers import Real
from pathlib import Path
from typing import Any

from ..errors import InputError
from .local_files import read_bytes

MOST = 2**24  # bytes
DEEPEST = 64
LARGEST = 1e300
STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
WORDS = {
    str: "text",
    int: "a whole number",
    float: "a finite number",
    Real: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def read(path: str | Path, schema=object, most: int = MOST, within: Path | None = None) -> Any:
    """The content of a JSON file.

    Args:
        path: of the file.
        schema: what it must look like; see above.
        most: its largest size in bytes.
        within: the folder out of which no link may lead.

    Raises:
        InputError: it cannot be read, is no JSON, nests too deeply, or does not fit the schema.
    """
    return parse(read_bytes(path, most, within), path, schema)


def parse(content: bytes | str, what: str | Path, schema=object) -> Any:
    """The value of a JSON text; `what` it is, is named in errors. Raises the errors of `read`."""
    try:
        text = content if isinstance(content, str) else content.decode()
        if _depth(text) > DEEPEST:
            raise InputError(f"{what}: nests more than {DEEPEST} levels deep")
        value = json.loads(text)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{what}: is no JSON: {error}") from error
    check(value, schema, what)
    return value


def check(value, schema, what: str | Path) -> None:
    """Raise an `InputError` unless a value looks like the schema says."""
    if misfit := _misfit(value, schema, ""):
        raise InputError(f"{what}: {misfit}")


def _depth(text: str) -> int:
    brackets = (STEPS.get(letter, 0) for letter in re.sub(r"[^\[\]{}]+", "", STRING.sub("", text)))
    return max(accumulate(brackets), default=0)


def _misfit(value, schema, where) -> str:
    """What does not fit, and where; empty where all does."""
    if isinstance(schema, dict) and isinstance(value, dict):
        if str in schema:
            return next(
                filter(None, (_misfit(part, schema[str], _in(where, name)) for name, part in value.items())), ""
            )
        for name, inner in schema.items():
            key = name.removesuffix("?")
            if key not in value and not name.endswith("?"):
                return f"{_in(where, key)} is missing"
            if key in value and (found := _misfit(value[key], inner, _in(where, key))):
                return found
        return ""
    if isinstance(schema, list) and isinstance(value, list):
        return next(filter(None, (_misfit(part, schema[0], f"{where}[{i}]") for i, part in enumerate(value))), "")
    if _fits(value, schema):
        return ""
    return f"{where or 'it'} is {_short(value)}: must be {_described(schema)}"


def _fits(value, schema) -> bool:
    if isinstance(schema, tuple):
        return any(not _misfit(value, choice, "") for choice in schema)
    if isinstance(schema, (range, set, frozenset)):
        return type(value) is (int if isinstance(schema, range) else str) and value in schema
    if schema is float:
        return type(value) in (int, float) and -LARGEST < value < LARGEST
    if schema is Real:
        return type(value) in (int, float)
    return schema is object or (value is None if schema is None else type(value) is schema)


def _in(where, name):
    return f"{where}.{name}" if where else name


def _described(schema) -> str:
    if isinstance(schema, tuple):
        return " or ".join(map(_described, schema))
    if isinstance(schema, range):
        return f"a whole number from {schema[0]} to {schema[-1]}"
    if isinstance(schema, (set, frozenset)):
        return f"one of {', '.join(sorted(schema))}"
    if isinstance(schema, list):
        return f"a list, each of it {_described(schema[0])}"
    return "null" if schema is None else WORDS.get(schema if isinstance(schema, type) else dict, "given")


def _short(value) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
