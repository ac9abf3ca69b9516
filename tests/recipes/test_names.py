"""Recipes on folders whose classes and files have any names: the run ends well, and shows the names as text."""

from html.parser import HTMLParser

import numpy as np
import pytest
from markdown_it import MarkdownIt
from PIL import Image

from kerascnn.cli import main
from kerascnn.escaping import plain
from kerascnn.trained import predict

from . import run

pytestmark = pytest.mark.slow
NAMES = [
    "$_$", "$5_$10", "<script>alert(1)<script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "=1+1",
    "a|b`c`", "\x1b[31mred\x07", "a\nb", "\udcff", "\u202eabc", "😀", "日本語", "عربى", "_hidden_", "\\frac{1}",
    "{0}%s", "x" * 150,
]  # fmt: skip
ALLOWED = {
    "README.md": {"h1", "h2", "p", "strong", "pre", "code", "table", "thead", "tbody", "tr", "th", "td"},
    "report.html": {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "p", "strong", "dl", "div", "dt", "dd",
        "main", "figure", "label", "input", "img", "figcaption",
        "section", "h2", "table", "thead", "tbody", "tr", "th", "td", "footer",
    },
}  # fmt: skip


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.text = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        assert not any(name.startswith("on") or name == "href" for name, _ in attrs)

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder of 18 classes with six images each."""
    rng, home = np.random.default_rng(0), tmp_path_factory.mktemp("images")
    for i, name in enumerate(NAMES):
        (home / "images" / name).mkdir(parents=True)
        for j in range(6):
            pixels = rng.integers(10 * i, 10 * i + 60, (16, 16, 1)).astype(np.uint8).repeat(3, axis=-1)
            Image.fromarray(pixels).save(home / "images" / name / f"{j}$_$<b>.png")
    return home / "images"


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    home = tmp_path_factory.mktemp("masks")
    for part in ("image", "label"):
        (home / "masks" / part).mkdir(parents=True)
    for i, name in enumerate(NAMES[:6]):
        mask = np.random.default_rng(i).integers(0, 3, (5, 5)).repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8)
        name = name.replace("/", "")
        Image.fromarray(mask).save(home / "masks" / "label" / f"{name}.png")
        Image.fromarray(mask * 100).save(home / "masks" / "image" / f"{name}.png")
    return home / "masks"


def shown(folder):
    """The texts of the card and of the report, which hold no other elements than they should."""
    texts = []
    for name, allowed in ALLOWED.items():
        text = (folder / name).read_text(encoding="utf-8")
        if name == "README.md":
            text = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
        page = Elements(text)
        assert page.found <= allowed
        texts.append(page.text)
    return texts


@pytest.mark.parametrize("recipe", ["classify", "autoencoder", "siamese_oneshot", "siamese_koch"])
def test_classes(recipe, images, tmp_path, capsys):
    done = run(f"{recipe}.py", "--smoke", "--data", images, "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not set(done.stdout) & set("\x1b\x07\u202e")
    texts = shown(tmp_path / "out")
    if recipe == "classify":
        assert all(plain(name) in text for name in NAMES for text in texts)
        assert main(["predict", str(tmp_path / "out"), str(images / "\udcff"), str(images / "$_$"), "--top", "18"]) == 0
        said = capsys.readouterr().out
        assert not set(said) & set("\x1b\x07\u202e")
        assert all(plain(name) in said for name in NAMES)


def test_classes_and_files_of_masks(masks, tmp_path):
    names = ["$5_$10", "_<script>", "a|b"]
    words = ("--smoke", "--data", masks, "--names", ",".join(names), "--out", "out")
    done = run("unet_seg.py", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(plain(name) in text for name in names for text in shown(tmp_path / "out"))
    (answer,) = predict(tmp_path / "out", [masks / "image" / "$_$.png"])
    assert answer["mask"].shape == (40, 40)
    assert list(answer["shares"]) == names
