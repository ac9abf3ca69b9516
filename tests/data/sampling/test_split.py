"""Which examples are held out: always the same ones, the same share of every class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.data.sampling.split import SHARE, held_out, limited, position

keys = st.lists(st.tuples(st.text(), st.integers(0, 3)), unique_by=lambda pair: pair[0], max_size=60)
shares = st.floats(0.01, 0.99)


def held(examples, share=SHARE):
    """The keys that are held out."""
    found = held_out([key for key, _ in examples], [label for _, label in examples], share)
    return {key for (key, _), is_held in zip(examples, found, strict=True) if is_held}


@given(examples=keys, share=shares)
def test_the_share_of_every_label_is_held_out(examples, share):
    """Rounded; a label with two examples is on both sides, one with a single example trains."""
    chosen = held(examples, share)
    for label in {label for _, label in examples}:
        members = [key for key, of in examples if of == label]
        count = len(chosen & set(members))
        if len(members) == 1:
            assert count == 0
        else:
            assert 1 <= count < len(members)
            assert count in {1, len(members) - 1} or abs(count - share * len(members)) <= 0.5


@given(examples=keys.filter(bool), share=shares, which=st.integers(0))
def test_one_more_example_moves_at_most_one_other_of_its_label(examples, share, which):
    new, label = examples[which % len(examples)]
    before, after = held([one for one in examples if one[0] != new], share), held(examples, share)
    moved = (before ^ after) - {new}
    assert len(moved) <= 1
    assert moved <= {key for key, of in examples if of == label}


@given(examples=keys, random=st.randoms(use_true_random=False))
def test_order_does_not_matter(examples, random):
    other = random.sample(examples, len(examples))
    assert held(other) == held(examples)


@pytest.mark.parametrize(("of", "held"), [(41, 8), (54, 11), (33, 7), (52, 10), (1, 0), (2, 1), (3, 1), (7, 1), (8, 2)])
def test_counts_of_a_fifth(of, held):
    assert held_out([f"photo {i}" for i in range(of)], ["dogs"] * of).sum() == held


@pytest.mark.parametrize(("share", "held"), [(0.5, 2), (0.9, 4), (0.999, 4), (0.001, 1)])
def test_counts_of_other_shares(share, held):
    assert held_out("abcde", [0] * 5, share).sum() == held


@given(examples=keys, most=st.integers(1, 60))
def test_a_limit_keeps_the_mixture(examples, most):
    """Of each label its share, to one example; and what a smaller limit keeps."""
    texts, labels = [key for key, _ in examples], [label for _, label in examples]
    found, less = (limited(texts, labels, n) for n in (most, most - 1))
    assert len(found) == min(most, len(examples))
    assert set(less) <= set(found)
    for label in {label for _, label in examples}:
        members = [i for i, (_, of) in enumerate(examples) if of == label]
        assert abs(len({*members} & {*found}) - len(found) * len(members) / len(examples)) < 2


def test_position_depends_on_the_key_alone():
    assert position("a") == position("a") != position("b")
    assert 0 <= position("file name of any bytes: \udcff") < 1
