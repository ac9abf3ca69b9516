"""Oracles that lose nothing, without any training: what a network reaches is a sum over its numbers."""

import errno
import json
import os
import shutil
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from zlib import crc32

import keras_tuner
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_tuner.oracles import HyperbandOracle, RandomSearchOracle

from kerascnn.errors import InputError, TrainingStopped
from kerascnn.nas import budget, space
from kerascnn.nas.engine import durable_oracle
from kerascnn.nas.engine.durable_oracle import DurableOracle
from kerascnn.nas.engine.trials import results
from kerascnn.nas.spaces.keras_tuner import decoded, hypermodel
from kerascnn.nas.strategies.oracles import STRATEGIES, oracle

EPOCHS = 4
OBJECTIVE = keras_tuner.Objective("val_accuracy", "max")
BROKEN = {"empty": "", "half": None, "no object": "[1]"}


class RandomOracle(DurableOracle, RandomSearchOracle):
    pass


class HalvingOracle(DurableOracle, HyperbandOracle):
    pass


class Killed(Exception):
    pass


def numbers():
    hp = keras_tuner.HyperParameters()
    for name in ("depth", "width", "kernel"):
        hp.Int(name, 1, 9)
    return hp


def begin(folder=None, kind=RandomOracle, **more):
    more = {"max_trials": 6} | more if kind is RandomOracle else {"max_epochs": EPOCHS, "factor": 2} | more
    oracle = kind(objective=OBJECTIVE, hyperparameters=numbers(), seed=5, **more)
    if folder:
        oracle.open(folder)
    return oracle


def accuracy(values, epoch):
    """What a network of `numbers` reaches."""
    return (100 * values["depth"] + 10 * values["width"] + values["kernel"] + epoch) / 1000


def reaches(searched, values, epoch):
    """What a network of a space reaches."""
    values = decoded(searched, values)
    return crc32(json.dumps(values).encode()) / 2**33 + epoch / 20


def finish(oracle, trial, until=EPOCHS, known=(), tick=lambda: None, reached=accuracy):
    values = trial.hyperparameters.values
    for epoch in range(values.get("tuner/initial_epoch", 0) + 1, values.get("tuner/epochs", until) + 1):
        if epoch not in known:
            told = oracle.update_trial(trial.trial_id, {"val_accuracy": reached(values, epoch)}, step=epoch)
            tick()
            if told.status == "STOPPED":
                break
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


def search(oracle, worker="tuner0", tick=lambda: None, reached=accuracy):
    """What a worker does; `tick` is called after everything that the oracle writes, and may raise."""
    while (trial := oracle.create_trial(worker)).status == "RUNNING":
        tick()
        known = set(results_by_trial(oracle.folder).get(trial.trial_id, ()))
        finish(oracle, trial, known=known, tick=tick, reached=reached)
        tick()
    assert trial.status == "STOPPED"
    return oracle


def results_by_trial(folder):
    """The epochs that are known of every trial."""
    return {result.trial: result.curve for result in results(folder)} if folder else {}


def outcome(oracle):
    return [
        (trial.trial_id, trial.status, trial.hyperparameters.values, trial.score, trial.best_step)
        for trial in oracle.trials.values()
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folders = {kind: tmp_path_factory.mktemp(kind.__name__) for kind in (RandomOracle, HalvingOracle)}
    return {kind: (folder, outcome(search(begin(folder, kind)))) for kind, folder in folders.items()}


kinds = pytest.mark.parametrize("kind", [RandomOracle, HalvingOracle])


def die_at(steps):
    """A `tick` that ends a search when it has written so often."""
    ticks = count(1)

    def tick():
        if next(ticks) == steps:
            raise Killed

    return tick


def forgive(folder):
    """Let the deaths so far not count: a trial fails of too many in the same epoch."""
    for file in folder.glob("*/trial.json"):
        state = json.loads(file.read_text())
        state["kept"]["starts"] = 1
        file.write_text(json.dumps(state))


@kinds
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kills=st.lists(st.integers(1, 25), max_size=4))
def test_a_search_that_is_killed_at_any_time_ends_as_if_it_had_not_been(undisturbed, kind, kills, tmp_path):
    shutil.rmtree(tmp_path)
    for steps in kills:
        with suppress(Killed):
            search(begin(tmp_path, kind, silent=1e9), tick=die_at(steps))
        forgive(tmp_path)
    assert outcome(search(begin(tmp_path, kind))) == undisturbed[kind][1]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of keras-tuner's Bayesian oracle
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_where_little_fits_every_strategy_tries_only_what_does_and_survives_kills(strategy, tmp_path):
    searched, tight = space("vgg", input_shape=(8, 8, 1)), budget(max_params=25_000)
    assert tight.share(searched).interval[1] < 0.25
    more = {"num_initial_points": 5} if strategy == "bayesian" else {}

    def begin():
        found = oracle(strategy, searched, tight, seed=3, networks=7, max_epochs=EPOCHS, **more)
        found.open(tmp_path / "search")
        return found

    reached = partial(reaches, searched)
    undisturbed = outcome(search(begin(), reached=reached))
    assert {status for _, status, *_ in undisturbed} == {"COMPLETED"}
    networks = {json.dumps(result.spec) for result in results(tmp_path / "search")}
    assert len(networks) == 7
    assert all(result.count.params <= 25_000 for result in results(tmp_path / "search"))
    shutil.rmtree(tmp_path / "search")
    for steps in (1, 2, 4, 7, 11):
        with suppress(Killed):
            search(begin(), tick=die_at(steps), reached=reached)
        forgive(tmp_path / "search")
    assert outcome(search(begin(), reached=reached)) == undisturbed


@kinds
@pytest.mark.parametrize("damage", BROKEN)
def test_damaged_files_cost_nothing(undisturbed, kind, damage, tmp_path, capsys):
    folder, wanted = undisturbed[kind]
    for name in sorted(path.parent.name for path in folder.glob("*/trial.json")):
        shutil.copytree(folder, tmp_path / name)
        file = tmp_path / name / name / "trial.json"
        file.write_text(file.read_text()[:99] if BROKEN[damage] is None else BROKEN[damage])
        capsys.readouterr()
        again = begin(tmp_path / name, kind)
        line = f"{file}: damaged, the version before it is taken\n"
        assert capsys.readouterr().out == line
        assert outcome(search(again)) == wanted


def test_a_trial_that_cannot_be_read_at_all_is_set_aside_and_drawn_again(undisturbed, tmp_path, capsys):
    folder, wanted = undisturbed[RandomOracle]
    shutil.copytree(folder, tmp_path / "search")
    last = tmp_path / "search" / f"trial_{wanted[-1][0]}"
    for file in last.iterdir():
        file.write_text("{")
    oracle = begin(tmp_path / "search")
    assert capsys.readouterr().out == f"{last}: trial.json is damaged, the trial is set aside\n"
    assert outcome(search(oracle)) == wanted
    assert [path.name for path in last.parent.glob("*damaged*")] == [f"damaged_{last.name}"]


def test_one_set_aside_among_others_is_replaced_by_another(undisturbed, tmp_path):
    folder, wanted = undisturbed[RandomOracle]
    shutil.copytree(folder, tmp_path / "search")
    for file in (tmp_path / "search" / "trial_0002").iterdir():
        file.unlink()
        file.touch()
    found = outcome(search(begin(tmp_path / "search")))
    assert found[:5] == [trial for trial in wanted if trial[0] != "0002"]
    assert [trial[0] for trial in found[5:]] == ["0006"]


def test_the_same_trial_can_be_set_aside_again(tmp_path):
    for _ in range(3):
        begin(tmp_path).create_trial("a")
        (tmp_path / "trial_0000" / "trial.json").write_text("")
        (tmp_path / "trial_0000" / "trial.json.before").unlink(missing_ok=True)
    begin(tmp_path)
    asides = ["damaged_trial_0000", "damaged_trial_0000-2", "damaged_trial_0000-3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == asides


def test_what_is_no_search_of_ours_is_left_alone(tmp_path):
    oracle = RandomSearchOracle(objective=OBJECTIVE, hyperparameters=numbers(), seed=5)
    oracle._set_project_dir(str(tmp_path), "search")
    oracle.verbose = 0
    oracle.create_trial("a")
    with pytest.raises(InputError, match="holds a search of keras-tuner's own"):
        begin(tmp_path / "search")
    with pytest.raises(InputError, match="cannot make the folder"):
        begin(tmp_path / "search" / "oracle.json" / "search")


def test_a_folder_without_a_file_is_a_trial_that_never_began(undisturbed, tmp_path):
    (tmp_path / "trial_0000").mkdir()
    assert outcome(search(begin(tmp_path))) == undisturbed[RandomOracle][1]


def test_neighbouring_seeds_have_nothing_in_common():
    def drawn(seed):
        oracle = RandomOracle(objective=OBJECTIVE, hyperparameters=numbers(), seed=seed, max_trials=20)
        return {tuple(oracle.create_trial(str(i)).hyperparameters.values.values()) for i in range(20)}

    assert len(drawn(7) & drawn(8)) < 3
    assert drawn(7) == drawn(7)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_the_trial_of_a_silent_worker_goes_to_another():
    clock = Clock()
    oracle = begin(max_trials=2, clock=clock, silent=60)
    first, second = oracle.create_trial("a"), oracle.create_trial("b")
    clock.now += 59
    assert oracle.create_trial("c").status == "IDLE"
    oracle.hear("b")
    clock.now += 2
    taken = oracle.create_trial("c")
    assert (taken.trial_id, oracle.has("c", first.trial_id), oracle.has("a", first.trial_id)) == ("0000", True, False)
    assert oracle.create_trial("b").trial_id == second.trial_id
    assert oracle.create_trial("a").status == "IDLE"
    for trial in (taken, second):
        finish(oracle, trial)
    assert [oracle.create_trial(worker).status for worker in "abc"] == ["STOPPED"] * 3


def test_what_a_slow_worker_says_late_changes_nothing():
    oracle = begin(max_trials=1, silent=0)
    slow, quick = oracle.create_trial("slow"), oracle.create_trial("quick")
    assert slow.trial_id == quick.trial_id
    finish(oracle, quick)
    before = outcome(oracle)
    assert oracle.update_trial(slow.trial_id, {"val_accuracy": 0.0}, step=9).status == "COMPLETED"
    slow.status, slow.message = "FAILED", "too late"
    oracle.end_trial(slow)
    assert outcome(oracle) == before
    assert oracle.update_trial("0099", {"val_accuracy": 0.0}, step=1).status == "INVALID"


def test_an_epoch_that_is_reported_twice_counts_once():
    oracle = begin()
    trial = oracle.create_trial("a")
    for value in (0.1, 0.7):
        oracle.update_trial(trial.trial_id, {"val_accuracy": value}, step=1)
    assert [seen.value for seen in oracle.trials["0000"].metrics.get_history("val_accuracy")] == [[0.1]]


def test_after_a_restart_workers_get_their_own_trials(tmp_path):
    oracle = begin(tmp_path)
    of = {worker: oracle.create_trial(worker).trial_id for worker in "abc"}
    again = begin(tmp_path)
    assert {worker: again.create_trial(worker).trial_id for worker in "cab"} == of
    alone = begin(tmp_path)
    alone.forget_workers()
    assert [alone.create_trial("d").trial_id, alone.create_trial("e").trial_id] == ["0000", "0001"]


def test_a_trial_whose_worker_always_dies_fails(tmp_path):
    for _ in range(durable_oracle.STARTS):
        assert begin(tmp_path).create_trial("a").trial_id == "0000"
    oracle = begin(tmp_path)
    assert oracle.create_trial("a").trial_id == "0001"
    assert (oracle.trials["0000"].status, "ended 3 times" in oracle.trials["0000"].message) == ("FAILED", True)


def test_a_worker_that_was_asked_to_end_lets_its_trial_go(tmp_path):
    for worker in "abcdef":
        oracle = begin(tmp_path)
        trial = oracle.create_trial(worker)
        assert trial.trial_id == "0000"
        oracle.let_go(trial)


def fail(oracle, worker="a"):
    trial = oracle.create_trial(worker)
    trial.status, trial.message = "FAILED", "OOM when allocating"
    oracle.end_trial(trial)


def test_failures_do_not_end_a_search(tmp_path, capsys):
    oracle = begin(tmp_path, max_trials=30)
    finish(oracle, oracle.create_trial("a"))
    for _ in range(durable_oracle.HOPELESS + 1):
        fail(oracle)
    search(oracle)
    oracle.conclude()
    statuses = [trial.status for trial in oracle.trials.values()]
    assert (statuses.count("FAILED"), statuses.count("COMPLETED")) == (11, 19)
    assert "trial 0001: failed: OOM when allocating\n" in capsys.readouterr().out


@pytest.mark.parametrize(("max_trials", "failures"), [(3, 3), (100, durable_oracle.HOPELESS)])
def test_where_all_fail_there_is_one_line(tmp_path, max_trials, failures):
    oracle = begin(tmp_path, max_trials=max_trials)
    while oracle.create_trial("a").status == "RUNNING":
        fail(oracle)
    with pytest.raises(TrainingStopped, match=f"^none of {failures} networks .*; the last one: OOM when allocating$"):
        oracle.conclude()
    again = begin(tmp_path, max_trials=max_trials)
    assert again.create_trial("a").status == "STOPPED"


def test_a_score_that_is_not_a_number_is_a_failure():
    oracle = begin()
    for value in (float("nan"), None):
        trial = oracle.create_trial("a")
        if value is not None:
            oracle.update_trial(trial.trial_id, {"val_accuracy": value}, step=1)
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    messages = [trial.message for trial in oracle.trials.values()]
    assert messages == ["its val_accuracy was never a number"] * 2


def test_the_score_is_that_of_the_last_epoch():
    oracle = begin()
    trial = oracle.create_trial("a")
    for step, value in [(1, 0.9), (2, 0.3)]:
        oracle.update_trial(trial.trial_id, {"val_accuracy": value}, step=step)
    trial.status = "COMPLETED"
    oracle.end_trial(trial)
    assert (oracle.trials["0000"].score, oracle.trials["0000"].best_step) == (0.3, 2)


def test_time_counts_over_restarts(tmp_path):
    clock = Clock()
    oracle = begin(tmp_path, max_trials=99, seconds=100, clock=clock)
    trial = oracle.create_trial("a")
    clock.now += 60
    assert oracle.update_trial(trial.trial_id, {"val_accuracy": 0.1}, step=1).status == "RUNNING"
    clock.now += 1000  # nothing runs
    again = begin(tmp_path, max_trials=99, seconds=100, clock=clock)
    trial = again.create_trial("a")
    clock.now += 39
    assert again.update_trial(trial.trial_id, {"val_accuracy": 0.2}, step=2).status == "RUNNING"
    clock.now += 1
    assert again.spent() == 100
    assert again.update_trial(trial.trial_id, {"val_accuracy": 0.3}, step=3).status == "STOPPED"
    assert again.create_trial("b").status == "STOPPED"
    trial.status = "COMPLETED"
    again.end_trial(trial)
    again.conclude()
    assert results(tmp_path)[0].curve == {1: 0.1, 2: 0.2, 3: 0.3}


def test_no_time_at_all(tmp_path):
    oracle = begin(tmp_path, seconds=0)
    assert oracle.create_trial("a").status == "STOPPED"
    with pytest.raises(TrainingStopped, match="had no time"):
        oracle.conclude()


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_full_disk_costs_nothing_that_was_there(tmp_path, monkeypatch, undisturbed, call):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    oracle = begin(tmp_path)
    trial = oracle.create_trial("tuner0")
    with monkeypatch.context() as patch:
        patch.setattr(*((Path, "open") if call == "open" else (os, call)), full)
        with pytest.raises(OSError, match="No space left"):
            finish(oracle, trial)
    assert not list(tmp_path.rglob("*.part.*"))
    assert outcome(search(begin(tmp_path))) == undisturbed[RandomOracle][1]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")
def test_a_device_that_is_really_full(tmp_path, monkeypatch):
    durable_oracle.write(tmp_path / "trial.json", {"a": 1})

    def on_a_full_device(path, text, **_):
        with open("/dev/full", "w") as device:
            device.write(text)

    monkeypatch.setattr(Path, "write_text", on_a_full_device)
    with pytest.raises(OSError, match="No space left"):
        durable_oracle.write(tmp_path / "trial.json", {"a": 2})
    assert json.loads((tmp_path / "trial.json").read_text()) == {"a": 1}


def test_networks_are_kept_as_build_takes_them(tmp_path):
    searched = space("vgg", input_shape=(8, 8, 1))
    hp = keras_tuner.HyperParameters()
    hypermodel(searched).build(hp)
    oracle = RandomOracle(objective=OBJECTIVE, hyperparameters=hp, seed=1, max_trials=2)
    oracle.space_searched = searched
    oracle.open(tmp_path)
    trial = oracle.create_trial("a")
    [found] = results(tmp_path)
    assert found.values == trial.hyperparameters.values
    assert (found.spec["name"], found.count) == ("staged", durable_oracle.count(found.spec))


def test_without_a_folder_nothing_is_written_or_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    search(begin())
    assert (list(tmp_path.iterdir()), capsys.readouterr().out) == ([], "")


def test_another_keras_tuner_is_not_trusted(monkeypatch):
    monkeypatch.setattr(keras_tuner, "__version__", "2.0.0")
    with pytest.raises(InputError, match=r"tried with keras-tuner 1\.4\.x only, here is 2\.0\.0"):
        begin()


# ------------------------------------------------------------ what keras-tuner does by itself, so that we see it change


def test_keras_tuner_alone_fails_on_an_empty_file(tmp_path):
    oracle = RandomSearchOracle(objective=OBJECTIVE, hyperparameters=numbers(), seed=5)
    oracle._set_project_dir(str(tmp_path), "search")
    oracle.create_trial("a")
    for name in ("oracle.json", "trial_00/trial.json"):
        (tmp_path / "search" / name).write_text("")
        with pytest.raises(json.JSONDecodeError):
            oracle.reload()


def test_keras_tuner_alone_loses_the_trial_of_a_dead_worker():
    oracle = RandomSearchOracle(objective=OBJECTIVE, hyperparameters=numbers(), seed=5, max_trials=1)
    oracle._set_project_dir("unused", "unused")
    oracle.save = oracle._save_trial = lambda *_: None
    oracle.verbose = 0
    oracle.create_trial("dead")
    assert oracle.create_trial("alive").status == "STOPPED"
    assert oracle.ongoing_trials["dead"].status == "RUNNING"  # for ever, so that the chief never ends


def test_neighbouring_seeds_of_keras_tuner_alone_have_much_in_common():
    def drawn(seed):
        oracle = RandomSearchOracle(objective=OBJECTIVE, hyperparameters=numbers(), seed=seed, max_trials=20)
        return [tuple(oracle.populate_space("0")["values"].values()) for _ in range(20)]

    assert {values[1:] for values in drawn(7)} & {values[:-1] for values in drawn(8)}
    assert drawn(7)[0][1:] == drawn(8)[0][:-1]
