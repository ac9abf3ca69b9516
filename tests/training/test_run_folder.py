"""Where a run may write, and what it may remove."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kerascnn import InputError
from kerascnn.training import run_folder
from kerascnn.training.resume import checkpoint


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def finished_run(folder):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"kerascnn": "0.1.0"}))
    (folder / "model.keras").write_text("weights")
    (folder / "logs" / "train").mkdir(parents=True)
    (folder / "logs" / "train" / "events.out.tfevents.1").write_text("curve")
    return folder


def content(folder):
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != run_folder.LOCK]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_default_folders_are_numbered(here):
    made = [run_folder.make("lenet5-digits") for _ in range(3)]
    assert [folder.name for folder in made] == ["lenet5-digits", "lenet5-digits-2", "lenet5-digits-3"]
    assert all((here / "saved_models" / folder.name).is_dir() for folder in made)


@pytest.mark.parametrize("name", ["lenet5-../../etc", "lenet5-a/b c", "..", "/"])
def test_default_folders_stay_at_home(name, here):
    assert run_folder.make(name).resolve().parent == here / "saved_models"


@pytest.mark.parametrize("exists", [True, False])
def test_out_may_be_empty_or_missing(exists, here):
    if exists:
        (here / "run").mkdir()
    run_folder.check("run", overwrite=False)
    assert run_folder.make("any", "run").is_dir()


@pytest.mark.parametrize("call", [run_folder.check, lambda out, overwrite: run_folder.make("any", out, overwrite)])
def test_nothing_is_written_over_unasked(call, here):
    run = finished_run(here / "run")
    before = content(here)
    with pytest.raises(
        InputError, match=r"--out run: exists and isn't empty; --resume goes on with the run in it, --over"
    ):
        call("run", False)
    (run / "config.json").unlink()
    with pytest.raises(InputError, match="holds no run of kerascnn"):
        call("run", True)
    (run / "config.json").write_text("[]")
    with pytest.raises(InputError, match="holds no run of kerascnn"):
        call("run", True)
    (run / "config.json").write_text(json.dumps({"kerascnn": "0.1.0"}))
    assert content(here) == before


def test_a_file_is_no_folder(here):
    (here / "run").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="--out run: is a file"):
            run_folder.check("run", overwrite)


def test_a_name_that_is_not_utf_8_is_one_line(here):
    with pytest.raises(InputError, match=r"--out 'caf\\udce9': must be UTF-8"):
        run_folder.make("lenet5", os.fsdecode(b"caf\xe9"))
    assert not list(here.iterdir())


def test_overwrite_removes_what_runs_leave_and_nothing_else(here):
    run = finished_run(here / "run")
    (run / "notes.txt").write_text("mine")
    (run / "logs" / "mine.txt").write_text("mine")
    assert run_folder.make("any", "run", overwrite=True) == run.relative_to(here)
    assert set(content(run)) == {"notes.txt", "logs/mine.txt"}


def test_overwrite_removes_what_searches_leave(here):
    search = here / "search"
    finished_run(search / "winner")
    for name in ("trial_0000", "trial_0001"):
        (search / name).mkdir()
        (search / name / "trial.json").write_text("{}")
        (search / name / "trial.json.before").write_text("{}")
    checkpoint = search / "trial_0001" / "checkpoints" / "step-000000003"
    checkpoint.mkdir(parents=True)
    (search / "trial_0001" / "mine.txt").write_text("mine")
    for name in ("trials.csv", "winner.json", "front.json", "costs.png", "choices.png", "networks.png"):
        (search / name).write_text("old")
    (search / "search.json").write_text(json.dumps({"kerascnn": "0.1.0"}))
    run_folder.make("any", "search", overwrite=True)
    assert set(content(search)) == {"trial_0001/mine.txt"}
    assert {path.name for path in search.iterdir()} == {"trial_0001", run_folder.LOCK}
    run_folder.release(search)
    assert {path.name for path in search.iterdir()} == {"trial_0001"}


def test_overwrite_without_out_takes_the_default_folder(here):
    run = finished_run(here / "saved_models" / "lenet5-digits")
    assert run_folder.make("lenet5-digits", overwrite=True).resolve() == run
    assert content(run) == {}


def test_a_folder_that_cannot_be_made(here):
    (here / "saved_models").write_text("mine")
    with pytest.raises(InputError, match="cannot make the run folder saved_models/any"):
        run_folder.make("any")


@pytest.mark.parametrize(
    "where",
    [
        "checkpoints",
        "logs",
        "logs/train",
        "winner",
        "winner/checkpoints",
        "winner/logs",
        "trial_0",
        "trial_0/checkpoints",
    ],
)
@pytest.mark.parametrize("words", [{"overwrite": True}, {"overwrite": False, "resume": True}])
def test_a_link_is_not_followed(tmp_path, where, words):
    others = tmp_path / "others"
    (others / "step-000000001").mkdir(parents=True)
    run = tmp_path / "run"
    (run / where).parent.mkdir(parents=True)
    (run / "config.json").write_text(json.dumps({"kerascnn": "0.1.0"}))
    (run / where).symlink_to(others)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    with pytest.raises(InputError, match=f"{where} leads out of it by a link, so it is left alone"):
        run_folder.check(str(run), **words)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


HOLD = """
import sys
from pathlib import Path
from kerascnn.training import run_folder
{do}
print("holds", flush=True)
sys.stdin.read()
"""


def holder(do):
    """Another process, as soon as it has done that."""
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process = subprocess.Popen([sys.executable, "-c", HOLD.format(do=do)], **pipes)
    assert process.stdout.readline() == "holds\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, None])
def test_one_process_at_a_time(here, number):
    run = finished_run(here / "run")
    before = content(here)
    other = holder("run_folder.hold(Path('run'))")
    for _ in range(2):
        with pytest.raises(InputError, match=rf"^run: process {other.pid} on \S+ is at work in it; one at a time$"):
            run_folder.hold(Path("run"))
        with pytest.raises(InputError, match="is at work in it"):
            run_folder.make("any", "run", overwrite=True)
    assert content(here) == before
    if number:
        other.send_signal(number)
    other.communicate()
    assert (run / run_folder.LOCK).exists() == (number == signal.SIGKILL), "only who is killed leaves it"
    run_folder.hold(Path("run"))
    run_folder.hold(run)  # again, by another name
    run_folder.release(Path("run"))
    assert not (run / run_folder.LOCK).exists()


def test_what_a_killed_run_leaves_is_an_empty_folder(here):
    other = holder("run_folder.make('any', 'run')")
    with pytest.raises(InputError, match="is at work in it"):
        run_folder.make("any", "run")
    other.kill()
    other.communicate()
    assert os.listdir("run") == [run_folder.LOCK]
    assert run_folder.make("any", "run") == Path("run")


def test_two_at_the_same_time_get_two_folders(here):
    others = [holder("run_folder.make('any')") for _ in range(3)]
    assert run_folder.make("any").name == "any-4"
    for other in others:
        other.communicate()
    assert sorted(os.listdir("saved_models")) == ["any", "any-2", "any-3", "any-4"]


def test_a_folder_made_in_between_is_not_taken(here, monkeypatch):
    mkdir, in_between = Path.mkdir, iter(["any"])

    def slow(path, *args, **kwargs):
        if path.name == next(in_between, None):
            mkdir(path, *args, **kwargs)
        mkdir(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", slow)
    assert run_folder.make("any").name == "any-2"


def test_the_lock_of_a_folder_that_has_taken_the_place_stays(here):
    (here / "run").mkdir()
    run_folder.hold(Path("run"))
    (here / "run").rename(here / "away")
    (here / "run").mkdir()
    (here / "run" / run_folder.LOCK).write_text("another's")
    run_folder.release(Path("run"))
    assert (here / "run" / run_folder.LOCK).exists()


def test_a_lock_is_no_link_and_a_folder_that_cannot_be_written_is_one_line(here):
    finished_run(here / "run")
    (here / "mine").write_text("mine")
    (here / "run" / run_folder.LOCK).symlink_to(here / "mine")
    with pytest.raises(InputError, match=r"^run: cannot be written \("):
        run_folder.hold(Path("run"))
    assert (here / "mine").read_text() == "mine"


def test_a_lent_folder_is_held_again(here):
    (here / "run").mkdir()
    run_folder.hold(Path("run"))
    with run_folder.lent(Path("run")):
        other = holder("run_folder.hold(Path('run'))")
        assert "run" in run_folder.what_goes_on()
        other.communicate()
    with pytest.raises(KeyboardInterrupt), run_folder.lent(Path("run")):
        raise KeyboardInterrupt
    assert "run" in run_folder.what_goes_on()
    run_folder.release(Path("run"))
    run_folder.hold(Path("run"))
    refused = subprocess.run(
        [sys.executable, "-c", HOLD.format(do="run_folder.hold(Path('run'))")], capture_output=True
    )
    assert b"is at work in it" in refused.stderr


def test_what_goes_on(here):
    assert run_folder.what_goes_on() == "nothing was written"
    run = run_folder.make("any", "my run")
    (run / "config.json").write_text(json.dumps({"kerascnn": "0.1.0"}))
    command = "--resume --out 'my run'"
    assert run_folder.what_goes_on() == f"there is no checkpoint yet: {command} starts anew"
    checkpoint.write(run, 1234, checkpoint.Checkpoint({}, {}))
    assert run_folder.what_goes_on() == f"{command} goes on after step 1,234"
    run_folder.hold(run / checkpoint.HOME)  # like a winner's
    assert run_folder.what_goes_on() == f"{command} goes on after step 1,234"
    (run / "config.json").write_text(json.dumps({"kerascnn": "0.1.0", "ended": "now"}))
    assert run_folder.what_goes_on() == "the run in my run is complete"
    (run / "search.json").write_text("{}")
    assert run_folder.what_goes_on() == f"{command} goes on with it"
    (run / "config.json").unlink()
    checkpoint.clear(run)
    assert run_folder.what_goes_on() == f"{command} RECIPE goes on with it"


def test_which_files_are_those_of_the_run(here):
    (here / "run").mkdir()
    run_folder.hold(Path("run"))
    for inside in ("run", "run/history.part.csv", str(here / "run" / "a" / "b")):
        assert run_folder.holds(inside)
    for outside in ("runs", "run/../data.csv", "/etc/passwd", None, b"run", 3):
        assert not run_folder.holds(outside)


FOREIGN = ("notes.txt", ".DS_Store", "checkpoints/step-abc/mine.txt", "checkpoints/step-000000001.bak/mine.txt",
           "checkpoints/step-abc1", "checkpoints/step-00001/x", "checkpoints/notes.txt", "logs/notes.txt",
           "logs/train/notes.txt", "trial_x9/mine.txt", "trial_0003/mine.txt", "trial_0003.bak/x")  # fmt: skip


@pytest.mark.parametrize("where", ["", "winner/"])
def test_foreign_files_stay(here, where):
    run = finished_run(here / "run" / where)
    if where:
        (here / "run" / "search.json").write_text(json.dumps({"kerascnn": "0.1.0"}))
    for name in FOREIGN:
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("mine")
    (run / "checkpoints" / "step-999999999").write_text("a file")
    for step in range(1, 6):
        checkpoint.write(run, step, checkpoint.Checkpoint({}, {}))
    assert [path.name for path in checkpoint.steps(run)] == [f"step-{step:09}" for step in (5, 4, 3)]
    run_folder.make("any", "run", overwrite=True)
    left = set(content(run))
    assert left == {*FOREIGN, "checkpoints/step-999999999"}


def test_a_folder_where_a_file_shall_be_is_said_before_anything_is_written(here):
    run = finished_run(here / "run")
    (run / "history.csv").mkdir()
    with pytest.raises(InputError, match=r"^--out run: history\.csv is a folder, where a run writes a file"):
        run_folder.check("run", overwrite=True)
