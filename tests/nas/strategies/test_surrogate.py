from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from kerascnn.nas import SPACES, Dimension, Space
from kerascnn.nas.spaces.space import is_active
from kerascnn.nas.strategies import surrogate
from kerascnn.nas.strategies.surrogate import Tried, agrees, correlation, fit_surrogate, mutate, normal_scores, propose

WORDS = tuple("abcde")
SMALL = Space("small", (Dimension("n", (1, 2, 3)), Dimension("word", ("a", "b"))), dict)
LARGE = Space(
    "large",
    (*(Dimension(f"word{i}", WORDS) for i in range(4)), *(Dimension(f"n{i}", range(8)) for i in range(3))),
    dict,
)
EFFECTS = np.random.default_rng(0).normal(size=(4, 5))


def goodness(values):
    """Of a network of LARGE: words have effects of their own, the numbers are best at 5."""
    by_words = sum(EFFECTS[i, WORDS.index(values[f"word{i}"])] for i in range(4))
    return by_words - 0.1 * sum((values[f"n{i}"] - 5) ** 2 for i in range(3))


def search(count, seed, **options):
    """The networks that are proposed one after the other, each judged at once."""
    tried = []
    for i in range(count):
        random = Random(f"{seed} {i}")
        values = propose(LARGE, LARGE.draw, lambda values: True, tried, random, **options)
        tried.append(Tried(values, goodness(values)))
    return tried


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=30))
def test_correlation_is_spearmans(pairs):
    x, y = zip(*pairs, strict=True)
    expected = 0 if len(set(x)) == 1 or len(set(y)) == 1 else spearmanr(x, y).statistic
    assert correlation(x, y) == pytest.approx(expected)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30, unique=True))
def test_normal_scores_keep_the_order_and_are_symmetric(scores):
    found = normal_scores(scores)
    assert list(np.argsort(found)) == list(np.argsort(scores))
    assert sorted(found) == pytest.approx(sorted(-found))


@given(family=st.sampled_from(sorted(SPACES)), seed=st.integers(0, 10**6))
def test_a_child_is_a_network_of_the_space_that_differs_in_one_or_two_numbers(family, seed):
    space, random = SPACES[family], Random(seed)
    parent = space.draw(random)
    child = mutate(space, parent, random)
    space.spec(child)
    drawn = {name for name in parent if name in child and child[name] != parent[name]}
    assert 1 <= len(drawn) <= 2
    came = child.keys() - parent.keys()
    assert all(
        is_active(dimension, child) and not is_active(dimension, parent)
        for dimension in space.dimensions
        if dimension.name in came
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_proposals_fit_and_are_new_until_there_is_no_other(seed):
    tried = []
    for i in range(4):
        values = propose(
            SMALL,
            lambda r: SMALL.draw(r) | {"n": 1 + r.randrange(2)},
            lambda v: v["n"] < 3,
            tried,
            Random(f"{seed} {i}"),
        )
        assert values["n"] < 3
        assert values not in [one.values for one in tried]
        tried.append(Tried(values, float(i)))
    assert propose(SMALL, lambda r: tried[0].values, lambda v: v["n"] < 3, tried, Random(seed)) is None


def test_the_same_arguments_give_the_same_proposals():
    assert search(12, 3) == search(12, 3)
    assert search(12, 3) != search(12, 4)


@pytest.mark.slow
def test_it_finds_better_networks_than_chance():
    """The best of 32 is on average as good as the best of 320 by chance, of 320,000 networks."""
    by_chance = [max(goodness(LARGE.draw(Random(f"{seed} {i}"))) for i in range(320)) for seed in range(50)]
    found = [max(one.score for one in search(32, seed, pool=128)) for seed in range(6)]
    assert np.mean(found) > np.mean(by_chance)


def test_evidence_leads_in_the_beginning():
    def evidence(values):
        return values["n0"]

    led = search(surrogate.INITIAL, 0, evidence=[evidence])
    assert all(one.values["n0"] == 7 for one in led), "the best of 24 draws from 8 numbers"


def test_evidence_on_any_scale_counts_alike():
    """The sum would only hear the louder one."""

    def loud(values):
        return 1e6 * values["n0"]

    led = search(surrogate.INITIAL, 0, evidence=[loud, lambda values: values["n1"]])
    assert all(min(one.values["n0"], one.values["n1"]) >= 4 for one in led)


def test_evidence_that_hardly_differs_does_not_decide():
    """Where all that were judged are of the same size, a network of another size is not beyond comparison."""
    tried = [Tried(LARGE.draw(Random(i))) for i in range(6)]
    tried = [Tried(one.values, goodness(one.values)) for one in tried]
    known = [one.values for one in tried]
    process = fit_surrogate(LARGE, tried, [lambda values: 16.0 if values in known else 16.1])
    mean, deviation = process([LARGE.draw(Random(seed)) for seed in range(100, 120)])
    assert abs(mean).max() < 3
    assert deviation.max() < 3


def test_no_network_is_asked_about_for_one_proposal_alone():
    """The first proposals are the best of those that were asked about so far."""
    tried, asked = [], []

    def ask(values):
        asked.append(values)
        return goodness(values)

    for i in range(surrogate.INITIAL):
        known = [one.values for one in tried]
        options = {"evidence": [ask], "first": Random(7)}
        tried.append(Tried(propose(LARGE, LARGE.draw, lambda values: True, tried, Random(i), **options), 0.0))
        different = {repr(values): values for values in asked if values not in known}
        assert len(different) == surrogate.ASKED + surrogate.MORE * i
        assert tried[-1].values == max(different.values(), key=goodness)


@pytest.mark.parametrize("value", [float("nan"), -float("inf"), float("inf")])
@pytest.mark.parametrize("always", [False, True])
def test_evidence_that_is_no_number_is_the_worst(value, always):
    """Of half of the networks it says nothing; among the first, which are judged by it alone, there is none of them."""

    def told(values):
        return value if always or values["n0"] % 2 else goodness(values)

    found = search(12, 0, evidence=[told])
    assert len({repr(one.values) for one in found}) == 12
    assert always or not any(one.values["n0"] % 2 for one in found[: surrogate.INITIAL])


def test_evidence_that_is_wrong_is_left_out(monkeypatch):
    scored = [Tried({"n": n}, float(n)) for n in range(surrogate.ENOUGH)]
    assert agrees(lambda values: values["n"], scored)
    assert not agrees(lambda values: -values["n"], scored)
    assert not agrees(lambda values: 1.0, scored)
    assert agrees(lambda values: -values["n"], scored[1:])  # too few to tell

    asked = []
    monkeypatch.setattr(surrogate, "fit_surrogate", lambda space, scored, evidence: asked.append(len(evidence)))
    tried = [Tried(LARGE.draw(Random(i)), 0.0) for i in range(10)]
    tried = [Tried(one.values, goodness(one.values)) for one in tried]
    for evidence in (goodness, lambda values: -goodness(values)):
        propose(LARGE, LARGE.draw, lambda values: True, tried, Random(0), evidence=[evidence])
    assert asked == [1, 0]


def test_a_process_that_foresees_nothing_is_not_asked():
    random = Random(0)
    noise = [Tried(LARGE.draw(random), random.random()) for _ in range(20)]
    assert fit_surrogate(LARGE, noise, ()) is None
    real = [Tried(one.values, goodness(one.values)) for one in noise]
    mean, deviation = fit_surrogate(LARGE, real, ())([one.values for one in real])
    assert correlation(mean, [one.score for one in real]) > 0.9
    assert (deviation > 0).all()
