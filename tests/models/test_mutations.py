"""No famous mistake survives the proofs; an untouched network passes them after a mistake is taken back."""

import pytest

from ..mutations import MISTAKES, README, made, proofs_of, survives


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
def test_mistake_is_caught(mistake):
    with made(mistake):
        assert not all(survives(proof, mistake.network) for proof in proofs_of(mistake.network))


def test_a_mistake_is_taken_back():
    with made(MISTAKES[0]):
        assert not survives("numbers", MISTAKES[0].network)
    assert survives("numbers", MISTAKES[0].network)


def test_the_table_in_the_docs_has_every_mistake():
    written = README.read_text(encoding="utf-8")
    assert all(f"| {mistake.what} | `{mistake.network}` |" in written for mistake in MISTAKES)
    assert "SURVIVES" not in written
