"""What a search gives back, and the names that it may have."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kerascnn
from kerascnn import catalog, nas, registry
from kerascnn.errors import InputError
from kerascnn.nas.engine.trials import Result
from kerascnn.nas.outcome import selection
from kerascnn.nas.outcome.selection import describe, front, networks, ranked
from kerascnn.nas.spaces.count import Count, count
from kerascnn.nas.strategies.extrapolation import FullTraining

SPEC = {"name": "staged", "input_shape": [8, 8, 1], "classes": 10, "n_filters": [8, 8, 16], "repeats": [1, 1, 1]}


def trial(number, curve, parent=None, status="COMPLETED", macs=1000, params=100, message=None):
    counted = Count(0, params, macs, 8, 1)
    return Result(number, parent, status, message, {"n_filters": 8}, SPEC, counted, curve, float(len(curve)), ())


def test_trials_that_go_on_from_each_other_are_one_network():
    tried = networks(
        [
            trial("0000", {1: 0.5}),
            trial("0001", {1: 0.4}),
            trial("0002", {1: 0.5, 2: 0.7, 3: 0.6}, parent="0000"),
            trial("0003", {1: 0.5, 2: 0.7, 3: 0.6, 4: 0.9}, parent="0002", status="FAILED", message="no memory"),
        ]
    )
    assert [one.trials for one in tried] == [("0000", "0002", "0003"), ("0001",)]
    assert [(one.epochs, one.accuracy) for one in tried] == [(3, 0.6), (1, 0.4)], "the last epoch that was completed"
    assert tried[0].seconds == 1 + 3 + 4
    assert (tried[0].is_good, tried[0].message) == (True, "no memory")


def test_the_most_accurate_wins_and_of_equals_the_cheaper_one():
    trials = [
        trial("0000", {1: 0.5}, macs=10),
        trial("0001", {1: 0.6}, macs=30),
        trial("0002", {1: 0.6}, macs=20),
        trial("0003", {1: 0.9}, status="FAILED"),
        trial("0004", {}, status="RUNNING"),
    ]
    assert [one.trials[0] for one in ranked(networks(trials))] == ["0002", "0001", "0000"]


def test_of_networks_about_as_accurate_the_faster_one_wins_where_time_is_short():
    """Five to ten times as long for an epoch, of which one second would do, are 1.38 and 1.58 times the error."""
    trials = [
        trial(f"{i:04}", {1: accuracy}, macs=seconds)._replace(steady=(seconds, seconds))
        for i, (accuracy, seconds) in enumerate([(0.7, 10), (0.69, 5), (0.6, 5), (0.5, 1), (0.4, 0.5)])
    ]
    assert [one.trials[0][-1] for one in ranked(networks(trials))] == ["0", "1", "2", "3", "4"]
    assert [one.trials[0][-1] for one in ranked(networks(trials), FullTraining(enough=1.0))] == [
        "1",
        "0",
        "3",
        "2",
        "4",
    ]


def test_of_networks_about_as_accurate_the_larger_one_wins_where_the_winner_trains_for_longer():
    """With 40 times the images, four times the parameters are worth 0.82 of the error."""
    trials = [
        trial("0000", {1: 0.58}, params=100),
        trial("0001", {1: 0.5}, params=400),
        trial("0002", {1: 0.4}, params=400),
    ]
    assert [one.trials[0][-1] for one in ranked(networks(trials))] == ["0", "1", "2"]
    assert [one.trials[0][-1] for one in ranked(networks(trials), FullTraining(longer=40.0))] == ["1", "0", "2"]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=20))
def test_a_front_is_what_nothing_beats(points):
    tried = networks(trial(f"{i:04}", {1: accuracy / 10}, params=cost) for i, (cost, accuracy) in enumerate(points))
    found = [(one.count.params, one.accuracy) for one in front(tried, "params")]
    assert found == sorted(found)
    for cost, accuracy in points:
        beaten = any(c <= cost and a >= accuracy / 10 and (c, a) != (cost, accuracy / 10) for c, a in found)
        assert beaten != ((cost, accuracy / 10) in found)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            {"name": "staged", "blocks": ["se", "plain"], "repeats": [2, 1], "n_filters": [8, 16], "kernel_size": 5},
            "2 se of 8, 1 plain of 16, 5x5",
        ),
        ({"name": "resnet20_cifar", "n_filters": 11, "input_shape": [8, 8, 1]}, "resnet20_cifar, n_filters=11"),
        ({"name": "lenet5", "classes": 3}, "lenet5"),
    ],
)
def test_a_network_in_a_few_words(spec, words):
    assert describe(spec) == words


@pytest.fixture
def forgets():
    """Names that a test registers are gone behind it."""
    before = set(catalog.UNLISTED)
    yield
    for name in set(catalog.UNLISTED) - before:
        del catalog.UNLISTED[name], registry._BUILDERS[name]


@pytest.mark.usefixtures("forgets")
def test_a_network_under_a_name_of_ones_own(tmp_path):
    (tmp_path / "winner.json").write_text(json.dumps(SPEC))
    card = nas.register("my_net", tmp_path / "winner.json")
    mine, same = kerascnn.build("my_net"), kerascnn.build(**SPEC)
    assert mine.name == "my_net"
    assert [w.shape for w in mine.weights] == [w.shape for w in same.weights]
    assert kerascnn.info("my_net") == kerascnn.info(mine) == card
    assert (card.params, card.macs) == (mine.count_params(), kerascnn.analysis.macs(mine)) == count(SPEC)[1:3]
    other = kerascnn.build("my_net", input_shape=(16, 16, 3), classes=5, repeats=(2, 1, 1))
    assert other.output_shape == (None, 5)
    assert kerascnn.build("unet", backbone="my_net", input_shape=(16, 16, 1)).output_shape[1:3] == (16, 16)
    assert "my_net" not in kerascnn.list_models()
    nas.register("my_net", SPEC | {"classes": 3})
    assert kerascnn.build("my_net").output_shape == (None, 3), "the name is given to the new one"


@pytest.mark.usefixtures("forgets")
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("resnet50", SPEC, "name='resnet50': must be a word that is no network of the catalog"),
        ("inception_v1", SPEC, "no network of the catalog"),
        ("staged", SPEC, "no network of the catalog"),
        ("my net", SPEC, "must be a word"),
        ("mine", {"name": "staged"}, "winner.json: input_shape is missing"),
        ("mine", [1], "winner.json: it is .1.: must be an object"),
        ("mine", {**SPEC, "name": "stagedd"}, "unknown model 'stagedd'"),
        ("mine", {**SPEC, "repeat": 3}, "unknown knob of staged 'repeat': did you mean repeats"),
        ("mine", {**SPEC, "repeats": [0, 1, 1]}, "repeats="),
    ],
)
def test_what_cannot_be_registered(name, content, message, tmp_path):
    (tmp_path / "winner.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        nas.register(name, tmp_path / "winner.json")
    assert "mine" not in catalog.UNLISTED


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such file; give the winner"):
        nas.register("mine", tmp_path / "winner.json")
    (tmp_path / "winner.json").write_text("{")
    with pytest.raises(InputError, match="is no JSON"):
        nas.register("mine", tmp_path / "winner.json")


def test_the_largest_of_the_catalog_is_the_widest_that_fits():
    """Against all widths, each counted."""
    limits = nas.budget(max_macs="20M", max_params="300k")
    spec, counted = nas.largest(limits, (32, 32, 3), 10)
    assert counted == count(spec)
    everything = [
        count({"name": f"resnet{depth}_cifar", "n_filters": n, "input_shape": [32, 32, 3], "classes": 10})
        for depth, widths in ((20, range(8, 13)), (32, range(8, 10)))
        for n in widths
    ]
    assert counted.macs == max(found.macs for found in everything if limits.allows(found))
    assert limits.allows(counted)


def test_it_fits_as_it_is():
    spec, counted = nas.largest(nas.budget(max_params="100k"), (32, 32, 1), 10)
    assert (spec["name"], counted.params) == ("resnet20_cifar", count(spec).params)
    spec, counted = nas.largest(nas.budget(max_params="62k", max_macs="500k"), (32, 32, 1), 10)
    assert spec == {"name": "lenet5", "input_shape": [32, 32, 1], "classes": 10}
    assert counted.params == kerascnn.info("lenet5").params


def test_nothing_of_the_catalog_fits_or_anything_does():
    assert nas.largest(nas.budget(max_params="1k"), (32, 32, 1), 10) is None
    assert nas.largest(nas.budget(max_memory="1MB"), (32, 32, 1), 10) is None


def test_hardly_any_network_is_built_to_find_the_largest(monkeypatch):
    built = []
    monkeypatch.setattr(selection, "count", lambda spec: built.append(spec["name"]) or count(spec))
    nas.largest(nas.budget(max_macs="20M", max_params="300k"), (32, 32, 3), 10)
    assert len(built) < 30
