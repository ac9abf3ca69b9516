"""Only regular files of a bounded size are read, and nothing is waited for."""

import os
import socket

import pytest

from kerascnn.errors import InputError
from kerascnn.untrusted.local_files import opened, read_bytes


def test_a_file_and_a_link_to_it_are_read(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "link").symlink_to("a")
    for name in ("a", "link"):
        assert read_bytes(tmp_path / name, 7, within=tmp_path) == b"content"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none", "no such file"),
        ("large/file", "no such file"),
        ("folder", "is a folder, not a file"),
        ("pipe", "is a pipe, not a file"),
        ("socket", "is a socket, not a file"),
        ("dangling", "no such file"),
        ("circle", "cannot be read|no such file"),
        ("device", "is a device, not a file"),
        ("large", "has 8 bytes; more than 7 are not read"),
        ("outside", "leads out of .* by a link"),
        ("a\0b", "no such file"),
        ("x" * 300, "cannot be read: File name too long"),
    ],
)
def test_anything_else_is_one_line(tmp_path, monkeypatch, name, told):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    (tmp_path / "other").write_bytes(b"secret")
    os.mkfifo("pipe")
    os.mkdir("folder")
    for link, target in (
        ("dangling", "nowhere"),
        ("circle", "circle"),
        ("device", "/dev/zero"),
        ("outside", "../other"),
    ):
        os.symlink(target, link)
    (home / "large").write_bytes(bytes(8))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(InputError, match=told) as error:
            read_bytes(name, 7, within=None if name == "device" else home)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("address", ["http://x.org/a.keras", "gs://bucket/a.keras", "hf://a/b", "file:///etc/passwd"])
def test_an_address_is_not_read(address):
    with pytest.raises(InputError, match="is an address; give a file of this machine"), opened(address):
        pass


def test_a_file_of_holes_is_refused(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(b"begin")
        file.truncate(2**30)
    if path.stat().st_blocks * 512 > 2**29:
        pytest.skip("the disk knows no holes")
    with pytest.raises(InputError, match="nearly all holes"), opened(path):
        pass
