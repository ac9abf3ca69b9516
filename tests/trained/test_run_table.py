"""The table of runs: from files alone, quick, and a row for whatever is wrong."""

import json
import subprocess
import sys
import time

import pytest

from kerascnn import InputError
from kerascnn.cli import main
from kerascnn.trained import runs
from kerascnn.trained.run_table import as_cells, in_bytes, in_time
from kerascnn.training import run_folder

STARTED = "2026-11-30T12:00:{:02}+00:00"


def leave(home, metrics=None, epochs=2, ended=True, number=0, **other):
    """What a run leaves behind, in small."""
    home.mkdir(parents=True)
    config = {"kerascnn": "0", "name": "lenet5", "data": "digits", "started": STARTED.format(number)}
    config |= {"flags": {"epochs": 3}, **({"ended": STARTED.format(number)} if ended else {}), **other}
    (home / "config.json").write_text(json.dumps(config))
    lines = [f"{i},0.5,1.5" for i in range(epochs)]
    (home / "history.csv").write_text("\n".join(["epoch,loss,seconds", *lines]) + "\n")
    (home / "model.keras").write_bytes(bytes(5000))
    if metrics is not None:
        (home / "metrics.json").write_text(json.dumps(metrics))
    return home


def rows(folder, **how):
    return {row["folder"].removeprefix(f"{folder}/"): row for row in runs(folder, **how)}


@pytest.mark.parametrize(
    ("name", "task", "metrics", "measure", "value", "shown"),
    [
        ("lenet5", "classify", {"accuracy": 0.9893, "dice": None}, "accuracy", 0.9893, "accuracy 98.93%"),
        ("unet", "segment", {"dice": 0.97634, "iou": 0.9}, "Dice", 0.97634, "Dice 0.9763"),
        ("autoencoder", "reconstruct", {"mse": 0.0089}, "squared error", 0.0089, "squared error 0.00890"),
        ("siamese", "verify", {"one_shot": 0.9675, "auc": 1}, "one-shot", 0.9675, "one-shot 96.75%"),
        ("vgg16", "classify", {"mean_average_precision": 0.5}, "mean average precision", 0.5,
         "mean average precision 50.00%"),
        ("side_by_side", None, {"networks": {"a": {"held_out_error": 0.5}, "b": {"held_out_error": 0.25}}},
         "accuracy", 0.75, "accuracy 75.00%"),
        ("mine", None, {}, None, None, ""),
    ],
)  # fmt: skip
def test_a_row_of_each_kind_of_run(tmp_path, name, task, metrics, measure, value, shown):
    [row] = runs(leave(tmp_path / "run", metrics, name=name))
    found = [row[what] for what in ("network", "task", "measure", "value", "epochs", "of", "seconds", "state")]
    assert found == [name, task, measure, value, 2, 3, 3.0, "complete"]
    assert 5000 < row["bytes"] < 10**6
    assert as_cells(row)[1:6] == (name, "digits", shown, "2", "3 s")


def test_what_is_not_complete(tmp_path):
    stopped = leave(tmp_path / "stopped", epochs=1, ended=False)
    leave(tmp_path / "resumable", ended=False)
    (tmp_path / "resumable/checkpoints/step-000000010").mkdir(parents=True)
    (tmp_path / "resumable/checkpoints/step-000000020.part").mkdir()
    working = leave(tmp_path / "working", ended=False)
    with run_folder.held(working):
        states = {name: row["state"] for name, row in rows(tmp_path).items()}
    assert states == {
        "stopped": "stopped at epoch 1 of 3",
        "resumable": "stopped at epoch 2 of 3: --resume goes on",
        "working": "running",
    }
    assert rows(tmp_path)["working"]["state"] == "stopped at epoch 2 of 3", "the lock is gone"
    (stopped / "history.csv").unlink()
    assert rows(tmp_path)["stopped"]["state"] == "stopped at epoch 0 of 3"


def test_searches_sweeps_and_folders_in_folders(tmp_path):
    leave(tmp_path / "search/winner", {"accuracy": 0.5})
    about = {"kerascnn": "0", "space": "vgg", "data": "digits", "ended": True, "flags": {}}
    (tmp_path / "search/search.json").write_text(json.dumps(about))
    (tmp_path / "search/trial_0000/checkpoints").mkdir(parents=True)
    leave(tmp_path / "sweep/trial_0/run", {"accuracy": 0.5})
    leave(tmp_path / "a/b/c/too deep", {"accuracy": 0.5})
    leave(tmp_path / "elsewhere/run", {"accuracy": 0.5})
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    found = rows(tmp_path)
    assert set(found) == {"search", "search/winner", "sweep/trial_0/run", "elsewhere/run"}
    assert (found["search"]["task"], found["search"]["state"]) == ("search", "stopped: --resume goes on")
    (tmp_path / "search/report.html").touch()
    assert rows(tmp_path)["search"]["state"] == "complete"


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("config.json", "{", "config.json: is no JSON"),
        ("config.json", "[]", "config.json: it is []: must be an object"),
        ("config.json", "{}", "config.json: kerascnn is missing"),
        ("config.json", '{"kerascnn": 1}', "config.json: kerascnn is 1: must be text"),
        ("config.json", '{"kerascnn": "0", "name": ["x"]}', "config.json: name is"),
        ("config.json", '{"kerascnn": "0", "flags": {"epochs": 1e400}}', "config.json: flags.epochs is"),
        ("config.json", "[" * 100 + "]" * 100, "config.json: nests more than 64 levels deep"),
        ("config.json", None, "config.json: no such file"),
        ("metrics.json", '{"accuracy": 7}', "metrics.json: its accuracy=7: must be a number from 0 to 1"),
        ("metrics.json", '{"accuracy": "high"}', "metrics.json: accuracy is"),
        ("metrics.json", '{"accuracy": NaN}', "metrics.json: accuracy is NaN: must be a finite number"),
        ("metrics.json", '{"networks": {"a": {"held_out_error": 1e200}}}', "metrics.json: its accuracy"),
        ("metrics.json", None, "metrics.json: no such file"),
        ("model.keras", None, "model.keras: no such file"),
        ("history.csv", "epoch,seconds\n0,x\n", "history.csv: is no table of numbers"),
        ("history.csv", "epoch,seconds\n0,-5\n", "history.csv: has -5.0 seconds, which cannot be"),
        ("history.csv", "epoch,seconds\n0,nan\n", "history.csv: has nan seconds, which cannot be"),
        ("history.csv", b"\xff\x00\xfe", "history.csv: has no column seconds"),
    ],
)
def test_damage_is_a_row(tmp_path, file, content, reason):
    home = leave(tmp_path / "run", {"accuracy": 0.5})
    (home / file).unlink()
    if content is not None:
        (home / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    leave(tmp_path / "good", {"accuracy": 0.5})
    found = rows(tmp_path)
    assert found["good"]["state"] == "complete"
    assert found["run"]["state"].startswith(f"damaged: {reason}"), found["run"]["state"]
    assert "\n" not in found["run"]["state"]


def test_nothing_is_followed_out_of_a_folder_and_nothing_is_waited_for(tmp_path):
    import os

    for name in ("config.json", "metrics.json", "history.csv", ".lock"):
        home = leave(tmp_path / name, {"accuracy": 0.5})
        (home / name).unlink(missing_ok=True)
        (home / name).symlink_to("/dev/zero")
        home = leave(tmp_path / f"pipe {name}", {"accuracy": 0.5})
        (home / name).unlink(missing_ok=True)
        os.mkfifo(home / name)
    states = {name: row["state"] for name, row in rows(tmp_path).items()}
    assert {states.pop(name) for name in (".lock", "pipe .lock")} == {"complete"}
    assert all(state.startswith("damaged: ") for state in states.values())


def test_names_of_strangers(tmp_path):
    leave(tmp_path / "run", {}, name="\x1b[31m" * 5, data="\u202e\n" * 1000, started="12 o'clock")
    [row] = runs(tmp_path)
    assert row["started"] is None
    assert len(" ".join(as_cells(row))) < 400


def test_sorts(tmp_path):
    leave(tmp_path / "b", {"accuracy": 0.9}, epochs=1, number=1)
    leave(tmp_path / "a", {"mse": 0.2}, epochs=3, number=3)
    leave(tmp_path / "c", {"accuracy": 0.95}, epochs=2, number=2)
    leave(tmp_path / "d", {"mse": 0.1}, epochs=0, number=0)
    (tmp_path / "d/more").write_bytes(bytes(100_000))
    orders = {sort: "".join(rows(tmp_path, sort=sort)) for sort in ("newest", "folder", "measure", "seconds")}
    assert orders == {"newest": "acbd", "folder": "abcd", "measure": "cbda", "seconds": "acbd"}
    assert next(iter(rows(tmp_path, sort="bytes"))) == "d"


def test_wrong_folders(tmp_path):
    (tmp_path / "file").touch()
    for name, line in {"no": "no such folder", "file": "is a file"}.items():
        with pytest.raises(InputError, match=line):
            runs(tmp_path / name)
    with pytest.raises(InputError, match="sort='best': must be one of 'newest', 'folder'"):
        runs(tmp_path, "best")
    assert runs(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["no"], "no: no such folder; give a folder of runs"),
        (["file"], "file: is a file; give a folder of runs"),
        ([], "saved_models: no such folder; give a folder of runs"),
        ([".", "--sort", "accuracy"], "sort='accuracy': must be one of 'newest', 'folder'"),
        ([".", "more"], "unrecognized arguments: more"),
        (["a\x1b[31m"], "a\\x1b[31m: no such folder"),
    ],
)
def test_wrong_words_are_one_line(words, line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    try:
        status = main(["runs", *words])
    except SystemExit as left:
        status = left.code
    assert status == 2
    assert f"error: {line}" in capsys.readouterr().err


def test_the_table_on_a_terminal(tmp_path, capsys):
    assert main(["runs", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"no runs in {tmp_path}\n"
    leave(tmp_path / "run", {"accuracy": 0.5})
    assert main(["runs", str(tmp_path)]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["run", "network", "data", "result", "epochs", "time", "size", "state"]
    assert "accuracy 50.00%" in row
    assert main(["runs", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == runs(tmp_path)


def test_a_hundred_runs_without_keras(tmp_path):
    for i in range(100):
        leave(tmp_path / f"run-{i}", {"accuracy": 0.9}, epochs=30)
    code = "import sys; from kerascnn.cli import main; main(['runs', sys.argv[1]]); "
    code += "sys.exit(len({'keras', 'tensorflow', 'numpy', 'matplotlib'} & set(sys.modules)))"
    begun = time.process_time()
    runs(tmp_path)
    assert time.process_time() - begun < 1
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 101


def test_numbers_in_words():
    assert [in_time(seconds) for seconds in (0, 89, 90, 3700, 90_000)] == [
        "0 s",
        "89 s",
        "2 min",
        "62 min",
        "25 h 0 min",
    ]
    assert [in_bytes(n) for n in (0, 999, 2_500_000, 10**12)] == ["0 B", "999 B", "2.5 MB", "1 TB"]


@pytest.mark.parametrize(("ended", "state"), [(True, "complete"), (False, "stopped: --resume goes on")])
def test_an_ensemble_is_a_row_without_a_model(tmp_path, ended, state):
    home = tmp_path / "ensemble"
    home.mkdir()
    about = {"kerascnn": "0.1.0", "name": "lenet5", "data": "letters", "flags": {"epochs": 12}, "members": 5}
    (home / "config.json").write_text(json.dumps(about | ({"ended": "2026-01-01T00:00:00+00:00"} if ended else {})))
    if ended:
        (home / "metrics.json").write_text(json.dumps({"accuracy": 0.75}))
    (row,) = runs(tmp_path)
    assert (row["network"], row["data"], row["state"]) == ("lenet5", "letters", state)
    assert row["value"] == (0.75 if ended else None)
    assert row["epochs"] is row["seconds"] is None
