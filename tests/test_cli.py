"""The command line, as a user meets it."""

import json
import os
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
        (["augment", "--how", "flap"], "unknown augmentation 'flap': did you mean flip?"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(line, message, capsys):
    assert main(line) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {message}")
    assert said.err.count("\n") == 1
    assert not said.out


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
