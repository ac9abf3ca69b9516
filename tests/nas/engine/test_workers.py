"""A chief and workers that are killed, with trials that only take time."""

import errno
import json
import math
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

import grpc
import numpy as np
import pytest

from kerascnn.errors import InputError, TrainingStopped
from kerascnn.nas.engine import durable_oracle, protocol, workers
from kerascnn.nas.engine.trials import results

from ...training.test_launch import runs
from .test_durable_oracle import accuracy, begin, outcome, search

LIMIT = 60  # seconds after which a test has failed
WORKERS = ("worker0", "worker1")


# ------------------------------------------------------------------------------- what runs in processes of their own


def chief(folder, syncs=math.inf, files=None, **more):
    """With a disk that is full after so many files, and no more than so many that may be open."""
    if files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    synced = count()

    def fsync(_):
        if next(synced) >= syncs:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    durable_oracle.os.fsync = fsync
    workers.serve(begin(folder, **more))


def worker(folder, pace=0.05, failing=False):
    """Asks and answers as `Tuner.search` does; an epoch only takes time."""
    oracle, name = workers.client(begin(), folder), os.environ["KERASTUNER_TUNER_ID"]
    while (trial := oracle.create_trial(name)).status != "STOPPED":
        if trial.status == "IDLE":
            time.sleep(0.1)
            continue
        with workers.heartbeat(oracle, trial.trial_id):
            _train(oracle, trial, pace, failing)


def _train(oracle, trial, pace, failing):
    values = trial.hyperparameters.values
    for epoch in range(1, 5):
        time.sleep(pace)
        if failing:
            trial.status, trial.message = "FAILED", "ValueError: größer"
            break
        told = oracle.update_trial(trial.trial_id, {"val_accuracy": accuracy(values, epoch)}, step=epoch)
        if told.status not in ("RUNNING", "STOPPED"):
            return
    else:
        trial.status = "COMPLETED"
    oracle.end_trial(trial)


def settled(environment, quick, folder, **more):
    """A process, which leaves its last words in the folder."""
    os.environ.update(environment)
    vars(workers).update(quick)
    try:
        {"chief": chief, "worker": worker}[workers.role()](folder, **more)
    except (TrainingStopped, OSError) as stop:
        (folder / environment["KERASTUNER_TUNER_ID"]).write_text(str(stop))
        sys.exit(1)
    except InputError as error:
        (folder / environment["KERASTUNER_TUNER_ID"]).write_text(str(error))
        sys.exit(2)


class Cast:
    """Processes that a test starts, kills and starts again."""

    def __init__(self, folder):
        self.folder, self.running, self.all = folder, {}, []
        self.context = multiprocessing.get_context("forkserver")  # keras-tuner takes seconds to import
        self.context.set_forkserver_preload([__name__, "kerascnn.nas.engine.durable_oracle", "grpc"])
        with socket.create_server(("127.0.0.1", 0)) as held:
            self.port = held.getsockname()[1]

    def start(self, name, patience=30.0, lag=30.0, folder=None, **more):
        environment = {"KERASTUNER_TUNER_ID": name, "KERASTUNER_ORACLE_PORT": str(self.port)}
        args = (environment, {"BEAT": 0.1, "LAG": lag, "PATIENCE": patience}, folder or self.folder)
        self.running[name] = self.context.Process(target=settled, args=args, kwargs=more)
        self.running[name].start()
        self.all.append(self.running[name])

    def start_all(self):
        for name in ("chief", *WORKERS):
            self.start(name)

    def is_served(self):
        """Whether a chief listens."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def kill(self, name):
        self.running[name].kill()
        self.running[name].join(LIMIT)

    def status(self, name):
        self.running[name].join(LIMIT)
        return self.running[name].exitcode

    def said(self, name):
        return (self.folder / name).read_text()


@pytest.fixture
def cast(tmp_path):
    cast = Cast(tmp_path)
    yield cast
    for process in cast.all:
        process.kill()
        process.join()


def until(condition, limit=LIMIT):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def epochs(folder):
    """How many are known."""
    return sum(len(result.curve) for result in results(folder))


def complete(folder):
    return [result.status for result in results(folder)]


@pytest.fixture(scope="module")
def undisturbed():
    return outcome(search(begin()))


def curves(folder):
    return {result.trial: (result.values, result.curve) for result in results(folder)}


def wanted(undisturbed):
    return {
        trial: (values, {epoch: accuracy(values, epoch) for epoch in range(1, 5)})
        for trial, _, values, _, _ in undisturbed
    }


def assert_whole(cast, undisturbed, *names):
    """The chief and these workers end well, with all that an undisturbed search finds."""
    assert [cast.status(name) for name in ("chief", *names)] == [0] * (1 + len(names))
    assert curves(cast.folder) == wanted(undisturbed)


def test_a_chief_and_two_workers(cast, undisturbed):
    cast.start_all()
    assert_whole(cast, undisturbed, *WORKERS)


def test_a_killed_worker_that_comes_back_gets_its_trial_back(cast, undisturbed):
    cast.start("chief", silent=1000)
    cast.start("worker0", pace=0.1)
    for done in (2, 7, 13):
        until(lambda done=done: epochs(cast.folder) >= done)
        cast.kill("worker0")
        cast.start("worker0", pace=0.1)
    assert_whole(cast, undisturbed, "worker0")


def test_the_trial_of_a_worker_that_stays_dead_is_taken_up_by_another(cast, undisturbed):
    cast.start("chief", silent=1)
    cast.start("worker0", pace=1000)
    until(lambda: complete(cast.folder) == ["RUNNING"])
    cast.start("worker1")
    until(lambda: epochs(cast.folder) >= 4)
    cast.kill("worker0")
    assert_whole(cast, undisturbed, "worker1")


def test_a_killed_chief_goes_on_and_its_workers_do_not_notice(cast, undisturbed):
    cast.start_all()
    for done in (1, 6, 13):
        until(lambda done=done: epochs(cast.folder) >= done)
        cast.kill("chief")
        time.sleep(0.5)
        cast.start("chief")
    assert_whole(cast, undisturbed, *WORKERS)


def test_all_are_killed(cast, undisturbed):
    for done in (1, 5, 11, 17):
        cast.start_all()
        until(lambda done=done: epochs(cast.folder) >= done)
        for name in ("chief", *WORKERS):
            cast.kill(name)
    cast.start_all()
    assert_whole(cast, undisturbed, *WORKERS)


def test_a_stopped_worker_that_wakes_up_late_drops_what_another_has(cast, undisturbed):
    cast.start("chief", silent=0.5)
    cast.start("worker0", pace=0.2)
    until(lambda: epochs(cast.folder) >= 1)
    os.kill(cast.running["worker0"].pid, signal.SIGSTOP)
    cast.start("worker1")
    until(lambda: epochs(cast.folder) >= 12)
    os.kill(cast.running["worker0"].pid, signal.SIGCONT)
    assert_whole(cast, undisturbed, *WORKERS)


def test_who_has_lost_a_trial_cannot_let_it_go(cast):
    cast.start("chief", silent=0.5)
    cast.start("worker0", pace=2)
    until(lambda: complete(cast.folder) == ["RUNNING"])
    settings = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": str(cast.port)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**settings, "KERASTUNER_TUNER_ID": "worker1"}.items():
            patch.setenv(name, value)
        other = workers.client(begin(), cast.folder)
    [trial] = (result.trial for result in results(cast.folder))
    other.let_go(other.get_trial(trial))
    state = json.loads((cast.folder / f"trial_{trial}" / "trial.json").read_text())
    assert (state["status"], state["kept"]["worker"]) == ("RUNNING", "worker0")


def test_where_all_networks_fail_there_is_one_line(cast):
    cast.start("chief")
    cast.start("worker0", failing=True)
    assert [cast.status("chief"), cast.status("worker0")] == [1, 0]
    assert cast.said("chief") == "none of 6 networks could be trained; the last one: ValueError: größer"
    assert {result.message for result in results(cast.folder)} == {"ValueError: größer"}


def test_where_the_chief_stays_away_workers_end_with_one_line(cast):
    cast.start("chief")
    until(cast.is_served)
    cast.start("worker0", patience=1, pace=0.2)
    until(lambda: epochs(cast.folder) >= 1)
    cast.kill("chief")
    assert cast.status("worker0") == 1
    assert cast.said("worker0") == f"the chief at 127.0.0.1:{cast.port} has not answered for 1 seconds"


def test_where_there_are_no_workers_the_chief_ends_with_one_line(cast):
    cast.start("chief", patience=0.5)
    assert cast.status("chief") == 1
    assert cast.said("chief") == "no worker for 0.5 seconds; the search goes on from where it was"


def test_a_full_disk_ends_all_with_one_line_and_costs_nothing(cast, undisturbed):
    for files in (0, 10):
        cast.start("chief", syncs=files)
        cast.start("worker0")
        assert [cast.status("chief"), cast.status("worker0")] == [1, 1]
        full = f"[Errno {errno.ENOSPC}] No space left on device"
        assert [cast.said("chief"), cast.said("worker0")] == [full, f"the chief has ended: {full}"]
    assert 1 < epochs(cast.folder) < 24
    cast.start("chief")
    cast.start("worker0")
    assert [cast.status("chief"), cast.status("worker0")] == [0, 0]
    assert curves(cast.folder) == wanted(undisturbed)


def test_an_address_that_is_taken(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as held:
        monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
        monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(held.getsockname()[1]))
        assert workers.role() == "chief"
        with pytest.raises(InputError, match=r"the chief cannot listen at 127\.0\.0\.1:\d+: taken"):
            workers.serve(begin(tmp_path))


# ---------------------------------------------------------------------------------------------- what strangers send


class Stranger:
    """Sends a chief bytes, as they are; in `code` the status that comes back, None where it is an answer."""

    def __init__(self, cast):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{cast.port}", [("grpc.max_send_message_length", -1)])

    def code(self, name, message, service=workers.SERVICE):
        try:
            self.channel.unary_unary(f"/{service}/{name}")(message, timeout=LIMIT, wait_for_ready=True)
        except grpc.RpcError as error:
            return error.code().name
        return None


@pytest.fixture
def stranger(cast):
    cast.start("chief", silent=2)
    until(cast.is_served)
    stranger = Stranger(cast)
    yield stranger
    stranger.channel.close()


def request(number=1, **more):
    return {"worker": "stranger", "number": number, **more}


WELL_FORMED = {
    "create_trial": request(),
    "get_trial": request(trial_id="0000"),
    "update_trial": request(trial_id="0000", metrics={"val_accuracy": 1.0}, step=1),
    "end_trial": request(trial_id="0000", status="FAILED", message=""),
}


def test_who_does_not_know_the_secret_is_refused_and_changes_nothing(cast, stranger, undisturbed):
    for name, content in WELL_FORMED.items():
        body = json.dumps(content).encode()
        for message in (b"", body, protocol.seal(b"0" * 32, name, content), b"[" * 60_000, os.urandom(1000)):
            assert stranger.code(name, message) == "UNAUTHENTICATED"
        assert stranger.code(name, b"x" * (protocol.LARGEST + 1)) == "RESOURCE_EXHAUSTED"
    assert stranger.code("open", b"") == "UNIMPLEMENTED"
    assert stranger.code("create_trial", b"", service="keras_tuner.Oracle") == "UNIMPLEMENTED"
    assert results(cast.folder) == []
    cast.start("worker0")
    assert_whole(cast, undisturbed, "worker0")


def test_wrong_messages_of_those_who_know_it_end_nothing(cast, stranger, undisturbed):
    key = protocol.read_secret(cast.folder)
    wrong = [None, [], 1, "a", {}, {"worker": "a"}, request(-1), request(self=1), request(trial_id=["a"])]
    wrong += [request(trial_id="0000", metrics={"a": "b"}, step=1), request(trial_id="0000", status="IDLE", message="")]
    for name in WELL_FORMED:
        for content in wrong:
            assert stranger.code(name, protocol.seal(key, name, content)) == "INVALID_ARGUMENT"
        for body in (b"", b"[" * 60_000, b"\xff", b"{"):
            assert stranger.code(name, protocol._mac(key, name, body) + body) == "INVALID_ARGUMENT"
    cast.start("worker0", pace=0.3)
    until(lambda: epochs(cast.folder) >= 1)
    harmless = [
        ("get_trial", {"trial_id": "../../x"}),
        ("get_trial", {"trial_id": "9999"}),
        ("update_trial", {"trial_id": "9999", "metrics": {}, "step": 1}),
        ("update_trial", {"trial_id": "0000", "metrics": {"val_accuracy": math.nan}, "step": 0}),
        ("update_trial", {"trial_id": "0000", "metrics": {"MeanIoU": 1, "\ud800": math.inf}, "step": 0}),
        ("end_trial", {"trial_id": "9999", "status": "COMPLETED", "message": None}),
        ("end_trial", {"trial_id": "0000", "status": "RUNNING", "message": "\ud800\x1b"}),
    ]
    for number, (name, fields) in enumerate(harmless, 1):
        assert stranger.code(name, protocol.seal(key, name, request(number, **fields))) is None
    assert_whole(cast, undisturbed, "worker0")


def test_a_message_that_is_sent_again_is_refused(cast, stranger):
    key = protocol.read_secret(cast.folder)
    message = protocol.seal(key, "create_trial", request(5))
    assert stranger.code("create_trial", message) is None
    for _ in range(4):
        assert stranger.code("create_trial", message) == "FAILED_PRECONDITION"
    assert stranger.code("end_trial", message) == "UNAUTHENTICATED"
    assert complete(cast.folder) == ["RUNNING"]


def test_a_worker_whose_clock_went_back_goes_on(cast, stranger, undisturbed):
    key = protocol.read_secret(cast.folder)
    later = {**request(time.time_ns() + 10**12, trial_id="x"), "worker": "worker0"}
    assert stranger.code("get_trial", protocol.seal(key, "get_trial", later)) is None
    cast.start("worker0")
    assert_whole(cast, undisturbed, "worker0")


def test_many_connections_that_say_nothing_end_nothing(cast, undisturbed):
    """The chief may open 1,024 files, as is usual; the connections are held until it has ended."""
    cast.start("chief", files=1024)
    cast.start("worker0", pace=0.1)
    until(lambda: epochs(cast.folder) >= 1)
    with ExitStack() as held:
        for i in range(1500):
            with suppress(OSError):
                connection = held.enter_context(socket.create_connection(("127.0.0.1", cast.port), timeout=0.1))
                connection.send((b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(100))[i % 3])
        assert_whole(cast, undisturbed, "worker0")


def test_a_worker_with_another_secret_ends_with_one_line(cast, tmp_path_factory):
    cast.start("chief")
    until(cast.is_served)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    protocol.make_secret(elsewhere)
    cast.start("worker0", folder=elsewhere, lag=0.5)
    assert cast.status("worker0") == 1
    said = (elsewhere / "worker0").read_text()
    assert said == f"the chief at 127.0.0.1:{cast.port} has another secret than {elsewhere}: is it the same folder?"
    assert results(cast.folder) == []


def test_a_worker_believes_no_chief_that_does_not_know_the_secret(cast):
    protocol.make_secret(cast.folder)
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: b"0" * 32 + b'{"status": "STOPPED"}')
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(workers.SERVICE, {"create_trial": handler})])
    server.add_insecure_port(f"127.0.0.1:{cast.port}")
    server.start()
    try:
        cast.start("worker0", lag=0.5)
        assert cast.status("worker0") == 1
    finally:
        server.stop(grace=None).wait()
    assert cast.said("worker0") == f"who answers at 127.0.0.1:{cast.port} does not know the secret of {cast.folder}"


def test_a_secret_that_others_can_read_is_refused(cast):
    protocol.make_secret(cast.folder)
    (cast.folder / "secret").chmod(0o644)
    cast.start("worker0")
    assert cast.status("worker0") == 2
    assert "mode 600" in cast.said("worker0")


def test_the_secret_is_in_no_other_file_and_gone_at_the_end(cast, undisturbed):
    cast.start("chief")
    until(cast.is_served)
    key = protocol.read_secret(cast.folder)
    cast.start("worker0")
    assert_whole(cast, undisturbed, "worker0")
    files = [path for path in cast.folder.rglob("*") if path.is_file()]
    assert files
    assert not any(word in path.read_bytes() for path in files for word in (key, key.hex().encode()))
    assert not (cast.folder / protocol.SECRET).exists()


# ---------------------------------------------------------------------------------------------- started all together

SCRIPT = """
import os, pathlib, signal, sys, time

name, mine = os.environ["KERASTUNER_TUNER_ID"], pathlib.Path(os.environ["KERASTUNER_TUNER_ID"])
with mine.open("a") as file:
    print(os.getpid(), os.environ["TF_NUM_INTRAOP_THREADS"] if name != "chief" else "", file=file, flush=True)
what = {word.split("=")[0]: word.split("=")[1] for word in sys.argv[1:]}
if name in what:
    print("hello")
    sys.exit(what[name])
if name + "-dies" in what:
    os.kill(os.getpid(), signal.SIGKILL)
until = time.monotonic() + float(what["lasts"])
while time.monotonic() < until and not pathlib.Path("enough").exists():
    time.sleep(0.02)
"""
PARENT = """
import signal, sys
from kerascnn.nas.engine import workers
from kerascnn.errors import TrainingStopped

before = signal.getsignal(signal.SIGTERM)
try:
    workers.start_workers(["script.py", *sys.argv[1:]], 2)
except TrainingStopped as stop:
    sys.exit(f"stopped: {stop}")
finally:
    assert signal.getsignal(signal.SIGTERM) == before
"""
ALL = ("chief", *WORKERS)


@pytest.fixture
def start(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    started = []

    def start(*words, **more):
        command = [sys.executable, "-c", PARENT, *(f"{name}={value}" for name, value in more.items()), *words]
        pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(subprocess.Popen(command, cwd=tmp_path, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def pids(folder, name, starts=1):
    """Of a process, as soon as it was started so often."""
    file = folder / name
    until(lambda: file.exists() and file.read_text().count("\n") >= starts)
    return [int(line.split()[0]) for line in file.read_text().splitlines()]


def test_workers_share_the_cores_and_end_with_the_chief(start, tmp_path):
    process = start(lasts=0.3)
    assert process.communicate(timeout=LIMIT) == ("", "")
    assert process.returncode == 0
    threads = [int((tmp_path / name).read_text().split()[1]) for name in WORKERS]
    assert threads == [max(1, len(os.sched_getaffinity(0)) // 2)] * 2
    assert not any(runs(pid) for name in ALL for pid in pids(tmp_path, name))


def test_whoever_is_killed_is_started_again(start, tmp_path):
    process = start(lasts=LIMIT)
    for starts in (1, 2):
        for name in ALL:
            os.kill(pids(tmp_path, name, starts)[-1], signal.SIGKILL)
    for name in ALL:
        pids(tmp_path, name, 3)
    (tmp_path / "enough").touch()
    assert process.communicate(timeout=LIMIT) == ("", "")
    assert process.returncode == 0


def test_who_always_dies_ends_all(start, tmp_path):
    process = start("worker1-dies=1", lasts=LIMIT)
    _, said = process.communicate(timeout=LIMIT)
    assert said == f"stopped: worker1 was killed {workers.DEATHS + 1} times in a row, by signal 9\n"
    assert len(pids(tmp_path, "worker1")) == workers.DEATHS + 1
    assert not any(runs(pid) for name in ALL for pid in pids(tmp_path, name))


@pytest.mark.parametrize("name", ["chief", "worker1"])
def test_who_fails_by_itself_ends_all(start, tmp_path, name):
    process = start(f"{name}=error: wrong", lasts=LIMIT)
    out, said = process.communicate(timeout=LIMIT)
    hello = {"chief": ("hello\n", ""), "worker1": ("", "hello\n")}[name]
    assert (out, said) == (hello[0], hello[1] + f"stopped: {name} ended with status 1: error: wrong\n")
    assert not any(runs(pid) for other in ALL if (tmp_path / other).exists() for pid in pids(tmp_path, other))


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_handed_on(start, tmp_path, number):
    process = start(lasts=LIMIT)
    started = [pids(tmp_path, name)[0] for name in ALL]
    process.send_signal(number)
    _, said = process.communicate(timeout=LIMIT)
    last = said.splitlines()[-1]
    assert (
        last
        == {
            signal.SIGTERM: "stopped: by SIGTERM; the search goes on from where it was",
            signal.SIGINT: "KeyboardInterrupt",
        }[number]
    )
    assert not any(map(runs, started))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_no_orphans(start, tmp_path):
    process = start(lasts=LIMIT)
    started = [pids(tmp_path, name)[0] for name in ALL]
    process.kill()
    until(lambda: not any(map(runs, started)))


@pytest.mark.parametrize("number", [0, -1, 1.5])
def test_a_wrong_number_of_workers(number):
    with pytest.raises(InputError, match="must be a whole number, 1 or more"):
        workers.start_workers(["script.py"], number)


# -------------------------------------------------------------------------------------------------- with real training

RECIPE = """
import sys
from kerascnn.nas.engine import workers
from kerascnn.training.main import start

def main(cfg):
    if cfg.workers and workers.role() is None:
        workers.start_workers(sys.argv, cfg.workers)
        return
    from tests.nas.engine import test_tuner as tests
    tests.searching(cfg.out)

start(main, {"workers": 0})
"""


@pytest.mark.slow
def test_trials_that_really_train_survive_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    (tmp_path / "recipe.py").write_text(RECIPE)

    def run(folder, workers):
        command = [sys.executable, "recipe.py", "--out", folder, "--workers", str(workers)]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def member(process, name):
        """The process of this name."""
        for child in map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()):
            if f"KERASTUNER_TUNER_ID={name}" in Path(f"/proc/{child}/environ").read_text().split("\0"):
                return child
        raise AssertionError(name)

    alone = run("alone", 0)
    assert (alone.communicate(timeout=300)[1], alone.returncode) == ("", 0)
    disturbed = tmp_path / "disturbed"
    disturbed.mkdir()
    process = run("disturbed", 1)
    try:
        until(lambda: epochs(disturbed) >= 1, 120)
        os.kill(member(process, "worker0"), signal.SIGKILL)
        until(lambda: epochs(disturbed) >= 2, 120)
        os.kill(member(process, "chief"), signal.SIGKILL)
        until(lambda: epochs(disturbed) >= 4, 120)
    finally:
        process.kill()  # and with it all
        process.communicate()
    process = run("disturbed", 1)
    assert (process.communicate(timeout=300)[1], process.returncode) == ("", 0)
    one, other = ([result._replace(seconds=0, steady=()) for result in results(tmp_path / of)] for of in FOLDERS)
    assert one == other
    one, other = ({path.parent.name: dict(np.load(path)) for path in (tmp_path / of).rglob("*.npz")} for of in FOLDERS)
    np.testing.assert_equal(one, other)


FOLDERS = ("alone", "disturbed")
