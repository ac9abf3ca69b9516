"""What a search tells: the page and the tables against made-up trials."""

import csv
import itertools
import json
import re
import shlex
from ast import literal_eval
from random import Random

import matplotlib.image
import numpy as np
import pytest

import kerascnn
from kerascnn import nas
from kerascnn.errors import InputError
from kerascnn.nas.outcome.report import write_report
from kerascnn.nas.outcome.selection import describe, knobs
from kerascnn.nas.spaces.count import count

from ..engine.test_trials import written
from .test_selection import SPEC

EVIL = "<script>alert('a')</script> & [b] | c"


def search(folder, goal="accuracy", trials=12, **more):
    """A folder as a search leaves it, with made-up accuracies; the last trial has failed."""
    space = nas.space("mixed", input_shape=(8, 8, 1))
    limits, random = nas.budget(max_params="60k"), Random(0)
    about = {"flags": {"goal": goal, "strategy": "evolution"}, "space": "mixed", "data": EVIL}
    about |= {"budget": limits._asdict(), "share": ["mixed", 300, 2000], "train_images": 1000, "validation_images": 200}
    about |= {"ahead": {}, "kerascnn": kerascnn.__version__}
    (folder / "search.json").write_text(json.dumps(about | more))
    for i in range(trials):
        values = limits.draw(space, random)
        spec = space.spec(values)
        state = {"spec": spec, "count": count(spec)._asdict(), "hyperparameters": {"space": [], "values": values}}
        if i and i == trials - 1:
            written(folder, f"{i:04}", [], **state, status="FAILED", message=EVIL)
        else:
            written(folder, f"{i:04}", [0.5 + 0.03 * i, 0.6 + random.random() / 10], **state)
    return folder


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_all_trials_are_in_the_table(tmp_path):
    write_report(search(tmp_path))
    rows = table(tmp_path / "trials.csv")
    dimensions = [dimension.name for dimension in nas.SPACES["mixed"].dimensions]
    costs = ["macs", "params", "memory"]
    first, last = ["trial", "parent", "status"], ["epochs", "accuracy", "seconds", "message"]
    assert list(rows[0]) == [*first, *dimensions, *costs, *last]
    for row, result in zip(rows, nas.results(tmp_path), strict=True):
        assert (row["trial"], row["status"], row["message"]) == (result.trial, result.status, result.message or "")
        assert {name: int(row[name]) for name in costs}.items() <= result.count._asdict().items()
        assert {name: row[name] for name in dimensions} == {name: str(value) for name, value in result.values.items()}
        if result.curve:
            assert (int(row["epochs"]), float(row["accuracy"])) == (2, result.curve[2])
    assert rows[-1]["message"] == EVIL
    assert rows[-1]["accuracy"] == ""


def test_the_page_shows_all(tmp_path, capsys):
    write_report(search(tmp_path))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    best = max((result for result in nas.results(tmp_path) if result.curve), key=lambda result: result.curve[2])
    assert f"{best.curve[2]:.2%}" in re.search(r'class="headline"><strong>(.*?)</strong>', page)[1]
    assert describe(best.spec) in page
    assert "Set aside" in page
    assert "<script" not in page
    assert page.count("data:image/png;base64,") == 4
    pictures = ("costs.png", "networks.png", "curves.png", "choices.png")
    assert all(np.ptp(matplotlib.image.imread(tmp_path / name)[..., :3]) > 0.5 for name in pictures)
    assert f"{best.curve[2]:.2%}" in capsys.readouterr().out
    assert not (tmp_path / "front.json").exists()
    assert not list(tmp_path.glob("*.part*"))


def test_the_winner_that_was_trained_is_the_headline_with_its_interval(tmp_path):
    """Wilson's interval of 81 in 100, from his formula by hand: 72.2 % to 87.5 %."""
    home = search(tmp_path) / "winner"
    home.mkdir()
    (home / "metrics.json").write_text(json.dumps({"accuracy": 0.81}))
    (home / "config.json").write_text(json.dumps({"validation_images": 100}))
    write_report(tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| accuracy of the winner on 100 test images | 81.00% |" in card
    assert "72.2% to 87.5%" in card


def test_where_the_winner_has_a_given_time_the_page_says_why_it_may_not_be_the_most_accurate(tmp_path):
    write_report(search(tmp_path))
    reasons = "It trains on up to 9 times as many images, from which", "would have too few, and come behind."
    assert not any(reason in (tmp_path / "report.html").read_text(encoding="utf-8") for reason in reasons)
    about = json.loads((tmp_path / "search.json").read_text())
    (tmp_path / "search.json").write_text(json.dumps(about | {"ahead": {"enough": 0.1, "longer": 9.1}}))
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(reason in page for reason in reasons)
    assert page.count("<td>2</td>") >= 20, "epochs of ten networks and the seconds of each"


def test_the_command_in_the_card_is_of_the_winner(tmp_path):
    write_report(search(tmp_path))
    card = (tmp_path / "README.md").read_text(encoding="utf-8").splitlines()
    [command] = [shlex.split(line) for line in card if "classify.py" in line]
    words = [word.partition("=") for flag, word in itertools.pairwise(command) if flag == "--knob"]
    best = max((result for result in nas.results(tmp_path) if result.curve), key=lambda result: result.curve[2])
    assert command[command.index("--model") + 1] == best.spec["name"]
    assert {name: literal_eval(value) for name, _, value in words} == knobs(best.spec)


@pytest.mark.parametrize("cost", ["macs", "params"])
def test_a_front_is_kept_and_shown_first(cost, tmp_path):
    write_report(search(tmp_path, goal=f"pareto-{cost}"))
    found = json.loads((tmp_path / "front.json").read_text())
    assert found["cost"] == cost
    costs = [one[cost] for one in found["networks"]]
    accuracies = [one["accuracy"] for one in found["networks"]]
    assert costs == sorted(costs)
    assert accuracies == sorted(accuracies)
    assert all(one[cost] == getattr(count(one["spec"]), cost) for one in found["networks"])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index("<h2>The front</h2>") < page.index("<h2>The best networks</h2>")


def test_a_single_network(tmp_path):
    write_report(search(tmp_path, trials=1))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 3, "choices have nothing to tell"


def test_nothing_to_report(tmp_path):
    with pytest.raises(InputError, match="holds no search"):
        write_report(tmp_path)
    written(search(tmp_path, trials=1), "0000", [], status="RUNNING", spec={}, count=count(SPEC)._asdict())
    with pytest.raises(InputError, match="no network has been trained yet"):
        write_report(tmp_path)
