"""Foreign text made safe for what shows it: terminal, HTML, Markdown, picture, spreadsheet, shell, Python.

Names of classes and files can hold anything. Whoever prints, draws or writes one takes it through here.
"""

import html as standard_html
import re
import shlex
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_INVISIBLE = {"Cc", "Cs", "Zl", "Zp"}  # categories: controls, half characters, line separators
_TURNING = re.compile(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)  # what turns the direction of the text around it
_MARKUP = re.compile(r"[\\`*\[\]{}|~$#!]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.|@")
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # as a spreadsheet sees one, wide letters too


def plain(text: object) -> str:
    r"""One line for a terminal: what steers it, breaks the line, turns the text's direction or is no character is shown
    as an escape, like `\x1b` or `\n`."""
    return "".join(_visible(letter) for letter in str(text))


def _visible(letter):
    if "\udc80" <= letter <= "\udcff":  # a byte that isn't UTF-8, as Python keeps it in the name of a file
        return f"\\x{ord(letter) - 0xDC00:02x}"
    if unicodedata.category(letter) in _INVISIBLE or _TURNING.match(letter):
        return letter.encode("unicode_escape", "backslashreplace").decode("ascii")
    return letter


def html(text: object) -> str:
    """For an element or a quoted attribute."""
    return standard_html.escape(plain(text))


def markdown(text: object) -> str:
    """For a heading, a paragraph or a cell of a table; not for its beginning, where `1.` and `-` make lists."""
    return standard_html.escape(_MARKUP.sub(r"\\\g<0>", plain(text)), quote=False)


def picture(text: object, most: int | None = None) -> str:
    """For matplotlib, where dollars would begin mathematics.

    Args:
        text: what to show.
        most: letters, the last one an ellipsis where there are more.
    """
    shown = plain(text)
    if most is not None and len(shown) > most:
        shown = shown[: most - 1] + "…"
    return shown.replace("$", r"\$")


@contextmanager
def drawing(figure) -> Iterator[None]:
    """While matplotlib draws a figure: letters that the font lacks become boxes, without a warning each, and no text is
    given to TeX, which can run programs."""
    from matplotlib import rc_context
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_usetex(False)
    with rc_context({"text.usetex": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font|Matplotlib currently does not support")
        yield


def cell(value: object) -> object:
    """For a CSV file, which spreadsheets open: text that they would take for a formula begins with an apostrophe, as
    OWASP advises, and so does text that begins with one; without its first apostrophe it is what it was.

    Numbers stay numbers.
    """
    if not isinstance(value, str):
        return value
    shown = plain(value)
    is_foreign = shown.lstrip().startswith(_FORMULA) and not _is_number(shown)
    return f"'{shown}" if is_foreign or shown.startswith("'") else shown


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def shell(text: object) -> str:
    """A word of a command."""
    return plain(shlex.quote(str(text)))


def python(text: object) -> str:
    """A string literal of Python."""
    literal = repr(str(text))
    return literal if '"' in literal else f'"{literal[1:-1]}"'
