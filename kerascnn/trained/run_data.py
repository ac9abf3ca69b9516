"""The data of a run: those that it was trained on and judged by, loaded anew as its `config.json` says."""

import os
from inspect import signature
from math import prod
from pathlib import Path
from typing import Any

from .. import data
from ..data.augmentation.crop import Crop
from ..data.augmentation.warp import Warp
from ..data.masks import Masks
from ..data.pairs import Pairs
from ..data.sources.tfds import without_downloads
from ..errors import InputError
from ..training import files
from ..training.flags import with_tuples
from ..untrusted import json_records

LOADERS = {"load": data.load, "load_masks": data.load_masks, "load_pairs": data.load_pairs}
AMOUNT, RANGE, WHOLE, SHARE = float, [float], range(2**48), (float, [str])
CROP = {"area?": (RANGE, None), "aspect?": RANGE, "side?": RANGE, "central?": bool}
WARP = {
    **{f"{name}?": RANGE for name in ("rotation", "scale", "stretch", "shear", "translation", "lens")},
    **{f"{name}?": AMOUNT for name in ("probability", "flip_horizontal", "flip_vertical", "elastic", "shift")},
    "quarter_turns?": bool,
    "elastic_nodes?": range(2, 2**8),
    "crop?": (CROP, None),
    "fill?": (float, None),
    "mask_fill?": range(-1, 2**8),
}
LOADING = {
    "loader": set(LOADERS),
    "name": str,
    "image_shape": [range(1, 2**15 + 1)],
    **{f"{name}?": WHOLE for name in ("batch", "seed", "replicas", "crops")},
    **{f"{name}?": (WHOLE, None) for name in ("limit", "each", "ignore")},
    **{f"{name}?": bool for name in ("labelled", "binary", "turned")},
    "tiles?": (bool, None),
    "labels?": (str, None),
    "scaling?": str,
    "augment?": str,
    "held_out?": (float, str),
    "unseen?": SHARE,
    "strokes?": float,
    "classes?": [str],
    "how?": (WARP, None),
    "weights?": None,
}
CONFIG = {
    "kerascnn": str,
    "name": str,
    "knobs": dict,
    "classes": [str],
    "flags": {str: object},
    "data": str,
    "train_images": range(2**48),
    "validation_images": range(2**48),
    "device": str,
}
MOST_NUMBERS = 2**31  # in a batch of images
SAME = ("data", "classes", "train_images", "validation_images")  # in `config.json`, and of what is loaded


def own_data(folder: str | Path) -> data.Data | Masks | Pairs:
    """The data of a run, as they were when it began; what trains begins with its first step.

    Nothing is downloaded. Functions and policies that only change training images are left out.

    Args:
        folder: a run folder.

    Raises:
        InputError: it is no run folder, `config.json` does not say how its data were loaded, they are no longer there,
            or are not those any more.
    """
    config, given = configuration(folder), loading(folder)
    loader = LOADERS[given.pop("loader")]
    try:
        if loader is not data.load_masks and isinstance(given.get("held_out", 0.0), str):
            raise InputError("held_out must be a number")
        with without_downloads():
            found = loader(**given)
    except InputError as error:
        raise InputError(f"{folder}: its data cannot be loaded: {error}") from error
    now = dict(zip(SAME, (found.name, list(found.classes), found.train_size, found.validation_size), strict=True))
    differ = [f"{name} {value!r:.60}, not {config[name]!r:.60}" for name, value in now.items() if value != config[name]]
    if differ:
        raise InputError(f"{folder}: its data are no longer the same: they have {'; '.join(differ)}")
    return found


def loading(folder: str | Path) -> dict[str, Any]:
    """How a run's data were loaded: `loader`, a name of `LOADERS`, and its arguments.

    Raises:
        InputError: `config.json` does not say it, or says what cannot be.
    """
    file = Path(folder) / "config.json"
    config = files.read_json(file)
    if not isinstance(config, dict) or not config.get("loading"):
        raise InputError(f"{file}: does not say how the run's data were loaded; runs of this version do")
    json_records.check(config["loading"], LOADING, f"{file}: its loading")
    if prod(config["loading"]["image_shape"]) * config["loading"].get("batch", 1) > MOST_NUMBERS:
        raise InputError(f"{file}: its loading has batches of more than {MOST_NUMBERS:,} numbers")
    given = {name: with_tuples(value) for name, value in config["loading"].items()}
    known = {name.removesuffix("?") for name in LOADING}
    takes = {"loader", *signature(LOADERS[given["loader"]]).parameters}
    if strange := sorted(set(given) - (known & takes)):
        reason = f"which {given['loader']} does not take" if strange[0] not in takes else "which is not known"
        raise InputError(f"{file}: its loading has {strange[0]!r:.60}, {reason}")
    if given.get("how") is not None:
        given["how"] = _warp(given["how"], file)
    return given


def configuration(folder: str | Path) -> dict[str, Any]:
    """What `config.json` of a run says. Raises an `InputError` where there is none, or it says what cannot be."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: {'is a file, not a run folder' if folder.exists() else 'no such run folder'}")
    if not os.path.lexists(folder / "config.json"):
        if (folder / "search.json").exists():
            raise InputError(f"{folder}: is a search; the run of its winner is in {folder / 'winner'}")
        raise InputError(f"{folder}: is no run folder: it has no config.json")
    return files.read_json(folder / "config.json", CONFIG)


def _warp(fields, file):
    ranges = [value for value in (*fields.values(), *(fields.get("crop") or {}).values()) if isinstance(value, tuple)]
    known = set(fields) <= set(Warp._fields) and set(fields.get("crop") or {}) <= set(Crop._fields)
    if not known or any(len(value) != 2 or value[0] > value[1] for value in ranges):
        raise InputError(f"{file}: its loading has a distortion that cannot be: {fields!r:.120}")
    return Warp(**{**fields, "crop": Crop(**fields["crop"]) if fields.get("crop") else None})
