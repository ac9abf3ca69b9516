"""Pages and cards, made from numbers alone."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from kerascnn.training.reporting import page, plots

EVIL = '<script>alert("1")</script> & | `x` $5_$10 [x](javascript:y) [red] \x1b[31m\u202e\n\udcff.png'
SHOWN = '<script>alert("1")</script> & | `x` $5_$10 [x](javascript:y) [red] \\x1b[31m\\u202e\\n\\xff.png'
VOID = {"meta", "img", "input"}


class Page(HTMLParser):
    """Collects the elements, the addresses and the text of a page, and checks that elements are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.tags, self.addresses, self.text, self.open = [], [], [], "", []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.tags.append((tag, attrs))
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
    warnings=[f"warning {EVIL}"],
)


def test_page_needs_nothing_else_and_shows_text_as_text(written):
    text = (written / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.elements
    assert page.text.count(SHOWN) == 10
    assert page.addresses
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert not any(word in text for word in ("http:", "https:", "url(", "@import", "<link"))


def test_a_picture_opens_in_full_size_without_a_script(written):
    """A box that can be reached by keys, whose label is the picture: once in the page, however large it is shown."""
    text = (written / "report.html").read_text(encoding="utf-8")
    tags = Page(text).tags
    [box] = [dict(attrs) for tag, attrs in tags if tag == "input"]
    [label] = [dict(attrs) for tag, attrs in tags if tag == "label"]
    assert box["type"] == "checkbox"
    assert box["id"] == label["for"]
    assert box["aria-label"] == f"full size: {SHOWN}"
    assert text.count("data:image/png") == 1
    style = text[text.index("<style>") : text.index("</style>")]
    assert "figure :checked + label {" in style
    assert "figure :focus-visible + label {" in style
    assert "display: none" not in style, "what is not there has no focus"


@pytest.mark.parametrize(
    ("task", "speeds", "shown"),
    [
        ("unet", {"images": 0.8312, "tiles": 57.04}, {"images a second": "0.83", "tiles a second": "57"}),
        ("siamese", {"images": 4000.0, "pairs": 2000.0}, {"images a second": "4,000", "pairs a second": "2,000"}),
        ("lenet5", {"images": 9.96}, {"images a second": "10"}),
    ],
)
def test_what_is_counted_a_second(task, speeds, shown):
    config = {"name": task, "knobs": {}, "data": "d", "train_images": 3, "loading": {"name": "/home/me"}}
    result = {"best_epoch": 1, "epochs": 1, "parameters": 1, "macs": 1, "training_seconds": 1, "device": "CPU"}
    result |= {f"{what}_per_second": speed for what, speed in speeds.items()}
    report = page.compose(config, result, facts=[], pictures=[], usage="")
    facts = dict(report.facts)
    assert {name: value for name, value in facts.items() if name.endswith("a second")} == shown
    whole = {"unet": "tile", "siamese": "pair", "lenet5": "image"}[task]
    assert f"MACs for one {whole}" in facts
    assert "/home/me" not in str(report)


def test_a_browser_runs_and_fetches_nothing_for_a_page(written):
    text = (written / "report.html").read_text(encoding="utf-8")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    [found] = [
        dict(attrs)["content"] for tag, attrs in Page(text).tags if ("http-equiv", "Content-Security-Policy") in attrs
    ]
    assert found == policy
    assert text.index(policy) < text.index("<style>")


def test_card_is_markdown_with_whole_tables(written):
    text = (written / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {3}
    assert "<" not in text
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    assert set(page.elements) == {"h1", "h2", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert page.text.count(SHOWN) == 8
    assert "\n## Use\n\nuse it\n" in text


def test_result_on_a_terminal(capsys):
    page.print_result(
        Path("saved_models/x"), EXAMPLE._replace(facts=[("accuracy [on 9]", "99 %"), ("a" * 200, "b"), (EVIL, EVIL)])
    )
    shown = capsys.readouterr().out
    assert "accuracy [on 9]" in shown
    assert not set(shown) & set("\x1b\u202e\udcff")
    assert "saved_models/x/report.html" in shown
    assert f"warning: warning {SHOWN}\n" in shown
    assert max(len(line) for line in shown.splitlines() if not line.startswith("warning")) <= 80


def test_a_table_on_a_terminal_shows_text_as_text(capsys):
    page.print_table(page.Table("[red]", ("[b]x[/b]", ":smile:"), [("[/]", "\x1b[31m")]))
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("[red]", "[b]x[/b]", ":smile:", "[/]", "\\x1b[31m"))


def test_what_was_there_is_replaced_and_a_link_is_not_followed(tmp_path, written):
    (tmp_path / "elsewhere.html").write_text("of somebody else")
    for write, name in ((page.write_html, "report.html"), (page.write_card, "README.md")):
        (written / name).unlink()
        (written / name).symlink_to(tmp_path / "elsewhere.html")
        write(written, EXAMPLE)
        assert not (written / name).is_symlink()
    assert (tmp_path / "elsewhere.html").read_text() == "of somebody else"
