"""The entry point of every recipe."""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..command_line import leave
from ..errors import InputError, TrainingStopped
from .flags import parse
from .procedure.procedure import DEFAULTS


def start(main: Callable, config: dict, smoke: dict | None = None, presets: dict | None = None) -> None:
    """Read the command line and call `main(cfg)`; `cfg` has all flags as attributes.

    Flags are those of `config` and the standard ones. `smoke` has the values for `--smoke`, `presets` those for each
    name of `--preset`; with presets, all fields of a `Procedure` are flags. `--help` prints the recipe's docstring.

    A wrong input ends with one line on stderr and exit status 2, training that cannot continue (a full disk, SIGTERM)
    with one line and status 1, Ctrl-C with one line and status 130. Any other error keeps its traceback.
    """
    out = ""
    with one_line_endings(
        lambda: f"--resume --out {out or '...'}",
        "stopped by Ctrl-C: model.keras, if any, is the best epoch; --resume --out goes on from the last checkpoint",
    ):
        cfg = parse(
            config,
            sys.argv[1:],
            smoke=smoke,
            presets=presets,
            procedure=DEFAULTS if presets else None,
            description=main.__globals__["__doc__"],
        )
        from .distribution.devices import load_tensorflow

        out = cfg.out
        load_tensorflow()
        main(cfg)


@contextmanager
def one_line_endings(resume: Callable[[], str], interrupted: str) -> Iterator[None]:
    """Ends the process with one line and an exit status, as `start` says.

    Args:
        resume: gives the flags that continue, for the message that the disk is full.
        interrupted: the line for Ctrl-C.
    """
    try:
        yield
    except InputError as error:
        leave(f"error: {error}", 2)
    except TrainingStopped as stop:
        leave(f"stopped: {stop}", 1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        leave(f"stopped: the disk is full ({error}); make room, and go on with {resume()}", 1)
    except KeyboardInterrupt:
        leave(interrupted, 130)
