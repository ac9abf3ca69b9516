"""A search by several processes: a chief, which has the oracle, and workers, which train.

They find each other by keras-tuner's environment variables, on one machine or on several that see the same folder:

    KERASTUNER_TUNER_ID       "chief", or a worker's own name, which it keeps when it is started again
    KERASTUNER_ORACLE_IP      where the chief listens; 127.0.0.1 unless told otherwise
    KERASTUNER_ORACLE_PORT

The chief answers only those who can read the folder, see `protocol`; whatever others send is refused and changes
nothing. Nothing is encrypted.

A worker says every `BEAT` seconds that it is alive. Any of them may be killed and started again at any time.
"""

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from ... import errors
from ...errors import InputError, TrainingStopped
from ...training import launch
from . import protocol

BEAT = 2.0  # seconds between a worker's signs of life
PATIENCE = 300.0  # seconds that workers wait for a chief, and a chief for workers
LEAVING = 2.0  # seconds that a worker waits for the chief when it was asked to end
PARTING = 3.0  # seconds that all have to end when one has
DEATHS = 8  # that a process may die in a row, each time within
YOUNG = 60.0  # seconds
LAG = 10.0  # seconds that a shared disk may take to show a new chief's secret
SERVICE = "kerascnn.Oracle"
CHANNEL = [("grpc.max_reconnect_backoff_ms", 2000), ("grpc.enable_http_proxy", 0)]
THREADS = 64  # in which the chief answers; while a strategy thinks, all workers wait in one
AT_ONCE = 512  # calls, and connections
SERVER = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", protocol.LARGEST),
    ("grpc.max_metadata_size", 8192),
    ("grpc.max_allowed_incoming_connections", AT_ONCE),
    ("grpc.server_handshake_timeout_ms", 10_000),
]


class ChiefGone(TrainingStopped):
    """The chief doesn't answer."""


def role() -> str | None:
    """Whether this process is a "chief", a "worker", or, None, searches alone.

    Raises:
        InputError: keras-tuner's environment variables are incomplete.
    """
    name, port = os.environ.get("KERASTUNER_TUNER_ID"), os.environ.get("KERASTUNER_ORACLE_PORT")
    if port is None and "KERASTUNER_ORACLE_IP" not in os.environ:
        return None
    if not name:
        raise InputError("KERASTUNER_TUNER_ID is missing: must be chief, or this worker's name")
    if not (port or "").isdecimal() or not 0 < int(port) < 2**16:
        raise InputError(f"KERASTUNER_ORACLE_PORT={port or ''}: must be a number from 1 to {2**16 - 1}")
    return "chief" if "chief" in name else "worker"


def address() -> str:
    """Where the chief listens."""
    return f"{os.environ.get('KERASTUNER_ORACLE_IP', '127.0.0.1')}:{os.environ['KERASTUNER_ORACLE_PORT']}"


# ----------------------------------------------------------------------------------------------------------- the chief


def serve(oracle) -> None:
    """Answer workers until the search has ended and all that are alive know it.

    Args:
        oracle: a `Kept` one, open.

    Raises:
        InputError: the address is taken, or not this machine's; or the folder keeps no secret.
        TrainingStopped: no network could be trained; or there has been no worker for `PATIENCE` seconds.
        OSError: the search cannot be written.
    """
    import grpc

    service = _ChiefService(oracle)
    handlers = {name: grpc.unary_unary_rpc_method_handler(partial(service.answer, name)) for name in protocol.CALLS}
    server = grpc.server(ThreadPoolExecutor(THREADS), options=SERVER, maximum_concurrent_rpcs=AT_ONCE)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    try:
        server.add_insecure_port(address())
    except RuntimeError as error:
        raise InputError(f"the chief cannot listen at {address()}: taken, or not an address of this machine") from error
    service.key = protocol.make_secret(oracle.folder)
    server.start()
    try:
        while not service.is_done():
            if service.error:
                raise service.error
            if time.monotonic() - service.heard > PATIENCE:
                raise TrainingStopped(f"no worker for {PATIENCE:g} seconds; the search goes on from where it was")
            time.sleep(0.1)
    finally:
        server.stop(grace=1).wait()
        protocol.remove_secret(oracle.folder)
    oracle.conclude()


class _ChiefService:
    """The chief's side of the calls of its workers.

    Trials go over the wire as JSON: keras-tuner's protocol leaves out why they failed, rounds their curves, and prints
    while it packs them.
    """

    def __init__(self, oracle):
        self.oracle, self.error, self.heard, self.key = oracle, None, time.monotonic(), None
        self.workers, self.dismissed = set(), set()
        self.numbers, self.lock = {}, threading.Lock()

    def answer(self, name, message, context):
        """The answer to a call, as bytes. What is no call of a worker is refused before anything is done."""
        import grpc

        try:
            request = protocol.unseal(self.key, name, message)
            protocol.check(name, request)
        except protocol.Refused:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "does not know the secret of the search")
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{name}: {error}")
        worker, number = request["worker"], request.pop("number")
        with self.lock:
            last = self.numbers.get(worker, 0)
            self.numbers[worker] = max(last, number)
        if number <= last:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(last))
        self.workers.add(worker)
        self.oracle.hear(worker)
        self.heard = time.monotonic()
        try:
            content = getattr(self, name)(**request) or {}
            return protocol.seal(self.key, protocol.answer_to(name, message), content)
        except Exception as error:
            self.error = error
            context.abort(grpc.StatusCode.ABORTED, str(error))

    def is_done(self):
        """Whether there is nothing more to do, and nobody alive who doesn't know."""
        return bool(self.dismissed) and not any(map(self.oracle.is_alive, self.workers - self.dismissed))

    def create_trial(self, worker):
        trial = self.oracle.create_trial(worker)
        if trial.status == "STOPPED":
            self.dismissed.add(worker)
        return trial.get_state()

    def update_trial(self, worker, trial_id, metrics, step):
        trial = self.oracle.update_trial(trial_id, metrics, step)
        if trial.status == "RUNNING" and not self.oracle.has(worker, trial_id):
            trial.status = "IDLE"  # another one has it
        return trial.get_state()

    def get_trial(self, worker, trial_id):
        return self.oracle.get_trial(trial_id).get_state()

    def end_trial(self, worker, trial_id, status, message):
        trial = self.oracle.get_trial(trial_id)
        trial.status, trial.message = status, message
        if status != "RUNNING" or self.oracle.has(worker, trial_id):  # one lets go only its own
            self.oracle.end_trial(trial)


# ----------------------------------------------------------------------------------------------------------- a worker


def client(oracle, folder: Path):
    """The chief's oracle, as a worker has it. Where the chief is away, it waits for it.

    Its calls raise `ChiefGone` when the chief has ended, has been away for `PATIENCE` seconds, or has another secret
    than the folder; an `InputError` where others can read that secret.
    """
    return _Client(oracle, folder)


class _Client:
    def __init__(self, oracle, folder):
        import grpc

        self.objective, self.max_trials, self.patience = oracle.objective, oracle.max_trials, PATIENCE
        self.folder, self.number, self.lock = Path(folder), 0, threading.Lock()
        self.worker, channel = os.environ["KERASTUNER_TUNER_ID"], grpc.insecure_channel(address(), CHANNEL)
        self.calls = {name: channel.unary_unary(f"/{SERVICE}/{name}") for name in protocol.CALLS}

    def create_trial(self, tuner_id):
        return self._trial("create_trial")

    def update_trial(self, trial_id, metrics, step=0):
        return self._trial("update_trial", trial_id=trial_id, metrics=metrics, step=step)

    def get_trial(self, trial_id):
        return self._trial("get_trial", trial_id=trial_id)

    def end_trial(self, trial):
        self._call("end_trial", trial_id=trial.trial_id, status=trial.status, message=trial.message)

    def let_go(self, trial):
        trial.status, self.patience = "RUNNING", LEAVING
        with suppress(ChiefGone):
            self.end_trial(trial)

    def _trial(self, name, **request):
        from keras_tuner.engine.trial import Trial

        return Trial.from_state(self._call(name, **request))

    def _call(self, name, **request):
        import grpc

        codes = grpc.StatusCode
        until, refused = time.monotonic() + self.patience, None
        while (left := until - time.monotonic()) > 0:
            key = protocol.read_secret(self.folder)  # a new one where the chief was started again
            if key is None:
                time.sleep(0.2)
                continue
            message = protocol.seal(key, name, {"worker": self.worker, "number": self._next(), **request})
            try:
                answer = self.calls[name](message, wait_for_ready=True, timeout=left)
                return protocol.unseal(key, protocol.answer_to(name, message), answer)
            except (protocol.Refused, ValueError) as error:
                raise ChiefGone(f"who answers at {address()} does not know the secret of {self.folder}") from error
            except grpc.RpcError as error:
                code, details = error.code(), error.details() or ""
                if code == codes.ABORTED:
                    raise ChiefGone(f"the chief has ended: {details}") from error
                if code == codes.FAILED_PRECONDITION and details.isdecimal() and len(details) < 20:
                    self._next(int(details))
                    continue
                if code == codes.UNAUTHENTICATED:
                    refused = refused or time.monotonic()
                    if time.monotonic() - refused > LAG:
                        raise ChiefGone(
                            f"the chief at {address()} has another secret than {self.folder}: is it the same folder?"
                        ) from error
                elif code not in (codes.UNAVAILABLE, codes.DEADLINE_EXCEEDED, codes.RESOURCE_EXHAUSTED):
                    raise ChiefGone(f"the chief at {address()} refuses {name}: {code.name} {details}") from error
                time.sleep(0.2)
        raise ChiefGone(f"the chief at {address()} has not answered for {self.patience:g} seconds")

    def _next(self, least=0):
        """A number greater than all before, also those of a process that had this worker's name before."""
        with self.lock:
            self.number = max(self.number + 1, least + 1, time.time_ns())
            return self.number


@contextmanager
def heartbeat(oracle, trial_id: str) -> Iterator[None]:
    """Let the chief know, from a thread, that this worker is alive."""
    done = threading.Event()

    def beat():
        while not done.wait(BEAT):
            with suppress(Exception):  # who works on finds out by itself
                oracle.get_trial(trial_id)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()


# ------------------------------------------------------------------------------------------------------ all of them


class _Member:
    """A process that is started again when it is killed."""

    def __init__(self, name, command, environment, output):
        self.name, self.command, self.environment, self.output = name, command, environment, output
        self.deaths = 0
        self.start()

    def start(self):
        self.began = time.monotonic()
        self.process = launch.start(self.command, self.environment, *self.output)

    def poll(self):
        """The exit status; None for one that runs, again after it was killed."""
        status = self.process.poll()
        if status is None or status >= 0:
            return status
        self.deaths = self.deaths + 1 if time.monotonic() - self.began < YOUNG else 1
        if self.deaths > DEATHS:
            raise TrainingStopped(f"{self.name} was killed {self.deaths} times in a row, by signal {-status}")
        self.start()
        return None


def _failure(members):
    """What is told when one has ended by itself: the first does, the chief, if it has; it may just be about to."""
    launch.wait([members[0].process], PARTING)
    failed = next(member for member in members if member.process.poll())
    lines = launch.last_lines(failed.output[1]) or ["nothing said"]
    for line in lines[:-1]:
        print(line, file=sys.stderr)
    status, last = failed.process.returncode, lines[-1].removeprefix("stopped: ")
    return TrainingStopped(f"{failed.name} ended with status {status}: {last}")


def start_workers(command: list[str], workers: int) -> None:
    """Search on this machine with several processes: a chief, whose lines are seen, and workers, which share its cores
    and GPUs. Returns when the search has ended.

    One that is killed is started again. When one fails by itself all are ended. SIGTERM and SIGINT are handed on.

    Args:
        command: a Python script and its arguments, in which `Tuner.search` is what `role` says.
        workers: the number of processes that train.

    Raises:
        InputError: it is not a number of workers.
        TrainingStopped: one of them failed, or was killed again and again, or all were asked to end.
        KeyboardInterrupt: by Ctrl-C.
    """
    errors.count("workers", workers)
    members, asked = [], []

    def hand_on(number, frame):
        asked.append(number)
        for member in members[1:]:  # who let their trials go; the chief ends after them
            member.process.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGTERM, signal.SIGINT)}
    with ExitStack() as stack:
        stack.callback(lambda: [signal.signal(number, handler) for number, handler in before.items()])
        stack.callback(lambda: launch.end([member.process for member in members]))
        [listens] = launch.free_addresses(1)
        for name, environment in _environments(listens, workers):
            said = stack.enter_context(tempfile.TemporaryFile())
            members.append(_Member(name, command, environment, (None if name == "chief" else said, said)))
        while not asked:
            statuses = [member.poll() for member in members]
            if any(statuses):
                raise _failure(members)
            if statuses[0] == 0:
                launch.wait([member.process for member in members], PARTING)
                return
            time.sleep(0.1)
        launch.wait([member.process for member in members[1:]], launch.GRACE)
    if signal.SIGINT in asked:
        raise KeyboardInterrupt
    raise TrainingStopped("by SIGTERM; the search goes on from where it was")


def _environments(listens, workers):
    """(name, environment) of the chief and the workers."""
    ip, _, port = listens.rpartition(":")
    common = {"KERASTUNER_ORACLE_IP": ip, "KERASTUNER_ORACLE_PORT": port}
    yield "chief", {**common, "KERASTUNER_TUNER_ID": "chief", "CUDA_VISIBLE_DEVICES": "-1"}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = str(max(1, cores // workers))
    gpus = _gpus()
    for i in range(workers):
        its_own = {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads, "OMP_NUM_THREADS": threads}
        if gpus:
            share = gpus[i::workers] or [gpus[i % len(gpus)]]
            its_own |= {"CUDA_VISIBLE_DEVICES": ",".join(share), "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
        yield f"worker{i}", {**common, "KERASTUNER_TUNER_ID": f"worker{i}", **its_own}


def _gpus():
    """Those of NVIDIA that there are, as CUDA_VISIBLE_DEVICES says them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [gpu for gpu in visible.split(",") if gpu and gpu != "-1"]
    found = Path("/proc/driver/nvidia/gpus")
    return [str(i) for i in range(len(list(found.iterdir())))] if found.is_dir() else []
