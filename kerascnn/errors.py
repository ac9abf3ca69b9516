"""What a user is told when an input is wrong: one line, with what was found and what is allowed."""


class InputError(ValueError):
    """A wrong input. The message is one complete line; command line programs print it and exit with status 2."""


def unknown(kind: str, found: str, allowed) -> InputError:
    """An `InputError` for a misspelt name, with the nearest allowed ones."""
    from difflib import get_close_matches

    allowed = [str(name) for name in allowed]
    near = get_close_matches(str(found), allowed, n=3, cutoff=0.5)
    if near:
        return InputError(f"unknown {kind} {found!r}: did you mean {' or '.join(near)}?")
    return InputError(f"unknown {kind} {found!r}: choose from {', '.join(allowed) or 'none at all'}")


def one_of(what: str, found, allowed) -> None:
    """Raise an `InputError` unless `found` is among `allowed`."""
    if found not in allowed:
        raise InputError(f"{what}={found!r}: must be one of {', '.join(repr(value) for value in allowed)}")


def at_least(what: str, found, smallest) -> None:
    """Raise an `InputError` unless `found` is a number that is not below `smallest`."""
    if not isinstance(found, (int, float)) or isinstance(found, bool) or not found >= smallest:
        raise InputError(f"{what}={found!r}: must be a number, {smallest:g} or more")
