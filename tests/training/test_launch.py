"""The launcher, with scripts that don't train."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import json, os, pathlib, signal, sys, time

config = json.loads(os.environ["TF_CONFIG"])
me = config["task"]["index"]
wait, fails, status = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
print("hello from", me, *config["cluster"]["worker"], flush=True)
pathlib.Path(f"pid{me}").write_text(str(os.getpid()))
if me == fails:
    while len(list(pathlib.Path().glob("pid*"))) < 3:
        time.sleep(0.05)
    sys.exit(status)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN if me else lambda *_: sys.exit("saved"))
time.sleep(wait)
"""


@pytest.fixture
def launch(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)

    def start(wait, fails=-1, status=0):
        words = ["-m", "kerascnn.training.launch", "--workers", "3", "script.py", wait, fails, status]
        pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return subprocess.Popen([sys.executable, *map(str, words)], cwd=tmp_path, **pipes)

    return start


def pids(folder):
    """Of the three processes, as soon as they are there."""
    files = [folder / f"pid{i}" for i in range(3)]
    while not all(file.exists() and file.read_text() for file in files):
        time.sleep(0.05)
    return [int(file.read_text()) for file in files]


def runs(pid):
    """Whether a process is there and no zombie."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_chief_is_heard_and_every_worker_has_its_address(launch):
    out, err = launch(0).communicate()
    hello, addresses = out.split()[:3], out.split()[3:]
    assert (hello, err) == (["hello", "from", "0"], "")
    assert len(addresses) == len(set(addresses)) == 3
    assert all(address.startswith("127.0.0.1:") for address in addresses)


def test_a_failed_worker_ends_all_and_is_shown(launch, tmp_path):
    process = launch(60, fails=2, status=7)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 7
    hello, last = err.splitlines()[-2:]
    assert hello.startswith("hello from 2 ")
    assert last == "error: worker 2 ended with status 7"
    assert not any(map(runs, pids(tmp_path)))


def test_a_failed_chief_ends_all(launch, tmp_path):
    process = launch(60, fails=0, status=2)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (2, "")
    assert not any(map(runs, pids(tmp_path)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_the_chief_save(launch, tmp_path, number, ctrl_c):
    process = launch(60)
    started = pids(tmp_path)
    time.sleep(0.2)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, "saved\n")
    assert not any(map(runs, started))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_no_orphans(launch, tmp_path):
    process = launch(60)
    started = pids(tmp_path)
    process.kill()
    process.communicate(timeout=30)
    deadline = time.monotonic() + 10
    while any(map(runs, started)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["0", "script.py"], "workers=0: must be a whole number, 1 or more"),
        (["many", "script.py"], "argument --workers: invalid int value: 'many'"),
        (["2"], "the following arguments are required: recipe, flags"),
        (["2", "nowhere.py"], "nowhere.py: no such file"),
    ],
)
def test_bad_input(words, line):
    command = [sys.executable, "-m", "kerascnn.training.launch", "--workers", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, f"error: {line}\n")


@pytest.mark.slow
def test_processes_start_while_grpc_is_busy():
    """With Python's preexec_fn, about 2 of 100 were aborted."""
    script = """
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import grpc

from kerascnn.training import launch

server = grpc.server(ThreadPoolExecutor(4))
answer = grpc.unary_unary_rpc_method_handler(lambda request, context: request)
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("service", {"call": answer})])
call = grpc.insecure_channel(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}").unary_unary("/service/call")
server.start()


def busy():
    while True:
        call(b"", timeout=10, wait_for_ready=True)


for _ in range(3):
    Thread(target=busy, daemon=True).start()
statuses = [launch.start(["-c", "pass"], {}).wait(30) for _ in range(150)]
print(statuses.count(0), flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stdout == "150\n", done.stderr
