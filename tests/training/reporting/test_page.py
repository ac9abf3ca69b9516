"""Pictures and pages, made from numbers alone."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from scipy import ndimage

from kerascnn import info
from kerascnn.training.reporting import page, plots
from kerascnn.training.run import input_shape
from kerascnn.training.tasks.classification import mistakes

EVIL = '<script>alert("1")</script> & | `x`'
VOID = {"meta", "img"}


class Page(HTMLParser):
    """Collects the elements, the addresses and the text of a page, and checks that elements are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.addresses, self.text, self.open = [], [], "", []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def written(tmp_path):
    plots.curves(tmp_path / "curves.png", {"loss": [2, 1], "val_loss": [2, 1.5]}, ["loss"], 2)
    page.write_html(tmp_path, EXAMPLE)
    page.write_card(tmp_path, EXAMPLE)
    return tmp_path


EXAMPLE = page.Report(
    title=EVIL,
    lead=f"lead {EVIL}",
    facts=[("accuracy", "99 %"), (EVIL, f"fact {EVIL}")],
    pictures=[(EVIL, "curves.png")],
    tables=[page.Table(EVIL, (EVIL, "b"), [(EVIL, "1")]), page.Table("settings", (), [("c", "2")])],
    usage="use it",
)


def test_page_needs_nothing_else_and_shows_text_as_text(written):
    text = (written / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.elements
    assert page.text.count(EVIL) == 9
    assert page.addresses
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert not any(word in text for word in ("http:", "https:", "url(", "@import", "<link"))


def test_card_is_markdown_with_whole_tables(written):
    text = (written / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {3}
    assert "\n## Use\n\nuse it\n" in text


def test_result_on_a_terminal(capsys):
    page.print_result(Path("saved_models/x"), EXAMPLE._replace(facts=[("accuracy [on 9]", "99 %"), ("a" * 200, "b")]))
    shown = capsys.readouterr().out
    assert "accuracy [on 9]" in shown
    assert "saved_models/x/report.html" in shown
    assert max(map(len, shown.splitlines())) <= 80


def is_blank(path):
    return np.ptp(matplotlib.image.imread(path)[..., :3]) == 0


@pytest.mark.parametrize("n", [2, 10, 100])
def test_confusion(n, tmp_path):
    counts = np.random.default_rng(0).integers(0, 3, (n, n)) + 50 * np.eye(n, dtype=int)
    plots.confusion(tmp_path / "a.png", counts, [f"a class by the name of {i}" for i in range(n)])
    assert not is_blank(tmp_path / "a.png")


@pytest.mark.parametrize("color", [(1, 0, 0), (0,)])
@pytest.mark.parametrize("count", [1, 9, 32])
def test_samples_are_all_there(count, color, tmp_path):
    image = np.broadcast_to(np.float32(color), (8, 8, len(color)))
    plots.samples(tmp_path / "a.png", "", [plots.Cell(image, "", "", True)] * count)
    drawn = matplotlib.image.imread(tmp_path / "a.png")[..., :3]
    areas, _ = ndimage.label((drawn == color).all(-1))
    assert (np.bincount(areas.ravel())[1:] > 1000).sum() == count


@pytest.mark.parametrize("epochs", [1, 3, 100])
def test_curves(epochs, tmp_path):
    history = {name: np.linspace(0, 1, epochs) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    plots.curves(tmp_path / "a.png", history, ("loss", "accuracy"), epochs)
    assert not is_blank(tmp_path / "a.png")


def test_pictures_leave_the_matplotlib_backend_alone():
    code = "import kerascnn.training.reporting.plots, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_mistakes_are_counted():
    counts = np.array([[9, 0, 2], [5, 9, 0], [0, 1, 9]])
    assert mistakes(counts, ["a", "b", "c"]) == [("b", "a", "5"), ("a", "c", "2"), ("c", "b", "1")]
    assert mistakes(counts, ["a", "b", "c"], most=1) == [("b", "a", "5")]
    assert mistakes(np.diag([3, 4]), ["a", "b"]) == []


@pytest.mark.parametrize(
    ("model", "native", "size", "shape"),
    [
        ("lenet5", (8, 8, 1), 0, (32, 32, 1)),
        ("lenet5", (32, 32, 3), 0, (32, 32, 3)),
        ("resnet50", (32, 32, 3), 0, (128, 128, 3)),
        ("resnet50", (28, 28, 1), 0, (112, 112, 1)),
        ("resnet50", (300, 400, 3), 0, (224, 224, 3)),
        ("resnet50", (None, None, 3), 0, (224, 224, 3)),
        ("resnet50", (None, None, 3), 64, (64, 64, 3)),
        ("lenet5", (8, 8, 1), 48, (48, 48, 1)),
        ("lenet5", (4, 4, 1), 0, (32, 32, 1)),
    ],
)
def test_input_shape(model, native, size, shape):
    assert input_shape(info(model), native, size) == shape
