"""The report of a sweep, from trials that are made up."""

import csv
import json

import matplotlib.image
import numpy as np
import pytest

from kerascnn.nas.sweep_plan import Plan, Trial
from kerascnn.nas.sweep_report import draw, publish, ranked

PLAN = Plan(["recipes/classify.py", "--data", "mnist"], ["lr=1e-4..1e-1", "augment=none,cifar"])
TRIALS = [
    Trial("0", "COMPLETED", 0.9, {"lr": 1e-3, "augment": "none"}, 3.0, ""),
    Trial("1", "FAILED", None, {"lr": 1e-1, "augment": "cifar"}, 1.0, "the loss is not finite"),
    Trial("2", "COMPLETED", 0.95, {"lr": 1e-2, "augment": "cifar"}, 4.0, ""),
    Trial("3", "RUNNING", None, {"lr": 1e-4, "augment": "none"}, 0.0, ""),
]


@pytest.mark.parametrize(("lowest", "order"), [(False, ["2", "0"]), (True, ["0", "2"])])
def test_the_best_comes_first_and_what_has_no_score_not_at_all(lowest, order):
    assert [trial.trial for trial in ranked(PLAN._replace(lowest=lowest), TRIALS)] == order


def test_all_is_written_and_the_best_flags_are_a_command(tmp_path, capsys):
    publish(PLAN, tmp_path, TRIALS)
    with (tmp_path / "trials.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["trial"], row["accuracy"], row["lr"], row["message"]) for row in rows] == [
        ("0", "0.9", "0.001", ""),
        ("1", "", "0.1", "the loss is not finite"),
        ("2", "0.95", "0.01", ""),
        ("3", "", "0.0001", ""),
    ]
    command = "python recipes/classify.py --data mnist --lr 0.01 --augment cifar"
    winner = json.loads((tmp_path / "winner.json").read_text(encoding="utf-8"))
    assert winner == {"trial": "2", "accuracy": 0.95, "flags": {"lr": 0.01, "augment": "cifar"}, "command": command}
    terminal = capsys.readouterr().out
    page, card = ((tmp_path / name).read_text(encoding="utf-8") for name in ("report.html", "README.md"))
    for said in (terminal, page, card):
        assert "0.9500" in said
        assert "the loss is not finite" in said
    assert command in terminal
    assert command in card


@pytest.mark.parametrize("runs", [1, 2])
def test_a_point_for_each_run_and_flag(tmp_path, runs):
    ended = ranked(PLAN, TRIALS)[:runs]
    draw(tmp_path / "scores.png", PLAN, ended)
    assert np.ptp(matplotlib.image.imread(tmp_path / "scores.png")[..., :3]) > 0.5
