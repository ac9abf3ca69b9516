"""How a recipe ends: well, or in one line with an exit status that tells why."""

import errno
import sys

import pytest

from kerascnn.errors import InputError, TrainingStopped
from kerascnn.training import main


def ended(monkeypatch, capsys, body, *words):
    """(exit status, stderr) of a recipe with this body and command line."""
    monkeypatch.setattr(sys, "argv", ["recipe.py", *words])
    with pytest.raises(SystemExit) as caught:
        main.start(body, {"lr": 0.1})
    return caught.value.code, capsys.readouterr().err


def raises(error):
    def body(cfg):
        raise error

    return body


def test_main_gets_the_flags(monkeypatch):
    got = []

    def body(cfg):
        got.append(cfg)

    monkeypatch.setattr(sys, "argv", ["recipe.py", "--lr", "0.5", "--seed", "3"])
    main.start(body, {"lr": 0.1})
    assert (got[0].lr, got[0].seed, got[0].resume) == (0.5, 3, False)


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (InputError("lr=7: too high"), 2, "error: lr=7: too high\n"),
        (TrainingStopped("the loss is not finite"), 1, "stopped: the loss is not finite\n"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "stopped: the disk is full ([Errno 28] No space left on device); make room, and go on with "
            "--resume --out ...\n",
        ),
        (
            KeyboardInterrupt(),
            130,
            "stopped by Ctrl-C: model.keras, if any, is the best epoch; --resume --out goes on from the last "
            "checkpoint\n",
        ),
    ],
)
def test_each_ending_is_one_line(monkeypatch, capsys, error, status, line):
    assert ended(monkeypatch, capsys, raises(error)) == (status, line)


def test_a_full_disk_names_the_folder_to_go_on_with(monkeypatch, capsys):
    _, said = ended(monkeypatch, capsys, raises(OSError(errno.EDQUOT, "Quota exceeded")), "--out", "here")
    assert said.endswith("go on with --resume --out here\n")


def test_a_wrong_flag_is_one_line_before_anything_runs(monkeypatch, capsys):
    status, said = ended(monkeypatch, capsys, raises(AssertionError("main must not run")), "--learning", "1")
    assert status == 2
    assert said.startswith("error: unknown flag '--learning'")
    assert said.count("\n") == 1


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), ZeroDivisionError("a fault of ours")])
def test_other_errors_keep_their_traceback(monkeypatch, error):
    monkeypatch.setattr(sys, "argv", ["recipe.py"])
    with pytest.raises(type(error), match=r"Permission|fault"):
        main.start(raises(error), {})
