"""Kinds of damage that a folder of images can have, each with what is to be found: `DAMAGE`, `SPLIT_DAMAGE`, and
`MASK_DAMAGE`, name -> (severity, file, words, maker). The maker gets the folder; so does `file`, if it is a function.
"""

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from ..sources import troublesome

DAMAGE, SPLIT_DAMAGE, MASK_DAMAGE = {}, {}, {}
EACH = 12  # images of a class


def noise(number, mode="RGB", size=(16, 16)):
    """An image like no other one."""
    values = np.random.default_rng(number).integers(0, 256, (*size[::-1], 3), np.uint8)
    return Image.fromarray(values).convert(mode)


def classes(folder: Path, *parts: str) -> Path:
    """A folder with two good classes, or several of them below it."""
    for i, part in enumerate(parts or ("",)):
        for label, name in enumerate(("cat", "dog")):
            (folder / part / name).mkdir(parents=True)
            for number in range(EACH):
                noise([i, label, number]).save(folder / part / name / f"{number}.png")
    return folder


def pairs(folder: Path) -> Path:
    """A folder with good images and masks of 0, 1 and 2."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for number in range(EACH):
        noise(number).save(folder / "images" / f"{number}.png")
        mask(number).save(folder / "masks" / f"{number}.png")
    return folder


def mask(number, largest=2, void=False):
    values = np.random.default_rng([9, number]).integers(0, largest + 1, (16, 16)).astype(np.uint8)
    values[0, :3] = (0, 1, 255 if void else largest)
    return Image.fromarray(values)


def kind(table, name, severity, file, words):
    return lambda maker: table.setdefault(name, (severity, file, words, maker))


def add(table, name, severity, file, words, maker):
    table[name] = severity, file, words, maker


# files of a class that training refuses, from the table of troublesome files

for name in (
    "empty.jpg", "missing page.jpg", "phone.jpg", "pointer.jpg", "other format.jpg", "pipe.png", "device.png",
    "socket.png",
    "cut.jpg", "cut.png", "no frame.jpg", "strange scan.jpg", "late strange scan.jpg", "wrong sum.png", "damaged.webp",
    "floats.tif", "pages.tif", "bomb.jpg", "bomb.png", "behind the end.tif",
):  # fmt: skip
    add(DAMAGE, name, "error", f"cat/{name}", troublesome.ROWS[name][1],
        lambda folder, name=name: troublesome.make(name, folder / "cat"))  # fmt: skip

for name, target in (("nowhere.png", "nothing"), ("itself.png", "itself.png")):
    add(DAMAGE, name, "error", f"cat/{name}", "is a link that leads nowhere",
        lambda folder, name=name, target=target: (folder / "cat" / name).symlink_to(target))  # fmt: skip


@kind(DAMAGE, "unreadable", "error", "cat/secret.png", "cannot be read: Permission denied")
def _(folder):
    noise(100).save(folder / "cat/secret.png")
    (folder / "cat/secret.png").chmod(0)


@kind(DAMAGE, "broken CMYK", "error", "cat/cmyk.jpg", "truncated JPEG")
def _(folder):
    contents = troublesome.saved(noise(101, "CMYK", (64, 64)), "JPEG")
    (folder / "cat/cmyk.jpg").write_bytes(contents[: len(contents) // 2])


@kind(DAMAGE, "a name that isn't UTF-8", "error", "cat/caf\udce9.png", "is empty")
def _(folder):
    (folder / "cat/caf\udce9.png").touch()


@kind(DAMAGE, "a name with codes", "error", "cat/\x1b[31m.png", "is empty")
def _(folder):
    (folder / "cat/\x1b[31m.png").touch()


@kind(DAMAGE, "a class with one image", "error", "bird", "has a single image; a class needs two")
def _(folder):
    (folder / "bird").mkdir()
    noise(102).save(folder / "bird/1.png")


@kind(DAMAGE, "an empty class", "error", "fish", "the class has no images")
def _(folder):
    (folder / "fish").mkdir()


@kind(DAMAGE, "a class of arrays", "error", "cow", "the class has no images; .*found are 2 .heic")
def _(folder):
    (folder / "cow").mkdir()
    for name in "ab":
        (folder / "cow" / f"{name}.heic").write_bytes(b"..")


@kind(DAMAGE, "a class twice", "error", "puppy", "is the same folder as .*; no image can belong to both")
def _(folder):
    (folder / "puppy").symlink_to("dog")


# what training passes over


@kind(DAMAGE, "another format", "warning", "dog/phone.heic", "is left out: .heic is not read")
def _(folder):
    (folder / "dog/phone.heic").write_bytes(b"..")


@kind(DAMAGE, "a note", "note", "dog/notes.txt", "is left out: .txt is no image")
def _(folder):
    (folder / "dog/notes.txt").write_text("cats")


@kind(DAMAGE, "an image beside the classes", "warning", "loose.png", "it lies beside the folders")
def _(folder):
    noise(103).save(folder / "loose.png")


@kind(DAMAGE, "a loop of links", "warning", "dog/loop", "links to a folder that is here already")
def _(folder):
    (folder / "dog/loop").symlink_to("..")


@kind(
    DAMAGE,
    "an image in two classes",
    "warning",
    "cat/3.png",
    r"is the same file as dog/three.png, but in other classes",
)
def _(folder):
    shutil.copy(folder / "cat/3.png", folder / "dog/three.png")


@kind(DAMAGE, "an image twice", "warning", "cat/4.png", "^is the same image as cat/again.bmp")
def _(folder):
    Image.open(folder / "cat/4.png").save(folder / "cat/again.bmp")


@kind(DAMAGE, "a thumbnail", "warning", "dog/small.png", "has 3 x 3 pixels; the shorter side of most images has 16")
def _(folder):
    noise(104, size=(3, 3)).save(folder / "dog/small.png")


@kind(DAMAGE, "12 bits", "note", "", "images of 16 bits fill 12")
def _(folder):
    Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 16).save(folder / "dog/deep.png")


@kind(DAMAGE, "few images", "warning", "", "class crow has only 2 images")
def _(folder):
    (folder / "crow").mkdir()
    for number in range(2):
        noise([105, number]).save(folder / "crow" / f"{number}.png")


# splits


@kind(SPLIT_DAMAGE, "another folder", "error", "", "and beside them extra, which is no split")
def _(folder):
    (folder / "extra").mkdir()
    noise(200).save(folder / "extra/1.png")


@kind(SPLIT_DAMAGE, "two of a kind", "error", "", "train and training are both the train split")
def _(folder):
    (folder / "training").mkdir()


@kind(SPLIT_DAMAGE, "a class of one split", "error", "", "must have the same classes; only one of them has bird")
def _(folder):
    (folder / "val/bird").mkdir()
    for number in range(EACH):
        noise([201, number]).save(folder / f"val/bird/{number}.png")


@kind(
    SPLIT_DAMAGE,
    "a leak",
    "warning",
    "train/cat/1.png",
    "is the same file as val/cat/one.png: 1 trains and 1 validates$",
)
def _(folder):
    shutil.copy(folder / "train/cat/1.png", folder / "val/cat/one.png")


@kind(
    SPLIT_DAMAGE,
    "a leak to another class",
    "warning",
    "train/cat/2.png",
    "but in other classes .*: 1 trains and 1 validates$",
)
def _(folder):
    Image.open(folder / "train/cat/2.png").save(folder / "val/dog/two.tif")


@kind(
    SPLIT_DAMAGE, "a leak to the test", "warning", "train/cat/3.png", "test/cat/3.png: 1 trains and 1 is left to test$"
)
def _(folder):
    (folder / "test/cat").mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / "train/cat/3.png", folder / "test/cat/3.png")


@kind(SPLIT_DAMAGE, "damage where nobody looks", "warning", "test/cat/5.png", "is empty")
def _(folder):
    (folder / "test/cat").mkdir(parents=True, exist_ok=True)
    (folder / "test/cat/5.png").touch()


# masks


@kind(MASK_DAMAGE, "no mask", "error", "images/extra.png", "has no mask; it would be .*masks/extra")
def _(folder):
    noise(300).save(folder / "images/extra.png")


@kind(MASK_DAMAGE, "no image", "error", "masks/alone.png", "has no image; it would be .*images/alone")
def _(folder):
    mask(301).save(folder / "masks/alone.png")


@kind(MASK_DAMAGE, "a name twice", "error", "images/1.png", "has the same name as 1.bmp")
def _(folder):
    noise(302).save(folder / "images/1.bmp")


@kind(MASK_DAMAGE, "a broken image", "error", "images/2.png", "truncated")
def _(folder):
    contents = (folder / "images/2.png").read_bytes()
    (folder / "images/2.png").write_bytes(contents[:200])


@kind(MASK_DAMAGE, "an empty mask", "error", "masks/3.png", "is empty")
def _(folder):
    (folder / "masks/3.png").write_bytes(b"")


@kind(MASK_DAMAGE, "another size", "error", "masks/4.png", "is 8 high and 16 wide, its image 16 and 16")
def _(folder):
    mask(4).crop((0, 0, 16, 8)).save(folder / "masks/4.png")


@kind(
    MASK_DAMAGE,
    "palettes differ",
    "error",
    "masks/6.png",
    "its palette has the color #ff0000 at index 1, that of .*5.png #00ff00",
)
def _(folder):
    for number, color in ((5, (0, 255, 0)), (6, (255, 0, 0))):
        colored = mask(number, largest=1)
        colored.putpalette([0, 0, 0, *color])
        colored.save(folder / "masks" / f"{number}.png")


@kind(MASK_DAMAGE, "void", "error", "masks/7.png", "holds the value 255; .*--ignore 255")
def _(folder):
    mask(7, void=True).save(folder / "masks/7.png")


@kind(MASK_DAMAGE, "a lossy mask", "error", "masks/8.jpg", "its compression changes values")
def _(folder):
    (folder / "masks/8.png").unlink()
    mask(8).point(lambda value: 60 * value).save(folder / "masks/8.jpg")


@kind(MASK_DAMAGE, "a colored mask", "error", "masks/9.png", "is a mask of mode RGB")
def _(folder):
    noise(303).save(folder / "masks/9.png")


@kind(
    MASK_DAMAGE,
    "two masks of an image",
    "warning",
    "images/0.png",
    "is the same file as images/10.png, but their masks differ",
)
def _(folder):
    shutil.copy(folder / "images/0.png", folder / "images/10.png")


@kind(MASK_DAMAGE, "another format", "warning", "masks/raw.npy", "is left out: .npy is not read")
def _(folder):
    (folder / "masks/raw.npy").write_bytes(b"..")


def skipped(name):
    """Why a kind cannot be tried here."""
    return "root reads everything" if name == "unreadable" and os.geteuid() == 0 else ""
