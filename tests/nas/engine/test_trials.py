"""What a search has left is read from its folder as it is, also while it runs, also damaged."""

import json
import subprocess
import sys

import pytest

from kerascnn.errors import InputError
from kerascnn.nas.engine.trials import results
from kerascnn.nas.spaces.count import count

SPEC = {"name": "staged", "input_shape": [8, 8, 1], "classes": 10, "n_filters": [8, 8, 8], "repeats": [1, 1, 1]}


def written(folder, trial, accuracies, status="COMPLETED", first=1, parent=None, **more):
    """A trial.json in the form of keras-tuner's `Trial.get_state`."""
    values = {"n_filters": 8, "tuner/epochs": 9} | ({"tuner/trial_id": parent} if parent else {})
    curves = {"val_accuracy": accuracies, "seconds": [2.0] * len(accuracies)}
    metrics = {
        name: {"direction": "max", "observations": [{"value": [v], "step": first + i} for i, v in enumerate(curve)]}
        for name, curve in curves.items()
    }
    state = {
        "trial_id": trial,
        "hyperparameters": {"space": [], "values": values},
        "metrics": {"metrics": metrics},
        "score": None,
        "best_step": 0,
        "status": status,
        "message": None,
        **more,
    }
    home = folder / f"trial_{trial}"
    home.mkdir(exist_ok=True)
    (home / "trial.json").write_text(json.dumps(state))
    return home / "trial.json"


def test_a_promotion_has_the_curve_of_the_whole_chain(tmp_path):
    written(tmp_path, "0000", [0.1, 0.2], spec=SPEC, count=count(SPEC)._asdict())
    written(tmp_path, "0001", [0.3], parent="0000", first=3)
    written(tmp_path, "0002", [0.4, 0.5], parent="0001", first=4, status="RUNNING")
    first, second, third = results(tmp_path)
    assert (first.parent, second.parent, third.parent) == (None, "0000", "0001")
    assert third.curve == {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4, 5: 0.5}
    assert [result.seconds for result in (first, second, third)] == [4.0, 2.0, 4.0]
    assert [result.steady for result in (first, second, third)] == [(2.0,), (), (2.0,)]
    assert (first.spec, first.count) == (SPEC, count(SPEC))
    assert (third.status, third.spec, third.values) == ("RUNNING", None, {"n_filters": 8})


def test_trials_are_in_the_order_of_their_numbers(tmp_path):
    for trial in ("10000", "9999", "0002"):
        written(tmp_path, trial, [])
    assert [result.trial for result in results(tmp_path)] == ["0002", "9999", "10000"]


@pytest.mark.parametrize("damage", [lambda text: "", lambda text: text[:40], lambda text: "[]", None])
def test_a_damaged_trial_is_read_as_it_was_before(tmp_path, damage):
    file = written(tmp_path, "0000", [0.1])
    file.rename(tmp_path / "trial_0000" / "trial.json.before")
    assert results(tmp_path)[0].curve == {1: 0.1}
    if damage:
        file.write_text(damage(written(tmp_path, "0000", [0.1, 0.2]).read_text()))
        assert results(tmp_path)[0].curve == {1: 0.1}


def test_what_cannot_be_read_is_left_out(tmp_path):
    written(tmp_path, "0000", [0.1]).write_text("{")
    written(tmp_path, "0001", [0.2], status="FAILED", message="too large")
    (tmp_path / "trial_0002").mkdir()
    assert [(result.trial, result.message) for result in results(tmp_path)] == [("0001", "too large")]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder"):
        results(tmp_path / "nowhere")


def test_reading_brings_in_neither_keras_nor_its_tuner(tmp_path):
    written(tmp_path, "0000", [0.1])
    code = (
        "import sys; from kerascnn.nas.engine.trials import results; assert results(sys.argv[1]); "
        "sys.exit(any(m in sys.modules for m in ('keras', 'keras_tuner', 'tensorflow')))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == 0
