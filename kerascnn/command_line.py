"""What all command lines have in common: one argument parser, by which a wrong one is one line and status 2, one way to
leave, and the limit of pixels."""

import argparse
import io
import shutil
import sys
import textwrap
from typing import NoReturn

from .errors import InputError
from .escaping import plain

MAX_PIXELS = 89_478_485  # Pillow's own limit: a quarter of a gigabyte


class ArgumentParser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that raises an `InputError` where the command line is wrong.

    Flags must be written out in full; of one that is given twice the last value counts. The description, of several
    lines, is printed as it is.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # what a terminal cannot show ends no program

    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def print_names(title: str, names: dict[str, str]) -> None:
    """Print names and what each does, as wide as the terminal."""
    width, columns = max(map(len, names)) + 4, max(60, shutil.get_terminal_size((120, 24)).columns)
    print(title, end="\n\n")
    for name, does in names.items():
        indents = dict(initial_indent=f"  {name}".ljust(width), subsequent_indent=" " * width)
        print(textwrap.fill(does, columns, **indents))


def leave(line: str, status: int) -> NoReturn:
    """End the program with one line on stderr and this exit status."""
    sys.stdout.flush()
    print(plain(line), file=sys.stderr)
    sys.exit(status)


def limit_pixels(most: int) -> None:
    """Refuse images of more pixels; 0 allows all."""
    from PIL import Image

    if most < 0:
        raise InputError(f"--max-pixels {most}: must be a whole number, 0 or more")
    Image.MAX_IMAGE_PIXELS = most or None
