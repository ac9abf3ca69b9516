"""How a recipe ends: well, or in one line with an exit status that tells why."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

import kerascnn
from kerascnn import data, training
from kerascnn.errors import InputError, TrainingStopped
from kerascnn.training import flag_help, flags, main, run_folder
from kerascnn.training.procedure import procedure
from kerascnn.training.resume import checkpoint
from kerascnn.training.signals import AskedToEnd


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
            "stopped: the disk is full ([Errno 28] No space left on device); make room; nothing was written\n",
        ),
        (
            OSError(errno.ESTALE, "Stale file handle"),
            1,
            f"stopped: the disk has failed ([Errno {errno.ESTALE}] Stale file handle); nothing was written\n",
        ),
        (KeyboardInterrupt(), 130, "stopped by Ctrl-C; nothing was written\n"),
        (AskedToEnd(signal.SIGINT), 130, "stopped by Ctrl-C; nothing was written\n"),
        (AskedToEnd(signal.SIGTERM), 1, "stopped by SIGTERM; nothing was written\n"),
    ],
)
def test_each_ending_is_one_line(monkeypatch, capsys, error, status, line):
    assert ended(monkeypatch, capsys, raises(error)) == (status, line)


@pytest.fixture
def held(tmp_path):
    """A run folder that this process works in."""
    run_folder.hold(tmp_path)
    return tmp_path


def test_a_full_disk_names_the_folder_to_go_on_with(monkeypatch, capsys, held):
    checkpoint.write(held, 7, checkpoint.Checkpoint({}, {}))
    _, said = ended(monkeypatch, capsys, raises(OSError(errno.EDQUOT, "Quota exceeded")))
    assert said.endswith(f"; make room; --resume --out {held} goes on after step 7\n")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOENT, errno.EIO, errno.EISDIR])
def test_a_run_folder_that_cannot_be_used_any_more_is_one_line(monkeypatch, capsys, held, number):
    body = raises(OSError(number, os.strerror(number), str(held / "history.part.csv")))
    status, said = ended(monkeypatch, capsys, body)
    assert status == 1
    assert said == (
        f"stopped: {held / 'history.part.csv'}: {os.strerror(number)}; "
        f"there is no checkpoint yet: --resume --out {held} starts anew\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_signal_at_any_moment_is_one_line(monkeypatch, capsys, held, number, wrapped):
    def body(cfg):
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        except BaseException as error:
            raise (ValueError("what a library makes of it") if wrapped else error) from error

    before = signal.getsignal(number)
    name = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}[number]
    status = 130 if number == signal.SIGINT else 1
    line = f"stopped by {name}; there is no checkpoint yet: --resume --out {held} starts anew\n"
    assert ended(monkeypatch, capsys, body) == (status, line)
    assert signal.getsignal(number) == before


def test_another_machine_than_the_chief_says_nothing_of_the_folder(monkeypatch, capsys):
    cluster = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    assert ended(monkeypatch, capsys, raises(KeyboardInterrupt())) == (130, "stopped by Ctrl-C\n")


def test_a_wrong_flag_is_one_line_before_anything_runs(monkeypatch, capsys):
    status, said = ended(monkeypatch, capsys, raises(AssertionError("main must not run")), "--learning", "1")
    assert status == 2
    assert said.startswith("error: unknown flag '--learning'")
    assert said.count("\n") == 1


@pytest.mark.parametrize("flag", ["preset", "augment", "warp", "model", "schedule", "batch_norm"])
def test_a_flag_alone_lists_its_names_without_tensorflow(flag):
    script = (
        "import sys\nfrom kerascnn import training\n"
        "flags = dict(preset='', augment='none', warp='none', model='lenet5')\n"
        f"sys.argv[1:] = ['{flags.flag(flag)}']\n"
        "try: training.start(main := lambda cfg: None, flags, presets=training.PRESETS)\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert not {"tensorflow", "keras", "numpy"} & set(done.stderr.split())
    known = {
        "preset": training.PRESETS,
        "augment": data.AUGMENTS,
        "warp": data.WARPS,
        "model": kerascnn.list_models(task="classify"),
        "schedule": procedure.CHOICES["schedule"],
        "batch_norm": flag_help.CHOICES["batch_norm"],
    }[flag]
    title, _, *lines = done.stdout.splitlines()
    assert title.startswith(f"{flags.flag(flag)} NAME: ")
    assert {line.split()[0] for line in lines if line[2] != " "} == set(known)


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), ZeroDivisionError("a fault of ours")])
def test_other_errors_keep_their_traceback(monkeypatch, error):
    monkeypatch.setattr(sys, "argv", ["recipe.py"])
    with pytest.raises(type(error), match=r"Permission|fault"):
        main.start(raises(error), {})


@pytest.mark.parametrize("extension", ["jpg", "png"])
def test_an_image_that_vanishes_while_it_trains_is_one_line(monkeypatch, capsys, tmp_path, extension):
    monkeypatch.setattr("kerascnn.data.labels.MEMORY", 0)
    for i in range(8):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (i, i, i)).save(tmp_path / "ab"[i % 2] / f"{i}.{extension}")

    def body(cfg):
        batches = data.load(tmp_path, (8, 8, 3), batch=2).train
        for file in tmp_path.glob("a/*"):
            file.unlink()
        list(batches.take(8))

    status, said = ended(monkeypatch, capsys, body)
    assert status == 2
    assert re.fullmatch(rf"error: {tmp_path}/a/\d.{extension}: cannot be read: No such file or directory\n", said)


def test_a_limit_of_pixels(monkeypatch, capsys, tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)

    def body(cfg):
        data.read_images([tmp_path / "a.png"], (8, 8, 3))

    status, said = ended(monkeypatch, capsys, body, "--max-pixels", "599")
    assert (status, said) == (
        2,
        f"error: {tmp_path}/a.png: has 30 x 20 pixels; allowed are 599 in all (--max-pixels)\n",
    )
    monkeypatch.setattr(sys, "argv", ["recipe.py", "--max-pixels", "0"])
    main.start(body, {"lr": 0.1})
