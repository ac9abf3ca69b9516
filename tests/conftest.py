import gc
import json
import signal
from pathlib import Path

import keras
import pytest

import kerascnn
from kerascnn.training import run_folder, signals

PROOFS = Path(kerascnn.__file__).with_name("proofs.json")
PROVEN = pytest.StashKey[dict]()


def pytest_addoption(parser):
    parser.addoption("--write-proofs", action="store_true", help="write kerascnn/proofs.json from what this run proves")


def pytest_configure(config):
    config.stash[PROVEN] = {}
    if config.getoption("write_proofs"):
        config.option.markexpr = ""  # slow tests prove, too


@pytest.fixture
def proves(request):
    """`proves(name, proof)`, as the last line of a test, records that a network passed a proof."""
    return lambda name, proof: request.config.stash[PROVEN].setdefault(name, set()).add(proof)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take over what a worker process has proved."""
    for name, proof in node.workeroutput["proven"]:
        node.config.stash[PROVEN].setdefault(name, set()).add(proof)


def pytest_sessionfinish(session):
    """Hold proofs.json, which `kerascnn info` shows, to what the tests of this run proved."""
    proven = session.config.stash[PROVEN]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["proven"] = [(name, proof) for name, proofs in proven.items() for proof in proofs]
        return
    written = json.loads(PROOFS.read_text()) if PROOFS.exists() else {}
    if session.config.getoption("write_proofs"):
        names = [name for name in kerascnn.list_models() if name in proven]
        PROOFS.write_text(json.dumps({name: sorted(proven[name]) for name in names}, indent=1) + "\n")
    elif new := {name for name, proofs in proven.items() if not proofs <= set(written.get(name, ()))}:
        session.config.get_terminal_writer().line(
            f"\nproofs.json lacks proofs of {', '.join(sorted(new))}: --write-proofs"
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def float64():
    """Build and run in double precision: in single, identical deep networks drift apart."""
    for kind in (keras.config.set_floatx, keras.config.set_dtype_policy):  # a layer made before has fixed the policy
        kind("float64")
    yield
    for kind in (keras.config.set_floatx, keras.config.set_dtype_policy):
        kind("float32")
    gc.collect()  # the weights of a network are freed with its cycles, and in double precision they are large


@pytest.fixture(autouse=True)
def clear_session():
    yield
    keras.utils.clear_session(free_memory=False)  # freeing takes longer than most tests


@pytest.fixture(autouse=True)
def let_folders_go():
    """As the end of a process does."""
    yield
    run_folder.release_all()
    signals.settled()
    signals.received.clear()


@pytest.fixture
def ctrl_c():
    """Lets children hear Ctrl-C also where these tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.SIGINT
    signal.signal(signal.SIGINT, before)
