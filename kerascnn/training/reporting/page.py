"""The report of a run: an HTML page, a model card, a table on the terminal. Knows no kind of task."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Column
from rich.table import Table as TerminalTable
from rich.text import Text

from ... import catalog
from ...escaping import html, markdown, plain
from ...version import __version__
from ..files import write_text


class Table(NamedTuple):
    """A heading, the names of the columns (none: the first column names the rows), and rows of text."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


class Report(NamedTuple):
    """What is known of a run.

    All but `usage` is text, which may hold anything. `facts` are (name, value), the headline first; `pictures` are
    (caption, file in the run folder); `usage` is how to use the model, in Markdown, for the model card; `warnings` are
    what a reader of the headline must know, a line each.
    """

    title: str
    lead: str
    facts: Sequence[tuple[str, str]]
    pictures: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    usage: str
    warnings: Sequence[str] = ()


def compose(config: dict, result: dict, *, facts, pictures, tables=(), usage: str) -> Report:
    """A report of what belongs to the task, given as for `Report`, and of what every run has.

    Args:
        config: what `config.json` says.
        result: what `metrics.json` says; the warnings of the report are its `warnings`.
    """
    card = catalog.card(config["name"])
    if card.name in catalog.CARDS:
        lead = f"The network of {card.paper.title} ({card.paper.authors}, {card.paper.year}, {card.paper.link}, "
        lead += f"{card.where})"
        departures = [Table("Departures from the paper", (), [(card.departs or "none",)])]
    else:
        lead, departures = f"No paper's network: {card.name} with {_in_words(config['knobs'])}", []
    whole = "pair" if card.task == "verify" else "tile" if "tiles_per_second" in result else "image"
    common = [
        ("best epoch", f"{result['best_epoch']} of {result['epochs']}"),
        ("parameters", f"{result['parameters']:,}"),
        (f"MACs for one {whole}", f"{result['macs']:,}"),
        ("training", f"{result['training_seconds']:.0f} s"),
        *(
            (f"{what} a second", in_figures(result[f"{what}_per_second"]))
            for what in ("images", "tiles", "pairs")
            if f"{what}_per_second" in result
        ),
        ("device", result["device"]),
    ]
    return Report(
        title=f"{card.name} on {config['data']}",
        lead=f"{lead}, trained on {config['train_images']:,} images.",
        facts=[*facts, *common],
        pictures=pictures,
        tables=[
            *tables,
            *departures,
            Table("Configuration", (), as_rows(config)),
        ],
        usage=usage,
        warnings=[
            *([f"training stopped {config['stopped']}"] if "stopped" in config else []),
            *result.get("warnings", ()),
        ],
    )


def in_figures(number: float) -> str:
    """A speed: 1,234, 57 or 0.83."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def publish(folder: Path, report: Report) -> None:
    """Write `report.html` and `README.md` into the run folder, and print the facts."""
    write_html(folder, report)
    write_card(folder, report)
    print_result(folder, report)


def as_rows(settings: dict) -> list[tuple[str, str]]:
    """Settings as the rows of a table; without `loading`, which names places on this machine."""
    return [(name, _in_words(value)) for name, value in settings.items() if name != "loading"]


def write_html(folder: Path, report: Report) -> None:
    """Write `report.html`: one file that needs nothing else, on a screen or a phone."""
    (value_name, value), *facts = report.facts
    tiles = "".join(f"<div><dt>{html(name)}</dt><dd>{html(fact)}</dd></div>" for name, fact in facts)
    pictures = "".join(_figure(f"picture-{i}", *picture, folder) for i, picture in enumerate(report.pictures, start=1))
    tables = "".join(_table(table) for table in report.tables)
    warnings = "".join(f'<p class="warning">{html(warning)}</p>' for warning in report.warnings)
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html(report.title)}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{html(report.title)}</h1>
<p>{html(report.lead)}</p>
<p class="headline"><strong>{html(value)}</strong> {html(value_name)}</p>
{warnings}
<dl>{tiles}</dl>
</header>
<main>
{pictures}
{tables}
</main>
<footer>kerascnn {__version__}</footer>
</body>
</html>
"""
    write_text(folder / "report.html", page)


def write_card(folder: Path, report: Report) -> None:
    """Write `README.md`, the model card."""
    tables = "\n\n".join(f"## {markdown(table.heading)}\n\n{_markdown(table)}" for table in report.tables)
    facts = _markdown(Table("", ("", ""), report.facts))
    warnings = "".join(f"**Warning:** {markdown(warning)}\n\n" for warning in report.warnings)
    title, lead = markdown(report.title), markdown(report.lead)
    text = f"# {title}\n\n{lead}\n\n{warnings}{facts}\n\n## Use\n\n{report.usage}\n{tables}\n"
    write_text(folder / "README.md", text)


def print_result(folder: Path, report: Report) -> None:
    """The facts, and where things lie, on the terminal."""
    print_table(Table("", (), report.facts))
    for warning in report.warnings:
        print(f"warning: {plain(warning)}")
    print(f"Look at {plain(folder / 'report.html')}; all else is beside it.")


def print_table(table: Table) -> None:
    """A table on the terminal."""
    title = _cell(table.heading) if table.heading else None
    shown = TerminalTable(
        *(Column(_cell(name)) for name in table.columns), title=title, show_header=bool(table.columns)
    )
    for row in table.rows:
        shown.add_row(*map(_cell, row))
    Console().print(shown)


def _cell(text):
    return Text(plain(text))


def _markdown(table):
    width = len(table.rows[0]) if table.rows else len(table.columns)
    lines = [table.columns or [""] * width, ["---"] * width, *table.rows]
    return "\n".join("| " + " | ".join(map(markdown, line)) + " |" for line in lines)


def _in_words(value):
    if value in ("", {}, (), [], None):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}={_in_words(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_in_words, value))
    return str(value)


def _figure(name, caption, file, folder):
    """A picture that a click, a tap or the space bar opens in its full size, without a script."""
    picture, caption = b64encode((folder / file).read_bytes()).decode(), html(caption)
    return (
        f'<figure><input type="checkbox" id="{name}" aria-label="full size: {caption}">'
        f'<label for="{name}" class="wide"><img alt="{caption}" src="data:image/png;base64,{picture}"></label>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _table(table):
    head = "".join(f"<th>{html(name)}</th>" for name in table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{html(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return (
        f'<section><h2>{html(table.heading)}</h2><div class="wide"><table>'
        + (f"<thead><tr>{head}</tr></thead>" if head else "")
        + f"<tbody>{rows}</tbody></table></div></section>"
    )


POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
:root { --ink: #1c2430; --soft: #5b6573; --line: #e3e6ea; --accent: #1f5fbf; --warn: #e08a1e; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 64rem; color: var(--ink); background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem; }
header p { margin: .4rem 0 0; color: var(--soft); }
.headline { margin: 1.2rem 0 1rem; font-size: 1.1rem; }
.headline strong { color: var(--accent); font-size: 3rem; line-height: 1; letter-spacing: -.02em; margin-right: .3rem; }
header .warning { margin: 0 0 1rem; padding: .5rem .8rem; border-left: 4px solid var(--warn); color: var(--ink);
  background: #fff6e5; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem; margin: 0; }
dl div { padding-left: .8rem; border-left: 2px solid var(--line); }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
figure { margin: 2.5rem 0 0; }
img { display: block; max-width: 100%; min-width: min(38rem, 170%); height: auto; margin: 0 auto; }
figure input { position: absolute; opacity: 0; }
figure label { display: block; cursor: zoom-in; }
figure :focus-visible + label { outline: 3px solid var(--accent); outline-offset: 3px; }
figure :checked + label { position: fixed; inset: 0; z-index: 1; overflow: auto; padding: .5rem; cursor: zoom-out;
  background: #fff; outline: none; }
figure :checked + label img { min-width: 0; max-width: none; }
figcaption { margin-top: .5rem; color: var(--soft); font-size: .9rem; text-align: center; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem 1.2rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: 500; }
td { overflow-wrap: anywhere; }
td:first-child { overflow-wrap: normal; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
"""
