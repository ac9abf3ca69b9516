"""A command line from a dict of defaults."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn import InputError
from kerascnn.training.flags import LARGEST, STANDARD, flag, parse

NAMES = st.from_regex(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", fullmatch=True).filter(
    lambda name: name not in {*STANDARD, "knob", "knobs", "help", "h"} and not name.startswith("no_")
)
NUMBERS = st.integers(1 - LARGEST, LARGEST - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(codec="utf-8"))
DEFAULTS = NUMBERS | TEXT | st.tuples(NUMBERS, TEXT) | st.tuples(NUMBERS)


@given(st.dictionaries(NAMES, DEFAULTS))
def test_defaults_come_back_as_they_are(config):
    assert vars(parse(config, [])) == {"knobs": {}, **STANDARD, **config}
    words = [f"{flag(name)}={default}" for name, default in config.items()]
    found = vars(parse(config, words))
    assert found == {"knobs": {}, **STANDARD, **config}
    assert {name: type(found[name]) for name in config} == {name: type(value) for name, value in config.items()}


def test_flags_override_defaults_by_type():
    config = {"epochs": 10, "lr": 0.1, "model": "lenet5", "sizes": (1, 2), "flip": True, "crop": False}
    words = "--epochs 3 --lr 1e-3 --model vgg11 --sizes 4,5,6 --no-flip --crop --mixed-precision --seed 7"
    cfg = parse(config, words.split())
    assert (cfg.epochs, cfg.lr, cfg.model, cfg.sizes, cfg.flip, cfg.crop) == (3, 1e-3, "vgg11", (4, 5, 6), False, True)
    assert (cfg.mixed_precision, cfg.seed) == (True, 7)


def test_knobs_are_python_values_or_text():
    words = "--knob alpha=0.25 --knob repeats=2,2,2 --knob shortcut=None --knob act=relu --knob note=a=b"
    knobs = parse({}, words.split()).knobs
    assert knobs == {"alpha": 0.25, "repeats": (2, 2, 2), "shortcut": None, "act": "relu", "note": "a=b"}


def test_smoke_replaces_defaults_but_not_what_was_asked_for():
    config, smoke = {"epochs": 10, "batch": 32}, {"epochs": 1, "batch": 8}
    assert parse(config, [], smoke=smoke).epochs == 10
    cfg = parse(config, ["--smoke", "--batch", "16"], smoke=smoke)
    assert (cfg.epochs, cfg.batch) == (1, 16)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epoch", "3"], "unknown flag '--epoch': did you mean --epochs"),
        (["--epoch=3"], "unknown flag '--epoch': did you mean --epochs"),
        (["--knbo", "a=1"], "did you mean --knob"),
        (["digits"], "unknown flag 'digits'"),
        (["--epochs", "many"], "--epochs many: must be a whole number, 0 or more"),
        (["--epochs", "1.5"], "--epochs 1.5: must be a whole number, 0 or more"),
        (["--epochs", "-1"], "--epochs -1: must be a whole number, 0 or more"),
        (["--lr", "inf"], "--lr inf: must be a number, 0 or more"),
        (["--lr", "nan"], "--lr nan: must be a number, 0 or more"),
        (["--shift", "x"], "--shift x: must be a number$"),
        (["--lr"], "argument --lr: expected one argument"),
        (["--smoke=1"], "--smoke"),
        (["--knob", "alpha"], "--knob alpha: must be name=value, like alpha=0.25"),
        (["--knob", "=1"], "--knob =1: must be name=value"),
        (["--batch-norm", "global"], "unknown value of --batch-norm 'global': choose from averaged, synchronized"),
    ],
)
def test_wrong_command_lines(words, message):
    with pytest.raises(InputError, match=message) as caught:
        parse({"epochs": 10, "lr": 0.1, "shift": -0.5}, words)
    assert "\n" not in str(caught.value)


def test_the_last_value_counts():
    found = parse({"lr": 0.1}, ["--lr", "1", "--lr", "2", "--knob", "a=1", "--knob", "a=2"])
    assert (found.lr, found.knobs) == (2, {"a": 2})


COLORS = {"color": {"red": "like a rose", "blue": "like the sky"}, "model": dict.fromkeys(map(str, range(99)), "a net")}


@pytest.mark.parametrize("words", [["--color"], ["--color", "--lr", "3"], ["--lr", "3", "--color"]])
def test_a_flag_alone_says_what_its_names_do(words, capsys):
    with pytest.raises(SystemExit) as caught:
        parse({"lr": 0.1, "color": "red"}, words, help={"color": "of the line"}, choices=COLORS)
    assert not caught.value.code
    assert capsys.readouterr().out == "--color NAME: of the line\n\n  red   like a rose\n  blue  like the sky\n"


def test_names_in_help_and_in_values(capsys):
    read = lambda *words: parse({"color": "", "model": "1"}, words, help={"color": "of it"}, choices=COLORS)  # noqa: E731
    with pytest.raises(SystemExit):
        read("--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert "--color [NAME] of it: red, blue; alone: what each does" in shown
    assert "; alone: lists them (default: 1)" in shown
    assert (read().color, read("--color", "blue").color, read("--color", "").color) == ("", "blue", "")
    assert read("--model", "mine").model == "mine", "to be looked up"
    with pytest.raises(InputError, match=r"^unknown value of --color 'bleu': did you mean blue?"):
        read("--color", "bleu")


def test_names_that_are_not_the_recipes_mean_nothing():
    """A flag of the same name whose default is none of them."""
    assert parse({"color": "#ff0000"}, ["--color", "#00ff00"], choices=COLORS).color == "#00ff00"


def test_amounts_follow_the_name_of_an_augmentation():
    read = lambda *words: parse({"augment": "none"}, words, choices={"augment": {"none": "", "flip": ""}})  # noqa: E731
    assert read("--augment", "flip,mixup=0.2").augment == "flip,mixup=0.2"
    with pytest.raises(InputError, match=r"^unknown value of --augment 'flop'"):
        read("--augment", "flop,mixup=0.2")


PRESETS = {"paper": {"epochs": 90, "momentum": 0.8}}


def test_flags_of_the_procedure():
    """What the recipe shows wins over the procedure's default, a preset over both."""
    config, procedure = {"preset": "", "epochs": 1, "lr": 0.1}, {"preset": "", "epochs": 0, "momentum": 0.9, "rho": 0.5}
    read = lambda *words: parse(config, words, presets=PRESETS, more={"of the procedure": procedure})  # noqa: E731
    assert vars(read()) == {"knobs": {}, **STANDARD, **procedure, **config}
    cfg = read("--preset", "paper", "--epochs", "3", "--rho", "0.7")
    assert (cfg.epochs, cfg.lr, cfg.momentum, cfg.rho) == (3, 0.1, 0.8, 0.7)


def test_help_shows_flags_below_their_headings(capsys):
    with pytest.raises(SystemExit, match="0"):
        parse({"lr": 0.1}, ["--help"], more={"of the procedure": {"lr": 0.5, "momentum": 0.9}})
    shown = capsys.readouterr().out
    recipe, procedure, every = (
        shown.index(f"flags of {what}:") for what in ("this recipe", "the procedure", "every recipe")
    )
    assert recipe < shown.index("--lr X") < procedure < shown.index("--momentum") < every < shown.index("--seed")
    assert shown.count("--lr X") == 1


def test_help_shows_every_flag_with_its_default(capsys):
    with pytest.raises(SystemExit, match="0"):
        parse({"epochs": 17, "weight_decay": 5e-4}, ["--help"], description="Trains 100 % of it.")
    shown = capsys.readouterr().out
    for word in ("Trains 100 % of it.", "--epochs", "(default: 17)", "--weight-decay", "(default: 0.0005)", "--knob"):
        assert word in shown
    assert all(flag(name) in shown for name in STANDARD)


def kept(folder, **flags):
    (folder / "config.json").write_text(json.dumps({"kerascnn": "0.1.0", "flags": flags}))


def test_the_length_of_a_run_and_the_parts_of_its_batch_may_change(tmp_path):
    config, out = {"epochs": 0, "budget": "", "lr": 0.1}, ["--resume", "--out", str(tmp_path)]
    kept(tmp_path, epochs=3, budget="", lr=0.5, accumulate=1)
    assert parse(config, out).epochs == 3
    cfg = parse(config, [*out, "--epochs", "8", "--accumulate", "2"])
    assert (cfg.epochs, cfg.accumulate, cfg.lr) == (8, 2, 0.5)
    cfg = parse(config, [*out, "--budget", "20m"])
    assert (cfg.epochs, cfg.budget) == (0, "20m"), "to be measured"
    for words, line in {"--epochs 0": "has --epochs 3, not 0", "--lr 0.2": "has --lr 0.5, not 0.2"}.items():
        with pytest.raises(InputError, match=f"{line}; leave such flags out"):
            parse(config, [*out, *words.split()])


def test_a_cluster_gives_the_same_command_again_and_again(tmp_path):
    """The budget was measured: 7 epochs."""
    config, words = {"epochs": 0, "budget": "", "lr": 0.1}, "--budget 20m --epochs 99 --resume --out"
    kept(tmp_path, epochs=7, budget="20m")
    cfg = parse(config, [*words.split(), str(tmp_path)])
    assert (cfg.epochs, cfg.budget) == (7, "20m")


@pytest.mark.parametrize("there", [None, {}, {"kerascnn": "0.1.0"}])
def test_where_nothing_has_begun_all_flags_count(tmp_path, there):
    if there is not None:
        (tmp_path / "config.json").write_text(json.dumps(there))
    words = ["--resume", "--out", str(tmp_path), "--epochs", "3", "--lr", "0.5", "--knob", "alpha=0.25"]
    cfg = parse({"epochs": 9, "lr": 0.1}, words)
    assert (cfg.epochs, cfg.lr, cfg.knobs) == (3, 0.5, {"alpha": 0.25})


def test_the_epochs_of_a_search_do_not_change(tmp_path):
    (tmp_path / "search.json").write_text(json.dumps({"kerascnn": "0.1.0", "space": "vgg", "flags": {"epochs": 9}}))
    with pytest.raises(InputError, match="has --epochs 9, not 12"):
        parse({"epochs": 9}, ["--resume", "--out", str(tmp_path), "--epochs", "12"])


@pytest.mark.parametrize(
    ("name", "value"), [("lr", "fast"), ("epochs", 1.5), ("smoke", []), ("knobs", 7), ("out_", {})]
)
def test_a_kept_flag_of_the_wrong_type_is_one_line(tmp_path, name, value):
    kept(tmp_path, **{name: value})
    with pytest.raises(
        InputError, match=f"^--resume: the run in .* has {flag(name)} .*, which is no ".replace("[", ".")
    ):
        parse({"epochs": 9, "lr": 0.1, "out_": ""}, ["--resume", "--out", str(tmp_path)])


def test_flags_of_another_version_are_left_out_and_said_so(tmp_path, capsys):
    flags = {"lr": 0.5, "smoothing": 0.1, "clip": 0.0, "knobs": {}}
    (tmp_path / "config.json").write_text(json.dumps({"kerascnn": "0.0.9", "flags": flags}))
    cfg = parse({"lr": 0.1}, ["--resume", "--out", str(tmp_path)])
    assert cfg.lr == 0.5
    assert not hasattr(cfg, "smoothing")
    assert capsys.readouterr().err == (
        f"{tmp_path}: has flags of another version, which are left out: --smoothing 0.1, --clip 0.0\n"
    )


def repeated(folder, *words, config=None, **options):
    return parse(config or {"epochs": 0, "budget": "", "lr": 0.1}, ["--config", str(folder), *words], **options)


def test_a_run_is_repeated_and_flags_given_win(tmp_path):
    kept(tmp_path, epochs=7, budget="", lr=1, seed=3, out="old", overwrite=True, resume=True, checkpoint_every="9s")
    for path in (tmp_path, tmp_path / "config.json"):
        cfg = repeated(path)
        assert vars(cfg) == {
            **STANDARD,
            "epochs": 7,
            "budget": "",
            "lr": 1.0,
            "seed": 3,
            "config": str(path),
            "knobs": {},
        }
    cfg = repeated(tmp_path, "--lr", "0.5", "--seed", "0", "--out", "new")
    assert (cfg.epochs, cfg.lr, cfg.seed, cfg.out) == (7, 0.5, 0, "new")


def test_a_budget_was_measured_once(tmp_path):
    kept(tmp_path, epochs=7, budget="20m")
    assert (repeated(tmp_path).epochs, repeated(tmp_path).budget) == (7, "")
    assert (repeated(tmp_path, "--epochs", "9").epochs, repeated(tmp_path, "--budget", "1h").budget) == (9, "1h")


def test_presets_and_smoke_of_the_run_and_given(tmp_path):
    config, smoke = {"preset": "", "epochs": 1, "momentum": 0.9, "batch": 32}, {"batch": 8}
    presets = PRESETS | {"other": {"epochs": 60}}
    read = lambda *words: repeated(tmp_path, *words, config=config, smoke=smoke, presets=presets)  # noqa: E731
    kept(tmp_path, preset="paper", epochs=5, momentum=0.8, batch=64)
    assert (read().preset, read().epochs, read().momentum, read().batch) == ("paper", 5, 0.8, 64)
    assert read("--preset", "paper").epochs == 5, "nothing new"
    assert (read("--preset", "other").epochs, read("--preset", "other").momentum) == (60, 0.8)
    assert read("--preset", "other", "--epochs", "5").epochs == 5, "given, though nothing new"
    assert (read("--smoke").batch, read("--smoke", "--batch", "16").batch) == (8, 16)
    kept(tmp_path, preset="paper", smoke=True, batch=16)
    assert (read().epochs, read().smoke, read().batch) == (90, True, 16)


def test_knobs_belong_to_the_network(tmp_path):
    config = {"model": "lenet5"}
    kept(tmp_path, model="mobilenet_v1", knobs={"alpha": 0.5, "repeats": [1, 2]})
    assert repeated(tmp_path, config=config).knobs == {"alpha": 0.5, "repeats": (1, 2)}
    assert repeated(tmp_path, "--knob", "alpha=1", config=config).knobs == {"alpha": 1, "repeats": (1, 2)}
    assert repeated(tmp_path, "--model", "mobilenet_v1", config=config).knobs == {"alpha": 0.5, "repeats": (1, 2)}
    assert repeated(tmp_path, "--model", "vgg11", "--knob", "a=1", config=config).knobs == {"a": 1}


def test_a_search_is_repeated_by_what_searches(tmp_path):
    (tmp_path / "search.json").write_text(json.dumps({"kerascnn": "0.1.0", "space": "vgg", "flags": {"epochs": 9}}))
    config = {"epochs": 3, "winner_epochs": 0}
    assert repeated(tmp_path, config=config).epochs == repeated(tmp_path / "search.json", config=config).epochs == 9
    with pytest.raises(InputError, match=r"^--config .*: is of a search, and this recipe repeats a run$"):
        repeated(tmp_path)
    (tmp_path / "search.json").unlink()
    kept(tmp_path, epochs=9)
    with pytest.raises(InputError, match=r"^--config .*: is of a run, and this recipe repeats a search$"):
        repeated(tmp_path, config=config)


RECORD = {"kerascnn": "0.0.9", "command": "classify.py --smoke", "flags": {"lr": 0.1}}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "^--config .*config.json: no such file"),
        (b"{", "is no JSON: "),
        (b"\xff\xfe", "is no JSON: "),
        (b"[" * 100_000, "nests more than"),
        (b"[]", "config.json: it is"),
        (b"{}", "kerascnn is missing; what a run leaves is its config.json$"),
        ({"flags": [1]}, "flags is .*: must be an object"),
        ({"flags": {"lr": "fast"}}, "has --lr 'fast', which is no float$"),
        ({"flags": {"lr": -1}}, "has --lr -1.*: must be a number, 0 or more$"),
        ({"flags": {"lr": True}}, "has --lr True, which is no float$"),
        ({"flags": {"knobs": [1]}}, "which is no dict$"),
        ({"flags": {"shine": 1, "lr": 0.1}}, "is of classify.py of kerascnn 0.0.9, with --shine, which this recipe"),
        ({"flags": {str(i): 1 for i in range(9)}}, "with --0, --1, --2, --3, --4 and 4 more, which"),
        (
            {"flags": {"shine": 1}, "command": "x" * 10**5, "kerascnn": "y" * 10**5},
            "is of x{60} of kerascnn y{20}, with",
        ),
        ({"flags": {"batch_norm": "global"}}, "unknown value of --batch-norm 'global'"),
    ],
)
def test_a_record_that_cannot_be_repeated_is_one_line(tmp_path, content, line):
    if content is not None:
        text = content if isinstance(content, bytes) else json.dumps(RECORD | content).encode()
        (tmp_path / "config.json").write_bytes(text)
    with pytest.raises(InputError, match=line) as caught:
        repeated(tmp_path / "config.json")
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_repeated_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"^--config .*: holds no run: there is no config.json in it$"):
        repeated(tmp_path)
    (tmp_path / "config.json").write_text('{"kerascnn": "0.1.0"}')
    with pytest.raises(InputError, match=r"^--config .*: has no flags of a run$"):
        repeated(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="is no JSON"):
        repeated(tmp_path)


def test_a_damaged_record_has_copies(tmp_path):
    (tmp_path / "config.json").write_text("{")
    (tmp_path / "checkpoints" / "step-000000007").mkdir(parents=True)
    (tmp_path / "checkpoints" / "step-000000007" / "record.json").write_text(json.dumps({"config": RECORD}))
    assert repeated(tmp_path).lr == 0.1


def test_flags_come_from_one_run(tmp_path):
    with pytest.raises(
        InputError, match=r"^--config and --resume: each takes the flags of a run; leave one of them out$"
    ):
        repeated(tmp_path, "--resume", "--out", str(tmp_path))


@given(st.dictionaries(NAMES, DEFAULTS))
def test_what_a_run_keeps_comes_back(tmp_path_factory, config):
    """The flags of a run repeat it, whatever they are."""
    folder = tmp_path_factory.mktemp("run")
    kept(folder, **vars(parse(config, [])))
    others = {
        name: type(value)(-1) if isinstance(value, (int, float)) else type(value)() for name, value in config.items()
    }
    cfg = parse(others, ["--config", str(folder)])
    assert {name: getattr(cfg, name) for name in config} == config
