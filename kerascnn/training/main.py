"""The entry point of every recipe."""

import atexit
import errno
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .. import catalog
from ..command_line import leave, limit_pixels
from ..data.augmentation import policies
from ..errors import InputError, TrainingStopped
from . import run_folder, signals
from .distribution import devices
from .flags import parse
from .procedure.presets import described
from .procedure.procedure import CHOICES, under_headings


def start(
    main: Callable,
    config: dict,
    smoke: dict | None = None,
    presets: dict | None = None,
    help: dict[str, str] | None = None,
) -> None:
    """Read the command line and call `main(cfg)`; `cfg` has all flags as attributes.

    Flags are those of `config` and the standard ones. `smoke` has the values for `--smoke`, `presets` those for each
    name of `--preset`; with presets, all fields of a `Procedure` are flags. `--help` prints the recipe's docstring, and
    of each flag what `help` says, or else `flag_help.HELP`.

    A wrong input ends with one line on stderr and exit status 2, training that cannot continue (a full disk, SIGTERM)
    with one line and status 1, Ctrl-C with one line and status 130. Any other error keeps its traceback.
    """
    with one_line_endings():
        cfg = parse(
            config,
            sys.argv[1:],
            smoke=smoke,
            presets=presets,
            more=under_headings() if presets else None,
            help=help,
            choices=_names(config, presets),
            description=main.__globals__["__doc__"],
        )
        limit_pixels(cfg.max_pixels)
        devices.load_tensorflow()
        main(cfg)
    atexit.register(signals.listen, signal.SIG_IGN)  # the run is complete; libraries take their time to end


def _names(config, presets):
    """What the names do that flags of the recipe take."""
    found = {}
    if "augment" in config or "warp" in config:
        found |= {"augment": policies.AUGMENTS_DO, "warp": policies.WARPS_DO}
    if "model" in config:
        cards = map(catalog.card, catalog.names(task="classify"))
        found["model"] = {card.name: f"{card.paper.authors} {card.paper.year}" for card in cards}
    if presets:
        found |= {"preset": described(presets)} | CHOICES
    return found


@contextmanager
def one_line_endings() -> Iterator[None]:
    """Ends the process with one line and an exit status, as `start` says. What is lost and what is not stands in the
    line; see `run_folder.what_goes_on`."""
    already = len(signals.received)
    before = signals.listen(signals.end_at_once)
    try:
        yield
    except Exception as error:
        signals.settled()
        signals.listen(signal.SIG_DFL)
        if len(signals.received) > already:  # whatever a library has made of it
            _stopped_by(signals.received[-1])
        if isinstance(error, InputError):
            leave(f"error: {error}", 2)
        if isinstance(error, TrainingStopped):
            leave(f"stopped: {error}", 1)
        if reason := _of_the_folder(error):
            leave(f"stopped: {reason}; {run_folder.what_goes_on()}", 1)
        if fault := _of_the_images(error):
            leave(f"error: {fault}", 2)
        raise
    except KeyboardInterrupt as error:
        signals.settled()
        signals.listen(signal.SIG_DFL)
        _stopped_by(getattr(error, "number", signal.SIGINT))
    finally:
        signals.settled()
        signals.restore(before)


def _stopped_by(number):
    goes_on = f"; {run_folder.what_goes_on()}" if devices.is_chief() else ""
    leave(f"stopped by {signals.NAMES[number]}{goes_on}", 130 if number == signal.SIGINT else 1)


def _of_the_folder(error):
    """Why the run folder cannot be used any more, where it is that."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full ({error}); make room"
    if isinstance(error, OSError) and (file := run_folder.holds(error.filename)):
        return f"{file}: {error.strerror}"
    if number in (errno.EIO, errno.ESTALE):
        return f"the disk has failed ({error})"
    return None


def _of_the_images(error):
    """What is wrong with the image file at which TensorFlow stopped, where it is that."""
    if not type(error).__module__.startswith("tensorflow"):
        return None
    from ..data.sources.examples import broken_file

    return broken_file(error)
