"""What the README says is so."""

import re
import shlex
from pathlib import Path

import pytest

from kerascnn.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("code", [block for language, block in BLOCKS if language == "python"])
def test_python_runs(code, tmp_path, monkeypatch):
    (tmp_path / "saved_models").symlink_to(ROOT / "saved_models")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})


COMMANDS = [line for language, block in BLOCKS if not language for line in block.splitlines()]


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("kerascnn ")])
def test_command_runs(line, tmp_path, monkeypatch, capsys):
    from PIL import Image
    from sklearn.datasets import load_digits

    (tmp_path / "saved_models").symlink_to(ROOT / "saved_models")
    monkeypatch.chdir(tmp_path)
    images = (load_digits().images * 255 / 16).astype("uint8")
    Image.fromarray(images[7]).save("my_digit.png")
    for number, image in enumerate(images[:24]):
        place = tmp_path / "path/to/folder" / f"{number % 2}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
    assert main(shlex.split(line)[1:]) == 0
    out = capsys.readouterr().out
    assert out
    if "predict" in line:
        assert re.search(r"my_digit\.png +7 ", out)


def test_named_files_exist():
    scripts = re.findall(r"python (recipes/\S+\.py)", README)
    layout = [part for line in COMMANDS for part in re.findall(r"^([\w/]+(?:/|\.py))(?: |$)", line)]
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert scripts
    assert layout
    assert pictures
    assert not [name for name in scripts + layout + pictures if not (ROOT / name).exists()]


def test_two_commands_come_first():
    assert COMMANDS[0].startswith("pip install ")
    assert COMMANDS[0].endswith("python recipes/classify.py")
    assert re.fullmatch(r"pip install .*\[test\].* && pytest", COMMANDS[1])


def test_model_table_is_the_catalog(capsys):
    main(["list", "--markdown"])
    assert f"<!-- models: kerascnn list --markdown -->\n{capsys.readouterr().out}<!-- end -->" in README
