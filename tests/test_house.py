"""Imports point down: each part of the package uses only the parts below it, and only the upper ones use TensorFlow."""

import ast
from pathlib import Path

import kerascnn

PACKAGE = Path(kerascnn.__file__).parent
FLOORS = [  # top to bottom
    {"__main__", "cli"}, {"nas"}, {"transfer"}, {"training"}, {"data"}, {"analysis"}, {"weights"}, {"models"},
    {"backbones"}, {"blocks"}, {"layers"}, {"registry"}, {"catalog"}, {"errors"},
]  # fmt: skip
HEIGHT = {part: -i for i, floor in enumerate(FLOORS) for part in floor}
BACKEND_FREE = {
    "transfer", "analysis", "weights", "models", "backbones", "blocks", "layers", "registry", "catalog", "errors",
}  # fmt: skip


def part_of(file):
    """The part of the package that a file belongs to; None for the package's own __init__."""
    first = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return None if first == "__init__" else first


def imported(file):
    """Absolute names of the modules that a file imports anywhere in it."""
    package = ["kerascnn", *file.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = [*base, *([node.module] if node.module else [])]
            yield ".".join(module)
            yield from (".".join([*module, alias.name]) for alias in node.names)


FILES = [file for file in PACKAGE.rglob("*.py") if part_of(file)]


def test_every_part_has_its_floor():
    assert {part_of(file) for file in FILES} <= set(HEIGHT)


def test_imports_point_down():
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {name}"
        for file in FILES
        for name in imported(file)
        if (parts := name.split("."))[0] == "kerascnn"
        and len(parts) > 1
        and parts[1] in HEIGHT
        and HEIGHT[parts[1]] > HEIGHT[part_of(file)]
    ]
    assert not wrong


def test_tensorflow_stays_upstairs():
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {name}"
        for file in FILES
        if part_of(file) in BACKEND_FREE
        for name in imported(file)
        if name.split(".")[0] in ("tensorflow", "tensorflow_datasets", "jax", "torch")
    ]
    assert not wrong


def test_model_files_are_short():
    long = [file.name for file in (PACKAGE / "models").glob("*.py") if file.read_text().count("\n") > 150]
    assert not long
