"""Zip archives are read in bounded pieces."""

import zipfile

import pytest

from kerascnn.errors import InputError
from kerascnn.untrusted import archives
from kerascnn.untrusted.archives import archive, read_member


@pytest.fixture
def path(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("small", b"content")
        new.writestr("bomb", bytes(2**24))
    return tmp_path / "a.zip"


def test_members_are_read_up_to_their_limit(path):
    with archive(path) as found:
        assert read_member(found, "small", 7, path) == b"content"
        for name, most, told in (
            ("small", 6, "more than 6 bytes"),
            ("bomb", 1000, "more than 1,000"),
            ("x", 9, "no x"),
        ):
            with pytest.raises(InputError, match=told):
                read_member(found, name, most, path)


def test_a_large_directory_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_AT_ONCE", 2**16)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as new:
        for i in range(1000):
            new.writestr(f"{i:0200}", b"")
    with pytest.raises(InputError, match="its directory is too large"), archive(tmp_path / "a.zip"):
        pass


@pytest.mark.parametrize("share", range(0, 100, 7))
def test_any_part_of_an_archive_is_one_line(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * share // 100])
    with pytest.raises(InputError, match="is no zip archive, or a damaged one") as error, archive(path):
        pass
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", range(0, 60, 3))
def test_a_wrong_byte_is_one_line_or_harmless(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    try:
        with archive(path) as found:
            assert read_member(found, "small", 7, path) == b"content"
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
