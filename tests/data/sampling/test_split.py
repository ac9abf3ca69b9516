"""Which examples are held out: always the same ones, some of every class, about a share of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.data.sampling.split import SHARE, held_out, position

keys = st.lists(st.tuples(st.text(), st.integers(0, 5)), unique_by=lambda pair: pair[0])


@given(examples=keys, others=keys)
def test_both_sides_have_every_label_and_others_move_none(examples, others):
    """Every label with two examples is on both sides, and more examples move none but those that were kept for that."""
    known = {key for key, _ in examples}
    both = examples + [(key, label + 6) for key, label in others if key not in known]  # other labels
    held, held_with_others = (held_out([k for k, _ in e], [label for _, label in e]) for e in (examples, both))
    assert held_with_others[: len(held)].tolist() == held.tolist()
    labels = np.array([label for _, label in examples])
    for label in set(labels.tolist()):
        sides = set(held[labels == label].tolist())
        assert sides == ({False, True} if (labels == label).sum() > 1 else {False})


@pytest.mark.parametrize("share", [SHARE, 0.5])
def test_about_a_share_is_held_out(share):
    labels = np.arange(5000) % 10
    held = held_out([f"image {i}" for i in range(5000)], labels, share)
    assert held.mean() == pytest.approx(share, abs=0.03)
    assert np.bincount(labels[held], minlength=10) == pytest.approx(np.full(10, 500 * share), rel=0.25)


def test_position_depends_on_the_key_alone():
    assert position("a") == position("a") != position("b")
    assert 0 <= position("file name of any bytes: \udcff") < 1
