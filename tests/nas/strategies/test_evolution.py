"""Many networks train for few epochs, the best of them for more: with results that are made up."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.nas import SPACES, budget, count, space
from kerascnn.nas.engine.trials import curve, results
from kerascnn.nas.outcome.selection import networks, ranked
from kerascnn.nas.spaces.keras_tuner import decoded
from kerascnn.nas.strategies.evolution import FULL, rungs, widest
from kerascnn.nas.strategies.extrapolation import FullTraining
from kerascnn.nas.strategies.oracles import oracle

MIXED = space("mixed", input_shape=(16, 16, 3))
QUARTER = budget(max_macs="1.2M")  # what about a quarter of MIXED keeps to


def accuracy(values, epochs):
    """Made up: grows with epochs; which network is better has to do with its numbers."""
    quality = values["n_filters"] / 64 + values["repeats1"] / 4 - (values["block1"] == "plain")
    return 1 - 1 / (epochs + 1) * (1 - quality / 10)


def run(search, trials, judge=accuracy, workers=1, seconds=lambda values: 3.0):
    """Trials in the order in which they began: `workers` at a time, all of which report before the next begin."""
    began = []
    while len(began) < trials:
        running = [search.create_trial(f"worker {i}") for i in range(workers)]
        running = [trial for trial in running if trial.status == "RUNNING"]
        if not running:
            break
        for trial in running:
            told = trial.hyperparameters.values
            values = decoded(search.space_searched, told)
            for epoch in range(told.get("tuner/initial_epoch", 0) + 1, told.get("tuner/epochs", 9) + 1):
                metrics = {"val_accuracy": judge(values, epoch), "seconds": seconds(values)}
                search.update_trial(trial.trial_id, metrics, step=epoch)
            trial.status = "COMPLETED"
            search.end_trial(trial)
            began.append(told)
    return began


@given(st.integers(1, 100), st.integers(1, 5), st.integers(2, 5))
def test_rungs(last, first, factor):
    found = rungs(last, first, factor)
    assert found[-1] == last
    assert all(upper // factor == lower for lower, upper in itertools.pairwise(found))
    assert found[0] // factor < first


def test_the_best_third_goes_on():
    """At every moment, as worked out anew from the trials before it."""
    search = oracle("evolution", MIXED, QUARTER, networks=30)
    told = run(search, 200)
    curves, starts, promoted = {}, 0, 0
    for number, values in enumerate(told):
        first, last = values["tuner/initial_epoch"], values["tuner/epochs"]
        known = decoded(MIXED, values)
        network = tuple(sorted(known.items()))
        if "tuner/trial_id" in values:
            parent = told[int(values["tuner/trial_id"])]
            assert decoded(MIXED, parent) == known
            assert parent["tuner/epochs"] == first == max(curves[network])
            here = sorted((curve[first] for curve in curves.values() if first in curve), reverse=True)
            assert curves[network][first] >= here[max(len(here) // 3, starts == 30) - 1]
            promoted += 1
        else:
            starts += 1
            assert (first, last) == (0, 9 if starts <= FULL else 1), number
        curves.setdefault(network, {}).update({n: accuracy(known, n) for n in range(first + 1, last + 1)})
    assert (starts, {max(curve) for curve in curves.values()}) == (30, {1, 3, 9})
    assert promoted >= 30 // 3 - FULL


def test_workers_at_the_same_time_get_different_networks_and_no_network_goes_on_twice():
    search = oracle("evolution", MIXED, QUARTER, networks=24)
    run(search, 200, workers=3)
    begun = [tuple(sorted(line.values.items())) for line in search.lines()]
    assert len(set(begun)) == 24
    parents = [trial.hyperparameters.values.get("tuner/trial_id") for trial in search.trials.values()]
    parents = [parent for parent in parents if parent]
    assert len(set(parents)) == len(parents)


def test_where_few_epochs_tell_nothing_networks_are_trained_to_the_end():
    def reversed_later(values, epochs):
        return accuracy(values, 1) if epochs < 9 else 1 - accuracy(values, 1)

    for judge, expected in ((reversed_later, {9}), (accuracy, {1})):
        search = oracle("evolution", MIXED, QUARTER, networks=34, pool=64)
        run(search, 200, judge)
        first = [line.trials[0].hyperparameters.values["tuner/epochs"] for line in search.lines()]
        assert set(first[30:]) == expected


def test_where_time_is_short_fast_networks_go_on(tmp_path):
    def seconds(values):
        return count(MIXED.spec(values)).memory / 1e5

    def judge(values, epochs):
        return accuracy(values | {"n_filters": 8, "repeats1": 1}, epochs)

    chosen = {}
    for enough in (None, 0.1):
        ahead = FullTraining(enough)
        search = oracle("evolution", MIXED, QUARTER, networks=24, ahead=ahead)
        search.open(tmp_path / str(enough))
        run(search, 200, judge, seconds=seconds)
        assert search.best().trial_id in ranked(networks(results(search.folder)), ahead)[0].trials
        chosen[enough] = np.median([seconds(line.values) for line in search.lines() if len(line.trials) > 1])
    assert chosen[0.1] < chosen[None] / 2


def test_where_the_winner_trains_for_longer_large_networks_go_on():
    """Where narrow ones are a little more accurate."""
    chosen = {}
    for longer in (1.0, 50.0):
        search = oracle("evolution", MIXED, QUARTER, networks=24, ahead=FullTraining(longer=longer))
        run(search, 200, lambda values, epochs: 0.5 + epochs / 100 - values["n_filters"] / 10_000)
        chosen[longer] = np.median(
            [search._count(line.values).params for line in search.lines() if len(line.trials) > 1]
        )
    assert chosen[50.0] > 2 * chosen[1.0]


def test_failed_networks_are_set_aside():
    search = oracle("evolution", MIXED, QUARTER, networks=12)
    for _ in range(100):
        trial = search.create_trial("worker")
        if trial.status != "RUNNING":
            break
        told = trial.hyperparameters.values
        if int(trial.trial_id) % 3:
            for epoch in range(told["tuner/initial_epoch"] + 1, told["tuner/epochs"] + 1):
                search.update_trial(trial.trial_id, {"val_accuracy": epoch / 10}, step=epoch)
        trial.status, trial.message = ("COMPLETED", None) if int(trial.trial_id) % 3 else ("FAILED", "out of memory")
        search.end_trial(trial)
    lines = search.lines()
    assert len(lines) == 12
    failed = [line for line in lines if not line.is_good]
    assert failed
    ends = {line.trials[-1].trial_id for line in failed}
    assert not ends & {t.hyperparameters.values.get("tuner/trial_id") for t in search.trials.values()}
    assert max(max(line.curve) for line in lines if line.is_good) == 9


def test_a_network_whose_first_trial_was_set_aside_goes_on():
    search = oracle("evolution", MIXED, QUARTER, networks=12)
    run(search, 12)
    child = next(trial for trial in search.trials.values() if "tuner/trial_id" in trial.hyperparameters.values)
    parent = child.hyperparameters.values["tuner/trial_id"]
    del search.trials[parent]
    search.start_order.remove(parent)
    run(search, 200)
    [line] = [line for line in search.lines() if child in line.trials]
    assert line.trials[0] is child
    assert line.values == decoded(MIXED, child.hyperparameters.values)


def test_it_starts_with_what_is_known_to_be_good():
    resnet = space("resnet")

    def first_of(limit, trials=1):
        search = oracle("evolution", resnet, budget(max_macs=limit))
        return [
            decoded(resnet, values) for values in run(search, trials, lambda values, epochs: values["n_filters"] / 99)
        ]

    [first] = first_of("45M")
    assert first["n_filters"] == 16  # ResNet-20 itself: 41M
    assert resnet.spec(first)["repeats"] == [3, 3, 3]
    assert first_of("20M") == [first | {"n_filters": 8}]
    assert first | {"n_filters": 8} not in first_of("5M", trials=3)


@pytest.mark.parametrize("family", SPACES)
def test_starts_are_networks_of_their_space(family):
    for start in SPACES[family].starts:
        assert widest(SPACES[family], start, lambda values: False) is None
        largest = widest(SPACES[family], start, lambda values: True)
        assert largest.items() >= start.items()
        SPACES[family].spec(largest)
        cap = count(SPACES[family].spec(largest)).macs - 1
        smaller = widest(SPACES[family], start, lambda values, cap=cap: count(SPACES[family].spec(values)).macs <= cap)
        assert smaller != largest


def test_a_front_is_looked_for_at_all_costs():
    def judge(values, epochs):
        return accuracy(values, epochs) * count(MIXED.spec(values)).macs ** 0.05

    spreads = {}
    for goal in ("accuracy", "pareto-macs"):
        search = oracle("evolution", MIXED, budget(max_macs="20M"), goal=goal, networks=36, pool=64)
        run(search, 200, judge)
        costs = [np.log(count(MIXED.spec(line.values)).macs) for line in search.lines()[20:]]
        spreads[goal] = np.quantile(costs, 0.9) - np.quantile(costs, 0.1)
        if goal != "accuracy":
            ranked = search._ranked([line for line in search.lines() if 1 in line.curve], 1)
            points = [(line.curve[1], count(MIXED.spec(line.values)).macs) for line in ranked]
            beaten = [any(a >= p and c <= q and (a, c) != (p, q) for a, c in points) for p, q in points]
            assert beaten == sorted(beaten)  # the front comes first
    assert spreads["pareto-macs"] > spreads["accuracy"]


def test_a_proxy_that_is_right_helps_and_one_that_is_wrong_is_not_asked_for_long():
    """It is asked about each network once."""
    best, asked = {}, []

    def right(spec):
        asked.append(str(spec))
        return spec["n_filters"][0] / 64 + spec["repeats"][0] / 4 - (spec["blocks"][0] == "plain")

    for name, proxy in (("right", right), ("wrong", lambda spec: -right(spec))):
        search = oracle("evolution", MIXED, QUARTER, networks=16, proxy=proxy)
        run(search, 200)
        best[name] = np.mean([line.curve[1] for line in search.lines()[:8]])
        assert len(set(asked)) == len(asked)
        asked.clear()
    assert best["right"] > best["wrong"]


def test_towards_the_end_of_the_time_no_network_begins():
    now = [0.0]
    search = oracle("evolution", MIXED, QUARTER, seconds=100, clock=lambda: now[0])
    run(search, 20)
    now[0] = 72.0  # nine epochs of 3 s would be over in time
    assert any("tuner/trial_id" not in values for values in run(search, 10))
    while not search._promoted(search.lines(), at_least=1):
        run(search, 1)
    now[0] = 74.0
    later = run(search, 200)
    assert later
    assert all("tuner/trial_id" in values for values in later)
    assert search.create_trial("worker").status == "STOPPED", "of those that wait the best have gone on"
    now[0] = 101.0
    assert search.create_trial("worker").status == "STOPPED"


def test_a_curve_is_by_epochs():
    search = oracle("random", MIXED, QUARTER, networks=1)
    run(search, 1, lambda values, epochs: epochs / 10)
    [trial] = search.trials.values()
    assert curve(trial) == pytest.approx({epoch: epoch / 10 for epoch in range(1, 10)})
    assert trial.score == pytest.approx(0.9)
