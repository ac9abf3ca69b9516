"""Makes files and folders as somebody who means harm would, opens them, and prints what happens: a JSON line for each.

    python -m tests.tampered_files FOLDER

Each case is a change of good files and the way in which a user would open them. A case that runs code leaves the file
FOLDER/ran behind.
"""

import contextlib
import hashlib
import io
import json
import os
import pickle
import resource
import runpy
import shutil
import socket
import sys
import time
import traceback
import zipfile
from pathlib import Path
from random import Random

RECIPES = Path(__file__).parents[1] / "recipes"
JUNK = (None, True, -1, 0, 1e308, 2**70, "", "x" * 5000, "../../x", [], {}, [[]], [None], {"a": {"b": []}})


def code(folder):
    """A function that leaves a trace, as Python code that `Lambda` would run."""
    import base64
    import marshal

    text = f"lambda x: open({str(folder / 'ran')!r}, 'w').close()"
    return base64.b64encode(marshal.dumps(eval(text).__code__)).decode()


# ---------------------------------------------------------------------------------------------------------- good files


def make_good(home: Path) -> None:
    """A trained run with a checkpoint, a search, a sweep, and a file of weights."""
    import kerascnn
    from kerascnn import nas
    from kerascnn.nas.sweep_plan import Plan
    from kerascnn.training.resume import checkpoint

    clear, checkpoint.clear = checkpoint.clear, lambda folder: None
    flags = "--data digits --limit 64 --epochs 2 --batch 32 --checkpoint-every epoch --out"
    status = recipe("classify.py", *flags.split(), str(home / "run"))
    assert status in (None, 0), status
    checkpoint.clear = clear
    kerascnn.build("lenet5", classes=2).save_weights(home / "a.weights.h5")
    spec = nas.space("vgg", input_shape=(8, 8, 1), classes=10)
    found = spec.spec(spec.draw(Random(0)))
    (home / "winner.json").write_text(json.dumps(found))
    (home / "sweep").mkdir()
    plan = Plan([str(RECIPES / "classify.py"), "--smoke"], ["lr=1e-3..1e-2"], trials=1)
    (home / "sweep" / "search.json").write_text(json.dumps(plan._asdict()))
    trial = {"trial_id": "0000", "score": 0.5, "status": "COMPLETED", "message": None, "spec": found}
    trial |= {"count": nas.count(found)._asdict(), "hyperparameters": {"space": [], "values": {"n_filters": 8}}}
    values = {name: {"observations": [{"value": [0.5], "step": 1}]} for name in ("val_accuracy", "seconds")}
    kept = {"worker": None, "starts": 1, "ended": 1, "spent": 1.0, "strategy": {}}
    about = {"kerascnn": "0", "flags": {"goal": "accuracy", "strategy": "evolution"}, "space": "vgg", "data": "digits"}
    about |= {"budget": {"max_params": 10**6}, "share": ["vgg", 9, 10], "train_images": 9, "validation_images": 9}
    (home / "search" / "trial_0000").mkdir(parents=True)
    edited(home / "search" / "search.json", value={**about, "ahead": {}})
    edited(home / "search" / "trial_0000" / "trial.json", value={**trial, "metrics": {"metrics": values}, "kept": kept})
    nas.write_report(home / "search")


def recipe(name, *words):
    before, sys.argv = sys.argv, [name, *words]
    try:
        runpy.run_path(str(RECIPES / name), run_name="__main__")
    except SystemExit as end:
        return end.code
    finally:
        sys.argv = before


# ------------------------------------------------------------------------------------------------------------ changes


def edited(path: Path, *keys, value):
    """Another value in a JSON file, below these keys."""
    content = path.read_text(encoding="utf-8") if keys else ""
    path.write_text(in_json(*keys, value=value)(content) if keys else json.dumps(value), encoding="utf-8")


def member(path: Path, name: str, change) -> None:
    """Another content in a `.keras` file: `change` takes the one before."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    members[name] = change(members.get(name))
    with zipfile.ZipFile(path, "w") as archive:
        for member_name, content in members.items():
            if content is not None:
                archive.writestr(member_name, content)


def in_json(*keys, value):
    def change(content):
        found = json.loads(content)
        inner = found
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        return json.dumps(found)

    return change


def signed(run: Path) -> None:
    """The sums of a checkpoint that was tampered with, right again."""
    for step in (run / "checkpoints").glob("step-*"):
        names = ("state.npz", "record.json")
        sums = [f"{hashlib.sha256((step / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        (step / "SHA256SUMS").write_text("".join(sums))


def no_file(path: Path, kind: str) -> None:
    """Something else where a file was."""
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    elif kind == "holes":
        with path.open("wb") as file:
            file.truncate(2**36)
    elif kind == "empty":
        path.touch()
    else:
        path.symlink_to({"device": "/dev/zero", "circle": path, "outside": "/etc/passwd", "gone": "nowhere"}[kind])


KINDS = ("pipe", "folder", "socket", "holes", "empty", "device", "circle", "outside", "gone")


def damaged(path: Path, seed: int) -> None:
    """A few bytes changed, left out or put in."""
    random, content = Random(seed), bytearray(path.read_bytes())
    for _ in range(random.choice((1, 3, 20))):
        place = random.randrange(len(content))
        match random.randrange(3):
            case 0:
                content[place] = random.randrange(256)
            case 1:
                del content[place : place + random.randrange(1, 50)]
            case 2:
                content[place:place] = random.randbytes(random.randrange(1, 50))
    path.write_bytes(content)


# ----------------------------------------------------------------------------------------------------------- the cases


def cases(home: Path):
    """(name, how it is opened, change of a copy of the good files)"""
    yield from of_models(home)
    yield from of_metadata()
    yield from of_weights()
    yield from of_specs()
    yield from of_runs()
    yield from of_checkpoints()
    yield from of_searches()


def of_models(home):
    payload = code(home)
    keras_layer = {"module": "keras.layers", "registered_name": None, "name": "evil", "inbound_nodes": []}
    function = {"class_name": "__lambda__", "config": {"value": payload}}
    fetch = {"function": "keras.utils.get_file", "arguments": {"origin": "http://127.0.0.1:1/x"}}
    layers = {
        "lambda": {"class_name": "Lambda", "config": {"function": function}},
        "lambda of a name": {"class_name": "Lambda", "config": fetch},
        "lambda of Keras 2": {"class_name": "Lambda", "config": {"function": [payload, None, None]}},
        "saved model": {"class_name": "TFSMLayer", "config": {"filepath": "/tmp"}},
        "pickle": {"class_name": "TorchModuleWrapper", "config": {"module": payload}},
        "lookup": {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
        "wrapped": {"class_name": "TimeDistributed", "config": {"layer": function}},
        "any function": {"module": "os", "class_name": "system", "config": f"touch {home}/ran"},
        "of builtins": {"module": "builtins", "class_name": "function", "config": "eval"},
        "of keras": {"module": "keras.models", "class_name": "load_model", "config": {"filepath": "/etc/passwd"}},
    }
    for name, layer in layers.items():
        layer = keras_layer | layer
        at = ("config", "layers", 1)
        yield f"layer: {name}", "load", lambda run, layer=layer, at=at: config(run, *at, value=layer)
        for key in ("activation", "kernel_initializer", "dtype", "anything"):
            place = (*at, "config", key)
            yield f"{key}: {name}", "load", lambda run, layer=layer, place=place: config(run, *place, value=layer)
    for key in ("class_name", "config", "module"):
        for value in JUNK[:6]:
            yield f"model {key} {value!r}", "load", lambda run, key=key, value=value: config(run, key, value=value)
    for key in ("name", "layers", "input_layers", "output_layers"):
        for value in (-1, [None], {"a": 1}) if key == "name" else (None, -1, "x", [None], {"a": 1}):
            yield f"{key} {value!r}", "load", lambda run, k=key, value=value: config(run, "config", k, value=value)
    for key in ("filters", "kernel_size", "strides", "padding", "groups", "activation"):
        for value in (None, -1, 0, 2**40, "x", [2**19, 2**19]):
            at = ("config", "layers", 1, "config", key)
            is_usual = (key, value) in (("activation", None), ("groups", None))
            if not is_usual:
                yield f"{key} {value!r}", "load", lambda run, at=at, value=value: config(run, *at, value=value)
    for shape in ([None, 2**19, 2**19, 1], [None, 0, 0, 1], [None, -5, 32, 1], [None], "x", [None, 32, 32, 2**19]):
        at = ("config", "layers", 0, "config", "batch_shape")
        yield f"image {shape}", "load", lambda run, at=at, shape=shape: config(run, *at, value=shape)
    yield "deep config", "load", lambda run: member(run / "model.keras", "config.json", lambda _: "[" * 10**6)
    yield "bomb of a config", "load", lambda run: bomb(run / "model.keras", "config.json")
    yield "bomb of weights", "load", lambda run: bomb(run / "model.keras", "model.weights.h5")
    yield "bomb of metadata", "predict", lambda run: bomb(run / "model.keras", "kerascnn.json")
    yield "no weights", "load", lambda run: member(run / "model.keras", "model.weights.h5", lambda _: None)
    yield "no config", "load", lambda run: member(run / "model.keras", "config.json", lambda _: None)
    for kind in KINDS:
        yield f"model.keras: {kind}", "predict", lambda run, kind=kind: no_file(run / "model.keras", kind)
    for seed in range(30):
        yield f"damaged {seed}", "load?", lambda run, seed=seed: damaged(run / "model.keras", seed)


def config(run, *keys, value):
    member(run / "model.keras", "config.json", in_json(*keys, value=value))


def bomb(path, name):
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member_name, content in members.items():
            if member_name != name:
                archive.writestr(member_name, content)
        with archive.open(name, "w", force_zip64=True) as file:
            file.write(b'{"a": [')
            for _ in range(3000):
                file.write(b" " * 2**20)


def of_metadata():
    right = {"name": "", "classes": [], "mean": [], "std": [], "input_shape": [], "scaling": "", "knobs": {}}
    for key in right:
        for value in JUNK:
            if (key, value) == ("knobs", {}) or (key == "knobs" and isinstance(value, dict)):
                continue
            yield f"about {key} {value!r:.20}", "predict", lambda run, k=key, value=value: about(run, k, value=value)
    more = {
        "std": ([0.0], [-0.0], [0.5, 0.5]), "mean": ([1e400], [0.5, 0.5]), "classes": (["a"], ["a"] * 11, [1] * 10),
        "input_shape": ([0, 0, 1], [32, 32, 3], [32, 32], [2**14, 2**14, 1]), "name": ("unet", "autoencoder", "os"),
    }  # fmt: skip
    for key, values in more.items():
        for value in values:
            yield f"about {key} {value!r:.20}", "predict", lambda run, k=key, value=value: about(run, k, value=value)
    for text in (b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"a":' * 10**5):
        yield (
            f"about is {text[:9]!r}",
            "predict",
            lambda run, text=text: member(run / "model.keras", "kerascnn.json", lambda _: text),
        )


def about(run, key, value):
    member(run / "model.keras", "kerascnn.json", in_json(key, value=value))


def of_weights():
    import h5py

    def put(dataset):
        def change(run):
            with h5py.File(run.parent / "a.weights.h5", "r+") as file:
                name = next(name for name in _names(file) if name.endswith("vars/0"))
                del file[name]
                dataset(file, name)

        return change

    made = {
        "outside": lambda f, n: f.__setitem__(n, h5py.ExternalLink("/etc/passwd", "/x")),
        "soft": lambda f, n: f.__setitem__(n, h5py.SoftLink("/layers")),
        "external": lambda f, n: f.create_dataset(n, (5, 5, 1, 6), "f4", external=[("/etc/passwd", 0, 600)]),
        "huge": lambda f, n: f.create_dataset(n, (10**6, 10**6), "f4", chunks=(1, 1000)),
        "text": lambda f, n: f.create_dataset(n, data="x"),
        "objects": lambda f, n: f.create_dataset(n, (3,), h5py.string_dtype()),
        "other": lambda f, n: f.create_dataset(n, (1, 1), "f4"),
        "group": lambda f, n: f.create_group(n),
        "nan": lambda f, n: f.create_dataset(n, data=[float("nan")] * 6),
        "many": lambda f, n: [f.create_group(f"x{i}") for i in range(5000)],
    }
    for name, dataset in made.items():
        yield f"weights: {name}", "weights", put(dataset)
    for kind in KINDS:
        yield f"weights: {kind}", "weights", lambda run, kind=kind: no_file(run.parent / "a.weights.h5", kind)
    for seed in range(20):
        yield f"weights: damaged {seed}", "weights?", lambda run, seed=seed: damaged(run.parent / "a.weights.h5", seed)


def _names(file):
    names = []
    file.visit(names.append)
    return names


def of_specs():
    for key in ("name", "blocks", "repeats", "n_filters", "kernel_size", "input_shape", "classes", "new"):
        for value in JUNK:
            yield (
                f"spec {key} {value!r:.20}",
                "register",
                lambda run, key=key, value=value: edited(run.parent / "winner.json", key, value=value),
            )
    for kind in KINDS:
        yield f"winner.json: {kind}", "register", lambda run, kind=kind: no_file(run.parent / "winner.json", kind)


def of_runs():
    """`config.json` counts where no checkpoint has a copy of it."""

    def put(run, key, value):
        shutil.rmtree(run / "checkpoints")
        (run / "metrics.json").unlink()
        config = json.loads((run / "config.json").read_text(encoding="utf-8"))
        del config["ended"]
        edited(run / "config.json", value=config)
        edited(run / "config.json", "flags", key, value=value)

    harmless = {"knobs": {}, "milestones": []}
    flags = "epochs batch lr model data augment optimizer knobs milestones seed limit"
    for key in flags.split():
        for value in (None, True, -1, "x y", [], {}, [[]], 2**70):
            if key not in harmless or value != harmless[key]:
                yield f"flag {key} {value!r:.20}", "resume", lambda run, k=key, v=value: put(run, k, v)


def of_checkpoints():
    import numpy as np

    def record(run, *keys, value):
        for step in (run / "checkpoints").glob("step-*"):
            edited(step / "record.json", *keys, value=value)
        signed(run)

    for key in ("epoch", "steps", "step", "stopped", "logs", "history", "callbacks"):
        for value in (None, -1, "x", [1], {"a": []}, 2**70):
            yield f"record {key} {value!r:.20}", "checkpoint", lambda run, k=key, v=value: record(run, k, value=v)
    yield (
        "record: code",
        "resume",
        lambda run: record(run, "callbacks", 0, value={"best": {"function": ["os", "system"]}}),
    )

    def arrays(run, **changed):
        for step in (run / "checkpoints").glob("step-*"):
            with np.load(step / "state.npz") as found:
                np.savez(step / "state.npz", **{**found, **changed})
        signed(run)

    def raw(run, content, packed=zipfile.ZIP_STORED):
        for step in (run / "checkpoints").glob("step-*"):
            with zipfile.ZipFile(step / "state.npz", "a", packed) as archive:
                archive.writestr("evil.npy", content)
        signed(run)

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {Path(sys.argv[-1]) / 'ran'}",)

    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)})
    objects = io.BytesIO()
    np.lib.format.write_array_header_1_0(objects, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    yield "arrays: pickle", "checkpoint", lambda run: raw(run, objects.getvalue() + pickle.dumps(Evil()))
    yield "arrays: huge", "checkpoint", lambda run: raw(run, huge.getvalue())
    yield "arrays: bomb", "checkpoint", lambda run: raw(run, bytes(2**27), zipfile.ZIP_DEFLATED)
    yield "arrays: another's", "resume", lambda run: arrays(run, **{"model/99/x": np.zeros(3)})
    for name in ("state.npz", "record.json", "SHA256SUMS"):
        for kind in KINDS:
            yield (
                f"{name}: {kind}",
                "checkpoint",
                lambda run, name=name, kind=kind: no_file(next((run / "checkpoints").glob("step-*")) / name, kind),
            )


def of_searches():
    def change(name, *keys, value):
        return lambda run: edited(run.parent / name, *keys, value=value)

    for key in ("command", "vary", "score", "lowest", "strategy", "seed", "trials", "budget"):
        for value in (None, -1, "x y", [1], {"a": 1}):
            if (key, value) != ("score", "x y"):
                yield f"sweep {key} {value!r}", "sweep", change("sweep/search.json", key, value=value)
    yield "sweep: another program", "sweep", change("sweep/search.json", "command", value=["evil.py", "--smoke"])
    yield "sweep: elsewhere", "sweep", change("sweep/search.json", "command", 1, value="--out=/tmp/x")
    for key in ("flags", "space", "data", "budget", "share", "train_images", "ahead"):
        for value in (None, -1, [1], "x y"):
            if (key, value) not in (("space", "x y"), ("data", "x y")):
                yield f"search {key} {value!r}", "report", change("search/search.json", key, value=value)
    for key, value in (("flags", {"goal": 1}), ("budget", {"max_params": -1}), ("ahead", {"longer": "x"})):
        yield f"search {key} {value!r}", "report", change("search/search.json", key, value=value)
    trial = "search/trial_0000/trial.json"
    for key in ("trial_id", "hyperparameters", "metrics", "score", "status", "spec", "count", "kept"):
        for value in (-1, "../x", [1], {"a": 1}):
            if (key, value) != ("score", -1):
                yield f"trial {key} {value!r}", "report", change(trial, key, value=value)
    for kind in KINDS:
        yield f"search.json: {kind}", "report", lambda run, kind=kind: no_file(run.parent / "search/search.json", kind)
        yield f"trial.json: {kind}", "report", lambda run, kind=kind: no_file(run.parent / trial, kind)


# ------------------------------------------------------------------------------------------------------------- the run


def opened(way: str, run: Path):
    """Open a file as a user would; returns an exit status or raises."""
    import kerascnn
    from kerascnn import nas
    from kerascnn.cli import main
    from kerascnn.nas.sweep import run as sweep
    from kerascnn.training.resume import checkpoint

    match way:
        case "load":
            kerascnn.load(run / "model.keras")
        case "predict":
            return main(["predict", str(run), str(run / "samples.png")])
        case "weights":
            kerascnn.build("lenet5", classes=2, weights=run.parent / "a.weights.h5")
        case "register":
            nas.register("found", run.parent / "winner.json")
        case "resume":
            return recipe("classify.py", "--resume", "--epochs", "3", "--out", str(run))
        case "sweep":
            sweep(["--resume", "--out", str(run.parent / "sweep"), str(RECIPES / "classify.py")])
        case "report":
            nas.write_report(run.parent / "search")
        case "checkpoint":  # a damaged one is passed over
            return 2 if checkpoint.read(run) is None else 0
    return 0


def attempt(way: str, run: Path) -> dict:
    from kerascnn.errors import InputError

    out, err = io.StringIO(), io.StringIO()
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = opened(way.rstrip("?"), run)
        told = (out if way == "checkpoint" else err).getvalue()
    except InputError as error:
        status, told = 2, str(error)
    except BaseException:
        status, told = "traceback", traceback.format_exc()[-800:]
    lines = [line for line in str(told).splitlines() if line.strip()]
    return {
        "status": status or 0,
        "told": lines,
        "seconds": round(time.monotonic() - began, 2),
        "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024,
    }


def run_all(home: Path) -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    good, work = home / "good", home / "work"
    good.mkdir()
    with contextlib.redirect_stdout(sys.stderr):
        make_good(good)
    only = os.environ.get("ONLY", "")
    for name, way, change in cases(home):
        if only not in name:
            continue
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(good, work)
        change(work / "run")
        print(json.dumps({"name": name, "way": way, **attempt(way, work / "run")}), flush=True)


if __name__ == "__main__":
    run_all(Path(sys.argv[1]))
