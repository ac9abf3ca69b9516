"""How a process is asked to end: by Ctrl-C (SIGINT), by SIGTERM, or because its terminal was closed (SIGHUP).

It ends at once, by `AskedToEnd`, unless it trains: then `resume.callback.Checkpoints` lets the step end, and writes a
checkpoint. A signal that is ignored, like SIGHUP by `nohup`, stays so.

Libraries in C, like those of TensorFlow, may drop what a handler raises, and go on. So the signal comes again until the
process ends.
"""

import os
import signal
import threading
from collections.abc import Callable

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
if hasattr(signal, "SIGHUP"):
    NAMES[signal.SIGHUP] = "SIGHUP"

AGAIN = 1.0  # seconds
received: list[int] = []  # in their order; libraries make other errors of what a handler raises
_timers: list[threading.Timer] = []


class AskedToEnd(KeyboardInterrupt):
    """A signal has asked this process to end; like Ctrl-C it passes every `except Exception`.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int):
        super().__init__(f"by {NAMES[number]}")
        self.number = number


def listen(handler: Callable) -> dict:
    """Let a handler have these signals; gives back what `restore` takes. In a thread nothing changes: Python gives
    signals to the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    numbers = [number for number in NAMES if signal.getsignal(number) != signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in numbers}


def restore(before: dict) -> None:
    """Give the signals back to the handlers that had them before."""
    for number, handler in before.items():
        signal.signal(number, handler or signal.SIG_DFL)


def end_at_once(number: int, frame) -> None:
    """A handler, until `settled`."""
    received.append(number)
    settled()
    _timers.append(threading.Timer(AGAIN, os.kill, (os.getpid(), number)))
    _timers[0].daemon = True
    _timers[0].start()
    raise AskedToEnd(number)


def settled() -> None:
    """The process ends, so the signal needs not come again."""
    while _timers:
        _timers.pop().cancel()
