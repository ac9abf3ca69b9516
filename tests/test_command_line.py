"""The parser that all programs share."""

import io

import pytest

from kerascnn import InputError
from kerascnn.command_line import ArgumentParser, leave, print_names


@pytest.fixture
def parser():
    parser = ArgumentParser("program", description="First line.\n\n    second line")
    parser.add_argument("--workers", type=int)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("train").add_argument("name")
    return parser


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the following arguments are required: verb"),
        (["train"], "the following arguments are required: name"),
        (["--workers", "two", "train", "x"], "argument --workers: invalid int value: 'two'"),
        (["train", "x", "--work", "2"], "unrecognized arguments: --work 2"),
    ],
)
def test_a_wrong_command_line_is_an_input_error(parser, words, message):
    with pytest.raises(InputError, match=message) as caught:
        parser.parse_args(words)
    assert "\n" not in str(caught.value)


def test_the_description_keeps_its_lines(parser):
    assert "First line.\n\n    second line\n" in parser.format_help()


def test_the_last_value_counts(parser):
    assert parser.parse_args(["--workers", "1", "--workers", "2", "train", "x"]).workers == 2


def test_names_are_as_wide_as_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    print_names("--color NAME: of it", {"red": "word " * 15, "lightblue": "like the sky"})
    assert capsys.readouterr().out.splitlines() == [
        "--color NAME: of it",
        "",
        "  red        " + " ".join(["word"] * 9),
        "             " + " ".join(["word"] * 6),
        "  lightblue  like the sky",
    ]


def test_leave(capsys):
    print("so far")
    with pytest.raises(SystemExit) as caught:
        leave("error: wrong", 2)
    assert caught.value.code == 2
    assert capsys.readouterr() == ("so far\n", "error: wrong\n")


def test_the_last_line_is_one_line_whatever_a_file_is_called(capsys):
    with pytest.raises(SystemExit):
        leave("error: a\nb\x1b[31m\udcff: no such file", 2)
    assert capsys.readouterr().err == "error: a\\nb\\x1b[31m\\xff: no such file\n"


def test_letters_that_a_terminal_lacks_end_nothing(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    ArgumentParser("x")
    print("日本", flush=True)
    assert out.buffer.getvalue() == b"\\u65e5\\u672c\n"
