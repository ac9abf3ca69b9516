"""Names of a package that are imported when they are first used."""

import sys

import pytest

from kerascnn.late_imports import late


def test_a_name_is_imported_when_it_is_used(monkeypatch, tmp_path):
    (tmp_path / "some_package").mkdir()
    (tmp_path / "some_package" / "__init__.py").write_text("here = 1\n")
    (tmp_path / "some_package" / "numbers.py").write_text("five = 5\n")
    monkeypatch.syspath_prepend(tmp_path)
    package = __import__("some_package")
    find, names = late("some_package", {"five": "numbers"})
    assert {"five", "here"} <= set(names())
    assert "some_package.numbers" not in sys.modules
    assert find("five") == 5
    assert package.numbers.five == 5
    with pytest.raises(AttributeError, match=r"^module 'some_package' has no attribute 'six'$"):
        find("six")
