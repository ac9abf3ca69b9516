"""Where a run may write, and what it may remove."""

import json

import pytest

from kerascnn import InputError
from kerascnn.training import run_folder


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
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


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
