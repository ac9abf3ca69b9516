import pytest

from kerascnn.nas import budget, oracle, space

SPACE = space("vgg", input_shape=(8, 8, 1))


@pytest.fixture
def search(tmp_path):
    time = iter(range(100))
    found = oracle("random", SPACE, budget(), networks=2, seconds=50, clock=lambda: next(time) / 100)
    found.open(tmp_path)
    return found


def end(search, trial, status="COMPLETED", message=None):
    search.update_trial(trial.trial_id, {"val_accuracy": 0.75}, step=1)
    trial.status, trial.message = status, message
    search.end_trial(trial)


def test_a_trial_that_ends_has_a_line(search, capsys):
    end(search, search.create_trial("a"))
    end(search, search.create_trial("b"), "FAILED", "out of memory")
    done, failed = capsys.readouterr().out.splitlines()
    cost = search.network(search.trials["0000"])["count"]
    assert done == (
        f"trial 0000: val_accuracy 0.7500 after 1 epoch, {cost['params']:,} parameters, {cost['macs']:,} MACs; "
        "trial 0000 leads with 0.7500"
    )
    assert failed == "trial 0001: failed: out of memory"


def test_a_terminal_has_a_line_that_changes(search, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    trial = search.create_trial("a")
    search.max_trials = 2
    end(search, trial)
    shown = capsys.readouterr().out.split("\r\033[K")
    assert shown[1] == "50 s left; trials ended: 0; nothing so far; running: 0000 (0 epochs)"
    assert shown[2] == "50 s left; trials ended: 0 of 2; nothing so far; running: 0000 (1 epoch)"
    assert shown[-1].splitlines()[1] == "50 s left; trials ended: 1 of 2; trial 0000 leads with 0.7500; running: none"


def test_on_a_narrow_terminal_the_line_is_cut(search, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    search.create_trial("a")
    assert capsys.readouterr().out == "\r\033[K50 s left; trials e"
