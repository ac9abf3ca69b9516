"""Which choices mattered: the arithmetic against scikit-learn's, and networks whose choices are known to matter."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from kerascnn.nas.outcome.importance import common_epoch, explained, hyperparameter_importance
from kerascnn.nas.outcome.selection import networks

from .test_selection import trial


def test_what_is_explained_is_the_adjusted_r2_of_a_regression():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2, 3], [3, 1, 7, 4])
    values = 0.3 * groups + rng.standard_normal(15)
    one_hot = np.eye(4)[groups][:, 1:]
    plain = LinearRegression().fit(one_hot, values).score(one_hot, values)
    assert explained(groups, values) == pytest.approx(1 - (1 - plain) * 14 / (15 - 3 - 1))
    assert explained(groups, np.ones(15)) == 0


def test_choices_that_do_nothing_explain_nothing_on_average():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], [4, 6, 5])
    found = [explained(groups, rng.standard_normal(15)) for _ in range(2000)]
    assert abs(np.mean(found)) < 4 * np.std(found) / 2000**0.5


def tried(**numbers):
    """Networks with these values, one for each place of the lists; `accuracy` is theirs after one epoch."""
    accuracies = numbers.pop("accuracy")
    trials = [trial(f"{i:04}", {1: accuracy}) for i, accuracy in enumerate(accuracies)]
    values = [
        {name: column[i] for name, column in numbers.items() if column[i] is not None} for i in range(len(trials))
    ]
    return networks(one._replace(values=own) for one, own in zip(trials, values, strict=True))


def test_the_choice_that_matters_comes_first_and_the_others_are_within_chance():
    rng = np.random.default_rng(0)
    block, size = rng.choice(["a", "b", "c"], 60).tolist(), rng.choice([3, 5], 60).tolist()
    gains = {"a": 0.0, "b": 0.1, "c": 0.2}
    accuracy = [gains[kind] + 0.01 * noise for kind, noise in zip(block, rng.standard_normal(60), strict=True)]
    first, second = hyperparameter_importance(tried(size=size, block=block, only=[7] * 60, accuracy=accuracy), 1)
    assert (first.name, second.name) == ("block", "size")
    assert first.share > 0.9 > first.chance
    assert second.share < second.chance < 0.2
    assert list(first.accuracies) == ["a", "b", "c"]
    assert {kind: np.mean(found) for kind, found in first.accuracies.items()} == pytest.approx(gains, abs=0.01)


def test_a_number_counts_where_it_takes_part_and_where_it_can_tell_something():
    (only,) = hyperparameter_importance(
        tried(
            third=[None, None, 1, 1, 2, 2],
            each_another=[1, 2, 3, 4, 5, 6],
            accuracy=[0.9, 0.1, 0.5, 0.5, 0.7, 0.7],
        ),
        1,
    )
    assert only.name == "third"
    assert only.accuracies == {1: [0.5, 0.5], 2: [0.7, 0.7]}
    assert only.share == pytest.approx(1)
    assert hyperparameter_importance([], 1) == []


def test_networks_are_compared_where_most_have_come():
    curves = [{1: 0.1}, {}, *[{1: 0.1, 2: 0.2, 3: 0.3}] * 3, {1: 0.1, 2: 0.2}]
    found = networks(trial(f"{i:04}", curve) for i, curve in enumerate(curves))
    assert common_epoch(found) == 2, "which 4 of the 5 have reached that were trained at all"
    assert common_epoch([]) == 0
