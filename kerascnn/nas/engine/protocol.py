"""What the processes of a search say to each other, which only those can who can read the search's folder.

The chief makes a new secret when it starts, a file that only its user can read. A message has a HMAC of it, so the
secret itself never travels; an answer has one of the request too. Numbers that only grow let no request be repeated.
Messages are not encrypted: who can read the network can read hyperparameters and scores.
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from ...errors import InputError

SECRET = "secret"  # in the folder of a search
BYTES = 32  # of a secret, and of a HMAC
LARGEST = 2**16  # bytes of a request
FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Refused(Exception):
    """A message that isn't from one who knows the secret."""


def make_secret(folder: Path) -> bytes:
    """Write a new secret into the folder of a search, in place of whatever is there, and return it.

    Raises:
        InputError: others can read it there, whatever its mode.
        OSError: it cannot be written.
    """
    key, path = secrets.token_bytes(BYTES), folder / SECRET
    draft = path.with_name(f"{SECRET}.part.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FLAGS, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(key.hex())
            _check(os.fstat(handle), path)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return key


def read_secret(folder: Path) -> bytes | None:
    """The secret of the search in a folder; None where there is none.

    Raises:
        InputError: it is no regular file, others can read it, or it isn't one.
    """
    path = folder / SECRET
    try:
        handle = os.open(path, os.O_RDONLY | FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        _check(os.fstat(handle), path)
        text = os.read(handle, 2 * BYTES + 1)
    finally:
        os.close(handle)
    with suppress(ValueError):
        key = bytes.fromhex(text.decode("ascii"))
        if len(key) == BYTES:
            return key
    raise InputError(f"{path}: isn't the secret of a search")


def _check(status, path):
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: must be a regular file")
    if os.name == "posix" and status.st_mode & 0o077:
        raise InputError(f"{path}: others may read it or write to it; must be its user's alone (mode 600)")


def remove_secret(folder: Path) -> None:
    """The search has ended; what is left of it may be given away."""
    (folder / SECRET).unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------------- the messages


def seal(key: bytes, what: str, content: object) -> bytes:
    """A message: the HMAC of what it is and of its content, then the content as JSON."""
    body = json.dumps(content).encode()
    return _mac(key, what, body) + body


def unseal(key: bytes | None, what: str, message: bytes) -> object:
    """The content of a message, which is not looked at before its HMAC is.

    Raises:
        Refused: its HMAC is another.
        ValueError: its content is no JSON, or too deep.
    """
    mac, body = message[:BYTES], message[BYTES:]
    if key is None or not hmac.compare_digest(mac, _mac(key, what, body)):
        raise Refused
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("too deep") from error


def answer_to(name: str, request: bytes) -> str:
    """What an answer to a request is, for its HMAC."""
    return f"answer {name} {request[:BYTES].hex()}"


def _mac(key, what, body):
    return hmac.digest(key, len(what).to_bytes(4, "big") + what.encode() + body, hashlib.sha256)


# ---------------------------------------------------------------------------------------------------------- the calls


def _text(most):
    return lambda value: isinstance(value, str) and 0 < len(value) <= most


def _whole(value):
    return type(value) is int and 0 <= value < 2**63


def _numbers(value):
    """Names with numbers. Some may be infinite or NaN, as a loss may."""
    return isinstance(value, dict) and all(
        0 < len(name) <= 100 and (type(number) is float or (type(number) is int and abs(number) < 2**63))
        for name, number in value.items()
    )


ALWAYS = {"worker": _text(200), "number": _whole}
CALLS = {  # what they take
    "create_trial": ALWAYS,
    "update_trial": {**ALWAYS, "trial_id": _text(100), "metrics": _numbers, "step": _whole},
    "get_trial": {**ALWAYS, "trial_id": _text(100)},
    "end_trial": {
        **ALWAYS,
        "trial_id": _text(100),
        "status": lambda value: value in ("RUNNING", "COMPLETED", "FAILED", "INVALID", "STOPPED"),
        "message": lambda value: value is None or value == "" or _text(10_000)(value),
    },
}


def check(name: str, request: object) -> None:
    """Raise a ValueError unless a request is what a call takes."""
    if not isinstance(request, dict) or request.keys() != CALLS[name].keys():
        raise ValueError(f"must have {', '.join(CALLS[name])}")
    for field, is_right in CALLS[name].items():
        if not is_right(request[field]):
            raise ValueError(f"wrong {field}")
