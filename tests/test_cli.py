"""The command line, as a user meets it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kerascnn
from kerascnn import registry
from kerascnn.cli import in_units, main


def test_list(capsys):
    assert main(["list", "resnet5*"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "resnet50", "resnet56_cifar", "resnet50_v2"]
    assert "25,557,032" in lines[1]


def test_list_as_json(capsys):
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == kerascnn.list_models()


def test_list_by_task(capsys):
    assert main(["list", "--task", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ["siamese"]


def test_info_of_a_network_for_pairs(capsys):
    assert main(["info", "siamese"]) == 0
    assert "1,817,251,840 (convolutions and dense layers, a pair of images)" in capsys.readouterr().out


@pytest.mark.parametrize("name", kerascnn.list_models())
def test_info(name, capsys):
    assert main(["info", name, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    card = kerascnn.info(name)
    assert shown["macs"] == card.macs
    assert shown["paper"]["link"] == card.paper.link
    assert main(["info", name]) == 0
    assert f"{card.trainable:,}" in capsys.readouterr().out
    assert not [knob for knob in registry.knobs(name) if knob not in " ".join(shown["knobs"])], "not described"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["lst"], "argument VERB: invalid choice: 'lst'"),
        ([], "the following arguments are required: VERB"),
        (["info"], "the following arguments are required: name"),
        (["list", "--taks", "x"], "unrecognized arguments: --taks"),
        (["info", "resnt50"], "unknown model 'resnt50': did you mean resnet50"),
        (["list", "q*"], "no network matches 'q*'"),
        (["list", "--task", "cook"], "task='cook': must be one of"),
        (["predict", "nowhere", "a.png"], "nowhere"),
        (["check-data", "nowhere"], "nowhere: no such folder"),
        (["check-data", "nowhere", "--ignore", "-2"], "--ignore -2: must be a whole number"),
        (["check-data", "nowhere", "--max-pixels", "-2"], "--max-pixels -2: must be a whole number"),
        (["augment", "--how", "flap"], "unknown augmentation 'flap': did you mean flip?"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(line, message, capsys):
    assert main(line) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {message}")
    assert said.err.count("\n") == 1
    assert not said.out


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder with two classes of twelve images."""
    from PIL import Image

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    for number in range(24):
        place = tmp_path / "pictures" / ("cat", "dog")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(place / f"{number}.png")
    return tmp_path / "pictures"


def test_check_data(pictures, capsys):
    assert main(["check-data", str(pictures)]) == 0
    assert "Training takes this folder: nothing found. 24 files decoded" in capsys.readouterr().out
    (pictures / "cat/0.png").write_bytes(b"")
    assert main(["check-data", str(pictures)]) == 1
    said = capsys.readouterr()
    assert re.search(r"error +cat/0.png +is empty \(0 bytes\) +fetch it again", said.out)
    assert said.err == ""


def test_what_decoders_print_is_not_shown(pictures, capfd):
    from .data.sources.troublesome import make

    make("strange scan.jpg", pictures / "cat")
    assert main(["check-data", str(pictures)]) == 1
    said = capfd.readouterr()
    assert "cat/strange scan.jpg" in said.out
    assert said.err == ""
    print("back", file=sys.stderr, flush=True)
    assert capfd.readouterr().err == "back\n"


def test_check_data_as_json(pictures, capsys):
    (pictures / "dog/x.heic").touch()
    assert main(["check-data", str(pictures), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [finding["file"] for finding in found["findings"]] == ["dog/x.heic"]
    assert found["refused"] is False


def test_flags_that_change_what_check_data_finds(pictures, capsys):
    assert main(["check-data", str(pictures), "--max-pixels", "63"]) == 1
    assert "8 x 8 pixels; allowed are 63" in capsys.readouterr().out
    assert main(["check-data", str(pictures / "cat")]) == 1
    assert main(["check-data", str(pictures / "cat"), "--no-classes"]) == 0
    assert main(["check-data", str(pictures), "--masks"]) == 1
    assert "has no folder images" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough():
    code = "import sys; from kerascnn.cli import main; sys.exit(main(['list']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_units():
    assert [in_units(n) for n in (0, 999, 999_700, 416_520, 1_814_073_344)] == ["0", "999", "1 M", "417 k", "1.81 G"]


@pytest.mark.parametrize("line", ["import kerascnn", "from kerascnn.cli import main; main(['info', 'resnet50'])"])
def test_starts_without_keras(line):
    code = f"import sys; {line}; sys.exit(bool({{'keras', 'tensorflow', 'numpy'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("editable", [["-e"], []], ids=["editable", "copied"])
def test_runs_beside_a_clone_of_its_name(editable, tmp_path):
    """A script's folder comes first on the path, and the clone in it could pass for a namespace package."""
    clone, python = tmp_path / "kerascnn", tmp_path / "venv" / "bin" / "python"
    root = Path(kerascnn.__file__).parents[1]
    shutil.copytree(root / "kerascnn", clone / "kerascnn", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / file, clone)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    install = [python, "-m", "pip", "install", "--no-deps", *editable, clone]
    done = subprocess.run(install, capture_output=True, text=True)
    if "No matching distribution found for setuptools" in done.stderr:
        pytest.skip("setuptools cannot be fetched here")
    assert done.returncode == 0, done.stderr
    script = tmp_path / "script.py"
    script.write_text("import kerascnn; print(kerascnn.build.__name__, kerascnn.info('lenet5').paper.year)")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    said = subprocess.run([python, script], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path)
    assert said.stdout == "build 1998\n"


def test_how_alone_lists_the_augmentations(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["augment", "--how"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {name} " in said for name in kerascnn.data.AUGMENTS)
    assert main(["augment", "--json", "--how"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == list(kerascnn.data.AUGMENTS)
    assert not list(tmp_path.iterdir())
