"""Imports point down: each part of the package, and each room of a part, uses only what lies below it."""

import ast
import importlib
import inspect
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import kerascnn

PACKAGE, TESTS = Path(kerascnn.__file__).parent, Path(__file__).parent
FLOORS = {  # by folder, top to bottom; what shares a floor does not import each other
    "": [
        ["__main__", "cli"], ["nas"], ["transfer"], ["trained"], ["training"], ["data"], ["analysis"], ["weights"],
        ["models"], ["backbones"], ["blocks"], ["layers"], ["registry"], ["catalog", "command_line"], ["untrusted"],
        ["errors", "escaping", "late_imports", "version"],
    ],
    "nas": [["search", "sweep"], ["sweep_report"], ["sweep_plan"], ["outcome"], ["strategies"], ["engine"], ["spaces"]],
    "training": [
        ["main", "tasks"], ["run"], ["callbacks", "run_folder"], ["procedure"], ["reporting", "resume", "distribution"],
        ["files", "flags", "launch", "signals"], ["flag_help"],
    ],
    "data": [
        ["augmentation_sheet", "checking", "one_shot"], ["masks", "pairs"], ["class_sets", "labels"],
        ["pipelines"], ["label_file"],
        ["sources", "augmentation"], ["pixels", "pixel_weights", "sampling", "scaling"],
    ],
}  # fmt: skip
WITH_TENSORFLOW = {"nas", "trained", "training", "data", "__main__", "cli"}
MOST_FILES = 12  # in a folder
WITHOUT_TESTS_OF_THEIR_OWN = {"models", "catalog", "version"}  # the first two share the tests of tests/models


def is_room(folder):
    return (folder / "__init__.py").exists()


def modules():
    """Dotted name below the package -> file."""
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


MODULES = dict(modules())


def imported(name):
    """What a module imports anywhere in it: names of modules below the package, and absolute names of others."""
    file = MODULES[name]
    package = ["kerascnn", *file.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            if base[0] != "kerascnn":
                yield ".".join(base)
                continue
            for alias in node.names:
                inner = ".".join([*base[1:], alias.name])
                yield inner if inner in MODULES else ".".join(base[1:])


def part_of(name, folder):
    """The part of a folder that a module belongs to; None for the folder's own `__init__` and what lies elsewhere."""
    inside = name if not folder else name.removeprefix(folder + ".") if name.startswith(folder + ".") else ""
    return inside.split(".")[0] or None


@pytest.mark.parametrize("folder", FLOORS)
def test_imports_point_down(folder):
    height = {part: -i for i, floor in enumerate(FLOORS[folder]) for part in floor}
    found = {part_of(name, folder) for name in MODULES} - {None}
    assert found <= set(height), "every part has its floor"
    wrong = []
    for name in MODULES:
        here = part_of(name, folder)
        for other in imported(name) if here else ():
            there = part_of(other, folder) if other in MODULES else None
            if there and there != here and height[there] >= height[here]:
                wrong.append(f"{name} imports {other}")
    assert not wrong


def test_no_circles():
    TopologicalSorter({name: set(imported(name)) & set(MODULES) - {name, ""} for name in MODULES}).prepare()


def test_tensorflow_stays_upstairs():
    wrong = [
        f"{name} imports {other}"
        for name in MODULES
        if name and part_of(name, "") not in WITH_TENSORFLOW
        for other in imported(name)
        if other.split(".")[0] in ("tensorflow", "tensorflow_datasets", "jax", "torch")
    ]
    assert not wrong


def test_rooms_are_small_and_say_what_is_in_them():
    for folder in {file.parent for file in MODULES.values()} - {PACKAGE, PACKAGE / "models"}:
        files = {file.stem for file in folder.glob("*.py")} - {"__init__"}
        assert len(files) <= MOST_FILES, folder
        if folder.parent != PACKAGE:
            room = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
            assert len(room.body) == 1, f"{folder}: a room's __init__ is a docstring"
            said = inspect.cleandoc(ast.get_docstring(room)).rstrip(".").rpartition("reading order:")[2]
            assert {word.strip() for word in said.split(",")} == files, folder


def test_model_files_are_short():
    long = [file.name for file in (PACKAGE / "models").glob("*.py") if file.read_text().count("\n") > 150]
    assert not long


def test_tests_mirror_the_package():
    files = {name for name, file in MODULES.items() if file.name != "__init__.py" and "models" not in name.split(".")}
    files = {name for name in files if name.split(".")[0] not in WITHOUT_TESTS_OF_THEIR_OWN}
    here = {
        ".".join(file.relative_to(TESTS).with_suffix("").parts).replace("test_", "")
        for file in TESTS.rglob("test_*.py")
    }
    assert not files - here, "files without tests"
    rooms = {name.rpartition(".")[0] for name in files} - {""}
    strays = {name for name in here - files if name.rpartition(".")[0] in rooms}
    assert not strays, "tests of no file"


@pytest.mark.parametrize(
    "package", ["kerascnn", "kerascnn.data", "kerascnn.nas", "kerascnn.trained", "kerascnn.training"]
)
def test_editors_see_what_is_imported_late(package):
    """The block for type checkers, the table of `__getattr__` and `__all__` name the same things."""
    module = importlib.import_module(package)
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    late = {alias.name: node.module for node in block.body for alias in node.names}
    assert set(late) <= set(module.__all__) <= set(dir(module))
    for name, home in late.items():
        home = importlib.import_module("." + home, package) if home else None
        found = getattr(module, name)
        assert found is (getattr(home, name) if home else importlib.import_module(f"{package}.{name}"))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018
