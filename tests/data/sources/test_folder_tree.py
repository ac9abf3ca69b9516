"""Which files are found below a folder, through which links, and what is said of the others."""

import os

import pytest

from kerascnn import InputError
from kerascnn.data.sources.folder_tree import FolderTree, extension


@pytest.fixture
def folder(tmp_path):
    """A folder with `a/1.png`, `a/deep/2.JPG`, `b/3.png`."""
    for name in ("a/1.png", "a/deep/2.JPG", "b/3.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "photos"


def test_entries_are_sorted_by_kind(folder):
    (folder / "z.gif").touch()
    (folder / "c.jpg").mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "notes.txt").touch()
    for left_out in (".hidden.png", ".git", "__MACOSX", "@eaDir"):
        (folder / left_out).touch()
    assert FolderTree(folder).entries() == (["a", "b", "c.jpg"], ["pipe.png", "z.gif"], ["notes.txt"])


def test_images_lie_in_order_of_folders(folder):
    (folder / "a b").mkdir()
    (folder / "a b" / "0.png").touch()
    tree = FolderTree(folder)
    assert tree.images("") == ["a/1.png", "a/deep/2.JPG", "a b/0.png", "b/3.png"]
    assert FolderTree(folder).images("a") == ["a/1.png", "a/deep/2.JPG"]
    assert tree.left_out() == []


def test_what_is_left_out_is_counted(folder):
    for name in ("a/1.txt", "a/deep/2.TXT", "b/raw.heic", "b/README", "z.png", "z.csv"):
        (folder / name).touch()
    tree = FolderTree(folder)
    tree.pass_over(tree.entries())
    tree.images("a")
    tree.images("b")
    assert tree.left_out() == [
        "left out: 5 files of other kinds (2 .txt, 1 without extension, 1 .csv, 1 .heic), 1 image beside the folders"
    ]


def test_links_are_followed(folder, tmp_path):
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere" / "deep" / "4.png").touch()
    (tmp_path / "5.png").touch()
    (folder / "a" / "more").symlink_to(tmp_path / "elsewhere")
    (folder / "a" / "5.png").symlink_to("../../5.png")
    (folder / "c").symlink_to("../elsewhere/deep")
    assert FolderTree(folder).images("a") == ["a/1.png", "a/5.png", "a/deep/2.JPG", "a/more/deep/4.png"]
    assert FolderTree(folder).images("c") == ["c/4.png"]


def test_a_folder_is_entered_once_by_its_own_path(folder):
    for name, target in {"0": "deep", "up": "..", "root": "/", "self": ".", "whole": folder.parent}.items():
        (folder / "a" / name).symlink_to(target)
    tree = FolderTree(folder)
    assert tree.images("a") == ["a/1.png", "a/deep/2.JPG"]
    assert tree.left_out() == ["left out: 5 links to folders that are here already (a/0, a/root, a/self and 2 more)"]


@pytest.mark.parametrize("link", ["c", "a/c", "b/deep"])
def test_no_folder_belongs_to_two(folder, link):
    (folder / link).symlink_to(folder / "a" / "deep" if link == "b/deep" else folder / "b")
    tree = FolderTree(folder)
    with pytest.raises(InputError, match=r"^/.*: is the same folder as /.*; no image can belong to both$"):
        print([tree.images(place, place) for place in tree.entries().folders])


@pytest.mark.parametrize("name", ["a/x.png", "c", "a/deep/notes.txt"])
@pytest.mark.parametrize("target", ["nowhere", "../nowhere/x.png", None])
def test_links_that_lead_nowhere(folder, name, target):
    (folder / name).symlink_to(target or folder / name)
    tree = FolderTree(folder)
    with pytest.raises(InputError, match=rf"^{folder / name}: is a link that leads nowhere, to {target or '/.*'}$"):
        tree.images("")


def test_folders_that_cannot_be_read(folder, monkeypatch):
    def scandir(path, given=os.scandir):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return given(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(InputError, match=r"photos/a/deep: cannot be read: Permission denied$"):
        FolderTree(folder).images("a")


def test_names_of_any_bytes(folder):
    names = [b"caf\xe9.png", b"line\nbreak.png", b"[a-z]*?.png", b"x" * 251 + b".png", b"-rf.png", b" .png"]
    for name in names:
        with open(os.fsencode(folder) + b"/b/" + name, "wb"):
            pass
    found = FolderTree(folder).images("b")
    assert {os.fsencode(path) for path in found} == {b"b/3.png", *(b"b/" + name for name in names)}


def test_extension():
    assert [extension(name) for name in ("a.JPG", "a.tar.gz", "a", "a.b/c"[2:])] == [".jpg", ".gz", "", ""]


def test_a_check_that_goes_on(folder):
    (folder / "a" / "nowhere.png").symlink_to("nothing")
    (folder / "c").symlink_to("a")
    faults = []
    tree = FolderTree(folder, lambda path, what: faults.append((path, what)))
    assert tree.images("a", "a") == ["a/1.png", "a/deep/2.JPG"]
    assert tree.images("c", "c") == []
    assert tree.again == []
    assert [path for path, _ in faults] == [folder / "a/nowhere.png", folder / "c"]
