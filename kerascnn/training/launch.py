"""Start a recipe several times on this machine, as if each were on a machine of its own.

    python -m kerascnn.training.launch --workers 2 recipes/classify.py --batch 64

What the first of them, the chief, prints is seen. If one fails all are ended; its last lines are shown, and its exit
status is handed on. TensorFlow's processes listen at all addresses of a machine and run what anybody sends them, so
they belong in a network of friends, see SECURITY.md. On a cluster Slurm, Kubernetes or Ray do this: all that a recipe
needs is its TF_CONFIG.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from argparse import REMAINDER
from contextlib import ExitStack

from ..command_line import ArgumentParser, leave
from ..errors import InputError, count

HANDED_ON = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]
GRACE = 30  # seconds in which the chief may write a checkpoint when it is asked to end
LINES = 20  # that are shown of a worker that failed
# A process that Linux kills when its parent ends (prctl's PR_SET_PDEATHSIG), and that then becomes another one.
# Python's preexec_fn would be shorter, but gRPC's threads sometimes abort a process that is forked that way.
ENDS_WITH_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


def launch(command: list[str], workers: int) -> int:
    """Run a Python script in several processes that train together.

    SIGTERM, SIGINT and SIGHUP are handed on to all of them.

    Args:
        command: the script and its arguments.
        workers: the number of processes.

    Returns:
        The exit status: 0, or that of the process that failed first.
    """
    processes, outputs, asked = [], [], []

    def hand_on(number, frame):
        asked.append(number)
        for process in processes:
            process.send_signal(number)

    for number in HANDED_ON:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, hand_on)
    try:
        addresses = free_addresses(workers)
        for i in range(workers):
            config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": i}}
            outputs.append(tempfile.TemporaryFile() if i else None)  # noqa: SIM115
            processes.append(start(command, {"TF_CONFIG": json.dumps(config)}, outputs[i], outputs[i]))
        failed = _first_failure(processes)
    finally:
        for process in processes[1:]:  # they have nothing to write
            process.kill()
        end(processes)
    if failed is None:
        return 0
    status = processes[failed].returncode
    if failed and not asked:
        lines = last_lines(outputs[failed])
        print(*lines, f"error: worker {failed} ended with status {status}", sep="\n", file=sys.stderr)
    return status if status > 0 else 128 - status


def free_addresses(number: int) -> list[str]:
    """Of this machine; the sockets are held together, so that the ports differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [f"127.0.0.1:{held.getsockname()[1]}" for held in sockets]


def start(command: list[str], environment: dict[str, str], stdout=None, stderr=None) -> subprocess.Popen:
    """Start a Python script that ends with this process; None is this process's own output.

    Args:
        command: the script and its arguments.
        environment: what its environment has besides.
        stdout, stderr: open files.
    """
    ends_with_parent = ["-ISc", ENDS_WITH_PARENT, str(os.getpid()), sys.executable] if sys.platform == "linux" else []
    return subprocess.Popen(
        [sys.executable, *ends_with_parent, *command],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,  # Ctrl-C shall reach it only through this process
    )


def _first_failure(processes):
    """Wait for all; the number of the first that failed, or None."""
    while True:
        statuses = [process.poll() for process in processes]
        for i, status in enumerate(statuses):
            if status:
                return i
        if None not in statuses:
            return None
        time.sleep(0.1)


def end(processes: list[subprocess.Popen]) -> None:
    """End those that still run; they may write a checkpoint."""
    for process in processes:
        process.terminate()
    wait(processes, GRACE)
    for process in processes:
        process.kill()
        process.wait()


def wait(processes: list[subprocess.Popen], seconds: float) -> None:
    """Until all have ended, but no longer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(process.poll() is None for process in processes):
        time.sleep(0.1)


def last_lines(file) -> list[str]:
    """Of what a process has said into a file."""
    file.seek(0)
    return file.read().decode(errors="replace").splitlines()[-LINES:]


def main() -> None:
    parser = ArgumentParser("python -m kerascnn.training.launch", description=__doc__)
    parser.add_argument("--workers", type=int, required=True, help="the number of processes")
    parser.add_argument("recipe", help="a Python script")
    parser.add_argument("flags", nargs=REMAINDER, help="the flags of the recipe")
    try:
        given = parser.parse_args()
        count("workers", given.workers)
        if not os.path.isfile(given.recipe):
            raise InputError(f"{given.recipe}: no such file")
    except InputError as error:
        leave(f"error: {error}", 2)
    sys.exit(launch([given.recipe, *given.flags], given.workers))


if __name__ == "__main__":
    main()
