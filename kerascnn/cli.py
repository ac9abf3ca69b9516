"""The `kerascnn` command: one function a verb, which imports what is heavy itself."""

import os
import sys
from contextlib import contextmanager

from . import catalog
from .command_line import MAX_PIXELS, ArgumentParser, limit_pixels, print_names
from .errors import InputError
from .escaping import plain
from .version import __version__


def main(argv: list[str] | None = None) -> int:
    """Run the command line; 0, 2 for a wrong input, 1 where `check-data` finds errors, 130 or 141 if it is stopped."""
    parser = ArgumentParser("kerascnn", description="Every classic convolutional network in Keras, by name.")
    parser.add_argument("--version", action="version", version=f"kerascnn {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    verb = verbs.add_parser("list", help="the networks of the catalog")
    verb.add_argument("pattern", nargs="?", default="*", help='shell pattern of names, like "resnet*"')
    verb.add_argument("--task", help=f"only networks that {', '.join(catalog.TASKS)}")
    verb.add_argument("--markdown", action="store_true", help="print the table of the README")
    verb.set_defaults(run=lambda args: show_list(args.pattern, args.task, args.json, args.markdown))

    verb = verbs.add_parser("info", help="a network's paper, numbers, knobs and departures from the paper")
    verb.add_argument("name", help="a name that `kerascnn list` shows")
    verb.set_defaults(run=lambda args: show_info(args.name, args.json))

    verb = verbs.add_parser(
        "predict", help="what a trained network says of images: classes, masks, reconstructions, or the same or not"
    )
    verb.add_argument("model", help="a run folder in saved_models/, or its model.keras")
    verb.add_argument(
        "images",
        nargs="+",
        help="image files, or folders of them; of a network that verifies: LEFT RIGHT, or IMAGE FOLDER for the nearest",
    )
    verb.add_argument(
        "--top",
        type=int,
        metavar="N",
        help="the N likeliest classes (1; of several labels those above 0.5), or nearest images (5)",
    )
    verb.add_argument("--tta", action="store_true", help="masks are averages over turned and mirrored tiles")
    add_files(verb, "write sheet.png, and each mask and overlay, or reconstruction", "write the answers as a table")
    add_max_pixels(verb)
    verb.set_defaults(run=show_predictions)

    verb = verbs.add_parser("evaluate", help="how good a trained network is; several are an ensemble, too")
    verb.add_argument("runs", nargs="+", metavar="run", help="run folders in saved_models/, or their model.keras")
    verb.add_argument("--data", metavar="DATA", help="the name of a set or a folder; the runs' own unless given")
    verb.add_argument(
        "--split",
        default="",
        metavar="NAME",
        help="validation, test, train or all; unless given, what has not trained the runs",
    )
    verb.add_argument(
        "--tta",
        default="",
        metavar="VIEWS",
        help="average over flips (wrong for digits), crops (five), or flips,crops (the ten of AlexNet)",
    )
    verb.add_argument("--labels", metavar="FILE", help="a CSV file of the classes of a folder's images")
    row = "write a row for each image, with the probabilities"
    add_files(verb, "write report.html with pictures, and metrics.json", row)
    add_max_pixels(verb)
    verb.set_defaults(run=show_evaluation)

    verb = verbs.add_parser(
        "report", help="draw the report of a run anew: its network is judged again, on its own data"
    )
    verb.add_argument("folder", metavar="RUN", help="a run folder in saved_models/")
    add_max_pixels(verb)
    verb.set_defaults(run=lambda args: draw_report(args.folder, args.max_pixels, args.json))

    verb = verbs.add_parser("runs", help="run folders as a table: network, data, result, state, size")
    verb.add_argument("folder", nargs="?", default="saved_models", help="where to look (saved_models)")
    verb.add_argument(
        "--sort", default="newest", metavar="BY", help="newest, folder, measure, seconds or bytes (newest)"
    )
    verb.set_defaults(run=lambda args: show_runs(args.folder, args.sort, args.json))

    verb = verbs.add_parser("augment", help="a picture of what an augmentation does to images")
    verb.add_argument("source", nargs="?", default="", help="an image, a folder, or a data set (two photos)")
    text = "an augmentation, like inception or cifar,mixup=0.2; alone: lists them (lectures)"
    verb.add_argument("--how", nargs="?", const="", default="lectures", metavar="NAME", help=text)
    verb.add_argument("--size", type=int, default=0, metavar="N", help="side in pixels of what comes out")
    verb.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is drawn (0)")
    verb.add_argument("--out", default="sheet.png", metavar="FILE", help="the picture to write (sheet.png)")
    verb.set_defaults(run=lambda args: draw_augmented(args.out, args.source, args.how, args.size, args.seed, args.json))

    verb = verbs.add_parser(
        "check-data", help="all that is wrong with a folder of images; status 1 if training refuses it"
    )
    verb.add_argument("folder", help="a folder that --data takes; each of its files is decoded, none is changed")
    verb.add_argument("--masks", action="store_true", help="the images have masks, as for unet_seg.py")
    verb.add_argument("--labels", default="", metavar="FILE", help="CSV file with the labels, as for classify.py")
    verb.add_argument("--no-classes", action="store_true", help="classes don't matter, as for autoencoder.py")
    verb.add_argument(
        "--ignore", type=int, default=-1, metavar="N", help="value of void in the masks; -1 means none (-1)"
    )
    verb.add_argument("--names", default="", metavar="A,B", help="of the classes in the masks, in their order")
    add_max_pixels(verb)
    verb.set_defaults(run=show_check)

    for verb in verbs.choices.values():
        verb.add_argument("--json", action="store_true", help="print JSON")
    try:
        args = parser.parse_args(argv)
        status = args.run(args) or 0
        sys.stdout.flush()
        return status
    except InputError as error:
        print(plain(f"error: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def add_files(verb, out: str, csv: str) -> None:
    verb.add_argument("--out", metavar="FOLDER", help=out)
    verb.add_argument("--csv", metavar="FILE", help=csv)
    verb.add_argument("--overwrite", action="store_true", help="replace files that are there")


def add_max_pixels(verb) -> None:
    text = f"images of more pixels are refused; 0 allows all ({MAX_PIXELS})"
    verb.add_argument("--max-pixels", type=int, default=MAX_PIXELS, metavar="N", help=text)


def show_list(pattern: str, task: str | None, as_json: bool, as_markdown: bool) -> None:
    names = catalog.names(pattern, task)
    if not names:
        raise InputError(f"no network matches {pattern!r}: `kerascnn list` shows all {len(catalog.CARDS)}")
    if as_json:
        return print_json(names)
    rows, proofs = [("name", "year", "parameters", "MACs", "input", "proven by")], catalog.proofs()
    for card in map(catalog.card, names):
        size = "x".join(map(str, card.input_shape))
        counts = f"{card.trainable:,}", in_units(card.macs)
        rows.append((card.name, str(card.paper.year), *counts, size, ", ".join(proofs.get(card.name, ()))))
    if as_markdown:
        rows.insert(1, ("---", "---", "---:", "---:", "---", "---"))
        return print("\n".join(f"| {' | '.join(row)} |" for row in rows))
    print_table(rows, right=(2, 3))
    return None


def show_info(name: str, as_json: bool) -> None:
    card = catalog.card(name)
    if as_json:
        paper, proofs = card.paper._asdict(), catalog.proofs().get(card.name, [])
        return print_json({**card._asdict(), "paper": paper, "proofs": proofs, "knobs": knobs_of(card)})
    height, width, channels = card.input_shape
    whole = "a pair of images" if card.task == "verify" else "one image"
    rows = [
        (card.name, card.paper.title),
        ("paper", f"{card.paper.authors} {card.paper.year}, {card.paper.link}, {card.where}"),
        (
            "input",
            f"{height}x{width}x{channels}, {catalog.SCALINGS[card.scaling]}; smallest {card.min_size}x{card.min_size}",
        ),
        ("parameters", f"{card.trainable:,} trainable, {card.params:,} in all"),
        ("MACs", f"{card.macs:,} (convolutions and dense layers, {whole})"),
        ("as in", card.same_as),
        *((f"published {what}", value) for what, value in card.published.items()),
        ("departs in", card.departs or "nothing"),
        ("proven by", ", ".join(catalog.proofs().get(card.name, ())) or "nothing yet"),
        *(("knob" if i == 0 else "", knob) for i, knob in enumerate(knobs_of(card))),
    ]
    print_table(rows)
    return None


def show_predictions(args) -> None:
    from .training.distribution.devices import load_tensorflow

    limit_pixels(args.max_pixels)
    load_tensorflow()
    from .trained.prediction import predict
    from .trained.prediction_files import SHEET, in_words

    with progress_bar("predicting", least=200) as progress:
        answers = predict(
            args.model,
            args.images,
            args.top,
            args.tta,
            out=args.out,
            csv=args.csv,
            overwrite=args.overwrite,
            pictures=False,
            progress=progress,
        )
    if args.json:
        return print_json(answers)
    rows = [in_words(answer) for answer in answers]
    print_table([row + ("",) * (max(map(len, rows)) - len(row)) for row in rows])
    if args.out:
        print(plain(f"Look at {os.path.join(args.out, SHEET)}"))
    return None


def show_evaluation(args) -> None:
    from .training.distribution.devices import load_tensorflow

    limit_pixels(args.max_pixels)
    load_tensorflow()
    from .trained.evaluation import REPORT, evaluate, print_verdict

    with progress_bar("judging", least=200) as progress:
        where = dict(out=args.out, csv=args.csv, overwrite=args.overwrite, progress=progress)
        verdict = evaluate(args.runs, args.data, split=args.split, tta=args.tta, labels=args.labels, **where)
    if args.json:
        return print_json(verdict.measures)
    print_verdict(verdict)
    if args.out:
        print(plain(f"Look at {os.path.join(args.out, REPORT)}"))
    return None


def draw_report(folder: str, max_pixels: int, as_json: bool) -> None:
    from contextlib import redirect_stdout
    from io import StringIO

    from .training.distribution.devices import load_tensorflow

    limit_pixels(max_pixels)
    load_tensorflow()
    from .trained import report

    with redirect_stdout(StringIO() if as_json else sys.stdout):
        metrics = report(folder)
    return print_json(metrics) if as_json else None


def show_runs(folder: str, sort: str, as_json: bool) -> None:
    from .trained import runs
    from .trained.run_table import COLUMNS, as_cells

    found = runs(folder, sort)
    if as_json:
        return print_json(found)
    if not found:
        return print(plain(f"no runs in {folder}"))
    return print_table([COLUMNS, *map(as_cells, found)], right=(4, 5, 6))


def draw_augmented(out: str, source: str, how: str, size: int, seed: int, as_json: bool) -> None:
    if not how:
        from .data.augmentation.policies import AUGMENTS_DO

        return print_json(AUGMENTS_DO) if as_json else print_names("--how NAME: an augmentation", AUGMENTS_DO)
    from .training.distribution.devices import load_tensorflow

    load_tensorflow()
    from .data.augmentation_sheet import draw_sheet

    draw_sheet(out, source, how, size, seed)
    return print_json({"picture": out}) if as_json else print(plain(out))


def show_check(args) -> int:
    """Print what is wrong with a folder. 1 if training would refuse it, or else 0."""
    from rich.console import Console

    from .training.distribution.devices import load_tensorflow

    limit_pixels(args.max_pixels)
    if args.ignore < -1:
        raise InputError(f"--ignore {args.ignore}: must be a whole number, 0 or more, or -1 for none")
    load_tensorflow()
    from .data import check_folder

    shown = Console()
    with progress_bar("decoding") as progress:
        check = check_folder(
            args.folder,
            args.masks,
            labelled=not args.no_classes,
            ignore=None if args.ignore == -1 else args.ignore,
            classes=args.names.split(",") if args.names else (),
            labels=args.labels,
            progress=progress,
        )
    if args.json:
        print_json(check.as_dict())
    elif shown.is_terminal:
        shown.print(check)
    else:
        print(check)
    return int(check.refused)


@contextmanager
def progress_bar(what: str, least: int = 0):
    """Gives a function that takes how many are done, and of how many: shown on a terminal, if they are so many."""
    from rich.console import Console
    from rich.progress import Progress

    with (
        without_stderr() as screen,
        Progress(console=Console(file=screen), transient=True, disable=not screen.isatty()) as progress,
    ):
        task = progress.add_task(what, total=None, visible=least == 0)
        yield lambda done, of: progress.update(task, completed=done, total=of, visible=of >= least)


@contextmanager
def without_stderr():
    """Nothing is written to stderr but to the file that this gives: decoders speak of each damaged file, too."""
    sys.stderr.flush()
    with open(os.dup(2), "w", encoding="utf-8", errors="backslashreplace") as screen, open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
        try:
            yield screen
        finally:
            screen.flush()
            os.dup2(screen.fileno(), 2)


def knobs_of(card: catalog.Card) -> list[str]:
    """What each of a network's knobs does: the docstring of its builder, read without importing Keras."""
    import ast
    from pathlib import Path

    file = Path(__file__).parent / "models" / f"{card.module}.py"
    functions = [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    builders = [f for f in functions if [a.arg for a in f.args.args] == ["input_shape", "classes"]]
    mine = [f for f in builders if any(f"({card.name!r}" in ast.unparse(decorator) for decorator in f.decorator_list)]
    described = " ".join((ast.get_docstring((mine or builders)[0]) or "").split())
    return described.replace("`", "").rstrip(".").split("; ")


def in_units(count: float) -> str:
    """1,814,073,344 as 1.81 G."""
    units = ["", " k", " M", " G"]
    while count >= 999.5 and len(units) > 1:
        count /= 1000
        units.pop(0)
    return f"{count:.3g}{units[0]}"


def print_table(rows: list[tuple], right: tuple = ()) -> None:
    """Columns as wide as their longest cell, the last one free."""
    rows = [tuple(map(plain, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    for row in rows:
        cells = [
            cell.rjust(w) if i in right else cell.ljust(w)
            for i, (cell, w) in enumerate(zip(row[:-1], widths, strict=True))
        ]
        print("  ".join([*cells, row[-1]]).rstrip())


def print_json(value) -> None:
    import json

    print(json.dumps(value, indent=1))
