"""The result of a check, and how it is shown: on a terminal, as text, in a notebook, as JSON."""

from collections import Counter
from dataclasses import asdict, dataclass
from io import StringIO
from typing import NamedTuple

from rich.box import SIMPLE
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ...escaping import html, plain
from .findings import ERROR, NOTE, WARNING, Finding

MOST = 20  # findings of a kind, or classes, that are shown
STYLES = {ERROR: "bold red", WARNING: "yellow", NOTE: "dim"}
HEADINGS = {"train": "train", "val": "validation", "test": "test, left alone"}
WIDE = 10_000  # columns, where lines may have any length


class Size(NamedTuple):
    """An image's size in pixels, upright, and its path below the folder."""

    width: int
    height: int
    file: str


class Value(NamedTuple):
    """A value that masks hold: its color in their palettes or nothing, its share of all pixels, in how many masks."""

    value: int
    color: str
    share: float
    masks: int


@dataclass(frozen=True)
class FolderCheck:
    """What `check_folder` has found.

    Attributes:
        folder: the path that was given.
        findings: errors first, then warnings, then notes.
        counts: images by side ("train", "val", "test") and class; without classes, the class is "".
        held_out: whether the images that validate are a share of all, not a folder of their own.
        sizes: "smallest", "median" and "largest" image by its pixels.
        formats: images by format.
        values: that masks hold.
        images: how many image files were decoded, masks among them.
        seconds: that it took.
    """

    folder: str
    findings: tuple[Finding, ...]
    counts: dict[str, dict[str, int]]
    held_out: bool
    sizes: dict[str, Size]
    formats: dict[str, int]
    values: tuple[Value, ...]
    images: int
    seconds: float

    @property
    def refused(self) -> bool:
        """Whether training would refuse the folder."""
        return any(finding.severity == ERROR for finding in self.findings)

    def as_dict(self) -> dict:
        """All of it, for JSON."""
        return asdict(self) | {
            "refused": self.refused,
            "findings": [finding._asdict() for finding in self.findings],
            "sizes": {name: size._asdict() for name, size in self.sizes.items()},
            "values": [value._asdict() for value in self.values],
        }

    def __str__(self) -> str:
        return self._text(WIDE)

    def _repr_html_(self) -> str:
        lines = "\n".join(map(html, self._text(140).splitlines()))
        return f"<pre>{lines}</pre>"

    def _text(self, width):
        console = Console(file=StringIO(), width=width)
        console.print(self)
        return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()).strip("\n")

    def __rich__(self):
        parts = [_counts(self), _facts(self), _values(self), _findings(self), _verdict(self)]
        return Group(*(part for part in parts if part is not None), fit=True)


def _counts(check):
    sides = [side for side in HEADINGS if check.counts.get(side)]
    names = [*dict.fromkeys(name for side in sides for name in check.counts[side])]
    table = Table("class", box=SIMPLE, pad_edge=False)
    if not sides:
        return None
    for side in sides:
        held = check.held_out and side == "val"
        table.add_column("held out" if held else HEADINGS[side], justify="right")
    for name in names[:MOST] if names != [""] else ():
        table.add_row(Text(plain(name)), *(f"{check.counts[side].get(name, 0):,}" for side in sides))
    if len(names) > MOST:
        table.add_row(f"and {len(names) - MOST:,} more", *(_total(check.counts[side], names[MOST:]) for side in sides))
    if len(names) > 1 or names == [""]:
        table.add_section()
        table.add_row("all images", *(_total(check.counts[side], names) for side in sides))
    return table


def _total(counts, names):
    return f"{sum(counts.get(name, 0) for name in names):,}"


def _facts(check):
    if not check.formats:
        return None
    formats = ", ".join(f"{count:,} {name}" for name, count in check.formats.items())
    sizes = [f"{name} {size.width} x {size.height}" for name, size in check.sizes.items()]
    return Text(f"formats  {formats}\nsizes    {', '.join(sizes)}")


def _values(check):
    if not check.values:
        return None
    table = Table("value", "color", "share of pixels", "in masks", box=SIMPLE, pad_edge=False)
    for i in (0, 2, 3):
        table.columns[i].justify = "right"
    for value in check.values[:MOST]:
        table.add_row(str(value.value), value.color, f"{value.share:.2%}", f"{value.masks:,}")
    if len(check.values) > MOST:
        table.add_row("...", "", "", f"and {len(check.values) - MOST} more values")
    return table


def _findings(check):
    if not check.findings:
        return None
    table = Table("", "file", "what is wrong", "what to do", box=SIMPLE, pad_edge=False)
    table.columns[0].no_wrap = True
    table.columns[1].overflow = "fold"
    counts, shown = Counter((finding.severity, finding.kind) for finding in check.findings), Counter()
    before = check.findings[0]
    for finding in check.findings:
        key, severity = (finding.severity, finding.kind), Text(finding.severity, STYLES[finding.severity])
        shown[key] += 1
        if finding.severity != before.severity:
            table.add_section()
        if shown[key] <= MOST:
            again = finding.to_do == before.to_do and finding.kind == before.kind and finding is not before
            cells = finding.file or ".", finding.what, "" if again else finding.to_do
            table.add_row(severity, *(Text(plain(cell)) for cell in cells))
        elif shown[key] == MOST + 1:
            table.add_row(severity, f"and {counts[key] - MOST:,} more", Text(finding.kind), "")
        before = finding
    return table


def _verdict(check):
    counts = Counter(finding.severity for finding in check.findings)
    found = [f"{counts[name]:,} {name}{'s' * (counts[name] > 1)}" for name in STYLES if counts[name]]
    rate = f"{check.images / max(check.seconds, 1e-9):,.0f} a second"
    verdict = "Training would refuse this folder" if check.refused else "Training takes this folder"
    return Text.assemble(
        (verdict, "bold red" if check.refused else "bold green"),
        f": {', '.join(found) or 'nothing found'}. {check.images:,} files decoded in {check.seconds:.1f} s, {rate}.",
    )
