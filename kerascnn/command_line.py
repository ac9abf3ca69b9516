"""One argument parser for all programs: a wrong command line is one line, and status 2, everywhere."""

import argparse
import io
import sys
from typing import NoReturn

from .errors import InputError
from .escaping import plain


class ArgumentParser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that raises an `InputError` where the command line is wrong.

    Flags must be written out in full. The description, of several lines, is printed as it is.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # what a terminal cannot show ends no program

    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def leave(line: str, status: int) -> NoReturn:
    """End the program with one line on stderr and this exit status."""
    sys.stdout.flush()
    print(plain(line), file=sys.stderr)
    sys.exit(status)
