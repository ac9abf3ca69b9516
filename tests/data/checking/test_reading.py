"""All files are decoded, in bounded memory, and one that is damaged stops nothing."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from kerascnn import InputError
from kerascnn.data.checking.reading import Reader, _Room


@pytest.fixture
def paths(photos):
    return sorted(photos({"a": 5}).glob("a/*"))


def test_fingerprints_and_progress(paths):
    seen = []
    reader = Reader(paths[0].parents[1], lambda done, of: seen.append((done, of)))
    reader.expected = 5
    assert len(set(reader.read_images(paths).values())) == 5
    assert seen == [(done, 5) for done in range(1, 6)]
    assert {header.format for header in reader.headers.values()} == {"PNG"}
    assert reader.findings == []


def test_damage_stops_nothing(paths):
    reader = Reader(paths[0].parents[1])
    reader.expected = 5
    paths[1].write_bytes(b"")
    paths[3].unlink()
    assert sorted(reader.read_images(paths)) == [paths[0], paths[2], paths[4]]
    assert sorted(found[2:4] for found in reader.findings) == [
        ("a/0001.png", "is empty (0 bytes)"),
        ("a/0003.png", "cannot be read: No such file or directory"),
    ]
    assert (reader.decoded, reader.expected) == (3, 3)


def test_of_a_file_the_first_fault_counts_but_of_the_folder_all(tmp_path):
    reader = Reader(tmp_path)
    for what in ("is empty; ...", "has a single class"):
        reader.refuse(tmp_path, what)
        reader.refuse(tmp_path / "a.png", what)
    assert [(found.file, found.what) for found in reader.findings] == [
        ("", "is empty; ..."),
        ("a.png", "is empty; ..."),
        ("", "has a single class"),
    ]


def test_going_on(tmp_path):
    reader, file = Reader(tmp_path), tmp_path / "a: b.png"
    for message in (f"{file}: is odd", f"{tmp_path}: is odder", "classes: 300 names"):
        with reader.going_on(tmp_path / "a", file):
            raise InputError(message)
    found = [(found.file, found.what) for found in reader.findings]
    assert found == [("a: b.png", "is odd"), ("", "is odder"), ("", "classes: 300 names")]


def test_masks(tmp_path):
    path = tmp_path / "mask.png"
    Image.new("L", (3, 2), 7).save(path)
    (mask,) = Reader(tmp_path).read_masks([path]).values()
    assert mask[:3] == ((2, 3), {7: 6}, {})


def test_a_jpeg_mask_is_a_warning(tmp_path):
    Image.new("L", (8, 8), 255).save(tmp_path / "mask.jpg")
    reader = Reader(tmp_path)
    reader.read_masks([tmp_path / "mask.jpg"])
    assert [(found.severity, found.kind) for found in reader.findings] == [("warning", "lossy mask")]


def test_no_more_pixels_at_a_time_than_there_is_room_for():
    room, taken, most, lock = _Room(100), [0], [], threading.Lock()

    def work(amount):
        with room.taken(amount):
            with lock:
                taken[0] += min(amount, 100)
                most.append(taken[0])
            with lock:
                taken[0] -= min(amount, 100)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [10, 60, 1000, 50, 100, 1] * 20))
    assert max(most) <= 100
    assert taken == [0]


PEAK = """
import resource, sys
from kerascnn.data import check_folder
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
start = peak()
check = check_folder(sys.argv[1], labelled=False)
assert not check.refused and check.images == 7, check
print(peak() - start)
"""


@pytest.mark.slow
def test_the_largest_images_take_less_than_a_gigabyte(tmp_path):
    values = np.tile(np.random.default_rng(0).integers(0, 256, (900, 900, 4), np.uint8), (10, 10, 1))
    Image.fromarray(values).save(tmp_path / "transparent.png", compress_level=1)
    Image.fromarray(np.tile(np.arange(9000, dtype=np.uint16) * 7, (9000, 1))).save(tmp_path / "deep.png")
    Image.fromarray(values[..., :3] // 64 * 64).save(tmp_path / "large.jpg", quality=50)
    for number in range(4):
        Image.fromarray(values[: 4000 + number, :4000, :3]).save(tmp_path / f"{number}.jpg")
    done = subprocess.run([sys.executable, "-c", PEAK, tmp_path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 2**30
