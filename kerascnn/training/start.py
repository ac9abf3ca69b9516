"""The entry point of every recipe."""

import errno
import sys
from collections.abc import Callable

from ..errors import InputError
from .config import parse


class TrainingStopped(Exception):
    """Training cannot go on. The message is one complete line."""


def start(main: Callable, config: dict, smoke: dict | None = None, presets: dict | None = None) -> None:
    """Read the command line and call `main(cfg)`; `cfg` has the flags of `config` and the standard ones as attributes.

    `smoke` holds the values that `--smoke` puts in place of defaults, `presets` by name those of `--preset`. `--help`
    prints the docstring of the recipe.

    A wrong input ends in one line on stderr and exit status 2, training that cannot go on (a full disk, SIGTERM) in one
    line and 1, Ctrl-C in one line and 130. Any other error keeps its traceback.
    """
    try:
        cfg = parse(config, sys.argv[1:], smoke=smoke, presets=presets, about=main.__globals__["__doc__"])
        from .devices import load_tensorflow

        load_tensorflow()
        main(cfg)
    except InputError as error:
        _leave(f"error: {error}", 2)
    except TrainingStopped as stop:
        _leave(f"stopped: {stop}", 1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _leave(f"stopped: the disk is full ({error}); make room, and go on with --resume --out {cfg.out or '...'}", 1)
    except KeyboardInterrupt:
        _leave("stopped by Ctrl-C: model.keras is the best epoch; --resume --out goes on from the last checkpoint", 130)


def _leave(line, status):
    sys.stdout.flush()
    print(line, file=sys.stderr)
    sys.exit(status)
