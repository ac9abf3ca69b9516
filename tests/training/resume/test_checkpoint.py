"""Checkpoints are whole or not there."""

import errno
import os
import subprocess

import numpy as np
import pytest

from kerascnn.training.resume import checkpoint
from kerascnn.training.resume.checkpoint import (
    ARRAYS,
    HOME,
    KEPT,
    RECORD,
    SUMS,
    Checkpoint,
    clear,
    read,
    steps,
    write,
)


def some(step):
    arrays = {"model/0/a/kernel": np.arange(6.0).reshape(2, 3) + step, "callbacks/0/best/1": np.int64(step)}
    record = {"epoch": 1, "steps": 0, "step": step, "stopped": False, "logs": {"loss": 0.1}}
    return Checkpoint(
        arrays, {**record, "history": [{"loss": 0.1, "lr": float("inf")}], "callbacks": [{"words": ["ü", None, True]}]}
    )


def test_comes_back_as_it_was(tmp_path):
    write(tmp_path, 7, some(7))
    found = read(tmp_path)
    assert found.record == some(7).record
    assert found.arrays.keys() == some(7).arrays.keys()
    for name, array in some(7).arrays.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


def test_other_programs_can_check_the_sums(tmp_path):
    write(tmp_path, 7, some(7))
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=steps(tmp_path)[0], check=True, capture_output=True)


def test_the_last_ones_are_kept(tmp_path):
    for step in (5, 100, 20, 3000, 999, 1000):
        write(tmp_path, step, some(step))
    assert [read(tmp_path).record["step"], len(steps(tmp_path))] == [3000, KEPT]


def test_no_checkpoint(tmp_path):
    assert read(tmp_path) is None
    (tmp_path / HOME / "step-000000009.part").mkdir(parents=True)
    assert read(tmp_path) is None


@pytest.mark.parametrize("name", [ARRAYS, RECORD, SUMS])
@pytest.mark.parametrize(
    "harm",
    [
        lambda path: os.truncate(path, 0),
        lambda path: os.truncate(path, path.stat().st_size // 2),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
        lambda path: path.write_bytes(bytes(path.stat().st_size)),
        lambda path: path.unlink(),
    ],
    ids=["empty", "half", "last byte", "zeros", "gone"],
)
def test_a_damaged_one_is_passed_over(tmp_path, capsys, name, harm):
    write(tmp_path, 1, some(1))
    write(tmp_path, 2, some(2))
    harm(steps(tmp_path)[0] / name)
    assert read(tmp_path).record["step"] == 1
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "step-000000002: damaged" in said
    write(tmp_path, 2, some(2))  # it is written again
    assert read(tmp_path).record["step"] == 2


@pytest.mark.parametrize("part", range(5))
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, part):
    write(tmp_path, 1, some(1))
    sync, calls = os.fsync, iter(range(9))

    def full(handle):
        if next(calls) == part:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, 2, some(2))
    monkeypatch.undo()
    assert read(tmp_path).record["step"] == (2 if part == 4 else 1)  # the last sync comes after the renaming
    assert not list((tmp_path / HOME).glob("*.part"))


def test_clear_removes_checkpoints_only(tmp_path):
    write(tmp_path, 1, some(1))
    (tmp_path / HOME / "step-000000009.part").mkdir()
    (tmp_path / "config.json").touch()
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
    clear(tmp_path)
    assert checkpoint.read(tmp_path) is None
