"""Foreign text: what is shown is the text, and nothing but text, as parsers see it that others wrote."""

import ast
import csv
import io
import shlex
import warnings
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from kerascnn import escaping

EVIL = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://y)", "a|b|c",
    "`x`", "**x** _y_ ~~z~~", "$_$", "$5_$10", "\\", "\\|", "a\\", "<!-- ", "&lt;b&gt;", "]]>", "x #", "http://a.b/",
    "www.a.bc", "=1+1", "\x1b[31m\x1b]0;t\x07",
    "\x9b31m", "a\nb\r\nc", "a\u2028b", "\u202eabc", "x\u2066y", "\udcff.png",
    "عربى", "日本語", "😀", "x" * 5000, "'", '"', "'=1", "'" + '"', "\0", "{x}", "%s", "@a", ":smile:", "[red]x[/red]",
)  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(EVIL), st.text(), st.text(st.characters(codec=None)), st.text("\\`*_[]<>|$#!&\"'=+-@:/ab \n\x1b")
)


class Shown(HTMLParser):
    """Elements and text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, attrs))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def words(text):
    return text.split()


@given(TEXT)
def test_plain_is_one_line_that_steers_no_terminal(text):
    shown = escaping.plain(text)
    assert len(f"{shown}.".splitlines()) == 1
    assert shown.encode().decode() == shown
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in shown)
    assert not set(shown) & set("\u200e\u200f\u202e\u2066\u2028")


@pytest.mark.parametrize("text", ["Zürich", "日本語", "عربى", "👩‍🔬", "a b", "C:\\x", "$5"])
def test_plain_leaves_what_people_write(text):
    assert escaping.plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\udcff", "\\xff"),
        ("\u202e", "\\u202e"),
        ("\ud83d", "\\ud83d"),
        (3, "3"),
    ],
)
def test_plain_shows_the_rest_as_escapes(text, shown):
    assert escaping.plain(text) == shown


@given(TEXT)
def test_html_is_read_back(text):
    shown = Shown(f'<p title="{escaping.html(text)}">{escaping.html(text)}</p>')
    assert shown.elements == [("p", [("title", escaping.plain(text))])]
    assert shown.text == escaping.plain(text)


@given(TEXT)
@example("x #")
def test_markdown_is_text_in_a_paragraph_a_heading_and_a_cell(text):
    safe = escaping.markdown(text)
    page = f"see {safe} there\n\n# a {safe}\n\n| a | b |\n| --- | --- |\n| a {safe} | c |\n"
    shown = Shown(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(page))
    assert {tag for tag, _ in shown.elements} == {"p", "h1", "table", "thead", "tbody", "tr", "th", "td"}
    assert sum(tag == "td" for tag, _ in shown.elements) == 2
    said = words(escaping.plain(text))
    assert words(shown.text) == ["see", *said, "there", "a", *said, "a", "b", "a", *said, "c"]
    assert "<" not in safe


@pytest.mark.parametrize("address", ["http://a.bc/", "https://a.bc", "www.a.bc", "ftp://a"])
def test_markdown_makes_no_links_of_addresses(address):
    assert not any(form in escaping.markdown(address) for form in ("p://", "s://", "www.a"))


@pytest.mark.parametrize("text", EVIL)
def test_picture_is_drawn_as_it_is(text):
    figure = Figure(figsize=(1, 1))
    drawn = figure.text(0, 0, escaping.picture(text, 14))
    with escaping.drawing(figure):
        figure.savefig(io.BytesIO())
    shown, is_math = drawn._preprocess_math(drawn.get_text())
    assert not is_math
    plain = escaping.plain(text)
    assert shown == (plain if len(plain) <= 14 else plain[:13] + "…")


@given(TEXT)
def test_no_picture_holds_mathematics(text):
    drawn = Figure().text(0, 0, escaping.picture(text))
    assert drawn._preprocess_math(drawn.get_text()) == (escaping.plain(text), False)


def test_drawing_gives_nothing_to_tex_and_changes_no_setting():
    import matplotlib

    with matplotlib.rc_context({"text.usetex": True}):
        figure = Figure(figsize=(1, 1))
        figure.subplots().set_title(r"\input{/etc/passwd}")
        with escaping.drawing(figure):
            figure.savefig(io.BytesIO())
        assert matplotlib.rcParams["text.usetex"]


@given(TEXT)
def test_cells_are_no_formulas_and_are_read_back(text):
    file = io.StringIO()
    csv.writer(file).writerow([escaping.cell(text), 1])
    file.seek(0)
    [[found, one]] = csv.reader(file)
    assert one == "1"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        is_number = found.lstrip()[:1] in "+-" and _is_number(found)
    assert is_number or not found.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert found.removeprefix("'") == escaping.plain(text)


def _is_number(text):
    try:
        return bool(text) and float(text) is not None
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("value", "written"),
    [("=1+1", "'=1+1"), (" =1", "' =1"),
     ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"), ("@SUM(A1)", "'@SUM(A1)"), ("-5", "-5"),
     ("+1e-3", "+1e-3"), ("'a", "''a"), ("a=b", "a=b"), (-5, -5), (0.5, 0.5), (None, None), ("\uff1d1", "'\uff1d1")],
)  # fmt: skip
def test_cells(value, written):
    assert escaping.cell(value) == written


@given(TEXT)
def test_python_is_a_literal_of_one_line(text):
    literal = escaping.python(text)
    assert ast.literal_eval(literal) == text
    assert escaping.plain(literal) == literal


def test_python_has_the_usual_quotes():
    assert escaping.python("saved_models/a b") == '"saved_models/a b"'


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_shell_is_one_word(text):
    assert shlex.split(escaping.shell(text)) == [text]
