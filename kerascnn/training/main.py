"""The entry point of every recipe."""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import InputError, TrainingStopped
from .flags import parse


def start(main: Callable, config: dict, smoke: dict | None = None, presets: dict | None = None) -> None:
    """Read the command line and call `main(cfg)`; `cfg` has the flags of `config` and the standard ones as attributes.

    `smoke` holds the values that `--smoke` puts in place of defaults, `presets` by name those of `--preset`. `--help`
    prints the docstring of the recipe.

    A wrong input ends in one line on stderr and exit status 2, training that cannot go on (a full disk, SIGTERM) in one
    line and 1, Ctrl-C in one line and 130. Any other error keeps its traceback.
    """
    out = ""
    with one_line_endings(
        lambda: f"--resume --out {out or '...'}",
        "stopped by Ctrl-C: model.keras, if any, is the best epoch; --resume --out goes on from the last checkpoint",
    ):
        cfg = parse(config, sys.argv[1:], smoke=smoke, presets=presets, description=main.__globals__["__doc__"])
        from .distribution.devices import load_tensorflow

        out = cfg.out
        load_tensorflow()
        main(cfg)


@contextmanager
def one_line_endings(resume: Callable[[], str], interrupted: str) -> Iterator[None]:
    """Ends the process with one line and an exit status where `start` says so.

    Args:
        resume: the flags that go on, told when the disk is full.
        interrupted: the line for Ctrl-C.
    """
    try:
        yield
    except InputError as error:
        _leave(f"error: {error}", 2)
    except TrainingStopped as stop:
        _leave(f"stopped: {stop}", 1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _leave(f"stopped: the disk is full ({error}); make room, and go on with {resume()}", 1)
    except KeyboardInterrupt:
        _leave(interrupted, 130)


def _leave(line, status):
    sys.stdout.flush()
    print(line, file=sys.stderr)
    sys.exit(status)
